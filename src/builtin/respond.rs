//! The answers (RFC 6750 section 3, RFC 9110 section 11.6.1).

use super::{flaw::Flaw, rules::Refusal};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

const REALM: &str = "Bearer realm=\"gauntlet\"";

/// The token was good.
pub(super) fn accepted(claims: &Value) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "claims": claims }))).into_response()
}

/// The token was not. Nothing in the answer comes from the token.
pub(super) fn refused(flaw: Option<Flaw>, refusal: Refusal) -> Response {
    if refusal == Refusal::Crash {
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": "internal error" }))).into_response();
    }
    if refusal == Refusal::Undecided {
        let body = Json(json!({ "error": "temporarily_unavailable" }));
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], body).into_response();
    }
    let status = match flaw {
        Some(Flaw::RefusesWith200) => StatusCode::OK,
        Some(Flaw::RefusesWith302) => StatusCode::FOUND,
        Some(Flaw::RefusesWith400) => StatusCode::BAD_REQUEST,
        Some(Flaw::RefusesWith403) => StatusCode::FORBIDDEN,
        Some(Flaw::RefusesWith500) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNAUTHORIZED,
    };
    let description = refusal.phrase();
    // RFC 6750 section 3.1: a good token that is not good for this.
    let (status, error) = match refusal {
        Refusal::Scope if flaw != Some(Flaw::ScopeRefusedWith401) => (StatusCode::FORBIDDEN, "insufficient_scope"),
        _ => (status, "invalid_token"),
    };
    let challenge = match flaw {
        Some(Flaw::NoErrorCode) => REALM.to_owned(),
        _ => format!("{REALM}, error=\"{error}\", error_description=\"{description}\""),
    };
    let body = json!({ "error": error, "error_description": description });
    let mut answer = challenged(flaw, status, &challenge, body);
    if status == StatusCode::FOUND {
        answer.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/login"));
    }
    answer
}

/// There was no token: a challenge without an error code (RFC 6750 section 3.1).
pub(super) fn nothing_shown(flaw: Option<Flaw>) -> Response {
    let error = if flaw == Some(Flaw::ErrorCodeWithoutToken) { ", error=\"invalid_token\"" } else { "" };
    challenged(flaw, StatusCode::UNAUTHORIZED, &format!("{REALM}{error}"), json!({ "error": "unauthorized" }))
}

/// What was shown is neither one token nor none (RFC 6750 section 3.1).
pub(super) fn malformed(flaw: Option<Flaw>) -> Response {
    let challenge = format!("{REALM}, error=\"invalid_request\", error_description=\"one bearer token wanted\"");
    challenged(flaw, StatusCode::BAD_REQUEST, &challenge, json!({ "error": "invalid_request" }))
}

fn challenged(flaw: Option<Flaw>, status: StatusCode, challenge: &str, body: Value) -> Response {
    let mut answer = (status, Json(body)).into_response();
    if flaw != Some(Flaw::NoChallenge)
        && let Ok(challenge) = HeaderValue::from_bytes(challenge.as_bytes())
    {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    answer
}

pub(super) fn healthy() -> Response {
    (StatusCode::OK, "ok\n").into_response()
}

pub(super) fn not_found() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

pub(super) fn wrong_method() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response()
}

/// Too many requests; one second is enough of a wait.
pub(super) fn slow_down() -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")]).into_response()
}
