//! The forge against independent verifiers: jsonwebtoken, and aws-lc-rs where that lacks the algorithm.

mod damage;
mod sample;

use super::*;
use crate::model::{Alg, Mutation, Period, Recipe, Slot, Tampering, World, access::AccessRules, mutation::Position};
use aws_lc_rs::{hmac, signature};
use jsonwebtoken::{DecodingKey, Validation};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

pub(super) static FORGE: LazyLock<Forge> = LazyLock::new(|| {
    let ring = KeyRing::generate(Alg::ALL).unwrap();
    Forge::new(ring, setting())
});

fn setting() -> Setting {
    Setting {
        encryption: crate::model::target::Decryption::default().usual(),
        world: World {
            issuer: "https://issuer.example".into(),
            discovery: "https://issuer.example/.well-known/openid-configuration".into(),
            jwks_uri: "https://issuer.example/jwks.json".into(),
            issuer2: "https://issuer2.example".into(),
            jwks_uri2: "https://issuer2.example/jwks.json".into(),
            rogue_issuer: "https://rogue.example".into(),
            canary: "https://canary.example".into(),
            issuer_ca: None,
        },
        issuer: "https://issuer.example".into(),
        audience: "https://orders.example".into(),
        typ: "JWT".into(),
        leeway: Period::from_secs(0),
        seed: 7,
        rules: AccessRules::default(),
    }
}

const NOW: i64 = 4_000_000_000;

fn good() -> Recipe {
    serde_json::from_value(json!({
        "header": { "typ": "${typ}", "alg": "${alg}", "kid": "${kid}" },
        "claims": { "iss": "${issuer}", "aud": "${audience}", "sub": "${subject}", "iat": "${now}", "exp": "${now + lifetime}", "jti": "${nonce}" },
        "sign": { "key": "active" }
    }))
    .unwrap()
}

fn signed_by(key: &str) -> Recipe {
    let mut recipe = good();
    recipe.sign = serde_json::from_value(json!({ "key": key })).unwrap();
    recipe
}

fn mint(recipe: &Recipe) -> Token {
    FORGE.mint(recipe, NOW, "n-1", &BTreeMap::new()).unwrap()
}

/// Whether the signature holds, by code that shares nothing with the forge but the bytes.
fn verifies(token: &str, key: &str) -> bool {
    let (key, alg) = FORGE.ring().key(key).unwrap();
    let (input, seal) = token.rsplit_once('.').unwrap();
    let Some(seal) = decode_segment(seal) else { return false };
    let by_aws = |verifier: &'static dyn signature::VerificationAlgorithm| {
        signature::UnparsedPublicKey::new(verifier, key.raw_public().unwrap()).verify(input.as_bytes(), &seal).is_ok()
    };
    match alg {
        Alg::Es512 => by_aws(&signature::ECDSA_P521_SHA512_FIXED),
        Alg::Es256k => by_aws(&signature::ECDSA_P256K1_SHA256_FIXED),
        Alg::Ed25519 => by_aws(&signature::ED25519),
        Alg::MlDsa44 => by_aws(&signature::ML_DSA_44),
        Alg::MlDsa65 => by_aws(&signature::ML_DSA_65),
        Alg::MlDsa87 => by_aws(&signature::ML_DSA_87),
        Alg::Hs256 | Alg::Hs384 | Alg::Hs512 => {
            let jwk: Value = serde_json::from_str(key.jwk()).unwrap();
            let secret = decode_segment(jwk["k"].as_str().unwrap()).unwrap();
            let hash = match alg {
                Alg::Hs384 => hmac::HMAC_SHA384,
                Alg::Hs512 => hmac::HMAC_SHA512,
                _ => hmac::HMAC_SHA256,
            };
            hmac::verify(&hmac::Key::new(hash, &secret), input.as_bytes(), &seal).is_ok()
        }
        _ => {
            let jwk = serde_json::from_str(key.jwk()).unwrap();
            let mut validation = Validation::new(alg.name().parse().unwrap());
            validation.validate_exp = false;
            validation.validate_aud = false;
            validation.required_spec_claims.clear();
            jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(&jwk).unwrap(), &validation).is_ok()
        }
    }
}

fn algorithms() -> impl Strategy<Value = Alg> {
    prop::sample::select(Alg::ALL)
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[^$]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_undamaged_token_verifies(alg in algorithms(), claims in prop::collection::btree_map("[a-z_]{1,8}", json_value(), 0..5)) {
        let name = alg.name().to_lowercase();
        let mut recipe = signed_by(&name);
        recipe.claims.extend(claims.clone());
        let token = mint(&recipe);
        prop_assert!(verifies(&token.text(), &name));
        let payload: Value = serde_json::from_slice(&token.payload).unwrap();
        for (claim, value) in &claims {
            prop_assert_eq!(&payload[claim], value);
        }
    }

    #[test]
    fn a_template_gives_what_the_forge_gives(alg in prop::sample::select(&[Alg::Rs256, Alg::EdDsa, Alg::Hs256, Alg::Hs512][..]), now in 1i64..4_000_000_000, nonce in "[a-f0-9-]{1,20}") {
        let recipe = signed_by(&alg.name().to_lowercase());
        let slow = FORGE.mint(&recipe, now, &nonce, &BTreeMap::new()).unwrap().text();
        prop_assert_eq!(FORGE.template(&recipe).unwrap().mint(now, &nonce).unwrap(), slow);
    }

    #[test]
    fn tampering_changes_the_token_and_breaks_it(tampering in tamperings(), alg in algorithms()) {
        let name = alg.name().to_lowercase();
        let plain = mint(&signed_by(&name)).text();
        let mut recipe = signed_by(&name);
        recipe.then.push(tampering.clone());
        let damaged = mint(&recipe);
        prop_assert_ne!(&damaged.text(), &plain);
        let is_compact = damaged.text().matches('.').count() == 2 && !damaged.text().starts_with('{');
        prop_assert!(!is_compact || !verifies(&damaged.text(), &name), "{:?} left {} intact", tampering, damaged.text());
    }

    #[test]
    fn no_recipe_text_panics(header in ".{0,40}", claims in ".{0,40}", then in tamperings()) {
        let mut recipe = good();
        recipe.raw_header = Some(header);
        recipe.raw_claims = Some(claims);
        recipe.then.push(then);
        let _ = FORGE.mint(&recipe, NOW, "n", &BTreeMap::new());
    }
}

