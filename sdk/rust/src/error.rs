//! A function's own failure.

use crate::{
    message::{InvalidMessage, to_text},
    value::{NotAValue, NotThatType, Value},
};
use std::fmt;

/// Who is to blame, and so what the host does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The message or the node's config is wrong: the same call fails again.
    InvalidInput,
    /// A passing fault: the host may try again by the node's policy.
    Retryable,
    /// Anything else.
    Failed,
}

/// Why a function gives no answer. It reaches a `catch` node of the flow, or
/// the caller; nothing that the function stored during the call is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    data: Option<String>,
}

impl Error {
    /// The message or the config is wrong. `message` is one sentence for the caller.
    #[must_use]
    pub fn invalid_input(message: impl fmt::Display) -> Error {
        Error::of(ErrorKind::InvalidInput, message)
    }

    /// A passing fault. `message` is one sentence for the caller.
    #[must_use]
    pub fn retryable(message: impl fmt::Display) -> Error {
        Error::of(ErrorKind::Retryable, message)
    }

    /// Anything else. `message` is one sentence for the caller.
    #[must_use]
    pub fn failed(message: impl fmt::Display) -> Error {
        Error::of(ErrorKind::Failed, message)
    }

    /// An error of any kind. `message` is one sentence for the caller.
    #[must_use]
    pub fn of(kind: ErrorKind, message: impl fmt::Display) -> Error {
        Error {
            kind,
            message: message.to_string(),
            data: None,
        }
    }

    /// Adds details for the flow.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Value>) -> Error {
        self.data = Some(to_text(&data.into()));
        self
    }

    /// Who is to blame.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// One sentence for a person.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Details for the flow, as JSON text.
    #[must_use]
    pub fn data(&self) -> Option<&str> {
        self.data.as_deref()
    }

    #[cfg(target_arch = "wasm32")]
    pub(crate) fn into_parts(self) -> (ErrorKind, String, Option<String>) {
        (self.kind, self.message, self.data)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<InvalidMessage> for Error {
    fn from(error: InvalidMessage) -> Error {
        Error::invalid_input(error)
    }
}

impl From<NotThatType> for Error {
    fn from(error: NotThatType) -> Error {
        Error::invalid_input(error)
    }
}

impl From<NotAValue> for Error {
    fn from(error: NotAValue) -> Error {
        Error::failed(error)
    }
}
