//! A route over HTTP: a token in, an answer out.

mod observe;

use super::{
    Target,
    breaker::Breaker,
    classify::Rules,
    compose::Blueprint,
    error::TargetError,
    guard::Aim,
    pace::Pace,
    raw::Door,
    redact::Redactor,
    reply::{BODY, Failure, Reply},
    shown::Shown,
    upstream::{self, Around, TAG, Upstream},
    wire::{NoWire, Wire},
};
use crate::model::{Capabilities, Capability, Observation, Period, Verdict, transport::Words};
use reqwest::{
    Client, Method,
    header::{HeaderMap, HeaderValue},
    redirect,
};
use rustls::ClientConfig;
use std::{
    collections::BTreeSet,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// Idle connections are given up before common servers close them (5 s and more).
const IDLE: Duration = Duration::from_secs(3);

/// A route over HTTP that judges tokens.
#[derive(Debug)]
pub struct HttpTarget {
    name: &'static str,
    blueprint: Blueprint,
    client: Client,
    door: Door,
    accept: Words,
    reject: Words,
    claims: Option<String>,
    timeout: Period,
    redactor: Redactor,
    provides: Capabilities,
    /// 0 until it is known.
    garbage: AtomicU16,
    /// For hosts that are not loopback.
    restraint: Option<(Pace, Breaker)>,
    /// The service behind it, where it is a gateway and that is us.
    upstream: Option<Upstream>,
    /// Addresses of the real service, each with a client that goes nowhere else.
    around: Vec<(String, Client)>,
}

/// What came of sending one request.
struct Sent {
    request: String,
    outcome: Result<Reply, Failure>,
    elapsed: Duration,
    attempts: u32,
}

/// What a route is built from, once the guard has looked at it and placeholders are filled.
pub(super) struct Parts<'a> {
    pub(super) name: &'static str,
    pub(super) accept: Words,
    pub(super) reject: Words,
    pub(super) claims: Option<String>,
    pub(super) timeout: Period,
    pub(super) aim: &'a Aim,
    pub(super) blueprint: Blueprint,
    pub(super) tls: ClientConfig,
    pub(super) door: Door,
    pub(super) redactor: Redactor,
    pub(super) rate: Option<&'a str>,
    pub(super) provides: Capabilities,
}

impl HttpTarget {
    pub(super) fn new(parts: Parts<'_>) -> Result<Self, TargetError> {
        let Parts { name, accept, reject, claims, timeout, aim, blueprint, tls, door, redactor, rate, mut provides } =
            parts;
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .http1_only()
            .http1_title_case_headers()
            // A crate beside this one may bring decompression; what is asked must not hang on that.
            .no_gzip()
            .tcp_nodelay(true)
            .pool_idle_timeout(IDLE)
            // Below the total, so that a host that swallows packets is told from one that does not answer.
            .connect_timeout(timeout.0.mul_f64(0.9))
            .resolve_to_addrs(&aim.host, &aim.addresses)
            .tls_backend_preconfigured(tls)
            .build()?;
        provides.insert(Capability::JwksRemote);
        if blueprint.is_usual() {
            provides.insert(Capability::TransportHttp);
        }
        if claims.is_some() {
            provides.insert(Capability::ClaimsReturned);
        }
        // Read for its errors even where it will not be needed.
        let pace = Pace::new(rate)?;
        Ok(HttpTarget {
            blueprint,
            client,
            door,
            name,
            accept,
            reject,
            claims,
            timeout,
            redactor,
            provides,
            garbage: AtomicU16::new(0),
            restraint: (!aim.loopback).then(|| (pace, Breaker::default())),
            upstream: None,
            around: Vec::new(),
        })
    }

    /// The same, with us as the service behind it.
    pub(super) fn before(mut self, upstream: Option<Upstream>) -> Self {
        if let Some(upstream) = &upstream {
            self.provides.insert(Capability::UpstreamSeen);
            if upstream.identity_line().is_some() {
                self.provides.insert(Capability::ClaimsReturned);
            }
        }
        HttpTarget { upstream, ..self }
    }