fn tamperings() -> impl Strategy<Value = Tampering> {
    // No dollar: what looks like a placeholder is one.
    let text = || "[ -#%-~]{1,12}";
    prop_oneof![
        Just(Tampering::StripSignature),
        prop::sample::select(&[Position::First, Position::Middle, Position::Last][..])
            .prop_map(|at| Tampering::FlipSignatureBit { at: Slot::Value(at) }),
        (0u32..31).prop_map(|bytes| Tampering::TruncateSignature { bytes: Slot::Value(bytes) }),
        Just(Tampering::ZeroSignature),
        Just(Tampering::RandomSignature),
        Just(Tampering::SignatureOfAnother),
        Just(Tampering::SwapClaim { name: "sub".into(), text: "\"attacker\"".into() }),
        Just(Tampering::SwapHeader { name: "x".into(), text: "1".into() }),
        Just(Tampering::LoseHeader { name: "typ".into() }),
        (0u32..3).prop_map(|index| Tampering::EmptySegment { index: Slot::Value(index) }),
        prop::sample::select(&[0u32, 1, 2, 4, 5, 7][..])
            .prop_map(|count| Tampering::Segments { count: Slot::Value(count) }),
        text().prop_map(|text| Tampering::Append { text: format!("!{text}") }),
        text().prop_map(|text| Tampering::Prepend { text: format!("!{text}") }),
        (0u32..3).prop_map(|index| Tampering::ReplaceSegment { index: Slot::Value(index), text: "eyJ9".into() }),
        prop::sample::select(&[Position::First, Position::Middle, Position::Last][..])
            .prop_map(|place| Tampering::ExtendSignature { bytes: Slot::Value(2), place: Slot::Value(place) }),
        Just(Tampering::FlattenedJson),
        Just(Tampering::GeneralJson),
        Just(Tampering::Polyglot { claim: "sub".into(), text: "\"attacker\"".into() }),
    ]
}

#[test]
fn rsa_keys_come_in_three_sizes() {
    for (bits, bytes) in [(RsaBits::B2048, 256), (RsaBits::B3072, 384)] {
        let key = Key::generate("k", Alg::Rs256, bits).unwrap();
        assert_eq!(key.sign(Alg::Rs256, b"x").unwrap().len(), bytes);
    }
}

#[test]
fn a_private_key_is_not_printed_and_hmac_keys_are_not_served() {
    let served: Value = serde_json::from_slice(&FORGE.ring().jwks()).unwrap();
    let keys = served["keys"].as_array().unwrap();
    assert_eq!(keys.len(), Alg::ALL.iter().filter(|alg| alg.is_asymmetric()).count());
    for key in keys {
        let private = ["k", "d", "p", "q", "dp", "dq", "qi"].into_iter().find(|name| key.get(name).is_some());
        assert!(private.is_none() && key["kty"] != "oct", "{key}");
    }
}

#[test]
fn wrong_recipes_are_refused_with_a_reason() {
    let try_mint = |recipe: Recipe| FORGE.mint(&recipe, NOW, "n", &BTreeMap::new()).unwrap_err().to_string();
    let mut recipe = good();
    recipe.claims.insert("x".into(), json!("${nobody}"));
    assert_eq!(try_mint(recipe), "nothing is called `${nobody}` here");
    let mut recipe = good();
    recipe.claims.insert("x".into(), json!("${now + soon}"));
    assert!(try_mint(recipe).contains("is no time"));
    assert!(try_mint(signed_by("rs257")).contains("no key is called"));
    let mut recipe = signed_by("es256");
    recipe.mutate.push(Mutation::SignAs { alg: Slot::Value(Alg::Rs256) });
    assert_eq!(try_mint(recipe), "a key for ES256 cannot sign RS256");
    let mut recipe = good();
    recipe.then = vec![Tampering::Append { text: "x".into() }, Tampering::StripSignature];
    assert!(try_mint(recipe).contains("to come before"));
}

#[test]
fn an_hmac_secret_without_its_last_byte_is_another_one() {
    for _ in 0..32 {
        let keys = KeyRing::generate(&[Alg::Hs256]).unwrap().handed_over();
        let secret = decode_segment(keys["keys"][0]["k"].as_str().unwrap()).unwrap();
        assert!(secret.len() == 64 && secret[63] != 0, "{keys}");
    }
}
