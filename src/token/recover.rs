//! The public RSA key behind tokens that it signed, from the tokens alone.
//!
//! A signature `s` over a text with block `m` satisfies `s^e = m` modulo `n` (RFC 8017 section 5.2.2), so `n` divides
//! `s^e - m` for every token, and the greatest common divisor of two such numbers is `n` times little. Only
//! RSASSA-PKCS1-v1_5 has a block that everybody can compute. The numbers are `e` times as long as the modulus: for the
//! usual 65537 that is 16 MiB each, and their divisor takes minutes.

use super::{
    compact::{decode_segment, encode_segment},
    error::ForgeError,
    forge::Token,
    raw,
};
use crate::model::{
    Alg,
    mutation::{HashName, PublicKeyForm},
};
use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use num_bigint::BigUint;
use pem::{EncodeConfig, LineEnding, Pem};
use serde_json::{Map, Value};

/// Exponents whose numbers are handled in a moment.
pub(super) const SMALL_EXPONENTS: &[u32] = &[3, 5, 17, 257];
/// The exponent of nearly every key (RFC 8017 has no other in its examples), whose numbers take minutes.
pub(super) const USUAL_EXPONENT: u32 = 65_537;
/// The divisor is the modulus times something small; its prime factors are below this.
const SMALL: u32 = 1 << 16;

/// A public RSA key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecoveredKey {
    /// The modulus.
    pub modulus: BigUint,
    /// The public exponent.
    pub exponent: u32,
}

/// A text and its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sample {
    /// The block that the signature hides, as a number.
    block: BigUint,
    signature: BigUint,
    /// Bytes of the signature, which are those of the modulus.
    length: usize,
}

impl Sample {
    /// What a signature over a text says; `None` where it is too short for a block.
    pub(super) fn new(text: &[u8], signature: &[u8], hash: HashName) -> Option<Sample> {
        let block = raw::block(None, hash, text, signature.len())?;
        let [block, number] = [&block[..], signature].map(BigUint::from_bytes_be);
        Some(Sample { block, signature: number, length: signature.len() })
    }

    /// What a token says; `None` where it names no RS algorithm.
    pub(super) fn of(token: &Token) -> Option<Sample> {
        let header: Value = serde_json::from_slice(&token.header).ok()?;
        let alg: Alg = header.get("alg")?.as_str()?.parse().ok()?;
        matches!(alg, Alg::Rs256 | Alg::Rs384 | Alg::Rs512).then_some(())?;
        let end = token.bytes.iter().rposition(|byte| *byte == b'.')?;
        let signature = decode_segment(std::str::from_utf8(&token.bytes[end + 1..]).ok()?)?;
        Sample::new(&token.bytes[..end], &signature, raw::hash_of(alg))
    }

    /// A multiple of the modulus.
    fn multiple(&self, exponent: u32) -> BigUint {
        let power = raw::power(&self.signature, exponent);
        if power >= self.block { power - &self.block } else { &self.block - power }
    }

    fn fits(&self, key: &RecoveredKey) -> bool {
        self.signature.modpow(&BigUint::from(key.exponent), &key.modulus) == self.block
    }
}

impl RecoveredKey {
    /// Its JWK.
    pub(super) fn jwk(&self) -> Map<String, Value> {
        let number = |bytes: Vec<u8>| Value::from(encode_segment(bytes));
        let e = number(exponent_bytes(self.exponent));
        Map::from_iter([
            ("kty".to_owned(), Value::from("RSA")),
            ("n".to_owned(), number(self.modulus.to_bytes_be())),
            ("e".to_owned(), e),
        ])
    }