    /// The same, with addresses that must not be reached without it.
    pub(super) fn not_around(self, around: Vec<(String, Client)>) -> Self {
        HttpTarget { around, ..self }
    }

    /// The claims that a gateway tells the service behind it.
    pub(super) fn told_claims(&self) -> Option<BTreeSet<String>> {
        self.upstream.as_ref().map(Upstream::claims)
    }

    /// Asks at these addresses.
    pub(super) async fn around(&self) -> Vec<Around> {
        let mut seen = Vec::new();
        for (address, client) in &self.around {
            seen.push(upstream::around(client, address).await);
        }
        seen
    }

    /// Where the service behind it listens, where that is us.
    pub(super) fn upstream_url(&self) -> Option<String> {
        self.upstream.as_ref().map(Upstream::url)
    }

    /// Shows it a token.
    pub(super) async fn present(&self, shown: &Shown<'_>) -> Observation {
        if let Some((pace, breaker)) = &self.restraint {
            if let Some(why) = breaker.stopped() {
                return Observation::bare(Verdict::Unreachable, why);
            }
            pace.wait().await;
        }
        let observation = match &self.upstream {
            Some(upstream) => self.through(upstream, shown).await,
            None => self.observe(self.send(shown, None).await),
        };
        if let Some((_, breaker)) = &self.restraint {
            breaker.note(observation.verdict);
        }
        observation
    }

    /// How an engine of its own can reach it.
    pub(super) fn wire(&self, target: Arc<Target>) -> Result<Wire, NoWire> {
        if self.upstream.is_some() {
            return Err(NoWire::SeenElsewhere);
        }
        if self.restraint.is_some() {
            return Err(NoWire::Paced);
        }
        if !self.blueprint.is_constant() {
            return Err(NoWire::Assertion);
        }
        let (addresses, tls) = self.door.place();
        let reads_body = self.accept.body.is_some() || self.reject.body.is_some();
        let rules = self.rules();
        let verdicts = (0..1000).map(|status| rules.read(status, &HeaderMap::new(), None).verdict).collect();
        Ok(Wire {
            addresses: addresses.to_vec(),
            tls: tls.cloned(),
            timeout: self.timeout.0,
            to_head: self.blueprint.method == Method::HEAD,
            verdicts,
            reads_body,
            target,
        })
    }

    /// Appends a request for a connection that stays open.
    pub(super) fn render(&self, token: &[u8], out: &mut Vec<u8>) {
        self.blueprint.kept_open(token, out);
    }

