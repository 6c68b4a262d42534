//! The room from which a drill is led: its orders, its figures for a Prometheus, and the ear for an alert manager.
//!
//! On loopback it needs no credential; anywhere else orders and alerts want a bearer token, and the figures are for everybody
//! who is let in by the address. A request of a web page (one with `Origin`) is refused.

use super::{
    live::{Live, Order},
    metrics,
};
use crate::issuer::IssuerError;
use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A drill's room. Clones are the same one.
#[derive(Clone, Default)]
pub struct Room(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Whether cues wait for somebody to say go.
    waits: bool,
    lives: Mutex<Vec<Arc<Live>>>,
}

/// Which part of a room listens somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The figures: `GET /metrics`.
    Metrics,
    /// Orders and alerts: `GET /control/state`, `POST /control/go`, `heal`, `abort`, `POST /alerts`.
    Control,
}

/// A listening part of a room. It ends when it is dropped.
#[derive(Debug)]
pub struct Listening {
    /// Where it listens.
    pub address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What an Alertmanager posts to a webhook, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Alerts {
    alerts: Vec<Alert>,
}

#[derive(Debug, Deserialize)]
struct Alert {
    #[serde(default)]
    status: String,
    #[serde(default)]
    labels: std::collections::BTreeMap<String, String>,
}

/// Who gives an order by the control interface.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Giver {
    #[serde(default)]
    by: Option<String>,
}

impl Room {
    /// A room in which cues wait for somebody to say go.
    #[must_use]
    pub fn of_game_day() -> Room {
        Room(Arc::new(Inner { waits: true, lives: Mutex::default() }))
    }

    /// Whether cues wait.
    pub(super) fn waits(&self) -> bool {
        self.0.waits
    }

    pub(super) fn enter(&self, live: &Arc<Live>) {
        self.0.lives.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(live));
    }

    /// The scenarios that were begun.
    #[must_use]
    pub fn lives(&self) -> Vec<Arc<Live>> {
        self.0.lives.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives an order to whatever is played; false where nothing is.
    pub fn give(&self, order: Order, by: &str) -> bool {
        // Every one of them, also behind the first that takes it.
        self.lives().iter().filter(|live| live.give(order, by)).count() > 0
    }

    /// Listens. Without a `token`, orders are taken on loopback only.
    ///
    /// # Errors
    /// The address cannot be bound, or is not loopback and no token is given.
    pub async fn listen(&self, bind: SocketAddr, part: Part, token: Option<String>) -> Result<Listening, IssuerError> {
        let failed = |source| IssuerError::Bind { address: bind, source };
        if part == Part::Control && !bind.ip().is_loopback() && token.is_none() {
            let why = "off loopback the control interface wants a token in GAUNTLET_CONTROL_TOKEN";
            return Err(failed(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why)));
        }
        let listener = TcpListener::bind(bind).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let router = match part {
            Part::Metrics => Router::new().route("/metrics", get(figures)),
            Part::Control => Router::new()
                .route("/control/state", get(state))
                .route("/control/{order}", post(order))
                .route("/alerts", post(alerts))
                .layer(middleware::from_fn_with_state(token, admit)),
        };
        let router = router.with_state(self.clone());
        let serving = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Listening { address, serving })
    }
}

async fn admit(State(token): State<Option<String>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if headers.contains_key(header::ORIGIN) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if let Some(token) = &token {
        let wanted = format!("Bearer {token}");
        let sent = headers.get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        if aws_lc_rs::constant_time::verify_slices_are_equal(sent, wanted.as_bytes()).is_err() {
            return StatusCode::UNAUTHORIZED.into_response();
        }
    }
    next.run(request).await
}

async fn figures(State(room): State<Room>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, metrics::text(&room.lives())).into_response()
}

async fn state(State(room): State<Room>) -> Json<Value> {
    let one = |live: &Arc<Live>| {
        json!({
            "scenario": live.id, "over": live.is_over(), "asks": live.asks(), "streams": live.lines(),
            "faults": live.faults().0,
        })
    };
    Json(json!({ "scenarios": room.lives().iter().map(one).collect::<Vec<_>>() }))
}

async fn order(State(room): State<Room>, Path(order): Path<String>, giver: Option<Json<Giver>>) -> Response {
    let order = match order.as_str() {
        "go" => Order::Go,
        "heal" => Order::Heal,
        "abort" => Order::Abort,
        _ => return (StatusCode::NOT_FOUND, "wanted go, heal or abort\n").into_response(),
    };
    let by = giver.and_then(|Json(giver)| giver.by).unwrap_or_else(|| "somebody by the control interface".into());
    match room.give(order, &by.chars().take(80).collect::<String>()) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => (StatusCode::CONFLICT, "nothing is played\n").into_response(),
    }
}

async fn alerts(State(room): State<Room>, Json(message): Json<Alerts>) -> StatusCode {
    for alert in message.alerts {
        let name = alert.labels.get("alertname").cloned().unwrap_or_else(|| "an alert without a name".into());
        for live in room.lives() {
            live.alert(name.chars().take(120).collect(), alert.status != "resolved");
        }
    }
    StatusCode::NO_CONTENT
}
