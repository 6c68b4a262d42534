//! What a target may know of us, and what that makes testable.

use super::{
    arena::Arena,
    decryption::{BUILTIN_DECRYPTS, decryption},
    error::RunError,
    lent::Lent,
    subject::Subject,
};
use crate::{
    builtin,
    model::{
        Alg, Capabilities, Capability, ContentEncryption, Period, TrustConfig, World,
        access::AccessRules,
        capability::of_rules,
        placeholder::{Unknown, as_text, fill_text},
        target::{SecondIssuer, TargetFile},
    },
    target::Target,
    token::KeyRing,
};
use serde_json::json;

const AUDIENCE: &str = "https://orders.example";

/// Whether the target reaches our issuer over HTTPS.
pub(super) fn wants_https(subject: &Subject) -> bool {
    matches!(subject, Subject::File(_, file) if file.trust.https)
}

/// What the target may know of us.
///
/// # Errors
/// A placeholder of the target file that nobody knows, or keys that cannot be made.
pub(super) fn trust_of(
    subject: &Subject,
    algorithms: Vec<Alg>,
    world: &World,
    ring: &KeyRing,
    lent: Option<&Lent>,
) -> Result<TrustConfig, RunError> {
    let keys = ring.handed_over();
    Ok(match subject {
        Subject::Builtin(_) | Subject::Gateway(_) | Subject::InProcess(..) | Subject::Adapter(_) => TrustConfig {
            issuer: world.issuer.clone(),
            audience: AUDIENCE.into(),
            algorithms,
            leeway: Period::from_secs(0),
            typ: typ_of(subject),
            jwks_uri: matches!(subject, Subject::Builtin(_) | Subject::Gateway(_)).then(|| world.jwks_uri.clone()),
            keys,
            rules: match subject {
                Subject::InProcess(inside) => inside.rules.clone(),
                Subject::Builtin(flaw) => Arena::configuring(*flaw).rules(),
                _ => AccessRules::default(),
            },
            decryption: match subject {
                Subject::InProcess(inside) => decryption(ring, &inside.decrypts, &inside.content_encryption)?,
                _ => decryption(ring, BUILTIN_DECRYPTS, ContentEncryption::ALL)?,
            },
            second: second_for(subject, world, ring),
        },
        Subject::File(_, file) => {
            let trust = &file.trust;
            let fill = |text: &str| -> Result<String, RunError> {
                let known = |name: &str| match name {
                    "issuer" => Some(json!(world.issuer)),
                    "issuer2" => Some(json!(world.issuer2)),
                    "discovery" => Some(json!(world.discovery)),
                    _ => None,
                };
                Ok(as_text(&fill_text(text, Unknown::Refuse, &known).map_err(crate::token::ForgeError::from)?))
            };
            let sample = lent.and_then(Lent::sample);
            TrustConfig {
                issuer: match &sample {
                    Some(sample) => sample.text_claim("iss"),
                    None => fill(&trust.issuer)?,
                },
                audience: match &sample {
                    Some(sample) => sample.text_claim("aud"),
                    None => fill(&trust.audience)?,
                },
                algorithms,
                leeway: trust.leeway,
                typ: match sample.as_ref().and_then(|sample| sample.header("typ")) {
                    Some(typ) => typ.to_owned(),
                    None => trust.typ.clone(),
                },
                jwks_uri: trust.keys.is_served().then(|| world.jwks_uri.clone()),
                keys,
                rules: trust.rules(),
                decryption: decryption(ring, &trust.decrypts, &trust.content_encryption)?,
                second: match trust.issuers.iter().map(|text| fill(text)).collect::<Result<Vec<_>, _>>()? {
                    issuers if lent.is_none() && issuers.contains(&world.issuer2) => second(world, ring),
                    _ => None,
                },
            }
        }
    })
}

/// The second issuer, for the built-in server and for validators in this process that know how to trust two.
fn second_for(subject: &Subject, world: &World, ring: &KeyRing) -> Option<SecondIssuer> {
    match subject {
        Subject::Builtin(_) => second(world, ring),
        Subject::InProcess(inside) if inside.validator.provides().contains(&Capability::IssuersTwo) => {
            second(world, ring).map(|second| SecondIssuer { jwks_uri: None, ..second })
        }
        _ => None,
    }
}

/// `None` where the target takes no public keys, and a second issuer has nothing to publish.
fn second(world: &World, ring: &KeyRing) -> Option<SecondIssuer> {
    ring.public()?;
    let keys = serde_json::from_slice(&ring.second_jwks().ok()?).ok()?;
    Some(SecondIssuer { issuer: world.issuer2.clone(), jwks_uri: Some(world.jwks_uri2.clone()), keys })
}

fn typ_of(subject: &Subject) -> String {
    match subject {
        Subject::Builtin(flaw) => Arena::configuring(*flaw).typ().into(),
        Subject::InProcess(inside) => inside.typ.clone(),
        Subject::Adapter(_) | Subject::Gateway(_) => "JWT".into(),
        Subject::File(_, file) => file.trust.typ.clone(),
    }
}

/// The target file that the built-in validator would have.
pub(super) fn builtin_file(base: &str, is_gateway: bool) -> TargetFile {
    let transport = if is_gateway {
        format!("[transport.gateway]\nurl = \"{base}/gateway\"\nidentity = {{ sub = \"{}\" }}", builtin::IDENTITY)
    } else {
        format!("[transport.bearer]\nurl = \"{base}/whoami\"\nclaims.pointer = \"/claims\"")
    };
    let text = format!(
        "format = \"target/1\"\n[target]\nname = \"builtin\"\n{transport}\n\
         [trust]\nkeys = \"jwks-uri\"\naudience = \"{AUDIENCE}\"\nalgorithms = [\"RS256\"]\n"
    );
    toml::from_str(&text).expect("a constant text with an address in it parses")
}

/// What the transport shows, and what we know of the target because we play its issuer.
pub(super) fn capabilities(target: &Target, trust: &TrustConfig) -> Capabilities {
    let mut provides = target.provides();
    if trust.second.is_some() {
        provides.insert(Capability::IssuersTwo);
    } else {
        provides.remove(&Capability::IssuersTwo);
    }
    // An adapter names all that its library knows; what is not allowed here is as good as unknown.
    provides.retain(|capability| !matches!(capability, Capability::Alg(_)));
    provides.extend(trust.algorithms.iter().copied().map(Capability::Alg));
    let decryption = &trust.decryption;
    if !decryption.algorithms.is_empty() {
        provides.insert(Capability::JweDecrypt);
        provides.extend(decryption.algorithms.iter().copied().map(Capability::JweAlg));
        provides.extend(decryption.content.iter().copied().map(Capability::JweEnc));
    }
    // An adapter runs beside us, and a library that follows an address reaches our canary.
    if trust.jwks_uri.is_some() || matches!(target, Target::Stdio(_)) {
        provides.insert(Capability::ObserveOutbound);
    }
    if trust.typ.eq_ignore_ascii_case("at+jwt") {
        provides.insert(Capability::ProfileAtJwt);
    }
    provides.extend(of_rules(&trust.rules));
    provides
}
