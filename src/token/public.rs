//! The written forms of a public key that careless code takes for an HMAC secret (RFC 8725 section 2.1).

use super::{error::ForgeError, key::Key, keyring::KeyRing};
use crate::model::{KeyFamily, mutation::PublicKeyForm};
use base64::{Engine, engine::general_purpose::STANDARD};
use pem::{EncodeConfig, LineEnding, Pem};

/// The bytes of a public key in one written form.
///
/// # Errors
/// The kind of key has no such form (PKCS#1 is for RSA, HMAC keys have none at all).
pub fn public_form(key: &Key, ring: &KeyRing, form: PublicKeyForm) -> Result<Vec<u8>, ForgeError> {
    if key.alg().family() == KeyFamily::Oct {
        return Err(ForgeError::NoSuchForm(key.alg(), "public"));
    }
    let spki = |ending| Ok(armour("PUBLIC KEY", key.spki_der()?, ending));
    let pkcs1 = || Ok(armour("RSA PUBLIC KEY", key.pkcs1_der()?, LineEnding::LF));
    match form {
        PublicKeyForm::SpkiPem => spki(LineEnding::LF),
        PublicKeyForm::SpkiPemNoNewline => spki(LineEnding::LF).map(trimmed),
        PublicKeyForm::SpkiPemCrlf => spki(LineEnding::CRLF),
        PublicKeyForm::SpkiDer => key.spki_der(),
        PublicKeyForm::Pkcs1Pem => pkcs1(),
        PublicKeyForm::Pkcs1PemNoNewline => pkcs1().map(trimmed),
        PublicKeyForm::Pkcs1Der => key.pkcs1_der(),
        PublicKeyForm::JwkAsServed => Ok(key.jwk().as_bytes().to_vec()),
        PublicKeyForm::JwkCanonical => Ok(key.members(false).to_string().into_bytes()),
        PublicKeyForm::JwksAsServed => Ok(ring.jwks()),
        PublicKeyForm::Openssh => openssh(key),
        PublicKeyForm::Raw => key.raw_public(),
    }
}

fn armour(tag: &str, der: Vec<u8>, ending: LineEnding) -> Vec<u8> {
    pem::encode_config(&Pem::new(tag, der), EncodeConfig::new().set_line_ending(ending)).into_bytes()
}

fn trimmed(mut text: Vec<u8>) -> Vec<u8> {
    while text.last().is_some_and(u8::is_ascii_whitespace) {
        text.pop();
    }
    text
}

/// `ssh-rsa AAAA…`: length-prefixed fields (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4).
fn openssh(key: &Key) -> Result<Vec<u8>, ForgeError> {
    let (name, fields) = match key.alg().family() {
        KeyFamily::Rsa => {
            let exponent = key.rsa_exponent().ok_or(ForgeError::Crypto("reading an RSA key"))?;
            ("ssh-rsa", vec![multiple_precision(exponent), multiple_precision(key.raw_public()?)])
        }
        KeyFamily::Ed25519 => ("ssh-ed25519", vec![key.raw_public()?]),
        KeyFamily::P256 => ("ecdsa-sha2-nistp256", vec![b"nistp256".to_vec(), key.raw_public()?]),
        KeyFamily::P384 => ("ecdsa-sha2-nistp384", vec![b"nistp384".to_vec(), key.raw_public()?]),
        KeyFamily::P521 => ("ecdsa-sha2-nistp521", vec![b"nistp521".to_vec(), key.raw_public()?]),
        _ => return Err(ForgeError::NoSuchForm(key.alg(), "OpenSSH")),
    };
    let mut blob = Vec::new();
    for field in std::iter::once(name.as_bytes().to_vec()).chain(fields) {
        blob.extend(u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        blob.extend(field);
    }
    Ok(format!("{name} {}", STANDARD.encode(blob)).into_bytes())
}

/// An integer whose first bit would be its sign (RFC 4251 section 5).
fn multiple_precision(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    bytes
}
