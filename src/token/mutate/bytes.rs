//! Header and payload as bytes: pieces that are no UTF-8, other character sets, compression, no encoding at all.

use crate::{
    model::mutation::Charset,
    token::{
        draft::{Draft, Part},
        error::ForgeError,
    },
};

/// Bytes written in hexadecimal.
pub(super) fn from_hex(text: &str) -> Result<Vec<u8>, ForgeError> {
    let wrong = || ForgeError::Filled(format!("{text:?} is not hexadecimal"));
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return Err(wrong());
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| wrong())).collect()
}

/// Replaces the first occurrence of a text by bytes.
pub(super) fn replace(part: &mut Part, text: &str, bytes: &[u8]) -> Result<(), ForgeError> {
    let mut rendered = part.render();
    let at = rendered.windows(text.len().max(1)).position(|window| window == text.as_bytes());
    let at = at.ok_or(ForgeError::CannotMutate { mutation: "replace-text", needs: "a text that is there" })?;
    rendered.splice(at..at + text.len(), bytes.iter().copied());
    *part = Part::Raw(rendered);
    Ok(())
}

/// Writes UTF-8 text in another character set.
pub(super) fn encode(part: &mut Part, charset: Charset) -> Result<(), ForgeError> {
    let text = String::from_utf8(part.render())
        .map_err(|_| ForgeError::CannotMutate { mutation: "encode-text", needs: "a part that is text" })?;
    let bytes = match charset {
        Charset::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Charset::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Charset::Utf32Le => text.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect(),
        Charset::Utf32Be => text.chars().flat_map(|letter| u32::from(letter).to_be_bytes()).collect(),
    };
    *part = Part::Raw(bytes);
    Ok(())
}

/// Raw DEFLATE data in stored blocks (RFC 1951 section 3.2.4).
pub(super) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(bytes.len() + 5);
    let mut blocks = bytes.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stored.push(u8::from(blocks.peek().is_none()));
        stored.extend_from_slice(&length.to_le_bytes());
        stored.extend_from_slice(&(!length).to_le_bytes());
        stored.extend_from_slice(block);
    }
    stored
}

/// Leaves the payload unencoded, without a dot in it.
pub(super) fn unencode(draft: &mut Draft) {
    let text = String::from_utf8_lossy(&draft.claims.render()).replace('.', "\\u002e");
    draft.claims = Part::Raw(text.into_bytes());
    draft.sign_decoded = true;
    draft.unencoded = true;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Part {
        Part::Raw(text.into())
    }

    #[test]
    fn bytes_take_the_place_of_text() {
        let mut part = raw("{\"a\":\"@@\"}");
        replace(&mut part, "@@", &from_hex("c0af").unwrap()).unwrap();
        assert_eq!(part.render(), b"{\"a\":\"\xc0\xaf\"}");
        assert!(replace(&mut part, "@@", b"").is_err());
        assert!(from_hex("c").is_err() && from_hex("zz").is_err() && from_hex("é").is_err());
    }

    #[test]
    fn other_character_sets_have_their_own_widths() {
        for (charset, wanted) in [
            (Charset::Utf16Le, &b"{\0"[..]),
            (Charset::Utf16Be, b"\0{"),
            (Charset::Utf32Le, b"{\0\0\0"),
            (Charset::Utf32Be, b"\0\0\0{"),
        ] {
            let mut part = raw("{");
            encode(&mut part, charset).unwrap();
            assert_eq!(part.render(), wanted);
        }
        assert!(encode(&mut Part::Raw(vec![0xff]), Charset::Utf16Le).is_err());
    }

    #[test]
    fn stored_blocks_say_their_length_twice() {
        assert_eq!(deflate(b"ab"), [1, 2, 0, 0xfd, 0xff, b'a', b'b']);
        let long = deflate(&vec![7; 70_000]);
        assert_eq!((long[0], long[65_540], long.len()), (0, 1, 70_010));
    }
}
