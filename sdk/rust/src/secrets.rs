//! Secrets. Each name needs a grant on the node (`grants.secrets`).

use crate::{env::Refused, host};
use std::fmt;

/// A secret that was found, not yet read. `Debug` does not show it.
pub struct Secret(host::SecretHandle);

/// Looks a secret up.
///
/// # Errors
/// When the node has no grant for it, or no secret of that name is set.
pub fn get(name: &str) -> Result<Secret, Refused> {
    host::secret(name).map(Secret).map_err(Refused)
}

impl Secret {
    /// The secret's bytes. Keep them out of messages, logs and errors.
    #[must_use]
    pub fn reveal(&self) -> Vec<u8> {
        host::reveal(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}
