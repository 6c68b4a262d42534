//! The JSON forms of a signed message (RFC 7515 section 7.2), which JWTs do not have.

use super::sealed::Sealed;
use crate::{
    model::mutation::{JsonForm, SignatureEntry},
    token::{compact::encode_segment, error::ForgeError},
};
use serde_json::{Map, Value, json};

/// General JSON with these entries.
pub(super) fn signatures(sealed: &mut Sealed, entries: &[SignatureEntry]) -> Result<(), ForgeError> {
    let forged = encode_segment(vec![0; sealed.signature("signatures-json")?.len()]);
    let [header, payload, signature] = three(sealed, "signatures-json")?;
    let entry = |kind: &SignatureEntry| match kind {
        SignatureEntry::Genuine => json!({ "protected": header, "signature": signature }),
        SignatureEntry::Forged => json!({ "protected": header, "signature": forged }),
        SignatureEntry::Unsigned => json!({ "protected": encode_segment(r#"{"alg":"none"}"#), "signature": "" }),
        SignatureEntry::Empty => json!({}),
        SignatureEntry::Null => Value::Null,
    };
    let entries: Vec<Value> = entries.iter().map(entry).collect();
    sealed.set_wire(json!({ "payload": payload, "signatures": entries }).to_string());
    Ok(())
}

/// Either form with an unprotected header.
pub(super) fn unprotected(sealed: &mut Sealed, form: JsonForm, header: &Map<String, Value>) -> Result<(), ForgeError> {
    let [protected, payload, signature] = three(sealed, "unprotected-json")?;
    let json = match form {
        JsonForm::Flattened => {
            json!({ "payload": payload, "protected": protected, "header": header, "signature": signature })
        }
        JsonForm::General => json!({
            "payload": payload,
            "signatures": [{ "protected": protected, "header": header, "signature": signature }],
        }),
    };
    sealed.set_wire(json.to_string());
    Ok(())
}

/// The three segments.
pub(super) fn three(sealed: &Sealed, tampering: &'static str) -> Result<[String; 3], ForgeError> {
    sealed
        .segments()
        .try_into()
        .map_err(|_| ForgeError::CannotMutate { mutation: tampering, needs: "a token of three segments" })
}
