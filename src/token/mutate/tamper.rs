//! Damage that the signature does not cover.

use super::{
    Anvil, bytes, given, heavy, numbers, rewrite,
    sealed::Sealed,
    serial::{self, three},
    spelling,
};
use crate::{
    model::{Recipe, Tampering, mutation::Position},
    token::{compact::encode_segment, error::ForgeError},
};
use aws_lc_rs::digest;
use serde_json::json;

/// Applies one tampering.
pub(in crate::token) fn after_signing(
    tampering: &Tampering,
    sealed: &mut Sealed,
    anvil: &Anvil<'_>,
) -> Result<(), ForgeError> {
    match tampering {
        Tampering::StripSignature => sealed.new_signature("strip-signature")?.clear(),
        Tampering::FlipSignatureBit { at } => {
            let signature = sealed.signature("flip-signature-bit")?;
            let last = signature.len().saturating_sub(1);
            let index = match given(at)? {
                Position::First => 0,
                Position::Middle => last / 2,
                Position::Last => last,
            };
            if let Some(byte) = signature.get_mut(index) {
                *byte ^= 1;
            }
        }
        Tampering::TruncateSignature { bytes } => {
            sealed.signature("truncate-signature")?.truncate(given(bytes)? as usize);
        }
        Tampering::ExtendSignature { bytes, place } => {
            let signature = sealed.signature("extend-signature")?;
            let zeros = vec![0; given(bytes)? as usize];
            let at = match given(place)? {
                Position::First => 0,
                Position::Middle => signature.len() / 2,
                Position::Last => signature.len(),
            };
            signature.splice(at..at, zeros);
        }
        Tampering::ZeroSignature => sealed.new_signature("zero-signature")?.fill(0),
        Tampering::RandomSignature => {
            let signature = sealed.new_signature("random-signature")?;
            let length = if signature.is_empty() { 32 } else { signature.len() };
            *signature = noise(anvil, length);
        }
        Tampering::SignatureOfAnother => {
            if let Some(samples) = anvil.forge.samples() {
                *sealed.new_signature("signature-of-another")? = samples.second()?.signature().to_vec();
                return Ok(());
            }
            let another = Recipe { mutate: Vec::new(), then: Vec::new(), ..anvil.recipe.clone() };
            let nonce = format!("{}-other", anvil.nonce);
            let token = anvil.forge.mint(&another, anvil.now - 1, &nonce, anvil.before)?;
            *sealed.signature("signature-of-another")? = token.signature;
        }
        Tampering::DerSignature => {
            let family = sealed.family();
            let signature = sealed.signature("der-signature")?;
            *signature = rewrite::der(family, signature)?;
        }
        Tampering::SwapClaim { name, text } => sealed.edit_payload("swap-claim", |claims| claims.set(name, text))?,
        Tampering::SwapHeader { name, text } => sealed.edit_header("swap-header", |header| header.set(name, text))?,
        Tampering::LoseHeader { name } => sealed.edit_header("lose-header", |header| header.remove(name))?,
        Tampering::EmptySegment { index } => {
            let (index, mut segments) = (given(index)? as usize, sealed.segments());
            if let Some(segment) = segments.get_mut(index) {
                segment.clear();
            }
            if index == 2 {
                sealed.lose_signature();
            }
            sealed.set_wire(segments.join("."));
        }
        Tampering::ReplaceSegment { index, text } => {
            sealed.replace_segment(given(index)? as usize, text);
        }
        Tampering::StandardAlphabet { segment } => {
            let mut segments = three(sealed, "standard-alphabet")?;
            rewrite::standard_alphabet(&mut segments[given(segment)? as usize])?;
            sealed.set_wire(segments.join("."));
        }
        Tampering::TrailingBits => {
            let mut segments = three(sealed, "trailing-bits")?;
            rewrite::trailing_bits(&mut segments[2])?;
            sealed.set_wire(segments.join("."));
        }
        Tampering::Segments { count } => {
            let mut segments = sealed.segments();
            let last = segments.last().cloned().unwrap_or_default();
            let count = given(count)? as usize;
            segments.resize(count, last);
            if count < 3 {
                sealed.lose_signature();
            }
            sealed.set_wire(segments.join("."));
        }
        Tampering::Append { text } => {
            let mut wire = sealed.wire();
            wire.extend_from_slice(text.as_bytes());
            sealed.set_wire(wire);
        }
        Tampering::Prepend { text } => {
            let mut wire = text.clone().into_bytes();
            wire.extend(sealed.wire());
            sealed.set_wire(wire);
        }
        Tampering::Flood { text, bytes, place } => heavy::flood(sealed, text, given(bytes)?, given(place)?)?,
        Tampering::InflateSegment { segment, bytes } => {
            heavy::inflate(sealed, given(segment)? as usize, given(bytes)?)?;
        }
        Tampering::FlattenedJson => {
            let [header, payload, signature] = three(sealed, "flattened-json")?;
            let json = json!({ "payload": payload, "protected": header, "signature": signature });
            sealed.set_wire(json.to_string());
        }
        Tampering::GeneralJson => {
            let [header, payload, signature] = three(sealed, "general-json")?;
            let json = json!({ "payload": payload, "signatures": [{ "protected": header, "signature": signature }] });
            sealed.set_wire(json.to_string());
        }
        Tampering::EcdsaNumbers { r, s } => numbers::ecdsa(sealed, r, s)?,
        Tampering::EcdsaRespaced { spacing } => numbers::respaced(sealed, given(spacing)?)?,
        Tampering::LoseFirstBytes { bytes } => {
            let signature = sealed.signature("lose-first-bytes")?;
            let lost = (given(bytes)? as usize).min(signature.len());
            signature.drain(..lost);
        }
        Tampering::RsaNumber { number } => numbers::rsa(sealed, given(number)?)?,
        Tampering::AddGroupOrder { times } => numbers::add_group_order(sealed, given(times)?)?,
        Tampering::SetTopBits => numbers::set_top_bits(sealed)?,
        Tampering::SignatureText { form } => {
            let text = numbers::text(given(form)?, sealed.signature("signature-text")?);
            let mut segments = three(sealed, "signature-text")?;
            segments[2] = text;
            sealed.set_wire(segments.join("."));
        }
        Tampering::Polyglot { claim, text } => {
            let [header, payload, signature] = three(sealed, "polyglot")?;
            let forged = encode_segment(sealed.payload_with("polyglot", claim, text)?);
            let json = json!({
                format!("  {header}.{forged}."): "",
                "protected": header, "payload": payload, "signature": signature,
            });
            sealed.set_wire(json.to_string());
        }
        Tampering::RespellSegment { segment, spelling } => {
            spelling::respell(sealed, given(segment)?, given(spelling)?)?;
        }
        Tampering::InsertBytes { segment, hex } => {
            spelling::insert(sealed, given(segment)?, &bytes::from_hex(hex)?);
        }
        Tampering::WrapLines { columns } => spelling::wrap(sealed, given(columns)? as usize),
        Tampering::PercentEncodeDots => spelling::percent_encode_dots(sealed),
        Tampering::SignaturesJson { entries } => serial::signatures(sealed, &given(entries)?)?,
        Tampering::UnprotectedJson { form, header } => serial::unprotected(sealed, given(form)?, &given(header)?)?,
    }
    Ok(())
}

/// Bytes that the seed and the token's nonce decide.
pub(in crate::token) fn noise(anvil: &Anvil<'_>, length: usize) -> Vec<u8> {
    let seed = anvil.forge.setting().seed;
    (0u32..)
        .flat_map(|block| {
            let input = format!("{seed}/{}/{block}", anvil.nonce);
            digest::digest(&digest::SHA256, input.as_bytes()).as_ref().to_vec()
        })
        .take(length)
        .collect()
}
