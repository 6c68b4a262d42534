//! What becomes of recipes on the grounds of a sample.

use super::*;
use std::sync::Arc;

/// A sample that is not spelled as we would: its members are spaced, and in an order of their own.
fn sample_text(key: &str, claims: &str) -> String {
    let (key, alg) = FORGE.ring().key(key).unwrap();
    let header = format!("{{ \"kid\" : \"their-key\", \"alg\":\"{}\" }}", alg.name());
    let input = format!("{}.{}", encode_segment(header), encode_segment(claims));
    format!("{input}.{}", encode_segment(key.sign(alg, input.as_bytes()).unwrap()))
}

const CLAIMS: &str = r#"{ "sub" : "alice", "aud":["https:\/\/theirs.example"],  "iss":"https://idp.example" }"#;

fn black_box(texts: &[String], jwks: Option<&[u8]>) -> Forge {
    let tokens = SampleToken::read_all(&texts.join("\n ")).unwrap();
    let samples = Samples::new(tokens).unwrap();
    let (ring, _) = ring_of_issuer(&samples.all(), jwks, false).unwrap();
    let first = samples.first().unwrap();
    let setting = Setting { issuer: first.text_claim("iss"), audience: first.text_claim("aud"), ..setting() };
    Forge::new(ring, setting).with_samples(Arc::new(samples), good())
}

fn minted(forge: &Forge, change: Value) -> Result<Token, ForgeError> {
    let change: Recipe = serde_json::from_value(change).unwrap();
    forge.mint(&change.over(&good()), NOW, "n-1", &BTreeMap::new())
}

#[test]
fn what_is_not_changed_is_the_sample_byte_for_byte() {
    let text = sample_text("es256", CLAIMS);
    let forge = black_box(std::slice::from_ref(&text), None);
    assert_eq!(minted(&forge, json!({})).unwrap().text(), text);
    let flipped = minted(&forge, json!({ "then": [{ "flip-signature-bit": { "at": "last" } }] })).unwrap().text();
    assert_eq!(flipped.rsplit_once('.').unwrap().0, text.rsplit_once('.').unwrap().0);
    assert_ne!(flipped, text);
    // Behind the signature anything may be changed, and what is not stays.
    let swapped = json!({ "then": [{ "swap-claim": { "name": "sub", "text": "\"admin\"" } }] });
    let swapped = minted(&forge, swapped).unwrap().text();
    let parts: Vec<_> = swapped.split('.').zip(text.split('.')).map(|(one, other)| one == other).collect();
    assert_eq!(parts, [true, false, true]);
}

#[test]
fn only_the_issuer_signs_other_claims() {
    let forge = black_box(&[sample_text("es256", CLAIMS)], None);
    for change in [
        json!({ "claims": { "sub": "admin" } }),
        json!({ "drop": ["sub"] }),
        json!({ "header": { "crit": ["x"] } }),
        json!({ "raw-claims": "{}" }),
        json!({ "mutate": ["spread-whitespace"] }),
        json!({ "mutate": ["reverse-members"], "then": [{ "flip-signature-bit": { "at": "last" } }] }),
        json!({ "then": ["signature-of-another"] }),
        json!({ "mutate": [{ "pad-to": { "bytes": 4000 } }] }),
    ] {
        assert_eq!(minted(&forge, change.clone()), Err(ForgeError::NeedsIssuer), "{change}");
    }
}

#[test]
fn others_sign_what_the_sample_says() {
    let forge = black_box(&[sample_text("es256", CLAIMS)], None);
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
    let unsigned = json!({ "header": { "alg": "none" }, "claims": { "sub": "admin" }, "then": ["strip-signature"] });
    let unsigned = minted(&forge, unsigned).unwrap();
    assert_eq!(json(&unsigned.header), json!({ "kid": "their-key", "alg": "none" }));
    assert_eq!(json(&unsigned.payload)["sub"], "admin");
    assert_eq!((json(&unsigned.payload)["iss"].clone(), unsigned.signature.len()), (json!("https://idp.example"), 0));
    // What the ordinary recipe would say and theirs does not is not put in.
    assert_eq!(json(&unsigned.payload).get("exp"), None);
    let rogue = minted(&forge, json!({ "sign": { "key": "rogue" }, "header": { "kid": "${kid:active}" } })).unwrap();
    assert_eq!(json(&rogue.header), json!({ "kid": "their-key", "alg": "ES256" }));
    assert_eq!(rogue.payload, CLAIMS.as_bytes());
    let secret = json!({ "mutate": [{ "hmac-with-secret": { "alg": "HS256", "secret": { "text": "" } } }] });
    assert_eq!(json(&minted(&forge, secret).unwrap().header)["alg"], "HS256");
}

#[test]
fn a_published_key_is_found_by_its_signature() {
    let (key, _) = FORGE.ring().key("rs256").unwrap();
    let text = sample_text("rs256", CLAIMS);
    let forge = black_box(std::slice::from_ref(&text), Some(&FORGE.ring().jwks()));
    let confused = json!({ "mutate": [{ "hmac-with-public-key": { "alg": "HS256", "encoding": "spki-pem" } }] });
    let token = minted(&forge, confused.clone()).unwrap();
    let pem = public_form(&key, FORGE.ring(), crate::model::mutation::PublicKeyForm::SpkiPem).unwrap();
    let input = token.bytes.iter().rposition(|byte| *byte == b'.').unwrap();
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &pem), &token.bytes[..input]);
    assert_eq!(token.signature, mac.as_ref());
    // Not known, it has no form.
    assert!(matches!(minted(&black_box(&[text], None), confused), Err(ForgeError::NoSuchForm(..))));
    let samples = Samples::new(SampleToken::read_all(&sample_text("rogue-rs256", CLAIMS)).unwrap()).unwrap();
    let error = ring_of_issuer(&samples.all(), Some(&FORGE.ring().jwks()), false).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("no key of the key set"), "{error}");
}

#[test]
fn a_second_sample_lends_its_signature() {
    let [one, other] = [CLAIMS.to_owned(), CLAIMS.replace("alice", "bob")].map(|claims| sample_text("es256", &claims));
    let forge = black_box(&[one.clone(), other.clone()], None);
    let token = minted(&forge, json!({ "then": ["signature-of-another"] })).unwrap().text();
    assert_eq!(token.rsplit_once('.').unwrap().0, one.rsplit_once('.').unwrap().0);
    assert_eq!(token.rsplit_once('.').unwrap().1, other.rsplit_once('.').unwrap().1);
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader_or_is_quoted(text in "\\PC{0,60}", dots in "[a-zA-Z0-9_.=-]{10,60}") {
        for text in [text, dots] {
            if let Err(error) = SampleToken::read_all(&text) {
                prop_assert!(text.len() < 8 || !error.to_string().contains(&text));
            }
        }
    }
}
