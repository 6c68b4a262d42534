//! The written forms of a public key that careless code takes for an HMAC secret (RFC 8725 section 2.1).

use super::{compact::encode_segment, error::ForgeError, key::Key, keyring::KeyRing, reshape::hex};
use crate::model::{KeyFamily, public_key::PublicKeyForm};
use base64::{Engine, engine::general_purpose::STANDARD};
use pem::{EncodeConfig, LineEnding, Pem};
use serde_json::{Map, Value};

/// The bytes of a public key in one written form.
///
/// # Errors
/// The kind of key has no such form (PKCS#1 is for RSA, coordinates are for elliptic curves, HMAC keys have none at all).
pub fn public_form(key: &Key, ring: &KeyRing, form: PublicKeyForm) -> Result<Vec<u8>, ForgeError> {
    if key.alg().family() == KeyFamily::Oct {
        return Err(ForgeError::NoSuchForm(key.alg(), "public"));
    }
    if key.only_verifies() {
        // Without the public part there is nothing to write.
        key.raw_public()?;
    }
    let spki = |ending| Ok(armour("PUBLIC KEY", key.spki_der()?, ending));
    let pkcs1 = |ending| Ok(armour("RSA PUBLIC KEY", key.pkcs1_der()?, ending));
    let certificate = || ring.pki().genuine(key);
    match form {
        PublicKeyForm::SpkiPem => spki(LineEnding::LF),
        PublicKeyForm::SpkiPemNoNewline => spki(LineEnding::LF).map(trimmed),
        PublicKeyForm::SpkiPemCrlf => spki(LineEnding::CRLF),
        PublicKeyForm::SpkiDer => key.spki_der(),
        PublicKeyForm::SpkiBase64 => Ok(STANDARD.encode(key.spki_der()?).into_bytes()),
        PublicKeyForm::SpkiBase64Wrapped => spki(LineEnding::LF).map(|pem| inside(&pem)),
        PublicKeyForm::Pkcs1Pem => pkcs1(LineEnding::LF),
        PublicKeyForm::Pkcs1PemNoNewline => pkcs1(LineEnding::LF).map(trimmed),
        PublicKeyForm::Pkcs1PemCrlf => pkcs1(LineEnding::CRLF),
        PublicKeyForm::Pkcs1Der => key.pkcs1_der(),
        PublicKeyForm::CertificatePem => Ok(armour("CERTIFICATE", certificate()?, LineEnding::LF)),
        PublicKeyForm::CertificateDer => certificate(),
        PublicKeyForm::CertificateBase64 => Ok(STANDARD.encode(certificate()?).into_bytes()),
        PublicKeyForm::JwkAsServed => Ok(key.jwk().as_bytes().to_vec()),
        PublicKeyForm::JwkCanonical => Ok(key.members(false).to_string().into_bytes()),
        PublicKeyForm::JwkSorted => Ok(sorted(&key.members(true)).to_string().into_bytes()),
        PublicKeyForm::JwkPretty => Ok(format!("{:#}", key.members(true)).into_bytes()),
        PublicKeyForm::JwkSpaced => Ok(spaced(&key.members(true))),
        PublicKeyForm::JwkInList => Ok(format!("[{}]", key.jwk()).into_bytes()),
        PublicKeyForm::JwksAsServed => Ok(ring.jwks()),
        PublicKeyForm::Openssh => openssh(key),
        PublicKeyForm::OpensshComment => Ok([&openssh(key)?[..], b" signing@issuer.example"].concat()),
        PublicKeyForm::Raw => key.raw_public(),
        PublicKeyForm::NumberText => Ok(encode_segment(number(key)?).into_bytes()),
        PublicKeyForm::NumberHex => Ok(hex(&number(key)?).into_bytes()),
        PublicKeyForm::PointX => Ok(point(key)?.0),
        PublicKeyForm::PointY => Ok(point(key)?.1),
        PublicKeyForm::PointXy => point(key).map(|(x, y)| [x, y].concat()),
        PublicKeyForm::PointCompressed => {
            let (x, y) = point(key)?;
            // SEC 1 section 2.3.3: the prefix tells an even y from an odd one.
            let prefix = 2 + y.last().map_or(0, |last| last & 1);
            Ok([&[prefix][..], &x].concat())
        }
    }
}

/// The modulus, the coordinate x, or the 32 bytes of Ed25519: what the JWK's `n` or `x` holds.
fn number(key: &Key) -> Result<Vec<u8>, ForgeError> {
    match key.alg().family() {
        KeyFamily::Rsa | KeyFamily::Ed25519 => key.raw_public(),
        _ => point(key).map(|(x, _)| x),
    }
}

/// The coordinates of an elliptic-curve key.
fn point(key: &Key) -> Result<(Vec<u8>, Vec<u8>), ForgeError> {
    match key.alg().family() {
        KeyFamily::P256 | KeyFamily::P384 | KeyFamily::P521 | KeyFamily::Secp256k1 => {
            let raw = key.raw_public()?;
            let coordinates = raw.get(1..).unwrap_or_default();
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            Ok((x.to_vec(), y.to_vec()))
        }
        _ => Err(ForgeError::NoSuchForm(key.alg(), "coordinate")),
    }
}

fn sorted(jwk: &Value) -> Value {
    let mut members: Vec<_> = jwk.as_object().into_iter().flatten().collect();
    members.sort_by_key(|(name, _)| *name);
    let members: Map<String, Value> = members.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Value::Object(members)
}

/// One line with a space behind each colon and comma, as some languages write JSON.
fn spaced(jwk: &Value) -> Vec<u8> {
    let members = jwk.as_object().into_iter().flatten();
    let members: Vec<String> =
        members.map(|(name, value)| format!("{}: {value}", Value::from(name.as_str()))).collect();
    format!("{{{}}}", members.join(", ")).into_bytes()
}

fn armour(tag: &str, der: Vec<u8>, ending: LineEnding) -> Vec<u8> {
    pem::encode_config(&Pem::new(tag, der), EncodeConfig::new().set_line_ending(ending)).into_bytes()
}

/// The lines between the first and the last one.
fn inside(pem: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(pem);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("-----")).collect();
    lines.join("\n").into_bytes()
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
