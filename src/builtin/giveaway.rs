//! Refusals that give something away. Without a flaw nothing in an answer comes from the token or from inside.

use super::{burden, flaw::Flaw};
use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};

const TRACE: &str = "Error: signature does not match\n    at verify (/srv/app/lib/token.js:41:11)\n    at handle (/srv/app/server.js:17:5)\n";
const KEY: &str = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"}"#;

/// The refusal as the flaw would have it.
pub(super) fn dress(flaw: Option<Flaw>, token: &[u8], mut refusal: Response) -> Response {
    match flaw {
        Some(Flaw::KidReflected) => {
            let Some(kid) = burden::kid(token) else { return refusal };
            // A value with a line end in it cannot be sent; the body takes everything.
            if let Ok(challenge) = HeaderValue::from_bytes(
                format!("Bearer error=\"invalid_token\", error_description=\"no key {kid}\"").as_bytes(),
            ) {
                refusal.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            html(refusal, format!("<p>no key {kid}</p>"))
        }
        Some(Flaw::StackTraceShown) => html(refusal, format!("<pre>{TRACE}</pre>")),
        Some(Flaw::KeyShown) => html(refusal, format!("<p>not signed by {KEY}</p>")),
        _ => refusal,
    }
}

fn html(mut refusal: Response, text: String) -> Response {
    refusal.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    refusal.headers_mut().remove(header::CONTENT_LENGTH);
    *refusal.body_mut() = Body::from(text);
    refusal
}
