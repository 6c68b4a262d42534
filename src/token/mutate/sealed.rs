//! A signed token that can still be tampered with: first its decoded parts, then its text.

use super::forgery;
use crate::{
    model::{KeyFamily, mutation::Segment},
    token::{
        compact::decode_segment,
        draft::{Draft, Members},
        error::ForgeError,
        forge::Token,
        key::Key,
    },
};

/// A signed token.
pub(in crate::token) struct Sealed {
    draft: Draft,
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
    /// The form on the wire, once it is no longer the compact form of the parts.
    text: Option<Vec<u8>>,
    /// Whether the signature stands in for one that only the issuer could make: it must be replaced or taken away.
    unsigned: bool,
}

impl Sealed {
    /// Signs a draft. Where the signature must come out in a form that depends on chance, the token gets one `jti` after
    /// the other.
    pub fn sign(mut draft: Draft) -> Result<Sealed, ForgeError> {
        /// Forms that one text in 256 has are missed with a chance of one in 10 to the power of 27.
        const MOST: u32 = 16_384;
        let mut first = None;
        for attempt in 1..=MOST {
            let (header, payload) = rendered(&draft);
            let mut input = draft.encode(Segment::Header, &header).into_bytes();
            input.push(b'.');
            if draft.sign_decoded {
                input.extend_from_slice(&payload);
            } else {
                input.extend_from_slice(draft.encode(Segment::Payload, &payload).as_bytes());
            }
            let signature = match &draft.forgery {
                None => Some(draft.sign(&input)?),
                Some(mutation) => {
                    let text = forgery::Text { header: &header, payload: &payload, input: &input };
                    forgery::signature(mutation, &draft.signer, &text)?.map(|signature| (signature, true))
                }
            };
            if let Some((signature, is_signed)) = signature {
                return Ok(Sealed { draft, header, payload, signature, text: None, unsigned: !is_signed });
            }
            let claims = draft.claims.members("a signature of a rare form")?;
            let jti = first.get_or_insert_with(|| claims.get("jti").unwrap_or_default().trim_matches('"').to_owned());
            claims.set("jti", &format!("\"{jti}-{attempt}\""));
        }
        Err(ForgeError::Crypto("looking for a text whose signature has the wanted form"))
    }

    /// The decoded header and payload of a draft, where it could be signed in the way that it asks for.
    pub fn rehearse(draft: &Draft) -> Result<(Vec<u8>, Vec<u8>), ForgeError> {
        if let Some(mutation) = &draft.forgery {
            forgery::suits(mutation, &draft.signer)?;
        }
        Ok(rendered(draft))
    }

    /// The three segments as they are on the wire, cut at dots.
    pub fn segments(&self) -> Vec<String> {
        match &self.text {
            None => vec![
                self.draft.encode(Segment::Header, &self.header),
                self.draft.encode(Segment::Payload, &self.payload),
                self.draft.encode(Segment::Signature, &self.signature),
            ],
            Some(text) => String::from_utf8_lossy(text).split('.').map(str::to_owned).collect(),
        }
    }

    /// The form on the wire.
    pub fn wire(&self) -> Vec<u8> {
        self.text.clone().unwrap_or_else(|| self.segments().join(".").into_bytes())
    }

    /// Settles the form on the wire.
    pub fn set_wire(&mut self, text: impl Into<Vec<u8>>) {
        self.text = Some(text.into());
    }

    /// Replaces a segment. While the token is still in parts and the text is the encoding of some bytes, those bytes
    /// become the part, so that later damage can work on them.
    pub fn replace_segment(&mut self, index: usize, text: &str) {
        self.unsigned &= index != 2;
        let bytes = decode_segment(text).filter(|_| self.text.is_none());
        match (index, bytes) {
            (0, Some(bytes)) => self.header = bytes,
            (1, Some(bytes)) => self.payload = bytes,
            (2, Some(bytes)) => self.signature = bytes,
            _ => {
                let mut segments = self.segments();
                if let Some(segment) = segments.get_mut(index) {
                    text.clone_into(segment);
                }
                self.set_wire(segments.join("."));
            }
        }
    }

    /// The signature's bytes.
    pub fn signature(&mut self, tampering: &'static str) -> Result<&mut Vec<u8>, ForgeError> {
        self.still_in_parts(tampering)?;
        Ok(&mut self.signature)
    }

    /// The signature's bytes, to be replaced as a whole.
    pub fn new_signature(&mut self, tampering: &'static str) -> Result<&mut Vec<u8>, ForgeError> {
        self.unsigned = false;
        self.signature(tampering)
    }

    /// Says that the signature segment is gone.
    pub fn lose_signature(&mut self) {
        self.unsigned = false;
    }

    /// The key that signed.
    pub fn key(&self) -> &Key {
        &self.draft.signer.key
    }

    /// The kind of key that signed.
    pub fn family(&self) -> KeyFamily {
        self.draft.signer.alg.family()
    }

    /// Changes the payload and leaves the signature.
    pub fn edit_payload(&mut self, tampering: &'static str, edit: impl FnOnce(&mut Members)) -> Result<(), ForgeError> {
        self.still_in_parts(tampering)?;
        edit(self.draft.claims.members(tampering)?);
        self.payload = self.draft.claims.render();
        Ok(())
    }

    /// Changes the header and leaves the signature.
    pub fn edit_header(&mut self, tampering: &'static str, edit: impl FnOnce(&mut Members)) -> Result<(), ForgeError> {
        self.still_in_parts(tampering)?;
        edit(self.draft.header.members(tampering)?);
        self.header = self.draft.header.render();
        Ok(())
    }

    /// What the payload would be with another claim.
    pub fn payload_with(&self, tampering: &'static str, claim: &str, text: &str) -> Result<Vec<u8>, ForgeError> {
        let mut claims = self.draft.claims.clone();
        claims.members(tampering)?.set(claim, text);
        Ok(claims.render())
    }

    fn still_in_parts(&self, tampering: &'static str) -> Result<(), ForgeError> {
        match self.text {
            None => Ok(()),
            Some(_) => Err(ForgeError::CannotMutate {
                mutation: tampering,
                needs: "to come before the damage that rewrites the whole text",
            }),
        }
    }

    /// The finished token.
    ///
    /// # Errors
    /// Its signature is one that only the issuer could make.
    pub fn into_token(self) -> Result<Token, ForgeError> {
        if self.unsigned {
            return Err(ForgeError::NeedsIssuer);
        }
        let bytes = self.wire();
        Ok(Token { bytes, header: self.header, payload: self.payload, signature: self.signature, jwe: None })
    }
}

/// Header and payload, decoded.
fn rendered(draft: &Draft) -> (Vec<u8>, Vec<u8>) {
    let (mut header, mut payload) = draft.parts();
    draft.fit_padding(Segment::Header, &mut header);
    draft.fit_padding(Segment::Payload, &mut payload);
    (header, payload)
}
