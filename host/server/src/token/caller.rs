//! Who makes a request, and what that one may do.

use super::record::TokenRecord;
use super::role::Role;
use std::fmt;
use std::sync::Arc;

/// The holder of a valid token.
#[derive(Clone, Debug)]
pub enum Caller {
    /// The operator: everything.
    Operator,
    /// The holder of a token that was made.
    Holder(Arc<TokenRecord>),
}

impl Caller {
    /// The role.
    pub fn role(&self) -> Role {
        match self {
            Caller::Operator => Role::Admin,
            Caller::Holder(token) => token.role,
        }
    }

    /// True if the token is for this instance.
    pub fn reaches(&self, instance: &str) -> bool {
        match self {
            Caller::Operator => true,
            Caller::Holder(token) => token.reaches(instance),
        }
    }

    /// True if the token is for all instances.
    pub fn reaches_all(&self) -> bool {
        match self {
            Caller::Operator => true,
            Caller::Holder(token) => token.instances.is_none(),
        }
    }
}

/// As logs name it: the token's id.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Caller::Operator => f.write_str("operator"),
            Caller::Holder(token) => token.id.fmt(f),
        }
    }
}
