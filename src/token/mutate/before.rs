//! Damage that the signature covers.

use super::{Anvil, certificate, given, heavy};
use crate::{
    model::{
        Alg, Mutation,
        mutation::{JsonSegment, Place, Secret},
    },
    token::{
        draft::{Draft, Part, quoted},
        error::ForgeError,
        key::Key,
        public::public_form,
    },
};
use std::sync::Arc;

/// Applies one mutation.
pub(in crate::token) fn before_signing(
    mutation: &Mutation,
    draft: &mut Draft,
    anvil: &Anvil<'_>,
) -> Result<(), ForgeError> {
    match mutation {
        Mutation::HeaderText { name, text } => draft.header.members("header-text")?.set(name, text),
        Mutation::ClaimText { name, text } => draft.claims.members("claim-text")?.set(name, text),
        Mutation::RepeatHeader { name, text, place } => {
            draft.header.members("repeat-header")?.add(name, text, *place == Place::First);
        }
        Mutation::RepeatClaim { name, text, place } => {
            draft.claims.members("repeat-claim")?.add(name, text, *place == Place::First);
        }
        Mutation::EscapeStrings => {
            for part in [&mut draft.header, &mut draft.claims] {
                part.members("escape-strings")?.rewrite(escape_letters);
            }
        }
        Mutation::SpreadWhitespace => {
            for part in [&mut draft.header, &mut draft.claims] {
                part.members("spread-whitespace")?.spread = true;
            }
        }
        Mutation::ReverseMembers => {
            for part in [&mut draft.header, &mut draft.claims] {
                part.members("reverse-members")?.reverse();
            }
        }
        Mutation::NestClaim { depth } => draft.claims.members("nest-claim")?.set("nested", &nested(given(depth)?)),
        Mutation::NestHeader { depth } => draft.header.members("nest-header")?.set("x-nested", &nested(given(depth)?)),
        Mutation::NestHeaderMember { name, depth, with } => {
            let text = heavy::nested(given(depth)?, given(with)?);
            draft.header.members("nest-header-member")?.set(name, &text);
        }
        Mutation::FillClaim { name, text, bytes, end } => {
            draft.claims.members("fill-claim")?.set(name, &heavy::long_string(text, given(bytes)?, end)?);
        }
        Mutation::HeavyRsaJwk { bits } => {
            draft.header.members("heavy-rsa-jwk")?.set("jwk", &heavy::rsa_jwk(given(bits)?));
        }
        Mutation::PadTo { bytes } => pad(draft, given(bytes)?)?,
        Mutation::HmacWithPublicKey { alg, encoding } => {
            let secret = public_form(&draft.signer.key, anvil.forge.ring(), given(encoding)?)?;
            hmac(draft, given(alg)?, secret)?;
        }
        Mutation::HmacWithSecret { alg, secret } => {
            let secret = match secret {
                Secret::Text(text) => text.clone().into_bytes(),
                Secret::Hex(text) => bytes_of(text)?,
            };
            hmac(draft, given(alg)?, secret)?;
        }
        Mutation::EmbedJwk => {
            let jwk = draft.signer.key.jwk().to_owned();
            draft.header.members("embed-jwk")?.set("jwk", &jwk);
        }
        Mutation::EmbedSelfSignedCertificate => {
            let certificate = certificate::self_signed(&draft.signer.key)?;
            draft.header.members("embed-self-signed-certificate")?.set("x5c", &format!("[{}]", quoted(&certificate)));
        }
        Mutation::PadSegment { segment } => draft.padded.push(given(segment)?.into()),
        Mutation::InsertInSegment { segment, text } => draft.inserted.push((given(segment)?, text.clone())),
        Mutation::WrapJson { segment, before, after } => {
            let part = match given(segment)? {
                JsonSegment::Header => &mut draft.header,
                JsonSegment::Payload => &mut draft.claims,
            };
            let wrapped = [before.as_bytes(), &part.render(), after.as_bytes()].concat();
            *part = Part::Raw(wrapped);
        }
        Mutation::SignDecodedPayload => draft.sign_decoded = true,
        Mutation::SignAs { alg } => draft.signer.alg = given(alg)?,
        Mutation::SignWithHash { .. }
        | Mutation::SignOver { .. }
        | Mutation::MacKeyedWith { .. }
        | Mutation::RsaBlock { .. }
        | Mutation::RsaCubeRoot { .. }
        | Mutation::RsaPssBlock { .. }
        | Mutation::RsaLeadingZero
        | Mutation::RsaPlusModulus
        | Mutation::EcdsaLeadingZeros { .. }
        | Mutation::EcdsaKeyZero
        | Mutation::Ed25519NeutralR { .. }
        | Mutation::Ed25519Variant { .. }
        | Mutation::Ed25519SmallOrder { .. } => draft.forgery = Some(mutation.clone()),
    }
    Ok(())
}

/// Names the algorithm in the header and keys it with the secret; `kid` stays as it is.
fn hmac(draft: &mut Draft, alg: Alg, secret: Vec<u8>) -> Result<(), ForgeError> {
    draft.header.members("an HMAC mutation")?.set("alg", &quoted(alg.name()));
    draft.signer.key = Arc::new(Key::from_secret(draft.signer.key.kid().to_owned(), alg, secret));
    draft.signer.alg = alg;
    Ok(())
}

/// Letters inside JSON strings become `\u` escapes; escapes that are there already stay.
fn escape_letters(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 4);
    let mut inside = false;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                inside = !inside;
                escaped.push('"');
            }
            '\\' if inside => {
                escaped.push('\\');
                escaped.extend(characters.next());
            }
            letter if inside && letter.is_ascii_alphabetic() => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            '/' if inside => escaped.push_str("\\/"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn nested(depth: u32) -> String {
    let depth = depth as usize;
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// Adds a claim of the length that is missing.
fn pad(draft: &mut Draft, bytes: u32) -> Result<(), ForgeError> {
    const NAME_AND_QUOTES: usize = r#","pad":"""#.len();
    let signature = draft.signer.sign(b"")?.len();
    let Part::Members(_) = &draft.claims else {
        return Err(ForgeError::CannotMutate { mutation: "pad-to", needs: "claims that are not given as raw text" });
    };
    let encoded = |length: usize| (length * 4).div_ceil(3);
    let fixed = encoded(draft.header.render().len()) + encoded(signature) + 2;
    let wanted = (bytes as usize).saturating_sub(fixed) * 3 / 4;
    let missing = wanted.saturating_sub(draft.claims.render().len() + NAME_AND_QUOTES);
    draft.claims.members("pad-to")?.set("pad", &quoted(&"x".repeat(missing)));
    Ok(())
}

/// Bytes written in hexadecimal.
fn bytes_of(text: &str) -> Result<Vec<u8>, ForgeError> {
    let wrong = || ForgeError::Filled(format!("{text:?} is not hexadecimal"));
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return Err(wrong());
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| wrong())).collect()
}
