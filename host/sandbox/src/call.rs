//! One call of a function: what goes in, what comes out.

use crate::config::CallLimits;
use crate::host_calls::HostCalls;
use std::sync::Arc;
use weft_model::fault::Usage;
use weft_model::message::Encoded;

/// One call.
pub struct Call {
    /// What happens to the function.
    pub event: CallEvent,
    /// How much it may use.
    pub limits: CallLimits,
    /// What it may ask of the host.
    pub host: Arc<dyn HostCalls>,
}

/// What happens to a function.
#[derive(Clone, Debug)]
pub enum CallEvent {
    /// A message arrived.
    Message(Encoded),
    /// The node was deployed.
    Start,
    /// The node is removed or changed, or the host stops.
    Stop,
}

/// A call that ended well.
#[derive(Debug, Default)]
pub struct Completed {
    /// The messages it returned and their ports, in order. Number and bytes are
    /// within the limits; that the port exists and the text is a message is for
    /// the caller to check.
    pub outputs: Vec<(u32, Encoded)>,
    /// What it used.
    pub usage: Usage,
    /// How often it grew its memory. Each time costs system calls and slows its
    /// neighbours down; a well-built function grows it never.
    pub memory_grows: u32,
}
