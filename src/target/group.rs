//! A process with all its children, in a process group of their own, so that none of them outlives us.

use super::{error::TargetError, log::Log};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    collections::BTreeMap,
    io,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    process::{Child, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
    time::{Instant, sleep, timeout, timeout_at},
};

/// How long a group may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How often we look whether a group is gone, once its first process is.
const LOOK: Duration = Duration::from_millis(20);
/// How long the last output of an ended process may take to arrive.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// A running process group. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Group {
    child: Child,
    /// `None` once the group is gone or nobody's business of ours any more.
    id: Option<Pid>,
    drains: Vec<JoinHandle<()>>,
}

impl Group {
    /// Starts a command in a folder; what it prints goes into the log. `place` says where the command is written.
    pub(super) fn spawn(
        place: &'static str,
        command: &[String],
        env: &BTreeMap<String, String>,
        folder: &Path,
        log: &Log,
    ) -> Result<Self, TargetError> {
        Group::start(place, command, env, folder, Stdio::null(), log).map(|mut group| {
            group.drains.extend(group.child.stdout.take().map(|stream| log.drain(stream)));
            group
        })
    }

    /// Starts a command that we talk to: its standard input and output are ours, its standard error goes into the log.
    pub(super) fn converse(
        place: &'static str,
        command: &[String],
        env: &BTreeMap<String, String>,
        folder: &Path,
        log: &Log,
    ) -> Result<(Self, ChildStdin, ChildStdout), TargetError> {
        let mut group = Group::start(place, command, env, folder, Stdio::piped(), log)?;
        let pipes = group.child.stdin.take().zip(group.child.stdout.take());
        let (stdin, stdout) = pipes.ok_or_else(|| TargetError::Spawn {
            place,
            program: command.first().cloned().unwrap_or_default(),
            source: io::Error::other("no pipes to it"),
        })?;
        Ok((group, stdin, stdout))
    }

    fn start(
        place: &'static str,
        command: &[String],
        env: &BTreeMap<String, String>,
        folder: &Path,
        stdin: Stdio,
        log: &Log,
    ) -> Result<Self, TargetError> {
        let program = command.first().cloned().unwrap_or_default();
        let failed = |source| TargetError::Spawn { place, program: program.clone(), source };
        // An empty path is how a bare file name says "here", and no folder that one could go to.
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let mut child = Command::new(&program)
            .args(command.iter().skip(1))
            .envs(env)
            .current_dir(folder)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        let drains = child.stderr.take().map(|stream| log.drain(stream)).into_iter().collect();
        Ok(Group { child, id, drains })
    }

    /// The group's number; `None` once it is gone.
    pub(super) fn number(&self) -> Option<i32> {
        self.id.map(Pid::as_raw)
    }

    /// Waits until the first process ends.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Waits a moment for output that is still on its way.
    pub(super) async fn last_words(&mut self) {
        let deadline = Instant::now() + LAST_WORDS;
        for drain in &mut self.drains {
            // A child that holds the pipe open may print for as long as it likes.
            let _ = timeout_at(deadline, drain).await;
        }
    }

    /// Asks the group to end, gives it two seconds, and kills what is left.
    pub(super) async fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        let _ = timeout(GRACE, async {
            let _ = self.child.wait().await;
            while self.is_alive() {
                sleep(LOOK).await;
            }
        })
        .await;
        self.kill().await;
    }

    /// Kills the group.
    pub(super) async fn kill(mut self) {
        self.signal(Signal::SIGKILL);
        // A killed process ends at once; waiting takes it off the process table.
        let _ = self.child.wait().await;
        self.id = None;
    }

    /// Lets the group be: its children may be meant to stay.
    pub(super) fn release(mut self) {
        self.id = None;
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            // A group that is gone already needs no signal.
            let _ = killpg(id, signal);
        }
    }

    fn is_alive(&self) -> bool {
        self.id.is_some_and(|id| killpg(id, None).is_ok() && !is_buried_late(id))
    }
}

/// Whether all that is left of a group are dead processes that nobody has taken off the process table: in a container
/// whose first process does not do that, they stay. Where there is no `/proc` the answer is no.
fn is_buried_late(group: Pid) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    processes.flatten().all(|process| {
        // The name, in brackets, may hold anything; state, parent and group follow it.
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let (state, of_group) = (fields.next(), fields.nth(1).and_then(|field| field.parse().ok()));
        of_group != Some(group.as_raw()) || matches!(state, Some("Z" | "X"))
    })
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        self.drains.iter().for_each(JoinHandle::abort);
    }
}
