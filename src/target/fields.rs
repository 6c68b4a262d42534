//! The header fields of a request but for the one that carries the token.

use super::{carry::Carry, error::TargetError};
use reqwest::{
    Method, Url,
    header::{
        ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
        TRANSFER_ENCODING, USER_AGENT,
    },
};
use std::collections::BTreeMap;

/// Fields of ours and of the user; the user's replace ours.
pub(super) fn of_request(
    method: &Method,
    url: &Url,
    headers: &BTreeMap<String, String>,
    carry: &Carry,
) -> Result<HeaderMap, TargetError> {
    let mut fields = HeaderMap::new();
    let host = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let refuse = |name: &str, because| TargetError::Header { name: name.to_owned(), because };
    fields.insert(HOST, host.parse().map_err(|_| refuse("Host", "the host of the URL is no header value"))?);
    fields.insert(USER_AGENT, HeaderValue::from_static(concat!("gauntlet/", env!("CARGO_PKG_VERSION"))));
    fields.insert(ACCEPT, HeaderValue::from_static("*/*"));
    let has_body = matches!(carry, Carry::Form { .. } | Carry::Json(_));
    if !has_body && [Method::POST, Method::PUT, Method::PATCH].contains(method) {
        // Servers wait for a body, or refuse, where its length is not told.
        fields.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    for (name, value) in headers {
        let field: HeaderName = name.parse().map_err(|_| refuse(name, "its name is not a token (RFC 9110 5.1)"))?;
        let taken = match carry {
            Carry::Authorization => field == AUTHORIZATION,
            Carry::Header(own) => field == *own,
            _ => false,
        };
        if taken {
            return Err(refuse(name, "it carries the token under test"));
        }
        if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&field) {
            return Err(refuse(name, "it frames the message, and is set where it is needed"));
        }
        let value = value.parse().map_err(|_| refuse(name, "its value holds control characters"))?;
        fields.insert(field, value);
    }
    Ok(fields)
}

/// Fields whose values are no secrets: ours, and those of the user that only say which content is wanted.
pub(super) fn public(headers: &BTreeMap<String, String>) -> Vec<HeaderName> {
    let known = [HOST, USER_AGENT, ACCEPT, CONTENT_LENGTH, CONTENT_TYPE];
    let secret: Vec<String> =
        headers.iter().filter(|(_, value)| value.contains("${env:")).map(|(name, _)| name.to_lowercase()).collect();
    known.into_iter().filter(|name| !secret.iter().any(|hidden| hidden == name.as_str())).collect()
}

/// `www-authenticate` as `Www-Authenticate`: what the pool's client sends, so that both ways look alike on the wire.
pub(super) fn title_case(name: &str) -> String {
    let mut start = true;
    let raise = |letter: char| {
        let shown = if start { letter.to_ascii_uppercase() } else { letter };
        start = letter == '-';
        shown
    };
    name.chars().map(raise).collect()
}
