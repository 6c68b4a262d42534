//! The curves of JOSE as numbers (SEC 2 sections 2.4 to 2.6, RFC 8812 section 3).

use super::{der::element, fixed};
use crate::model::KeyFamily;
use aws_lc_rs::{
    encoding::AsBigEndian,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
    },
};
use num_bigint::BigUint;
use std::sync::LazyLock;

/// A curve.
pub(crate) struct Curve {
    /// The order of its group.
    pub order: BigUint,
    /// The prime of its field.
    pub field: BigUint,
    /// Bytes of a coordinate, and of each number of a signature.
    pub width: usize,
    identifier: &'static [u8],
    scheme: &'static EcdsaSigningAlgorithm,
}

static CURVES: LazyLock<[Curve; 4]> = LazyLock::new(|| {
    let number = |hex: &[u8]| BigUint::parse_bytes(hex, 16).unwrap_or_default();
    [
        Curve {
            order: number(b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
            field: number(b"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
            width: 32,
            identifier: &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
            scheme: &ECDSA_P256_SHA256_FIXED_SIGNING,
        },
        Curve {
            order: number(
                b"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
            ),
            field: number(
                b"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
            ),
            width: 48,
            identifier: &[6, 5, 0x2b, 0x81, 4, 0, 34],
            scheme: &ECDSA_P384_SHA384_FIXED_SIGNING,
        },
        Curve {
            order: number(
                b"1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
            ),
            field: (BigUint::from(1u8) << 521) - 1u8,
            width: 66,
            identifier: &[6, 5, 0x2b, 0x81, 4, 0, 35],
            scheme: &ECDSA_P521_SHA512_FIXED_SIGNING,
        },
        Curve {
            order: number(b"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"),
            field: number(b"fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"),
            width: 32,
            identifier: &[6, 5, 0x2b, 0x81, 4, 0, 10],
            scheme: &ECDSA_P256K1_SHA256_FIXED_SIGNING,
        },
    ]
});

impl Curve {
    /// The curve of a kind of key; `None` where it has none, or is no Weierstrass curve.
    pub fn of(family: KeyFamily) -> Option<&'static Curve> {
        let place = match family {
            KeyFamily::P256 => 0,
            KeyFamily::P384 => 1,
            KeyFamily::P521 => 2,
            KeyFamily::Secp256k1 => 3,
            _ => return None,
        };
        CURVES.get(place)
    }

    /// The two numbers of a signature of the right length.
    pub fn numbers(&self, signature: &[u8]) -> Option<(BigUint, BigUint)> {
        let (r, s) = signature.split_at_checked(self.width).filter(|(_, s)| s.len() == self.width)?;
        Some((BigUint::from_bytes_be(r), BigUint::from_bytes_be(s)))
    }

    /// Two numbers as a signature; `None` where one does not fit.
    pub fn signature(&self, r: &BigUint, s: &BigUint) -> Option<Vec<u8>> {
        Some([fixed(r, self.width)?, fixed(s, self.width)?].concat())
    }

    /// The signature with the smaller of its two possible second numbers.
    ///
    /// Some validators refuse the larger one, which JOSE allows: a good token must not depend on the draw.
    pub fn with_low_s(&self, signature: Vec<u8>) -> Vec<u8> {
        let low = self.numbers(&signature).and_then(|(r, s)| {
            let other = self.order.clone() - &s;
            if other < s { self.signature(&r, &other) } else { None }
        });
        low.unwrap_or(signature)
    }

    /// A hash value as a number: its leftmost bits (FIPS 186-5 section 6.4.1).
    pub fn number_of_hash(&self, value: &[u8]) -> BigUint {
        let surplus = (8 * value.len() as u64).saturating_sub(self.order.bits());
        BigUint::from_bytes_be(value) >> surplus
    }

    /// The first coordinate of the generator taken so many times, reduced: what becomes `r` for this nonce.
    pub fn first_number(&self, nonce: &BigUint) -> Option<BigUint> {
        // The cryptographic library works out the public half of a private key (RFC 5915).
        let content =
            [element(2, &[1]), element(4, &fixed(nonce, self.width)?), element(0xa0, self.identifier)].concat();
        let pair = EcdsaKeyPair::from_private_key_der(self.scheme, &element(0x30, &content)).ok()?;
        let x = pair.public_key().as_ref().get(1..=self.width)?.to_vec();
        Some(BigUint::from_bytes_be(&x) % &self.order)
    }

    /// A fresh nonce and its `r`: a key pair by other names.
    pub fn fresh_nonce(&self) -> Option<(BigUint, BigUint)> {
        let pair = EcdsaKeyPair::generate(self.scheme).ok()?;
        let nonce = BigUint::from_bytes_be(pair.private_key().as_be_bytes().ok()?.as_ref());
        let x = pair.public_key().as_ref().get(1..=self.width)?.to_vec();
        Some((nonce, BigUint::from_bytes_be(&x) % &self.order))
    }
}
