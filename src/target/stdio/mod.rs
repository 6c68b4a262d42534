//! A library behind an adapter: a program that reads questions and writes replies, one JSON object a line.
//!
//! A crash, a hang or a line that is no reply is the doing of one token. Where several were open at that time, each is
//! asked again, alone: only the one that did it does it again.

mod session;

use super::{
    bare::{Bare, Opened},
    error::TargetError,
    log::Log,
    protocol::token_text,
    shown::Shown,
};
use crate::model::{
    Capabilities, Capability, Observation, Period, TrustConfig, Verdict,
    adapter::{AdapterInfo, AdapterReply, AdapterVerdict, Ask, Configure, ConfigureDecryption, PROTOCOL},
    target::Decryption,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use session::{How, Lost, Session};
use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::RwLock;

/// How long an adapter may take to say who it is, and to take a configuration: some languages start slowly.
const START: Duration = Duration::from_secs(30);

/// A library behind an adapter.
pub struct StdioTarget {
    launch: Launch,
    info: AdapterInfo,
    timeout: Period,
    /// Told to the adapter after each start.
    configure: Mutex<Option<Configure>>,
    session: tokio::sync::Mutex<Option<Arc<Session>>>,
    /// Held for reading by every question, and alone by one that is asked again.
    alone: RwLock<()>,
    oddities: Mutex<Vec<String>>,
}

/// How the process is started.
struct Launch {
    command: Vec<String>,
    env: BTreeMap<String, String>,
    folder: PathBuf,
    log: Log,
}

impl fmt::Debug for StdioTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdioTarget").field("command", &self.launch.command).finish_non_exhaustive()
    }
}

impl StdioTarget {
    /// Starts an adapter in a folder and asks who it is. It trusts nobody until [`StdioTarget::configure`].
    ///
    /// # Errors
    /// It cannot be started, or does not answer `hello` as the protocol has it.
    pub async fn start(
        command: Vec<String>,
        env: BTreeMap<String, String>,
        folder: &Path,
        timeout: Period,
    ) -> Result<StdioTarget, TargetError> {
        let launch = Launch { command, env, folder: folder.to_owned(), log: Log::default() };
        let (session, info) = launch.greet().await?;
        Ok(StdioTarget {
            launch,
            info,
            timeout,
            configure: Mutex::default(),
            session: tokio::sync::Mutex::new(Some(Arc::new(session))),
            alone: RwLock::default(),
            oddities: Mutex::default(),
        })
    }

    /// Who the adapter says that it is.
    #[must_use]
    pub fn info(&self) -> &AdapterInfo {
        &self.info
    }

    /// Tells the adapter whom to trust from now on.
    ///
    /// # Errors
    /// It does not take the configuration.
    pub async fn configure(&self, trust: &TrustConfig) -> Result<(), TargetError> {
        let configure = Configure {
            issuer: trust.issuer.clone(),
            audience: trust.audience.clone(),
            algorithms: trust.algorithms.iter().map(ToString::to_string).collect(),
            leeway: trust.leeway.seconds(),
            typ: trust.typ.clone(),
            keys: trust.keys.clone(),
            decryption: decryption(&trust.decryption),
        };
        *self.configure.lock().unwrap_or_else(PoisonError::into_inner) = Some(configure.clone());
        // Not in the match: the lock would be held there until its end.
        let running = self.session.lock().await.clone().filter(|session| session.is_alive());
        match running {
            Some(session) => take_configuration(&session, configure).await,
            None => self.live().await.map(|_| ()),
        }
    }

    /// Asks any question; the error says what happened instead of a reply.
    ///
    /// # Errors
    /// The adapter hung, ended, or said something that is no reply.
    pub async fn question(&self, ask: Ask) -> Result<AdapterReply, String> {
        self.ask(ask).await.map_err(|lost| lost.because)
    }

    /// Shows it a token.
    pub(super) async fn present(&self, shown: &Shown<'_>) -> Observation {
        let begun = Instant::now();
        let ask = Ask::Validate { shown: token_text(shown.token), now: shown.now };
        let mut observation = match self.ask(ask).await {
            Ok(reply) => read(reply),
            Err(lost) => Observation::bare(verdict_of(lost.how), lost.because),
        };
        observation.request = String::from_utf8_lossy(shown.token).into_owned();
        observation.elapsed_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        observation
    }

    /// Asks about a bare JWS or JWE.
    pub(super) async fn open(&self, how: Bare, token: &[u8]) -> Opened {
        let begun = Instant::now();
        let shown = token_text(token);
        let ask = match how {
            Bare::VerifyJws => Ask::VerifyJws { shown },
            Bare::Decrypt => Ask::Decrypt { shown },
        };
        let (mut observation, payload) = match self.ask(ask).await {
            Ok(mut reply) => {
                let payload = reply.payload_base64.take().map(|text| STANDARD.decode(text));
                match payload.transpose() {
                    Ok(payload) => (read(reply), payload),
                    Err(_) => (
                        Observation::bare(Verdict::OddAnswer, "wanted base64 (RFC 4648 section 4) in the payload"),
                        None,
                    ),
                }
            }
            Err(lost) => (Observation::bare(verdict_of(lost.how), lost.because), None),
        };
        observation.request = String::from_utf8_lossy(token).into_owned();
        observation.elapsed_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        Opened { observation, payload }
    }

    /// Asks one question; where others were open when the adapter failed, once more, alone.
    async fn ask(&self, ask: Ask) -> Result<AdapterReply, Lost> {
        {
            let _company = self.alone.read().await;
            match self.once(ask.clone()).await {
                Err(lost) if lost.in_company => {}
                decided => return decided,
            }
        }
        let _alone = self.alone.write().await;
        self.once(ask).await
    }

