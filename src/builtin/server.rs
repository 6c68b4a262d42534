//! The built-in validator as a service: `GET /whoami` with a bearer token (RFC 6750).

use super::{
    credentials::{self, Credentials},
    doors::Door,
    flaw::Flaw,
    gateway, giveaway,
    issuers::Sides,
    jwks::KeySet,
    keys::{KeyCache, Reach, Times},
    recall::Recall,
    respond,
    route::{self, Route},
    rules::Refusal,
    validator::{self, Builtin},
};
use crate::{
    model::{TrustConfig, chaos::Scale},
    target::protocol::Validator,
};
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
        Server::start_with(flaw, trust, Times::default(), &Reach::default()).await
    }

    /// The same with a cache that keeps its key set as scenarios calculate: it fetches ahead, uses an old set up to a bound
    /// while no new one can be had, and answers 503 where it cannot decide.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_caching(
        flaw: Option<Flaw>,
        trust: &TrustConfig,
        scale: &Scale,
        reach: &Reach,
    ) -> Result<Server, BuiltinError> {
        Server::start_with(flaw, trust, Times::of(scale), reach).await
    }

    pub(super) async fn start_with(
        flaw: Option<Flaw>,
        trust: &TrustConfig,
        times: Times,
        reach: &Reach,
    ) -> Result<Server, BuiltinError> {
        let keys = KeyCache::new(flaw, trust, times, reach).ok_or(BuiltinError::Client)?;
        let second = match trust.of_second() {
            // What is said of the first issuer's documents is not said of the second one's.
            Some(trust) => Some(KeyCache::new(flaw, &trust, times, &Reach::default()).ok_or(BuiltinError::Client)?),
            None => None,
        };
        let app = Arc::new(RwLock::new(Arc::new(App::new(flaw, trust, keys, second))));
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
        let fresh = App::new(app.flaw, trust, app.keys.afresh(), app.second.as_ref().map(KeyCache::afresh));
        *app = Arc::new(App { service: Arc::clone(&app.service), ..fresh });
    }

    /// Makes `/gateway` hand requests with a good token on to a service, with the subject in [`IDENTITY`](super::IDENTITY).
    pub fn stand_before(&self, service: &str) {
        let app = self.app.read().unwrap_or_else(PoisonError::into_inner);
        let service = service.trim_start_matches("http://").trim_end_matches('/').to_owned();
        *app.service.lock().unwrap_or_else(PoisonError::into_inner) = Some(service);
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
    /// The keys of a second issuer, apart from the first one's.
    second: Option<KeyCache>,
    /// What flaws remember of tokens and keys.
    recall: Recall,
    /// What the last good token got, for a flaw that shares it.
    last_answer: Mutex<Option<Value>>,
    /// The service behind it, host and port, where it is a gateway.
    service: Arc<Mutex<Option<String>>>,
    /// Requests so far, for a flaw that limits them.
    requests: AtomicU32,
}

