//! The ordered tree of encrypted records, kept by sled. The only file that knows sled's API.
//!
//! Rules that sled needs (version 0.34.7):
//! - One tree for everything, so that whatever commits together is one `apply_batch`.
//! - One thread writes; `flush_async` is never called (calls in parallel deadlock).
//! - `flush` alone does not reach the disk on Linux: `fdatasync` on the log follows it.
//! - A tree page over 128 KiB would go to a file of its own that is neither synced nor ever
//!   removed. A page holds up to about 20 values, hence [`MAX_LEAF_VALUE`]: a longer record is
//!   split, and its further parts lie in a space of their own.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use cap_std::fs::Dir;

use crate::InstanceId;
use crate::key::{SPACE_AT, Space};
use crate::record::{Encoded, Version, version_of};

/// sled's page cache, in bytes.
const CACHE_BYTES: u64 = 32 << 20;

/// The longest value that is given to sled, in bytes.
const MAX_LEAF_VALUE: usize = 6 << 10;

/// sled's log file, in its folder.
const LOG: &str = "db";

/// First byte of a record that lies in one leaf value.
const WHOLE: u8 = 1;
/// First byte of a record that goes on in the space of continuations;
/// the second byte is the number of those.
const SPLIT: u8 = 2;

/// The tree. Shared by readers and the one writer.
pub(crate) struct Ledger {
    db: sled::Db,
    /// A second handle to sled's log, for `fdatasync`.
    log: File,
    /// Readers see each batch whole: held for writing while one is applied.
    view: RwLock<()>,
}

/// What became of a look into the tree.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error("{0}")]
    Engine(#[from] sled::Error),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("a record does not have the form that the store writes")]
    Malformed,
}

/// Why the tree could not be opened.
pub(crate) enum LedgerOpenError {
    InUse,
    Damaged(String),
    Io(io::Error),
}

/// Writes that are applied together or not at all.
#[derive(Default)]
pub(crate) struct Changes(sled::Batch);

/// What lies at a key, without its continuations.
struct Head {
    version: Version,
    continuations: u8,
    bytes: sled::IVec,
}

impl Ledger {
    /// `path` and `dir` are the same folder: sled takes paths only.
    pub(crate) fn open(path: &Path, dir: &Dir) -> Result<Self, LedgerOpenError> {
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None);
        // sled asserts some of what it reads; a damaged file must not end the process.
        let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
        let db = match opened {
            Ok(Ok(db)) => db,
            Ok(Err(sled::Error::Io(error))) => return Err(LedgerOpenError::from_io(error)),
            Ok(Err(error)) => return Err(LedgerOpenError::Damaged(error.to_string())),
            Err(_) => {
                return Err(LedgerOpenError::Damaged(
                    "the storage engine gave up".to_owned(),
                ));
            }
        };
        let log = dir.open(LOG).map_err(LedgerOpenError::Io)?.into_std();
        Ok(Self {
            db,
            log,
            view: RwLock::new(()),
        })
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Encoded>, LedgerError> {
        let _view = self.view();
        match self.head(key)? {
            Some(head) => self.join(key, &head).map(Some),
            None => Ok(None),
        }
    }

