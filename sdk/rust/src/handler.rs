//! The shapes that a handler may have: which arguments, which answer.
//!
//! These traits are implemented for ordinary Rust functions; an author only
//! meets them in the compiler's messages.

use crate::{Error, Message, activation::config, outputs::IntoOutputs, outputs::Json};
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;

/// What a handler may take as its first argument.
#[diagnostic::on_unimplemented(
    message = "a handler cannot take `{Self}` as its message",
    note = "take a `weft::Message`, or a `weft::Json<T>` where `T: serde::Deserialize`"
)]
pub trait FromMessage: Sized {
    /// Reads the argument from the message that came.
    ///
    /// # Errors
    /// `invalid-input` when the message has another shape.
    fn from_message(message: Message) -> Result<Self, Error>;
}

impl FromMessage for Message {
    fn from_message(message: Message) -> Result<Message, Error> {
        Ok(message)
    }
}

impl<T: DeserializeOwned> FromMessage for Json<T> {
    fn from_message(message: Message) -> Result<Json<T>, Error> {
        message.payload_as().map(Json)
    }
}

/// A function of a message, or of a message and the node's config.
/// `Args` only tells the two apart.
pub trait MessageHandler<Args> {
    /// The type that the handler returns.
    type Answer: IntoOutputs;

    /// The JSON Schema of the config, if the handler takes one.
    fn config_schema(&self) -> Option<Schema>;

    /// Handles one message.
    ///
    /// # Errors
    /// When an argument cannot be read.
    fn handle(&self, message: Message) -> Result<Self::Answer, Error>;
}

impl<F, M, R> MessageHandler<(M,)> for F
where
    F: Fn(M) -> R,
    M: FromMessage,
    R: IntoOutputs,
{
    type Answer = R;

    fn config_schema(&self) -> Option<Schema> {
        None
    }

    fn handle(&self, message: Message) -> Result<R, Error> {
        Ok(self(M::from_message(message)?))
    }
}

impl<F, M, C, R> MessageHandler<(M, C)> for F
where
    F: Fn(M, C) -> R,
    M: FromMessage,
    C: DeserializeOwned + JsonSchema,
    R: IntoOutputs,
{
    type Answer = R;

    fn config_schema(&self) -> Option<Schema> {
        Some(schemars::schema_for!(C))
    }

    fn handle(&self, message: Message) -> Result<R, Error> {
        let config = config()?;
        Ok(self(M::from_message(message)?, config))
    }
}

/// A function of nothing, or of the node's config: for `on_start` and `on_stop`.
/// `Args` only tells the two apart.
pub trait EventHandler<Args> {
    /// Handles the event.
    ///
    /// # Errors
    /// The handler's own, or that the config cannot be read.
    fn handle(&self) -> Result<crate::Outputs, Error>;
}

impl<F, R> EventHandler<()> for F
where
    F: Fn() -> R,
    R: IntoOutputs,
{
    fn handle(&self) -> Result<crate::Outputs, Error> {
        self().into_outputs(Message::default())
    }
}

impl<F, C, R> EventHandler<(C,)> for F
where
    F: Fn(C) -> R,
    C: DeserializeOwned,
    R: IntoOutputs,
{
    fn handle(&self) -> Result<crate::Outputs, Error> {
        self(config()?).into_outputs(Message::default())
    }
}
