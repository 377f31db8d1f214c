//! The folder of wrapped keys, `DIR/keys`. Nothing of it lies in the ledger, so that destroying
//! one small file makes all data of an instance unreadable, in copies of the ledger too.
//!
//! | file | content |
//! |---|---|
//! | `master` | the fingerprint of the master key |
//! | `<instance>/key-1` | the instance's data key, wrapped by the first master key |
//! | `<instance>/destroyed` | the instance is being destroyed; what is left of it is to be erased |

use std::io::{self, Read};

use cap_std::fs::{Dir, OpenOptions};

use crate::InstanceId;
use crate::ambient::create_private_dir;
use crate::cipher::Cipher;
use crate::data_key::{DataKey, DataKeys};
use crate::durable_file::{absent_as_none, read_if_present, sync_dir, write_atomically};
use crate::master_key::MasterKey;

const FINGERPRINT: &str = "master";
/// The number is the generation of the master key.
const KEY: &str = "key-1";
const DESTROYED: &str = "destroyed";

/// The folder and what opens the keys in it.
pub(crate) struct KeyRing {
    dir: Dir,
    wrapping: Cipher,
}

/// What is known about an instance's key.
pub(crate) enum Found {
    Keys(Box<DataKeys>),
    /// There is none.
    Nothing,
    /// There was one, and it was destroyed.
    Destroyed,
    /// The file is not what was written.
    Damaged,
}

/// How the folder and the master key fit together.
#[derive(PartialEq, Eq)]
pub(crate) enum Fit {
    Fits,
    /// Keys were wrapped by another master key.
    OtherMasterKey,
    /// There is no fingerprint: the store was not made to its end.
    New,
}

impl KeyRing {
    pub(crate) fn new(dir: Dir, master: &MasterKey) -> Self {
        Self {
            dir,
            wrapping: master.wrapping_cipher(),
        }
    }

    pub(crate) fn check(&self, master: &MasterKey) -> io::Result<Fit> {
        Ok(match read_if_present(&self.dir, FINGERPRINT)? {
            None => Fit::New,
            Some(found) if found.trim_ascii() == master.fingerprint().as_bytes() => Fit::Fits,
            Some(_) => Fit::OtherMasterKey,
        })
    }

    pub(crate) fn write_fingerprint(&self, master: &MasterKey) -> io::Result<()> {
        write_atomically(&self.dir, FINGERPRINT, master.fingerprint().as_bytes())
    }

    pub(crate) fn read(&self, instance: InstanceId) -> io::Result<Found> {
        let Some(dir) = self.open(instance)? else {
            return Ok(Found::Nothing);
        };
        if dir.try_exists(DESTROYED)? {
            return Ok(Found::Destroyed);
        }
        Ok(match read_if_present(&dir, KEY)? {
            None => Found::Nothing,
            Some(wrapped) => match DataKey::unwrap(&self.wrapping, instance, &wrapped) {
                Ok(key) => Found::Keys(Box::new(key.derive())),
                Err(_) => Found::Damaged,
            },
        })
    }

    /// Makes the key of an instance that has none.
    pub(crate) fn create(&self, instance: InstanceId) -> io::Result<DataKeys> {
        let name = instance.to_string();
        create_private_dir(&self.dir, &name)?;
        sync_dir(&self.dir)?;
        let key = DataKey::generate()?;
        let wrapped = key.wrap(&self.wrapping, instance)?;
        write_atomically(&self.dir.open_dir(&name)?, KEY, &wrapped)?;
        Ok(key.derive())
    }

    /// Makes the key of an instance unreadable, for ever. From the first line on the instance is
    /// gone, also if the process ends in between.
    pub(crate) fn destroy(&self, instance: InstanceId) -> io::Result<()> {
        let Some(dir) = self.open(instance)? else {
            return Ok(());
        };
        write_atomically(&dir, DESTROYED, b"")?;
        let file = dir.open_with(KEY, OpenOptions::new().write(true));
        if let Some(mut file) = absent_as_none(file)? {
            let wrapped_bytes = file.metadata()?.len();
            io::copy(&mut io::repeat(0).take(wrapped_bytes), &mut file)?;
            file.sync_all()?;
            dir.remove_file(KEY)?;
            sync_dir(&dir)?;
        }
        Ok(())
    }

    /// Forgets that there was such an instance, after everything of it is erased.
    pub(crate) fn forget(&self, instance: InstanceId) -> io::Result<()> {
        absent_as_none(self.dir.remove_dir_all(instance.to_string()))?;
        sync_dir(&self.dir)
    }

    /// The instances with a key, in the order of their ids.
    pub(crate) fn instances(&self) -> io::Result<Vec<InstanceId>> {
        self.list(|dir| Ok(dir.try_exists(KEY)? && !dir.try_exists(DESTROYED)?))
    }

    /// The instances of which something may be left to erase.
    pub(crate) fn destroyed(&self) -> io::Result<Vec<InstanceId>> {
        self.list(|dir| dir.try_exists(DESTROYED))
    }

    fn list(&self, belongs: impl Fn(&Dir) -> io::Result<bool>) -> io::Result<Vec<InstanceId>> {
        let mut found = Vec::new();
        for entry in self.dir.entries()? {
            let entry = entry?;
            let Ok(instance) = entry.file_name().to_string_lossy().parse() else {
                continue;
            };
            if entry.file_type()?.is_dir() && belongs(&entry.open_dir()?)? {
                found.push(instance);
            }
        }
        found.sort();
        Ok(found)
    }

    fn open(&self, instance: InstanceId) -> io::Result<Option<Dir>> {
        absent_as_none(self.dir.open_dir(instance.to_string()))
    }
}
