//! A data directory for a test, and the few moves that most tests make.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use weft_store::{Batch, Fence, InstanceId, Key, Kind, MasterKey, OpenError, Store, StoreOptions};

/// The kind of record that tests write.
pub(crate) const NOTE: Kind = Kind(7);

const MASTER: &str = "6f1d0c7b5a4938271605f4e3d2c1b0a99887766554433221100ffeeddccbbaa9";

/// A directory that is removed at the end of the test.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn open(&self) -> Store {
        self.try_open(master_key()).unwrap()
    }

    pub(crate) fn try_open(&self, key: MasterKey) -> Result<Store, OpenError> {
        Store::open(StoreOptions::new(self.dir(), key))
    }

    /// Every file below the directory, with its content.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        collect(&self.dir(), &mut found);
        found
    }

    /// The records without the store in front. The store must be dropped.
    pub(crate) fn raw_records(&self) -> sled::Db {
        // Threads of the store that was dropped may hold sled's lock a little longer.
        loop {
            match sled::open(self.dir().join("records")) {
                Err(sled::Error::Io(error)) if error.to_string().contains("lock") => {
                    std::thread::yield_now();
                }
                opened => return opened.unwrap(),
            }
        }
    }

    pub(crate) fn payload_files(&self) -> Vec<PathBuf> {
        let payloads = self.dir().join("payloads");
        let all = self.files().into_iter().map(|(path, _)| path);
        all.filter(|path| path.starts_with(&payloads)).collect()
    }
}

pub(crate) fn master_key() -> MasterKey {
    MasterKey::from_hex(MASTER).unwrap()
}

/// A store with a fresh instance, and its writer.
pub(crate) async fn with_instance(store: &Store) -> (InstanceId, Fence) {
    let instance = InstanceId::generate().unwrap();
    store.create_instance(instance).await.unwrap();
    (instance, store.open_writer(instance).unwrap())
}

pub(crate) fn note(name: &str) -> Key {
    Key::new(NOTE).name(name)
}

pub(crate) fn put(key: Key, value: impl Into<Vec<u8>>) -> Batch {
    let mut batch = Batch::new();
    batch.put(key, value.into());
    batch
}

pub(crate) fn value(store: &Store, instance: InstanceId, key: &Key) -> Option<Vec<u8>> {
    store
        .get(instance, key)
        .unwrap()
        .map(|record| record.value.to_vec())
}

fn collect(dir: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
}
