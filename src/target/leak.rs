//! Finds whole tokens in a stream of log bytes, across the borders of its pieces.

/// Characters of a token that are repeated: enough to recognise it, too few to use it. A log may hold tokens that are
/// not ours.
const SHOWN: usize = 12;

/// The shortest signature (HMAC SHA-256, RFC 7518 section 3.2) in base64url. A shorter third part with a mask behind it
/// is a token that was made harmless.
const SHORTEST_SIGNATURE: usize = 43;

/// Where in `eyJ….….…` we are: three runs of base64url characters, the first two of them not empty; five where it is
/// encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many characters of `eyJ` seen.
    Start(usize),
    /// In a part, with so many characters of it seen.
    Part(u8, usize),
    /// Behind a dot that follows the third part, with so many characters in that part: the end of a sentence, the start
    /// of a fourth part, or dots instead of the rest.
    Dot(usize),
}

/// A scanner for one stream.
#[derive(Debug)]
pub(super) struct Scanner {
    state: State,
    start: String,
    length: usize,
}

/// A token that ended.
struct Ended {
    length: usize,
    /// Bytes seen behind it, the one that ended it not included.
    behind: usize,
}

const OPENING: &[u8] = b"eyJ";

impl Scanner {
    pub(super) fn new() -> Self {
        Scanner { state: State::Start(0), start: String::new(), length: 0 }
    }

    /// Scans a piece and hands over every token that ends in it, as its start and its length.
    pub(super) fn scan(&mut self, piece: &[u8], mut found: impl FnMut(String)) {
        for byte in piece {
            // No part of a failed match can begin another one: a token's first part takes every character that one
            // could begin with.
            if let Some((token, _)) = self.step(*byte) {
                found(token);
            }
        }
    }

    /// The token that the stream ends with, if it does.
    pub(super) fn end(&self) -> Option<String> {
        self.ended().map(|_| self.shown())
    }

    /// The token that ends here unless something says otherwise.
    fn ended(&self) -> Option<Ended> {
        let behind = match self.state {
            State::Part(3..=5, _) => 0,
            State::Dot(_) => 1,
            _ => return None,
        };
        Some(Ended { length: self.length, behind })
    }

    fn step(&mut self, byte: u8) -> Option<(String, Ended)> {
        let next = match self.state {
            State::Start(seen) if byte == OPENING[seen] && seen + 1 == OPENING.len() => Some(State::Part(1, 0)),
            State::Start(seen) if byte == OPENING[seen] => Some(State::Start(seen + 1)),
            State::Part(part, seen) if is_base64(byte) => Some(State::Part(part, seen + 1)),
            State::Part(part @ (1 | 2), seen) if byte == b'.' && seen > 0 => Some(State::Part(part + 1, 0)),
            State::Part(4, _) if byte == b'.' => Some(State::Part(5, 0)),
            State::Dot(_) if is_base64(byte) => {
                self.take(b'.');
                Some(State::Part(4, 1))
            }
            _ => None,
        };
        if let Some(next) = next {
            self.state = next;
            self.take(byte);
            return None;
        }
        if let State::Part(3, seen) = self.state
            && byte == b'.'
        {
            self.state = State::Dot(seen);
            return None;
        }
        let masked = match self.state {
            State::Part(3, seen) => seen < SHORTEST_SIGNATURE && is_mask(byte),
            State::Dot(seen) => seen < SHORTEST_SIGNATURE && (byte == b'.' || is_mask(byte)),
            _ => false,
        };
        let token = self.ended().filter(|_| !masked).map(|ended| (self.shown(), ended));
        self.start.clear();
        self.length = 0;
        self.state = State::Start(0);
        if byte == OPENING[0] {
            self.state = State::Start(1);
            self.take(byte);
        }
        token
    }

    fn take(&mut self, byte: u8) {
        if self.length < SHOWN {
            self.start.push(char::from(byte));
        }
        self.length += 1;
    }

    fn shown(&self) -> String {
        format!("{}… ({} characters)", self.start, self.length)
    }
}

