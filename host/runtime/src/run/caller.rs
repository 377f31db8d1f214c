//! The caller's side of a run.
//!
//! An ephemeral run is driven by the very task that waits for its answer: no
//! spawn, no wake-up across threads. What is left when the answer is there, or
//! when the caller goes away, moves to a task of its own and ends there.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::oneshot;
use weft_model::fault::Fault;
use weft_model::id::RunId;
use weft_model::node::Reply;

/// How a run answered.
#[derive(Debug)]
pub enum Answer {
    /// An `http-response` node answered.
    Reply(Reply),
    /// An error that no `catch` node handled.
    Failed {
        /// The error.
        fault: Fault,
        /// The path of the node at which it happened.
        node: Arc<str>,
    },
    /// The run ended, or could no longer answer, without an error.
    Nothing,
}

/// A run that somebody waits for. Its output is the answer; dropping it early
/// means that the caller is gone, the run itself goes on.
pub struct Caller {
    id: RunId,
    run: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    answer: oneshot::Receiver<Answer>,
}

impl Caller {
    pub(crate) fn new(
        id: RunId,
        run: Pin<Box<dyn Future<Output = ()> + Send>>,
        answer: oneshot::Receiver<Answer>,
    ) -> Self {
        Caller {
            id,
            run: Some(run),
            answer,
        }
    }

    /// The id of the run.
    pub fn run_id(&self) -> RunId {
        self.id
    }

    /// Let the run go on without a caller.
    pub fn detach(self) -> RunId {
        self.id
    }
}

impl Future for Caller {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        if let Some(run) = &mut self.run
            && run.as_mut().poll(cx).is_ready()
        {
            self.run = None;
        }
        // A run that ends drops its side, so this is ready at the latest then.
        let answer = Pin::new(&mut self.answer).poll(cx);
        answer.map(|answer| answer.unwrap_or(Answer::Nothing))
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.answer.close();
        if let Some(rest) = self.run.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(rest);
        }
    }
}
