//! The forge against independent verifiers: jsonwebtoken, and aws-lc-rs where that lacks the algorithm.

use super::*;
use crate::model::{
    Alg, Mutation, Period, Recipe, Slot, Tampering, World,
    mutation::{JsonSegment, Place, Position, PublicKeyForm, Secret, Segment},
};
use aws_lc_rs::{hmac, signature};
use jsonwebtoken::{DecodingKey, Validation};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

static FORGE: LazyLock<Forge> = LazyLock::new(|| {
    let ring = KeyRing::generate(Alg::ALL).unwrap();
    Forge::new(ring, setting())
});

fn setting() -> Setting {
    Setting {
        world: World {
            issuer: "https://issuer.example".into(),
            discovery: "https://issuer.example/.well-known/openid-configuration".into(),
            jwks_uri: "https://issuer.example/jwks.json".into(),
            rogue_issuer: "https://rogue.example".into(),
            canary: "https://canary.example".into(),
            issuer_ca: None,
        },
        issuer: "https://issuer.example".into(),
        audience: "https://orders.example".into(),
        typ: "JWT".into(),
        leeway: Period::from_secs(0),
        seed: 7,
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
    let text = || "[ -~]{1,12}";
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
        prop::sample::select(&[Place::First, Place::Last][..])
            .prop_map(|place| Tampering::ExtendSignature { bytes: Slot::Value(2), place: Slot::Value(place) }),
        Just(Tampering::FlattenedJson),
        Just(Tampering::GeneralJson),
        Just(Tampering::Polyglot { claim: "sub".into(), text: "\"attacker\"".into() }),
    ]
}

fn mutated(mutation: Mutation) -> Token {
    let mut recipe = signed_by("rs256");
    recipe.mutate.push(mutation);
    mint(&recipe)
}

fn header(token: &Token) -> Value {
    serde_json::from_slice(&token.header).unwrap()
}

#[test]
fn what_is_signed_after_a_mutation_still_verifies() {
    let text = |text: &str| text.to_owned();
    for mutation in [
        Mutation::HeaderText { name: text("x"), text: text("1e400") },
        Mutation::ClaimText { name: text("exp"), text: text("null") },
        Mutation::RepeatHeader { name: text("\\u0061lg"), text: text("\"none\""), place: Place::First },
        Mutation::RepeatClaim { name: text("exp"), text: text("1"), place: Place::Last },
        Mutation::EscapeStrings,
        Mutation::SpreadWhitespace,
        Mutation::ReverseMembers,
        Mutation::NestClaim { depth: Slot::Value(40) },
        Mutation::NestHeader { depth: Slot::Value(40) },
        Mutation::PadTo { bytes: Slot::Value(2000) },
        Mutation::PadSegment { segment: Slot::Value(JsonSegment::Header) },
        Mutation::PadSegment { segment: Slot::Value(JsonSegment::Payload) },
        Mutation::InsertInSegment { segment: Slot::Value(Segment::Payload), text: text("%") },
        Mutation::WrapJson { segment: Slot::Value(JsonSegment::Payload), before: text(""), after: text("{}") },
        Mutation::EmbedJwk,
        Mutation::EmbedSelfSignedCertificate,
    ] {
        let token = mutated(mutation.clone());
        let (key, _) = FORGE.ring().key("rs256").unwrap();
        let (input, seal) = token.bytes.split_at(token.bytes.iter().rposition(|byte| *byte == b'.').unwrap());
        let seal = decode_segment(std::str::from_utf8(&seal[1..]).unwrap()).unwrap();
        let public =
            signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, key.pkcs1_der().unwrap());
        public.verify(input, &seal).unwrap_or_else(|_| panic!("{mutation:?} broke the signature"));
        assert_ne!(token.text(), mint(&signed_by("rs256")).text(), "{mutation:?} changed nothing");
    }
}

#[test]
fn json_texts_stand_as_written_and_doubles_stay_double() {
    let token = mutated(Mutation::ClaimText { name: "exp".into(), text: "1e400".into() });
    assert!(String::from_utf8_lossy(&token.payload).contains("\"exp\":1e400"));
    let token = mutated(Mutation::RepeatClaim { name: "exp".into(), text: "1".into(), place: Place::First });
    let payload = String::from_utf8_lossy(&token.payload).into_owned();
    assert_eq!(payload.matches("\"exp\"").count(), 2);
    assert!(payload.starts_with("{\"exp\":1,"));
}

