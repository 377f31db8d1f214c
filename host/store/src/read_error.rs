//! Why a record could not be read.

use crate::InstanceId;
use crate::instances::LookUpError;
use crate::ledger::LedgerError;

/// Why a record could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no such instance, or it is destroyed.
    #[error("there is no instance {instance} in this store")]
    UnknownInstance {
        /// The instance.
        instance: InstanceId,
    },
    /// What is on disk is not what was written.
    #[error("the store is damaged: {what}; stop the host and restore the store from a backup")]
    Damaged {
        /// What is damaged.
        what: String,
    },
    /// The disk did not answer.
    #[error("the store cannot be read: {reason}")]
    Io {
        /// What the system said.
        reason: String,
    },
}

impl From<LookUpError> for ReadError {
    fn from(error: LookUpError) -> Self {
        match error {
            LookUpError::Unknown { instance } => Self::UnknownInstance { instance },
            LookUpError::KeyDamaged { .. } => Self::Damaged {
                what: error.to_string(),
            },
            LookUpError::Io { .. } => Self::Io {
                reason: error.to_string(),
            },
        }
    }
}

impl From<LedgerError> for ReadError {
    fn from(error: LedgerError) -> Self {
        let text = error.to_string();
        match error {
            LedgerError::Io(_) | LedgerError::Engine(sled::Error::Io(_)) => {
                Self::Io { reason: text }
            }
            LedgerError::Engine(_) | LedgerError::Malformed => Self::Damaged { what: text },
        }
    }
}
