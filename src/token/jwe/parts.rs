//! The five parts of an encrypted token, their damage, and the ways to write them (RFC 7516 section 7).

use super::recipient::random;
use crate::{
    model::{
        Slot,
        jwe::{JweDamage, JweJson, JwePart},
        mutation::Position,
    },
    token::{compact::encode_segment, draft::quoted, error::ForgeError},
};
use serde_json::json;

/// The five parts, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JweParts {
    /// The protected header: a JSON text.
    pub header: Vec<u8>,
    /// The encrypted content key.
    pub encrypted_key: Vec<u8>,
    /// The initialization vector.
    pub iv: Vec<u8>,
    /// The ciphertext.
    pub ciphertext: Vec<u8>,
    /// The authentication tag.
    pub tag: Vec<u8>,
}

impl JweParts {
    fn part(&mut self, part: JwePart) -> &mut Vec<u8> {
        match part {
            JwePart::Header => &mut self.header,
            JwePart::EncryptedKey => &mut self.encrypted_key,
            JwePart::Iv => &mut self.iv,
            JwePart::Ciphertext => &mut self.ciphertext,
            JwePart::Tag => &mut self.tag,
        }
    }

    /// The compact form.
    pub(in crate::token) fn compact(&self) -> String {
        [&self.header, &self.encrypted_key, &self.iv, &self.ciphertext, &self.tag].map(encode_segment).join(".")
    }

    /// Damages the parts, and writes them. Damage that is worked into the encryption is passed over.
    pub(super) fn damaged(
        &mut self,
        damage: &[JweDamage],
        noise: impl Fn(usize) -> Vec<u8>,
    ) -> Result<Vec<u8>, ForgeError> {
        let mut written = None;
        for one in damage {
            let before = self.clone();
            match one {
                JweDamage::Flip { part, at } => {
                    let bytes = self.part(value(part)?);
                    let last = bytes.len().saturating_sub(1);
                    let index = match value(at)? {
                        Position::First => 0,
                        Position::Middle => last / 2,
                        Position::Last => last,
                    };
                    if let Some(byte) = bytes.get_mut(index) {
                        *byte ^= 1;
                    }
                }
                JweDamage::Keep { part, bytes } => self.part(value(part)?).truncate(value(bytes)? as usize),
                JweDamage::CutOff { part, bytes } => {
                    let count = value(bytes)? as usize;
                    let part = self.part(value(part)?);
                    part.truncate(part.len().saturating_sub(count));
                }
                JweDamage::Random { part } => {
                    let part = self.part(value(part)?);
                    let mut bytes = noise(part.len());
                    // As a number it stays below every RSA modulus of the same length.
                    if let Some(first) = bytes.first_mut() {
                        *first = 0;
                    }
                    *part = bytes;
                }
                JweDamage::LateHeader { name, text } => {
                    let end = self.header.iter().rposition(|byte| *byte == b'}').unwrap_or(self.header.len());
                    self.header.splice(end..end, format!(",{}:{text}", quoted(name)).into_bytes());
                }
                JweDamage::Json { form } => written = Some(self.json(value(form)?)?),
                JweDamage::HeaderText { .. }
                | JweDamage::ContentKeyBytes { .. }
                | JweDamage::RsaBlock { .. }
                | JweDamage::CbcPadding { .. }
                | JweDamage::EphemeralKey { .. }
                | JweDamage::SaltBytes { .. } => continue,
            }
            // A token that is not damaged must not be judged as a damaged one.
            if written.is_none() && *self == before {
                return Err(ForgeError::CannotEncrypt("the damage would change nothing here".into()));
            }
        }
        Ok(written.unwrap_or_else(|| self.compact()).into_bytes())
    }

    fn json(&self, form: JweJson) -> Result<String, ForgeError> {
        let own = encode_segment(&self.encrypted_key);
        let mut text = json!({ "protected": encode_segment(&self.header) });
        match form {
            JweJson::Flattened => text["encrypted_key"] = json!(own),
            JweJson::General => text["recipients"] = json!([{ "encrypted_key": own }]),
            JweJson::TwoRecipients => {
                let strange = encode_segment(random(self.encrypted_key.len())?);
                text["recipients"] = json!([{ "encrypted_key": strange }, { "encrypted_key": own }]);
            }
        }
        text["iv"] = json!(encode_segment(&self.iv));
        text["ciphertext"] = json!(encode_segment(&self.ciphertext));
        text["tag"] = json!(encode_segment(&self.tag));
        Ok(text.to_string())
    }
}

/// A parameter that must have its value by now.
fn value<T: Copy>(slot: &Slot<T>) -> Result<T, ForgeError> {
    slot.value().copied().ok_or_else(|| ForgeError::Filled("a parameter is still a placeholder".into()))
}
