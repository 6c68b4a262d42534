use crate::{
    model::{
        Alg, ContentEncryption, KeyManagement, Recipe,
        jwe::{Encrypt, JweDamage, JwePart},
        target::Decryption,
    },
    token::{Forge, ForgeError, KeyRing, RecipientKey, Setting, Token, decode_segment, testing::setting},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

fn forge() -> &'static Forge {
    static FORGE: OnceLock<Forge> = OnceLock::new();
    FORGE.get_or_init(|| {
        let setting = Setting { encryption: Decryption::default().usual(), ..setting() };
        Forge::new(KeyRing::generate(&[Alg::Es256, Alg::Rs256]).unwrap(), setting)
    })
}

fn mint(recipe: Value) -> Result<Token, ForgeError> {
    let mut whole = json!({ "header": { "alg": "${alg}", "kid": "${kid}" }, "claims": { "iss": "${issuer}" } });
    for (name, value) in recipe.as_object().unwrap() {
        whole[name] = value.clone();
    }
    let recipe: Recipe = serde_json::from_value(whole).unwrap();
    forge().mint(&recipe, 1_800_000_000, "n", &BTreeMap::new())
}

fn header(token: &Token) -> Value {
    serde_json::from_slice(&token.jwe.as_ref().unwrap().header).unwrap()
}

#[test]
fn the_header_says_what_the_recipient_needs() {
    let token = mint(json!({ "encrypt": { "alg": "ECDH-ES+A128KW", "enc": "A128GCM", "zip": "deflate" } })).unwrap();
    let header = header(&token);
    assert_eq!((header["alg"].as_str(), header["enc"].as_str()), (Some("ECDH-ES+A128KW"), Some("A128GCM")));
    assert_eq!((header["cty"].as_str(), header["zip"].as_str()), (Some("JWT"), Some("DEF")));
    assert_eq!((header["epk"]["crv"].as_str(), header["epk"]["kty"].as_str()), (Some("P-256"), Some("EC")));
    let key = forge().ring().decryption_key(KeyManagement::EcdhEsA128Kw).unwrap();
    assert_eq!(header["kid"].as_str(), Some(key.kid()));
    assert_eq!(token.text().split('.').count(), 5);
}

#[test]
fn claims_alone_are_no_token_and_named_members_go_last() {
    let token = mint(json!({ "encrypt": { "alg": "dir", "content": "claims", "drop-header": ["kid"],
        "header": { "p2c": 7 }, "damage": [{ "header-text": { "name": "enc", "text": "null" } }] } }));
    let header = header(&token.unwrap());
    assert_eq!(header, json!({ "alg": "dir", "enc": null, "p2c": 7 }));
}

#[test]
fn a_key_of_a_signer_encrypts_only_what_it_can() {
    let to = |key: &str, alg: &str| mint(json!({ "encrypt": { "to": key, "alg": alg } }));
    assert_eq!(header(&to("rs256", "RSA-OAEP").unwrap())["kid"], forge().ring().key("rs256").unwrap().0.kid());
    assert!(to("es256", "ECDH-ES").is_ok());
    assert!(matches!(to("es256", "RSA-OAEP"), Err(ForgeError::CannotEncrypt(_))));
    assert!(matches!(to("rogue-eddsa", "ECDH-ES"), Err(ForgeError::NoSuchForm(..))));
    assert!(matches!(to("k-dec-nothing", "dir"), Err(ForgeError::UnknownKey(_))));
}

#[test]
fn a_shared_key_has_the_length_that_is_needed() {
    let with = |secret: Value, alg: &str| mint(json!({ "encrypt": { "alg": alg, "secret": secret } }));
    for fit in ["cut", "hashed"] {
        for alg in ["dir", "A128KW", "A256GCMKW"] {
            assert!(with(json!({ "public-key": { "key": "es256", "form": "raw", "fit": fit } }), alg).is_ok());
        }
    }
    let whole = with(json!({ "public-key": { "key": "es256", "form": "raw", "fit": "whole" } }), "dir");
    assert!(matches!(whole, Err(ForgeError::CannotEncrypt(_))));
    let short = mint(json!({ "encrypt": { "alg": "dir", "enc": "A256CBC-HS512" } }));
    assert!(matches!(short, Err(ForgeError::CannotEncrypt(_))), "the key of `dir` has 32 bytes");
}

