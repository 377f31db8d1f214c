//! The instance's live events: what a watcher sees while flows run.
//!
//! Nobody watches most of the time, so an event is built only if somebody does.

use crate::clock;
use serde::{Serialize, Serializer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::broadcast;
use weft_model::fault::FaultCode;
use weft_model::id::{FlowId, RunId};
use weft_model::node::LogLevel;
use weft_model::value::Value;
use weft_model::wire;

/// Events a slow watcher may lag behind before it misses some.
const BACKLOG: usize = 1024;

/// Something that happened in an instance.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the fields are named as everywhere else")]
pub enum Event {
    /// A run began.
    RunStart {
        run: RunId,
        flow: FlowId,
        revision: u64,
        node: Arc<str>,
    },
    /// A run ended; `error` is the first that nothing caught.
    RunEnd {
        run: RunId,
        flow: FlowId,
        activations: u32,
        error: Option<FaultCode>,
    },
    /// A node failed.
    Error {
        run: RunId,
        flow: FlowId,
        node: Arc<str>,
        code: FaultCode,
        message: String,
        caught: bool,
    },
    /// A `debug` node showed a value.
    Debug {
        run: RunId,
        flow: FlowId,
        node: Arc<str>,
        name: String,
        #[serde(serialize_with = "inline")]
        value: Value,
    },
    /// A function wrote a line.
    Log {
        run: RunId,
        flow: FlowId,
        node: Arc<str>,
        level: LogLevel,
        line: String,
    },
    /// A revision went live, or the flow was disabled (`revision` is null).
    Deploy { flow: FlowId, revision: Option<u64> },
}

impl Event {
    /// The value of the event's `type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::RunStart { .. } => "run-start",
            Event::RunEnd { .. } => "run-end",
            Event::Error { .. } => "error",
            Event::Debug { .. } => "debug",
            Event::Log { .. } => "log",
            Event::Deploy { .. } => "deploy",
        }
    }
}

fn inline<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    wire::Inline(value).serialize(serializer)
}

/// An event and when it happened.
#[derive(Clone, Debug, Serialize)]
pub struct Timed {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub time: u64,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
}

/// Where an instance's events are sent and watched.
pub struct Events {
    sender: broadcast::Sender<Arc<Timed>>,
    watchers: Arc<AtomicUsize>,
}

impl Default for Events {
    fn default() -> Self {
        Events {
            sender: broadcast::Sender::new(BACKLOG),
            watchers: Arc::default(),
        }
    }
}

impl Events {
    /// Watch from now on.
    pub fn watch(&self) -> Watcher {
        self.watchers.fetch_add(1, Ordering::Relaxed);
        Watcher {
            events: self.sender.subscribe(),
            watchers: self.watchers.clone(),
        }
    }

    /// True while somebody watches.
    pub fn are_watched(&self) -> bool {
        self.watchers.load(Ordering::Relaxed) > 0
    }

    /// Send an event, if somebody watches.
    pub(crate) fn send_with(&self, event: impl FnOnce() -> Event) {
        if self.are_watched() {
            let timed = Timed {
                time: clock::unix_ms(),
                event: event(),
            };
            // The last watcher may just have left.
            let _unseen = self.sender.send(Arc::new(timed));
        }
    }
}

/// Somebody who watches an instance.
pub struct Watcher {
    events: broadcast::Receiver<Arc<Timed>>,
    watchers: Arc<AtomicUsize>,
}

/// What a watcher gets.
#[derive(Clone, Debug)]
pub enum Watched {
    /// The next event.
    Event(Arc<Timed>),
    /// The watcher was too slow and missed this many.
    Missed(u64),
}

impl Watcher {
    /// The next event; none when the instance is gone. Cancel safe.
    pub async fn next(&mut self) -> Option<Watched> {
        match self.events.recv().await {
            Ok(event) => Some(Watched::Event(event)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Watched::Missed(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}
