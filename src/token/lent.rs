//! Signing keys that the user lends to us, read from a JWK, from PEM, or from a secret. No error quotes them.

use super::{
    compact::decode_segment,
    error::ForgeError,
    key::{Key, Material, oct},
    scheme::{curve, curve_name, ml_dsa},
};
use crate::model::{Alg, KeyFamily};
use aws_lc_rs::{
    rsa::{KeyPairComponents, PublicKeyComponents},
    signature::{EcdsaKeyPair, Ed25519KeyPair, PqdsaKeyPair, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value};

/// How a lent key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LentForm {
    /// A JWK with its private members (RFC 7517).
    Jwk,
    /// PEM: PKCS#8, PKCS#1 or SEC 1.
    Pem,
    /// An HMAC secret as it stands.
    Secret,
    /// An HMAC secret in base64 of either alphabet, padded or not.
    SecretBase64,
}

impl Key {
    /// Reads a key for an algorithm. Without a `kid` it takes that of the JWK, or else the empty one.
    ///
    /// # Errors
    /// It cannot be read, or is a key for other algorithms.
    pub fn from_lent(text: &[u8], form: LentForm, alg: Alg, kid: Option<&str>) -> Result<Key, ForgeError> {
        let name = |own: Option<&str>| kid.or(own).unwrap_or_default().to_owned();
        match form {
            LentForm::Jwk => {
                let jwk: Map<String, Value> =
                    serde_json::from_slice(text).map_err(|_| refuse("a JWK, and this is no JSON object"))?;
                let kid = name(jwk.get("kid").and_then(Value::as_str));
                Ok(Key::lent(kid, alg, of_jwk(&jwk, alg)?, None))
            }
            LentForm::Pem => Ok(Key::lent(name(None), alg, of_pem(text, alg)?, None)),
            LentForm::Secret | LentForm::SecretBase64 => {
                if alg.family() != KeyFamily::Oct {
                    return Err(wrong_kind(alg, "a secret"));
                }
                let text = text.strip_suffix(b"\n").unwrap_or(text);
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                let secret = if form == LentForm::Secret { text.to_vec() } else { of_base64(text)? };
                if secret.is_empty() {
                    return Err(refuse("a secret, and this is empty"));
                }
                Ok(Key::lent(name(None), alg, oct(alg, secret), None))
            }
        }
    }
}

fn refuse(wanted: &str) -> ForgeError {
    ForgeError::Lent(format!("the lent key should be {wanted}"))
}

fn wrong_kind(alg: Alg, what: &str) -> ForgeError {
    ForgeError::Lent(format!("a key for {alg} is wanted, and the lent key is {what}"))
}

fn of_base64(text: &[u8]) -> Result<Vec<u8>, ForgeError> {
    let bare: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').collect();
    let read = URL_SAFE_NO_PAD.decode(&bare).or_else(|_| STANDARD_NO_PAD.decode(&bare));
    read.map_err(|_| refuse("a secret in base64, and this is not"))
}

fn of_jwk(jwk: &Map<String, Value>, alg: Alg) -> Result<Material, ForgeError> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| {
        let found = text(name).and_then(decode_segment);
        found.ok_or_else(|| ForgeError::Lent(format!("the lent JWK has no base64url member {name:?}")))
    };
    let (kty, crv) = match alg.family() {
        KeyFamily::Rsa => ("RSA", None),
        KeyFamily::P256 | KeyFamily::P384 | KeyFamily::P521 | KeyFamily::Secp256k1 => ("EC", Some(curve_name(alg))),
        KeyFamily::Ed25519 => ("OKP", Some("Ed25519")),
        KeyFamily::MlDsa44 | KeyFamily::MlDsa65 | KeyFamily::MlDsa87 => ("AKP", None),
        KeyFamily::Oct => ("oct", None),
    };
    if text("kty") != Some(kty) || (crv.is_some() && text("crv") != crv) {
        return Err(wrong_kind(alg, "a JWK of another kty or crv"));
    }
    let broken = |_| refuse("a JWK whose members belong together");
    Ok(match alg.family() {
        KeyFamily::Rsa => {
            let public_key = PublicKeyComponents { n: bytes("n")?, e: bytes("e")? };
            let [p, q, dp, dq, qi] = ["p", "q", "dp", "dq", "qi"].map(bytes);
            let parts = KeyPairComponents { public_key, d: bytes("d")?, p: p?, q: q?, dP: dp?, dQ: dq?, qInv: qi? };
            Material::Rsa(Box::new(RsaKeyPair::from_components(&parts).map_err(broken)?))
        }
        KeyFamily::P256 | KeyFamily::P384 | KeyFamily::P521 | KeyFamily::Secp256k1 => {
            let point = [&[4][..], &bytes("x")?, &bytes("y")?].concat();
            let pair = EcdsaKeyPair::from_private_key_and_public_key(curve(alg), &bytes("d")?, &point);
            Material::Ec(Box::new(pair.map_err(broken)?))
        }
        KeyFamily::Ed25519 => {
            let pair = Ed25519KeyPair::from_seed_and_public_key(&bytes("d")?, &bytes("x")?);
            Material::Ed(Box::new(pair.map_err(broken)?))
        }
        KeyFamily::MlDsa44 | KeyFamily::MlDsa65 | KeyFamily::MlDsa87 => {
            // RFC 9964: `priv` is the seed.
            Material::MlDsa(Box::new(PqdsaKeyPair::from_seed(ml_dsa(alg), &bytes("priv")?).map_err(broken)?))
        }
        KeyFamily::Oct => oct(alg, bytes("k")?),
    })
}

