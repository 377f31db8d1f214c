//! Payloads: what is too long for a record. Each lies encrypted in a file of its own,
//! `DIR/payloads/<instance>/<2 digits>/<id>`, named by its content, so that the same content is
//! kept once. How many records refer to it is counted in the ledger, in the same commits.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cap_std::fs::Dir;

use crate::InstanceId;
use crate::ambient::create_private_dir;
use crate::cipher::random_bytes;
use crate::durable_file::{UNFINISHED_SUFFIX, absent_as_none, sync_dir, write_new};
use crate::instance::Instance;
use crate::layout::LAYOUT;
use crate::pin::{Pin, Pins};

pub use crate::payload_id::{NoPayloadId, PayloadId};

/// How long a payload may be, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 64 << 20;

/// A payload that was written, and perhaps nothing refers to yet. Its file stays as long as this
/// lives; give it to [`Batch::retain`](crate::Batch::retain) to keep it for longer. Clone it if
/// the commit may have to be tried again.
#[derive(Clone)]
pub struct PendingPayload {
    id: PayloadId,
    _pin: Arc<Pin>,
}

/// Why a payload could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// It is longer than [`MAX_PAYLOAD_BYTES`].
    #[error("the payload has {bytes} bytes, at most {MAX_PAYLOAD_BYTES} are possible; divide it")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// There is no such payload: its last reference was released, or it never was.
    #[error("instance {instance} has no payload {payload}")]
    Missing {
        /// The instance.
        instance: InstanceId,
        /// The payload.
        payload: PayloadId,
    },
    /// The file is not what was written.
    #[error("payload {payload} of instance {instance} is damaged; restore it from a backup")]
    Damaged {
        /// The instance.
        instance: InstanceId,
        /// The payload.
        payload: PayloadId,
    },
    /// There is no such instance, or it is destroyed.
    #[error("there is no instance {instance} in this store")]
    UnknownInstance {
        /// The instance.
        instance: InstanceId,
    },
    /// The instance's data key cannot be read.
    #[error("the data key of instance {instance} is damaged; restore it from a copy of the keys")]
    KeyDamaged {
        /// The instance.
        instance: InstanceId,
    },
    /// The disk did not do it.
    #[error("a payload of instance {instance} cannot be read or written: {source}")]
    Io {
        /// The instance.
        instance: InstanceId,
        /// What the system said.
        source: io::Error,
    },
}

impl PendingPayload {
    /// Its name, to be put into the record that refers to it.
    pub fn id(&self) -> PayloadId {
        self.id
    }
}

impl fmt::Debug for PendingPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PendingPayload({})", self.id)
    }
}

/// The folder of payload files.
pub(crate) struct PayloadFiles {
    dir: Dir,
    pins: Arc<Pins>,
    /// Folders that are known to be on disk.
    durable_shards: Mutex<HashSet<(InstanceId, u8)>>,
    /// Held while a finished file gets its name, so that the same content is counted once.
    naming: Mutex<()>,
    bytes: AtomicU64,
}

impl PayloadFiles {
    pub(crate) fn new(dir: Dir) -> Self {
        Self {
            dir,
            pins: Arc::default(),
            durable_shards: Mutex::default(),
            naming: Mutex::default(),
            bytes: AtomicU64::new(0),
        }
    }

    pub(crate) fn pins(&self) -> &Pins {
        &self.pins
    }