    /// The key in a written form.
    ///
    /// # Errors
    /// The form is none of PEM and DER, or the library does not take such a key.
    pub(super) fn written(&self, form: PublicKeyForm) -> Result<Vec<u8>, ForgeError> {
        let failed = || ForgeError::Crypto("writing a recovered key");
        let components = RsaPublicKeyComponents { n: self.modulus.to_bytes_be(), e: exponent_bytes(self.exponent) };
        let parsed = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).map_err(|_| failed())?;
        let spki: PublicKeyX509Der<'_> = parsed.as_der().map_err(|_| failed())?;
        let pkcs1 = || aws_lc_rs::rsa::PublicKey::from_der(spki.as_ref()).map(|key| key.as_ref().to_vec());
        let pem = |tag: &str, der: Vec<u8>| {
            let lines = EncodeConfig::new().set_line_ending(LineEnding::LF);
            pem::encode_config(&Pem::new(tag, der), lines).into_bytes()
        };
        match form {
            PublicKeyForm::SpkiDer => Ok(spki.as_ref().to_vec()),
            PublicKeyForm::SpkiPem => Ok(pem("PUBLIC KEY", spki.as_ref().to_vec())),
            PublicKeyForm::Pkcs1Der => pkcs1().map_err(|_| failed()),
            PublicKeyForm::Pkcs1Pem => Ok(pem("RSA PUBLIC KEY", pkcs1().map_err(|_| failed())?)),
            _ => Err(ForgeError::CannotMutate {
                mutation: "hmac-with-recovered-key",
                needs: "a form that is PEM or DER",
            }),
        }
    }
}

fn exponent_bytes(exponent: u32) -> Vec<u8> {
    exponent.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
}

/// The key that made both signatures; `None` where its exponent is none of these, or no key made both.
pub(super) fn recover(one: &Sample, other: &Sample, exponents: &[u32]) -> Option<RecoveredKey> {
    if one == other {
        return None;
    }
    exponents.iter().find_map(|exponent| {
        let exponent = *exponent;
        let divisor = raw::common_divisor(one.multiple(exponent), other.multiple(exponent));
        let key = RecoveredKey { modulus: trimmed(divisor, one.length)?, exponent };
        (one.fits(&key) && other.fits(&key)).then_some(key)
    })
}

/// The number without small factors, as long as it is longer than a modulus of so many bytes.
fn trimmed(mut number: BigUint, length: usize) -> Option<BigUint> {
    let bits = 8 * u64::try_from(length).ok()?;
    let mut factor = 2;
    while number.bits() > bits && factor < SMALL {
        let small = BigUint::from(factor);
        if &number % &small == BigUint::ZERO { number /= small } else { factor += 1 }
    }
    (number.bits() <= bits && number.bits() + 8 > bits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::raw::{Modulus, RsaSecret, RsaShape};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static SECRETS: LazyLock<Vec<RsaSecret>> = LazyLock::new(|| {
        let shapes = [(3, 1024), (17, 1024), (257, 512)];
        let make = |(exponent, bits)| RsaSecret::generate(RsaShape { bits, exponent, modulus: Modulus::TwoPrimes });
        shapes.into_iter().map(|shape| make(shape).unwrap()).collect()
    });

    fn sample(secret: &RsaSecret, text: &[u8]) -> Sample {
        let length = usize::try_from(secret.modulus.bits().div_ceil(8)).unwrap();
        let block = raw::block(None, HashName::Sha256, text, length).unwrap();
        Sample::new(text, &secret.sign_block(&block).unwrap(), HashName::Sha256).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn two_texts_give_the_key(which in 0..3usize, one in ".{0,40}", other in ".{0,40}") {
            prop_assume!(one != other);
            let secret = &SECRETS[which];
            let [one, other] = [one, other].map(|text| sample(secret, text.as_bytes()));
            let key = recover(&one, &other, SMALL_EXPONENTS).unwrap();
            prop_assert_eq!(&key.modulus, &secret.modulus);
            prop_assert_eq!(BigUint::from(key.exponent), secret.exponent.clone());
        }
    }

    #[test]
    fn tokens_of_two_keys_or_one_text_twice_give_nothing() {
        let one = sample(&SECRETS[0], b"a");
        assert_eq!(recover(&one, &sample(&SECRETS[1], b"b"), SMALL_EXPONENTS), None);
        assert_eq!(recover(&one, &one, SMALL_EXPONENTS), None);
        assert_eq!(Sample::new(b"a", &[1; 20], HashName::Sha256), None);
    }

    #[test]
    fn no_small_exponent_fits_the_usual_one() {
        let key = crate::token::Key::generate("k", Alg::Rs256, crate::token::RsaBits::default()).unwrap();
        let sample = |text: &[u8]| Sample::new(text, &key.sign(Alg::Rs256, text).unwrap(), HashName::Sha256).unwrap();
        assert_eq!(recover(&sample(b"a"), &sample(b"b"), SMALL_EXPONENTS), None);
    }
}
