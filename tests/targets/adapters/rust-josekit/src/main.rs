//! josekit behind the adapter protocol: one question a line on standard input, one reply a line on standard output.

mod algorithms;

use std::{
    collections::HashMap,
    io::{self, BufRead, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime},
};

use algorithms::{SIGNATURES, decrypter, verifier};
use base64::{Engine, engine::general_purpose::STANDARD};
use josekit::{
    JoseError,
    jwe::{self, JweDecrypter},
    jwk::{Jwk, JwkSet},
    jws::{self, JwsHeader, JwsVerifier},
    jwt::{self, JwtPayloadValidator},
};
use serde_json::{Value, json};

/// Whom to trust.
struct Trust {
    issuer: String,
    audience: String,
    /// By key name and algorithm: josekit makes a verifier for one algorithm of one key.
    verifiers: HashMap<(Option<String>, String), Box<dyn JwsVerifier>>,
    /// A set that josekit refuses as a whole is refused again with each token.
    refused: Option<String>,
    /// By algorithm.
    decrypters: HashMap<String, Box<dyn JweDecrypter>>,
    content_encryption: Vec<String>,
}

impl Trust {
    fn new(ask: &Value) -> Trust {
        let mut trust = Trust {
            issuer: ask["issuer"].as_str().unwrap_or_default().to_owned(),
            audience: ask["audience"].as_str().unwrap_or_default().to_owned(),
            verifiers: HashMap::new(),
            refused: None,
            decrypters: HashMap::new(),
            content_encryption: texts(&ask["decryption"]["content-encryption"]),
        };
        match JwkSet::from_bytes(ask["keys"].to_string()) {
            Ok(set) => {
                for (key, alg) in pairs(&set.keys(), &texts(&ask["algorithms"])) {
                    if let Some(verifier) = verifier(&alg, key) {
                        trust.verifiers.entry((key.key_id().map(str::to_owned), alg)).or_insert(verifier);
                    }
                }
            }
            Err(error) => trust.refused = Some(class(&error)),
        }
        if let Ok(set) = JwkSet::from_bytes(ask["decryption"]["keys"].to_string()) {
            for (key, alg) in pairs(&set.keys(), &texts(&ask["decryption"]["algorithms"])) {
                if let Some(decrypter) = decrypter(&alg, key) {
                    trust.decrypters.insert(alg, decrypter);
                }
            }
        }
        trust
    }

    fn verifier(&self, header: &JwsHeader) -> Option<&dyn JwsVerifier> {
        let name = (header.key_id().map(str::to_owned), header.algorithm()?.to_owned());
        self.verifiers.get(&name).map(AsRef::as_ref)
    }

    fn decrypted(&self, token: &[u8]) -> Result<Vec<u8>, JoseError> {
        let token = String::from_utf8_lossy(token);
        let chosen = jwe::deserialize_compact_with_selector(&token, |header| {
            let known = |enc: &str| self.content_encryption.iter().any(|known| known == enc);
            let allowed = header.content_encryption().is_some_and(known);
            let named = header.algorithm().filter(|_| allowed).and_then(|alg| self.decrypters.get(alg));
            Ok(named.map(AsRef::as_ref))
        });
        Ok(chosen?.0)
    }

    fn validate(&self, token: &[u8], now: u64) -> Result<Value, JoseError> {
        // Five parts are encrypted (RFC 7516 section 9): the signed token is inside.
        let encrypted = !self.decrypters.is_empty() && token.split(|byte| *byte == b'.').count() == 5;
        let token = if encrypted { self.decrypted(token)? } else { token.to_vec() };
        let (payload, _) = jwt::decode_with_verifier_selector(&token, |header| Ok(self.verifier(header)))?;
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
        let mut validator = JwtPayloadValidator::new();
        // The latest `iat` that is taken is the clock's time where nothing else is said.
        validator.set_base_time(now);
        validator.set_max_issued_time(now);
        validator.set_issuer(&self.issuer);
        validator.set_audience(&self.audience);
        validator.validate(&payload)?;
        Ok(json!({ "verdict": "accept", "claims": payload.claims_set() }))
    }

    fn verify_jws(&self, token: &[u8]) -> Result<Value, JoseError> {
        let (payload, _) = jws::deserialize_compact_with_selector(token, |header| Ok(self.verifier(header)))?;
        Ok(json!({ "verdict": "accept", "payload-base64": STANDARD.encode(payload) }))
    }

    fn decrypt(&self, token: &[u8]) -> Result<Value, JoseError> {
        if self.decrypters.is_empty() {
            return Ok(json!({ "skipped": "configured without decryption keys" }));
        }
        Ok(json!({ "verdict": "accept", "payload-base64": STANDARD.encode(self.decrypted(token)?) }))
    }

    fn judge(&self, ask: &Value) -> Value {
        if let Some(reason) = &self.refused {
            return json!({ "verdict": "reject", "reason": reason });
        }
        let token = match ask["token"].as_str() {
            Some(token) => token.as_bytes().to_vec(),
            None => STANDARD.decode(ask["token-base64"].as_str().unwrap_or_default()).unwrap_or_default(),
        };
        let judged = match ask["do"].as_str().unwrap_or_default() {
            "validate" => self.validate(&token, ask["now"].as_u64().unwrap_or_default()),
            "verify-jws" => self.verify_jws(&token),
            "decrypt" => self.decrypt(&token),
            other => return json!({ "skipped": format!("no call for {other}") }),
        };
        judged.unwrap_or_else(|error| json!({ "verdict": "reject", "reason": class(&error) }))
    }
}

fn pairs<'a>(keys: &[&'a Jwk], algorithms: &[String]) -> Vec<(&'a Jwk, String)> {
    keys.iter().flat_map(|key| algorithms.iter().map(|alg| (*key, alg.clone()))).collect()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The name of the error's variant, and what it says.
fn class(error: &JoseError) -> String {
    let variant = format!("{error:?}");
    format!("{}: {error}", variant.split('(').next().unwrap_or_default())
}

fn answer(trust: &mut Option<Trust>, ask: &Value) -> Value {
    match (ask["do"].as_str().unwrap_or_default(), &trust) {
        ("hello", _) => {
            let known = SIGNATURES.iter().map(|alg| format!("alg:{alg}"));
            let provides: Vec<String> =
                known.chain(["control:clock".to_owned(), "claims:returned".to_owned()]).collect();
            json!({ "ok": { "name": "josekit", "version": "0.10.3", "language": "rust", "provides": provides } })
        }
        ("configure", _) => {
            *trust = Some(Trust::new(ask));
            json!({ "ok": {} })
        }
        (_, Some(trust)) => trust.judge(ask),
        (other, None) => json!({ "skipped": format!("not configured: {other}") }),
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
