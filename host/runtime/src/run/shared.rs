//! What the activations of a run share: its trace, its caller, and the messages
//! that functions send before they return.

use super::caller::Answer;
use super::trace::RunTrace;
use crate::live::LiveFlow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use weft_model::fault::{Fault, FaultCode};
use weft_model::id::RunId;
use weft_model::node::{EmitRefused, Reply, Send};
use weft_model::plan::NodeIndex;

/// What the activations of a run share with its driver.
pub(crate) struct Shared {
    pub(crate) live: Arc<LiveFlow>,
    pub(crate) trace: Arc<RunTrace>,
    /// Messages sent ahead of their outcome, not yet taken by the driver.
    emitted: Mutex<VecDeque<(NodeIndex, Send)>>,
    caller: Mutex<Awaited>,
    activations: AtomicU32,
}

/// Who waits for an answer.
pub(super) enum Awaited {
    By(oneshot::Sender<Answer>),
    /// An `http-response` has answered.
    Replied,
    /// Nobody: no request began the run, or it was answered with an error.
    ByNobody,
}

impl Shared {
    pub(super) fn new(id: RunId, live: Arc<LiveFlow>, entry: NodeIndex, caller: Awaited) -> Self {
        let trace = live.instance.history.begin(id, &live, entry);
        let (emitted, activations) = (Mutex::default(), AtomicU32::new(0));
        Shared {
            live,
            trace,
            emitted,
            caller: Mutex::new(caller),
            activations,
        }
    }

    /// Count one more activation; false if the run has had all it may have.
    pub(super) fn take_activation(&self) -> bool {
        self.activations.fetch_add(1, Ordering::Relaxed) < self.live.max_activations
    }

    /// The activations so far.
    pub(super) fn activations(&self) -> u32 {
        self.activations.load(Ordering::Relaxed)
    }

    pub(crate) fn emit(&self, node: NodeIndex, send: Send) -> Result<(), EmitRefused> {
        let mut emitted = self.emitted.lock().unwrap_or_else(PoisonError::into_inner);
        if emitted.len() >= self.live.max_activations as usize {
            return Err(EmitRefused);
        }
        emitted.push_back((node, send));
        Ok(())
    }

    pub(super) fn has_emitted(&self) -> bool {
        !self
            .emitted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    pub(super) fn take_emitted(&self) -> VecDeque<(NodeIndex, Send)> {
        std::mem::take(&mut *self.emitted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn caller(&self) -> MutexGuard<'_, Awaited> {
        self.caller.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answer in place of an `http-response`, if somebody still waits.
    pub(super) fn answer(&self, answer: impl FnOnce() -> Answer) {
        let mut caller = self.caller();
        if let Awaited::By(_) = &*caller
            && let Awaited::By(sender) = std::mem::replace(&mut *caller, Awaited::ByNobody)
        {
            // A caller that is gone hears nothing.
            let _gone = sender.send(answer());
        }
    }

    /// The first reply wins.
    pub(super) fn reply(&self, reply: Reply) -> Result<(), Fault> {
        let mut caller = self.caller();
        match std::mem::replace(&mut *caller, Awaited::Replied) {
            Awaited::By(sender) => sender.send(Answer::Reply(reply)).map_err(|_| {
                *caller = Awaited::ByNobody;
                Fault::new(FaultCode::NoReplyHandle, "the caller has gone")
                    .hint("raise replyTimeoutMs of the http-in node, or answer sooner")
            }),
            Awaited::Replied => Err(Fault::new(
                FaultCode::AlreadyReplied,
                "the request was answered already",
            )
            .hint("let a message reach only one http-response")),
            Awaited::ByNobody => {
                *caller = Awaited::ByNobody;
                Err(Fault::new(
                    FaultCode::NoReplyHandle,
                    "nothing waits for an answer in this run",
                )
                .hint("start the run by a request; one that failed has been answered already"))
            }
        }
    }
}
