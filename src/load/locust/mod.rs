//! A worker of a Locust master: Locust spreads users and gathers statistics, the engine brings tokens, verdicts and speed.
//!
//! A user is a connection that sends its next token when its answer is there. The protocol is that of Locust 2: ZeroMQ
//! (the master is a ROUTER, the worker a DEALER whose identity is its name) with MessagePack. It is neither encrypted nor
//! authenticated: use it on loopback or a private network only.

mod message;
mod running;
mod stats;

use super::{arena::Arena, engine::process_cpu, summary::own_memory};
use crate::{model::load::LoadWindow, target::Wire};
use message::{Message, map};
use rmpv::Value;
use running::Test;
use stats::counts;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, time::interval};
use zeromq::{
    DealerSendHalf, DealerSocket, Socket, SocketOptions, SocketRecv, SocketSend, ZmqError, util::PeerIdentity,
};

/// How often a worker says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How often it tells what is new: Locust's own interval.
const REPORT: Duration = Duration::from_secs(3);
/// A master that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(12);
/// The pause before the next try to reach a master.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// The locustfile that the master needs: users by the name that the worker knows, which do nothing by themselves.
pub const LOCUSTFILE: &str = r#"# For the master: locust -f THIS_FILE --master. The workers are `gauntlet worker --locust HOST:5557 TARGET`.
from locust import User, constant, task


class Tokens(User):
    """One connection that sends its next token when its answer is there. The workers do it; this is only its name."""

    wait_time = constant(0)

    @task
    def send(self):
        raise RuntimeError("this user runs in gauntlet workers only")
"#;

/// What to join, and what to send.
pub struct Join {
    /// `HOST:PORT` of the master.
    pub master: String,
    /// The name of this worker.
    pub name: String,
    /// How the target is reached.
    pub wire: Wire,
    /// The requests.
    pub arena: Arc<Arena>,
    /// Threads of the engine.
    pub threads: u32,
    /// Set from elsewhere to leave.
    pub stop: Arc<AtomicBool>,
}

/// Why a worker gave up.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The address is none.
    #[error("wanted HOST:PORT of a Locust master, found {0:?}")]
    Address(String),
    /// The engine could not be run.
    #[error("the load engine broke off: {0}")]
    Engine(#[from] io::Error),
}

/// What a worker says while it is at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It waits for a master, and why.
    Waiting(String),
    /// The master knows it.
    Joined,
    /// So many users are at it.
    Users(u32),
    /// A test is over, with so many requests told to the master.
    Over(u64),
    /// The master is gone; the worker looks for it again.
    Lost,
}

/// Works for the master until it quits or `stop` is set; a window for each test comes back, with the number of requests
/// that the master was told.
///
/// # Errors
/// [`WorkerError`].
pub async fn work(join: &Join, said: &(dyn Fn(News) + Sync)) -> Result<Vec<(LoadWindow, u64)>, WorkerError> {
    let right =
        join.master.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if !right {
        return Err(WorkerError::Address(join.master.clone()));
    }
    let mut tests = Vec::new();
    let mut told = None;
    while !join.stop.load(Ordering::Relaxed) {
        match Session::open(join).await {
            Err(because) => {
                if told.as_ref() != Some(&because) {
                    said(News::Waiting(because.clone()));
                    told = Some(because);
                }
                tokio::time::sleep(AGAIN).await;
            }
            Ok(mut session) => {
                let ended = session.run(&mut tests, said).await;
                session.halt(&mut tests, said).await?;
                match ended {
                    Ended::Quit => break,
                    Ended::Lost => said(News::Lost),
                }
            }
        }
    }
    Ok(tests)
}

/// How a session ends.
enum Ended {
    Quit,
    Lost,
}

