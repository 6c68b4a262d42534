//! Flaws in the arithmetic of signatures and in the reading of keys, shown by what the forge makes.

use super::super::{Flaw, testing::*};
use crate::{
    model::{Alg, Period, Recipe, TrustConfig, World, keyset::KeySet},
    token::{Forge, KeyRing, Setting},
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

const SET: &str = r#"{
    "members": ["trusted", "spare-es256-x0", "spare-rs256-e3", "spare-rs256-2056bit", "spare-rs256-1024bit",
        "spare-rs256-e1", "spare-rs256-even", "spare-rs256-prime", "spare-hs256-16byte", "spare-hs256-129byte"],
    "altered": [
        { "key": "spare-es256-off-curve", "damage": [{ "flip-last-bit": { "member": "y" } }] },
        { "key": "spare-es256-long", "damage": [{ "leading-zero": { "member": "x" } }] },
        { "key": "spare-es256-no-crv", "drop": ["crv"] },
        { "key": "spare-es512-large", "damage": [{ "add-p521-prime": { "member": "x" } }] },
        { "key": "spare-es256-zero", "set": {
            "x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "y": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" } },
        { "key": "spare-eddsa-neutral", "set": { "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" } },
        { "key": "spare-eddsa-x25519", "set": { "crv": "X25519" } },
        { "key": "spare-eddsa-long", "damage": [{ "trailing-zero": { "member": "x" } }] },
        { "key": "spare-rs256-padded", "damage": [{ "leading-zero": { "member": "n" } }] },
        { "key": "spare-rs256-standard", "damage": [{ "standard-base64": { "member": "n" } }] },
        { "key": "spare-ml-dsa-44-no-alg", "drop": ["alg"] },
        { "key": "spare-ml-dsa-44-long", "damage": [{ "trailing-zero": { "member": "pub" } }] }
    ]
}"#;

