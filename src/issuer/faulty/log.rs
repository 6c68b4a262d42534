//! Every request that an endpoint received, and what became of it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// Requests kept in full; later ones are only counted.
const KEPT: usize = 100_000;
/// Characters kept of a text that a client sent.
const TEXT: usize = 512;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It is still open.
    Open,
    /// The answer that was planned went out in full.
    Answered,
    /// We broke it off, as a fault wants it.
    Broken,
    /// The client gave it up.
    Abandoned,
}

/// One request.
#[derive(Debug, Clone)]
pub struct FetchEntry {
    /// When its head was read, or when its connection was broken before that.
    pub at: Instant,
    /// When it ended.
    pub until: Option<Instant>,
    /// Which connection, counted from 1.
    pub connection: u64,
    /// Method, path with query, and the header fields of interest, as sent and cut to size; empty where no head was read.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// `User-Agent`, `Accept`, `If-None-Match`, `Cache-Control` and `Authorization` (of that only that it was there), as
    /// lines.
    pub headers: Vec<String>,
    /// The status that was answered.
    pub status: Option<u16>,
    /// Bytes that were written.
    pub bytes: u64,
    /// The faults that met it.
    pub faults: Vec<String>,
    /// Whether the answer was the true document, or the honest word that the client has it already.
    pub honest: bool,
    /// How it ended.
    pub ended: Ended,
}

/// The requests of one endpoint. Clones share the same entries.
#[derive(Debug, Clone, Default)]
pub struct FetchLog {
    entries: Arc<Mutex<Vec<FetchEntry>>>,
    dropped: Arc<Mutex<usize>>,
}

impl FetchLog {
    /// Everything so far, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<FetchEntry> {
        self.lock().clone()
    }

    /// The kept ones behind the first so many.
    #[must_use]
    pub fn since(&self, first: usize) -> Vec<FetchEntry> {
        self.lock().get(first..).map(<[FetchEntry]>::to_vec).unwrap_or_default()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().len() + *self.dropped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests after the log was full: counted, and not kept.
    #[must_use]
    pub fn dropped(&self) -> usize {
        *self.dropped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a request down; the number finds it again.
    pub(super) fn begin(&self, mut entry: FetchEntry) -> Option<usize> {
        for text in [&mut entry.method, &mut entry.path].into_iter().chain(&mut entry.headers) {
            if text.len() > TEXT {
                *text = text.chars().take(TEXT).collect();
            }
        }
        let mut entries = self.lock();
        if entries.len() >= KEPT {
            *self.dropped.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            return None;
        }
        entries.push(entry);
        Some(entries.len() - 1)
    }

    /// Says how it ended.
    pub(super) fn end(&self, number: Option<usize>, bytes: u64, ended: Ended) {
        let mut entries = self.lock();
        if let Some(entry) = number.and_then(|number| entries.get_mut(number)) {
            entry.bytes = bytes;
            entry.ended = ended;
            entry.until = Some(Instant::now());
            entry.honest &= ended == Ended::Answered;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<FetchEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which instance of a target asks for a document at this path, where several have addresses of their own.
pub(super) fn instance_of(path: &str) -> Option<u32> {
    path.split('/').find_map(|part| part.strip_prefix("instance-")?.parse().ok())
}

impl FetchEntry {
    /// Which instance of a target asked, where several have addresses of their own.
    #[must_use]
    pub fn instance(&self) -> Option<u32> {
        instance_of(&self.path)
    }
}
