//! One instance as the store sees it: its id, its keys, and whether it still may be written.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cipher::random_bytes;
use crate::data_key::DataKeys;
use crate::fence::Fence;

/// Names an instance. Never used again after the instance is destroyed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(Uuid);

impl InstanceId {
    /// Owns the host's own records. Exists in every store and cannot be destroyed.
    pub const SYSTEM: Self = Self(Uuid::nil());

    /// A new random id (UUID version 4).
    ///
    /// # Errors
    /// The system's random generator failed.
    pub fn generate() -> io::Result<Self> {
        Ok(Self(
            uuid::Builder::from_random_bytes(random_bytes()?).into_uuid(),
        ))
    }

    /// Takes an id that was made elsewhere.
    pub const fn from_uuid(id: Uuid) -> Self {
        Self(id)
    }

    /// The id as a UUID.
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstanceId({})", self.0)
    }
}

impl FromStr for InstanceId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What the store keeps in memory about an instance that has been used.
pub(crate) struct Instance {
    pub(crate) id: InstanceId,
    pub(crate) keys: DataKeys,
    /// Cleared once, when the instance is destroyed. The writer refuses commits from then on.
    alive: AtomicBool,
    /// Held for reading while a payload file is written, so that destroying waits for it and no
    /// file appears in a folder that is being removed.
    payloads_open: RwLock<()>,
    /// The youngest fence that was given out.
    newest_fence: AtomicU64,
}

impl Instance {
    pub(crate) fn new(id: InstanceId, keys: DataKeys) -> Self {
        Self {
            id,
            keys,
            alive: AtomicBool::new(true),
            payloads_open: RwLock::new(()),
            newest_fence: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::SeqCst)
    }

    pub(crate) fn end(&self) {
        self.alive.store(false, Ordering::SeqCst);
        drop(self.payloads_open.write());
    }

    /// Runs `write` unless the instance is destroyed; destroying waits for it.
    pub(crate) fn while_alive<T>(&self, write: impl FnOnce() -> T) -> Option<T> {
        let _open = self.payloads_open.read();
        self.is_alive().then(write)
    }

    pub(crate) fn new_fence(&self) -> Fence {
        let number = self.newest_fence.fetch_add(1, Ordering::SeqCst) + 1;
        Fence {
            instance: self.id,
            number,
        }
    }

    pub(crate) fn admits(&self, fence: Fence) -> bool {
        fence.instance == self.id && fence.number == self.newest_fence.load(Ordering::SeqCst)
    }
}
