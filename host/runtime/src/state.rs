//! Key-value state of functions: buckets on the instance's records.
//!
//! A record holds the key beside the value, because the store knows keys only as
//! hashes.

use crate::kind;
use crate::run::commit::CommitFault;
use bytes::{BufMut, Bytes, BytesMut};
use weft_model::fault::{Fault, FaultCode};
use weft_model::node::{Effect, Expect, KeyPage, StateEntry, StateUnavailable};
use weft_store::{Batch, CommitError, Fence, InstanceId, Key, ScanPosition, Store, Version};

/// The buckets of an instance.
pub(crate) struct Buckets {
    store: Store,
    instance: InstanceId,
    fence: Fence,
}

impl Buckets {
    pub(crate) fn new(store: Store, fence: Fence) -> Self {
        Buckets {
            store,
            instance: fence.instance(),
            fence,
        }
    }

    pub(crate) fn get(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<StateEntry>, StateUnavailable> {
        let record = self
            .store
            .get(self.instance, &record_key(bucket, key))
            .map_err(unavailable)?;
        Ok(record.map(|record| StateEntry {
            value: split(&record.value).1,
            version: record.version.0,
        }))
    }

    pub(crate) fn keys(
        &self,
        bucket: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<KeyPage, StateUnavailable> {
        let after: Option<ScanPosition> =
            cursor.map(str::parse).transpose().map_err(unavailable)?;
        let prefix = Key::new(kind::STATE).name(bucket).into_prefix();
        let found = self
            .store
            .scan(self.instance, &prefix, after.as_ref(), limit)
            .map_err(unavailable)?;
        let full = found.len() == limit;
        let cursor = found
            .last()
            .filter(|_| full)
            .map(|(position, _)| position.to_string());
        let keys = found
            .iter()
            .map(|(_, record)| split(&record.value).0)
            .collect();
        Ok(KeyPage { keys, cursor })
    }

    /// Commit an outcome's writes; no writes, no I/O.
    pub(crate) async fn commit(&self, effects: &[Effect]) -> Result<(), CommitFault> {
        if effects.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        for effect in effects {
            let Effect::State {
                bucket,
                key,
                value,
                expect,
            } = effect;
            let record = record_key(bucket, key);
            match expect {
                Expect::Anything => {}
                Expect::Absent => {
                    batch.expect_absent(record.clone());
                }
                Expect::Version(version) => {
                    batch.expect_version(record.clone(), Version(*version));
                }
            }
            match value {
                Some(value) => batch.put(record, join(key, value)),
                None => batch.delete(record),
            };
        }
        match self.store.commit(self.instance, batch, self.fence).await {
            Ok(_) => Ok(()),
            Err(CommitError::Conflict { .. }) => Err(CommitFault::Conflict),
            Err(error) => {
                tracing::error!(%error, "an outcome was not committed");
                let fault = Fault::new(
                    FaultCode::StoreUnavailable,
                    "the outcome could not be stored",
                );
                Err(CommitFault::Refused(
                    fault.hint("see /readyz and the host's log"),
                ))
            }
        }
    }
}

fn record_key(bucket: &str, key: &str) -> Key {
    Key::new(kind::STATE).name(bucket).name(key)
}

fn unavailable(error: impl std::fmt::Display) -> StateUnavailable {
    StateUnavailable(error.to_string())
}

fn join(key: &str, value: &Bytes) -> Bytes {
    let mut joined = BytesMut::with_capacity(2 + key.len() + value.len());
    // Keys are limited to far less than 64 KiB where functions hand them in.
    joined.put_u16(u16::try_from(key.len()).unwrap_or(u16::MAX));
    joined.put_slice(key.as_bytes());
    joined.put_slice(value);
    joined.freeze()
}

fn split(joined: &Bytes) -> (String, Bytes) {
    let Some((length, rest)) = joined.split_first_chunk::<2>() else {
        return Default::default();
    };
    let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
    let key = String::from_utf8_lossy(&rest[..length]).into_owned();
    (key, joined.slice(2 + length..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_gives_back_key_and_value() {
        let joined = join("käy", &Bytes::from_static(b"\x00v"));
        assert_eq!(
            split(&joined),
            ("käy".to_owned(), Bytes::from_static(b"\x00v"))
        );
        assert_eq!(split(&Bytes::new()), Default::default());
    }
}
