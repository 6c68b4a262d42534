//! Reads answers of HTTP/1.1 (RFC 9112) as they come in, piece by piece, and allocates nothing for the ordinary ones.

/// Header fields that an answer may have.
const FIELDS: usize = 64;
/// The longest head.
const HEAD: usize = 64 * 1024;
/// Bytes of a body that are kept, where somebody wants to see it.
pub(in crate::load) const KEPT: usize = 16 * 1024;

/// What is known after some more bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The answer goes on.
    More,
    /// The answer is whole.
    Done(Whole),
    /// These bytes are no answer.
    Malformed,
}

/// A whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole {
    /// The status.
    pub status: u16,
    /// Whether the connection ends with it.
    pub closes: bool,
    /// How many of the bytes belong to it.
    pub used: usize,
}

/// How much of the body is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    Length(u64),
    ChunkSize,
    Chunk(u64),
    /// The line end behind a chunk.
    ChunkEnd(u8),
    /// Trailer fields; the number of bytes of the current line.
    Trailer(u32),
    UntilClose,
}

/// Reads one answer after the other on one connection.
#[derive(Debug)]
pub struct Reader {
    stage: Stage,
    status: u16,
    closes: bool,
    /// The start of a head, or of the line with a chunk's size, that did not come whole.
    partial: Vec<u8>,
    /// The body, where it is kept.
    body: Vec<u8>,
    /// Whether anything of an answer has come.
    begun: bool,
}

/// How a body is framed (RFC 9112 section 6.3).
enum Framing {
    None,
    Length(u64),
    Chunked,
    UntilClose,
}

struct Head {
    length: usize,
    status: u16,
    framing: Framing,
    closes: bool,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader { stage: Stage::Head, status: 0, closes: false, partial: Vec::new(), body: Vec::new(), begun: false }
    }
}

impl Reader {
    /// Whether a part of an answer has come.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// The body of the last answer, as far as it is kept.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Takes the next bytes in. `to_head`: the answer has no body. `keeps`: the body is wanted.
    pub fn feed(&mut self, bytes: &[u8], to_head: bool, keeps: bool) -> Progress {
        if !self.begun {
            self.begun = true;
            self.body.clear();
        }
        let mut at = 0;
        if self.stage == Stage::Head {
            loop {
                match self.head(&bytes[at..], to_head) {
                    Err(()) => return Progress::Malformed,
                    Ok(None) => return Progress::More,
                    Ok(Some((used, head))) => {
                        at += used;
                        // RFC 9110 section 15.2: the true answer follows.
                        if (100..200).contains(&head.status) {
                            continue;
                        }
                        (self.status, self.closes) = (head.status, head.closes);
                        match head.framing {
                            Framing::None | Framing::Length(0) => return self.whole(at),
                            Framing::Length(length) => self.stage = Stage::Length(length),
                            Framing::Chunked => self.stage = Stage::ChunkSize,
                            Framing::UntilClose => (self.stage, self.closes) = (Stage::UntilClose, true),
                        }
                        break;
                    }
                }
            }
        }
        self.rest(bytes, at, keeps)
    }

    /// The connection has ended: that ends a body without a length, and nothing else.
    pub fn end(&mut self) -> Option<Whole> {
        (self.stage == Stage::UntilClose).then(|| {
            let whole = Whole { status: self.status, closes: true, used: 0 };
            self.start_over();
            whole
        })
    }

    fn whole(&mut self, used: usize) -> Progress {
        let whole = Whole { status: self.status, closes: self.closes, used };
        self.start_over();
        Progress::Done(whole)
    }

    fn start_over(&mut self) {
        self.stage = Stage::Head;
        self.begun = false;
        self.partial.clear();
    }

    /// A head, and how many of the bytes belong to it.
    fn head(&mut self, bytes: &[u8], to_head: bool) -> Result<Option<(usize, Head)>, ()> {
        if self.partial.is_empty() {
            if let Some(head) = parse(bytes, to_head)? {
                return Ok(Some((head.length, head)));
            }
            self.partial.extend_from_slice(bytes);
            return if self.partial.len() > HEAD { Err(()) } else { Ok(None) };
        }
        let before = self.partial.len();
        self.partial.extend_from_slice(bytes);
        match parse(&self.partial, to_head)? {
            Some(head) => {
                self.partial.clear();
                // What came before was no whole head, so this one ends in the new bytes.
                Ok(Some((head.length.saturating_sub(before), head)))
            }
            None if self.partial.len() > HEAD => Err(()),
            None => Ok(None),
        }
    }