fn of_pem(text: &[u8], alg: Alg) -> Result<Material, ForgeError> {
    // A file of OpenSSL may hold the curve's parameters before the key.
    let blocks = pem::parse_many(text).map_err(|_| refuse("a PEM text"))?;
    let block = blocks.iter().find(|block| block.tag().ends_with("PRIVATE KEY"));
    let block = block.ok_or_else(|| refuse("a private key in PEM, and this holds none"))?;
    if block.tag().starts_with("ENCRYPTED") || text.windows(10).any(|word| word == b"Proc-Type:") {
        return Err(refuse("a PEM text without a password: decrypt it first"));
    }
    let der = block.contents();
    let wrong = |_| wrong_kind(alg, "a PEM text that holds another kind, or is damaged");
    Ok(match alg.family() {
        KeyFamily::Rsa => {
            let pair = RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der));
            Material::Rsa(Box::new(pair.map_err(wrong)?))
        }
        KeyFamily::P256 | KeyFamily::P384 | KeyFamily::P521 | KeyFamily::Secp256k1 => {
            Material::Ec(Box::new(EcdsaKeyPair::from_private_key_der(curve(alg), der).map_err(wrong)?))
        }
        KeyFamily::Ed25519 => Material::Ed(Box::new(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(wrong)?)),
        KeyFamily::MlDsa44 | KeyFamily::MlDsa65 | KeyFamily::MlDsa87 => {
            Material::MlDsa(Box::new(PqdsaKeyPair::from_pkcs8(ml_dsa(alg), der).map_err(wrong)?))
        }
        KeyFamily::Oct => return Err(wrong_kind(alg, "a PEM text")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::RsaBits;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    const SIGNS: [Alg; 6] = [Alg::Rs256, Alg::Es256, Alg::Es384, Alg::Es512, Alg::Es256k, Alg::EdDsa];

    fn pem_of(key: &Key) -> Vec<u8> {
        pem::encode(&pem::Pem::new("PRIVATE KEY", key.pkcs8().unwrap().reveal().clone())).into_bytes()
    }

    #[test]
    fn a_key_is_read_back_from_jwk_and_pem() {
        for alg in SIGNS {
            let made = Key::generate("k", alg, RsaBits::default()).unwrap();
            let mut jwk = made.members(true);
            for (name, text) in made.private_members().unwrap() {
                jwk[name] = text.into();
            }
            let of_jwk = Key::from_lent(jwk.to_string().as_bytes(), LentForm::Jwk, alg, None).unwrap();
            assert_eq!((of_jwk.jwk(), of_jwk.kid()), (made.jwk(), made.kid()), "{alg}");
            let of_pem = Key::from_lent(&pem_of(&made), LentForm::Pem, alg, Some("own")).unwrap();
            assert_eq!((of_pem.members(false), of_pem.kid()), (made.members(false), "own"), "{alg}");
            assert!(of_pem.is_lent() && !of_pem.only_verifies());
            for other in SIGNS.into_iter().filter(|other| other.family() != alg.family()) {
                assert!(Key::from_lent(&pem_of(&made), LentForm::Pem, other, None).is_err(), "{alg} as {other}");
                assert!(Key::from_lent(jwk.to_string().as_bytes(), LentForm::Jwk, other, None).is_err());
            }
        }
    }

    #[test]
    fn secrets_lose_their_line_end_and_nothing_else() {
        let plain = |text: &[u8]| Key::from_lent(text, LentForm::Secret, Alg::Hs256, None).unwrap();
        assert_eq!(plain(b"s3cret \r\n").hmac_secret().unwrap(), b"s3cret ");
        let bytes: Vec<u8> = (0..=255).collect();
        for text in [STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            let key = Key::from_lent(text.as_bytes(), LentForm::SecretBase64, Alg::Hs512, None).unwrap();
            assert_eq!(key.hmac_secret(), Some(&bytes));
        }
        for (text, form, alg) in [
            (&b"\n"[..], LentForm::Secret, Alg::Hs256),
            (b"!!", LentForm::SecretBase64, Alg::Hs256),
            (b"secret", LentForm::Secret, Alg::Rs256),
            (b"[]", LentForm::Jwk, Alg::Rs256),
            (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", LentForm::Pem, Alg::Rs256),
        ] {
            let error = Key::from_lent(text, form, alg, None).map(|_| ()).unwrap_err();
            assert!(matches!(error, ForgeError::Lent(_)), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader_or_is_quoted(text in "[ -~]{12,60}") {
            for form in [LentForm::Jwk, LentForm::Pem] {
                for alg in [Alg::Rs256, Alg::Es256, Alg::Hs256] {
                    if let Err(error) = Key::from_lent(text.as_bytes(), form, alg, None) {
                        prop_assert!(!error.to_string().contains(&text));
                    }
                }
            }
        }
    }
}
