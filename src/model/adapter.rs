//! What the harness and a library's adapter say to each other: one JSON object a line, protocol version 1.
//!
//! The harness asks on the adapter's standard input, each question with a `seq` of its own; the adapter answers on its
//! standard output, in any order, with the same `seq`. Its standard error is free text. Questions may come before
//! earlier ones are answered.

use super::capability::Capability;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::Value;

/// The version of the protocol that this harness speaks.
pub const PROTOCOL: u32 = 1;

/// One question to an adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct AdapterRequest {
    /// The number that the reply repeats.
    pub seq: u64,
    /// What is asked.
    #[serde(flatten)]
    pub ask: Ask,
}

/// What an adapter can be asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Ask {
    /// Who are you? Always the first question of a process.
    Hello {
        /// The version of the protocol that the harness speaks.
        protocol: u32,
    },
    /// Trust this issuer and these keys from now on, and forget earlier ones. It comes again whenever the keys change.
    Configure(Box<Configure>),
    /// Is this token good for an API, as if the clock showed `now`?
    Validate {
        /// The token.
        #[serde(flatten)]
        shown: TokenText,
        /// Seconds since the epoch.
        now: i64,
    },
    /// Is the signature of this JWS good? Its payload need not be a set of claims; no claim is to be looked at.
    VerifyJws {
        /// The JWS.
        #[serde(flatten)]
        shown: TokenText,
    },
    /// What is inside this JWE?
    Decrypt {
        /// The JWE.
        #[serde(flatten)]
        shown: TokenText,
    },
    /// No more questions: end.
    Bye,
}

/// Whom to trust.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Configure {
    /// The `iss` of good tokens.
    pub issuer: String,
    /// The `aud` of good tokens.
    pub audience: String,
    /// The algorithms to allow, by their names in a JOSE header.
    pub algorithms: Vec<String>,
    /// Clock leeway in seconds.
    pub leeway: i64,
    /// The `typ` of good tokens.
    pub typ: String,
    /// The trusted keys as a JWK set (RFC 7517 section 5): public ones, and `oct` ones where HMAC is allowed.
    pub keys: Value,
    /// How to decrypt, for a target whose file says what it `decrypts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decryption: Option<ConfigureDecryption>,
}

/// How to decrypt, and with which keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ConfigureDecryption {
    /// Key management to allow, by its names in a JOSE header.
    pub algorithms: Vec<String>,
    /// Content encryption to allow.
    pub content_encryption: Vec<String>,
    /// A JWK set of private and shared keys: one for each algorithm, which its `alg` names.
    pub keys: Value,
}

/// A token as text, or as bytes where it is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TokenText {
    /// The token, where it is UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Its bytes in base64 (RFC 4648 section 4), where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_base64: Option<String>,
}

/// One reply: exactly one of `ok`, `verdict`, `skipped` and `error`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AdapterReply {
    /// The number of the question.
    pub seq: u64,
    /// The answer to `hello`; to `configure` an empty object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<AdapterInfo>,
    /// The answer to a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<AdapterVerdict>,
    /// Why a token was refused: the class of error, in a word or a few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The claims of an accepted token, as the application gets them from the library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Value>,
    /// The payload of a good JWS or JWE in base64 (RFC 4648 section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_base64: Option<String>,
    /// The library has no way to be asked this; the text says what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// The library fell over, in a way that is no refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<AdapterError>,
}

/// Who an adapter is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AdapterInfo {
    /// The library's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The language that the adapter is written in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// What the library can do: `alg:RS256` and so on, `control:clock` where `now` is obeyed, `claims:returned`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provides: Vec<Capability>,
}

/// What an adapter says of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdapterVerdict {
    /// The library takes it.
    Accept,
    /// The library refuses it.
    Reject,
}

/// How a library fell over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AdapterError {
    /// What it said.
    pub message: String,
    /// Where, for a person to read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trace: String,
}

/// What of a reply can be read where a library hands on what no text can hold: half of a surrogate pair, a number beyond
/// all doubles, a thousand lists in each other. The verdict counts all the same.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct BareReply {
    seq: u64,
    verdict: Option<AdapterVerdict>,
    error: Option<IgnoredAny>,
    #[serde(rename = "reason")]
    _reason: Option<IgnoredAny>,
    #[serde(rename = "claims")]
    _claims: Option<IgnoredAny>,
    #[serde(rename = "payload-base64")]
    _payload: Option<IgnoredAny>,
}