    async fn once(&self, ask: Ask) -> Result<AdapterReply, Lost> {
        let session = self.live().await.map_err(|error| Lost {
            how: How::Ended,
            because: format!("the adapter did not start again: {error}"),
            in_company: false,
        })?;
        session.ask(ask, self.timeout.0).await
    }

    /// The running process; a new one where the last one ended.
    async fn live(&self) -> Result<Arc<Session>, TargetError> {
        let mut held = self.session.lock().await;
        if let Some(session) = held.as_ref().filter(|session| session.is_alive()) {
            return Ok(Arc::clone(session));
        }
        if let Some(ended) = held.take() {
            self.note(ended.oddities());
        }
        let (session, _) = self.launch.greet().await?;
        let configure = self.configure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(configure) = configure {
            take_configuration(&session, configure).await?;
        }
        let session = Arc::new(session);
        *held = Some(Arc::clone(&session));
        Ok(session)
    }

    /// What the adapter and the caller have agreed on: what it says of itself.
    #[must_use]
    pub fn provides(&self) -> Capabilities {
        let own = self.info.provides.iter().copied();
        // Whether the library has a call for them, the reply says.
        own.chain([Capability::OpVerifyJws, Capability::OpDecrypt]).collect()
    }

    /// The algorithms that the library says it knows, in its order.
    #[must_use]
    pub fn algorithms(&self) -> Vec<crate::model::Alg> {
        let alg = |capability: &Capability| match capability {
            Capability::Alg(alg) => Some(*alg),
            _ => None,
        };
        self.info.provides.iter().filter_map(alg).collect()
    }

    /// The command, as reports show it.
    #[must_use]
    pub fn address(&self) -> String {
        self.launch.command.join(" ")
    }

    /// What the adapter did against the protocol without harm to a verdict, such as answering twice.
    pub async fn oddities(&self) -> Vec<String> {
        if let Some(session) = self.session.lock().await.as_ref() {
            self.note(session.oddities());
        }
        self.oddities.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, new: Vec<String>) {
        let mut oddities = self.oddities.lock().unwrap_or_else(PoisonError::into_inner);
        for oddity in new {
            if !oddities.contains(&oddity) {
                oddities.push(oddity);
            }
        }
    }

    /// Whole tokens that the adapter printed on its standard error, each as its start and its length.
    #[must_use]
    pub fn log_leaks(&self) -> Vec<String> {
        self.launch.log.leaks()
    }

    /// Says goodbye and ends the process.
    pub async fn close(&self) {
        if let Some(session) = self.session.lock().await.take() {
            session.close().await;
        }
    }
}

impl Launch {
    /// Starts the process and asks who it is.
    async fn greet(&self) -> Result<(Session, AdapterInfo), TargetError> {
        let session = Session::start(&self.command, &self.env, &self.folder, &self.log)?;
        let reply = session.ask(Ask::Hello { protocol: PROTOCOL }, START).await;
        let refuse = |because: String| TargetError::Adapter { question: "hello", because, log: self.log.tail() };
        match reply {
            Ok(AdapterReply { ok: Some(info), .. }) => Ok((session, info)),
            Ok(other) => Err(refuse(said_instead(&other))),
            Err(lost) => Err(refuse(lost.because)),
        }
    }
}

/// The private keys leave the process here, towards the adapter alone.
fn decryption(own: &Decryption) -> Option<ConfigureDecryption> {
    let keys = own.keys.as_ref()?;
    Some(ConfigureDecryption {
        algorithms: own.algorithms.iter().map(ToString::to_string).collect(),
        content_encryption: own.content.iter().map(ToString::to_string).collect(),
        keys: serde_json::from_str(keys.reveal()).ok()?,
    })
}

async fn take_configuration(session: &Session, configure: Configure) -> Result<(), TargetError> {
    let reply = session.ask(Ask::Configure(Box::new(configure)), START).await;
    let refuse = |because: String| TargetError::Adapter { question: "configure", because, log: String::new() };
    match reply {
        Ok(AdapterReply { ok: Some(_), .. }) => Ok(()),
        Ok(other) => Err(refuse(said_instead(&other))),
        Err(lost) => Err(refuse(lost.because)),
    }
}

/// What a reply says that was to be `ok`.
fn said_instead(reply: &AdapterReply) -> String {
    match (&reply.error, &reply.skipped) {
        (Some(error), _) => format!("it answered with an error: {}", error.message),
        (_, Some(skipped)) => format!("it skipped the question: {skipped}"),
        _ => "wanted `ok`, found a verdict".to_owned(),
    }
}

/// A reply to a token as an observation.
fn read(reply: AdapterReply) -> Observation {
    if let Some(error) = reply.error {
        let mut observation = Observation::bare(Verdict::ServerError, error.message);
        observation.response = error.trace;
        return observation;
    }
    if let Some(skipped) = reply.skipped {
        return Observation::bare(Verdict::Unsupported, skipped);
    }
    match reply.verdict {
        Some(AdapterVerdict::Accept) => {
            let mut observation = Observation::bare(Verdict::Accept, "accepted");
            observation.claims = reply.claims.filter(|claims| !claims.is_null());
            observation
        }
        Some(AdapterVerdict::Reject) => {
            Observation::bare(Verdict::Reject, reply.reason.unwrap_or_else(|| "refused".into()))
        }
        None => Observation::bare(Verdict::OddAnswer, "wanted a verdict, found `ok`"),
    }
}

fn verdict_of(how: How) -> Verdict {
    match how {
        How::Hung => Verdict::Timeout,
        How::Ended => Verdict::Reset,
        How::Garbled => Verdict::OddAnswer,
    }
}

#[cfg(test)]
mod tests;
