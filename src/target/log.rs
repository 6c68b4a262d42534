//! What a started process prints: its end is kept for error messages, and whole tokens in it are noted.

use super::leak::{self, Scanner};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    task::JoinHandle,
};

/// Bytes that are kept.
const KEPT: usize = 64 * 1024;
/// Tokens that are noted.
const LEAKS: usize = 20;
/// Lines that an error message repeats, and bytes of them.
const TAIL: (usize, usize) = (12, 2048);

/// A bounded log. Clones share the same lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    bytes: VecDeque<u8>,
    leaks: Vec<String>,
}

impl Log {
    /// Reads a stream to its end, however long that takes: a process whose output nobody reads would stop.
    pub(super) fn drain(&self, mut stream: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<()> {
        let log = self.clone();
        tokio::spawn(async move {
            let (mut scanner, mut piece) = (Scanner::new(), [0; 4096]);
            while let Ok(length @ 1..) = stream.read(&mut piece).await {
                log.write(&piece[..length], &mut scanner);
            }
            if let Some(token) = scanner.end() {
                log.lines().note(token);
            }
        })
    }

    fn write(&self, piece: &[u8], scanner: &mut Scanner) {
        let mut lines = self.lines();
        lines.bytes.extend(piece);
        let excess = lines.bytes.len().saturating_sub(KEPT);
        lines.bytes.drain(..excess);
        scanner.scan(piece, |token| lines.note(token));
    }

    /// The last lines, tokens in them shortened.
    pub(super) fn tail(&self) -> String {
        let (bytes, cut) = {
            let lines = self.lines();
            let before = lines.bytes.len().saturating_sub(TAIL.1);
            (lines.bytes.iter().skip(before).copied().collect::<Vec<u8>>(), before > 0)
        };
        let text = String::from_utf8_lossy(&bytes);
        // A line that is cut may begin within a token, and nobody would know it for one.
        let whole = if cut { text.split_once('\n').map_or("", |(_, rest)| rest) } else { &text };
        let lines: Vec<&str> = whole.trim_end().lines().collect();
        leak::shorten(&lines[lines.len().saturating_sub(TAIL.0)..].join("\n"))
    }

    /// Whole tokens that were printed, each as its start and its length.
    pub(super) fn leaks(&self) -> Vec<String> {
        self.lines().leaks.clone()
    }

    /// A panic elsewhere cannot leave the lines half written, so a poisoned lock is still good.
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn note(&mut self, token: String) {
        if self.leaks.len() < LEAKS && !self.leaks.contains(&token) {
            self.leaks.push(token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn log_of(bytes: Vec<u8>) -> Log {
        let log = Log::default();
        log.drain(std::io::Cursor::new(bytes)).await.unwrap();
        log
    }

    #[tokio::test]
    async fn only_the_end_is_kept() {
        let text: String = (0..100_000).map(|line| format!("line {line}\n")).collect();
        let log = log_of(text.into_bytes()).await;
        assert_eq!(log.lines().bytes.len(), KEPT);
        let tail = log.tail();
        assert!(tail.starts_with("line 99988\n") && tail.ends_with("line 99999"), "{tail}");
        assert_eq!(log_of(Vec::new()).await.tail(), "");
    }

    #[tokio::test]
    async fn a_flood_of_tokens_is_noted_in_part() {
        let text: String = (0..100).map(|n| format!("eyJ{n:0>20}.b.c\n")).collect();
        // They start alike and are equally long: one note says it all.
        assert_eq!(log_of(text.into_bytes()).await.leaks(), ["eyJ000000000… (27 characters)"]);
        let text: String = (0..100).map(|n| format!("eyJ{n:0>3}.b.c eyJa.b.c\n")).collect();
        assert_eq!(log_of(text.into_bytes()).await.leaks().len(), LEAKS);
    }
}
