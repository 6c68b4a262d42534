//! Damage to the numbers inside a finished signature.

use super::{given, sealed::Sealed};
use crate::{
    model::{
        Slot,
        mutation::{EcdsaNumber, EcdsaSpacing, RsaNumber, TextForm},
    },
    token::{
        compact::encode_segment,
        error::ForgeError,
        raw::{Curve, fixed},
    },
};
use num_bigint::BigUint;

/// Replaces the numbers of an ECDSA signature.
pub(super) fn ecdsa(sealed: &mut Sealed, r: &Slot<EcdsaNumber>, s: &Slot<EcdsaNumber>) -> Result<(), ForgeError> {
    const NAME: &str = "ecdsa-numbers";
    let (curve, real_r, real_s) = opened(sealed, NAME)?;
    let number = |slot: &Slot<EcdsaNumber>| -> Result<BigUint, ForgeError> {
        Ok(match given(slot)? {
            EcdsaNumber::RealR => real_r.clone(),
            EcdsaNumber::RealS => real_s.clone(),
            EcdsaNumber::Zero => BigUint::ZERO,
            EcdsaNumber::One => BigUint::from(1u8),
            EcdsaNumber::OrderMinusOne => &curve.order - 1u8,
            EcdsaNumber::Order => curve.order.clone(),
            EcdsaNumber::OrderPlusOne => &curve.order + 1u8,
            EcdsaNumber::FieldMinusOne => &curve.field - 1u8,
            EcdsaNumber::Field => curve.field.clone(),
            EcdsaNumber::Ones => (BigUint::from(1u8) << (8 * curve.width)) - 1u8,
            EcdsaNumber::RPlusOrder => &real_r + &curve.order,
            EcdsaNumber::SPlusOrder => &real_s + &curve.order,
            EcdsaNumber::SNegated => &curve.order - &real_s,
        })
    };
    let signature = curve.signature(&number(r)?, &number(s)?);
    *sealed.signature(NAME)? = signature
        .ok_or(ForgeError::CannotMutate { mutation: NAME, needs: "numbers that fit the length of the curve" })?;
    Ok(())
}

/// Writes the numbers of an ECDSA signature in other lengths.
pub(super) fn respaced(sealed: &mut Sealed, spacing: EcdsaSpacing) -> Result<(), ForgeError> {
    let (curve, r, s) = opened(sealed, "ecdsa-respaced")?;
    let spaced = |number: &BigUint| match spacing {
        EcdsaSpacing::Stripped => number.to_bytes_be(),
        EcdsaSpacing::Widened => fixed(number, curve.width + 1).unwrap_or_default(),
    };
    *sealed.signature("ecdsa-respaced")? = [spaced(&r), spaced(&s)].concat();
    Ok(())
}

fn opened(sealed: &mut Sealed, name: &'static str) -> Result<(&'static Curve, BigUint, BigUint), ForgeError> {
    let curve = Curve::of(sealed.family());
    let signature = sealed.signature(name)?;
    curve
        .and_then(|curve| curve.numbers(signature).map(|(r, s)| (curve, r, s)))
        .ok_or(ForgeError::CannotMutate { mutation: name, needs: "an ECDSA signature" })
}

/// Replaces an RSA signature by a number.
pub(super) fn rsa(sealed: &mut Sealed, number: RsaNumber) -> Result<(), ForgeError> {
    let modulus = BigUint::from_bytes_be(&sealed.key().rsa_modulus()?);
    let signature = sealed.signature("rsa-number")?;
    let value = match number {
        RsaNumber::Zero => BigUint::ZERO,
        RsaNumber::One => BigUint::from(1u8),
        RsaNumber::ModulusMinusOne => modulus - 1u8,
        RsaNumber::Modulus => modulus,
        RsaNumber::Ones => (BigUint::from(1u8) << (8 * signature.len())) - 1u8,
    };
    *signature = fixed(&value, signature.len())
        .ok_or(ForgeError::CannotMutate { mutation: "rsa-number", needs: "a signature as long as the key" })?;
    Ok(())
}

/// The order of Ed25519's group (RFC 8032 section 5.1), little-endian.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Adds the order of the group to S so many times.
pub(super) fn add_group_order(sealed: &mut Sealed, times: u32) -> Result<(), ForgeError> {
    let half = second_half(sealed, "add-group-order")?;
    let sum = BigUint::from_bytes_le(half) + BigUint::from_bytes_le(&ED25519_ORDER) * times;
    let mut bytes = fixed(&sum, half.len())
        .ok_or(ForgeError::CannotMutate { mutation: "add-group-order", needs: "a sum that fits 32 bytes" })?;
    bytes.reverse();
    half.copy_from_slice(&bytes);
    Ok(())
}

/// Sets the bits of S that are always clear.
pub(super) fn set_top_bits(sealed: &mut Sealed) -> Result<(), ForgeError> {
    second_half(sealed, "set-top-bits")?[31] |= 0xe0;
    Ok(())
}

fn second_half<'s>(sealed: &'s mut Sealed, name: &'static str) -> Result<&'s mut [u8], ForgeError> {
    let family = sealed.family();
    sealed
        .signature(name)?
        .get_mut(32..64)
        .filter(|_| family == crate::model::KeyFamily::Ed25519)
        .ok_or(ForgeError::CannotMutate { mutation: name, needs: "an Ed25519 signature" })
}

/// The signature's segment as another text.
pub(super) fn text(form: TextForm, signature: &[u8]) -> String {
    let hex = || signature.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match form {
        TextForm::EncodedHex => encode_segment(hex()),
        TextForm::Hex => hex(),
        TextForm::Twice => encode_segment(encode_segment(signature)),
    }
}
