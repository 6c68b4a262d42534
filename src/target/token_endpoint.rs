//! An identity provider's token endpoint, as a client asks it.

use super::{
    client_auth::{Assertion, Credentials},
    error::TargetError,
    guard,
    placeholders::Facts,
    redact::Redactor,
    tls,
};
use crate::model::{Secret, Verdict, provider::Provider};
use reqwest::{
    Client, RequestBuilder,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect,
};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};
use url::{Url, form_urlencoded::Serializer};

/// Where it stands in a target file.
const PLACE: &str = "provider.token-endpoint";
/// Answers are read up to here.
const LONGEST: usize = 1 << 20;

/// A token endpoint that may be asked.
pub struct TokenEndpoint {
    client: Client,
    url: Url,
    redactor: Redactor,
    authorization: Option<HeaderValue>,
    own: Vec<(String, String)>,
    assertion: Option<Assertion>,
    issue: Vec<(String, String)>,
    session: Vec<(String, String)>,
}

/// What a token endpoint answered.
pub struct Issued {
    /// Accept where a token came, reject where the answer is an error of RFC 6749 section 5.2.
    pub verdict: Verdict,
    /// Why: a status, and the `error` where there is one.
    pub because: String,
    /// The access token.
    pub access_token: Option<Secret<String>>,
    /// The refresh token.
    pub refresh_token: Option<Secret<String>>,
    /// How long the access token lives, in seconds, where it says so.
    pub expires_in: Option<u64>,
}

/// The members of an answer that matter (RFC 6749 sections 5.1 and 5.2).
#[derive(Deserialize, Default)]
#[serde(default)]
struct Members {
    access_token: Option<String>,
    refresh_token: Option<String>,
    /// A number, and with some providers a string of digits.
    expires_in: Option<Value>,
    error: Option<String>,
}

impl TokenEndpoint {
    /// Reads how it is reached; `folder` is that of the target file.
    ///
    /// # Errors
    /// An address that is not allowed, a variable that is not set, a file that cannot be read.
    pub async fn open(provider: &Provider, folder: &Path, allowed: &[String]) -> Result<TokenEndpoint, TargetError> {
        let mut facts = Facts::of_nobody();
        let text = facts.fill(PLACE, &provider.token_endpoint)?;
        let credentials = Credentials::new("provider.auth", provider.auth.as_ref(), folder, &text, &mut facts)?;
        let mut issue = facts.fill_values("provider.params", &provider.params)?;
        let session = facts.fill_values("provider.session", &provider.session)?;
        issue.entry("grant_type".into()).or_insert_with(|| "client_credentials".into());
        let session = if session.is_empty() { issue.clone() } else { session };
        let (url, aim) = guard::check(PLACE, &text, allowed).await?;
        let config = tls::declared(url.scheme() == "https", provider.tls.as_ref(), folder)?;
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .http1_only()
            .no_gzip()
            .tcp_nodelay(true)
            .timeout(provider.timeout.0)
            .resolve_to_addrs(&aim.host, &aim.addresses)
            .tls_backend_preconfigured(config)
            .build()?;
        let authorization =
            credentials.authorization.and_then(|text| HeaderValue::from_str(&text).ok()).map(|mut own| {
                own.set_sensitive(true);
                own
            });
        let list = |form: BTreeMap<String, String>| form.into_iter().collect();
        Ok(TokenEndpoint {
            client,
            url,
            redactor: Redactor::new(facts.secrets_as_sent()),
            authorization,
            own: credentials.form,
            assertion: credentials.assertion,
            issue: list(issue),
            session: list(session),
        })
    }

    /// Its address, as it is shown.
    #[must_use]
    pub fn address(&self) -> String {
        self.redactor.text(self.url.to_string())
    }

    /// Asks for a token.
    pub async fn issue(&self) -> Issued {
        self.ask(&self.issue, None).await
    }

    /// Begins a session, which has a refresh token.
    pub async fn begin(&self) -> Issued {
        self.ask(&self.session, None).await
    }

