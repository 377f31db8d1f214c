//! What is done at open, before anybody can use the store: a new one is begun, keys and records
//! are compared, unfinished destructions are finished, forgotten payload files are removed.

use std::io;
use std::sync::Arc;

use crate::InstanceId;
use crate::batch::count_key;
use crate::instance::Instance;
use crate::instances::Instances;
use crate::key_ring::{Fit, Found};
use crate::ledger::{Ledger, LedgerError};
use crate::master_key::MasterKey;
use crate::open_error::{Trouble, While};
use crate::payload::PayloadFiles;
use crate::sequence::SequenceSource;

const ERASE_STEP: usize = 1_000;

/// Brings the parts of a store in line with each other, or makes a new one complete. Returns
/// where its sequences go on.
pub(crate) fn recover(
    master: &MasterKey,
    instances: &Instances,
    ledger: &Ledger,
    payloads: &PayloadFiles,
) -> Result<SequenceSource, Trouble> {
    let sequences = match instances
        .ring()
        .check(master)
        .while_trying("read the folder `keys`")?
    {
        Fit::OtherMasterKey => return Err(Trouble::WrongMasterKey),
        Fit::New => begin(master, instances, ledger)?,
        Fit::Fits => SequenceSource::read(ledger, &*system(instances)?)?
            .ok_or_else(|| Trouble::Damaged("the records are gone".to_owned()))?,
    };
    finish_destructions(instances, ledger, payloads)?;
    warn_of_lost_keys(instances, ledger)?;
    sweep_payloads(instances, ledger, payloads)?;
    Ok(sequences)
}

/// Writes the master key's fingerprint last: where it is, everything else must be. An earlier
/// try may have been cut short at any line.
fn begin(
    master: &MasterKey,
    instances: &Instances,
    ledger: &Ledger,
) -> Result<SequenceSource, Trouble> {
    let ring = instances.ring();
    match ring
        .read(InstanceId::SYSTEM)
        .while_trying("read the folder `keys`")?
    {
        Found::Keys(_) => {}
        Found::Nothing if ledger.instances()?.is_empty() => {
            ring.create(InstanceId::SYSTEM)
                .while_trying("create the first key")?;
        }
        Found::Damaged => return Err(Trouble::WrongMasterKey),
        Found::Nothing | Found::Destroyed => {
            return Err(Trouble::missing_key(InstanceId::SYSTEM));
        }
    }
    let system = system(instances)?;
    let sequences = match SequenceSource::read(ledger, &system)? {
        Some(sequences) => sequences,
        None => SequenceSource::begin(ledger, &system)?,
    };
    ring.write_fingerprint(master)
        .while_trying("write the folder `keys`")?;
    Ok(sequences)
}

fn system(instances: &Instances) -> Result<Arc<Instance>, Trouble> {
    instances
        .get(InstanceId::SYSTEM)
        .map_err(|_| Trouble::missing_key(InstanceId::SYSTEM))
}

fn finish_destructions(
    instances: &Instances,
    ledger: &Ledger,
    payloads: &PayloadFiles,
) -> Result<(), Trouble> {
    let ring = instances.ring();
    for instance in ring.destroyed().while_trying("list the folder `keys`")? {
        tracing::info!(%instance, "erasing what is left of a destroyed instance");
        ring.destroy(instance).while_trying("destroy a key")?;
        while ledger.erase_some(instance, ERASE_STEP)? == ERASE_STEP {}
        ledger.sync().while_trying("flush the records")?;
        payloads
            .remove_instance(instance)
            .while_trying("remove payload files")?;
        ring.forget(instance)
            .while_trying("remove a key's folder")?;
    }
    Ok(())
}

/// Such records are not erased: perhaps somebody restored a backup and the keys come later.
fn warn_of_lost_keys(instances: &Instances, ledger: &Ledger) -> Result<(), Trouble> {
    for instance in ledger.instances()? {
        match instances
            .ring()
            .read(instance)
            .while_trying("read the folder `keys`")?
        {
            Found::Keys(_) => {}
            Found::Nothing | Found::Destroyed | Found::Damaged => tracing::error!(
                %instance,
                "there are records of an instance whose key is missing or damaged; \
                 they cannot be read unless the key's file is restored",
            ),
        }
    }
    Ok(())
}

fn sweep_payloads(
    instances: &Instances,
    ledger: &Ledger,
    payloads: &PayloadFiles,
) -> Result<(), Trouble> {
    let mut all = instances
        .ring()
        .instances()
        .while_trying("list the folder `keys`")?;
    all.push(InstanceId::SYSTEM);
    all.dedup();
    for instance in all {
        payloads
            .sweep(instance, |payload| -> Result<bool, SweepError> {
                Ok(ledger.version(&count_key(instance, payload))?.is_some())
            })
            .map_err(|error| match error {
                SweepError::Files(error) => Trouble::Io("sweep the folder `payloads`", error),
                SweepError::Ledger(error) => error.into(),
            })?;
    }
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Files(#[from] io::Error),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<LedgerError> for Trouble {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Io(source) | LedgerError::Engine(sled::Error::Io(source)) => {
                Self::Io("read or write the records", source)
            }
            LedgerError::Engine(_) | LedgerError::Malformed => Self::Damaged(error.to_string()),
        }
    }
}
