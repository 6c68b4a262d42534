//! Where a request leads, and whether a token is wanted there.

use super::{flaw::Flaw, percent};
use axum::http::{Method, request::Parts};

/// Where a request leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// To what only tokens open.
    Protected,
    /// To the same place, past the check.
    Open,
    Health,
    Nowhere,
}

const PROTECTED: &str = "/whoami";
const ORIGINAL_URL: [&str; 2] = ["x-original-url", "x-rewrite-url"];
const METHOD_OVERRIDE: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// Only the exact path is served; another spelling of it is another path (RFC 3986 section 6.2 leaves normalising to
/// us, and not to normalise leaves nothing to disagree on).
pub(super) fn decide(flaw: Option<Flaw>, parts: &Parts) -> Route {
    match (parts.uri.path(), flaw) {
        (_, Some(flaw)) if is_open(flaw, parts) => Route::Open,
        (PROTECTED, _) => Route::Protected,
        ("/healthz", _) => Route::Health,
        _ => Route::Nowhere,
    }
}

fn is_open(flaw: Flaw, parts: &Parts) -> bool {
    let path = parts.uri.path();
    let is_exact = path == PROTECTED;
    match flaw {
        Flaw::DoubleSlashOpen => path.starts_with("//") && path.trim_start_matches('/') == &PROTECTED[1..],
        Flaw::DotSegmentOpen => !is_exact && without_dots(path).as_deref() == Some(PROTECTED),
        Flaw::TrailingSlashOpen => path.strip_suffix('/') == Some(PROTECTED),
        Flaw::PercentEncodedOpen => !is_exact && resolved(path) == PROTECTED.as_bytes(),
        Flaw::PathParameterOpen => path.split_once(';').is_some_and(|(start, _)| start == PROTECTED),
        Flaw::QueryOpen => is_exact && parts.uri.query().is_some(),
        Flaw::HeadOpen => is_exact && parts.method == Method::HEAD,
        Flaw::OptionsOpen => is_exact && parts.method == Method::OPTIONS,
        Flaw::OtherMethodsOpen => is_exact && ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method),
        Flaw::OriginalUrlHonoured => ORIGINAL_URL.iter().any(|name| {
            let other = parts.headers.get(*name).map(|value| value.as_bytes());
            other.is_some_and(|other| is_exact || other == PROTECTED.as_bytes())
        }),
        Flaw::MethodOverrideHonoured => {
            is_exact && METHOD_OVERRIDE.iter().any(|name| parts.headers.contains_key(*name))
        }
        _ => false,
    }
}

/// The path as somebody sees it who resolves its escapes and reads it once more as an address, or as a C string.
fn resolved(path: &str) -> Vec<u8> {
    let mut resolved = percent::decode(path);
    let end = resolved.iter().position(|byte| [b' ', 0, b'?'].contains(byte)).unwrap_or(resolved.len());
    resolved.truncate(end);
    resolved
}

/// The path without its dot segments (RFC 3986 section 5.2.4); `None` where it has none.
fn without_dots(path: &str) -> Option<String> {
    let path = path.replace("%2e", ".").replace("%2E", ".");
    let mut kept: Vec<&str> = Vec::new();
    let mut found = false;
    for segment in path.split('/') {
        match segment {
            "." => found = true,
            ".." => {
                found = true;
                if kept.len() > 1 {
                    kept.pop();
                }
            }
            other => kept.push(other),
        }
    }
    found.then(|| kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn route(flaw: Option<Flaw>, method: &str, path: &str, header: Option<(&str, &str)>) -> Route {
        let mut request = Request::builder().method(method).uri(path);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        decide(flaw, &request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn only_the_exact_path_leads_there() {
        for path in ["/whoami", "/whoami?x=1", "http://example.com/whoami"] {
            assert_eq!(route(None, "GET", path, None), Route::Protected, "{path}");
        }
        for path in ["//whoami", "/./whoami", "/whoami/", "/%77hoami", "/WHOAMI", "/whoami;x=1", "/", "/a/../whoami"] {
            assert_eq!(route(None, "GET", path, None), Route::Nowhere, "{path}");
        }
        assert_eq!(route(None, "GET", "/healthz", None), Route::Health);
        for method in ["HEAD", "OPTIONS", "POST", "TRACE"] {
            assert_eq!(route(None, method, "/whoami", Some(("X-Original-URL", "/"))), Route::Protected);
        }
    }

    #[test]
    fn each_flaw_opens_one_way_and_leaves_the_door_itself_shut() {
        let ways = [
            (Flaw::DoubleSlashOpen, "GET", "//whoami", None),
            (Flaw::DotSegmentOpen, "GET", "/./whoami", None),
            (Flaw::DotSegmentOpen, "GET", "/%2e/whoami", None),
            (Flaw::DotSegmentOpen, "GET", "/healthz/../whoami", None),
            (Flaw::TrailingSlashOpen, "GET", "/whoami/", None),
            (Flaw::PercentEncodedOpen, "GET", "/%77hoami", None),
            (Flaw::PercentEncodedOpen, "GET", "/whoami%20", None),
            (Flaw::PercentEncodedOpen, "GET", "/whoami%3fx", None),
            (Flaw::PathParameterOpen, "GET", "/whoami;x=1", None),
            (Flaw::QueryOpen, "GET", "/whoami?x", None),
            (Flaw::HeadOpen, "HEAD", "/whoami", None),
            (Flaw::OptionsOpen, "OPTIONS", "/whoami", None),
            (Flaw::OtherMethodsOpen, "POST", "/whoami", None),
            (Flaw::OriginalUrlHonoured, "GET", "/whoami", Some(("X-Original-URL", "/healthz"))),
            (Flaw::OriginalUrlHonoured, "GET", "/healthz", Some(("X-Rewrite-URL", "/whoami"))),
            (Flaw::MethodOverrideHonoured, "GET", "/whoami", Some(("X-HTTP-Method-Override", "OPTIONS"))),
        ];
        for (flaw, method, path, header) in ways {
            assert_eq!(route(Some(flaw), method, path, header), Route::Open, "{flaw} {path}");
            assert_ne!(route(None, method, path, header), Route::Open, "{path}");
            assert_eq!(route(Some(flaw), "GET", "/whoami", None), Route::Protected, "{flaw}");
            let opened =
                ways.iter().filter(|(_, method, path, header)| route(Some(flaw), method, path, *header) == Route::Open);
            assert!(opened.clone().all(|(other, ..)| *other == flaw || *other == Flaw::DotSegmentOpen), "{flaw}");
        }
    }
}
