//! Signatures that are made in another way than the signer would: the mutations that take the signer's place.

use super::given;
use crate::{
    model::{
        Alg, KeyFamily, Mutation,
        mutation::{HashName, SecretForm, SignedBytes},
    },
    token::{
        compact::encode_segment,
        draft::Signer,
        error::ForgeError,
        raw::{self, Curve},
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Ed25519 has one hash.
const HASHLESS: ForgeError =
    ForgeError::CannotMutate { mutation: "sign-with-hash", needs: "an algorithm whose hash can be chosen" };

/// What there is to sign.
pub(super) struct Text<'a> {
    pub header: &'a [u8],
    pub payload: &'a [u8],
    /// The signing input (RFC 7515 section 2).
    pub input: &'a [u8],
}

/// Whether the signer has what a mutation needs.
///
/// # Errors
/// It has not: what it lacks.
pub(super) fn suits(mutation: &Mutation, signer: &Signer) -> Result<(), ForgeError> {
    let (key, alg) = (&signer.key, signer.alg);
    match mutation {
        Mutation::RsaBlock { .. } | Mutation::RsaCubeRoot { .. } | Mutation::RsaPssBlock { .. } => key.with_rsa(|_| ()),
        Mutation::RsaLeadingZero | Mutation::RsaPlusModulus => rsa_only(alg),
        Mutation::MacKeyedWith { .. } => key.mac_secret().map(|_| ()),
        Mutation::EcdsaLeadingZeros { .. } => key.ec_secret().map(|_| ()),
        Mutation::EcdsaKeyZero => curve(alg).map(|_| ()),
        Mutation::Ed25519NeutralR { .. } | Mutation::Ed25519Variant { .. } => key.ed_seed().map(|_| ()),
        Mutation::SignWithHash { .. } => match alg.family() {
            KeyFamily::Rsa | KeyFamily::Oct => Ok(()),
            KeyFamily::Ed25519 => Err(HASHLESS),
            _ => curve(alg).map(|_| ()),
        },
        _ => Ok(()),
    }
}

/// The signature that a mutation makes of a text. `None` where it does not come out as wanted with this text; another
/// one may do.
pub(super) fn signature(mutation: &Mutation, signer: &Signer, text: &Text<'_>) -> Result<Option<Vec<u8>>, ForgeError> {
    let (key, alg) = (&signer.key, signer.alg);
    let (hash, input) = (raw::hash_of(alg), text.input);
    match mutation {
        Mutation::SignWithHash { hash } => with_hash(signer, given(hash)?, input),
        Mutation::SignOver { bytes } => signer.sign(&over(given(bytes)?, text)).map(Some),
        Mutation::MacKeyedWith { form } => Ok(Some(raw::hmac(hash, &form_of(given(form)?, key.mac_secret()?), input))),
        Mutation::RsaBlock { shape } => {
            let shape = given(shape)?;
            key.with_rsa(|rsa| rsa.sign_block(&raw::block(Some(shape), hash, input, rsa.length())?))
        }
        Mutation::RsaCubeRoot { shape } => {
            raw::cube_root_forgery(given(shape)?, hash, input, key.with_rsa(raw::RsaSecret::length)?)
        }
        Mutation::RsaPssBlock { shape } => {
            let shape = given(shape)?;
            key.with_rsa(|rsa| {
                let block = raw::pss_block(Some(shape), hash, input, rsa.modulus.bits())?;
                Ok(block.and_then(|block| rsa.sign_block(&block)))
            })?
        }
        Mutation::RsaLeadingZero => {
            rsa_only(alg)?;
            signer.sign(input).map(|signature| Some(signature).filter(|bytes| bytes.first() == Some(&0)))
        }
        Mutation::RsaPlusModulus => {
            rsa_only(alg)?;
            let signature = num_bigint::BigUint::from_bytes_be(&signer.sign(input)?);
            key.with_rsa(|rsa| raw::fixed(&(signature + &rsa.modulus), rsa.length()))
        }
        Mutation::EcdsaLeadingZeros { shape } => {
            Ok(raw::leading_zeros(alg.family(), &key.ec_secret()?, &raw::digest(hash, input), given(shape)?))
        }
        Mutation::EcdsaKeyZero => Ok(raw::with_key_zero(curve(alg)?, &raw::digest(hash, input))),
        Mutation::Ed25519NeutralR { encoding } => {
            let (seed, public) = (key.ed_seed()?, key.raw_public()?);
            Ok(Some(raw::with_neutral_nonce(seed.reveal(), &public, input, given(encoding)?)))
        }
        Mutation::Ed25519Variant { variant } => {
            Ok(raw::with_variant(key.ed_seed()?.reveal(), &key.raw_public()?, input, given(variant)?))
        }
        Mutation::Ed25519SmallOrder { multiple } => Ok(raw::with_small_order(given(multiple)? as usize, input)),
        _ => signer.sign(input).map(Some),
    }
}

/// The scheme of the algorithm, whatever the curve, with a hash of its own.
fn with_hash(signer: &Signer, hash: HashName, input: &[u8]) -> Result<Option<Vec<u8>>, ForgeError> {
    let key = &signer.key;
    match signer.alg {
        Alg::Rs256 | Alg::Rs384 | Alg::Rs512 => {
            key.with_rsa(|rsa| rsa.sign_block(&raw::block(None, hash, input, rsa.length())?))
        }
        Alg::Ps256 | Alg::Ps384 | Alg::Ps512 => key.with_rsa(|rsa| {
            let block = raw::pss_block(None, hash, input, rsa.modulus.bits())?;
            Ok(block.and_then(|block| rsa.sign_block(&block)))
        })?,
        Alg::Hs256 | Alg::Hs384 | Alg::Hs512 => Ok(Some(raw::hmac(hash, key.mac_secret()?, input))),
        Alg::EdDsa | Alg::Ed25519 => Err(HASHLESS),
        alg => Ok(raw::sign_with(curve(alg)?, &key.ec_secret()?, &raw::digest(hash, input))),
    }
}

fn over(bytes: SignedBytes, text: &Text<'_>) -> Vec<u8> {
    match bytes {
        SignedBytes::Decoded => [text.header, b".", text.payload].concat(),
        SignedBytes::FinalDot => [text.input, b"."].concat(),
        SignedBytes::PayloadAlone => encode_segment(text.payload).into_bytes(),
    }
}

fn form_of(form: SecretForm, secret: &[u8]) -> Vec<u8> {
    match form {
        SecretForm::Base64url => encode_segment(secret).into_bytes(),
        SecretForm::Base64 => STANDARD.encode(secret).into_bytes(),
        SecretForm::Hex => secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes(),
        SecretForm::LineFeed => [secret, b"\n"].concat(),
        SecretForm::LastByteLost => secret.split_last().map_or(Vec::new(), |(_, rest)| rest.to_vec()),
        SecretForm::Hashed => raw::digest(HashName::Sha256, secret),
    }
}

fn curve(alg: Alg) -> Result<&'static Curve, ForgeError> {
    Curve::of(alg.family()).ok_or(ForgeError::NoSuchForm(alg, "ECDSA"))
}

fn rsa_only(alg: Alg) -> Result<(), ForgeError> {
    if alg.family() == KeyFamily::Rsa { Ok(()) } else { Err(ForgeError::NoSuchForm(alg, "RSA")) }
}