    /// How its answers are read.
    pub(super) fn rules(&self) -> Rules<'_> {
        let garbage = Some(self.garbage.load(Ordering::Relaxed)).filter(|status| *status != 0);
        Rules { accept: &self.accept, reject: &self.reject, garbage }
    }

    pub(super) fn provides(&self) -> Capabilities {
        self.provides.clone()
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn is_on_loopback(&self) -> bool {
        self.restraint.is_none()
    }

    pub(super) fn address(&self) -> String {
        self.blueprint.address()
    }

    pub(super) fn learn_garbage_status(&self, status: u16) {
        self.garbage.store(status, Ordering::Relaxed);
    }

    pub(super) fn garbage_status(&self) -> u16 {
        self.garbage.load(Ordering::Relaxed)
    }

    /// Forgets that it seemed to be down.
    pub(super) fn start_over(&self) {
        if let Some((_, breaker)) = &self.restraint {
            breaker.reset();
        }
    }

    /// Sees whether anybody listens.
    pub(super) async fn knock(&self) -> Result<(), Failure> {
        self.door.knock().await
    }

    /// Shows a token to a gateway: whether it is taken shows behind it.
    async fn through(&self, upstream: &Upstream, shown: &Shown<'_>) -> Observation {
        let tag = upstream.tag();
        let present = shown.present.map(|present| upstream.spell(present));
        let shown = Shown { present: present.as_ref(), ..*shown };
        let seen = self.observe(self.send(&shown, Some(&tag)).await);
        upstream.judge(&tag, seen)
    }

    async fn send(&self, shown: &Shown<'_>, tag: Option<&str>) -> Sent {
        let deadline = Instant::now() + self.timeout.0;
        let ordinary = self.blueprint.is_ordinary(shown).then(|| self.blueprint.pooled(shown)).flatten();
        let Some((mut request, text)) = ordinary else { return self.send_raw(shown, tag, deadline).await };
        if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
            request.headers_mut().insert(TAG, tag);
        }
        let start = Instant::now();
        let mut seen = None;
        let answer = timeout_at(deadline, self.send_pooled(request, &mut seen)).await;
        let first = answer.unwrap_or(Err(Failure::Timeout(seen)));
        let first = Sent { request: text, outcome: first, elapsed: start.elapsed(), attempts: 1 };
        match first.outcome {
            Err(Failure::Closed) => self.send_again(shown, tag, deadline, first).await,
            _ => first,
        }
    }

    /// A pooled connection that the server had just given up looks like a reset by the token. A connection of its own
    /// tells the two apart, and reads exactly what a client library only calls an error.
    async fn send_again(&self, shown: &Shown<'_>, tag: Option<&str>, deadline: Instant, first: Sent) -> Sent {
        let second = self.send_raw(shown, tag, deadline).await;
        match second.outcome {
            // The first one may have knocked it over.
            Err(Failure::Unreachable(_) | Failure::Timeout(None)) => Sent { attempts: 2, ..first },
            _ => Sent { attempts: 2, ..second },
        }
    }

    async fn send_raw(&self, shown: &Shown<'_>, tag: Option<&str>, deadline: Instant) -> Sent {
        let mut composed = self.blueprint.raw(shown);
        if let Some(tag) = tag
            && let Some(end) = composed.bytes.windows(2).position(|pair| pair == b"\r\n")
        {
            composed.bytes.splice(end..end, format!("\r\n{TAG}: {tag}").into_bytes());
        }
        let start = Instant::now();
        let outcome = self.door.exchange(&composed.bytes, composed.to_head, deadline).await;
        Sent { request: composed.shown, outcome, elapsed: start.elapsed(), attempts: 1 }
    }

    /// Anything but a failed connection comes out as `Closed`: what it really was shows when it is sent again.
    async fn send_pooled(&self, request: reqwest::Request, seen: &mut Option<u16>) -> Result<Reply, Failure> {
        let mut response = self.client.execute(request).await.map_err(|error| {
            if error.is_connect() { Failure::Unreachable(root_cause(&error)) } else { Failure::Closed }
        })?;
        let status = response.status();
        *seen = Some(status.as_u16());
        let status_line = format!("{:?} {status}", response.version());
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        // A body past the cap is left unread: dropping the answer closes its connection.
        while body.len() < BODY {
            match response.chunk().await {
                Ok(Some(piece)) => body.extend_from_slice(&piece[..piece.len().min(BODY - body.len())]),
                Ok(None) => break,
                Err(_) => return Err(Failure::Closed),
            }
        }
        Ok(Reply { status_line, status: status.as_u16(), headers, body })
    }
}

/// The innermost error: `Connection refused` rather than `error sending request`.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Reads a method.
pub(super) fn method(text: &str) -> Result<Method, TargetError> {
    Method::from_bytes(text.as_bytes()).map_err(|_| TargetError::Method(text.to_owned()))
}

/// The TLS set-up of the raw door; `None` where the URL is plain http.
pub(super) fn door_tls(https: bool, config: &ClientConfig) -> Option<Arc<ClientConfig>> {
    https.then(|| Arc::new(config.clone()))
}
