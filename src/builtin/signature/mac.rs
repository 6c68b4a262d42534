//! MACs over other bytes, under another form of the secret, or written in another way (RFC 7518 section 3.2).

use super::super::{flaw::Flaw, key::Key};
use crate::{
    model::{Alg, KeyFamily},
    token::raw,
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

/// What a flawed validator thinks of the MAC; `None` where the flaw is not about MACs.
pub(super) fn verdict(flaw: Flaw, key: &Key, alg: Alg, message: &[u8], signature: &[u8]) -> Option<bool> {
    if key.family != KeyFamily::Oct || alg.family() != KeyFamily::Oct {
        return None;
    }
    let mac = |secret: &[u8], text: &[u8]| raw::hmac(raw::hash_of(alg), secret, text);
    let right = mac(&key.raw, message);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let others: Vec<Vec<u8>> = match flaw {
        Flaw::MacAsText => {
            let text = hex(&right);
            // The segment as it stands, when it is hexadecimal itself, decodes to these bytes.
            let misread = URL_SAFE_NO_PAD.decode(&text).unwrap_or_default();
            vec![text.into_bytes(), misread, URL_SAFE_NO_PAD.encode(&right).into_bytes()]
        }
        Flaw::MacOverOtherBytes => {
            let text = String::from_utf8_lossy(message).into_owned();
            let (header, payload) = text.split_once('.').unwrap_or_default();
            let decoded = |segment: &str| URL_SAFE_NO_PAD.decode(segment).unwrap_or_default();
            let joined = [&decoded(header)[..], b".", &decoded(payload)].concat();
            [joined, [message, b"."].concat(), payload.as_bytes().to_vec()]
                .iter()
                .map(|text| mac(&key.raw, text))
                .collect()
        }
        Flaw::MacSecretForms => {
            let secret = &key.raw;
            let shorter = secret.split_last().map_or(&[][..], |(_, rest)| rest);
            [
                URL_SAFE_NO_PAD.encode(secret).into_bytes(),
                STANDARD.encode(secret).into_bytes(),
                hex(secret).into_bytes(),
                [&secret[..], b"\n"].concat(),
                shorter.to_vec(),
                raw::digest(crate::model::mutation::HashName::Sha256, secret),
            ]
            .iter()
            .map(|secret| mac(secret, message))
            .collect()
        }
        _ => return None,
    };
    Some(right == signature || others.iter().any(|other| other == signature))
}
