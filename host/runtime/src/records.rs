//! Records as JSON: small ones lie in the record itself, larger ones in a payload
//! beside it. Whoever reads and writes them does not notice.

use crate::refusal::Refusal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use weft_store::{
    Batch, Fence, InstanceId, Key, KeyPrefix, PayloadId, Record, ScanPosition, Store, Version,
};

/// JSON up to this size lies in the record (the store's target is 4 KiB).
const MAX_INLINE: usize = 4 * 1024;

/// Records read with one scan.
const PAGE: usize = 500;

const INLINE: u8 = 0;
const BESIDE: u8 = 1;

/// The JSON records of one instance.
#[derive(Clone)]
pub struct Records {
    store: Store,
    instance: InstanceId,
    fence: Fence,
}

/// A value, and the version of the record that holds it.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    /// The value.
    pub value: T,
    /// Changes with every write.
    pub version: Version,
}

impl Records {
    /// The records that `fence` may write.
    pub fn new(store: Store, fence: Fence) -> Self {
        Records {
            store,
            instance: fence.instance(),
            fence,
        }
    }

    /// The store below.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The instance whose records these are.
    pub fn instance(&self) -> InstanceId {
        self.instance
    }

    /// Read one.
    ///
    /// # Errors
    /// The store's, or a record that this version cannot read.
    pub async fn read<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Stored<T>>, Refusal> {
        match self.store.get(self.instance, key)? {
            Some(record) => self.open(record).await.map(Some),
            None => Ok(None),
        }
    }

    /// Read all under a prefix.
    ///
    /// # Errors
    /// As [`Records::read`].
    pub async fn list<T: DeserializeOwned>(
        &self,
        prefix: &KeyPrefix,
    ) -> Result<Vec<Stored<T>>, Refusal> {
        let mut values = Vec::new();
        let mut after: Option<ScanPosition> = None;
        loop {
            let page = self
                .store
                .scan(self.instance, prefix, after.as_ref(), PAGE)?;
            let more = page.len() == PAGE;
            for (position, record) in page {
                values.push(self.open(record).await?);
                after = Some(position);
            }
            if !more {
                return Ok(values);
            }
        }
    }

    /// Begin a change that is committed as one.
    pub fn change(&self) -> Change<'_> {
        Change {
            records: self,
            batch: Batch::new(),
        }
    }

    async fn open<T: DeserializeOwned>(&self, record: Record) -> Result<Stored<T>, Refusal> {
        let value = match record.value.split_first() {
            Some((&INLINE, json)) => serde_json::from_slice(json)?,
            _ => match payload_of(&record) {
                Some(id) => {
                    serde_json::from_slice(&self.store.read_payload(self.instance, id).await?)?
                }
                None => return Err(Refusal::internal("a record of an unknown form")),
            },
        };
        Ok(Stored {
            value,
            version: record.version,
        })
    }
}

fn payload_of(record: &Record) -> Option<PayloadId> {
    match record.value.split_first() {
        Some((&BESIDE, id)) => std::str::from_utf8(id).ok()?.parse().ok(),
        _ => None,
    }
}

/// A change of several records.
pub struct Change<'a> {
    records: &'a Records,
    batch: Batch,
}

impl Change<'_> {
    /// Write a value, in place of the version that was read (none: there was
    /// nothing).
    ///
    /// # Errors
    /// The store's.
    pub async fn put<T: Serialize>(
        &mut self,
        key: Key,
        value: &T,
        replaces: Option<Version>,
    ) -> Result<&mut Self, Refusal> {
        self.expect(&key, replaces)?;
        let json = serde_json::to_vec(value)?;
        let (form, content) = if json.len() <= MAX_INLINE {
            (INLINE, json)
        } else {
            let payload = self
                .records
                .store
                .write_payload(self.records.instance, json.into())
                .await?;
            let id = payload.id().to_string();
            self.batch.retain(payload);
            (BESIDE, id.into_bytes())
        };
        let mut bytes = Vec::with_capacity(1 + content.len());
        bytes.push(form);
        bytes.extend_from_slice(&content);
        self.batch.put(key, bytes);
        Ok(self)
    }

    /// Remove the record that has this version.
    ///
    /// # Errors
    /// The store's.
    pub fn delete(&mut self, key: Key, version: Version) -> Result<&mut Self, Refusal> {
        self.expect(&key, Some(version))?;
        self.batch.delete(key);
        Ok(self)
    }

    /// Add what no JSON record is.
    pub fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Commit all of it.
    ///
    /// # Errors
    /// `changed-meanwhile` if a record has another version by now.
    pub async fn commit(self) -> Result<Version, Refusal> {
        let Records {
            store,
            instance,
            fence,
        } = self.records;
        let sequence = store.commit(*instance, self.batch, *fence).await?;
        Ok(sequence.into())
    }

    /// Expect a version, and let go of the payload that it had.
    fn expect(&mut self, key: &Key, version: Option<Version>) -> Result<(), Refusal> {
        let Some(version) = version else {
            self.batch.expect_absent(key.clone());
            return Ok(());
        };
        self.batch.expect_version(key.clone(), version);
        let old = self.records.store.get(self.records.instance, key)?;
        if let Some(payload) = old.as_ref().and_then(payload_of) {
            self.batch.release(payload);
        }
        Ok(())
    }
}
