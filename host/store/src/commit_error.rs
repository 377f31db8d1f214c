//! Why a commit did not happen.

use crate::InstanceId;
use crate::batch::{MAX_BATCH_ENTRIES, MAX_VALUE_BYTES};
use crate::key::Key;
use crate::payload::PayloadId;
use crate::record::Version;

/// Why a commit did not happen. Nothing of the batch is visible, except after
/// [`CommitError::Io`], where it is open whether it will be there after a restart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// A precondition does not hold. Read again, decide again, commit again.
    #[error("precondition {index} does not hold: {}", found(.current))]
    Conflict {
        /// Which precondition, in the order in which they were added, from 0.
        index: usize,
        /// The version that is there instead; `None` if there is no record.
        current: Option<Version>,
    },
    /// Another writer took over this instance.
    #[error(
        "another writer was opened for instance {instance} after this one; \
         open a writer again if this process part should own it"
    )]
    Fenced {
        /// The instance.
        instance: InstanceId,
    },
    /// The batch has more entries than [`MAX_BATCH_ENTRIES`].
    #[error("the batch has {entries} entries, at most {MAX_BATCH_ENTRIES} are possible; divide it")]
    TooManyEntries {
        /// How many it has.
        entries: usize,
    },
    /// A value is longer than [`MAX_VALUE_BYTES`].
    #[error(
        "the value for {key:?} has {bytes} bytes, at most {MAX_VALUE_BYTES} are possible; \
         write it as a payload and put the payload's id"
    )]
    ValueTooLarge {
        /// Where it should have been put.
        key: Key,
        /// Its length.
        bytes: usize,
    },
    /// A reference to a payload was released, or added with `retain_again`, that nobody holds.
    #[error("nothing refers to payload {payload}; write it and retain what the writing returns")]
    NotRetained {
        /// The payload.
        payload: PayloadId,
    },
    /// There is no such instance, or it is destroyed.
    #[error("there is no instance {instance} in this store")]
    UnknownInstance {
        /// The instance.
        instance: InstanceId,
    },
    /// Something that the commit had to read cannot be read.
    #[error(
        "the commit had to read what cannot be read: {what}; \
         if this stays after a restart, restore the store from a backup"
    )]
    Unreadable {
        /// What it is and why.
        what: String,
    },
    /// An earlier write failed, and nothing is written since.
    #[error(
        "the store takes no more writes since one failed ({reason}); \
         mend the cause (disk full? disk failing?) and restart"
    )]
    ReadOnly {
        /// What failed.
        reason: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// Writing failed. The store is read-only from now on.
    #[error("writing to the store failed, and it is open whether the commit is on disk: {reason}")]
    Io {
        /// What failed.
        reason: String,
    },
}

fn found(current: &Option<Version>) -> String {
    match current {
        Some(version) => format!("the record has version {version}"),
        None => "there is no record".to_owned(),
    }
}
