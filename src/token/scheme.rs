//! What the cryptographic library calls our algorithms.

use crate::model::Alg;
use aws_lc_rs::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaSigningAlgorithm, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING,
        ML_DSA_87_SIGNING, PqdsaSigningAlgorithm,
    },
};

/// The MAC of an HMAC algorithm.
pub(super) fn hash(alg: Alg) -> hmac::Algorithm {
    match alg {
        Alg::Hs384 => hmac::HMAC_SHA384,
        Alg::Hs512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    }
}

/// The parameter set of an ML-DSA algorithm.
pub(super) fn ml_dsa(alg: Alg) -> &'static PqdsaSigningAlgorithm {
    match alg {
        Alg::MlDsa65 => &ML_DSA_65_SIGNING,
        Alg::MlDsa87 => &ML_DSA_87_SIGNING,
        _ => &ML_DSA_44_SIGNING,
    }
}

/// How an ECDSA algorithm signs.
pub(super) fn curve(alg: Alg) -> &'static EcdsaSigningAlgorithm {
    match alg {
        Alg::Es384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Alg::Es512 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        Alg::Es256k => &ECDSA_P256K1_SHA256_FIXED_SIGNING,
        _ => &ECDSA_P256_SHA256_FIXED_SIGNING,
    }
}

/// The `crv` of its keys.
pub(super) fn curve_name(alg: Alg) -> &'static str {
    match alg {
        Alg::Es384 => "P-384",
        Alg::Es512 => "P-521",
        Alg::Es256k => "secp256k1",
        _ => "P-256",
    }
}
