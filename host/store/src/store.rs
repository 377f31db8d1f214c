//! The store's door: opening, committing, reading, closing.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use cap_std::fs::File;
use tokio::sync::mpsc;

use crate::commit_error::CommitError;
use crate::directory::Directory;
use crate::health::{Health, Status};
use crate::instance::InstanceId;
use crate::instances::{InstanceError, Instances};
use crate::key::{Key, KeyPrefix, ScanPosition};
use crate::ledger::Ledger;
use crate::master_key::MasterKey;
use crate::open_error::{OpenError, Trouble};
use crate::payload::{PayloadError, PayloadFiles, PayloadId, PendingPayload};
use crate::read_error::ReadError;
use crate::record::Record;
use crate::recovery::recover;
use crate::writer::{Command, QUEUE, Sync, Writer};

/// How many records one scan returns at most, whatever it is asked for.
pub const MAX_SCAN_RECORDS: usize = 1_000;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The data directory; it is made, with mode 0700, if it is missing. Others may keep files of
    /// their own there, under names other than `lock`, `layout`, `keys`, `records`, `payloads`.
    pub dir: PathBuf,
    /// What opens the keys in it.
    pub master_key: MasterKey,
}

/// A store. Clones are the same store; it is closed with the last of them.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) commands: mpsc::Sender<Command>,
    writer: Mutex<Option<JoinHandle<()>>>,
    pub(crate) status: Arc<Status>,
    pub(crate) instances: Instances,
    payloads: Arc<PayloadFiles>,
    ledger: Arc<Ledger>,
    /// Dropped last: when another process gets the lock, nothing here uses the directory.
    _lock: File,
}

impl Store {
    /// Opens the store in a directory, makes it if there is none, and puts in order what a hard
    /// stop has left. Blocks for as long as that takes.
    pub fn open(options: StoreOptions) -> Result<Self, OpenError> {
        Self::open_with(options, Box::new(Ledger::sync))
    }

    /// Like [`Store::open`], with another way of bringing data to the disk.
    pub(crate) fn open_with(options: StoreOptions, sync: Sync) -> Result<Self, OpenError> {
        let StoreOptions { dir, master_key } = options;
        Self::start(&dir, &master_key, sync).map_err(|trouble| trouble.in_dir(dir))
    }