    /// Up to `limit` records with the prefix, in key order, behind `after`.
    pub(crate) fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Encoded)>, LedgerError> {
        use std::ops::Bound::{Excluded, Included, Unbounded};
        let start = match after {
            Some(after) if after >= prefix => Excluded(after),
            _ => Included(prefix),
        };
        let _view = self.view();
        let mut found = Vec::new();
        for entry in self.db.range::<&[u8], _>((start, Unbounded)).take(limit) {
            let (key, bytes) = entry?;
            if !key.starts_with(prefix) {
                break;
            }
            let encoded = self.join(&key, &Head::parse(bytes)?)?;
            found.push((key.to_vec(), encoded));
        }
        Ok(found)
    }

    pub(crate) fn version(&self, key: &[u8]) -> Result<Option<Version>, LedgerError> {
        Ok(self.head(key)?.map(|head| head.version))
    }

    /// Adds a write of `encoded` to `changes`.
    pub(crate) fn stage_put(
        &self,
        changes: &mut Changes,
        key: &[u8],
        encoded: &Encoded,
    ) -> Result<(), LedgerError> {
        let bytes = encoded.as_bytes();
        let (leaf, rest) = bytes.split_at(bytes.len().min(MAX_LEAF_VALUE));
        let mut head = Vec::with_capacity(2 + leaf.len());
        let parts = rest.chunks(MAX_LEAF_VALUE);
        let part_count = u8::try_from(parts.len()).map_err(|_| LedgerError::Malformed)?;
        match part_count {
            0 => head.push(WHOLE),
            count => head.extend_from_slice(&[SPLIT, count]),
        }
        head.extend_from_slice(leaf);
        for (number, part) in (0..).zip(parts) {
            changes.0.insert(continuation_key(key, number), part);
        }
        for number in part_count..self.continuations(key)? {
            changes.0.remove(continuation_key(key, number));
        }
        changes.0.insert(key, head);
        Ok(())
    }

    /// Adds the removal of a record to `changes`.
    pub(crate) fn stage_delete(
        &self,
        changes: &mut Changes,
        key: &[u8],
    ) -> Result<(), LedgerError> {
        for number in 0..self.continuations(key)? {
            changes.0.remove(continuation_key(key, number));
        }
        changes.0.remove(key);
        Ok(())
    }

    /// Applies `changes` in memory; [`Ledger::sync`] brings them to the disk.
    pub(crate) fn apply(&self, changes: Changes) -> Result<(), LedgerError> {
        let _alone = self.view.write().unwrap_or_else(PoisonError::into_inner);
        Ok(self.db.apply_batch(changes.0)?)
    }

    /// Returns when everything applied before is on disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.db.flush()?;
        rustix::fs::fdatasync(&self.log)?;
        Ok(())
    }

    /// Removes up to `limit` entries of an instance, whatever they are; tells how many.
    pub(crate) fn erase_some(
        &self,
        instance: InstanceId,
        limit: usize,
    ) -> Result<usize, LedgerError> {
        let mut changes = Changes::default();
        let mut count = 0;
        for key in self.db.scan_prefix(instance.as_bytes()).keys().take(limit) {
            changes.0.remove(key?);
            count += 1;
        }
        if count > 0 {
            self.apply(changes)?;
        }
        Ok(count)
    }

    /// The instances that have entries.
    pub(crate) fn instances(&self) -> Result<Vec<InstanceId>, LedgerError> {
        let mut found = Vec::new();
        let mut next = self.db.first()?;
        while let Some((key, _)) = next {
            let id: [u8; SPACE_AT] = key.first_chunk().copied().ok_or(LedgerError::Malformed)?;
            found.push(InstanceId::from_uuid(uuid::Uuid::from_bytes(id)));
            let past_all_spaces = [id.as_slice(), &[0xff]].concat();
            next = self.db.get_gt(past_all_spaces)?;
        }
        Ok(found)
    }

    pub(crate) fn disk_bytes(&self) -> Result<u64, LedgerError> {
        Ok(self.db.size_on_disk()?)
    }

    fn view(&self) -> RwLockReadGuard<'_, ()> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn head(&self, key: &[u8]) -> Result<Option<Head>, LedgerError> {
        self.db.get(key)?.map(Head::parse).transpose()
    }

    fn continuations(&self, key: &[u8]) -> Result<u8, LedgerError> {
        Ok(self.head(key)?.map_or(0, |head| head.continuations))
    }

    fn join(&self, key: &[u8], head: &Head) -> Result<Encoded, LedgerError> {
        let mut bytes = head.leaf().to_vec();
        for number in 0..head.continuations {
            let part = self.db.get(continuation_key(key, number))?;
            bytes.extend_from_slice(&part.ok_or(LedgerError::Malformed)?);
        }
        Ok(Encoded::from_bytes(bytes))
    }
}

impl Head {
    fn parse(bytes: sled::IVec) -> Result<Self, LedgerError> {
        let continuations = match *bytes {
            [WHOLE, ..] => 0,
            [SPLIT, count, ..] if count > 0 => count,
            _ => return Err(LedgerError::Malformed),
        };
        let mut head = Self {
            version: Version(0),
            continuations,
            bytes,
        };
        head.version = version_of(head.leaf()).ok_or(LedgerError::Malformed)?;
        Ok(head)
    }

    fn leaf(&self) -> &[u8] {
        let prelude = if self.continuations == 0 { 1 } else { 2 };
        self.bytes.get(prelude..).unwrap_or_default()
    }
}

fn continuation_key(key: &[u8], number: u8) -> Vec<u8> {
    let mut continuation = Vec::with_capacity(key.len() + 1);
    continuation.extend_from_slice(key);
    continuation[SPACE_AT] = Space::Continuations as u8;
    continuation.push(number);
    continuation
}

impl LedgerOpenError {
    fn from_io(error: io::Error) -> Self {
        // sled says so in words only.
        if error.to_string().contains("could not acquire lock") {
            Self::InUse
        } else if error.kind() == io::ErrorKind::InvalidData {
            Self::Damaged(error.to_string())
        } else {
            Self::Io(error)
        }
    }
}
