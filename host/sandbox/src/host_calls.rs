//! What a function may ask of its host. The caller implements [`HostCalls`]
//! anew for each call; the sandbox holds it as long as the call lasts.
//!
//! A refusal for want of a grant is a [`Denied`]: the function gets its message,
//! and if the function then fails, the fault names the grant.

use bytes::Bytes;
use weft_model::message::Encoded;
use weft_model::node::{Activation, KeyPage, LogLevel, StateEntry};
use zeroize::Zeroizing;

/// The host's side of one call. Everything is cheap and nothing waits; writes
/// are buffered by the implementation and committed, or not, after the call.
pub trait HostCalls: Send + Sync {
    /// Facts about the activation.
    fn activation(&self) -> &Activation;

    /// The node's config as JSON text.
    fn config(&self) -> &str;

    /// A line for the run's log: bounded, without control characters.
    fn log(&self, level: LogLevel, line: String);

    /// Send a message ahead of the function's return. Count and bytes are
    /// checked already.
    ///
    /// # Errors
    /// See [`EmitError`].
    fn emit(&self, port: u32, message: Encoded) -> Result<(), EmitError>;

    /// A named value; none if it is granted but not set.
    ///
    /// # Errors
    /// The name is not granted.
    fn env(&self, name: &str) -> Result<Option<String>, Denied>;

    /// A secret's bytes.
    ///
    /// # Errors
    /// See [`SecretError`].
    fn secret(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, SecretError>;

    /// A stored value, as this call left it.
    ///
    /// # Errors
    /// See [`StateError`].
    fn state_get(&self, bucket: &str, key: &str) -> Result<Option<StateEntry>, StateError>;

    /// Store a value.
    ///
    /// # Errors
    /// See [`StateError`].
    fn state_set(&self, bucket: &str, key: &str, value: Bytes) -> Result<(), StateError>;

    /// Remove a value.
    ///
    /// # Errors
    /// See [`StateError`].
    fn state_delete(&self, bucket: &str, key: &str) -> Result<(), StateError>;

    /// Add to a decimal number stored as text (absent counts as 0); the answer
    /// is the new number.
    ///
    /// # Errors
    /// See [`StateError`].
    fn state_increment(&self, bucket: &str, key: &str, delta: i64) -> Result<i64, StateError>;

    /// Store `value` if the entry's version is `expected` (none: if absent).
    ///
    /// # Errors
    /// See [`StateError`].
    fn state_compare_and_swap(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<u64>,
        value: Bytes,
    ) -> Result<Swap, StateError>;

    /// The keys of a bucket, at most `limit` (1 to 1000, checked already).
    ///
    /// # Errors
    /// See [`StateError`].
    fn state_keys(
        &self,
        bucket: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<KeyPage, StateError>;
}

/// The node lacks a grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Denied {
    /// What to add to the node, such as `grants.env: ["REGION"]`.
    pub grant: String,
    /// One sentence that names the grant, for the function and for people.
    pub message: String,
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// The function has no such output port.
    #[error("no such output port")]
    NoSuchPort,
    /// The message is not valid.
    #[error("not a valid message")]
    InvalidMessage,
    /// A limit on messages, bytes or activations is reached.
    #[error("a limit on messages is reached")]
    LimitExceeded,
}

/// Why a secret was not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The node lacks the grant.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It is granted, but no such secret is set; the text says so.
    #[error("{0}")]
    NotSet(String),
}

/// Why state was not read or written. The texts reach the function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The node lacks the grant.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Key, value or number of writes over the limit; the text says which.
    #[error("{0}")]
    LimitExceeded(String),
    /// A stored value that is not a number, and alike.
    #[error("{0}")]
    Invalid(String),
    /// The store did not answer.
    #[error("{0}")]
    Unavailable(String),
}

/// The end of a compare-and-swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swap {
    /// Buffered; it is checked again at the commit.
    Swapped,
    /// The entry is another one: here it is.
    Conflict(Option<StateEntry>),
}
