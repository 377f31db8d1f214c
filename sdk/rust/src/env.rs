//! Named values that the flow or the operator sets, and the host's refusal to
//! give one. Each name needs a grant on the node (`grants.env`).

use crate::{Error, host};
use std::fmt;

/// The value of `name`; none if it is granted but not set.
///
/// # Errors
/// When the node has no grant for it.
pub fn get(name: &str) -> Result<Option<String>, Refused> {
    host::env(name).map_err(Refused)
}

/// The host did not give what was asked for. Its text says why and names the
/// missing grant, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub(crate) String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        Error::failed(refused)
    }
}
