//! What must last: records and payloads of instances, encrypted at rest.
//!
//! A [`Store`] lives in one data directory and belongs to one process. An *instance* in it has a
//! data key of its own; nothing of one instance can be read with the key of another, and
//! destroying the key destroys the data. Writing is one operation: [`Store::commit`] takes a
//! [`Batch`] of preconditions and writes, and when it returns, all of it is on disk, or none.
//!
//! ```
//! # use weft_store::*;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! const NOTE: Kind = Kind(1);
//! let key = MasterKey::read_or_create(&folder.path().join("master-key"))?;
//! let store = Store::open(StoreOptions::new(folder.path().join("data"), key))?;
//! let instance = InstanceId::generate()?;
//! store.create_instance(instance).await?;
//!
//! let writer = store.open_writer(instance)?;
//! let first = Key::new(NOTE).name("shopping").ordinal(1);
//! let mut batch = Batch::new();
//! batch.expect_absent(first.clone()).put(first.clone(), "milk");
//! let sequence = store.commit(instance, batch, writer).await?;
//!
//! let record = store.get(instance, &first)?.ok_or("gone")?;
//! assert_eq!(record.value, "milk");
//! assert_eq!(record.version, sequence.into());
//! # Ok(()) })
//! # }
//! ```
//!
//! # The parts
//! - what callers handle: [`Key`] (`key`), [`Batch`] (`batch`), [`Record`] (`record`),
//!   [`Fence`] (`fence`), [`Health`] (`health`), [`PayloadId`] (`payload`, `payload_id`)
//! - the door: `store`, `commit`; and the one thread behind it: `writer`, `sequence`
//! - on disk: `directory` (the table of everything in it), `layout`, `ledger` (records, in sled),
//!   `payload` and `pin`, `key_ring`; `recovery` brings them in line at open
//! - secrets: `master_key`, `data_key`, `cipher`
//! - files: `ambient`, `durable_file`

mod ambient;
mod batch;
mod cipher;
mod commit;
mod commit_error;
mod data_key;
mod directory;
mod durable_file;
mod fence;
mod health;
mod instance;
mod instances;
mod key;
mod key_ring;
mod layout;
mod ledger;
mod master_key;
mod open_error;
mod payload;
mod payload_id;
mod pin;
mod read_error;
mod record;
mod recovery;
mod sequence;
mod store;
mod writer;

pub use batch::{Batch, MAX_BATCH_ENTRIES, MAX_VALUE_BYTES};
pub use commit_error::CommitError;
pub use fence::Fence;
pub use health::{Health, HealthState};
pub use instance::InstanceId;
pub use instances::InstanceError;
pub use key::{Key, KeyPrefix, Kind, NoScanPosition, ScanPosition};
pub use master_key::{MasterKey, MasterKeyError};
pub use open_error::OpenError;
pub use payload::{MAX_PAYLOAD_BYTES, NoPayloadId, PayloadError, PayloadId, PendingPayload};
pub use read_error::ReadError;
pub use record::{Record, Sequence, Version};
pub use store::{MAX_SCAN_RECORDS, Store, StoreOptions};
