//! Agreement on a key with the ephemeral key in the header (RFC 7518 section 4.6).

use super::{
    super::{flaw::Flaw, rules::Refusal},
    Letter, unwrap,
};
use crate::model::KeyManagement;
use aws_lc_rs::{
    agreement::{self, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey},
    digest,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// The content key. A point that is not on the curve is refused before anything is computed with it (RFC 8725 section
/// 3.4).
pub(super) fn agreed(letter: &Letter<'_>, alg: KeyManagement, own: &PrivateKey) -> Result<Vec<u8>, Refusal> {
    let secret = match point(letter, own) {
        Some(point) => agreement::agree(own, UnparsedPublicKey::new(own.algorithm(), point), (), |secret| {
            Ok::<Vec<u8>, ()>(secret.to_vec())
        })
        .ok(),
        None => None,
    };
    let secret = match secret {
        Some(secret) => secret,
        None if letter.has(Flaw::EcdhZeroSecret) => vec![0; shape(own).1],
        None => return Err(Refusal::Decryption),
    };
    match alg {
        KeyManagement::EcdhEs if letter.form.encrypted_key.is_empty() => {
            derived(letter, &secret, letter.enc.name(), letter.enc.key_length())
        }
        KeyManagement::EcdhEsA128Kw | KeyManagement::EcdhEsA192Kw | KeyManagement::EcdhEsA256Kw => {
            let length = match alg {
                KeyManagement::EcdhEsA128Kw => 16,
                KeyManagement::EcdhEsA192Kw => 24,
                _ => 32,
            };
            unwrap::aes_unwrap(&derived(letter, &secret, alg.name(), length)?, &letter.form.encrypted_key)
        }
        _ => Err(Refusal::Decryption),
    }
}

/// The name of the recipient's curve, and the length of a coordinate in bytes.
fn shape(own: &PrivateKey) -> (&'static str, usize) {
    match own.algorithm() {
        curve if *curve == ECDH_P384 => ("P-384", 48),
        curve if *curve == ECDH_P521 => ("P-521", 66),
        _ => ("P-256", 32),
    }
}

/// The ephemeral key as an uncompressed point of the recipient's curve.
fn point(letter: &Letter<'_>, own: &PrivateKey) -> Option<Vec<u8>> {
    let (curve, width) = shape(own);
    let key = letter.header.get("epk")?;
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok().filter(|bytes| bytes.len() == width);
    (text("kty")? == "EC" && text("crv")? == curve).then_some(())?;
    Some([&[4][..], &coordinate("x")?, &coordinate("y")?].concat())
}

/// One hash function, run as often as needed over a counter, the secret and who is talking to whom (NIST SP 800-56A
/// section 5.8.1).
fn derived(letter: &Letter<'_>, secret: &[u8], algorithm: &str, length: usize) -> Result<Vec<u8>, Refusal> {
    let party = |name: &str| match letter.header.get(name) {
        None => Ok(Vec::new()),
        Some(value) => value.as_str().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(Refusal::Header),
    };
    let sized = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let info = [
        sized(algorithm.as_bytes()),
        sized(&party("apu")?),
        sized(&party("apv")?),
        (length as u32 * 8).to_be_bytes().to_vec(),
    ]
    .concat();
    let mut key = Vec::with_capacity(length + digest::SHA256_OUTPUT_LEN);
    let mut counter = 0_u32;
    while key.len() < length {
        counter += 1;
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(&counter.to_be_bytes());
        hash.update(secret);
        hash.update(&info);
        key.extend_from_slice(hash.finish().as_ref());
    }
    key.truncate(length);
    Ok(key)
}
