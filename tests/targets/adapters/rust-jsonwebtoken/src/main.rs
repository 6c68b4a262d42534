//! jsonwebtoken behind the adapter protocol: one question a line on standard input, one reply a line on standard output.

use std::{
    collections::HashMap,
    io::{self, BufRead, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    errors::{Error, ErrorKind},
    jwk::{Jwk, JwkSet},
};
use serde_json::{Value, json};

type Claims = HashMap<String, Value>;

const ALGORITHMS: [&str; 12] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "HS256", "HS384", "HS512"];

/// Whom to trust.
struct Trust {
    issuer: String,
    audience: String,
    algorithms: Vec<Algorithm>,
    leeway: u64,
    /// A set that jsonwebtoken refuses as a whole is refused again with each token.
    keys: Result<JwkSet, String>,
}

impl Trust {
    fn new(ask: &Value) -> Trust {
        let text = |name: &str| ask[name].as_str().unwrap_or_default().to_owned();
        let algorithms = ask["algorithms"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Trust {
            issuer: text("issuer"),
            audience: text("audience"),
            algorithms: algorithms.filter_map(|name| name.parse().ok()).collect(),
            leeway: ask["leeway"].as_u64().unwrap_or_default(),
            keys: serde_json::from_value(ask["keys"].clone()).map_err(|error| error.to_string()),
        }
    }

    fn validate(&self, token: &[u8]) -> Value {
        let kid = match decode_header(token) {
            Ok(header) => header.kid,
            Err(error) => return refused(&error),
        };
        let keys = match &self.keys {
            Ok(keys) => keys,
            Err(error) => return json!({ "verdict": "reject", "reason": error }),
        };
        let Some(key) = find(keys, kid.as_deref()) else {
            return json!({ "verdict": "reject", "reason": "no such key" });
        };
        match self.decode(token, key) {
            Ok(claims) => json!({ "verdict": "accept", "claims": claims }),
            Err(error) => refused(&error),
        }
    }

    fn decode(&self, token: &[u8], key: &Jwk) -> Result<Claims, Error> {
        let key = DecodingKey::from_jwk(key)?;
        // The library refuses a Validation that lists an algorithm of another family than the key's.
        let family = key.family();
        let mut validation = Validation {
            algorithms: self.algorithms.iter().copied().filter(|alg| alg.family() == family).collect(),
            leeway: self.leeway,
            ..Validation::default()
        };
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        Ok(decode::<Claims>(token, &key, &validation)?.claims)
    }
}

/// The key of that name; the only one where the token names none.
fn find<'a>(keys: &'a JwkSet, kid: Option<&str>) -> Option<&'a Jwk> {
    match (kid, keys.keys.as_slice()) {
        (Some(kid), _) => keys.find(kid),
        (None, [only]) => Some(only),
        _ => None,
    }
}

fn refused(error: &Error) -> Value {
    let kind: &ErrorKind = error.kind();
    json!({ "verdict": "reject", "reason": format!("{kind:?}") })
}

fn token(ask: &Value) -> Vec<u8> {
    match ask["token"].as_str() {
        Some(token) => token.as_bytes().to_vec(),
        None => STANDARD.decode(ask["token-base64"].as_str().unwrap_or_default()).unwrap_or_default(),
    }
}

fn answer(trust: &mut Option<Trust>, ask: &Value) -> Value {
    match (ask["do"].as_str().unwrap_or_default(), &trust) {
        ("hello", _) => {
            let provides = ALGORITHMS.iter().map(|alg| format!("alg:{alg}")).chain(["claims:returned".to_owned()]);
            let provides: Vec<String> = provides.collect();
            json!({ "ok": { "name": "jsonwebtoken", "version": "11.1.0", "language": "rust", "provides": provides } })
        }
        ("configure", _) => {
            *trust = Some(Trust::new(ask));
            json!({ "ok": {} })
        }
        ("validate", Some(trust)) => trust.validate(&token(ask)),
        (other, _) => json!({ "skipped": format!("no call for {other}") }),
    }
}

fn main() -> io::Result<()> {
    let mut trust = None;
    let mut replies = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let ask: Value = serde_json::from_str(&line?)?;
        if ask["do"] == "bye" {
            break;
        }
        let mut reply = catch_unwind(AssertUnwindSafe(|| answer(&mut trust, &ask))).unwrap_or_else(|panicked| {
            let said = panicked.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panicked.downcast_ref::<&str>().copied()).unwrap_or("a panic");
            json!({ "error": { "message": said } })
        });
        reply["seq"] = ask["seq"].clone();
        writeln!(replies, "{reply}")?;
        replies.flush()?;
    }
    Ok(())
}