/// One connection to a master.
struct Session<'j> {
    join: &'j Join,
    send: DealerSendHalf,
    receive: mpsc::UnboundedReceiver<Result<Vec<u8>, String>>,
    listener: tokio::task::JoinHandle<()>,
    test: Option<Test>,
    users: Vec<(String, u32)>,
    heard: Instant,
    cpu: (Instant, u64),
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl<'j> Session<'j> {
    async fn open(join: &'j Join) -> Result<Session<'j>, String> {
        let mut options = SocketOptions::default();
        let identity = PeerIdentity::try_from(join.name.clone().into_bytes()).map_err(|error| format!("{error:?}"))?;
        options.peer_identity(identity);
        let mut socket = DealerSocket::with_options(options);
        let address = format!("tcp://{}", join.master);
        let connected = tokio::time::timeout(CONNECT, socket.connect(&address)).await;
        connected.map_err(|_| format!("no answer from {}", join.master))?.map_err(|error| error.to_string())?;
        let (send, mut half) = socket.split();
        let (forward, receive) = mpsc::unbounded_channel();
        let listener = tokio::spawn(async move {
            loop {
                let heard: Result<Vec<u8>, ZmqError> =
                    half.recv().await.map(|message| message.get(0).map(|frame| frame.to_vec()).unwrap_or_default());
                let is_over = heard.is_err();
                if forward.send(heard.map_err(|error| error.to_string())).is_err() || is_over {
                    return;
                }
            }
        });
        let now = Instant::now();
        let cpu = (now, process_cpu());
        let mut session = Session { join, send, receive, listener, test: None, users: Vec::new(), heard: now, cpu };
        session.ready().await?;
        Ok(session)
    }

    async fn ready(&mut self) -> Result<(), String> {
        // -1 stands for a worker that is no Locust, whose version need not match.
        self.tell("client_ready", Value::from(-1)).await
    }

    async fn tell(&mut self, kind: &str, data: Value) -> Result<(), String> {
        let bytes = Message::encode(kind, data, &self.join.name);
        self.send.send(bytes.into()).await.map_err(|error| error.to_string())
    }

    async fn run(&mut self, tests: &mut Vec<(LoadWindow, u64)>, said: &(dyn Fn(News) + Sync)) -> Ended {
        let (mut beat, mut report) = (interval(HEARTBEAT), interval(REPORT));
        let mut joined = false;
        loop {
            let went = tokio::select! {
                heard = self.receive.recv() => {
                    let Some(Ok(bytes)) = heard else { return Ended::Lost };
                    self.heard = Instant::now();
                    if !joined {
                        joined = true;
                        said(News::Joined);
                    }
                    match Message::decode(&bytes) {
                        Some(message) => match self.obey(&message, tests, said).await {
                            Ok(true) => return Ended::Quit,
                            Ok(false) => Ok(()),
                            Err(because) => Err(because),
                        },
                        None => Ok(()),
                    }
                }
                _ = beat.tick() => {
                    if self.join.stop.load(Ordering::Relaxed) {
                        let _ = self.finish(tests, said).await;
                        // The master sees it anyway, when no more heartbeats come.
                        let _ = self.tell("quit", Value::Nil).await;
                        return Ended::Quit;
                    }
                    self.heartbeat().await
                }
                _ = report.tick(), if self.test.is_some() => self.report().await,
            };
            if went.is_err() || self.heard.elapsed() > SILENCE {
                return Ended::Lost;
            }
        }
    }

    /// Does what the master says; true where it says goodbye.
    async fn obey(
        &mut self,
        message: &Message,
        tests: &mut Vec<(LoadWindow, u64)>,
        said: &(dyn Fn(News) + Sync),
    ) -> Result<bool, String> {
        match message.kind.as_str() {
            "spawn" => {
                self.users = message.users();
                let users: u32 = self.users.iter().map(|(_, count)| *count).sum();
                said(News::Users(users));
                self.tell("spawning", Value::Nil).await?;
                match &self.test {
                    Some(test) => test.users.store(users, Ordering::Relaxed),
                    None => self.test = Some(Test::begin(self.join, users)),
                }
                let data = map(vec![("user_classes_count", counts(&self.users)), ("user_count", users.into())]);
                self.tell("spawning_complete", data).await?;
            }
            "stop" => {
                self.finish(tests, said).await?;
                self.tell("client_stopped", Value::Nil).await?;
                self.ready().await?;
            }
            "quit" => {
                self.finish(tests, said).await?;
                // The master may have gone already.
                let _ = self.tell("quit", Value::Nil).await;
                return Ok(true);
            }
            "reconnect" => self.ready().await?,
            _ => {}
        }
        Ok(false)
    }

    async fn heartbeat(&mut self) -> Result<(), String> {
        let state = match &self.test {
            None => "ready",
            Some(_) => "running",
        };
        let (then, used) = std::mem::replace(&mut self.cpu, (Instant::now(), process_cpu()));
        let share = self.cpu.1.saturating_sub(used) as f64 / then.elapsed().as_nanos().max(1) as f64;
        let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
        let data = map(vec![
            ("state", state.into()),
            ("current_cpu_usage", (share * 100.0 / cpus).into()),
            ("current_memory_usage", own_memory().into()),
        ]);
        self.tell("heartbeat", data).await
    }

    async fn report(&mut self) -> Result<(), String> {
        let Some(test) = &mut self.test else { return Ok(()) };
        test.drain();
        let data = test.stats.take(self.join.arena.kinds(), &self.users, now());
        self.tell("stats", data).await
    }

    /// Ends the test and tells the rest of it.
    async fn finish(&mut self, tests: &mut Vec<(LoadWindow, u64)>, said: &(dyn Fn(News) + Sync)) -> Result<(), String> {
        let Some(mut test) = self.test.take() else { return Ok(()) };
        let tally = test.end().await.map_err(|error| error.to_string())?;
        test.drain();
        self.users.iter_mut().for_each(|(_, count)| *count = 0);
        let data = test.stats.take(self.join.arena.kinds(), &self.users, now());
        let told = self.tell("stats", data).await;
        said(News::Over(test.stats.told));
        tests.push((test.window(&self.join.arena, &tally), test.stats.told));
        told
    }

    /// What is left where the master went away in the middle of a test: it is kept, though nobody was told the end of it.
    async fn halt(
        &mut self,
        tests: &mut Vec<(LoadWindow, u64)>,
        said: &(dyn Fn(News) + Sync),
    ) -> Result<(), WorkerError> {
        let Some(mut test) = self.test.take() else { return Ok(()) };
        let tally = test.end().await?;
        test.drain_silently();
        said(News::Over(test.stats.told));
        tests.push((test.window(&self.join.arena, &tally), test.stats.told));
        Ok(())
    }
}

/// Seconds since the epoch.
fn now() -> f64 {
    let now = jiff::Timestamp::now();
    now.as_second() as f64 + f64::from(now.subsec_nanosecond()) / 1e9
}
