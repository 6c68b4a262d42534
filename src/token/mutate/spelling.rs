//! Other spellings of base64url text, and whole tokens that were spoiled on their way.

use super::{rewrite, sealed::Sealed};
use crate::{
    model::mutation::{Segment, Spelling},
    token::{
        draft::{Draft, Part},
        error::ForgeError,
    },
};

/// The same bytes in another spelling.
pub(in crate::token) fn respelled(spelling: Spelling, text: &str) -> Result<String, ForgeError> {
    let mut text = text.to_owned();
    let needs = |needs| ForgeError::CannotMutate { mutation: "another spelling", needs };
    match spelling {
        Spelling::Padding if text.len().is_multiple_of(4) => {
            return Err(needs("a length that padding can be added to"));
        }
        Spelling::Padding => text.push_str(&"=".repeat(4 - text.len() % 4)),
        Spelling::StandardAlphabet => rewrite::standard_alphabet(&mut text)?,
        Spelling::UnusedBits => rewrite::trailing_bits(&mut text)?,
        Spelling::DanglingCharacter if text.is_empty() || !text.len().is_multiple_of(4) => {
            return Err(needs("a text of whole groups of four"));
        }
        Spelling::DanglingCharacter => text.push('A'),
    }
    Ok(text)
}

/// Spells a JSON segment of a draft anew. That the standard alphabet makes a difference is seen here.
pub(super) fn spell(draft: &mut Draft, segment: Segment, spelling: Spelling) -> Result<(), ForgeError> {
    let part: &Part = if segment == Segment::Header { &draft.header } else { &draft.claims };
    let mut bytes = part.render();
    while !spelling.fits(bytes.len()) {
        bytes.push(b' ');
    }
    respelled(spelling, &draft.encode(segment, &bytes))?;
    draft.spelled.push((segment, spelling));
    Ok(())
}

/// Spells a segment of a sealed token anew.
pub(super) fn respell(sealed: &mut Sealed, segment: Segment, spelling: Spelling) -> Result<(), ForgeError> {
    let mut segments = sealed.segments();
    let changed = segments.get_mut(segment as usize).map(|text| respelled(spelling, text).map(|other| *text = other));
    changed.transpose()?;
    sealed.set_wire(segments.join("."));
    Ok(())
}

/// Puts bytes into the middle of a segment.
pub(super) fn insert(sealed: &mut Sealed, segment: Segment, bytes: &[u8]) {
    let wire = sealed.wire();
    let mut segments: Vec<Vec<u8>> = wire.split(|byte| *byte == b'.').map(<[u8]>::to_vec).collect();
    if let Some(text) = segments.get_mut(segment as usize) {
        let middle = text.len() / 2;
        text.splice(middle..middle, bytes.iter().copied());
    }
    sealed.set_wire(segments.join(&b'.'));
}

/// Breaks the text into lines of so many characters.
pub(super) fn wrap(sealed: &mut Sealed, columns: usize) {
    let wire = sealed.wire();
    let lines: Vec<&[u8]> = wire.chunks(columns.max(1)).collect();
    sealed.set_wire(lines.join(&b"\r\n"[..]));
}

/// Writes the dots as an address would carry them.
pub(super) fn percent_encode_dots(sealed: &mut Sealed) {
    let text = sealed.segments().join("%2E");
    sealed.set_wire(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::compact::encode_segment;
    use proptest::prelude::*;

    #[test]
    fn each_spelling_wants_its_length() {
        assert_eq!(respelled(Spelling::Padding, "AA").unwrap(), "AA==");
        assert_eq!(respelled(Spelling::UnusedBits, "AA").unwrap(), "AB");
        assert_eq!(respelled(Spelling::DanglingCharacter, "AAAA").unwrap(), "AAAAA");
        assert_eq!(respelled(Spelling::StandardAlphabet, "-_").unwrap(), "+/");
        for (spelling, text) in [
            (Spelling::Padding, "AAAA"),
            (Spelling::UnusedBits, "AAAA"),
            (Spelling::DanglingCharacter, "AA"),
            (Spelling::DanglingCharacter, ""),
            (Spelling::StandardAlphabet, "AAAA"),
        ] {
            assert!(respelled(spelling, text).is_err(), "{spelling:?} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_spelling_fits_where_it_says_so(bytes in prop::collection::vec(any::<u8>(), 1..40)) {
            let text = encode_segment(&bytes);
            for spelling in [Spelling::Padding, Spelling::UnusedBits, Spelling::DanglingCharacter] {
                prop_assert_eq!(respelled(spelling, &text).is_ok(), spelling.fits(bytes.len()));
            }
        }
    }
}
