//! Why a message could not be read.

use std::fmt;

/// A message that breaks the rules of its encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidMessage {
    /// The head is not one JSON object; the reason.
    Head(String),
    /// A field's value cannot be read.
    Field {
        /// The field's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl InvalidMessage {
    pub(super) fn field(name: &str, reason: &impl fmt::Display) -> InvalidMessage {
        InvalidMessage::Field {
            name: name.to_owned(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidMessage::Head(reason) => {
                write!(f, "the message's head is not a JSON object: {reason}")
            }
            InvalidMessage::Field { name, reason } => {
                write!(f, "the message's field {name:?} cannot be read: {reason}")
            }
        }
    }
}

impl std::error::Error for InvalidMessage {}
