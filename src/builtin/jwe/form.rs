//! From bytes to the five parts (RFC 7516 section 7).

use super::super::{
    flaw::Flaw,
    rules::{Refusal, Rules},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// The five parts, and the header as it was sent, which the tag covers.
pub(super) struct Form {
    pub aad: Vec<u8>,
    pub header: Vec<u8>,
    pub encrypted_key: Vec<u8>,
    pub iv: Vec<u8>,
    pub ciphertext: Vec<u8>,
    pub tag: Vec<u8>,
}

/// Reads what was sent; `None` where it is no encrypted token. A JSON form may give one for each recipient.
pub(super) fn read(rules: &Rules, sent: &[u8]) -> Result<Option<Vec<Form>>, Refusal> {
    // These split every token in ways of their own.
    if rules.has(Flaw::ExtraSegmentsIgnored) || rules.has(Flaw::SplitsFromRight) {
        return Ok(None);
    }
    if rules.has(Flaw::JweJson) && sent.trim_ascii().first() == Some(&b'{') {
        return Ok(from_json(sent));
    }
    let segments: Vec<&[u8]> = sent.split(|byte| *byte == b'.').take(6).collect();
    let Ok(segments) = <[&[u8]; 5]>::try_from(segments) else { return Ok(None) };
    from_segments(segments).map(|form| Some(vec![form])).ok_or(Refusal::Malformed)
}

fn from_segments(segments: [&[u8]; 5]) -> Option<Form> {
    let [header, encrypted_key, iv, ciphertext, tag] = segments;
    let decode = |segment| URL_SAFE_NO_PAD.decode(segment).ok();
    Some(Form {
        aad: header.to_vec(),
        header: decode(header)?,
        encrypted_key: decode(encrypted_key)?,
        iv: decode(iv)?,
        ciphertext: decode(ciphertext)?,
        tag: decode(tag)?,
    })
}

/// Flattened or general JSON (RFC 7516 section 7.2).
fn from_json(sent: &[u8]) -> Option<Vec<Form>> {
    let form: Value = serde_json::from_slice(sent).ok()?;
    let recipients = form.get("recipients").and_then(Value::as_array);
    let recipients = recipients.map_or_else(|| vec![&form], |list| list.iter().collect());
    let segment = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().as_bytes().to_vec();
    let forms = recipients.into_iter().filter_map(|recipient| {
        from_segments([
            &segment(&form, "protected"),
            &segment(recipient, "encrypted_key"),
            &segment(&form, "iv"),
            &segment(&form, "ciphertext"),
            &segment(&form, "tag"),
        ])
    });
    Some(forms.collect())
}
