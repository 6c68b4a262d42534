//! Damage that the signature covers.

use super::{Anvil, bytes, certificate, enclose, given, heavy, members, spelling};
use crate::{
    model::{
        Alg, Mutation,
        chain::{ChainCertificate, ChainText},
        keyset::AlteredMember,
        mutation::{JsonSegment, Place, Secret},
    },
    token::{
        draft::{Draft, Part, quoted},
        error::ForgeError,
        jwk,
        key::Key,
        public::public_form,
        recover::{SMALL_EXPONENTS, Sample, recover},
        reshape::reshape,
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
            draft.header.members("repeat-header")?.add(name, text, given(place)? == Place::First);
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
        Mutation::HmacWithPublicKey { alg, encoding, shape } => {
            let secret = public_form(&draft.signer.key, anvil.forge.ring(), given(encoding)?)?;
            hmac(draft, given(alg)?, reshape(&secret, given(shape)?))?;
        }
        Mutation::HmacWithRecoveredKey { alg, from, encoding } => {
            const NAME: &str = "hmac-with-recovered-key";
            let sample = |name: &String| anvil.before.get(name).and_then(Sample::of);
            let [Some(one), Some(other)] = from.each_ref().map(sample) else {
                return Err(ForgeError::CannotMutate {
                    mutation: NAME,
                    needs: "two tokens of an RS algorithm before it",
                });
            };
            let needs = "two different tokens of one RSA key whose exponent is small";
            let key =
                recover(&one, &other, SMALL_EXPONENTS).ok_or(ForgeError::CannotMutate { mutation: NAME, needs })?;
            hmac(draft, given(alg)?, key.written(given(encoding)?)?)?;
        }
        Mutation::HmacWithSecret { alg, secret } => {
            let secret = match secret {
                Secret::Text(text) => text.clone().into_bytes(),
                Secret::Hex(text) => bytes::from_hex(text)?,
            };
            hmac(draft, given(alg)?, secret)?;
        }
        Mutation::EmbedJwk => {
            let jwk = draft.signer.key.jwk().to_owned();
            draft.header.members("embed-jwk")?.set("jwk", &jwk);
        }
        Mutation::EmbedAlteredJwk { set, drop, damage } => {
            let changes =
                AlteredMember { set: set.clone(), drop: drop.clone(), damage: damage.clone(), ..Default::default() };
            let members = draft.signer.key.members(true).as_object().cloned().unwrap_or_default();
            draft.header.members("embed-altered-jwk")?.set("jwk", &jwk::change(members, &changes)?);
        }
        Mutation::EmbedPrivateJwk { public_of } => {
            let other = public_of.as_ref().map(|name| anvil.forge.ring().key(name)).transpose()?;
            let key = &draft.signer.key;
            let mut jwk = other.as_ref().map_or(key, |(other, _)| other).members(true);
            for (name, text) in key.private_members()? {
                jwk[name] = text.into();
            }
            draft.header.members("embed-private-jwk")?.set("jwk", &jwk.to_string());
        }
        Mutation::EmbedSelfSignedCertificate => {
            certificate::embed(&[ChainCertificate::SelfSigned], ChainText::Base64, draft, anvil)?;
        }
        Mutation::EmbedCertificates { chain, written } => {
            certificate::embed(&given(chain)?, given(written)?, draft, anvil)?;
        }
        Mutation::PadSegment { segment } => draft.padded.push(given(segment)?.into()),
        Mutation::InsertInSegment { segment, text } => draft.inserted.push((given(segment)?, text.clone())),
        Mutation::WrapJson { segment, before, after } => {
            let part = part(draft, given(segment)?);
            let wrapped = [before.as_bytes(), &part.render(), after.as_bytes()].concat();
            *part = Part::Raw(wrapped);
        }
        Mutation::SignDecodedPayload => draft.sign_decoded = true,
        Mutation::SignAs { alg } => draft.signer.alg = given(alg)?,
        Mutation::SpellSegment { segment, spelling } => {
            spelling::spell(draft, given(segment)?.into(), given(spelling)?)?;
        }
        Mutation::ReplaceText { segment, text, hex } => {
            bytes::replace(part(draft, given(segment)?), text, &bytes::from_hex(hex)?)?;
        }
        Mutation::EncodeText { segment, charset } => bytes::encode(part(draft, given(segment)?), given(charset)?)?,
        Mutation::NestObjects { segment, name, depth } => {
            let objects = members::nested_objects(given(depth)? as usize);
            part(draft, given(segment)?).members("nest-objects")?.set(name, &objects);
        }
        Mutation::ManyMembers { segment, count, names } => {
            let names = members::names(given(names)?, given(count)? as usize);
            let part = part(draft, given(segment)?).members("many-members")?;
            names.iter().for_each(|name| part.add(name, "0", false));
        }
        Mutation::DeflatePayload => draft.claims = Part::Raw(bytes::deflate(&draft.claims.render())),
        Mutation::UnencodedPayload => bytes::unencode(draft),
        Mutation::EncloseToken { levels, inner } => enclose::enclose(draft, given(levels)?, inner, anvil)?,
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

fn part(draft: &mut Draft, segment: JsonSegment) -> &mut Part {
    match segment {
        JsonSegment::Header => &mut draft.header,
        JsonSegment::Payload => &mut draft.claims,
    }
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
