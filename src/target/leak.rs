//! Finds whole tokens in a stream of log bytes, across the borders of its pieces.

/// Characters of a token that are repeated: enough to recognise it, too few to use it. A log may hold tokens that are
/// not ours.
const SHOWN: usize = 12;

/// Where in `eyJ….….…` we are: three runs of base64url characters, the first two of them not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many characters of `eyJ` seen.
    Start(usize),
    /// In a part, with so many characters of it seen.
    Part(u8, usize),
}

/// A scanner for one stream.
#[derive(Debug)]
pub(super) struct Scanner {
    state: State,
    start: String,
    length: usize,
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
            if let Some(token) = self.step(*byte) {
                found(token);
            }
        }
    }

    /// The token that the stream ends with, if it does.
    pub(super) fn end(&self) -> Option<String> {
        matches!(self.state, State::Part(3, _)).then(|| self.shown())
    }

    fn step(&mut self, byte: u8) -> Option<String> {
        let next = match self.state {
            State::Start(seen) if byte == OPENING[seen] && seen + 1 == OPENING.len() => Some(State::Part(1, 0)),
            State::Start(seen) if byte == OPENING[seen] => Some(State::Start(seen + 1)),
            State::Part(part, seen) if is_base64(byte) => Some(State::Part(part, seen + 1)),
            State::Part(part @ (1 | 2), seen) if byte == b'.' && seen > 0 => Some(State::Part(part + 1, 0)),
            _ => None,
        };
        if let Some(next) = next {
            self.state = next;
            self.take(byte);
            return None;
        }
        let token = self.end();
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
        shown(&self.start, self.length)
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn shown(start: &str, length: usize) -> String {
    format!("{start}… ({length} characters)")
}

/// The text with every whole token in it shortened in the same way.
pub(super) fn shorten(text: &str) -> String {
    let (mut short, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("eyJ") {
        let (before, tail) = rest.split_at(at);
        short.push_str(before);
        let length = token_length(tail);
        match length {
            Some(length) => short.push_str(&shown(&tail[..length.min(SHOWN)], length)),
            None => short.push_str("eyJ"),
        }
        rest = &tail[length.unwrap_or(3)..];
    }
    short + rest
}

/// The length of the token that a text begins with.
fn token_length(text: &str) -> Option<usize> {
    let run = |from: usize| text.bytes().skip(from).take_while(|byte| is_base64(*byte)).count();
    let dot_after = |from: usize, length: usize| text.as_bytes().get(from + length) == Some(&b'.');
    let header = run(0);
    let payload = run(header + 1);
    if header <= OPENING.len() || payload == 0 || !dot_after(0, header) || !dot_after(header + 1, payload) {
        return None;
    }
    let signature = header + payload + 2;
    Some(signature + run(signature))
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

    proptest::proptest! {
        #[test]
        fn scanning_and_shortening_agree(text in "(eyJ|[a-c.ä ]){0,20}") {
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