async fn answer(State(app): State<Arc<RwLock<Arc<App>>>>, request: Request) -> Response {
    let app = Arc::clone(&app.read().unwrap_or_else(PoisonError::into_inner));
    if request.uri().path() == "/gateway" {
        let (parts, _) = request.into_parts();
        return at_gateway(&app, &parts).await;
    }
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
        Credentials::Nothing if flaw == Some(Flaw::IdentityHeaderTaken) => {
            return match identity(parts) {
                Some(name) => respond::accepted(&json!({ "sub": name })),
                None => respond::nothing_shown(flaw),
            };
        }
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
            Ok(mut claims) => {
                if flaw == Some(Flaw::IdentityHeaderOverrides)
                    && let Some(name) = identity(parts)
                {
                    claims["sub"] = name.into();
                }
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

/// What becomes of a request at the gateway: with a good token it is handed on.
async fn at_gateway(app: &Arc<App>, parts: &Parts) -> Response {
    let flaw = app.flaw;
    let Some(service) = app.service.lock().unwrap_or_else(PoisonError::into_inner).clone() else {
        return respond::not_found();
    };
    let token = match credentials::read(flaw, &parts.headers, &parts.uri) {
        Credentials::Tokens(mut tokens) => tokens.pop().unwrap_or_default(),
        Credentials::Nothing if flaw == Some(Flaw::IdentityLineForToken) && identity(parts).is_some() => {
            return gateway::forward(flaw, &service, parts, None).await;
        }
        Credentials::Nothing => return respond::nothing_shown(flaw),
        Credentials::Malformed => return respond::malformed(flaw),
    };
    let judged = app.judge(token).await;
    match judged {
        Ok(claims) => gateway::forward(flaw, &service, parts, Some(&claims)).await,
        Err(reason) => {
            if flaw == Some(Flaw::ForwardsBeforeCheck) && reason == Refusal::Signature {
                gateway::forward(flaw, &service, parts, None).await;
            }
            respond::refused(flaw, reason)
        }
    }
}

/// Whom a header line claims to come from, as proxies tell the services behind them.
fn identity(parts: &Parts) -> Option<String> {
    const LINES: [&str; 6] =
        ["x-user", "x-forwarded-user", "x-remote-user", "x-auth-request-user", "x-userinfo", "x-jwt-claim-sub"];
    LINES.iter().find_map(|name| Some(parts.headers.get(*name)?.to_str().ok()?.to_owned()))
}

impl App {
    fn new(flaw: Option<Flaw>, trust: &TrustConfig, keys: KeyCache, second: Option<KeyCache>) -> App {
        let mut validator = Builtin::new(flaw);
        validator.configure(trust);
        App {
            flaw,
            validator,
            keys,
            second,
            recall: Recall::default(),
            last_answer: Mutex::default(),
            service: Arc::default(),
            requests: AtomicU32::new(0),
        }
    }

    /// Judges a token; an unknown key is looked for once in a fresh key set.
    async fn judge(self: &Arc<App>, token: Vec<u8>) -> Result<Value, Refusal> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let (named, other) = match &self.second {
            Some(second) if self.validator.names_second(&token) => (second, Some(&self.keys)),
            second => (&self.keys, second.as_ref()),
        };
        if let Some(flaw) = self.flaw
            && let Some(verdict) = self.recall.verdict(flaw, &token)
        {
            return verdict;
        }
        let keys = named.current().await;
        // Only a flaw looks at the other issuer's keys.
        let other = match other.filter(|_| self.flaw == Some(Flaw::IssuerKeysPooled)) {
            Some(other) => other.current().await,
            None => Arc::default(),
        };
        let mut verdict = self.judge_by(keys.clone(), other.clone(), token.clone(), now).await;
        if verdict == Err(Refusal::UnknownKey)
            && let Some(newer) = named.newer_than(&keys).await
        {
            verdict = self.judge_by(newer, other, token.clone(), now).await;
        }
        if let Some(flaw) = self.flaw {
            self.recall.learn(flaw, &token, &verdict);
            verdict = self.rarely(flaw, verdict);
        }
        match verdict {
            Err(Refusal::UnknownKey) if named.cannot_tell() => Err(Refusal::Undecided),
            verdict => verdict,
        }
    }

    /// The verdict, but for one in a thousand where a flaw turns that one round.
    fn rarely(&self, flaw: Flaw, verdict: Result<Value, Refusal>) -> Result<Value, Refusal> {
        const RARE: u32 = 1000;
        let turns = match (flaw, &verdict) {
            (Flaw::RarelyAccepts, Err(_)) | (Flaw::RarelyRefuses, Ok(_)) => {
                self.requests.fetch_add(1, Ordering::Relaxed) % RARE == RARE - 1
            }
            _ => false,
        };
        match (turns, verdict) {
            (true, Err(_)) => Ok(json!({})),
            (true, Ok(_)) => Err(Refusal::UnknownKey),
            (false, verdict) => verdict,
        }
    }

    /// Flaws may fetch, which blocks; the strict validator only computes.
    async fn judge_by(
        self: &Arc<App>,
        named: Arc<KeySet>,
        other: Arc<KeySet>,
        token: Vec<u8>,
        now: i64,
    ) -> Result<Value, Refusal> {
        if self.flaw.is_none() {
            return self.validator.judge(&Sides { named: &named, other: &other }, &token, now);
        }
        let app = self.clone();
        let judge = move || app.validator.judge(&Sides { named: &named, other: &other }, &token, now);
        let judged = tokio::task::spawn_blocking(judge).await;
        judged.unwrap_or(Err(Refusal::Crash))
    }

    /// Whether this is more than the twentieth request within a second.
    fn is_over_limit(&self) -> bool {
        const MOST: u32 = 40;
        self.requests.fetch_add(1, Ordering::Relaxed) >= MOST
    }
}