#[test]
fn segments_are_written_as_their_mutations_say() {
    let padded = mutated(Mutation::PadSegment { segment: Slot::Value(JsonSegment::Payload) }).text();
    let payload = padded.split('.').nth(1).unwrap();
    assert!(payload.ends_with('=') && payload.len().is_multiple_of(4), "{payload}");
    let inserted = mutated(Mutation::InsertInSegment { segment: Slot::Value(Segment::Signature), text: "%\n".into() });
    let seal = inserted.text().rsplit_once('.').unwrap().1.to_owned();
    assert_eq!(decode_segment(&seal.replace("%\n", "")).unwrap().len(), 256);
    assert!(seal.contains("%\n"));
    let wrapped = mutated(Mutation::WrapJson {
        segment: Slot::Value(JsonSegment::Payload),
        before: "[".into(),
        after: "]".into(),
    });
    assert!(wrapped.payload.starts_with(b"[{") && wrapped.payload.ends_with(b"}]"));
}

#[test]
fn escapes_and_whitespace_say_the_same_thing() {
    for mutation in [Mutation::EscapeStrings, Mutation::SpreadWhitespace, Mutation::ReverseMembers] {
        let token = mutated(mutation.clone());
        let plain = mint(&signed_by("rs256"));
        let parse = |bytes: &[u8]| serde_json::from_slice::<BTreeMap<String, Value>>(bytes).unwrap();
        assert_eq!(parse(&token.payload), parse(&plain.payload), "{mutation:?}");
        assert_ne!(token.payload, plain.payload, "{mutation:?}");
    }
}

#[test]
fn the_confusion_macs_are_keyed_with_the_public_key() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let (key, _) = FORGE.ring().key("rs256").unwrap();
    let token = mutated(Mutation::HmacWithPublicKey {
        alg: Slot::Value(Alg::Hs256),
        encoding: Slot::Value(PublicKeyForm::SpkiPem),
    });
    let body = STANDARD.encode(key.spki_der().unwrap());
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
    let text = token.text();
    let (input, seal) = text.rsplit_once('.').unwrap();
    let mac = hmac::Key::new(hmac::HMAC_SHA256, pem.as_bytes());
    hmac::verify(&mac, input.as_bytes(), &decode_segment(seal).unwrap()).unwrap();
    assert_eq!(header(&token)["alg"], "HS256");
    assert_eq!(header(&token)["kid"], key.kid());
}

#[test]
fn every_public_form_exists_where_it_should() {
    let forms: Vec<PublicKeyForm> = [
        "spki-pem",
        "spki-pem-no-newline",
        "spki-pem-crlf",
        "spki-der",
        "pkcs1-pem",
        "pkcs1-pem-no-newline",
        "pkcs1-der",
        "jwk-as-served",
        "jwk-canonical",
        "jwks-as-served",
        "openssh",
        "raw",
    ]
    .into_iter()
    .map(|name| serde_json::from_value(json!(name)).unwrap())
    .collect();
    for (name, count) in [("rs256", 12), ("es256", 9), ("es512", 9), ("es256k", 8), ("eddsa", 9), ("hs256", 0)] {
        let (key, _) = FORGE.ring().key(name).unwrap();
        let made = forms.iter().filter(|form| public_form(&key, FORGE.ring(), **form).is_ok()).count();
        assert_eq!(made, count, "{name}");
    }
}

#[test]
fn an_openssh_line_is_what_the_format_says() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let (key, _) = FORGE.ring().key("eddsa").unwrap();
    let line = String::from_utf8(public_form(&key, FORGE.ring(), PublicKeyForm::Openssh).unwrap()).unwrap();
    let (name, blob) = line.split_once(' ').unwrap();
    let blob = STANDARD.decode(blob).unwrap();
    assert_eq!(name, "ssh-ed25519");
    assert_eq!(blob.len(), 4 + 11 + 4 + 32);
    assert_eq!(&blob[19..], key.raw_public().unwrap());
}

