//! Which token a request shows (RFC 6750 section 2.1, RFC 9110 sections 11.4 and 11.6.2).

use super::flaw::Flaw;
use axum::http::{HeaderMap, Uri, header::AUTHORIZATION};

/// What a request has to show.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credentials {
    /// Nothing for us.
    Nothing,
    /// Something that is neither one token nor none.
    Malformed,
    /// One token; a flaw may take several, of which one good one is enough.
    Tokens(Vec<Vec<u8>>),
}

/// Reads the `Authorization` line. Two of them are one too many.
pub(super) fn read(flaw: Option<Flaw>, headers: &HeaderMap, uri: &Uri) -> Credentials {
    let lines: Vec<&[u8]> = headers.get_all(AUTHORIZATION).iter().map(|value| value.as_bytes()).collect();
    let asks_query = match flaw {
        Some(Flaw::QueryTokenAccepted) => lines.is_empty(),
        Some(Flaw::QueryTokenOverrides) => true,
        _ => false,
    };
    if asks_query && let Some(token) = query_token(uri) {
        return Credentials::Tokens(vec![token]);
    }
    match (lines.as_slice(), flaw) {
        ([], _) => Credentials::Nothing,
        (lines, Some(Flaw::CommaJoinedAccepted)) => comma_joined(lines),
        ([line], _) | ([line, ..], Some(Flaw::FirstAuthorizationWins)) => one(flaw, line),
        ([.., line], Some(Flaw::LastAuthorizationWins)) => one(flaw, line),
        _ => Credentials::Malformed,
    }
}

/// One line: the scheme in any case, spaces, and everything behind them. What is no token the validator will say.
fn one(flaw: Option<Flaw>, line: &[u8]) -> Credentials {
    if flaw == Some(Flaw::SchemeIgnored) {
        let last = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
        return Credentials::Tokens(vec![last.to_vec()]);
    }
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (scheme, rest) = line.split_at(end);
    let is_bearer = match flaw {
        Some(Flaw::SchemeCaseSensitive) => scheme == b"Bearer",
        _ => scheme.eq_ignore_ascii_case(b"Bearer"),
    };
    match rest.trim_ascii() {
        _ if !is_bearer => Credentials::Nothing,
        [] => Credentials::Malformed,
        token => Credentials::Tokens(vec![token.to_vec()]),
    }
}

fn comma_joined(lines: &[&[u8]]) -> Credentials {
    let parts = lines.iter().flat_map(|line| line.split(|byte| *byte == b','));
    let tokens: Vec<Vec<u8>> = parts
        .filter_map(|part| match one(None, part.trim_ascii()) {
            Credentials::Tokens(tokens) => Some(tokens),
            _ => None,
        })
        .flatten()
        .collect();
    if tokens.is_empty() { Credentials::Malformed } else { Credentials::Tokens(tokens) }
}

/// `access_token` in the query (RFC 6750 section 2.3, which RFC 9700 section 4.3.2 forbids).
fn query_token(uri: &Uri) -> Option<Vec<u8>> {
    let query = uri.query()?.as_bytes();
    url::form_urlencoded::parse(query)
        .find(|(name, _)| name == "access_token")
        .map(|(_, token)| token.into_owned().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn shown(flaw: Option<Flaw>, lines: &[&'static str]) -> Credentials {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, HeaderValue::from_static(line));
        }
        read(flaw, &headers, &Uri::from_static("/whoami?access_token=q"))
    }

    fn token(text: &str) -> Credentials {
        Credentials::Tokens(vec![text.into()])
    }

    #[test]
    fn one_line_of_the_right_scheme_shows_a_token() {
        for line in ["Bearer t", "bearer t", "BEARER   t", "Bearer t "] {
            assert_eq!(shown(None, &[line]), token("t"), "{line}");
        }
        for line in ["Basic t", "t", "Bearer:t", "Bearert", ""] {
            assert_eq!(shown(None, &[line]), Credentials::Nothing, "{line}");
        }
        assert_eq!(shown(None, &[]), Credentials::Nothing);
        assert_eq!(shown(None, &["Bearer"]), Credentials::Malformed);
        assert_eq!(shown(None, &["Bearer t", "Bearer t"]), Credentials::Malformed);
    }

    #[test]
    fn flaws_choose_otherwise() {
        let two = &["Bearer a", "Bearer b"];
        assert_eq!(shown(Some(Flaw::FirstAuthorizationWins), two), token("a"));
        assert_eq!(shown(Some(Flaw::LastAuthorizationWins), two), token("b"));
        assert_eq!(
            shown(Some(Flaw::CommaJoinedAccepted), &["Bearer a, Bearer b"]),
            shown(Some(Flaw::CommaJoinedAccepted), two)
        );
        assert_eq!(shown(Some(Flaw::QueryTokenAccepted), &[]), token("q"));
        assert_eq!(shown(Some(Flaw::QueryTokenAccepted), &["Bearer a"]), token("a"));
        assert_eq!(shown(Some(Flaw::QueryTokenOverrides), &["Bearer a"]), token("q"));
        assert_eq!(shown(Some(Flaw::SchemeIgnored), &["JWT a"]), token("a"));
        assert_eq!(shown(Some(Flaw::SchemeCaseSensitive), &["bearer a"]), Credentials::Nothing);
    }
}
