//! The one thing that is certainly wrong, as a part of a recipe. Earlier choices are the plainer ones: shrinking goes
//! towards them.

use super::{generate::Palette, kind::Kind};
use crate::model::{
    Alg, Mutation, Recipe, Slot, Tampering,
    mutation::{Position, PublicKeyForm, Secret},
    recipe::Sign,
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

/// What is certainly wrong with tokens of a kind.
pub(super) fn wrong(kind: Kind, palette: &Palette) -> BoxedStrategy<Recipe> {
    let trusted = select(palette.trusted.clone());
    match kind {
        Kind::RogueKey => rogue_key(palette),
        Kind::Unsigned => (select(NO_ALGORITHM), trusted)
            .prop_map(|(alg, key)| {
                let mut recipe = Recipe { then: vec![Tampering::StripSignature], ..signed(key) };
                if let Some(alg) = alg {
                    recipe.header.insert("alg".into(), json!(alg));
                }
                recipe
            })
            .boxed(),
        Kind::PublicKeySecret => (select(palette.asymmetric.clone()), select(FORMS), select(HMAC))
            .prop_map(|(key, encoding, alg)| {
                let (alg, encoding) = (Slot::Value(alg), Slot::Value(encoding));
                Recipe { mutate: vec![Mutation::HmacWithPublicKey { alg, encoding }], ..signed(key) }
            })
            .boxed(),
        Kind::GuessedSecret => (select(SECRETS), select(HMAC), trusted)
            .prop_map(|(secret, alg, key)| {
                let (alg, secret) = (Slot::Value(alg), Secret::Text(secret.to_owned()));
                Recipe { mutate: vec![Mutation::HmacWithSecret { alg, secret }], ..signed(key) }
            })
            .boxed(),
        Kind::OtherBytes => {
            (trusted, change()).prop_map(|(key, change)| Recipe { then: vec![change], ..signed(key) }).boxed()
        }
        Kind::BrokenSignature => {
            (trusted, damage()).prop_map(|(key, damage)| Recipe { then: vec![damage], ..signed(key) }).boxed()
        }
        Kind::Expired => claim(trusted, "exp", times(LONG_AGO)),
        Kind::NotYetValid => claim(trusted, "nbf", times(LATER)),
        Kind::OtherAudience => claim(trusted, "aud", audience()),
        Kind::OtherIssuer => claim(trusted, "iss", select(ISSUERS).prop_map(Value::from)),
        Kind::UnknownCritical => (trusted, select(EXTENSIONS), any::<bool>())
            .prop_map(|(key, name, and_known)| {
                let mut recipe = signed(key);
                recipe.header.insert(name.to_owned(), json!(true));
                let crit = if and_known { json!(["b64", name]) } else { json!([name]) };
                recipe.header.insert("crit".into(), crit);
                if and_known {
                    recipe.header.insert("b64".into(), json!(true));
                }
                recipe
            })
            .boxed(),
        Kind::BrokenClaims => (trusted, broken_json(CLAIMS))
            .prop_map(|(key, text)| Recipe { raw_claims: Some(text), ..signed(key) })
            .boxed(),
        Kind::BrokenHeader => (trusted, broken_json(HEADER))
            .prop_map(|(key, text)| Recipe { raw_header: Some(text), ..signed(key) })
            .boxed(),
    }
}

/// A recipe that a trusted key signs.
fn signed(alg: Alg) -> Recipe {
    Recipe { sign: Some(Sign { key: alg.name().to_lowercase(), alg: None }), ..Recipe::default() }
}

/// Signed by the attacker; the header may name the attacker's key, a trusted one or none.
fn rogue_key(palette: &Palette) -> BoxedStrategy<Recipe> {
    (select(palette.rogue.clone()), select(palette.trusted.clone()), 0..3u8)
        .prop_map(|(key, trusted, names)| {
            let mut recipe = Recipe { sign: Some(Sign { key, alg: None }), ..Recipe::default() };
            match names {
                1 => recipe.drop_header.push("kid".into()),
                2 => {
                    let kid = format!("${{kid:{}}}", trusted.name().to_lowercase());
                    recipe.header.insert("kid".into(), json!(kid));
                }
                _ => {}
            }
            recipe
        })
        .boxed()
}

const HMAC: &[Alg] = &[Alg::Hs256, Alg::Hs384, Alg::Hs512];

/// Names for no algorithm; `None` leaves the name of the signer's in place.
const NO_ALGORITHM: &[Option<&str>] = &[
    Some("none"),
    None,
    Some("None"),
    Some("NONE"),
    Some("nOnE"),
    Some("none "),
    Some(" none"),
    Some("none\t"),
    Some("none\u{0}"),
    Some(""),
    Some("null"),
    Some("HS256"),
    Some("unsecured"),
];

/// Forms that every public key has.
const FORMS: &[PublicKeyForm] = &[
    PublicKeyForm::SpkiPem,
    PublicKeyForm::SpkiPemNoNewline,
    PublicKeyForm::SpkiPemCrlf,
    PublicKeyForm::SpkiDer,
    PublicKeyForm::JwkAsServed,
    PublicKeyForm::JwkCanonical,
    PublicKeyForm::JwksAsServed,
    PublicKeyForm::Raw,
];

const SECRETS: &[&str] = &["", "secret", "your-256-bit-secret", "changeme", "password", "0", "null", "undefined"];

/// A change that leaves other bytes than those that were signed: each sets a name or a value that no recipe has.
fn change() -> impl Strategy<Value = Tampering> {
    let text = "\"swapped-[a-z]{1,4}\"";
    prop_oneof![
        text.prop_map(|text| Tampering::SwapClaim { name: "sub".into(), text }),
        text.prop_map(|text| Tampering::SwapClaim { name: "scope".into(), text }),
        text.prop_map(|text| Tampering::SwapClaim { name: "swapped".into(), text }),
        text.prop_map(|text| Tampering::SwapHeader { name: "swapped".into(), text }),
        text.prop_map(|text| Tampering::SwapHeader { name: "cty".into(), text }),
        Just(Tampering::SignatureOfAnother),
    ]
}

fn damage() -> impl Strategy<Value = Tampering> {
    let at = select(&[Position::First, Position::Middle, Position::Last][..]);
    prop_oneof![
        at.prop_map(|at| Tampering::FlipSignatureBit { at: Slot::Value(at) }),
        // The shortest signature of all algorithms has 32 bytes.
        (0..32u32).prop_map(|bytes| Tampering::TruncateSignature { bytes: Slot::Value(bytes) }),
        Just(Tampering::ZeroSignature),
        Just(Tampering::RandomSignature),
    ]
}

/// A trusted signature over one wrong claim.
fn claim(
    trusted: impl Strategy<Value = Alg> + 'static,
    name: &'static str,
    value: impl Strategy<Value = Value> + 'static,
) -> BoxedStrategy<Recipe> {
    (trusted, value)
        .prop_map(move |(key, value)| {
            let mut recipe = signed(key);
            recipe.claims.insert(name.to_owned(), value);
            recipe
        })
        .boxed()
}

/// Names that are no prefix, suffix or other spelling which somebody may lawfully take for the same.
fn audience() -> impl Strategy<Value = Value> {
    let name = || select(AUDIENCES);
    prop_oneof![name().prop_map(Value::from), prop::collection::vec(name(), 1..4).prop_map(Value::from),]
}

const AUDIENCES: &[&str] = &[
    "https://other.example",
    "other",
    "",
    "*",
    "${audience}x",
    "x${audience}",
    "${audience}.other.example",
    "${audience},https://other.example",
    "https://other.example ${audience}",
];

const ISSUERS: &[&str] = &[
    "${rogue-issuer}",
    "https://other.example",
    "",
    "*",
    "${issuer}x",
    "x${issuer}",
    "${issuer}.other.example",
    "https://other.example#${issuer}",
    "https://other.example,${issuer}",
];

/// Names that no specification gives a meaning.
const EXTENSIONS: &[&str] = &["x-unknown-extension", "urn:example:unknown", "https://extension.example/unknown"];

/// Each is long over, by any leeway.
const LONG_AGO: &[&str] = &["${now - leeway - 2h}", "${now - leeway - 9600h}", "1", "0", "-1", "1.5", "1e9"];

/// Each is far away, by any leeway.
const LATER: &[&str] = &["${now + leeway + 2h}", "${now + leeway + 9600h}", "4102444800.5", "9e9"];

/// Placeholders, and numbers as JSON has them.
fn times(times: &'static [&'static str]) -> impl Strategy<Value = Value> {
    select(times).prop_map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)))
}

const CLAIMS: &str = r#"{"iss":"${issuer}","aud":"${audience}","sub":"${subject}","exp":${now + lifetime}}"#;
const HEADER: &str = r#"{"alg":"${alg}","typ":"${typ}","kid":"${kid}"}"#;

/// A text that is no JSON object, made of one that is.
fn broken_json(whole: &'static str) -> impl Strategy<Value = String> {
    let around =
        select(&[("[", "]"), ("", "x"), ("", "}"), ("x", ""), ("", ","), ("", "\u{0}"), ("(", ")"), ("\"", "\"")][..]);
    prop_oneof![
        select(&["", "null", "true", "0", "[]", "{", "\"text\"", "{}{}", "{\"a\":}", "{'a':1}", "{a:1}"][..])
            .prop_map(str::to_owned),
        around.prop_map(move |(before, after)| format!("{before}{whole}{after}")),
        // The closing brace is missing.
        Just(whole[..whole.len() - 1].to_owned()),
    ]
}
