//! What is too long for a report: its start and its length.

/// Bytes of a token's part, or of a whole request, up to which a report has it whole.
pub const WHOLE: usize = 16 * 1024;

/// Bytes kept of a longer one.
const START: usize = 2 * 1024;

/// The text of some bytes, whole up to [`WHOLE`]; of more, the start up to a character's end and how many there are.
#[must_use]
pub fn abridged(bytes: &[u8]) -> String {
    if bytes.len() <= WHOLE {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let is_continuation = |byte: u8| byte & 0b1100_0000 == 0b1000_0000;
    // A character has at most three of these bytes; more are no text, and may be cut anywhere.
    let end = (START - 3..=START).rev().find(|end| !is_continuation(bytes[*end])).unwrap_or(START);
    format!("{}… ({} bytes in all)", String::from_utf8_lossy(&bytes[..end]), bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_long_is_cut_and_between_characters() {
        let short = "é".repeat(WHOLE / 2);
        assert_eq!(abridged(short.as_bytes()), short);
        let long = abridged(format!("x{}", "é".repeat(WHOLE / 2)).as_bytes());
        assert!(long.len() < START + 64 && long.ends_with("é… (16385 bytes in all)"), "{}", long.len());
        let noise = abridged(&[0x80; WHOLE + 1]);
        assert!(noise.starts_with("\u{fffd}") && noise.ends_with("\u{fffd}… (16385 bytes in all)"));
    }
}
