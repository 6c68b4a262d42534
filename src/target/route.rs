//! What every transport over HTTP comes to: an address, a request with a place for the token, and how its answer is read.

use super::{carry::Carry, error::TargetError};
use crate::model::{
    Period,
    transport::{ClientAuth, Stdio, Tls, Transport, Words},
};
use std::collections::BTreeMap;

/// A route as its table describes it, placeholders not yet filled.
pub(super) struct Route<'f> {
    /// The transport's name in target files.
    pub name: &'static str,
    /// Where its address and its header fields are written.
    pub places: (&'static str, &'static str),
    pub url: &'f str,
    pub method: &'f str,
    pub headers: BTreeMap<String, String>,
    pub carry: Carry,
    pub auth: Option<&'f ClientAuth>,
    pub accept: &'f Words,
    pub reject: &'f Words,
    /// A JSON Pointer to the claims in the answer.
    pub claims: Option<String>,
    pub timeout: Period,
    pub tls: Option<&'f Tls>,
}

/// A gateway's answer is no yes: only what reaches the service is.
static ARRIVED: Words = Words { status: Vec::new(), body: None };

/// The way to a target.
pub(super) enum Way<'f> {
    Http(Box<Route<'f>>),
    Stdio(&'f Stdio),
}

impl<'f> Way<'f> {
    /// The way of a transport.
    ///
    /// # Errors
    /// A place for the token that no request has.
    pub fn of(transport: &'f Transport) -> Result<Way<'f>, TargetError> {
        Ok(Way::Http(Box::new(match transport {
            Transport::Bearer(bearer) => Route {
                name: "bearer",
                places: ("transport.bearer.url", "transport.bearer.headers"),
                url: &bearer.url,
                method: &bearer.method,
                headers: bearer.headers.clone(),
                carry: Carry::of_place(&bearer.place)?,
                auth: None,
                accept: &bearer.accept,
                reject: &bearer.reject,
                claims: bearer.claims.as_ref().map(|claims| claims.pointer.clone()),
                timeout: bearer.timeout,
                tls: bearer.tls.as_ref(),
            },
            Transport::Introspection(intro) => Route {
                name: "introspection",
                places: ("transport.introspection.url", "transport.introspection.headers"),
                url: &intro.url,
                method: "POST",
                headers: intro.headers.clone(),
                carry: Carry::Form {
                    name: "token".into(),
                    others: intro.hint.iter().map(|hint| ("token_type_hint".to_owned(), hint.clone())).collect(),
                },
                auth: intro.auth.as_ref(),
                accept: &intro.accept,
                reject: &intro.reject,
                // RFC 7662 section 2.2: the claims are members of the answer itself.
                claims: Some(String::new()),
                timeout: intro.timeout,
                tls: intro.tls.as_ref(),
            },
            Transport::ForwardAuth(forward) => Route {
                name: "forward-auth",
                places: ("transport.forward-auth.url", "transport.forward-auth.forwarded"),
                url: &forward.url,
                method: &forward.method,
                headers: forward.forwarded.clone(),
                carry: Carry::Authorization,
                auth: None,
                accept: &forward.accept,
                reject: &forward.reject,
                claims: forward.claims.as_ref().map(|claims| claims.pointer.clone()),
                timeout: forward.timeout,
                tls: forward.tls.as_ref(),
            },
            Transport::Decision(decision) => Route {
                name: "decision",
                places: ("transport.decision.url", "transport.decision.headers"),
                url: &decision.url,
                method: &decision.method,
                headers: decision.headers.clone(),
                carry: Carry::Json(template(&decision.body)?),
                auth: None,
                accept: &decision.accept,
                reject: &decision.reject,
                claims: decision.claims.as_ref().map(|claims| claims.pointer.clone()),
                timeout: decision.timeout,
                tls: decision.tls.as_ref(),
            },
            Transport::Gateway(gateway) => Route {
                name: "gateway",
                places: ("transport.gateway.url", "transport.gateway.headers"),
                url: &gateway.url,
                method: &gateway.method,
                headers: gateway.headers.clone(),
                carry: Carry::Authorization,
                auth: None,
                accept: &ARRIVED,
                reject: &gateway.reject,
                claims: None,
                timeout: gateway.timeout,
                tls: gateway.tls.as_ref(),
            },
            Transport::Stdio(stdio) => return Ok(Way::Stdio(stdio)),
        })))
    }
}

fn template(body: &str) -> Result<serde_json::Value, TargetError> {
    let refuse = |because: String| TargetError::Body { because };
    if !body.contains("${token}") {
        return Err(refuse("no `${token}`".into()));
    }
    serde_json::from_str(body).map_err(|error| refuse(format!("{body:?}: {error}")))
}
