//! Takes the chunked transfer coding off (RFC 9112 section 7.1), as bytes come in.

/// Bytes of one chunk-size line, extensions included, that we are ready to read.
const LINE: usize = 4096;

/// Where in the coding we are.
#[derive(Debug, PartialEq, Eq)]
enum State {
    /// In the digits of a size.
    Digits(u64, u8),
    /// Between the digits and the end of the line.
    Extension(u64, usize),
    /// Before the line feed of a size line.
    SizeEnd(u64),
    /// In the data.
    Data(u64),
    /// After the data, before the carriage return and the line feed.
    DataEnd(u8),
    /// Past the last chunk; trailers are of no interest.
    Done,
}

/// A decoder that is fed piece by piece.
#[derive(Debug)]
pub(super) struct Chunked(State);

impl Chunked {
    pub(super) fn new() -> Self {
        Chunked(State::Digits(0, 0))
    }

    /// Whether the last chunk was seen.
    pub(super) fn is_done(&self) -> bool {
        self.0 == State::Done
    }

    /// Decodes a piece and appends what it holds to `body`.
    pub(super) fn push(&mut self, mut piece: &[u8], body: &mut Vec<u8>) -> Result<(), &'static str> {
        while let Some((byte, rest)) = piece.split_first() {
            self.0 = match self.0 {
                State::Done => return Ok(()),
                State::Data(left) => {
                    let here = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
                    body.extend_from_slice(&piece[..here]);
                    piece = &piece[here..];
                    let left = left - here as u64;
                    self.0 = if left == 0 { State::DataEnd(b'\r') } else { State::Data(left) };
                    continue;
                }
                State::DataEnd(wanted) if *byte != wanted => return Err("a chunk does not end where it says"),
                State::DataEnd(b'\r') => State::DataEnd(b'\n'),
                State::DataEnd(_) => State::Digits(0, 0),
                State::Digits(size, count) => match (char::from(*byte).to_digit(16), byte) {
                    (Some(_), _) if count == 15 => return Err("a chunk size is too long"),
                    (Some(digit), _) => State::Digits(size * 16 + u64::from(digit), count + 1),
                    _ if count == 0 => return Err("a chunk size is missing"),
                    (None, b'\r') => State::SizeEnd(size),
                    (None, b';' | b' ' | b'\t') => State::Extension(size, 0),
                    _ => return Err("a chunk size is no hexadecimal number"),
                },
                State::Extension(_, LINE) => return Err("a chunk extension is too long"),
                State::Extension(size, _) if *byte == b'\r' => State::SizeEnd(size),
                State::Extension(size, length) => State::Extension(size, length + 1),
                State::SizeEnd(_) if *byte != b'\n' => return Err("a chunk size line does not end"),
                State::SizeEnd(0) => State::Done,
                State::SizeEnd(size) => State::Data(size),
            };
            piece = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool), &'static str> {
        let (mut chunked, mut body) = (Chunked::new(), Vec::new());
        for piece in pieces {
            chunked.push(piece, &mut body)?;
        }
        Ok((body, chunked.is_done()))
    }

    #[test]
    fn chunks_are_joined_wherever_they_are_cut() {
        let whole = b"4\r\nWiki\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: z\r\n\r\n";
        assert_eq!(decode(&[whole]).unwrap(), (b"Wiki0123456789".to_vec(), true));
        let bytes: Vec<&[u8]> = whole.chunks(1).collect();
        assert_eq!(decode(&bytes).unwrap(), (b"Wiki0123456789".to_vec(), true));
        assert_eq!(decode(&[b"4\r\nWi"]).unwrap(), (b"Wi".to_vec(), false));
    }

    #[test]
    fn broken_coding_is_told() {
        for broken in [&b"\r\n"[..], b"x\r\n", b"4\r\nWikiX", b"4\nWiki", b"ffffffffffffffff\r\n", b"4\rx", b"4;\r\r"] {
            assert!(decode(&[broken]).is_err(), "{}", String::from_utf8_lossy(broken));
        }
        assert!(decode(&[b"1;", &[b'x'; LINE + 1]]).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(0_u8..=255, 0..200)) {
            let _ = decode(&[&bytes]);
        }
    }
}
