//! The instances of a store: which there are, and the keys of those in use.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use crate::InstanceId;
use crate::commit_error::CommitError;
use crate::instance::Instance;
use crate::key_ring::{Found, KeyRing};
use crate::payload::PayloadError;

/// Why an instance could not be made or destroyed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstanceError {
    /// There is one with this id.
    #[error("there is an instance {instance} already")]
    AlreadyExists {
        /// The instance.
        instance: InstanceId,
    },
    /// There was one with this id; its remains are being erased.
    #[error("instance {instance} was destroyed; make a new one with an id of its own")]
    Destroyed {
        /// The instance.
        instance: InstanceId,
    },
    /// There is none with this id.
    #[error("there is no instance {instance} in this store")]
    Unknown {
        /// The instance.
        instance: InstanceId,
    },
    /// The host's own instance stays.
    #[error("the host's own records cannot be destroyed; remove the data directory instead")]
    System,
    /// The data key is gone, so the data cannot be read any more, but it still takes space:
    /// the next start erases it.
    #[error("instance {instance} is destroyed but not erased yet ({reason}); restart to erase it")]
    NotErased {
        /// The instance.
        instance: InstanceId,
        /// What failed.
        reason: String,
    },
    /// The folder of keys cannot be read or written.
    #[error("the keys of instance {instance} cannot be read or written: {source}")]
    Io {
        /// The instance.
        instance: InstanceId,
        /// What the system said.
        source: io::Error,
    },
}

/// Why an instance cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookUpError {
    #[error("there is no instance {instance} in this store")]
    Unknown { instance: InstanceId },
    #[error("the data key of instance {instance} is damaged")]
    KeyDamaged { instance: InstanceId },
    #[error("the data key of instance {instance} cannot be read: {source}")]
    Io {
        instance: InstanceId,
        source: io::Error,
    },
}

/// All instances. Keys are read when an instance is first used.
pub(crate) struct Instances {
    ring: KeyRing,
    in_use: RwLock<HashMap<InstanceId, Arc<Instance>>>,
}

impl Instances {
    pub(crate) fn new(ring: KeyRing) -> Self {
        Self {
            ring,
            in_use: RwLock::default(),
        }
    }

    pub(crate) fn ring(&self) -> &KeyRing {
        &self.ring
    }

    pub(crate) fn get(&self, id: InstanceId) -> Result<Arc<Instance>, LookUpError> {
        let in_use = self.in_use.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(instance) = in_use.get(&id) {
            return Ok(Arc::clone(instance));
        }
        drop(in_use);
        // The file is read under the lock, so that an instance destroyed meanwhile stays away.
        let mut in_use = self.in_use.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(instance) = in_use.get(&id) {
            return Ok(Arc::clone(instance));
        }
        match self.ring.read(id) {
            Ok(Found::Keys(keys)) => {
                let instance = Arc::new(Instance::new(id, *keys));
                in_use.insert(id, Arc::clone(&instance));
                Ok(instance)
            }
            Ok(Found::Nothing | Found::Destroyed) => Err(LookUpError::Unknown { instance: id }),
            Ok(Found::Damaged) => Err(LookUpError::KeyDamaged { instance: id }),
            Err(source) => Err(LookUpError::Io {
                instance: id,
                source,
            }),
        }
    }

    pub(crate) fn create(&self, id: InstanceId) -> Result<(), InstanceError> {
        let failed = |source| InstanceError::Io {
            instance: id,
            source,
        };
        let mut in_use = self.in_use.write().unwrap_or_else(PoisonError::into_inner);
        match self.ring.read(id).map_err(failed)? {
            Found::Nothing => {}
            Found::Keys(_) | Found::Damaged => {
                return Err(InstanceError::AlreadyExists { instance: id });
            }
            Found::Destroyed => return Err(InstanceError::Destroyed { instance: id }),
        }
        let keys = self.ring.create(id).map_err(failed)?;
        in_use.insert(id, Arc::new(Instance::new(id, keys)));
        Ok(())
    }

    /// Destroys the key. From then on nobody gets at the instance, old handles included.
    pub(crate) fn destroy_key(&self, id: InstanceId) -> Result<(), InstanceError> {
        if id == InstanceId::SYSTEM {
            return Err(InstanceError::System);
        }
        let failed = |source| InstanceError::Io {
            instance: id,
            source,
        };
        let mut in_use = self.in_use.write().unwrap_or_else(PoisonError::into_inner);
        if let Found::Nothing = self.ring.read(id).map_err(failed)? {
            return Err(InstanceError::Unknown { instance: id });
        }
        let instance = in_use.remove(&id);
        let destroyed = self.ring.destroy(id).map_err(failed);
        drop(in_use);
        if let Some(instance) = instance {
            instance.end();
        }
        destroyed
    }
}

impl From<LookUpError> for CommitError {
    fn from(error: LookUpError) -> Self {
        match error {
            LookUpError::Unknown { instance } => Self::UnknownInstance { instance },
            LookUpError::KeyDamaged { .. } | LookUpError::Io { .. } => Self::Unreadable {
                what: error.to_string(),
            },
        }
    }
}

impl From<LookUpError> for PayloadError {
    fn from(error: LookUpError) -> Self {
        match error {
            LookUpError::Unknown { instance } => Self::UnknownInstance { instance },
            LookUpError::KeyDamaged { instance } => Self::KeyDamaged { instance },
            LookUpError::Io { instance, source } => Self::Io { instance, source },
        }
    }
}
