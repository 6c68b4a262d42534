//! Published vectors: objects whose bytes somebody else printed, with their keys and the verdict owed
//! (`vectors/frozen/*.json`, and corpora that a user brings).
//!
//! A vector needs a target that takes keys of ours for one question: a library behind an adapter, or a validator in
//! this process. Everybody knows these keys, so no service is made to trust them.

use super::{
    alg::Alg,
    case::Case,
    expect::{Expect, Policy},
    spec::{Level, Reference, Severity, display_as_word},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// A file of vectors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VectorFile {
    /// `vectors/1`.
    pub format: VectorFormat,
    /// The first part of the ids: `vectors` for those of the RFCs.
    pub family: String,
    /// Where they come from.
    pub source: VectorSource,
    /// The vectors, by the keys that they need.
    pub groups: Vec<VectorGroup>,
}

/// The format line of a file of vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum VectorFormat {
    /// The first version.
    #[serde(rename = "vectors/1")]
    V1,
}

/// Where vectors come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VectorSource {
    /// Who published them: `RFC 7515, appendix A`.
    pub name: String,
    /// What they are about, in a sentence.
    pub about: String,
    /// The licence of the values.
    pub license: String,
    /// Where they can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Vectors under the same keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VectorGroup {
    /// What they have in common.
    pub about: String,
    /// JWKs that check signatures: public ones, or `oct` ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Value>,
    /// JWKs that decrypt: private or shared ones. The password of PBES2 is the `k` of an `oct` key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decryption_keys: Vec<Value>,
    /// The algorithms to allow, of signatures and of key management. Where absent, those that the keys name, or else the
    /// one that the vector's header names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<String>,
    /// The issuer to trust, for questions about claims; the run's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The audience to be, for questions about claims; the run's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The vectors.
    pub vectors: Vec<Vector>,
}

/// One vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Vector {
    /// The second part of its id: lower case, digits, hyphens. Vectors of one name are variants of one case.
    pub name: String,
    /// The part behind the colon, where there are several of a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The right behaviour, in the present tense.
    pub title: String,
    /// Why it matters, or what is special about it.
    pub why: String,
    /// What is asked.
    pub ask: VectorAsk,
    /// The object as printed: a compact serialisation, or the text of a JSON one.
    pub token: String,
    /// Seconds since the epoch at which claims are to be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<i64>,
    /// What is inside, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// The verdict owed.
    pub verdict: Expect,
    /// How binding.
    #[serde(default = "must")]
    pub level: Level,
    /// How bad a failure is.
    #[serde(default = "medium")]
    pub severity: Severity,
    /// Which declared choice decides a verdict that may be either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Clauses and sources.
    pub refs: Vec<Reference>,
    /// What is wrong with it, or to be known before anybody is blamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erratum: Option<String>,
}

/// Private keys that RFCs print (`vectors/published-keys.json`), so that they can sign claims of today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PublishedKeys {
    /// `published-keys/1`.
    pub format: PublishedKeysFormat,
    /// A word of warning.
    pub about: String,
    /// The keys, by the place where they stand: `rfc7515-a-2`.
    pub keys: BTreeMap<String, PublishedKey>,
}

/// The format line of a file of published keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PublishedKeysFormat {
    /// The first version.
    #[serde(rename = "published-keys/1")]
    V1,
}

/// One private key that everybody knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PublishedKey {
    /// The algorithm that it signs with.
    pub alg: Alg,
    /// The private JWK as printed.
    pub jwk: Map<String, Value>,
}

fn must() -> Level {
    Level::Must
}

fn medium() -> Severity {
    Severity::Medium
}

/// What is asked about a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VectorAsk {
    /// Is the signature or MAC good? No claim is looked at.
    VerifyJws,
    /// Does it open, and what is inside?
    Decrypt,
    /// Is it a good token at that time?
    Validate,
}

display_as_word! {
    VectorAsk { VerifyJws => "verify-jws", Decrypt => "decrypt", Validate => "validate" }
}

/// A vector ready to be shown: what it states, as a case, and what it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Id, title, grade and expectation. Its recipes are empty: the bytes are printed.
    pub case: Case,
    /// The object as printed.
    pub token: String,
    /// What is asked.
    pub ask: VectorAsk,
    /// When claims are judged.
    pub now: Option<i64>,
    /// What is inside.
    pub payload: Option<Vec<u8>>,
    /// What is to be known before anybody is blamed.
    pub erratum: Option<String>,
    /// Its group: keys, algorithms, issuer.
    pub group: Arc<VectorGroup>,
}

impl Vector {
    /// The bytes that are inside; `None` where it says nothing of them.
    ///
    /// # Errors
    /// They are no base64url.
    pub fn payload_bytes(&self) -> Result<Option<Vec<u8>>, base64::DecodeError> {
        self.payload.as_ref().map(|text| URL_SAFE_NO_PAD.decode(text)).transpose()
    }
}

impl Published {
    /// The members that the object's header names: of the protected header, and in a JSON serialisation of the others.
    /// Empty where nothing can be read.
    #[must_use]
    pub fn header(&self) -> Map<String, Value> {
        header_of(&self.token)
    }
}

/// The header of a compact or JSON serialisation, as far as it can be read.
#[must_use]
pub fn header_of(token: &str) -> Map<String, Value> {
    let decoded = |segment: &str| -> Map<String, Value> {
        URL_SAFE_NO_PAD.decode(segment).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    };
    let Ok(Value::Object(form)) = serde_json::from_str(token) else {
        return decoded(token.split('.').next().unwrap_or_default());
    };
    let first = ["signatures", "recipients"].iter().find_map(|name| form.get(*name)?.get(0)).and_then(Value::as_object);
    let mut header = Map::new();
    for part in [Some(&form), first].into_iter().flatten() {
        for name in ["unprotected", "header"] {
            header.extend(part.get(name).and_then(Value::as_object).cloned().unwrap_or_default());
        }
        header.extend(part.get("protected").and_then(Value::as_str).map(decoded).unwrap_or_default());
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_header_is_read_from_every_serialisation() {
        let alg = |token: &str| header_of(token).get("alg").cloned();
        let protected = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
        assert_eq!(alg(&format!("{protected}.x.y")), Some(json!("HS256")));
        let forms = [
            json!({ "protected": protected, "payload": "x", "signature": "y" }),
            json!({ "payload": "x", "signatures": [{ "protected": protected, "signature": "y" }] }),
            json!({ "header": { "alg": "HS256" }, "payload": "x", "signature": "y" }),
            json!({ "recipients": [{ "header": { "alg": "HS256" } }], "ciphertext": "z" }),
        ];
        for form in forms {
            assert_eq!(alg(&form.to_string()), Some(json!("HS256")), "{form}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = header_of(&text);
        }
    }
}
