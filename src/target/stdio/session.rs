//! One run of an adapter's process: questions go in, replies come out in any order.

use super::super::{error::TargetError, group::Group, log::Log};
use crate::model::adapter::{AdapterReply, AdapterRequest, Ask};
use futures_util::StreamExt;
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncWriteExt, BufWriter},
    process::{ChildStdin, ChildStdout},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};

/// The longest line that an adapter may print, in bytes: more is no reply.
const LONGEST_LINE: usize = 1 << 20;
/// How much of a wrong line an error repeats, in characters.
const SHOWN: usize = 120;
/// How long an adapter may take to end after its last question.
const GOODBYE: Duration = Duration::from_secs(2);

/// Why a question got no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lost {
    pub how: How,
    /// In a few words.
    pub because: String,
    /// Whether other questions were open at that time: then nobody knows which of them did it.
    pub in_company: bool,
}

/// How a session came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// No reply in time.
    Hung,
    /// The process ended.
    Ended,
    /// It printed something that is no reply.
    Garbled,
}

/// A running adapter. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Session {
    shared: Arc<Shared>,
    lines: mpsc::UnboundedSender<String>,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    seq: AtomicU64,
    open: Mutex<Open>,
    /// Taken by whoever ends the session.
    group: Mutex<Option<Group>>,
}

/// Open questions, or how the session ended.
#[derive(Debug, Default)]
struct Open {
    waiting: HashMap<u64, oneshot::Sender<Result<AdapterReply, Lost>>>,
    ended: Option<Lost>,
    /// What the adapter did against the protocol without harm to a verdict.
    oddities: Vec<String>,
}

impl Session {
    /// Starts the process; what it prints on its standard error goes into the log.
    pub fn start(
        command: &[String],
        env: &BTreeMap<String, String>,
        folder: &Path,
        log: &Log,
    ) -> Result<Session, TargetError> {
        let (group, stdin, stdout) = Group::converse("transport.stdio.command", command, env, folder, log)?;
        let shared =
            Arc::new(Shared { seq: AtomicU64::new(1), open: Mutex::default(), group: Mutex::new(Some(group)) });
        let (lines, inbox) = mpsc::unbounded_channel();
        let tasks = vec![
            tokio::spawn(write_lines(stdin, inbox)),
            tokio::spawn(read_lines(stdout, Arc::clone(&shared), log.clone())),
        ];
        Ok(Session { shared, lines, tasks })
    }

