//! Damage that costs a careless reader much: long, deep and heavy values.

use crate::{
    model::mutation::{Nesting, Spot},
    token::{compact::encode_segment, draft::quoted, error::ForgeError, mutate::Sealed},
};

/// More would only burden us: the largest case asks for eight mebibytes.
const MOST: usize = 16 << 20;

/// So many bytes of a text again and again, cut between characters.
pub(super) fn repeated(text: &str, bytes: u32) -> Result<String, ForgeError> {
    let wanted = bytes as usize;
    if text.is_empty() || wanted > MOST {
        return Err(ForgeError::Filled(format!(
            "a text to repeat, up to {MOST} bytes, was wanted; found {text:?} for {wanted}"
        )));
    }
    let mut long = text.repeat(wanted.div_ceil(text.len()));
    let end = (0..=wanted).rev().find(|end| long.is_char_boundary(*end)).unwrap_or(0);
    long.truncate(end);
    Ok(long)
}

/// A JSON string of a repeated text with an end.
pub(super) fn long_string(text: &str, bytes: u32, end: &str) -> Result<String, ForgeError> {
    Ok(quoted(&(repeated(text, bytes)? + end)))
}

/// JSON nested so deep.
pub(super) fn nested(depth: u32, with: Nesting) -> String {
    let depth = depth as usize;
    match with {
        Nesting::Arrays => format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
        Nesting::Objects => format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)),
    }
}

/// A public RSA key whose modulus and exponent have this many bits each: every verification with it is a modular
/// power with an exponent as long as a private one.
pub(super) fn rsa_jwk(bits: u32) -> String {
    let modulus = vec![0xff; (bits / 8) as usize];
    let mut exponent = modulus.clone();
    if let Some(last) = exponent.last_mut() {
        *last = 0xfd;
    }
    format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, encode_segment(modulus), encode_segment(exponent))
}

/// Puts a repeated text around the compact token, or in its place.
pub(super) fn flood(sealed: &mut Sealed, text: &str, bytes: u32, place: Spot) -> Result<(), ForgeError> {
    let flood = repeated(text, bytes)?.into_bytes();
    let wire = match place {
        Spot::Instead => flood,
        Spot::Before => [flood, sealed.wire()].concat(),
        Spot::Behind => [sealed.wire(), flood].concat(),
    };
    sealed.set_wire(wire);
    Ok(())
}

/// Lets a segment's text grow to so many bytes.
pub(super) fn inflate(sealed: &mut Sealed, index: usize, bytes: u32) -> Result<(), ForgeError> {
    let mut segments = sealed.segments();
    let segment = segments
        .get_mut(index)
        .ok_or(ForgeError::CannotMutate { mutation: "inflate-segment", needs: "a token with this segment" })?;
    let missing = (bytes as usize).saturating_sub(segment.len());
    segment.push_str(&repeated("A", u32::try_from(missing.max(1)).unwrap_or(u32::MAX))?);
    sealed.set_wire(segments.join("."));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn texts_are_repeated_to_the_byte_and_never_without_bound() {
        assert_eq!(repeated(".", 3).unwrap(), "...");
        assert_eq!(repeated("ab", 3).unwrap(), "aba");
        assert_eq!(repeated("é", 3).unwrap(), "é");
        assert!(repeated("", 3).is_err() && repeated("a", u32::MAX).is_err());
    }

    #[test]
    fn heavy_values_are_json() {
        let key: Value = serde_json::from_str(&rsa_jwk(16_384)).unwrap();
        assert_eq!(key["n"].as_str().map(str::len), Some(2731));
        assert_eq!(key["e"].as_str().map(str::len), Some(2731));
        assert!(serde_json::from_str::<Value>(&nested(50, Nesting::Objects)).is_ok());
        assert!(serde_json::from_str::<Value>(&nested(50, Nesting::Arrays)).is_ok());
        assert_eq!(long_string("a\"", 3, "!").unwrap(), r#""a\"a!""#);
    }
}
