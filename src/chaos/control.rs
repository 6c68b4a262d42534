//! The issuer as a misbehaving identity provider for anybody's tests: keys and faults by HTTP.
//!
//! On loopback it needs no credential; anywhere else it wants a bearer token. A request of a web page (one with `Origin`)
//! is refused, so that no page can reach it through somebody's browser.

use super::{
    dead_man::DeadMan,
    desk::{Desk, DeskError},
};
use crate::{
    issuer::{Endpoint, FaultyIssuer, IssuerError},
    model::chaos::{Action, Expression, Fault, FaultRule, Scale, TokenClass},
};
use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};

/// Keys that may be made, at most.
const KEYS: usize = 64;
/// The longest name of a key.
const NAME: usize = 32;
/// The longest `kid` of a key that is not ours.
const KID: usize = 512;
/// Requests that a listing shows.
const SHOWN: usize = 1000;

/// The control interface. It ends when it is dropped.
#[derive(Debug)]
pub struct Control {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

struct Shared {
    desk: Arc<Mutex<Desk>>,
    issuer: Arc<FaultyIssuer>,
    scale: Scale,
    started: Instant,
    token: Option<String>,
    /// Every order says that somebody is there.
    switch: DeadMan,
}

/// An order to misbehave.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct FaultOrder {
    /// How, as scenario files write it.
    fault: Fault,
    #[serde(default)]
    percent: Option<f64>,
    #[serde(default)]
    first: Option<u64>,
    #[serde(default)]
    nth: Option<u64>,
    /// For how long; until it is healed where absent.
    #[serde(default, rename = "for")]
    length: Option<Expression>,
}

/// Which key.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct KeyOrder {
    key: String,
}

/// Which token.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct TokenOrder {
    class: TokenClass,
    #[serde(default)]
    key: Option<String>,
}

impl Control {
    /// Listens for orders to this issuer and its keys. Without a `token` it must be on loopback.
    ///
    /// # Errors
    /// The address cannot be bound, or is not loopback and no token is given.
    pub async fn start(
        bind: SocketAddr,
        token: Option<String>,
        desk: Arc<Mutex<Desk>>,
        issuer: Arc<FaultyIssuer>,
        scale: Scale,
        switch: DeadMan,
    ) -> Result<Control, IssuerError> {
        let failed = |source| IssuerError::Bind { address: bind, source };
        if !bind.ip().is_loopback() && token.is_none() {
            let why = "off loopback the control interface wants a token in GAUNTLET_CONTROL_TOKEN";
            return Err(failed(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why)));
        }
        let listener = TcpListener::bind(bind).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared { desk, issuer, scale, started: Instant::now(), token, switch });
        let router = Router::new()
            .route("/control/state", get(state))
            .route("/control/fetches", get(fetches))
            .route("/control/tokens", post(tokens))
            .route("/control/keys/{verb}", post(keys))
            .route("/control/snapshots/{name}", put(snapshot))
            .route("/control/heartbeat", post(state))
            .route("/control/faults", axum::routing::delete(heal))
            .route("/control/faults/{document}", put(misbehave).delete(heal_one))
            .layer(middleware::from_fn_with_state(Arc::clone(&shared), admit))
            .with_state(shared);
        // Nothing to report to anybody: axum::serve retries every accept error by itself.
        let serving = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Control { address, serving })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Answer = Result<Json<Value>, Response>;

fn refuse(status: StatusCode, why: impl std::fmt::Display) -> Response {
    (status, Json(json!({ "error": why.to_string() }))).into_response()
}

fn no_document() -> Response {
    refuse(StatusCode::NOT_FOUND, "wanted jwks or discovery behind /control/faults/")
}

async fn admit(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if headers.contains_key(header::ORIGIN) {
        return refuse(StatusCode::FORBIDDEN, "no request of a web page is taken");
    }
    if let Some(token) = &shared.token {
        let wanted = format!("Bearer {token}");
        let sent = headers.get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        if aws_lc_rs::constant_time::verify_slices_are_equal(sent, wanted.as_bytes()).is_err() {
            return refuse(StatusCode::UNAUTHORIZED, "wanted the bearer token of the control interface");
        }
    }
    shared.switch.beat();
    next.run(request).await
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn document(&self, name: &str) -> Option<&Endpoint> {
        match name {
            "jwks" => Some(&self.issuer.jwks),
            "discovery" => Some(&self.issuer.discovery),
            _ => None,
        }
    }

    fn state(&self) -> Value {
        let world = self.issuer.world();
        let desk = self.desk();
        let (published, signer) = desk.standing();
        let count = |endpoint: &Endpoint| endpoint.log().count();
        json!({
            "issuer": world.issuer, "discovery": world.discovery, "jwks-uri": world.jwks_uri,
            "published": published, "signer": signer,
            "faults": { "jwks": self.issuer.jwks.faults(), "discovery": self.issuer.discovery.faults() },
            "fetches": { "jwks": count(&self.issuer.jwks), "discovery": count(&self.issuer.discovery) },
        })
    }
}

