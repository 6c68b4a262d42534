//! What the arithmetic makes, checked by the cryptographic library and by hand.

use super::*;
use crate::{
    model::{
        Alg, KeyFamily,
        mutation::{BlockShape, CubeShape, EdVariant, HashName, NeutralPoint, PssShape, ZeroBytes},
    },
    token::key::{Key, RsaBits},
};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256K1_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
    VerificationAlgorithm,
};
use proptest::prelude::*;
use std::sync::LazyLock;

static RSA: LazyLock<Key> = LazyLock::new(|| Key::generate("rsa", Alg::Rs256, RsaBits::default()).unwrap());
static CUBIC: LazyLock<RsaSecret> = LazyLock::new(|| generated(2048, 3, Modulus::TwoPrimes));
static ED: LazyLock<Key> = LazyLock::new(|| Key::generate("ed", Alg::EdDsa, RsaBits::default()).unwrap());
static CURVES: LazyLock<Vec<(Alg, Key, &'static dyn VerificationAlgorithm)>> = LazyLock::new(|| {
    let schemes: [(Alg, &'static dyn VerificationAlgorithm); 4] = [
        (Alg::Es256, &ECDSA_P256_SHA256_FIXED),
        (Alg::Es384, &ECDSA_P384_SHA384_FIXED),
        (Alg::Es512, &ECDSA_P521_SHA512_FIXED),
        (Alg::Es256k, &ECDSA_P256K1_SHA256_FIXED),
    ];
    schemes.map(|(alg, scheme)| (alg, Key::generate("ec", alg, RsaBits::default()).unwrap(), scheme)).into()
});

fn generated(bits: u64, exponent: u64, modulus: Modulus) -> RsaSecret {
    RsaSecret::generate(RsaShape { bits, exponent, modulus }).unwrap()
}

fn rsa_holds(key: &RsaSecret, scheme: &'static RsaParameters, text: &[u8], signature: &[u8]) -> bool {
    let (n, e) = (key.modulus.to_bytes_be(), key.exponent.to_bytes_be());
    RsaPublicKeyComponents { n, e }.verify(scheme, text, signature).is_ok()
}

/// The block inside a signature.
fn opened(key: &RsaSecret, signature: &[u8]) -> Vec<u8> {
    let power = BigUint::from_bytes_be(signature).modpow(&key.exponent, &key.modulus);
    fixed(&power, key.length()).unwrap()
}

fn holds(scheme: &'static dyn VerificationAlgorithm, public: &[u8], text: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(scheme, public).verify(text, signature).is_ok()
}

/// The first text for which there is a signature.
fn first<T>(make: impl Fn(&[u8]) -> Option<T>) -> (Vec<u8>, T) {
    (0u32..100_000).map(u32::to_be_bytes).find_map(|text| make(&text).map(|made| (text.to_vec(), made))).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn right_blocks_make_good_rsa_signatures(text in prop::collection::vec(any::<u8>(), 0..80)) {
        RSA.with_rsa(|key| {
            let signature = key.sign_block(&block(None, HashName::Sha256, &text, key.length()).unwrap()).unwrap();
            assert!(rsa_holds(key, &RSA_PKCS1_2048_8192_SHA256, &text, &signature));
            let pss = pss_block(None, HashName::Sha256, &text, key.modulus.bits()).unwrap().unwrap();
            assert!(rsa_holds(key, &RSA_PSS_2048_8192_SHA256, &text, &key.sign_block(&pss).unwrap()));
        }).unwrap();
    }

    #[test]
    fn chosen_nonces_make_good_ecdsa_signatures(text in prop::collection::vec(any::<u8>(), 0..80), place in 0usize..4) {
        let (alg, key, scheme) = &CURVES[place];
        let (secret, public) = (key.ec_secret().unwrap(), key.raw_public().unwrap());
        let value = digest(hash_of(*alg), &text);
        let curve = Curve::of(alg.family()).unwrap();
        let plain = sign_with(curve, &secret, &value).unwrap();
        prop_assert!(holds(*scheme, &public, &text, &plain));
        for (shape, zeros) in [(ZeroBytes::ROne, 1), (ZeroBytes::RTwo, 2)] {
            let signature = leading_zeros(alg.family(), &secret, &value, shape).unwrap();
            prop_assert!(holds(*scheme, &public, &text, &signature));
            prop_assert!(signature[..zeros].iter().all(|byte| *byte == 0) && signature[zeros] != 0);
        }
        let (r, s) = curve.numbers(&plain).unwrap();
        prop_assert!(holds(*scheme, &public, &text, &curve.signature(&r, &(&curve.order - &s)).unwrap()), "high s");
        prop_assert!(&s + &s < curve.order, "low s");
        prop_assert!(!holds(*scheme, &public, &text, &curve.signature(&s, &r).unwrap()));
        if alg.family() == KeyFamily::P521 {
            let unreduced = curve.signature(&(&r + &curve.order), &(&s + &curve.order)).unwrap();
            prop_assert!(!holds(*scheme, &public, &text, &unreduced));
        }
    }

    #[test]
    fn ed25519_signatures_of_chosen_parts_hold_where_they_should(text in prop::collection::vec(any::<u8>(), 0..80)) {
        let (seed, public) = (ED.ed_seed().unwrap(), ED.raw_public().unwrap());
        let neutral = |encoding| with_neutral_nonce(seed.reveal(), &public, &text, encoding);
        prop_assert!(holds(&ED25519, &public, &text, &neutral(NeutralPoint::Canonical)));
        prop_assert!(!holds(&ED25519, &public, &text, &neutral(NeutralPoint::LargeY)));
        prop_assert!(!holds(&ED25519, &public, &text, &neutral(NeutralPoint::SignBit)));
        for variant in [EdVariant::Prehashed, EdVariant::Context] {
            let signature = with_variant(seed.reveal(), &public, &text, variant).unwrap();
            prop_assert!(!holds(&ED25519, &public, &text, &signature));
        }
    }
}

