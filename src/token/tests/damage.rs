//! Each kind of damage does what its manual says.

use super::*;
use crate::model::mutation::{
    Charset, JsonForm, JsonSegment, MemberNames, Place, PublicKeyForm, Secret, Segment, SignatureEntry, Spelling,
    TextShape,
};

fn mutated(mutation: Mutation) -> Token {
    let mut recipe = signed_by("rs256");
    recipe.mutate.push(mutation);
    mint(&recipe)
}

fn payload() -> Slot<JsonSegment> {
    Slot::Value(JsonSegment::Payload)
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
        Mutation::RepeatHeader { name: text("\\u0061lg"), text: text("\"none\""), place: Slot::Value(Place::First) },
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
        Mutation::SpellSegment { segment: payload(), spelling: Slot::Value(Spelling::DanglingCharacter) },
        Mutation::SpellSegment { segment: payload(), spelling: Slot::Value(Spelling::UnusedBits) },
        Mutation::ReplaceText { segment: payload(), text: text("user-1"), hex: text("ff") },
        Mutation::EncodeText { segment: payload(), charset: Slot::Value(Charset::Utf16Be) },
        Mutation::NestObjects { segment: payload(), name: text("deep"), depth: Slot::Value(9) },
        Mutation::ManyMembers { segment: payload(), count: Slot::Value(9), names: Slot::Value(MemberNames::Distinct) },
        Mutation::DeflatePayload,
        Mutation::UnencodedPayload,
        Mutation::EncloseToken { levels: Slot::Value(3), inner: Box::default() },
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
        shape: Slot::Value(TextShape::AsItIs),
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

fn tampered(tampering: Tampering) -> String {
    let mut recipe = signed_by("rs256");
    recipe.then.push(tampering);
    mint(&recipe).text()
}

#[test]
fn json_forms_hold_the_entries_that_were_asked_for() {
    let entries = vec![SignatureEntry::Forged, SignatureEntry::Genuine, SignatureEntry::Null, SignatureEntry::Unsigned];
    let text = tampered(Tampering::SignaturesJson { entries: Slot::Value(entries) });
    let form: Value = serde_json::from_str(&text).unwrap();
    let signature = |index: usize| decode_segment(form["signatures"][index]["signature"].as_str().unwrap()).unwrap();
    assert_eq!((signature(0), signature(3)), (vec![0; 256], Vec::new()));
    assert_ne!(signature(1), vec![0; 256]);
    assert_eq!(form["signatures"][2], Value::Null);

    let header: serde_json::Map<String, Value> = json!({ "alg": "none" }).as_object().unwrap().clone();
    for (form, pointer) in [(JsonForm::Flattened, "/header/alg"), (JsonForm::General, "/signatures/0/header/alg")] {
        let text =
            tampered(Tampering::UnprotectedJson { form: Slot::Value(form), header: Slot::Value(header.clone()) });
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap().pointer(pointer), Some(&json!("none")));
    }
}

#[test]
fn tokens_are_spoiled_on_their_way_as_their_tamperings_say() {
    let wrapped = tampered(Tampering::WrapLines { columns: Slot::Value(64) });
    assert!(wrapped.lines().count() > 5 && wrapped.lines().all(|line| line.len() <= 64));
    assert_eq!(tampered(Tampering::PercentEncodeDots).matches("%2E").count(), 2);
    let mut recipe = signed_by("rs256");
    recipe.then.push(Tampering::InsertBytes { segment: Slot::Value(Segment::Signature), hex: "ff00".into() });
    assert!(mint(&recipe).bytes.windows(2).any(|pair| pair == [0xff, 0]));
    let padded = Tampering::RespellSegment {
        segment: Slot::Value(Segment::Signature),
        spelling: Slot::Value(Spelling::Padding),
    };
    assert!(tampered(padded).ends_with("=="));
}

#[test]
fn a_token_lies_inside_another_and_carries_its_own_claims() {
    let inner = Recipe { claims: json!({ "sub": "inner" }).as_object().unwrap().clone(), ..Recipe::default() };
    let token = mutated(Mutation::EncloseToken { levels: Slot::Value(2), inner: Box::new(inner) });
    let parts =
        |text: &str| -> Vec<Vec<u8>> { text.split('.').map(|segment| decode_segment(segment).unwrap()).collect() };
    let middle = parts(std::str::from_utf8(&token.payload).unwrap());
    assert!(String::from_utf8_lossy(&middle[0]).contains("\"cty\":\"JWT\""));
    let innermost = parts(std::str::from_utf8(&middle[1]).unwrap());
    assert!(!String::from_utf8_lossy(&innermost[0]).contains("cty"));
    assert_eq!(serde_json::from_slice::<Value>(&innermost[1]).unwrap()["sub"], "inner");
}

#[test]
fn an_unencoded_payload_leaves_three_segments() {
    let token = mutated(Mutation::UnencodedPayload);
    let text = token.text();
    let segments: Vec<&str> = text.split('.').collect();
    assert_eq!(segments.len(), 3);
    assert!(serde_json::from_str::<Value>(segments[1]).unwrap()["iss"].as_str().unwrap().contains('.'));
}
