//! The documents that an issuer publishes, ready to be sent.

use super::error::IssuerError;
use crate::model::Alg;
use axum::{
    body::Bytes,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, TRANSFER_ENCODING},
    },
};
use serde_json::json;
use std::collections::BTreeMap;

/// How long a client may keep a document, unless the key set says otherwise.
const MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// What our side serves.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    /// The issuer's key set: the bytes to send, valid JSON or not.
    pub jwks: Vec<u8>,
    /// The rogue issuer's key set; the canary serves it as well.
    pub rogue_jwks: Vec<u8>,
    /// The algorithms that the metadata names.
    pub algorithms: Vec<Alg>,
    /// Header fields of the key set's answer; they replace ours of the same name.
    pub headers: BTreeMap<String, String>,
}

/// A key set as it is answered.
#[derive(Debug, Clone, Default)]
pub struct ServedSet {
    /// The bytes to send, valid JSON or not.
    pub body: Vec<u8>,
    /// Header fields; they replace ours of the same name, and an empty text takes ours away.
    pub headers: BTreeMap<String, String>,
    /// The status; 200 where absent.
    pub status: Option<u16>,
    /// Whether it is sent in chunks, without its length (RFC 9112 section 7.1).
    pub chunked: bool,
}

/// A document with the header fields that it is sent with.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) body: Bytes,
    pub(super) status: StatusCode,
    pub(super) chunked: bool,
    pub(super) headers: HeaderMap,
}

impl Document {
    /// A JSON document that clients may keep for a while.
    pub(super) fn new(body: Vec<u8>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, MAX_AGE);
        headers.insert(ETAG, entity_tag(&body));
        Document { body: body.into(), status: StatusCode::OK, chunked: false, headers }
    }

    /// A key set with header fields of its own.
    ///
    /// # Errors
    /// A header field that cannot be sent, or that would break the framing of the answer.
    pub(super) fn with_headers(body: Vec<u8>, extra: &BTreeMap<String, String>) -> Result<Self, IssuerError> {
        let mut document = Document::new(body);
        for (name, value) in extra {
            let refuse = |because| IssuerError::Header { name: name.clone(), because };
            let field: HeaderName = name.parse().map_err(|_| refuse("its name is not a token (RFC 9110 5.1)"))?;
            if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&field) {
                return Err(refuse("it frames the message, and only the server knows how"));
            }
            if value.is_empty() {
                document.headers.remove(field);
                continue;
            }
            let value = value.parse().map_err(|_| refuse("its value holds control characters"))?;
            document.headers.insert(field, value);
        }
        Ok(document)
    }

    /// A key set as it is to be answered.
    ///
    /// # Errors
    /// As [`Document::with_headers`], or a number that is no final status (RFC 9110 section 15).
    pub(super) fn of_set(set: &ServedSet) -> Result<Self, IssuerError> {
        let status = StatusCode::from_u16(set.status.unwrap_or(200)).ok().filter(|status| !status.is_informational());
        let status = status.ok_or(IssuerError::Status)?;
        Ok(Document { status, chunked: set.chunked, ..Document::with_headers(set.body.clone(), &set.headers)? })
    }

    /// Metadata (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2) of an issuer whose keys are at `jwks_uri`.
    pub(super) fn metadata(issuer: &str, jwks_uri: &str, algorithms: &[Alg]) -> Self {
        let metadata = json!({
            "issuer": issuer,
            "jwks_uri": jwks_uri,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "claims_supported": ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"],
            "id_token_signing_alg_values_supported": algorithms,
        });
        Document::new(metadata.to_string().into_bytes())
    }

    /// Whether a client that sent this `If-None-Match` already has the document (RFC 9110 section 13.1.2).
    pub(super) fn is_known_by(&self, if_none_match: &[u8]) -> bool {
        let Some(tag) = self.headers.get(ETAG).filter(|_| self.status == StatusCode::OK) else { return false };
        let opaque = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
        if_none_match
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            .any(|known| known == b"*" || opaque(known) == opaque(tag.as_bytes()))
    }
}

fn entity_tag(body: &[u8]) -> HeaderValue {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
    let hex: String = digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{hex}\"")).expect("hexadecimal digits in quotes are a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_follows_the_bytes() {
        let (one, two) = (Document::new(b"{}".to_vec()), Document::new(b"{ }".to_vec()));
        let tag = one.headers[ETAG].to_str().unwrap().to_owned();
        assert!(one.is_known_by(tag.as_bytes()));
        assert!(one.is_known_by(format!("\"x\", W/{tag}").as_bytes()));
        assert!(one.is_known_by(b"*"));
        assert!(!two.is_known_by(tag.as_bytes()));
        assert!(!one.is_known_by(b""));
    }

    #[test]
    fn own_header_fields_replace_ours_but_never_frame() {
        let extra = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let document = Document::with_headers(Vec::new(), &extra("cache-CONTROL", "no-store")).unwrap();
        assert_eq!(document.headers.get_all(CACHE_CONTROL).iter().collect::<Vec<_>>(), ["no-store"]);
        for (name, value) in [("Content-Length", "9"), ("Transfer-Encoding", "x"), ("a b", "c"), ("a", "b\r\nc: d")] {
            assert!(Document::with_headers(Vec::new(), &extra(name, value)).is_err(), "{name}");
        }
    }
}
