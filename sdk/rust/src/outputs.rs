//! What a function sends, and from which of its output ports.

use crate::{Error, Message, host, value::Value};
use std::fmt;

/// Messages on their way out, in order, each from a port (counted from 0).
///
/// ```
/// use weft::{Message, Outputs};
///
/// let outputs = Outputs::new().send(0, Message::new("yes")).send(1, Message::new("no"));
/// assert_eq!(outputs.into_iter().map(|(port, _)| port).collect::<Vec<_>>(), [0, 1]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Outputs(Vec<(u32, Message)>);

impl Outputs {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Outputs {
        Outputs::default()
    }

    /// One message from one port.
    #[must_use]
    pub fn on(port: u32, message: Message) -> Outputs {
        Outputs(vec![(port, message)])
    }

    /// Adds a message.
    #[must_use]
    pub fn send(mut self, port: u32, message: Message) -> Outputs {
        self.push(port, message);
        self
    }

    /// Adds a message.
    pub fn push(&mut self, port: u32, message: Message) {
        self.0.push((port, message));
    }
}

impl IntoIterator for Outputs {
    type Item = (u32, Message);
    type IntoIter = std::vec::IntoIter<(u32, Message)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Why a message was not sent by [`emit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmitError {
    /// The function has no such output port.
    NoSuchPort,
    /// The message is not valid.
    InvalidMessage,
    /// The call's limit on messages or bytes is reached.
    LimitExceeded,
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EmitError::NoSuchPort => "The function has no such output port.",
            EmitError::InvalidMessage => "The message is not valid.",
            EmitError::LimitExceeded => "The call's limit on messages or bytes is reached.",
        })
    }
}

impl std::error::Error for EmitError {}

impl From<EmitError> for Error {
    fn from(error: EmitError) -> Error {
        Error::failed(error)
    }
}

/// Sends a message from an output port now, ahead of those that the handler returns.
///
/// # Errors
/// See [`EmitError`].
pub fn emit(port: u32, message: Message) -> Result<(), EmitError> {
    let encoded = message.encode().map_err(|_| EmitError::InvalidMessage)?;
    host::emit(port, encoded)
}

/// A typed payload: as an argument it reads the payload of the message that
/// came, as an answer it replaces that payload and keeps the other fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// What a handler may return.
pub trait IntoOutputs {
    /// Whether the answer is made from the message that came.
    const CHANGES_INCOMING: bool;

    /// The messages to send. `incoming` is the message that came, or an empty
    /// one if [`CHANGES_INCOMING`](Self::CHANGES_INCOMING) is false.
    ///
    /// # Errors
    /// The handler's own, or that its answer is no valid value.
    fn into_outputs(self, incoming: Message) -> Result<Outputs, Error>;
}

impl IntoOutputs for () {
    const CHANGES_INCOMING: bool = false;
    fn into_outputs(self, _: Message) -> Result<Outputs, Error> {
        Ok(Outputs::new())
    }
}

impl IntoOutputs for Outputs {
    const CHANGES_INCOMING: bool = false;
    fn into_outputs(self, _: Message) -> Result<Outputs, Error> {
        Ok(self)
    }
}

impl IntoOutputs for Message {
    const CHANGES_INCOMING: bool = false;
    fn into_outputs(self, _: Message) -> Result<Outputs, Error> {
        Ok(Outputs::on(0, self))
    }
}

impl<T: serde::Serialize> IntoOutputs for Json<T> {
    const CHANGES_INCOMING: bool = true;
    fn into_outputs(self, incoming: Message) -> Result<Outputs, Error> {
        let payload = Value::of(&self.0)?;
        Ok(Outputs::on(0, incoming.with_payload(payload)))
    }
}

impl<T: IntoOutputs> IntoOutputs for Option<T> {
    const CHANGES_INCOMING: bool = T::CHANGES_INCOMING;
    fn into_outputs(self, incoming: Message) -> Result<Outputs, Error> {
        match self {
            Some(answer) => answer.into_outputs(incoming),
            None => Ok(Outputs::new()),
        }
    }
}

impl<T: IntoOutputs> IntoOutputs for Vec<T> {
    const CHANGES_INCOMING: bool = T::CHANGES_INCOMING;
    fn into_outputs(self, incoming: Message) -> Result<Outputs, Error> {
        let mut all = Outputs::new();
        for answer in self {
            all.0.extend(answer.into_outputs(incoming.clone())?);
        }
        Ok(all)
    }
}

impl<T: IntoOutputs, E: Into<Error>> IntoOutputs for Result<T, E> {
    const CHANGES_INCOMING: bool = T::CHANGES_INCOMING;
    fn into_outputs(self, incoming: Message) -> Result<Outputs, Error> {
        self.map_err(Into::into)?.into_outputs(incoming)
    }
}
