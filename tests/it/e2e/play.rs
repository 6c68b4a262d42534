//! Starts the binary, waits for it within bounds, and watches what it needs.

use assert_cmd::cargo::cargo_bin;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// No process of a test may live longer: many times what any of them needs on a busy machine.
const LONGEST: Duration = Duration::from_secs(180);
/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// The binary, in a folder, away from the caller's colours and widths.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(cargo_bin!("gauntlet"));
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "RUST_BACKTRACE", "RUST_LIB_BACKTRACE"] {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end, in a folder.
pub fn gauntlet_in(folder: &Path, args: &[&str]) -> Ended {
    Playing::start(command(folder).args(args)).end()
}

/// Runs it to its end, in an empty folder.
pub fn gauntlet(args: &[&str]) -> Ended {
    gauntlet_in(tempfile::tempdir().unwrap().path(), args)
}

/// Runs it to its end with a text on stdin.
pub fn gauntlet_reading(text: &str, args: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let mut playing = Playing::start(command(folder.path()).args(args).stdin(Stdio::piped()));
    playing.child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    playing.end()
}

/// A running `gauntlet`. Dropping it kills it.
pub struct Playing {
    child: Child,
    started: Instant,
    streams: Option<[JoinHandle<Vec<u8>>; 2]>,
    peak_kib: u64,
}

/// The streams of a running `gauntlet`. Each line is waited for within bounds.
pub struct Streams {
    pub stdin: ChildStdin,
    pub stdout: Lines,
    pub stderr: Lines,
}

/// Lines as they come.
pub struct Lines(mpsc::Receiver<String>);

impl Iterator for Lines {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.0.recv_timeout(LONGEST).ok()
    }
}

/// What it came to.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
    /// The most memory that it was seen to hold.
    pub peak_kib: u64,
}

impl Playing {
    pub fn start(command: &mut Command) -> Playing {
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        let streams = Some([drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap())]);
        Playing { child, started, streams, peak_kib: 0 }
    }

    /// The same, with its streams left to the test.
    pub fn with_streams(command: &mut Command) -> (Playing, Streams) {
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        let streams = Streams {
            stdin: child.stdin.take().unwrap(),
            stdout: lines(child.stdout.take().unwrap()),
            stderr: lines(child.stderr.take().unwrap()),
        };
        (Playing { child, started, streams: None, peak_kib: 0 }, streams)
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.id()), signal).unwrap();
    }

    /// Its process.
    pub fn id(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        assert!(self.started.elapsed() < LONGEST, "gauntlet did not end within {LONGEST:?}");
        thread::sleep(LOOK);
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until it ends by itself.
    pub fn end(mut self) -> Ended {
        let status = loop {
            self.peak_kib = peak_kib(self.child.id()).unwrap_or(0).max(self.peak_kib);
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if self.started.elapsed() > LONGEST => panic!("gauntlet did not end within {LONGEST:?}"),
                None => thread::sleep(LOOK),
            }
        };
        let took = self.started.elapsed();
        let [stdout, stderr] = match self.streams.take() {
            Some(streams) => streams.map(|stream| {
                String::from_utf8(stream.join().unwrap()).expect("everything that gauntlet prints is UTF-8")
            }),
            None => [String::new(), String::new()],
        };
        Ended { code: status.code(), stdout, stderr, took, peak_kib: self.peak_kib }
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        // Harmless once it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Asserts the exit code, and shows everything where it is another one.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Ended {
        assert!(self.stderr.contains(text), "wanted {text:?} on stderr, found:\n{}", self.stderr);
        self
    }

    #[track_caller]
    pub fn prints(&self, text: &str) -> &Ended {
        assert!(self.stdout.contains(text), "wanted {text:?} on stdout, found:\n{}", self.stdout);
        self
    }
}

fn lines(stream: impl Read + Send + 'static) -> Lines {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    Lines(receiver)
}

fn drain(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// The peak of a process so far; nothing where there is no `/proc` or the process has ended.
fn peak_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Whether a process is there and not merely a dead entry of the process table.
pub fn is_running(pid: i32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => !matches!(stat.rsplit(')').next().unwrap_or_default().split_whitespace().next(), Some("Z" | "X")),
        Err(_) => !Path::new("/proc/self").exists() && kill(Pid::from_raw(pid), None).is_ok(),
    }
}

/// Looks until a condition holds, within a generous bound.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(30), "still not so: {what}");
        thread::sleep(LOOK);
    }
}
