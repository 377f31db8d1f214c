//! The recent runs of an instance, in memory and bounded.
//!
//! Runs are spread over shards by their id, so that requests on different
//! threads seldom meet at one lock.

use crate::live::LiveFlow;
use crate::run::trace::{RunDetail, RunSummary, RunTrace};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weft_model::document::Capture;
use weft_model::id::{FlowId, RunId};
use weft_model::plan::NodeIndex;

const SHARDS: usize = 16;

/// The recent runs of an instance.
pub struct History {
    shards: [Mutex<VecDeque<Arc<RunTrace>>>; SHARDS],
    per_shard: usize,
    budget: CaptureBudget,
}

/// Bytes left for captured messages; shared by all runs of an instance.
#[derive(Clone)]
pub(crate) struct CaptureBudget(Arc<AtomicUsize>);

impl CaptureBudget {
    /// Take bytes; false if there are not that many left.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        let take = |left: usize| left.checked_sub(bytes);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }

    pub(crate) fn give_back(&self, bytes: usize) {
        if bytes > 0 {
            self.0.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

impl History {
    /// Room for `runs` runs, of whose messages `capture_bytes` are kept.
    pub fn new(runs: usize, capture_bytes: usize) -> Self {
        History {
            shards: Default::default(),
            per_shard: runs.div_ceil(SHARDS).max(1),
            budget: CaptureBudget(Arc::new(AtomicUsize::new(capture_bytes))),
        }
    }

    pub(crate) fn begin(&self, id: RunId, live: &LiveFlow, entry: NodeIndex) -> Arc<RunTrace> {
        let capture = match live.plan.settings.capture {
            _ if live.instance.events.are_watched() => Capture::All,
            Capture::Sample(share) if fastrand::f64() >= share => Capture::Errors,
            other => other,
        };
        let flow = (live.flow().clone(), live.revision, entry);
        let trace = RunTrace::new(id, flow, live.paths.clone(), capture, self.budget.clone());
        let trace = Arc::new(trace);
        let mut shard = self.shard(id);
        let oldest = if shard.len() >= self.per_shard {
            shard.pop_front()
        } else {
            None
        };
        shard.push_back(trace.clone());
        drop(shard);
        // Freeing a run's messages takes time; not under the lock.
        drop(oldest);
        trace
    }

    fn shard(&self, id: RunId) -> MutexGuard<'_, VecDeque<Arc<RunTrace>>> {
        let shard = id.as_u128() as usize % SHARDS;
        self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest runs first, of one flow or of all, older than `before`.
    pub fn list(
        &self,
        flow: Option<&FlowId>,
        before: Option<RunId>,
        limit: usize,
    ) -> Vec<RunSummary> {
        let shards = self
            .shards
            .iter()
            .map(|s| s.lock().unwrap_or_else(PoisonError::into_inner).clone());
        let mut runs: Vec<_> = shards
            .flatten()
            .filter(|run| before.is_none_or(|b| run.id < b))
            .collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run.id));
        let summaries = runs.iter().map(|run| run.summary());
        summaries
            .filter(|run| flow.is_none_or(|flow| run.flow == *flow))
            .take(limit)
            .collect()
    }

    /// One run.
    pub fn get(&self, id: RunId) -> Option<RunDetail> {
        let run = self
            .shard(id)
            .iter()
            .rev()
            .find(|run| run.id == id)
            .cloned();
        run.map(|run| run.detail())
    }
}