#[test]
fn wrong_blocks_make_no_good_signatures() {
    let shapes = [
        BlockShape::ShortPadding,
        BlockShape::OtherPadding,
        BlockShape::TypeZero,
        BlockShape::TypeTwo,
        BlockShape::BareHash,
        BlockShape::NullAbsent,
        BlockShape::BytesBehind,
        BlockShape::BytesInside,
        BlockShape::OtherOid,
        BlockShape::Parameters,
        BlockShape::LongLength,
        BlockShape::IndefiniteLength,
    ];
    let right = block(None, HashName::Sha256, b"text", 256).unwrap();
    RSA.with_rsa(|key| {
        for shape in shapes {
            let wrong = block(Some(shape), HashName::Sha256, b"text", 256).unwrap();
            assert!(wrong.len() == 256 && wrong != right, "{shape:?}");
            let signature = key.sign_block(&wrong).unwrap();
            assert_eq!(opened(key, &signature), wrong);
            assert!(!rsa_holds(key, &RSA_PKCS1_2048_8192_SHA256, b"text", &signature), "{shape:?}");
        }
        let pss = [
            PssShape::Salt0,
            PssShape::Salt20,
            PssShape::SaltOneLess,
            PssShape::SaltOneMore,
            PssShape::SaltMax,
            PssShape::MgfSha1,
            PssShape::MgfOther,
            PssShape::Trailer,
        ];
        for shape in pss {
            let wrong = pss_block(Some(shape), HashName::Sha256, b"text", key.modulus.bits()).unwrap().unwrap();
            let signature = key.sign_block(&wrong).unwrap();
            assert!(!rsa_holds(key, &RSA_PSS_2048_8192_SHA256, b"text", &signature), "{shape:?}");
        }
    })
    .unwrap();
}

#[test]
fn cube_roots_look_like_blocks_to_a_check_that_leaves_bytes_out() {
    let forged = |shape| first(|text| cube_root_forgery(shape, HashName::Sha256, text, 256).unwrap());
    let info = |text: &[u8]| digest_info(None, HashName::Sha256, &digest(HashName::Sha256, text));

    let (text, signature) = forged(CubeShape::BehindHash);
    let start = [&[0, 1][..], &[0xff; 8], &[0], &info(&text)].concat();
    assert!(opened(&CUBIC, &signature).starts_with(&start));
    assert!(!rsa_holds(&CUBIC, &RSA_PKCS1_2048_8192_SHA256, &text, &signature));

    let (text, signature) = forged(CubeShape::Padding);
    let block = opened(&CUBIC, &signature);
    let zero = 2 + block[2..].iter().position(|byte| *byte == 0).unwrap();
    assert!(block.starts_with(&[0, 1]) && block[zero + 1..] == info(&text));
    assert!(!rsa_holds(&CUBIC, &RSA_PKCS1_2048_8192_SHA256, &text, &signature));

    let (text, signature) = forged(CubeShape::Parameters);
    let block = opened(&CUBIC, &signature);
    assert!(block.starts_with(&[&[0, 1][..], &[0xff; 8], &[0, 0x30, 0x82]].concat()));
    assert!(block.ends_with(&digest(HashName::Sha256, &text)));
    assert!(!rsa_holds(&CUBIC, &RSA_PKCS1_2048_8192_SHA256, &text, &signature));
}

#[test]
fn odd_keys_have_the_shape_that_was_asked_for_and_sign() {
    let right = |key: &RsaSecret, text: &[u8]| block(None, HashName::Sha256, text, key.length());
    for (bits, exponent) in [(2048, 3), (2056, 65537), (1024, 65537), (767, 65537), (2048, 18_446_744_073_709_551_557)]
    {
        let key = generated(bits, exponent, Modulus::TwoPrimes);
        assert_eq!((key.modulus.bits(), &key.exponent), (bits, &BigUint::from(exponent)));
        let signature = key.sign_block(&right(&key, b"text").unwrap()).unwrap();
        assert_eq!(opened(&key, &signature), right(&key, b"text").unwrap());
    }
    let one = generated(512, 1, Modulus::TwoPrimes);
    assert_eq!(one.sign_block(&right(&one, b"text").unwrap()).unwrap(), right(&one, b"text").unwrap());
    for key in [generated(512, 2, Modulus::TwoPrimes), generated(512, 65537, Modulus::Even)] {
        let (text, signature) = first(|text| key.sign_block(&right(&key, text).unwrap()));
        assert_eq!(opened(&key, &signature), right(&key, &text).unwrap());
    }
    assert!(!generated(512, 65537, Modulus::Even).modulus.bit(0));
}

#[test]
fn everybody_signs_for_the_key_zero_and_for_points_of_small_order() {
    let curve = Curve::of(KeyFamily::P256).unwrap();
    let value = digest(HashName::Sha256, b"text");
    let (r, s) = curve.numbers(&with_key_zero(curve, &value).unwrap()).unwrap();
    let nonce = curve.number_of_hash(&value) * s.modinv(&curve.order).unwrap() % &curve.order;
    assert_eq!(curve.first_number(&nonce), Some(r));
    for multiple in 0..8 {
        let (text, signature) = first(|text| with_small_order(multiple, text));
        // This library does not look at the order of a key, as RFC 8032 allows.
        assert!(holds(&ED25519, &small_order(multiple), &text, &signature), "{multiple}");
    }
}