#[test]
fn a_token_can_be_inside_another_one() {
    let signed = mint(json!({ "header": { "alg": "${alg}", "cty": "JWT" },
        "inner": { "drop-header": ["cty"], "claims": { "sub": "inside" } } }))
    .unwrap();
    let inner = String::from_utf8(signed.payload).unwrap();
    let claims: Value = serde_json::from_slice(&decode_segment(inner.split('.').nth(1).unwrap()).unwrap()).unwrap();
    assert_eq!((inner.split('.').count(), claims["sub"].as_str()), (3, Some("inside")));

    let twice = mint(json!({ "encrypt": { "alg": "dir" }, "inner": { "encrypt": { "alg": "A128KW" } } })).unwrap();
    assert_eq!(twice.text().split('.').count(), 5);
    assert_eq!(header(&twice)["alg"], "dir");
}

#[test]
fn damage_that_changes_nothing_is_refused() {
    let damaged = |alg: &str, damage: Value| mint(json!({ "encrypt": { "alg": alg, "damage": [damage] } }));
    let empty = json!({ "flip": { "part": "encrypted-key", "at": "first" } });
    assert!(matches!(damaged("dir", empty.clone()), Err(ForgeError::CannotEncrypt(_))));
    assert!(damaged("A128KW", empty).is_ok());
    let all = json!({ "keep": { "part": "tag", "bytes": 16 } });
    assert!(matches!(damaged("dir", all), Err(ForgeError::CannotEncrypt(_))));
    let block = json!({ "rsa-block": { "block": "zeros" } });
    assert!(matches!(damaged("RSA-OAEP", block), Err(ForgeError::CannotMutate { .. })));
}

#[test]
fn private_keys_are_whole_and_name_their_algorithm() {
    for (alg, names) in [
        (KeyManagement::Rsa15, &["kty", "n", "e", "d", "p", "q", "dp", "dq", "qi", "use", "alg", "kid"][..]),
        (KeyManagement::EcdhEs, &["crv", "kty", "x", "y", "d", "use", "alg", "kid"]),
        (KeyManagement::A192GcmKw, &["kty", "k", "use", "alg", "kid"]),
    ] {
        let jwk = RecipientKey::generate(alg).unwrap().private_jwk().unwrap();
        let have: BTreeSet<&str> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(have, names.iter().copied().collect());
        assert_eq!((jwk["alg"].as_str(), jwk["use"].as_str()), (Some(alg.name()), Some("enc")));
    }
}

fn any_part() -> impl Strategy<Value = JwePart> {
    prop::sample::select(vec![JwePart::Header, JwePart::EncryptedKey, JwePart::Iv, JwePart::Ciphertext, JwePart::Tag])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_combination_is_five_parts_of_the_right_length(
        alg in prop::sample::select(vec![KeyManagement::EcdhEs, KeyManagement::EcdhEsA256Kw, KeyManagement::A256Kw,
            KeyManagement::A192GcmKw, KeyManagement::Pbes2Hs512A256Kw]),
        enc in prop::sample::select(ContentEncryption::ALL.to_vec()),
        pad in ".{0,40}",
    ) {
        let token = mint(json!({ "claims": { "pad": pad.replace("${", "") },
            "encrypt": { "alg": alg.name(), "enc": enc.name() } })).unwrap();
        let parts = token.jwe.clone().unwrap();
        let segments: Vec<Vec<u8>> = token.text().split('.').map(|part| decode_segment(part).unwrap()).collect();
        prop_assert_eq!(&segments, &[parts.header, parts.encrypted_key, parts.iv.clone(), parts.ciphertext.clone(), parts.tag.clone()]);
        let (iv, tag) = if enc.is_cbc() { (16, enc.key_length() / 2) } else { (12, 16) };
        prop_assert_eq!((parts.iv.len(), parts.tag.len()), (iv, tag));
        prop_assert!(!enc.is_cbc() || parts.ciphertext.len().is_multiple_of(16));
    }

    #[test]
    fn damage_changes_its_part_alone(part in any_part(), bytes in 0_u32..20) {
        let encrypt = |damage: Vec<JweDamage>| Encrypt { damage, ..Encrypt::default() };
        let cut = JweDamage::CutOff { part: crate::model::Slot::Value(part), bytes: crate::model::Slot::Value(bytes) };
        let recipe = Recipe { encrypt: Some(encrypt(vec![cut])), ..Recipe::default() };
        let minted = forge().mint(&recipe, 1, "n", &BTreeMap::new());
        if bytes == 0 {
            prop_assert!(matches!(minted, Err(ForgeError::CannotEncrypt(_))));
        } else {
            prop_assert_eq!(minted.unwrap().text().split('.').count(), 5);
        }
    }
}
