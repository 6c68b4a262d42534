//! The built-in validator behind the adapter protocol: a worked example of an adapter, and a peer for its tests.

use super::{flaw::Flaw, validator::Builtin};
use crate::{
    model::{
        Alg, Capability, Period, Secret, TrustConfig,
        access::AccessRules,
        adapter::{
            AdapterError, AdapterInfo, AdapterReply, AdapterRequest, AdapterVerdict, Ask, ConfigureDecryption, PROTOCOL,
        },
        target::Decryption,
    },
    target::protocol::{Answer, Contents, Validator, token_bytes},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::io::{self, BufRead, Write};

/// Answers questions until `bye`, or until there are no more. It allows `algorithms` at the most.
///
/// # Errors
/// The questions cannot be read, or the replies not be written.
pub fn answer_questions(
    flaw: Option<Flaw>,
    algorithms: &[Alg],
    questions: impl BufRead,
    mut replies: impl Write,
) -> io::Result<()> {
    let mut validator = Builtin::new(flaw);
    for line in questions.lines() {
        let line = line?;
        let request: AdapterRequest = match serde_json::from_str(&line) {
            Ok(request) => request,
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        };
        if request.ask == Ask::Bye {
            return Ok(());
        }
        let reply = AdapterReply { seq: request.seq, ..reply(&mut validator, algorithms, request.ask) };
        serde_json::to_writer(&mut replies, &reply)?;
        replies.write_all(b"\n")?;
        replies.flush()?;
    }
    Ok(())
}

fn reply(validator: &mut Builtin, algorithms: &[Alg], ask: Ask) -> AdapterReply {
    let nothing = AdapterReply::default();
    match ask {
        Ask::Hello { protocol } if protocol != PROTOCOL => {
            let message = format!("wanted protocol {PROTOCOL}, found {protocol}");
            AdapterReply { error: Some(AdapterError { message, ..AdapterError::default() }), ..nothing }
        }
        Ask::Hello { .. } => {
            let mut provides: Vec<Capability> = algorithms.iter().copied().map(Capability::Alg).collect();
            provides.extend([Capability::ControlClock, Capability::ClaimsReturned]);
            let info = AdapterInfo {
                name: "builtin".into(),
                version: env!("CARGO_PKG_VERSION").into(),
                language: "rust".into(),
                provides,
            };
            AdapterReply { ok: Some(info), ..nothing }
        }
        Ask::Configure(trust) => {
            validator.configure(&TrustConfig {
                issuer: trust.issuer,
                audience: trust.audience,
                algorithms: trust.algorithms.iter().filter_map(|name| name.parse().ok()).collect(),
                leeway: Period::from_secs(u64::try_from(trust.leeway).unwrap_or_default()),
                typ: trust.typ,
                jwks_uri: None,
                keys: trust.keys,
                rules: AccessRules::default(),
                decryption: trust.decryption.map(decryption).unwrap_or_default(),
                second: None,
            });
            AdapterReply { ok: Some(AdapterInfo::default()), ..nothing }
        }
        Ask::Validate { shown, now } => {
            let Some(token) = token_bytes(&shown) else { return about_contents(None) };
            match validator.validate(&token, now) {
                Answer::Accept(claims) => {
                    AdapterReply { verdict: Some(AdapterVerdict::Accept), claims: Some(claims), ..nothing }
                }
                Answer::Reject(reason) => {
                    AdapterReply { verdict: Some(AdapterVerdict::Reject), reason: Some(reason), ..nothing }
                }
                Answer::Error(message) => {
                    AdapterReply { error: Some(AdapterError { message, ..AdapterError::default() }), ..nothing }
                }
            }
        }
        Ask::VerifyJws { shown } => about_contents(token_bytes(&shown).map(|jws| validator.verify_jws(&jws))),
        Ask::Decrypt { shown } => about_contents(token_bytes(&shown).map(|jwe| validator.decrypt(&jwe))),
        Ask::Bye => nothing,
    }
}

/// The reply about a bare JWS or JWE; `None` where the question holds none.
fn about_contents(answer: Option<Contents>) -> AdapterReply {
    let nothing = AdapterReply::default();
    let error = |message| Some(AdapterError { message, ..AdapterError::default() });
    match answer {
        None => AdapterReply { error: error("wanted `token` or `token-base64`".into()), ..nothing },
        Some(Contents::Good(payload)) => AdapterReply {
            verdict: Some(AdapterVerdict::Accept),
            payload_base64: Some(STANDARD.encode(payload)),
            ..nothing
        },
        Some(Contents::Refused(reason)) => {
            AdapterReply { verdict: Some(AdapterVerdict::Reject), reason: Some(reason), ..nothing }
        }
        Some(Contents::Failed(message)) => AdapterReply { error: error(message), ..nothing },
        Some(Contents::Unsupported(why)) => AdapterReply { skipped: Some(why), ..nothing },
    }
}

fn decryption(told: ConfigureDecryption) -> Decryption {
    Decryption {
        algorithms: told.algorithms.iter().filter_map(|name| name.parse().ok()).collect(),
        content: told.content_encryption.iter().filter_map(|name| name.parse().ok()).collect(),
        keys: Some(Secret::new(told.keys.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn talk(questions: &[Value]) -> Vec<Value> {
        let lines: Vec<String> = questions.iter().map(Value::to_string).collect();
        let mut replies = Vec::new();
        answer_questions(None, &[Alg::Es256], lines.join("\n").as_bytes(), &mut replies).unwrap();
        String::from_utf8(replies).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn each_question_gets_its_reply_until_bye() {
        let replies = talk(&[
            json!({ "seq": 1, "do": "hello", "protocol": 1 }),
            json!({ "seq": 2, "do": "configure", "issuer": "i", "audience": "a", "algorithms": ["ES256"], "leeway": 0,
                    "typ": "JWT", "keys": { "keys": [] } }),
            json!({ "seq": 3, "do": "validate", "token": "not-a-token", "now": 7 }),
            json!({ "seq": 4, "do": "verify-jws", "token": "a.b.c" }),
            json!({ "seq": 5, "do": "bye" }),
            json!({ "seq": 6, "do": "hello", "protocol": 1 }),
        ]);
        assert_eq!(replies.len(), 4);
        assert_eq!(replies[0]["ok"]["provides"], json!(["alg:ES256", "control:clock", "claims:returned"]));
        assert_eq!((&replies[1]["seq"], &replies[1]["ok"]), (&json!(2), &json!({})));
        assert_eq!((&replies[2]["verdict"], &replies[2]["reason"]), (&json!("reject"), &json!("malformed")));
        assert_eq!((&replies[3]["verdict"], &replies[3]["reason"]), (&json!("reject"), &json!("malformed")));
    }

    #[test]
    fn a_question_that_is_none_ends_it() {
        let mut replies = Vec::new();
        let error = answer_questions(None, &[Alg::Es256], &b"{\"seq\":1,\"do\":\"dance\"}"[..], &mut replies);
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
