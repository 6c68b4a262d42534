//! DSSE (github.com/secure-systems-lab/dsse, v1): the envelope around a statement. The wire type and the encoding that is
//! signed are those of `sigstore-types`; here they get a key, and one text only.

use super::key::{KeyError, PublicKey, SigningKey};
use sigstore_types::{DsseEnvelope, DsseSignature, KeyId, PayloadBytes, SignatureBytes};

/// The type of an in-toto statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// What is wrong with an envelope.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Not an envelope, or more than one signature.
    #[error("it is no DSSE envelope with one signature: {0}")]
    NotAnEnvelope(String),
    /// The same envelope can be written in another way, and it is not written in ours.
    #[error("its text is not the one that belongs to this envelope")]
    OtherText,
    /// Another payload.
    #[error("wanted a payload of type {PAYLOAD_TYPE}, found {0:?}")]
    OtherType(String),
    /// The envelope names another key than the one that lies beside it.
    #[error("it names another key than the one in the bundle")]
    OtherKey,
    /// Somebody else signed, or something else was signed.
    #[error("the signature does not fit")]
    BadSignature,
}

/// Signs a payload. The text ends with a line feed.
///
/// # Errors
/// The key does not sign.
pub fn seal(payload: &[u8], key: &SigningKey) -> Result<Vec<u8>, KeyError> {
    let signed = sigstore_types::dsse::pae(PAYLOAD_TYPE, payload);
    let signature = DsseSignature::new(SignatureBytes::new(key.sign(&signed)?), KeyId::new(key.public().signer().key));
    Ok(text(&DsseEnvelope::new(PAYLOAD_TYPE, PayloadBytes::from_bytes(payload), signature)))
}

/// Opens an envelope: the payload, once the signature over it and its type fits.
///
/// # Errors
/// The envelope is not exactly what [`seal`] writes with this key.
pub fn open(bytes: &[u8], key: &PublicKey) -> Result<Vec<u8>, EnvelopeError> {
    let envelope: DsseEnvelope =
        serde_json::from_slice(bytes).map_err(|error| EnvelopeError::NotAnEnvelope(error.to_string()))?;
    // White space, unknown members and base64 of another form would change bytes that nobody signed.
    if text(&envelope) != bytes {
        return Err(EnvelopeError::OtherText);
    }
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(EnvelopeError::OtherType(envelope.payload_type));
    }
    if envelope.signature.keyid.as_str() != key.signer().key {
        return Err(EnvelopeError::OtherKey);
    }
    if !key.verifies(&envelope.pae(), envelope.signature.sig.as_bytes()) {
        return Err(EnvelopeError::BadSignature);
    }
    Ok(envelope.payload.into_bytes())
}

fn text(envelope: &DsseEnvelope) -> Vec<u8> {
    let mut text = serde_json::to_vec(envelope).unwrap_or_default();
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_that_was_written_opens() {
        let key = SigningKey::generate().unwrap().0;
        let sealed = String::from_utf8(seal(b"{}", &key).unwrap()).unwrap();
        assert_eq!(open(sealed.as_bytes(), key.public()).unwrap(), b"{}");
        let other = SigningKey::generate().unwrap().0;
        let refused = |text: &str| open(text.as_bytes(), key.public()).unwrap_err();
        assert_eq!(open(sealed.as_bytes(), other.public()).unwrap_err(), EnvelopeError::OtherKey);
        assert_eq!(refused(sealed.trim_end()), EnvelopeError::OtherText);
        assert_eq!(refused(&sealed.replace(":", ": ")), EnvelopeError::OtherText);
        assert_eq!(refused(&sealed.replacen('{', "{\"x\":1,", 1)), EnvelopeError::OtherText);
        assert_eq!(
            refused(&sealed.replace("in-toto", "other")),
            EnvelopeError::OtherType("application/vnd.other+json".into())
        );
        assert_eq!(refused(&sealed.replace("e30=", "e30K")), EnvelopeError::BadSignature);
        // The unused bits of the last letter.
        assert!(matches!(
            refused(&sealed.replace("e30=", "e31=")),
            EnvelopeError::NotAnEnvelope(_) | EnvelopeError::OtherText
        ));
        let again = sealed.replace("}]}", "},{\"sig\":\"AAAA\"}]}");
        assert!(matches!(refused(&again), EnvelopeError::NotAnEnvelope(_)));
    }
}
