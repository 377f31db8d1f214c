//! The host's side of one call: grants, state, emitted messages.

use super::writes::Writes;
use crate::components::Secrets;
use crate::loose;
use bytes::Bytes;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weft_model::document::Grants;
use weft_model::message::Encoded;
use weft_model::node::{Activation, Effect, Effects, KeyPage, LogLevel, Send, StateEntry};
use weft_model::{Message, Value};
use weft_sandbox::HostCalls;
use weft_sandbox::host_calls::{Denied, EmitError, SecretError, StateError, Swap};
use zeroize::Zeroizing;

/// What a node's calls have in common.
pub(super) struct Node {
    pub(super) config: String,
    pub(super) grants: Grants,
    pub(super) outputs: usize,
    pub(super) secrets: Arc<dyn Secrets>,
}

/// The host's side of one call.
pub(super) struct Host {
    node: Arc<Node>,
    effects: Arc<dyn Effects>,
    /// The id of the message that is handled; messages without one get it.
    message_id: Arc<str>,
    pending: Mutex<Pending>,
}

/// What waits for the call to end well.
#[derive(Default)]
struct Pending {
    writes: Writes,
    sends: Vec<Send>,
}

impl Host {
    pub(super) fn new(node: Arc<Node>, effects: Arc<dyn Effects>, message_id: Arc<str>) -> Self {
        Host {
            node,
            effects,
            message_id,
            pending: Mutex::default(),
        }
    }

    /// What the call left: messages that it emitted, and writes.
    pub(super) fn take(&self) -> (Vec<Send>, Vec<Effect>) {
        let Pending { writes, sends } = std::mem::take(&mut *self.pending());
        (sends, writes.into_effects())
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bucket(&self, name: &str) -> Result<(), StateError> {
        Ok(granted(
            "bucket",
            "buckets",
            &self.node.grants.buckets,
            name,
        )?)
    }
}

impl HostCalls for Host {
    fn activation(&self) -> &Activation {
        self.effects.activation()
    }

    fn config(&self) -> &str {
        &self.node.config
    }

    fn log(&self, level: LogLevel, line: String) {
        self.effects.log(level, line);
    }

    /// At once; with a grant for state only when the outcome is committed, so
    /// that what the node says and what it stored agree.
    fn emit(&self, port: u32, message: Encoded) -> Result<(), EmitError> {
        let port = port as usize;
        if port >= self.node.outputs {
            return Err(EmitError::NoSuchPort);
        }
        let message =
            Message::decode(message, &self.message_id).map_err(|_| EmitError::InvalidMessage)?;
        if self.node.grants.buckets.is_empty() {
            return self
                .effects
                .emit(port, message)
                .map_err(|_| EmitError::LimitExceeded);
        }
        self.pending().sends.push(Send { port, message });
        Ok(())
    }

    fn env(&self, name: &str) -> Result<Option<String>, Denied> {
        granted("env value", "env", &self.node.grants.env, name)?;
        Ok(self.effects.env(name).map(|value| match &value {
            Value::Array(_) | Value::Object(_) => value.to_plain_json().to_string(),
            value => loose::to_text(value).into_owned(),
        }))
    }

    fn secret(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        granted("secret", "secrets", &self.node.grants.secrets, name)?;
        self.node.secrets.get(name).ok_or_else(|| {
            SecretError::NotSet(format!("no secret named {name:?} is set in this instance"))
        })
    }

    fn state_get(&self, bucket: &str, key: &str) -> Result<Option<StateEntry>, StateError> {
        self.bucket(bucket)?;
        self.pending().writes.get(&*self.effects, bucket, key)
    }

    fn state_set(&self, bucket: &str, key: &str, value: Bytes) -> Result<(), StateError> {
        self.bucket(bucket)?;
        self.pending().writes.set(bucket, key, Some(value))
    }

    fn state_delete(&self, bucket: &str, key: &str) -> Result<(), StateError> {
        self.bucket(bucket)?;
        self.pending().writes.set(bucket, key, None)
    }

    fn state_increment(&self, bucket: &str, key: &str, delta: i64) -> Result<i64, StateError> {
        self.bucket(bucket)?;
        self.pending()
            .writes
            .increment(&*self.effects, bucket, key, delta)
    }

    fn state_compare_and_swap(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<u64>,
        value: Bytes,
    ) -> Result<Swap, StateError> {
        self.bucket(bucket)?;
        let mut pending = self.pending();
        pending
            .writes
            .compare_and_swap(&*self.effects, bucket, key, expected, value)
    }

    fn state_keys(
        &self,
        bucket: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<KeyPage, StateError> {
        self.bucket(bucket)?;
        self.pending()
            .writes
            .keys(&*self.effects, bucket, cursor, limit as usize)
    }
}

fn granted(what: &str, list: &str, granted: &[String], name: &str) -> Result<(), Denied> {
    if granted.iter().any(|granted| granted == name) {
        return Ok(());
    }
    let grant = format!("grants.{list}: [{name:?}]");
    let message = format!("the node may not use {what} {name:?}: it needs {grant}");
    Err(Denied { grant, message })
}
