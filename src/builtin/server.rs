//! The built-in validator as a service: `GET /whoami` with a bearer token (RFC 6750).

use super::{
    credentials::{self, Credentials},
    doors::Door,
    flaw::Flaw,
    giveaway,
    jwks::KeySet,
    keys::{KeyCache, Times},
    respond,
    route::{self, Route},
    rules::Refusal,
    validator::{self, Builtin},
};
use crate::{model::TrustConfig, target::protocol::Validator};
use axum::{
    Router,
    extract::{Request, State},
    http::{Method, request::Parts},
    response::Response,
};
use serde_json::{Value, json};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::timeout};

/// Why the built-in validator could not be started.
#[derive(Debug, thiserror::Error)]
pub enum BuiltinError {
    /// No port on loopback.
    #[error("the built-in validator wants a port on 127.0.0.1 and got none")]
    Bind(#[from] io::Error),
    /// No HTTP client for its key set.
    #[error("the built-in validator wants an HTTP client for its key set and got none")]
    Client,
}

/// A built-in validator on loopback. It ends with [`Server::stop`], or when it is dropped.
pub struct Server {
    address: SocketAddr,
    app: Arc<RwLock<Arc<App>>>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts it on a free port: `GET /whoami` wants a token, `GET /healthz` says that it is up. The same validator
    /// answers `POST /introspect` (RFC 7662), `POST /decide` (`{"token": …}`), and `/by-cookie`, `/by-query`,
    /// `/by-form` and `/by-header` for tokens elsewhere.
    ///
    /// It fetches `jwks_uri` when the first token comes. Without one, and for HMAC always, it uses `keys`.
    ///
    /// # Errors
    /// Where there is no port or no HTTP client.
    pub async fn start(flaw: Option<Flaw>, trust: &TrustConfig) -> Result<Server, BuiltinError> {
        Server::start_with(flaw, trust, Times::default()).await
    }

    pub(super) async fn start_with(
        flaw: Option<Flaw>,
        trust: &TrustConfig,
        times: Times,
    ) -> Result<Server, BuiltinError> {
        let keys = KeyCache::new(flaw, trust, times).ok_or(BuiltinError::Client)?;
        let app = Arc::new(RwLock::new(Arc::new(App::new(flaw, trust, keys))));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&app));
        let task = tokio::spawn(async move {
            // Nothing to report to anybody: axum::serve retries every accept error by itself.
            let _ = axum::serve(listener, router).with_graceful_shutdown(async { drop(stopped.await) }).await;
        });
        Ok(Server { address, app, stop, task })
    }

    /// Forgets everything that tokens and key sets taught it, as a restart would; the address stays.
    pub fn restart(&self, trust: &TrustConfig) {
        let mut app = self.app.write().unwrap_or_else(PoisonError::into_inner);
        *app = Arc::new(App::new(app.flaw, trust, app.keys.afresh()));
    }

    /// Ends the lifetime of the key set that it holds: the next token makes it fetch again.
    pub fn expire_keys(&self) {
        self.app.read().unwrap_or_else(PoisonError::into_inner).keys.expire();
    }

    /// The base address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it; requests under way get a second to end.
    pub async fn stop(mut self) {
        // A send error means that it has ended already.
        let _ = self.stop.send(());
        if timeout(Duration::from_secs(1), &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

struct App {
    flaw: Option<Flaw>,
    validator: Builtin,
    keys: KeyCache,
    /// What the last good token got, for a flaw that shares it.
    last_answer: Mutex<Option<Value>>,
    /// Requests so far, for a flaw that limits them.
    requests: AtomicU32,
}

async fn answer(State(app): State<Arc<RwLock<Arc<App>>>>, request: Request) -> Response {
    let app = Arc::clone(&app.read().unwrap_or_else(PoisonError::into_inner));
    if let Some(door) = Door::at(request.uri().path()) {
        return match door.token(request).await {
            Ok(Some(token)) => door.answer(Some(app.judge(token).await)),
            Ok(None) => door.answer(None),
            Err(answer) => answer,
        };
    }
    let (parts, _) = request.into_parts();
    match route::decide(app.flaw, &parts) {
        Route::Health => respond::healthy(),
        Route::Nowhere => respond::not_found(),
        Route::Open => respond::accepted(&json!({})),
        Route::Protected => protected(&app, &parts).await,
    }
}

async fn protected(app: &Arc<App>, parts: &Parts) -> Response {
    let flaw = app.flaw;
    match flaw {
        Some(Flaw::Hangs) => tokio::time::sleep(validator::HANG).await,
        Some(Flaw::RateLimits) if app.is_over_limit() => return respond::slow_down(),
        _ => {}
    }
    let tokens = match credentials::read(flaw, &parts.headers, &parts.uri) {
        Credentials::Tokens(tokens) => tokens,
        _ if flaw == Some(Flaw::AcceptsEverything) => return respond::accepted(&Value::Null),
        Credentials::Nothing => {
            let shared = app.last_answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
            return shared.map_or_else(|| respond::nothing_shown(flaw), |claims| respond::accepted(&claims));
        }
        Credentials::Malformed => return respond::malformed(flaw),
    };
    let mut refusal = respond::malformed(flaw);
    for token in tokens {
        match app.judge(token.clone()).await {
            Ok(_) if ![Method::GET, Method::HEAD].contains(&parts.method) => return respond::wrong_method(),
            Ok(claims) => {
                if flaw == Some(Flaw::AnswersShared) {
                    *app.last_answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(claims.clone());
                }
                return respond::accepted(&claims);
            }
            Err(reason) => refusal = giveaway::dress(flaw, &token, respond::refused(flaw, reason)),
        }
    }
    refusal
}

impl App {
    fn new(flaw: Option<Flaw>, trust: &TrustConfig, keys: KeyCache) -> App {
        let mut validator = Builtin::new(flaw);
        validator.configure(trust);
        App { flaw, validator, keys, last_answer: Mutex::default(), requests: AtomicU32::new(0) }
    }

    /// Judges a token; an unknown key is looked for once in a fresh key set.
    async fn judge(self: &Arc<App>, token: Vec<u8>) -> Result<Value, Refusal> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let keys = self.keys.current().await;
        let verdict = self.judge_by(keys.clone(), token.clone(), now).await;
        if verdict != Err(Refusal::UnknownKey) {
            return verdict;
        }
        match self.keys.newer_than(&keys).await {
            Some(newer) => self.judge_by(newer, token, now).await,
            None => verdict,
        }
    }

    /// Flaws may fetch, which blocks; the strict validator only computes.
    async fn judge_by(self: &Arc<App>, keys: Arc<KeySet>, token: Vec<u8>, now: i64) -> Result<Value, Refusal> {
        if self.flaw.is_none() {
            return self.validator.judge(&keys, &token, now);
        }
        let app = self.clone();
        let judged = tokio::task::spawn_blocking(move || app.validator.judge(&keys, &token, now)).await;
        judged.unwrap_or(Err(Refusal::Crash))
    }

    /// Whether this is more than the twentieth request within a second.
    fn is_over_limit(&self) -> bool {
        const MOST: u32 = 40;
        self.requests.fetch_add(1, Ordering::Relaxed) >= MOST
    }
}