/// What only the flawed validator takes: the flaw, who signs, and what is done to the token.
const ATTACKS: &[(Flaw, &str, &str)] = &[
    (Flaw::EcdsaHalfZero, "es256", r#"{ "then": [{ "ecdsa-numbers": { "r": "zero", "s": "one" } }] }"#),
    (Flaw::EcdsaOrderAsZero, "es384", r#"{ "then": [{ "ecdsa-numbers": { "r": "order", "s": "order" } }] }"#),
    (Flaw::EcdsaReduced, "es512", r#"{ "then": [{ "ecdsa-numbers": { "r": "real-r", "s": "s-plus-order" } }] }"#),
    (Flaw::EcdsaSwapped, "es256k", r#"{ "then": [{ "ecdsa-numbers": { "r": "real-s", "s": "real-r" } }] }"#),
    (Flaw::EcdsaAnyWidth, "es256", r#"{ "then": [{ "ecdsa-respaced": { "spacing": "widened" } }] }"#),
    (Flaw::EcdsaDerZero, "es256", r#"{ "then": [{ "replace-segment": { "index": 2, "text": "MAYCAQACAQA" } }] }"#),
    (
        Flaw::EcdsaCurveFromKey,
        "es256",
        r#"{ "header": { "alg": "ES384" }, "mutate": [{ "sign-with-hash": { "hash": "sha384" } }] }"#,
    ),
    (Flaw::EcdsaCurveFromKey, "es256", r#"{ "header": { "alg": "ES256K" } }"#),
    (Flaw::EcYIgnored, "spare-es256-off-curve", "{}"),
    (Flaw::EcCoordinateLength, "spare-es256-long", "{}"),
    (Flaw::EcCrvIgnored, "spare-es256-no-crv", "{}"),
    (Flaw::EcCoordinateReduced, "spare-es512-large", "{}"),
    (Flaw::EcZeroPoint, "spare-es256-zero", r#"{ "mutate": ["ecdsa-key-zero"] }"#),
    (Flaw::EdScalarUnchecked, "eddsa", r#"{ "then": [{ "add-group-order": { "times": 1 } }] }"#),
    (Flaw::EdTopBitsMasked, "eddsa", r#"{ "then": ["set-top-bits"] }"#),
    (Flaw::EdPointDecoded, "eddsa", r#"{ "mutate": [{ "ed25519-neutral-r": { "encoding": "large-y" } }] }"#),
    (Flaw::EdVariants, "eddsa", r#"{ "mutate": [{ "ed25519-variant": { "variant": "prehashed" } }] }"#),
    (Flaw::EdSmallOrderKey, "spare-eddsa-neutral", r#"{ "mutate": [{ "ed25519-small-order": { "multiple": 0 } }] }"#),
    (Flaw::OkpCrvIgnored, "spare-eddsa-x25519", "{}"),
    (Flaw::OkpLength, "spare-eddsa-long", "{}"),
    (
        Flaw::RsaBehindHash,
        "spare-rs256-e3",
        r#"{ "mutate": [{ "rsa-cube-root": { "shape": "garbage-behind-hash" } }] }"#,
    ),
    (Flaw::RsaPadding, "spare-rs256-e3", r#"{ "mutate": [{ "rsa-cube-root": { "shape": "padding-unchecked" } }] }"#),
    (
        Flaw::RsaParameters,
        "spare-rs256-e3",
        r#"{ "mutate": [{ "rsa-cube-root": { "shape": "garbage-parameters" } }] }"#,
    ),
    (Flaw::RsaEndOnly, "rs256", r#"{ "mutate": [{ "rsa-block": { "shape": "block-type-2" } }] }"#),
    (Flaw::RsaNullAbsent, "rs256", r#"{ "mutate": [{ "rsa-block": { "shape": "null-absent" } }] }"#),
    (Flaw::RsaInsideInfo, "rs256", r#"{ "mutate": [{ "rsa-block": { "shape": "bytes-inside-digest-info" } }] }"#),
    (Flaw::RsaIdentifier, "rs256", r#"{ "mutate": [{ "rsa-block": { "shape": "other-hash-identifier" } }] }"#),
    (Flaw::RsaLengths, "rs256", r#"{ "mutate": [{ "rsa-block": { "shape": "long-form-length" } }] }"#),
    (Flaw::RsaLengths, "rs384", r#"{ "mutate": [{ "rsa-block": { "shape": "indefinite-length" } }] }"#),
    (Flaw::RsaBareHash, "rs256", r#"{ "mutate": [{ "rsa-block": { "shape": "bare-hash" } }] }"#),
    (Flaw::RsaRange, "rs256", r#"{ "mutate": ["rsa-plus-modulus"] }"#),
    (
        Flaw::RsaShortPadded,
        "rs256",
        r#"{ "mutate": ["rsa-leading-zero"], "then": [{ "lose-first-bytes": { "bytes": 1 } }] }"#,
    ),
    (Flaw::PssSalt, "ps256", r#"{ "mutate": [{ "rsa-pss-block": { "shape": "salt-0" } }] }"#),
    (Flaw::PssMaskHash, "ps384", r#"{ "mutate": [{ "rsa-pss-block": { "shape": "mgf1-sha1" } }] }"#),
    (Flaw::PssFrame, "ps256", r#"{ "mutate": [{ "rsa-pss-block": { "shape": "trailer-cc" } }] }"#),
    (Flaw::PssFrame, "ps256", r#"{ "mutate": [{ "rsa-pss-block": { "shape": "top-bits-set" } }] }"#),
    (Flaw::RsaWeakModulus, "spare-rs256-1024bit", "{}"),
    (Flaw::RsaExponent, "spare-rs256-e1", "{}"),
    (Flaw::RsaModulus, "spare-rs256-even", r#"{ "mutate": [{ "rsa-block": { "shape": "right" } }] }"#),
    (Flaw::RsaStandardBase64, "spare-rs256-standard", "{}"),
    (Flaw::MlDsaAlgAssumed, "spare-ml-dsa-44-no-alg", "{}"),
    (Flaw::MlDsaLength, "spare-ml-dsa-44-long", "{}"),
    (Flaw::MacAsText, "hs256", r#"{ "then": [{ "signature-text": { "form": "hex" } }] }"#),
    (Flaw::MacOverOtherBytes, "hs512", r#"{ "mutate": [{ "sign-over": { "bytes": "payload-alone" } }] }"#),
    (Flaw::MacSecretForms, "hs384", r#"{ "mutate": [{ "mac-keyed-with": { "form": "with-line-feed" } }] }"#),
    (Flaw::MacShortKey, "spare-hs256-16byte", "{}"),
    (
        Flaw::WeakNames,
        "rs256",
        r#"{ "header": { "alg": "RS1" }, "mutate": [{ "sign-with-hash": { "hash": "sha1" } }] }"#,
    ),
    (
        Flaw::WeakNames,
        "hs256",
        r#"{ "header": { "alg": "HS1" }, "mutate": [{ "sign-with-hash": { "hash": "sha1" } }] }"#,
    ),
];

/// What only the flawed validator refuses.
const REFUSED: &[(Flaw, &str, &str)] = &[
    (Flaw::EcdsaHighSRefused, "es256", r#"{ "then": [{ "ecdsa-numbers": { "r": "real-r", "s": "s-negated" } }] }"#),
    (Flaw::EcdsaLeadingZeroRefused, "es384", r#"{ "mutate": [{ "ecdsa-leading-zeros": { "shape": "r-two" } }] }"#),
    (Flaw::EcLeadingZeroRefused, "spare-es256-x0", "{}"),
    (Flaw::RsaLeadingZeroRefused, "ps256", r#"{ "mutate": ["rsa-leading-zero"] }"#),
    (Flaw::RsaExponentThreeRefused, "spare-rs256-e3", "{}"),
    (Flaw::RsaPaddedModulusRefused, "spare-rs256-padded", "{}"),
    (Flaw::RsaOddSizeRefused, "spare-rs256-2056bit", "{}"),
    (Flaw::MacLongKeyRefused, "spare-hs256-129byte", "{}"),
    (Flaw::RsaPrimeRefused, "spare-rs256-prime", "{}"),
];

/// The flaws that are shown here.
pub(super) fn shown() -> BTreeSet<Flaw> {
    ATTACKS.iter().chain(REFUSED).map(|(flaw, ..)| *flaw).collect()
}

static FORGE: LazyLock<Forge> = LazyLock::new(|| {
    let setting = Setting {
        world: World::unserved(ISSUER),
        issuer: ISSUER.into(),
        audience: AUDIENCE.into(),
        typ: "JWT".into(),
        leeway: Period::from_secs(0),
        seed: 1,
        rules: crate::model::access::AccessRules::default(),
        encryption: crate::model::target::Decryption::default().usual(),
    };
    Forge::new(KeyRing::generate(Alg::ALL).unwrap(), setting)
});

static TRUST: LazyLock<TrustConfig> = LazyLock::new(|| {
    let set: KeySet = serde_json::from_str(SET).unwrap();
    let ring = FORGE.ring();
    let keys = ring.handed_over_with(&ring.serve(&set).unwrap(), true).unwrap();
    TrustConfig { keys, ..trust(Alg::ALL, "JWT") }
});

fn minted(key: &str, damage: &str) -> Vec<u8> {
    let mut recipe: Map<String, Value> = serde_json::from_str(damage).unwrap();
    let mut header = json!({ "alg": "${alg}", "kid": "${kid}" });
    if let Some(own) = recipe.get("header").and_then(Value::as_object) {
        header.as_object_mut().unwrap().extend(own.clone());
    }
    recipe.insert("header".into(), header);
    let claims = json!({ "iss": "${issuer}", "aud": "${audience}", "exp": "${now + lifetime}", "jti": "${nonce}" });
    recipe.insert("claims".into(), claims);
    recipe.insert("sign".into(), json!({ "key": key }));
    let recipe: Recipe = serde_json::from_value(Value::Object(recipe)).unwrap();
    FORGE.mint(&recipe, NOW, "n", &BTreeMap::new()).unwrap().bytes
}

#[test]
fn each_flaw_in_the_arithmetic_shows_and_strict_does_not_have_it() {
    let strict = validator(None, &TRUST);
    for (attack, cases) in [(true, ATTACKS), (false, REFUSED)] {
        for (flaw, key, damage) in cases {
            let token = minted(key, damage);
            assert_eq!(accepts(&strict, &token), !attack, "strict, for {flaw} {damage}");
            let flawed = validator(Some(*flaw), &TRUST);
            assert_eq!(accepts(&flawed, &token), attack, "{flaw} {damage}");
        }
    }
}

#[test]
fn flaws_in_the_arithmetic_take_no_signature_of_another_text() {
    for flaw in shown() {
        let flawed = validator(Some(flaw), &TRUST);
        for key in ["rs256", "ps256", "es256", "es512", "eddsa", "hs256", "ml-dsa-44", "spare-rs256-1024bit"] {
            let token = minted(key, r#"{ "then": [{ "swap-claim": { "name": "sub", "text": "\"root\"" } }] }"#);
            assert!(!accepts(&flawed, &token), "{flaw}: {key}");
        }
    }
}