/// What stands in place of the rest of a masked token: `***`, `[redacted]`, `<hidden>`, `…`.
fn is_mask(byte: u8) -> bool {
    const ELLIPSIS: u8 = 0xe2;
    matches!(byte, b'*' | b'[' | b'<' | b'{' | b'(' | ELLIPSIS)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The text with every whole token in it shortened in the same way.
pub(super) fn shorten(text: &str) -> String {
    let (mut scanner, mut short, mut done) = (Scanner::new(), String::with_capacity(text.len()), 0);
    let mut replace = |at: usize, (token, ended): (String, Ended)| {
        let end = at - ended.behind;
        short.push_str(&text[done..end - ended.length]);
        short.push_str(&token);
        done = end;
    };
    for (at, byte) in text.bytes().enumerate() {
        if let Some(found) = scanner.step(byte) {
            replace(at, found);
        }
    }
    if let Some(ended) = scanner.ended() {
        replace(text.len(), (scanner.shown(), ended));
    }
    short + &text[done..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(pieces: &[&str]) -> Vec<String> {
        let (mut scanner, mut found) = (Scanner::new(), Vec::new());
        for piece in pieces {
            scanner.scan(piece.as_bytes(), |token| found.push(token));
        }
        found.extend(scanner.end());
        found
    }

    #[test]
    fn tokens_are_found_wherever_the_stream_is_cut() {
        let text = "GET / Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln-_9\nnext";
        let wanted = ["eyJhbGciOiJu… (43 characters)"];
        assert_eq!(scan(&[text]), wanted);
        for cut in 0..text.len() {
            assert_eq!(scan(&[&text[..cut], &text[cut..]]), wanted, "cut at {cut}");
        }
    }

    #[test]
    fn unsigned_and_nested_and_last_ones_count_too() {
        assert_eq!(scan(&["eyJh.eyJz."]), ["eyJh.eyJz.… (10 characters)"]);
        assert_eq!(scan(&["eeyJh.b.c eyJh.b.c"]).len(), 2);
        assert_eq!(scan(&["eyeyJh.b.c"]).len(), 1);
    }

    #[test]
    fn a_quoted_log_holds_no_whole_token() {
        let text = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln-_9, eyJ and ä eyJa.b.";
        assert_eq!(shorten(text), "Bearer eyJhbGciOiJu… (43 characters), eyJ and ä eyJa.b.… (7 characters)");
    }

    #[test]
    fn a_masked_token_is_harmless() {
        let short = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.";
        for rest in ["***", "[redacted]", "<hidden>", "…", "...", "c2ln...", "c2ln***", "(signature)", "c2ln…"] {
            let text = format!("got {short}{rest} from");
            assert_eq!((scan(&[&text]), shorten(&text)), (Vec::new(), text.clone()), "{text}");
        }
        assert_eq!(scan(&["got eyJhbGciOi… and eyJhbGciOi*** and eyJhbGciOi...eyJz"]), Vec::<String>::new());
        // A whole signature is no mask's business, and a full stop is none.
        let whole = format!("{short}{}", "s".repeat(43));
        for text in [format!("{whole}..."), format!("{whole}*"), format!("{short} x"), format!("{short}c2ln. Next")] {
            assert_eq!(scan(&[&text]).len(), 1, "{text}");
        }
    }

    #[test]
    fn an_encrypted_token_is_one_token() {
        let text = "eyJhbGciOiJkaXIifQ..aXY.Y3Q.dGFn and eyJhbGciOiJBMjU2S1cifQ.a2V5.aXY.Y3Q.dGFn.";
        assert_eq!(scan(&[text]), ["eyJhbGciOiJB… (40 characters)"]);
        assert_eq!(shorten("x eyJhb.a.b.c.d."), "x eyJhb.a.b.c.… (13 characters).");
    }

    proptest::proptest! {
        #[test]
        fn scanning_and_shortening_agree(text in "(eyJ|[a-c.*ä ]){0,20}") {
            let found = scan(&[&text]);
            let shortened = shorten(&text);
            proptest::prop_assert_eq!(found.len(), shortened.matches(" characters)").count(), "{}", shortened);
            proptest::prop_assert!(found.iter().all(|token| shortened.contains(token)));
        }
    }

    #[test]
    fn what_only_begins_like_a_token_does_not() {
        for text in ["eyJ", "eyJ.b.c", "eyJh b.c", "eyJh..c", "eyJh.b", "eyJh.b c.d", "EYJh.b.c", "a.b.c"] {
            assert_eq!(scan(&[text]), Vec::<String>::new(), "{text}");
        }
    }
}
