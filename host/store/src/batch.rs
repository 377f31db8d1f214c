//! What is committed together: preconditions, writes, and references to payloads.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;

use crate::InstanceId;
use crate::commit_error::CommitError;
use crate::instance::Instance;
use crate::key::{Key, Space, start};
use crate::payload::{PayloadId, PendingPayload};
use crate::record::Version;

/// How many entries (preconditions, writes, payload references) a batch may have.
pub const MAX_BATCH_ENTRIES: usize = 1_000;

/// How long a value may be, in bytes. What is longer is a payload.
pub const MAX_VALUE_BYTES: usize = 16 << 10;

/// Preconditions and writes for one instance. Either all preconditions hold and all writes
/// happen, or nothing does. Preconditions look at the state before the batch; of two writes to
/// one key the later counts.
///
/// ```
/// use weft_store::{Batch, Key, Kind, Version};
/// const COUNTER: Kind = Kind(1);
/// let key = Key::new(COUNTER).name("visits");
/// let mut batch = Batch::new();
/// batch.expect_version(key.clone(), Version(7)).put(key, "8");
/// ```
#[derive(Default)]
pub struct Batch {
    preconditions: Vec<(Key, Option<Version>)>,
    writes: Vec<(Key, Option<Bytes>)>,
    references: Vec<(PayloadId, i64)>,
    /// Keeps the files of payloads that this batch is the first to refer to.
    pending: Vec<PendingPayload>,
}

impl Batch {
    /// An empty batch. Committing it changes nothing, and returns when everything that was
    /// committed before is on disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Commit only if there is no record with this key.
    pub fn expect_absent(&mut self, key: Key) -> &mut Self {
        self.preconditions.push((key, None));
        self
    }

    /// Commit only if the record with this key was written by that commit.
    pub fn expect_version(&mut self, key: Key, version: impl Into<Version>) -> &mut Self {
        self.preconditions.push((key, Some(version.into())));
        self
    }

    /// Writes a record, over an earlier one if there is one.
    pub fn put(&mut self, key: Key, value: impl Into<Bytes>) -> &mut Self {
        self.writes.push((key, Some(value.into())));
        self
    }

    /// Removes a record; nothing happens if there is none.
    pub fn delete(&mut self, key: Key) -> &mut Self {
        self.writes.push((key, None));
        self
    }

    /// Adds a reference to a payload that was just written. Its file is kept until as many
    /// references are released.
    pub fn retain(&mut self, payload: PendingPayload) -> &mut Self {
        self.references.push((payload.id(), 1));
        self.pending.push(payload);
        self
    }

    /// Adds a reference to a payload to which there is a committed reference already;
    /// otherwise the commit fails with [`CommitError::NotRetained`].
    pub fn retain_again(&mut self, payload: PayloadId) -> &mut Self {
        self.references.push((payload, 1));
        self
    }

    /// Takes a reference back. With the last one the payload's file is removed, after the commit
    /// is on disk.
    pub fn release(&mut self, payload: PayloadId) -> &mut Self {
        self.references.push((payload, -1));
        self
    }

    /// How many entries count against [`MAX_BATCH_ENTRIES`].
    pub fn len(&self) -> usize {
        self.preconditions.len() + self.writes.len() + self.references.len()
    }

    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn encode(self, instance: &Instance) -> Result<EncodedBatch, CommitError> {
        let entries = self.len();
        if entries > MAX_BATCH_ENTRIES {
            return Err(CommitError::TooManyEntries { entries });
        }
        let encode = |key: &Key| key.encode(instance.id, &instance.keys);
        let preconditions = self
            .preconditions
            .iter()
            .map(|(key, expected)| (encode(key), *expected))
            .collect();
        let mut writes = BTreeMap::new();
        for (key, value) in self.writes {
            let bytes = value.as_ref().map_or(0, Bytes::len);
            if bytes > MAX_VALUE_BYTES {
                return Err(CommitError::ValueTooLarge { key, bytes });
            }
            writes.insert(encode(&key), value);
        }
        let mut references = BTreeMap::<PayloadId, References>::new();
        for (payload, change) in self.references {
            let entry = references.entry(payload).or_default();
            entry.change += change;
        }
        for payload in &self.pending {
            references.entry(payload.id()).or_default().file_is_kept = true;
        }
        Ok(EncodedBatch {
            preconditions,
            writes,
            references,
            pending: self.pending,
        })
    }
}

/// Shows the size only: names and values are user data.
impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} entries)", self.len())
    }
}

/// A batch with the keys as they are on disk, ready for the writer.
pub(crate) struct EncodedBatch {
    pub(crate) preconditions: Vec<(Vec<u8>, Option<Version>)>,
    pub(crate) writes: BTreeMap<Vec<u8>, Option<Bytes>>,
    pub(crate) references: BTreeMap<PayloadId, References>,
    pub(crate) pending: Vec<PendingPayload>,
}

/// What a batch does to the references to one payload.
#[derive(Default)]
pub(crate) struct References {
    pub(crate) change: i64,
    /// The batch holds a [`PendingPayload`], so the file is there also without a reference.
    pub(crate) file_is_kept: bool,
}

/// Where the number of references to a payload lies.
pub(crate) fn count_key(instance: InstanceId, payload: PayloadId) -> Vec<u8> {
    let mut key = start(instance, Space::PayloadCounts);
    key.extend_from_slice(payload.as_bytes());
    key
}
