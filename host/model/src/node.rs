//! A node's behaviour: an event goes in, an outcome or a fault comes out.
//!
//! A node does nothing to the world itself. It reads through [`Effects`], and
//! what it wants done stands in its [`Outcome`], which the runtime commits as
//! one. A fault commits nothing.

use crate::document::{FlowSettings, FunctionLimits, Grants};
use crate::fault::{Fault, Usage};
use crate::id::{FlowId, InstanceName, RunId};
use crate::message::Message;
use crate::value::Value;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What happens to a node.
#[derive(Clone, Debug)]
pub enum Event {
    /// A message arrived.
    Message(Message),
    /// The node was deployed; messages wait until this has ended.
    Start,
    /// The node is removed or changed, or the host stops.
    Stop,
}

/// What an activation wants done: all of it, or nothing.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Messages that leave, in order.
    pub sends: Vec<Send>,
    /// Writes to make last.
    pub effects: Vec<Effect>,
    /// The answer to the run's caller.
    pub reply: Option<Reply>,
    /// What the activation used.
    pub usage: Usage,
}

/// A message on its way out of an output port.
#[derive(Clone, Debug)]
pub struct Send {
    /// The output port, counted from 0.
    pub port: usize,
    /// The message.
    pub message: Message,
}

/// A write that commits with the outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A change of one key of a bucket.
    State {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The new value; none removes the key.
        value: Option<Bytes>,
        /// What the key must be like at the commit; else the activation runs
        /// again.
        expect: Expect,
    },
}

/// A condition that is checked when a write commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Whatever is there.
    Anything,
    /// The key is absent.
    Absent,
    /// The key has this version.
    Version(u64),
}

/// An answer to an HTTP request.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Outcome {
    /// One message on port 0.
    pub fn send(message: Message) -> Self {
        Outcome::send_on(0, message)
    }

    /// One message on a port.
    pub fn send_on(port: usize, message: Message) -> Self {
        Outcome {
            sends: vec![Send { port, message }],
            ..Outcome::default()
        }
    }
}

/// Either an answer at once, or work that takes its time.
pub enum Handled<'a> {
    /// Done.
    Ready(Result<Outcome, Fault>),
    /// Not yet; dropping it cancels the activation.
    Pending(Pin<Box<dyn Future<Output = Result<Outcome, Fault>> + std::marker::Send + 'a>>),
}

/// A node that is ready to run. It is shared by all runs, so what it remembers
/// lies elsewhere.
pub trait Node: std::marker::Send + Sync {
    /// Handle one event.
    fn handle<'a>(&'a self, event: Event, effects: Arc<dyn Effects>) -> Handled<'a>;

    /// True if the node wants [`Event::Start`] and [`Event::Stop`].
    fn wants_lifecycle(&self) -> bool {
        false
    }
}

/// The level of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// Where and why an activation happens.
#[derive(Clone, Debug)]
pub struct Activation {
    /// The instance.
    pub instance: InstanceName,
    /// The flow.
    pub flow: FlowId,
    /// The revision.
    pub revision: u64,
    /// The run.
    pub run: RunId,
    /// The node's path.
    pub node: Arc<str>,
    /// Where in the run: with run and node it names the activation.
    pub sequence: u32,
    /// 1 for the first attempt.
    pub attempt: u32,
}

impl Activation {
    /// The same for every attempt: run, node path, sequence.
    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.run, self.node, self.sequence)
    }
}

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateEntry {
    /// The value.
    pub value: Bytes,
    /// Changes with every write.
    pub version: u64,
}

/// One page of a bucket's keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys.
    pub keys: Vec<String>,
    /// Where the next page begins; none at the end.
    pub cursor: Option<String>,
}

/// The store did not answer, or what lies there can't be read; the text is for
/// the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("state is not available: {0}")]
pub struct StateUnavailable(pub String);

/// Why a message was not sent ahead of the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run is over, or has used up its activations")]
pub struct EmitRefused;

/// What a node can see and say while it works. All of it is cheap and none of it
/// waits: reads of state are small and served from memory or page cache.
pub trait Effects: std::marker::Send + Sync {
    /// Facts about this activation.
    fn activation(&self) -> &Activation;

    /// Write a line to the run's log.
    fn log(&self, level: LogLevel, line: String);

    /// Show a value to whoever watches the instance (the `debug` node).
    fn debug(&self, name: &str, value: Value);

    /// Send a message ahead of the outcome.
    ///
    /// # Errors
    /// The run takes no more messages.
    fn emit(&self, port: usize, message: Message) -> Result<(), EmitRefused>;

    /// A value of the flow's `env`.
    fn env(&self, name: &str) -> Option<Value>;

    /// A committed value.
    ///
    /// # Errors
    /// The store did not answer.
    fn state(&self, bucket: &str, key: &str) -> Result<Option<StateEntry>, StateUnavailable>;

    /// The keys of a bucket as committed, at most `limit`.
    ///
    /// # Errors
    /// The store did not answer.
    fn state_keys(
        &self,
        bucket: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<KeyPage, StateUnavailable>;
}

/// What a node type gets to make a node of: its own part of the document, and
/// the flow's settings.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    /// The node's path.
    pub path: Arc<str>,
    /// The type's name.
    pub node_type: String,
    /// A name for people; empty if it has none.
    pub name: String,
    /// The config, valid by the type's schema.
    pub config: serde_json::Map<String, serde_json::Value>,
    /// What it may use.
    pub grants: Grants,
    /// How much it may use.
    pub limits: FunctionLimits,
    /// The flow's settings.
    pub settings: Arc<FlowSettings>,
}