async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shared.state())
}

async fn fetches(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let list = |endpoint: &Endpoint| -> Vec<Value> {
        let all = endpoint.log().all();
        let entry = |entry: &crate::issuer::FetchEntry| {
            let since = entry.at.saturating_duration_since(shared.started);
            json!({
                "at-ms": u64::try_from(since.as_millis()).unwrap_or(u64::MAX), "method": entry.method, "path": entry.path,
                "headers": entry.headers, "status": entry.status, "bytes": entry.bytes, "faults": entry.faults,
            })
        };
        all[all.len().saturating_sub(SHOWN)..].iter().map(entry).collect()
    };
    Json(json!({ "jwks": list(&shared.issuer.jwks), "discovery": list(&shared.issuer.discovery) }))
}

async fn tokens(State(shared): State<Arc<Shared>>, Json(order): Json<TokenOrder>) -> Answer {
    let taken = shared.desk().take(order.class, order.key.as_deref(), None);
    let wrong = || refuse(StatusCode::BAD_REQUEST, "no such token can be made; is the key there?");
    taken.map(|(_, token)| Json(json!({ "token": &*token }))).ok_or_else(wrong)
}

async fn keys(State(shared): State<Arc<Shared>>, Path(verb): Path<String>, Json(order): Json<KeyOrder>) -> Answer {
    let KeyOrder { key } = order;
    let is_name = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    let plain = key.len() <= NAME && key.chars().all(is_name);
    // Keys that are not ours have the names that their owner gave them.
    let fits = if shared.desk().is_ours() { plain } else { key.len() <= KID };
    if key.is_empty() || !fits {
        return Err(refuse(StatusCode::BAD_REQUEST, "wanted a key name of lower-case letters, digits and hyphens"));
    }
    let action = match verb.as_str() {
        "publish" => Action::Publish(key.clone()),
        "unpublish" => Action::Unpublish(key.clone()),
        "revoke" => Action::Revoke(key.clone()),
        "replace" => Action::Replace(key.clone()),
        "sign" => Action::Sign(key.clone()),
        _ => return Err(refuse(StatusCode::NOT_FOUND, "wanted publish, unpublish, revoke, replace or sign")),
    };
    let carry_out = || -> Result<(), DeskError> {
        let mut desk = shared.desk();
        if desk.count() < KEYS && matches!(action, Action::Publish(_) | Action::Sign(_)) {
            desk.make(&key)?;
        }
        desk.apply(&action, &shared.issuer, shared.started.elapsed()).map(drop)
    };
    carry_out().map_err(|error| refuse(StatusCode::CONFLICT, error))?;
    Ok(Json(shared.state()))
}

async fn misbehave(
    State(shared): State<Arc<Shared>>,
    Path(document): Path<String>,
    Json(order): Json<FaultOrder>,
) -> Answer {
    let FaultOrder { fault, percent, first, nth, length } = order;
    let wrong = percent.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) || first == Some(0) || nth == Some(0);
    if wrong {
        return Err(refuse(StatusCode::BAD_REQUEST, "wanted percent from 0 to 100, and first and nth of at least 1"));
    }
    let symbols = shared.scale.symbols();
    let id = shared
        .document(&document)
        .ok_or_else(no_document)?
        .begin(FaultRule { fault, percent, first, nth, instance: None }, symbols);
    if let Some(length) = length.and_then(|length| length.duration(&symbols)) {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            sleep(length).await;
            if let Some(endpoint) = shared.document(&document) {
                endpoint.end(id);
            }
        });
    }
    Ok(Json(shared.state()))
}

async fn snapshot(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Json<Value> {
    shared.issuer.jwks.stock().keep(&name);
    Json(shared.state())
}

async fn heal(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.issuer.jwks.heal();
    shared.issuer.discovery.heal();
    shared.desk().show_all(&shared.issuer, shared.started.elapsed());
    Json(shared.state())
}

async fn heal_one(State(shared): State<Arc<Shared>>, Path(document): Path<String>) -> Answer {
    shared.document(&document).ok_or_else(no_document)?.heal();
    Ok(Json(shared.state()))
}