    fn rest(&mut self, bytes: &[u8], mut at: usize, keeps: bool) -> Progress {
        loop {
            let left = bytes.len() - at;
            match self.stage {
                Stage::Head => return Progress::More,
                Stage::Length(length) => {
                    let here = length.min(left as u64) as usize;
                    self.keep(&bytes[at..at + here], keeps);
                    at += here;
                    if here as u64 == length {
                        return self.whole(at);
                    }
                    self.stage = Stage::Length(length - here as u64);
                    return Progress::More;
                }
                Stage::UntilClose => {
                    self.keep(&bytes[at..], keeps);
                    return Progress::More;
                }
                Stage::Chunk(length) => {
                    let here = length.min(left as u64) as usize;
                    self.keep(&bytes[at..at + here], keeps);
                    at += here;
                    if (here as u64) < length {
                        self.stage = Stage::Chunk(length - here as u64);
                        return Progress::More;
                    }
                    self.stage = Stage::ChunkEnd(2);
                }
                Stage::ChunkEnd(0) => self.stage = Stage::ChunkSize,
                Stage::ChunkEnd(open) => {
                    let Some(byte) = bytes.get(at) else { return Progress::More };
                    if *byte != if open == 2 { b'\r' } else { b'\n' } {
                        return Progress::Malformed;
                    }
                    at += 1;
                    self.stage = Stage::ChunkEnd(open - 1);
                }
                Stage::ChunkSize => {
                    let Some(end) = bytes[at..].iter().position(|byte| *byte == b'\n') else {
                        self.partial.extend_from_slice(&bytes[at..]);
                        return if self.partial.len() > HEAD { Progress::Malformed } else { Progress::More };
                    };
                    self.partial.extend_from_slice(&bytes[at..=at + end]);
                    at += end + 1;
                    let parsed = httparse::parse_chunk_size(&self.partial);
                    self.partial.clear();
                    match parsed {
                        Ok(httparse::Status::Complete((_, 0))) => self.stage = Stage::Trailer(0),
                        Ok(httparse::Status::Complete((_, length))) => self.stage = Stage::Chunk(length),
                        _ => return Progress::Malformed,
                    }
                }
                Stage::Trailer(length) => {
                    let Some(byte) = bytes.get(at) else { return Progress::More };
                    at += 1;
                    match byte {
                        b'\n' if length == 0 => return self.whole(at),
                        b'\n' => self.stage = Stage::Trailer(0),
                        b'\r' => {}
                        _ if length as usize > HEAD => return Progress::Malformed,
                        _ => self.stage = Stage::Trailer(length + 1),
                    }
                }
            }
        }
    }

    fn keep(&mut self, bytes: &[u8], keeps: bool) {
        if keeps {
            let room = KEPT.saturating_sub(self.body.len());
            self.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }
}

/// Parses a head; `None` where it is not whole yet.
fn parse(bytes: &[u8], to_head: bool) -> Result<Option<Head>, ()> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(()),
    };
    let status = response.code.ok_or(())?;
    let old = response.version == Some(0);
    let (mut closes, mut chunked, mut content_length) = (old, false, None);
    for field in response.headers.iter() {
        match field.name.len() {
            14 if field.name.eq_ignore_ascii_case("content-length") => {
                let text = std::str::from_utf8(field.value).map_err(drop)?;
                let own: u64 = text.trim().parse().map_err(drop)?;
                // RFC 9112 section 6.3: two different lengths are an error.
                if content_length.is_some_and(|other| other != own) {
                    return Err(());
                }
                content_length = Some(own);
            }
            17 if field.name.eq_ignore_ascii_case("transfer-encoding") => {
                chunked = names(field.value).last().is_some_and(|name| name.eq_ignore_ascii_case(b"chunked"));
            }
            10 if field.name.eq_ignore_ascii_case("connection") => {
                for name in names(field.value) {
                    closes |= name.eq_ignore_ascii_case(b"close");
                    closes &= !(old && name.eq_ignore_ascii_case(b"keep-alive"));
                }
            }
            _ => {}
        }
    }
    let framing = if to_head || status < 200 || status == 204 || status == 304 {
        Framing::None
    } else if chunked {
        Framing::Chunked
    } else {
        content_length.map_or(Framing::UntilClose, Framing::Length)
    };
    Ok(Some(Head { length, status, framing, closes }))
}

/// The members of a list in a field's value.
fn names(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds a text in pieces of this size; what each answer came to.
    fn read(text: &[u8], piece: usize) -> Result<Vec<(u16, bool, String)>, usize> {
        let mut reader = Reader::default();
        let mut seen = Vec::new();
        for mut bytes in text.chunks(piece.max(1)) {
            while !bytes.is_empty() {
                match reader.feed(bytes, false, true) {
                    Progress::More => break,
                    Progress::Malformed => return Err(seen.len()),
                    Progress::Done(whole) => {
                        seen.push((whole.status, whole.closes, String::from_utf8_lossy(reader.body()).into_owned()));
                        bytes = &bytes[whole.used..];
                    }
                }
            }
        }
        if let Some(whole) = reader.end() {
            seen.push((whole.status, whole.closes, String::from_utf8_lossy(reader.body()).into_owned()));
        }
        Ok(seen)
    }

    #[test]
    fn every_framing_is_read_in_pieces_of_every_size() {
        let text = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\
            HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nWWW-Authenticate: Bearer\r\n\r\n\
            HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: v\r\n\r\n\
            HTTP/1.1 204 No Content\r\nConnection: keep-alive, Close\r\n\r\nHTTP/1.0 200 OK\r\n\r\nto the end";
        let wanted = vec![
            (200, false, "hello".to_owned()),
            (401, false, String::new()),
            (200, false, "abc0123456789".to_owned()),
            (204, true, String::new()),
            (200, true, "to the end".to_owned()),
        ];
        for piece in 1..text.len() {
            assert_eq!(read(text, piece), Ok(wanted.clone()), "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_no_answer_is_told() {
        for text in [
            &b"SSH-2.0-x\r\n\r\n"[..],
            b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX",
        ] {
            assert_eq!(read(text, 3), Err(0), "{}", String::from_utf8_lossy(text));
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..400), piece in 1usize..50) {
            let _ = read(&text, piece);
            let _ = read(&[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &text[..]].concat(), piece);
        }

        #[test]
        fn pieces_do_not_matter(body in "[a-z]{0,200}", piece in 1usize..80) {
            let text = format!("HTTP/1.1 403 Forbidden\r\nX: {body}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            prop_assert_eq!(read(text.as_bytes(), piece), Ok(vec![(403, false, body)]));
        }
    }
}
