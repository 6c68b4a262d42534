//! The fourth stage: the signature (RFC 7515 section 5.2).

mod ecdsa;
pub(super) mod eddsa;
mod mac;
mod rsa;
pub(super) mod weak;

use super::{
    flaw::Flaw,
    header,
    key::{self, Key},
    lookup::Found,
    parse::Token,
    rules::{Refusal, Rules},
};
use crate::model::{Alg, KeyFamily};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256K1_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1,
    VerificationAlgorithm,
};
use serde_json::Value;
use std::borrow::Cow;
use weak::Weak;

/// Whether one of the keys found made the signature, over the bytes as sent.
pub(super) fn check(rules: &Rules, found: &Found, alg: Alg, token: &Token<'_>) -> Result<(), Refusal> {
    let message = message(rules, token);
    let weak =
        token.header.get("alg").and_then(Value::as_str).filter(|_| rules.has(Flaw::WeakNames)).and_then(Weak::of);
    let good = match found {
        Found::Keys(keys) if weak.is_some() => {
            keys.iter().any(|key| weak.is_some_and(|weak| weak.holds(key, &message, &token.signature)))
        }
        Found::Nothing => true,
        Found::Secrets(secrets) => {
            secrets.iter().any(|secret| key::mac_verifies(alg, secret, &message, &token.signature))
        }
        Found::Keys(keys) => keys.iter().any(|key| is_signed_by(rules.flaw, key, alg, &message, &token.signature)),
    };
    if good { Ok(()) } else { Err(Refusal::Signature) }
}

fn message<'t>(rules: &Rules, token: &'t Token<'_>) -> Cow<'t, [u8]> {
    if !header::honours_b64(rules, &token.header) {
        return Cow::Borrowed(&token.signing_input);
    }
    let header_segment = token.signing_input.split(|byte| *byte == b'.').next().unwrap_or_default();
    Cow::Owned([header_segment, b".", &token.payload].concat())
}

fn is_signed_by(flaw: Option<Flaw>, key: &Key, alg: Alg, message: &[u8], signature: &Vec<u8>) -> bool {
    let length = key.signature_length(alg);
    let exact = |signature: &Vec<u8>| signature.len() == length && key.verifies(alg, message, signature);
    let Some(flaw) = flaw else { return exact(signature) };
    let is_zero = !signature.is_empty() && signature.iter().all(|byte| *byte == 0);
    match flaw {
        Flaw::SignatureUnchecked => true,
        Flaw::EmptySignatureUnchecked if signature.is_empty() => true,
        Flaw::EcdsaZero if is_zero && signature.len() == length && is_ecdsa(alg) => true,
        Flaw::ZeroSignature if is_zero => true,
        Flaw::MacEmpty if signature.is_empty() => alg.family() == KeyFamily::Oct,
        Flaw::MacTruncated if alg.family() == KeyFamily::Oct && !signature.is_empty() => {
            key::mac(alg, &key.raw, message).starts_with(signature)
        }
        Flaw::TrailingBytes if signature.len() > length => exact(&signature[..length].to_vec()),
        Flaw::FirstByteUncompared => repaired(signature, &[0]).iter().any(exact) || exact(signature),
        Flaw::OnlyFirstBytesCompared => {
            let places = [signature.len() / 2, signature.len().saturating_sub(1)];
            exact(signature) || repaired(signature, &places).iter().any(exact)
        }
        Flaw::EcdsaSecondOfAnyLength if is_ecdsa(alg) && signature.len() > length => {
            let (first, rest) = signature.split_at(length / 2);
            let (zeros, second) = rest.split_at(signature.len() - length);
            zeros.iter().all(|byte| *byte == 0) && exact(&[first, second].concat())
        }
        Flaw::EcdsaDer if is_ecdsa(alg) => exact(signature) || is_signed_in_der(key, message, signature),
        Flaw::AnyHash | Flaw::RsaSchemesMixed | Flaw::LabelIgnored => {
            alternatives(flaw, key, alg).any(|alg| key.verifies(alg, message, signature))
        }
        Flaw::Es512Of128Bytes if alg == Alg::Es512 => signature.len() == 128,
        Flaw::RsaShortPadded if key.family == KeyFamily::Rsa => {
            let missing = length.saturating_sub(signature.len());
            exact(&[vec![0; missing], signature.clone()].concat())
        }
        Flaw::RsaLeadingZeroRefused if key.family == KeyFamily::Rsa => {
            signature.first() != Some(&0) && exact(signature)
        }
        _ => ecdsa::verdict(flaw, key, alg, message, signature)
            .or_else(|| eddsa::verdict(flaw, key, alg, message, signature))
            .or_else(|| rsa::verdict(flaw, key, alg, message, signature))
            .or_else(|| mac::verdict(flaw, key, alg, message, signature))
            .unwrap_or_else(|| exact(signature)),
    }
}

fn is_ecdsa(alg: Alg) -> bool {
    matches!(alg.family(), KeyFamily::P256 | KeyFamily::P384 | KeyFamily::P521 | KeyFamily::Secp256k1)
}

/// The signature with each single bit at these places flipped.
fn repaired(signature: &[u8], places: &[usize]) -> Vec<Vec<u8>> {
    let flipped = |place: usize, bit: u8| {
        let mut other = signature.to_vec();
        *other.get_mut(place)? ^= 1 << bit;
        Some(other)
    };
    places.iter().flat_map(|place| (0..8).filter_map(move |bit| flipped(*place, bit))).collect()
}

fn is_signed_in_der(key: &Key, message: &[u8], signature: &[u8]) -> bool {
    let scheme: &dyn VerificationAlgorithm = match key.family {
        KeyFamily::P256 => &ECDSA_P256_SHA256_ASN1,
        KeyFamily::P384 => &ECDSA_P384_SHA384_ASN1,
        KeyFamily::P521 => &ECDSA_P521_SHA512_ASN1,
        KeyFamily::Secp256k1 => &ECDSA_P256K1_SHA256_ASN1,
        _ => return false,
    };
    scheme.verify_sig(&key.raw, message, signature).is_ok()
}

/// The algorithms that a flaw tries beside, or instead of, the one that the token names.
fn alternatives(flaw: Flaw, key: &Key, alg: Alg) -> impl Iterator<Item = Alg> {
    let own = key.alg.clone();
    let family = key.family;
    Alg::ALL.iter().copied().filter(move |other| {
        let same_scheme = other.name()[..2] == alg.name()[..2];
        let same_hash = other.name()[2..] == alg.name()[2..];
        other.family() == family
            && match flaw {
                Flaw::AnyHash => same_scheme,
                Flaw::RsaSchemesMixed => *other == alg || same_hash && family == KeyFamily::Rsa,
                _ => own.as_deref().map_or(*other == alg || family != alg.family(), |own| own == other.name()),
            }
    })
}
