//! Which header lines of a request are kept as evidence of who asked, and how.

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, FORWARDED, HOST, PROXY_AUTHORIZATION, REFERER, VIA},
};

/// Lines that tell which service asked and by which way.
const KEPT: [HeaderName; 6] = [HOST, ACCEPT, CONTENT_TYPE, REFERER, FORWARDED, VIA];
/// Lines whose presence matters and whose value is a credential: a service that sends its own to an address from a
/// token gives it away.
const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE];
/// Characters kept of a value.
const LONGEST: usize = 256;

/// The lines, in the order of the lists above.
pub(super) fn lines(headers: &HeaderMap) -> Vec<String> {
    let kept = KEPT.iter().filter_map(|name| Some((name, text(headers.get(name)?))));
    let secret = CREDENTIALS.iter().filter_map(|name| Some((name, scheme(headers.get(name)?, name))));
    kept.chain(secret).map(|(name, value)| format!("{name}: {value}")).collect()
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).chars().take(LONGEST).collect()
}

/// The scheme of a credential; a cookie has none.
fn scheme(value: &HeaderValue, name: &HeaderName) -> String {
    let shown = text(value);
    match shown.split_once(' ') {
        Some((scheme, _)) if *name != COOKIE && scheme.len() <= 16 => format!("{scheme} [not kept]"),
        _ => "[not kept]".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_named_and_not_kept() {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [(COOKIE, "id=s3cret"), (AUTHORIZATION, "Basic s3cret"), (HOST, "us"), (PROXY_AUTHORIZATION, "s3cret")]
        {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let wanted =
            ["host: us", "authorization: Basic [not kept]", "proxy-authorization: [not kept]", "cookie: [not kept]"];
        assert_eq!(lines(&headers), wanted);
    }
}
