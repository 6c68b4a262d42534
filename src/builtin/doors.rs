//! Other doors to the same validator: the token elsewhere in the request, introspection, decisions.

use super::{respond, rules::Refusal};
use axum::{
    Json,
    body::{Bytes, to_bytes},
    extract::Request,
    http::{Method, StatusCode, header::COOKIE},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Bytes of a body that are read.
const BODY: usize = 16 << 20;
/// The name of the token in cookie, query and form.
const NAME: &str = "access_token";

/// Where the token is looked for, and how the answer is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// RFC 7662: the form parameter `token`; the answer says `active`.
    Introspect,
    /// The member `token` of a JSON document; the answer says `allow`.
    Decide,
    /// The cookie `access_token`.
    Cookie,
    /// The query parameter `access_token`.
    Query,
    /// The form parameter `access_token`.
    Form,
    /// The header field `X-Access-Token`.
    Header,
}

impl Door {
    /// The door behind a path.
    pub fn at(path: &str) -> Option<Door> {
        Some(match path {
            "/introspect" => Door::Introspect,
            "/decide" => Door::Decide,
            "/by-cookie" => Door::Cookie,
            "/by-query" => Door::Query,
            "/by-form" => Door::Form,
            "/by-header" => Door::Header,
            _ => return None,
        })
    }

    /// The token that a request shows; the answer where it cannot show one.
    pub async fn token(self, request: Request) -> Result<Option<Vec<u8>>, Response> {
        let (parts, body) = request.into_parts();
        if matches!(self, Door::Introspect | Door::Decide | Door::Form) && parts.method != Method::POST {
            return Err(StatusCode::METHOD_NOT_ALLOWED.into_response());
        }
        let body = || async { to_bytes(body, BODY).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response()) };
        Ok(match self {
            Door::Introspect => parameter(&body().await?, "token"),
            Door::Form => parameter(&body().await?, NAME),
            Door::Decide => {
                let document: Option<Value> = serde_json::from_slice(&body().await?).ok();
                let document = document.ok_or_else(|| StatusCode::BAD_REQUEST.into_response())?;
                document.get("token").and_then(Value::as_str).map(|token| token.as_bytes().to_vec())
            }
            Door::Query => parameter(parts.uri.query().unwrap_or_default().as_bytes(), NAME),
            Door::Header => parts.headers.get("x-access-token").map(|value| value.as_bytes().to_vec()),
            Door::Cookie => parts
                .headers
                .get_all(COOKIE)
                .iter()
                .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
                .find_map(|pair| pair.trim_ascii_start().strip_prefix(b"access_token="))
                .map(<[u8]>::to_vec),
        })
    }

    /// The answer to a token, or to none.
    pub fn answer(self, verdict: Option<Result<Value, Refusal>>) -> Response {
        let crashed = matches!(verdict, Some(Err(Refusal::Crash)));
        match (self, verdict) {
            (_, Some(refusal)) if crashed => {
                let refusal = refusal.err().unwrap_or(Refusal::Crash);
                respond::refused(None, refusal)
            }
            // RFC 7662 section 2.1: the parameter is required.
            (Door::Introspect, None) => {
                (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_request" }))).into_response()
            }
            (Door::Introspect, Some(verdict)) => Json(introspected(verdict.ok())).into_response(),
            (Door::Decide, verdict) => {
                let claims = verdict.and_then(Result::ok);
                Json(json!({ "allow": claims.is_some(), "claims": claims })).into_response()
            }
            (_, None) => respond::nothing_shown(None),
            (_, Some(Ok(claims))) => respond::accepted(&claims),
            (_, Some(Err(refusal))) => respond::refused(None, refusal),
        }
    }
}

/// RFC 7662 section 2.2: an inactive token is said to be inactive, and nothing else.
fn introspected(claims: Option<Value>) -> Value {
    let Some(claims) = claims else { return json!({ "active": false }) };
    let mut answer = json!({ "active": true });
    if let (Some(answer), Some(claims)) = (answer.as_object_mut(), claims.as_object()) {
        let own = claims.iter().filter(|(name, _)| *name != "active");
        answer.extend(own.map(|(name, value)| (name.clone(), value.clone())));
    }
    answer
}

/// A parameter of a form, its bytes as they were before they were encoded.
fn parameter(form: &[u8], name: &str) -> Option<Vec<u8>> {
    let pair = form.split(|byte| *byte == b'&').find_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        (&pair[..at] == name.as_bytes()).then(|| &pair[at + 1..])
    })?;
    let spaced: Bytes = pair.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Some(super::percent::decode(&String::from_utf8_lossy(&spaced)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::form_urlencoded;

    #[test]
    fn parameters_are_decoded_to_bytes() {
        assert_eq!(parameter(b"x=1&token=a.b%FF+c&token=z", "token").unwrap(), b"a.b\xff c");
        assert_eq!(parameter(b"tokens=1", "token"), None);
        assert_eq!(parameter(b"token=", "token").unwrap(), b"");
        // The encoding of RFC 6749 appendix B is the one of the serialiser.
        let encoded: String = form_urlencoded::byte_serialize(b"a+b c\xff").collect();
        assert_eq!(parameter(format!("token={encoded}").as_bytes(), "token").unwrap(), b"a+b c\xff");
    }

    #[test]
    fn an_inactive_token_tells_nothing() {
        assert_eq!(introspected(None), json!({ "active": false }));
        assert_eq!(introspected(Some(json!({ "sub": "a", "active": false }))), json!({ "active": true, "sub": "a" }));
    }
}
