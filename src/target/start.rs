//! A target that the harness runs itself (`[start]`).

use super::{
    classify, error::TargetError, group::Group, guard, log::Log, memory::MemoryGauge, placeholders::Facts, raw::Door,
    redact::Redactor, tls,
};
use crate::model::{Period, target::Start};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How often a starting target is asked whether it is ready.
const ASK: Duration = Duration::from_millis(50);
/// The longest wait for one such answer.
const ANSWER: Duration = Duration::from_secs(1);

/// A target that we started. Dropping it kills it with all its children.
#[derive(Debug)]
pub struct Started {
    command: Vec<String>,
    env: BTreeMap<String, String>,
    folder: PathBuf,
    ready: Ready,
    redactor: Redactor,
    log: Log,
    gauge: MemoryGauge,
    /// `None` only between stopping and starting again.
    group: Option<Group>,
}

/// How to see that it is up.
#[derive(Debug)]
struct Ready {
    url: String,
    within: Period,
    door: Door,
    request: Vec<u8>,
}

/// What the target file says beside `[start]` itself.
pub(super) struct Surroundings<'a> {
    pub(super) folder: &'a Path,
    pub(super) allowed: &'a [String],
    pub(super) ca: Option<&'a Path>,
}

/// A port that is free now. Somebody else may take it before the target does, which then says so in its log.
pub(super) fn free_port() -> Result<u16, TargetError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(TargetError::Port)?;
    Ok(listener.local_addr().map_err(TargetError::Port)?.port())
}

impl Started {
    /// Runs the command and waits until it is ready.
    pub(super) async fn new(
        start: &Start,
        facts: &mut Facts,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, TargetError> {
        let command = facts.fill_all("start.command", &start.command)?;
        let env = facts.fill_values("start.env", &start.env)?;
        let url = facts.fill("start.ready.url", &start.ready.url)?;
        let redactor = Redactor::new(facts.secrets());
        let ready = Ready::new(&url, start.ready.within, surroundings, &redactor).await?;
        let log = Log::default();
        let group = Group::spawn("start.command", &command, &env, surroundings.folder, &log)?;
        let folder = surroundings.folder.to_owned();
        let gauge = MemoryGauge::default();
        gauge.watch(group.number().unwrap_or(0));
        let mut started = Started { command, env, folder, ready, redactor, log, gauge, group: Some(group) };
        started.wait_until_ready().await?;
        Ok(started)
    }

    /// Stops it and runs it again, on the same port.
    pub(super) async fn restart(&mut self) -> Result<(), TargetError> {
        if let Some(group) = self.group.take() {
            group.stop().await;
        }
        let group = Group::spawn("start.command", &self.command, &self.env, &self.folder, &self.log)?;
        self.gauge.watch(group.number().unwrap_or(0));
        self.group = Some(group);
        self.wait_until_ready().await
    }

    /// Asks it to end, and ends it.
    pub(super) async fn stop(mut self) {
        if let Some(group) = self.group.take() {
            group.stop().await;
        }
    }

    /// Reads its memory, also after it was started again.
    #[must_use]
    pub fn memory(&self) -> MemoryGauge {
        self.gauge.clone()
    }

    /// Whole tokens that it printed, each as its start and its length.
    #[must_use]
    pub fn log_leaks(&self) -> Vec<String> {
        self.log.leaks()
    }

    /// The last lines that it printed, without the user's secrets.
    #[must_use]
    pub fn log_tail(&self) -> String {
        self.redactor.text(self.log.tail())
    }

    async fn wait_until_ready(&mut self) -> Result<(), TargetError> {
        let deadline = Instant::now() + self.ready.within.0;
        let mut before = None;
        loop {
            let Some(group) = &mut self.group else { return Ok(()) };
            let found = tokio::select! {
                status = group.ended() => {
                    group.last_words().await;
                    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                    return Err(TargetError::Ended { status, log: self.log_tail() });
                }
                found = self.ready.ask(deadline) => found,
            };
            let Err(found) = found else { return Ok(()) };
            let now = Instant::now();
            // A question that the deadline cut short says less than the one before it.
            let found = before.filter(|_| now >= deadline).unwrap_or(found);
            if now + ASK >= deadline {
                let (url, within) = (self.redactor.text(self.ready.url.clone()), self.ready.within);
                return Err(TargetError::NotReady { url, within, found, log: self.log_tail() });
            }
            before = Some(found);
            sleep(ASK).await;
        }
    }
}

impl Ready {
    async fn new(
        url: &str,
        within: Period,
        surroundings: &Surroundings<'_>,
        redactor: &Redactor,
    ) -> Result<Self, TargetError> {
        let (parsed, aim) = guard::check("start.ready.url", url, surroundings.allowed).await?;
        let https = parsed.scheme() == "https";
        let config = https.then(|| tls::client(true, surroundings.ca, None)).transpose()?.map(Arc::new);
        let door = Door::new(&aim, config).map_err(|because| TargetError::Url {
            place: "start.ready.url",
            text: redactor.text(url.to_owned()),
            because,
        })?;
        let path = &parsed[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &parsed[url::Position::BeforeHost..url::Position::AfterPort];
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n\r\n");
        Ok(Ready { url: url.to_owned(), within, door, request: request.into_bytes() })
    }

    /// Asks once; the error says what was found instead.
    async fn ask(&self, deadline: Instant) -> Result<(), String> {
        let until = deadline.min(Instant::now() + ANSWER);
        match self.door.exchange(&self.request, false, until).await {
            Ok(reply) if reply.status < 500 => Ok(()),
            Ok(reply) => Err(format!("status {}", reply.status)),
            Err(failure) => Err(classify::read_failure(&failure, Period(ANSWER)).because),
        }
    }
}
