//! The data directory: its lock, its layout, and the folders in it.
//!
//! | entry | content |
//! |---|---|
//! | `lock` | locked for as long as a process uses the directory |
//! | `layout` | the number of this table, as JSON |
//! | `keys/` | wrapped keys, see [`crate::key_ring`] |
//! | `records/` | the encrypted records, see [`crate::ledger`] |
//! | `payloads/` | what is too long for a record, see [`crate::payload`] |

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cap_std::fs::{Dir, File, Permissions, PermissionsExt};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::ambient::{create_private_dir, open_or_create_private_dir};
use crate::durable_file::{open_or_create, sync_dir};
use crate::key_ring::KeyRing;
use crate::layout::{self, LAYOUT};
use crate::ledger::{Ledger, LedgerOpenError};
use crate::master_key::MasterKey;
use crate::open_error::{Trouble, While};

const LOCK: &str = "lock";
const KEYS: &str = "keys";
const RECORDS: &str = "records";
const PAYLOADS: &str = "payloads";

/// How long to wait for sled's own lock. Ours is held already, so only threads of a store that
/// was just dropped in this process can still have it.
const LEFTOVER_WAIT: Duration = Duration::from_secs(5);

/// How long to wait for our lock.
const LOCK_WAIT: Duration = Duration::from_millis(500);
const LOCK_POLL: Duration = Duration::from_millis(5);

/// A data directory that belongs to this process until it is dropped.
pub(crate) struct Directory {
    path: PathBuf,
    dir: Dir,
    lock: File,
}

impl Directory {
    /// Makes the directory if there is none (mode 0700), locks it and looks at its layout.
    pub(crate) fn open(path: &Path) -> Result<Self, Trouble> {
        let dir = open_or_create_private_dir(path).while_trying("open or create the directory")?;
        let is_new = dir
            .entries()
            .and_then(|mut entries| entries.next().transpose())
            .while_trying("list the directory")?
            .is_none();
        if is_new {
            dir.set_permissions(".", Permissions::from_mode(0o700))
                .while_trying("close the directory to others")?;
        }
        let lock = open_or_create(&dir, LOCK).while_trying("create the lock file")?;
        take(&lock)?;
        let directory = Self {
            path: path.to_owned(),
            dir,
            lock,
        };
        directory.check_layout()?;
        Ok(directory)
    }

    fn check_layout(&self) -> Result<(), Trouble> {
        match layout::read(&self.dir).while_trying("read the file `layout`")? {
            layout::Found::Layout(LAYOUT) => Ok(()),
            layout::Found::Layout(found) if found > LAYOUT => Err(Trouble::NewerLayout(found)),
            layout::Found::Layout(found) => Err(Trouble::Damaged(format!(
                "the file `layout` names {found}, which never was"
            ))),
            layout::Found::Unreadable => Err(Trouble::Damaged(
                "the file `layout` is not readable".to_owned(),
            )),
            layout::Found::Nothing if self.has_data()? => {
                Err(Trouble::Damaged("the file `layout` is missing".to_owned()))
            }
            layout::Found::Nothing => {
                layout::write(&self.dir).while_trying("write the file `layout`")
            }
        }
    }

    fn has_data(&self) -> Result<bool, Trouble> {
        let exists = |name| {
            self.dir
                .try_exists(name)
                .while_trying("look for earlier data")
        };
        Ok(exists(KEYS)? || exists(RECORDS)? || exists(PAYLOADS)?)
    }

    pub(crate) fn keys(&self, master: &MasterKey) -> Result<KeyRing, Trouble> {
        Ok(KeyRing::new(self.folder(KEYS)?, master))
    }

    pub(crate) fn records(&self) -> Result<Ledger, Trouble> {
        let folder = self.folder(RECORDS)?;
        let path = self.path.join(RECORDS);
        let give_up = Instant::now() + LEFTOVER_WAIT;
        let ledger = loop {
            match Ledger::open(&path, &folder) {
                Ok(ledger) => break ledger,
                Err(LedgerOpenError::InUse) if Instant::now() < give_up => {
                    std::thread::sleep(LOCK_POLL);
                }
                Err(LedgerOpenError::InUse) => return Err(Trouble::InUse),
                Err(LedgerOpenError::Damaged(what)) => {
                    return Err(Trouble::Damaged(format!(
                        "the records cannot be read: {what}"
                    )));
                }
                Err(LedgerOpenError::Io(error)) => {
                    return Err(Trouble::Io("open the records", error));
                }
            }
        };
        sync_dir(&folder).while_trying("sync the folder `records`")?;
        Ok(ledger)
    }

    pub(crate) fn payloads(&self) -> Result<Dir, Trouble> {
        self.folder(PAYLOADS)
    }

    /// Gives the directory's lock to whoever keeps the store open.
    pub(crate) fn into_lock(self) -> File {
        self.lock
    }

    fn folder(&self, name: &'static str) -> Result<Dir, Trouble> {
        let open = || -> io::Result<Dir> {
            create_private_dir(&self.dir, name)?;
            sync_dir(&self.dir)?;
            self.dir.open_dir(name)
        };
        open().while_trying("create a folder")
    }
}

/// Waits a moment for a lock that is held: perhaps by a process that is just ending, or by one
/// that this process has started and that has not yet let go of what it inherited.
fn take(lock: &File) -> Result<(), Trouble> {
    let give_up = Instant::now() + LOCK_WAIT;
    loop {
        match flock(lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(Errno::WOULDBLOCK) if Instant::now() < give_up => std::thread::sleep(LOCK_POLL),
            Err(Errno::WOULDBLOCK) => return Err(Trouble::InUse),
            Err(error) => return Err(Trouble::Io("lock the lock file", error.into())),
        }
    }
}
