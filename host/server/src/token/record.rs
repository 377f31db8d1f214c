//! A token as it is kept.

use super::role::Role;
use super::secret::{SecretHash, TokenId};
use serde::{Deserialize, Serialize};
use std::fmt;
use weft_model::id::InstanceName;

/// A token as it is kept: everything but its secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenRecord {
    /// The id.
    pub id: TokenId,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The instances it is for; none stands for all.
    pub instances: Option<Vec<InstanceName>>,
    /// When it was made: milliseconds since 1970-01-01T00:00:00Z.
    pub created_at: u64,
    /// When it ceases to be valid; none stands for never.
    pub expires_at: Option<u64>,
    pub(super) secret_hash: SecretHash,
}

impl TokenRecord {
    /// True if the token is for this instance.
    pub fn reaches(&self, instance: &str) -> bool {
        let instances = self.instances.as_deref();
        instances.is_none_or(|names| names.iter().any(|name| name.as_str() == instance))
    }

    pub(super) fn has_expired(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

impl fmt::Debug for TokenRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRecord")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("role", &self.role)
            .field("instances", &self.instances)
            .finish_non_exhaustive()
    }
}