    /// Renews a token (RFC 6749 section 6).
    pub async fn refresh(&self, token: &Secret<String>) -> Issued {
        self.ask(&[("grant_type".into(), "refresh_token".into())], Some(token)).await
    }

    fn request(&self, form: &[(String, String)], token: Option<&Secret<String>>) -> RequestBuilder {
        let mut body = Serializer::new(String::new());
        body.extend_pairs(form.iter().chain(&self.own));
        body.extend_pairs(token.map(|token| ("refresh_token", token.reveal())));
        body.extend_pairs(self.assertion.as_ref().map(|assertion| ("client_assertion", assertion.make())));
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = match &self.authorization {
            Some(value) => request.header(AUTHORIZATION, value.clone()),
            None => request,
        };
        request.body(body.finish())
    }

    async fn ask(&self, form: &[(String, String)], token: Option<&Secret<String>>) -> Issued {
        match answered(self.request(form, token)).await {
            Ok((status, body)) => read(status, &body),
            Err(error) => {
                let verdict = match error {
                    _ if error.is_timeout() => Verdict::Timeout,
                    _ if error.is_connect() => Verdict::Unreachable,
                    _ => Verdict::Reset,
                };
                Issued {
                    verdict,
                    because: verdict.to_string(),
                    access_token: None,
                    refresh_token: None,
                    expires_in: None,
                }
            }
        }
    }
}

async fn answered(request: RequestBuilder) -> reqwest::Result<(u16, Vec<u8>)> {
    let mut answer = request.send().await?;
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await? {
        if body.len() + piece.len() > LONGEST {
            break;
        }
        body.extend_from_slice(&piece);
    }
    Ok((answer.status().as_u16(), body))
}

fn read(status: u16, body: &[u8]) -> Issued {
    let members: Members = serde_json::from_slice(body).unwrap_or_default();
    let verdict = match (status, &members) {
        (200, Members { access_token: Some(_), .. }) => Verdict::Accept,
        (400 | 401 | 403, Members { error: Some(_), .. }) => Verdict::Reject,
        (429, _) => Verdict::RateLimited,
        (500..=599, _) => Verdict::ServerError,
        _ => Verdict::OddAnswer,
    };
    // One of the words that the standards have; anything else is not ours to repeat.
    let word = |text: &String| text.len() < 60 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let because = match members.error.filter(word) {
        Some(error) => format!("status {status}, {error}"),
        None => format!("status {status}"),
    };
    let token = |text: Option<String>| text.filter(|_| verdict == Verdict::Accept).map(Secret::new);
    let seconds = |value: Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    Issued {
        verdict,
        because,
        access_token: token(members.access_token),
        refresh_token: token(members.refresh_token),
        expires_in: members.expires_in.and_then(seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_and_not_quoted() {
        let verdict = |status, body: &str| read(status, body.as_bytes()).verdict;
        assert_eq!(verdict(200, r#"{"access_token":"a","token_type":"Bearer"}"#), Verdict::Accept);
        assert_eq!(verdict(200, r#"{"token_type":"Bearer"}"#), Verdict::OddAnswer);
        assert_eq!(verdict(200, "<html>log in</html>"), Verdict::OddAnswer);
        assert_eq!(verdict(400, r#"{"error":"invalid_grant"}"#), Verdict::Reject);
        assert_eq!(verdict(404, "{}"), Verdict::OddAnswer);
        assert_eq!((verdict(429, ""), verdict(503, "")), (Verdict::RateLimited, Verdict::ServerError));
        assert_eq!(read(400, br#"{"error":"invalid_grant"}"#).because, "status 400, invalid_grant");
        assert_eq!(read(400, br#"{"error":"<script>"}"#).because, "status 400");
        assert!(read(500, br#"{"access_token":"a"}"#).access_token.is_none());
        let life =
            |text: &str| read(200, format!(r#"{{"access_token":"a","expires_in":{text}}}"#).as_bytes()).expires_in;
        assert_eq!([life("60"), life("\"60\""), life("null"), life("-1")], [Some(60), Some(60), None, None]);
    }
}