impl AdapterReply {
    /// Reads one line. Claims, and words for people, that cannot be read are left out of a verdict or an error.
    ///
    /// # Errors
    /// It is no reply of the protocol.
    pub fn read(line: &str) -> serde_json::Result<AdapterReply> {
        serde_json::from_str(line).or_else(|error| match serde_json::from_str(line) {
            Ok(BareReply { seq, verdict: verdict @ Some(_), error: None, .. }) => {
                Ok(AdapterReply { seq, verdict, ..AdapterReply::default() })
            }
            Ok(BareReply { seq, verdict: None, error: Some(_), .. }) => {
                let told =
                    AdapterError { message: "an error in words that cannot be read".into(), ..Default::default() };
                Ok(AdapterReply { seq, error: Some(told), ..AdapterReply::default() })
            }
            _ => Err(error),
        })
    }

    /// Whether it says exactly one thing.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let said = [self.ok.is_some(), self.verdict.is_some(), self.skipped.is_some(), self.error.is_some()];
        said.into_iter().filter(|said| *said).count() == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn questions_are_flat() {
        let asked = |ask| serde_json::to_value(AdapterRequest { seq: 3, ask }).unwrap();
        assert_eq!(asked(Ask::Hello { protocol: 1 }), json!({ "seq": 3, "do": "hello", "protocol": 1 }));
        let shown = TokenText { token: Some("a.b.c".into()), token_base64: None };
        let validate = Ask::Validate { shown, now: 7 };
        assert_eq!(asked(validate.clone()), json!({ "seq": 3, "do": "validate", "token": "a.b.c", "now": 7 }));
        let read: AdapterRequest = serde_json::from_value(asked(validate.clone())).unwrap();
        assert_eq!(read.ask, validate);
        assert_eq!(asked(Ask::Bye), json!({ "seq": 3, "do": "bye" }));
    }

    #[test]
    fn a_verdict_counts_though_its_claims_cannot_be_read() {
        let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
        for claims in [r#"{"sub":"\ud800"}"#, r#"{"n":1e400}"#, &format!(r#"{{"n":{deep}}}"#)] {
            let line = format!(r#"{{"seq":3,"verdict":"accept","claims":{claims}}}"#);
            assert!(serde_json::from_str::<AdapterReply>(&line).is_err(), "{line}");
            let read = AdapterReply::read(&line).unwrap();
            assert_eq!((read.seq, read.verdict, read.claims), (3, Some(AdapterVerdict::Accept), None));
        }
        let error = AdapterReply::read(r#"{"seq":4,"error":{"message":"\ud800"}}"#).unwrap();
        assert!(error.is_well_formed() && error.error.is_some());
        for wrong in [
            r#"{"seq":3,"verdict":"accept","claims":{"n":NaN}}"#,
            r#"{"seq":3,"verdict":"accept","claims":{"n":1}"#,
            r#"{"seq":3,"verdict":"accept","error":{"message":"\ud800"}}"#,
            r#"{"seq":3,"verdict":"perhaps","claims":{}}"#,
            r#"{"seq":3,"claims":{"n":1e400}}"#,
        ] {
            assert!(AdapterReply::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reply_says_one_thing() {
        let reply = |value| serde_json::from_value::<AdapterReply>(value);
        assert!(reply(json!({ "seq": 1, "verdict": "accept", "claims": {} })).unwrap().is_well_formed());
        assert!(!reply(json!({ "seq": 1, "verdict": "accept", "skipped": "no" })).unwrap().is_well_formed());
        assert!(!reply(json!({ "seq": 1 })).unwrap().is_well_formed());
        assert!(reply(json!({ "seq": 1, "verdit": "accept" })).is_err());
        let known = reply(json!({ "seq": 1, "ok": { "provides": ["alg:ES256"] } })).unwrap().ok.unwrap();
        assert_eq!(known.provides[0].to_string(), "alg:ES256");
        let error = reply(json!({ "seq": 1, "ok": { "provides": ["es256"] } })).unwrap_err().to_string();
        assert!(error.contains("unknown capability"), "{error}");
    }
}
