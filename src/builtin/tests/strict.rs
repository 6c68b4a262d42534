//! What strict takes. What it refuses is in `exploits.rs`.

use super::super::testing::*;
use crate::{
    model::{Alg, Capability},
    target::protocol::{Answer, Validator},
};
use serde_json::{Value, json};

#[test]
fn good_tokens_of_every_algorithm_are_accepted_and_their_claims_returned() {
    let validator = validator(None, &trust(Alg::ALL, "JWT"));
    for alg in Alg::ALL {
        assert_eq!(validator.validate(good(*alg).as_bytes(), NOW), Answer::Accept(claims()), "{alg}");
        let forged = rogue(*alg).token(*alg, &header(*alg).to_string(), &claims().to_string());
        assert_eq!(validator.validate(forged.as_bytes(), NOW), Answer::Reject("signature".into()), "{alg}");
    }
    assert_eq!(validator.provides().len(), Alg::ALL.len() + 7);
    assert!(validator.provides().contains(&Capability::Alg(Alg::Es256k)));
}

#[test]
fn harmless_differences_are_accepted() {
    let validator = validator(None, &trust(USUAL, "JWT"));
    let fine = [
        signed(&header_with("kid", Value::Null), &claims().to_string()),
        signed(&header_with("typ", Value::Null), &claims().to_string()),
        signed(&header_with("typ", json!("application/JWT")), &claims().to_string()),
        signed(&header_with("typ", json!("jwt")), &claims().to_string()),
        signed(&header_with("cty", json!("json")), &claims().to_string()),
        signed(&header_with("jwk", rogue(Alg::Rs256).jwk.clone()), &claims().to_string()),
        signed(&header_with("jku", json!("https://attacker.invalid/")), &claims().to_string()),
        signed(&header_with("x-trace", json!({ "a": [null] })), &claims().to_string()),
        signed(&header_with("Crit", json!(["x"])), &claims().to_string()),
        claiming(&claims_with("aud", json!(["https://other.example", AUDIENCE]))),
        claiming(&claims_with("exp", json!(1_800_000_000.5))),
        claiming(&claims_with("x", json!("\u{1f600} é \u{202e}"))),
        claiming(&claims_with("iat", json!(NOW + 3600))),
        claiming(&claims_with("nbf", Value::Null)),
        claiming(&claims_with("sub", json!("\\u0061\u{0}"))),
        claiming(&format!("\r\n\t {} ", claims())),
        claiming(&claims().to_string().replace("1800000300", "18.003e8")),
        claiming(&claims().to_string().replace("\"exp\"", "\"\\u0065xp\"").replace("https://", "https:\\/\\/")),
    ];
    for token in fine {
        let answer = validator.validate(token.as_bytes(), NOW);
        assert!(matches!(answer, Answer::Accept(_)), "{answer:?}: {token}");
    }
}

#[test]
fn leeway_and_boundaries_hold_to_the_second() {
    let mut lenient = trust(USUAL, "JWT");
    lenient.leeway = crate::model::Period::from_secs(60);
    let (exact, lenient) = (validator(None, &trust(USUAL, "JWT")), validator(None, &lenient));
    let expires = |at: i64| claiming(&claims_with("exp", json!(at)));
    let begins = |at: i64| claiming(&claims_with("nbf", json!(at)));
    assert!(!accepts(&exact, expires(NOW)) && accepts(&exact, expires(NOW + 1)));
    assert!(!accepts(&lenient, expires(NOW - 60)) && accepts(&lenient, expires(NOW - 59)));
    assert!(accepts(&exact, begins(NOW)) && !accepts(&exact, begins(NOW + 1)));
    assert!(accepts(&lenient, begins(NOW + 60)) && !accepts(&lenient, begins(NOW + 61)));
}

#[test]
fn an_access_token_target_wants_the_type_and_every_claim_of_rfc_9068() {
    let validator = validator(None, &trust(USUAL, "at+jwt"));
    assert!(validator.provides().contains(&Capability::ProfileAtJwt));
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT", "Application/At+Jwt"] {
        assert!(accepts(&validator, signed(&header_with("typ", json!(typ)), &claims().to_string())), "{typ}");
    }
    for typ in [Value::Null, json!("JWT"), json!("at+jwt "), json!(["at+jwt"]), json!("dpop+jwt")] {
        assert!(!accepts(&validator, signed(&header_with("typ", typ.clone()), &claims().to_string())), "{typ}");
    }
    for claim in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
        let token = signed(&header_with("typ", json!("at+jwt")), &claims_with(claim, Value::Null));
        assert!(!accepts(&validator, token), "{claim}");
    }
}

#[test]
fn keys_that_are_weak_broken_or_for_something_else_are_left_out() {
    let broken = |change: fn(&mut Value)| {
        let mut trust = trust(USUAL, "JWT");
        change(&mut trust.keys["keys"]);
        validator(None, &trust)
    };
    let none_of_these: [fn(&mut Value); 6] = [
        |keys| keys[0]["use"] = "enc".into(),
        |keys| keys[0]["key_ops"] = json!(["sign"]),
        |keys| keys[0]["alg"] = "ES256".into(),
        |keys| keys[0]["n"] = b64([0xc1; 128]).into(),
        |keys| keys[0]["e"] = 65537.into(),
        |keys| keys[0]["kid"] = 1.into(),
    ];
    for change in none_of_these {
        let validator = broken(change);
        assert!(!accepts(&validator, good(Alg::Rs256)));
        assert!(accepts(&validator, good(Alg::Es256)), "the others stay");
    }
    let off_the_curve = broken(|keys| keys[1]["y"] = keys[1]["x"].clone());
    assert!(!accepts(&off_the_curve, good(Alg::Es256)) && accepts(&off_the_curve, good(Alg::Rs256)));
    let among_strangers = broken(|keys| {
        for odd in [json!(null), json!("x"), json!({}), json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA" })] {
            keys.as_array_mut().unwrap().insert(0, odd);
        }
    });
    assert!(accepts(&among_strangers, good(Alg::Rs256)));
}

#[test]
fn an_hmac_key_shorter_than_the_hash_is_not_used() {
    let mut trust = trust(&[Alg::Hs256], "JWT");
    trust.keys = json!({ "keys": [{ "kty": "oct", "kid": "short", "k": b64([7; 31]) }] });
    let token = mac(&json!({ "alg": "HS256", "kid": "short" }).to_string(), &[7; 31]);
    assert!(!accepts(&validator(None, &trust), token));
}

#[test]
fn without_a_kid_the_key_must_be_certain() {
    let mut trust = trust(USUAL, "JWT");
    trust.keys["keys"].as_array_mut().unwrap().push(jwk(Alg::Rs256));
    let token = signed(&header_with("kid", Value::Null), &claims().to_string());
    assert!(!accepts(&validator(None, &trust), token));
}
