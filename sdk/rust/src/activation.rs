//! Facts about the node and the call.

use crate::{Error, host};
use serde::de::DeserializeOwned;

/// Where and why this call happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// The name of the instance.
    pub instance: String,
    /// The id of the flow.
    pub flow: String,
    /// The number of the deployed revision.
    pub revision: u64,
    /// The id of the run.
    pub run: String,
    /// The path of the node in the flow, `sub/inner`.
    pub node: String,
    /// The same for every attempt at this activation: an idempotency key
    /// towards other systems.
    pub id: String,
    /// 1 for the first attempt.
    pub attempt: u32,
}

/// Where and why this call happens.
#[must_use]
pub fn activation() -> Activation {
    host::activation()
}

/// The node's config. A handler that takes a second argument gets it so.
///
/// # Errors
/// `invalid-input` when it has another shape than `C`.
pub fn config<C: DeserializeOwned>() -> Result<C, Error> {
    serde_json::from_str(&host::config()).map_err(|reason| {
        Error::invalid_input(format_args!("The node's config does not fit: {reason}."))
    })
}