#[test]
fn an_empty_secret_is_a_secret() {
    let token = mutated(Mutation::HmacWithSecret { alg: Slot::Value(Alg::Hs256), secret: Secret::Hex(String::new()) });
    let text = token.text();
    let (input, seal) = text.rsplit_once('.').unwrap();
    let mac = hmac::Key::new(hmac::HMAC_SHA256, b"");
    hmac::verify(&mac, input.as_bytes(), &decode_segment(seal).unwrap()).unwrap();
}

#[test]
fn padding_meets_the_size() {
    for bytes in [1024u32, 4096, 15_000] {
        let length = mutated(Mutation::PadTo { bytes: Slot::Value(bytes) }).bytes.len();
        assert!(length.abs_diff(bytes as usize) <= 4, "{length} for {bytes}");
    }
}

#[test]
fn a_polyglot_reads_two_ways() {
    let mut recipe = signed_by("rs256");
    recipe.then.push(Tampering::Polyglot { claim: "sub".into(), text: "\"attacker\"".into() });
    let text = mint(&recipe).text();
    let json: Value = serde_json::from_str(&text).unwrap();
    let genuine: Value = serde_json::from_slice(&decode_segment(json["payload"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(genuine["sub"], "user-1");
    let split: Value = serde_json::from_slice(&decode_segment(text.split('.').nth(1).unwrap()).unwrap()).unwrap();
    assert_eq!(split["sub"], "attacker");
}

#[test]
fn a_signature_in_der_holds_for_a_verifier_of_der() {
    for (name, verifier) in [
        ("es256", &signature::ECDSA_P256_SHA256_ASN1),
        ("es384", &signature::ECDSA_P384_SHA384_ASN1),
        ("es512", &signature::ECDSA_P521_SHA512_ASN1),
        ("es256k", &signature::ECDSA_P256K1_SHA256_ASN1),
    ] {
        let (key, _) = FORGE.ring().key(name).unwrap();
        let mut recipe = signed_by(name);
        recipe.then.push(Tampering::DerSignature);
        for _ in 0..40 {
            let token = mint(&recipe);
            let text = token.text();
            let (input, _) = text.rsplit_once('.').unwrap();
            let public = signature::UnparsedPublicKey::new(verifier, key.raw_public().unwrap());
            public.verify(input.as_bytes(), &token.signature).unwrap();
            assert!(!verifies(&text, name));
        }
    }
}

#[test]
fn other_spellings_of_a_signature_mean_the_same_bytes() {
    let mut recipe = signed_by("rs256");
    recipe.then = vec![Tampering::TrailingBits];
    let token = mint(&recipe);
    let plain = mint(&signed_by("rs256")).text();
    let differing = token.text().chars().zip(plain.chars()).filter(|(one, other)| one != other).count();
    assert_eq!((differing, token.text().len()), (1, plain.len()));
    assert!(!verifies(&token.text(), "rs256"));
    recipe.then = vec![Tampering::StandardAlphabet { segment: Slot::Value(Segment::Signature) }];
    let text = mint(&recipe).text();
    assert_ne!(text, plain);
    assert_eq!(text.replace('+', "-").replace('/', "_"), plain);
}

#[test]
fn respelled_placeholders_differ_from_what_they_respell() {
    let claim = |text: &str| {
        let mut recipe = good();
        recipe.claims.insert("x".into(), json!(text));
        let token = FORGE.mint(&recipe, NOW, "n", &BTreeMap::new())?;
        Ok::<Value, ForgeError>(serde_json::from_slice::<Value>(&token.payload).unwrap()["x"].take())
    };
    assert_eq!(claim("${upper:issuer}").unwrap(), "HTTPS://ISSUER.EXAMPLE");
    assert_eq!(claim("<${undotted:audience}>").unwrap(), "<https://ordersxexample>");
    assert_eq!(claim("${undotted:upper:issuer}").unwrap(), "HTTPS://ISSUERxEXAMPLE");
    for unchanged in ["${undotted:subject}", "${upper:alg}", "${upper:nobody}", "${upper:nonce}"] {
        assert!(claim(unchanged).is_err(), "{unchanged}");
    }
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
    let served = String::from_utf8(FORGE.ring().jwks()).unwrap();
    assert!(!served.contains("\"k\"") && !served.contains("\"d\"") && !served.contains("oct"));
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
