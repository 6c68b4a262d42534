//! Other spellings of the same bytes: signatures in DER, and base64 that is not quite base64url.

use crate::{model::KeyFamily, token::error::ForgeError};

/// An ECDSA signature of two numbers of equal length as a DER sequence of two integers (X.690 section 8.3).
pub(super) fn der(family: KeyFamily, signature: &[u8]) -> Result<Vec<u8>, ForgeError> {
    let curve = matches!(family, KeyFamily::P256 | KeyFamily::P384 | KeyFamily::P521 | KeyFamily::Secp256k1);
    if !curve || signature.is_empty() || !signature.len().is_multiple_of(2) {
        return Err(ForgeError::CannotMutate { mutation: "der-signature", needs: "an ECDSA signature" });
    }
    let (r, s) = signature.split_at(signature.len() / 2);
    Ok(element(0x30, &[integer(r), integer(s)].concat()))
}

/// A positive integer in as few bytes as possible; a zero byte in front where it would look negative.
fn integer(number: &[u8]) -> Vec<u8> {
    let significant = number.iter().position(|byte| *byte != 0).map_or(&[0][..], |first| &number[first..]);
    let sign: &[u8] = if significant[0] >= 0x80 { &[0] } else { &[] };
    element(0x02, &[sign, significant].concat())
}

/// Tag, length and content. Two numbers of the longest curve stay below 256 bytes.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes()[size_of::<usize>() - 1];
    let head: &[u8] = if length < 0x80 { &[tag, length] } else { &[tag, 0x81, length] };
    [head, content].concat()
}

/// Writes a base64url text in the standard alphabet (RFC 4648 section 4).
pub(super) fn standard_alphabet(segment: &mut String) -> Result<(), ForgeError> {
    if !segment.contains(['-', '_']) {
        return Err(ForgeError::CannotMutate { mutation: "standard-alphabet", needs: "a segment with - or _ in it" });
    }
    *segment = segment.replace('-', "+").replace('_', "/");
    Ok(())
}

/// Sets the lowest bit of the last character, which no byte uses unless the length is a multiple of four.
pub(super) fn trailing_bits(segment: &mut String) -> Result<(), ForgeError> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let unused = !segment.len().is_multiple_of(4);
    let last = segment.pop().filter(|_| unused).and_then(|last| ALPHABET.find(last));
    let changed = last.and_then(|place| ALPHABET.chars().nth(place | 1)).ok_or(ForgeError::CannotMutate {
        mutation: "trailing-bits",
        needs: "a signature whose base64url text has unused bits",
    })?;
    segment.push(changed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_as_few_bytes_as_possible() {
        let signature = [0, 0x7f, 0x80, 0];
        assert_eq!(der(KeyFamily::P256, &signature).unwrap(), [0x30, 8, 2, 1, 0x7f, 2, 3, 0, 0x80, 0]);
        assert_eq!(der(KeyFamily::P256, &[0, 0]).unwrap(), [0x30, 6, 2, 1, 0, 2, 1, 0]);
        let long = der(KeyFamily::P521, &[1; 132]).unwrap();
        assert_eq!((&long[..5], long.len()), (&[0x30, 0x81, 136, 2, 66][..], 139));
    }

    #[test]
    fn only_ecdsa_has_this_form() {
        assert!(der(KeyFamily::Rsa, &[1; 256]).is_err());
        assert!(der(KeyFamily::Ed25519, &[1; 64]).is_err());
        assert!(der(KeyFamily::P256, &[]).is_err() && der(KeyFamily::P256, &[1; 63]).is_err());
    }

    #[test]
    fn texts_change_where_they_can_and_are_refused_where_not() {
        let spelled = |change: fn(&mut String) -> Result<(), ForgeError>, text: &str| {
            let mut text = text.to_owned();
            change(&mut text).ok().map(|()| text)
        };
        assert_eq!(spelled(standard_alphabet, "a-b_c").as_deref(), Some("a+b/c"));
        assert_eq!(spelled(standard_alphabet, "abc"), None);
        assert_eq!(spelled(trailing_bits, "AA").as_deref(), Some("AB"));
        assert_eq!(spelled(trailing_bits, "AAw").as_deref(), Some("AAx"));
        assert_eq!(spelled(trailing_bits, "AAAA"), None);
        assert_eq!(spelled(trailing_bits, ""), None);
    }
}