    /// What the files take on disk, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn write(
        &self,
        instance: &Instance,
        content: &[u8],
    ) -> Result<PendingPayload, PayloadError> {
        if content.len() > MAX_PAYLOAD_BYTES {
            return Err(PayloadError::TooLarge {
                bytes: content.len(),
            });
        }
        let id = PayloadId::from_bytes(instance.keys.hash_payload(content));
        let pin = self.pins.pin((instance.id, id));
        instance
            .while_alive(|| self.write_file(instance, id, content))
            .ok_or(PayloadError::UnknownInstance {
                instance: instance.id,
            })?
            .map_err(|source| PayloadError::Io {
                instance: instance.id,
                source,
            })?;
        Ok(PendingPayload {
            id,
            _pin: Arc::new(pin),
        })
    }

    fn write_file(&self, instance: &Instance, id: PayloadId, content: &[u8]) -> io::Result<()> {
        let shard = self.durable_shard(instance.id, id)?;
        let name = id.to_string();
        if !shard.try_exists(&name)? {
            let sealed = instance
                .keys
                .payloads
                .seal(&place(instance.id, id), content)?;
            let unfinished = format!(
                "{:016x}{UNFINISHED_SUFFIX}",
                u64::from_ne_bytes(random_bytes()?)
            );
            let written = write_new(&shard, &unfinished, &sealed)
                .and_then(|()| self.give_name(&shard, &unfinished, &name, sealed.len() as u64));
            if written.is_err() {
                shard.remove_file(&unfinished).ok();
            }
            written?;
        }
        // Also if the file was there: whoever made it may not have come to this line yet.
        sync_dir(&shard)
    }

    fn give_name(&self, shard: &Dir, unfinished: &str, name: &str, bytes: u64) -> io::Result<()> {
        let _alone = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = !shard.try_exists(name)?;
        shard.rename(unfinished, shard, name)?;
        if is_first {
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The folder for a payload; its own name and its parent's are on disk.
    fn durable_shard(&self, instance: InstanceId, id: PayloadId) -> io::Result<Dir> {
        let number = id.as_bytes()[0];
        let path = shard_path(instance, id);
        let mut durable = self
            .durable_shards
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !durable.contains(&(instance, number)) {
            let folder = instance.to_string();
            create_private_dir(&self.dir, &folder)?;
            sync_dir(&self.dir)?;
            create_private_dir(&self.dir, &path)?;
            sync_dir(&self.dir.open_dir(&folder)?)?;
            durable.insert((instance, number));
        }
        drop(durable);
        self.dir.open_dir(path)
    }

    pub(crate) fn read(&self, instance: &Instance, id: PayloadId) -> Result<Bytes, PayloadError> {
        let path = format!("{}/{id}", shard_path(instance.id, id));
        let sealed = absent_as_none(self.dir.read(path))
            .map_err(|source| PayloadError::Io {
                instance: instance.id,
                source,
            })?
            .ok_or(PayloadError::Missing {
                instance: instance.id,
                payload: id,
            })?;
        let content = instance
            .keys
            .payloads
            .open(&place(instance.id, id), &sealed)
            .map_err(|_| PayloadError::Damaged {
                instance: instance.id,
                payload: id,
            })?;
        Ok(content.into())
    }

    /// Removes a file that nothing refers to, unless it is pinned. The caller must be the only
    /// one who can commit references. A file that stays after an error is swept at the next open.
    pub(crate) fn remove(&self, instance: InstanceId, id: PayloadId) {
        self.pins.unless_pinned((instance, id), || {
            let path = format!("{}/{id}", shard_path(instance, id));
            let Ok(metadata) = self.dir.metadata(&path) else {
                return;
            };
            match self.dir.remove_file(&path) {
                Ok(()) => {
                    self.bytes.fetch_sub(metadata.len(), Ordering::Relaxed);
                }
                Err(error) => {
                    tracing::warn!(%instance, payload = %id, %error, "a payload file stays");
                }
            }
        });
    }

    /// Removes everything of an instance that is destroyed.
    pub(crate) fn remove_instance(&self, instance: InstanceId) -> io::Result<()> {
        let folder = instance.to_string();
        let freed = self.visit(&folder, |_, _| Ok::<_, io::Error>(true))?;
        absent_as_none(self.dir.remove_dir_all(&folder))?;
        self.bytes.fetch_sub(freed, Ordering::Relaxed);
        self.durable_shards
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(owner, _)| *owner != instance);
        sync_dir(&self.dir)
    }

    /// Goes once over all files of an instance, at open, before anybody else can use them:
    /// removes those that are unfinished or that `is_retained` does not know, counts the rest.
    pub(crate) fn sweep<E: From<io::Error>>(
        &self,
        instance: InstanceId,
        mut is_retained: impl FnMut(PayloadId) -> Result<bool, E>,
    ) -> Result<(), E> {
        let kept = self.visit(&instance.to_string(), |shard, name| {
            let keep = match name.parse() {
                Ok(id) => is_retained(id)?,
                Err(_) => false,
            };
            if !keep {
                shard.remove_file(name)?;
            }
            Ok::<_, E>(keep)
        })?;
        self.bytes.fetch_add(kept, Ordering::Relaxed);
        Ok(())
    }

    /// Shows `look` each file of an instance; returns the bytes of those for which it says `true`.
    fn visit<E: From<io::Error>>(
        &self,
        folder: &str,
        mut look: impl FnMut(&Dir, &str) -> Result<bool, E>,
    ) -> Result<u64, E> {
        let mut kept = 0;
        let Some(owner) = absent_as_none(self.dir.open_dir(folder))? else {
            return Ok(0);
        };
        for shard in owner.entries()? {
            let shard = shard?;
            if !shard.file_type()?.is_dir() {
                continue;
            }
            let shard = shard.open_dir()?;
            for file in shard.entries()? {
                let file = file?;
                let bytes = file.metadata()?.len();
                let name = file.file_name();
                if look(&shard, &name.to_string_lossy())? {
                    kept += bytes;
                }
            }
        }
        Ok(kept)
    }
}

fn shard_path(instance: InstanceId, id: PayloadId) -> String {
    format!("{instance}/{:02x}", id.as_bytes()[0])
}

/// What a payload's ciphertext is bound to.
fn place(instance: InstanceId, id: PayloadId) -> Vec<u8> {
    [
        &LAYOUT.to_be_bytes(),
        instance.as_bytes().as_slice(),
        id.as_bytes(),
    ]
    .concat()
}
