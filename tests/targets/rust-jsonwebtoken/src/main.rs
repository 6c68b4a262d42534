//! jsonwebtoken behind axum: GET /whoami answers with the verified claims of a bearer token.

use std::collections::HashMap;
use std::env;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use tokio::sync::Mutex;

type Claims = HashMap<String, Value>;

/// jsonwebtoken has no JWKS client, so this cache is the application's own.
const CACHE_LIFETIME: Duration = Duration::from_secs(300);
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// Every reason to refuse a token. Whatever is not in here panics, and a panic is a 500.
enum Refusal {
    NoKid,
    UnknownKid,
    Jwks(#[allow(dead_code)] reqwest::Error),
    Token(#[allow(dead_code)] jsonwebtoken::errors::Error),
}

impl From<reqwest::Error> for Refusal {
    fn from(error: reqwest::Error) -> Self {
        Refusal::Jwks(error)
    }
}

impl From<jsonwebtoken::errors::Error> for Refusal {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        Refusal::Token(error)
    }
}

struct App {
    issuer: String,
    audience: String,
    algorithms: Vec<Algorithm>,
    leeway: u64,
    jwks_uri: String,
    http: reqwest::Client,
    jwks: Mutex<Option<(Instant, JwkSet)>>,
}

impl App {
    async fn fetch(&self) -> Result<JwkSet, reqwest::Error> {
        self.http.get(&self.jwks_uri).send().await?.error_for_status()?.json().await
    }

    /// The key with this kid, from the cache; an unknown kid fetches the set once more.
    async fn key(&self, kid: &str) -> Result<DecodingKey, Refusal> {
        let mut cache = self.jwks.lock().await;
        if let Some((fetched, jwks)) = cache.as_ref()
            && fetched.elapsed() < CACHE_LIFETIME
            && let Some(jwk) = jwks.find(kid)
        {
            return Ok(DecodingKey::from_jwk(jwk)?);
        }
        let jwks = self.fetch().await?;
        let key = jwks.find(kid).map(DecodingKey::from_jwk);
        *cache = Some((Instant::now(), jwks));
        Ok(key.ok_or(Refusal::UnknownKid)??)
    }

    async fn verify(&self, token: &[u8]) -> Result<Claims, Refusal> {
        let kid = decode_header(token)?.kid.ok_or(Refusal::NoKid)?;
        let key = self.key(&kid).await?;

        // The library refuses a Validation that lists an algorithm of another family than the
        // key's, so the configured list is narrowed to the family of the key that was found.
        let family = key.family();
        let mut validation = Validation {
            algorithms: self.algorithms.iter().copied().filter(|a| a.family() == family).collect(),
            leeway: self.leeway,
            ..Validation::default()
        };
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);

        Ok(decode::<Claims>(token, &key, &validation)?.claims)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, rest) = value.split_at_checked(7)?;
    let token = rest.trim_ascii_start();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty()).then_some(token)
}

async fn whoami(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(token) = bearer(&headers).map(<[u8]>::to_vec) else {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    };
    // A task of its own, so that a panic is seen here and answered with 500.
    match tokio::spawn(async move { app.verify(&token).await }).await {
        Ok(Ok(claims)) => Json(json!({ "claims": claims })).into_response(),
        Ok(Err(_)) => {
            let challenge = [(header::WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#)];
            let body = Json(json!({ "error": "invalid_token" }));
            (StatusCode::UNAUTHORIZED, challenge, body).into_response()
        }
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": "internal" }))).into_response(),
    }
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

#[tokio::main]
async fn main() {
    let app = App {
        issuer: var("ISSUER"),
        audience: var("AUDIENCE"),
        algorithms: var("ALGORITHMS")
            .split(',')
            .map(|name| name.parse().expect("ALGORITHMS names an algorithm of the library"))
            .collect(),
        leeway: var("LEEWAY").parse().expect("LEEWAY is a number of seconds"),
        jwks_uri: var("JWKS_URI"),
        http: reqwest::Client::builder().timeout(FETCH_TIMEOUT).build().expect("an HTTP client"),
        jwks: Mutex::new(None),
    };
    let port: u16 = var("PORT").parse().expect("PORT is a port number");

    let router =
        Router::new().route("/healthz", get(|| async { "ok" })).route("/whoami", get(whoami)).with_state(Arc::new(app));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
    axum::serve(listener, router).await.expect("a running server");
}