    /// Asks, and waits for the reply. A question without one in time ends the session.
    pub async fn ask(&self, ask: Ask, patience: Duration) -> Result<AdapterReply, Lost> {
        let seq = self.shared.seq.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        {
            let mut open = self.shared.open();
            if let Some(lost) = &open.ended {
                return Err(Lost { in_company: true, ..lost.clone() });
            }
            open.waiting.insert(seq, tell);
        }
        let line = serde_json::to_string(&AdapterRequest { seq, ask }).unwrap_or_default();
        // Where the writer is gone, the reader is about to say why.
        let _ = self.lines.send(line);
        match timeout(patience, told).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(lost(How::Ended, "the adapter ended".into(), true)),
            Err(_) => {
                let alone = self.shared.end(How::Hung, format!("no reply within {} s", patience.as_secs_f32()));
                Err(lost(How::Hung, format!("no reply within {} s", patience.as_secs_f32()), !alone))
            }
        }
    }

    /// Whether it still takes questions.
    pub fn is_alive(&self) -> bool {
        self.shared.open().ended.is_none()
    }

    /// What the adapter did against the protocol without harm to a verdict.
    pub fn oddities(&self) -> Vec<String> {
        self.shared.open().oddities.clone()
    }

    /// Says goodbye, gives it two seconds to end, and ends it.
    pub async fn close(&self) {
        let bye = AdapterRequest { seq: self.shared.seq.fetch_add(1, Ordering::Relaxed), ask: Ask::Bye };
        let _ = self.lines.send(serde_json::to_string(&bye).unwrap_or_default());
        let group = self.shared.group.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut group) = group {
            let ended = timeout_at(Instant::now() + GOODBYE, group.ended()).await;
            match ended {
                Ok(_) => group.kill().await,
                Err(_) => group.stop().await,
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the session for everybody who waits, once. Returns whether at most one question was open.
    fn end(&self, how: How, because: String) -> bool {
        let (waiting, alone) = {
            let mut open = self.open();
            let waiting = std::mem::take(&mut open.waiting);
            let alone = waiting.len() <= 1;
            if open.ended.is_none() {
                open.ended = Some(lost(how, because.clone(), true));
            }
            (waiting, alone)
        };
        for (_, tell) in waiting {
            // Whoever stopped waiting needs no word.
            let _ = tell.send(Err(lost(how, because.clone(), !alone)));
        }
        // Dropping the group kills it.
        drop(self.group.lock().unwrap_or_else(PoisonError::into_inner).take());
        alone
    }

    fn reply(&self, line: &str) {
        let reply = match AdapterReply::read(line) {
            Ok(reply) => reply,
            Err(error) => {
                self.end(How::Garbled, format!("wanted a reply of the protocol, found {:?}: {error}", start_of(line)));
                return;
            }
        };
        if !reply.is_well_formed() {
            let because = format!("wanted one of ok, verdict, skipped and error, found {:?}", start_of(line));
            self.end(How::Garbled, because);
            return;
        }
        let waiting = self.open().waiting.remove(&reply.seq);
        match waiting {
            Some(tell) => {
                let _ = tell.send(Ok(reply));
            }
            None if reply.seq < self.seq.load(Ordering::Relaxed) => {
                let mut open = self.open();
                if open.oddities.len() < 8 {
                    open.oddities.push(format!("it answered question {} more than once", reply.seq));
                }
            }
            None => {
                self.end(How::Garbled, format!("it answered question {}, which nobody asked", reply.seq));
            }
        }
    }
}

fn lost(how: How, because: String, in_company: bool) -> Lost {
    Lost { how, because, in_company }
}

fn start_of(line: &str) -> String {
    line.chars().take(SHOWN).collect()
}

/// Writes what is there, and flushes when there is no more: many small questions travel together.
async fn write_lines(stdin: ChildStdin, mut inbox: mpsc::UnboundedReceiver<String>) {
    let mut out = BufWriter::with_capacity(64 * 1024, stdin);
    while let Some(line) = inbox.recv().await {
        let mut next = Some(line);
        while let Some(line) = next {
            if out.write_all(line.as_bytes()).await.is_err() || out.write_all(b"\n").await.is_err() {
                return;
            }
            next = inbox.try_recv().ok();
        }
        if out.flush().await.is_err() {
            return;
        }
    }
}

async fn read_lines(stdout: ChildStdout, shared: Arc<Shared>, log: Log) {
    let mut lines = FramedRead::with_capacity(stdout, LinesCodec::new_with_max_length(LONGEST_LINE), 64 * 1024);
    loop {
        match lines.next().await {
            Some(Ok(line)) => {
                shared.reply(&line);
                if shared.open().ended.is_some() {
                    return;
                }
            }
            Some(Err(LinesCodecError::MaxLineLengthExceeded)) => {
                shared.end(How::Garbled, format!("wanted a line of at most {LONGEST_LINE} bytes, found a longer one"));
                return;
            }
            Some(Err(LinesCodecError::Io(error))) => {
                shared.end(How::Garbled, format!("its output cannot be read: {error}"));
                return;
            }
            None => {
                let group = shared.group.lock().unwrap_or_else(PoisonError::into_inner).take();
                let mut status = "it closed its standard output".to_owned();
                if let Some(mut group) = group {
                    if let Ok(Ok(ended)) = timeout(GOODBYE, group.ended()).await {
                        status = format!("the adapter ended: {ended}");
                    }
                    group.last_words().await;
                    group.kill().await;
                }
                let tail = log.tail();
                let said = tail.lines().next_back().map(|line| format!("; it said {:?}", start_of(line)));
                shared.end(How::Ended, format!("{status}{}", said.unwrap_or_default()));
                return;
            }
        }
    }
}
