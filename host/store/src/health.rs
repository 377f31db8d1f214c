//! How the store is: what a health page shows, and what the writer and its callers tell it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::record::Sequence;

/// How the store is at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Whether it takes writes.
    pub state: HealthState,
    /// Commits that wait for an answer.
    pub waiting: usize,
    /// For how long the writer has not finished anything although work waits; zero if nothing
    /// waits. More than a few seconds mean a disk that hangs.
    pub stalled_for: Duration,
    /// The last commit that is on disk.
    pub last_sequence: Sequence,
}

/// Whether the store takes writes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HealthState {
    /// Reads and writes.
    Ok,
    /// Reads only, until the process is started again.
    ReadOnly {
        /// What failed.
        reason: String,
    },
    /// The store was closed.
    Closed,
}

/// Shared by the writer, those who wait for it, and whoever asks.
pub(crate) struct Status {
    started: Instant,
    read_only: OnceLock<String>,
    closed: OnceLock<()>,
    waiting: AtomicUsize,
    /// Milliseconds since `started`, when the writer finished something or got its first work.
    progress: AtomicU64,
    last_sequence: AtomicU64,
}

/// Counts as waiting for as long as it lives.
pub(crate) struct Waiting(Arc<Status>);

impl Status {
    pub(crate) fn new(last: Sequence) -> Self {
        Self {
            started: Instant::now(),
            read_only: OnceLock::new(),
            closed: OnceLock::new(),
            waiting: AtomicUsize::new(0),
            progress: AtomicU64::new(0),
            last_sequence: AtomicU64::new(last.0),
        }
    }

    pub(crate) fn wait(self: &Arc<Self>) -> Waiting {
        if self.waiting.fetch_add(1, Ordering::SeqCst) == 0 {
            self.progress.store(self.now(), Ordering::SeqCst);
        }
        Waiting(Arc::clone(self))
    }

    pub(crate) fn made_progress(&self, last: Sequence) {
        self.last_sequence.store(last.0, Ordering::SeqCst);
        self.progress.store(self.now(), Ordering::SeqCst);
    }

    /// Only the first reason is kept: it is the cause of the others.
    pub(crate) fn become_read_only(&self, reason: String) {
        tracing::error!(reason, "the store takes no more writes");
        self.read_only.set(reason).ok();
    }

    pub(crate) fn become_closed(&self) {
        self.closed.set(()).ok();
    }

    pub(crate) fn read_only(&self) -> Option<&str> {
        self.read_only.get().map(String::as_str)
    }

    pub(crate) fn health(&self) -> Health {
        let waiting = self.waiting.load(Ordering::SeqCst);
        let since = self
            .now()
            .saturating_sub(self.progress.load(Ordering::SeqCst));
        Health {
            state: match (self.closed.get(), self.read_only.get()) {
                (Some(()), _) => HealthState::Closed,
                (None, Some(reason)) => HealthState::ReadOnly {
                    reason: reason.clone(),
                },
                (None, None) => HealthState::Ok,
            },
            waiting,
            stalled_for: if waiting == 0 {
                Duration::ZERO
            } else {
                Duration::from_millis(since)
            },
            last_sequence: Sequence(self.last_sequence.load(Ordering::SeqCst)),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