    fn start(dir: &Path, master: &MasterKey, sync: Sync) -> Result<Self, Trouble> {
        let directory = Directory::open(dir)?;
        let instances = Instances::new(directory.keys(master)?);
        let ledger = Arc::new(directory.records()?);
        let payloads = Arc::new(PayloadFiles::new(directory.payloads()?));
        let sequences = recover(master, &instances, &ledger, &payloads)?;
        let system = instances
            .get(InstanceId::SYSTEM)
            .map_err(|_| Trouble::missing_key(InstanceId::SYSTEM))?;
        let status = Arc::new(Status::new(sequences.last()));
        let writer = Writer {
            ledger: Arc::clone(&ledger),
            payloads: Arc::clone(&payloads),
            system,
            sequences,
            status: Arc::clone(&status),
            sync,
        };
        let (commands, queue) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(queue))
            .map_err(|error| Trouble::Io("start the writer", error))?;
        Ok(Self {
            inner: Arc::new(Inner {
                commands,
                writer: Mutex::new(Some(thread)),
                status,
                instances,
                payloads,
                ledger,
                _lock: directory.into_lock(),
            }),
        })
    }

    /// Makes an instance with a data key of its own. Runs on tokio's blocking threads.
    pub async fn create_instance(&self, instance: InstanceId) -> Result<(), InstanceError> {
        self.blocking(move |store| store.inner.instances.create(instance))
            .await
    }

    /// Destroys an instance: first its data key, so that its data cannot be read any more, then
    /// the data. If the process ends in between, the next open goes on.
    pub async fn destroy_instance(&self, instance: InstanceId) -> Result<(), InstanceError> {
        let not_erased = |reason: String| InstanceError::NotErased { instance, reason };
        self.blocking(move |store| store.inner.instances.destroy_key(instance))
            .await?;
        while self
            .erase_some(instance)
            .await
            .map_err(|error| not_erased(error.to_string()))?
        {}
        self.blocking(move |store| {
            store.inner.payloads.remove_instance(instance)?;
            store.inner.instances.ring().forget(instance)
        })
        .await
        .map_err(|error| not_erased(error.to_string()))
    }

    /// The instances of this store in the order of their ids, without [`InstanceId::SYSTEM`].
    pub fn instances(&self) -> Result<Vec<InstanceId>, ReadError> {
        let mut all = self
            .inner
            .instances
            .ring()
            .instances()
            .map_err(|error| ReadError::Io {
                reason: error.to_string(),
            })?;
        all.retain(|instance| *instance != InstanceId::SYSTEM);
        Ok(all)
    }

    /// Reads one record. A commit is seen, whole, from shortly before its writer gets the answer;
    /// what is committed in consequence of what was seen is on disk later than that.
    pub fn get(&self, instance: InstanceId, key: &Key) -> Result<Option<Record>, ReadError> {
        let instance = self.inner.instances.get(instance)?;
        let key_bytes = key.encode(instance.id, &instance.keys);
        let Some(encoded) = self.inner.ledger.get(&key_bytes)? else {
            return Ok(None);
        };
        match encoded.open(&instance.keys.values, &key_bytes) {
            Ok(record) => Ok(Some(record)),
            Err(_) => Err(not_authentic(instance.id)),
        }
    }

    /// Reads up to `limit` records (and never more than [`MAX_SCAN_RECORDS`]) in the order of
    /// their keys, behind the position `after`. One call sees each commit whole or not at all.
    pub fn scan(
        &self,
        instance: InstanceId,
        prefix: &KeyPrefix,
        after: Option<&ScanPosition>,
        limit: usize,
    ) -> Result<Vec<(ScanPosition, Record)>, ReadError> {
        let instance = self.inner.instances.get(instance)?;
        let prefix = prefix.encode(instance.id, &instance.keys);
        let after = after.map(|position| position.encode(instance.id));
        let limit = limit.min(MAX_SCAN_RECORDS);
        let found = self.inner.ledger.scan(&prefix, after.as_deref(), limit)?;
        found
            .into_iter()
            .map(|(key, encoded)| {
                let position = ScanPosition::from_encoded(&key);
                let record = encoded.open(&instance.keys.values, &key).ok();
                position
                    .zip(record)
                    .ok_or_else(|| not_authentic(instance.id))
            })
            .collect()
    }

    /// Writes what is too long for a record. It is on disk when this returns, and stays there as
    /// long as the returned value lives or a record refers to it
    /// (see [`Batch::retain`](crate::Batch::retain)).
    pub async fn write_payload(
        &self,
        instance: InstanceId,
        content: Bytes,
    ) -> Result<PendingPayload, PayloadError> {
        self.blocking(move |store| store.write_payload_blocking(instance, &content))
            .await
    }

    /// [`Store::write_payload`], on the calling thread.
    pub fn write_payload_blocking(
        &self,
        instance: InstanceId,
        content: &[u8],
    ) -> Result<PendingPayload, PayloadError> {
        let instance = self.inner.instances.get(instance)?;
        self.inner.payloads.write(&instance, content)
    }

    /// Reads a payload.
    pub async fn read_payload(
        &self,
        instance: InstanceId,
        payload: PayloadId,
    ) -> Result<Bytes, PayloadError> {
        self.blocking(move |store| store.read_payload_blocking(instance, payload))
            .await
    }

    /// [`Store::read_payload`], on the calling thread.
    pub fn read_payload_blocking(
        &self,
        instance: InstanceId,
        payload: PayloadId,
    ) -> Result<Bytes, PayloadError> {
        let instance = self.inner.instances.get(instance)?;
        self.inner.payloads.read(&instance, payload)
    }

    /// How the store is now.
    pub fn health(&self) -> Health {
        self.inner.status.health()
    }

    /// What records and payloads take on disk, in bytes.
    pub fn disk_bytes(&self) -> Result<u64, ReadError> {
        Ok(self.inner.ledger.disk_bytes()? + self.inner.payloads.bytes())
    }

    /// Brings everything to the disk and ends the writer: commits fail from now on, reads go on.
    /// The directory is free for another process when the last clone of the store is dropped.
    pub async fn close(&self) -> Result<(), CommitError> {
        // An error means that it is closed already.
        self.inner.commands.send(Command::Close).await.ok();
        self.blocking(|store| store.inner.join()).await
    }

    /// [`Store::close`] for threads that run no async tasks.
    ///
    /// # Panics
    /// When called from an async task.
    pub fn close_blocking(&self) -> Result<(), CommitError> {
        self.inner.commands.blocking_send(Command::Close).ok();
        self.inner.join()
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> T {
        let store = self.clone();
        match tokio::task::spawn_blocking(move || work(&store)).await {
            Ok(done) => done,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down, and this task with it.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

impl Inner {
    fn join(&self) -> Result<(), CommitError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = writer.take() {
            // The writer catches what its work throws; there is nothing to learn from a panic.
            thread.join().ok();
        }
        match self.status.read_only() {
            Some(reason) => Err(CommitError::ReadOnly {
                reason: reason.to_owned(),
            }),
            None => Ok(()),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Without senders the writer ends by itself, after what was sent.
        self.commands = mpsc::channel(1).0;
        if let Err(error) = self.join() {
            tracing::error!(%error, "the store was not closed cleanly");
        }
    }
}

impl StoreOptions {
    /// A store in this directory, opened with this key.
    pub fn new(dir: impl Into<PathBuf>, master_key: MasterKey) -> Self {
        Self {
            dir: dir.into(),
            master_key,
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

fn not_authentic(instance: InstanceId) -> ReadError {
    ReadError::Damaged {
        what: format!("a record of instance {instance} is not what was written"),
    }
}
