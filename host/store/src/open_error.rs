//! Why a store could not be opened.

use std::io;
use std::path::PathBuf;

use crate::InstanceId;
use crate::layout::LAYOUT;

/// Why a store could not be opened. Nothing was changed in the directory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error(
        "the data directory {} is in use by another process; \
         stop that one, or give this one a directory of its own", dir.display()
    )]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// A later build wrote it.
    #[error(
        "the data directory {} has layout {found}, this build knows layouts up to {LAYOUT}; \
         use the build that wrote it or a later one", dir.display()
    )]
    NewerLayout {
        /// The directory.
        dir: PathBuf,
        /// The layout it has.
        found: u32,
    },
    /// Its keys were wrapped by another master key.
    #[error(
        "the master key does not belong to the data directory {}; \
         give the key with which the directory was made", dir.display()
    )]
    WrongMasterKey {
        /// The directory.
        dir: PathBuf,
    },
    /// Something in it is not what was written.
    #[error(
        "the data directory {} is damaged: {what}; \
         move it aside and restore a backup", dir.display()
    )]
    Damaged {
        /// The directory.
        dir: PathBuf,
        /// What is damaged.
        what: String,
    },
    /// The disk does not do what is asked.
    #[error("cannot {action} in the data directory {}: {source}", dir.display())]
    Io {
        /// The directory.
        dir: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// What is wrong, before the directory is added for the message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("in use")]
    InUse,
    #[error("newer layout")]
    NewerLayout(u32),
    #[error("wrong master key")]
    WrongMasterKey,
    #[error("{0}")]
    Damaged(String),
    #[error("{1}")]
    Io(&'static str, io::Error),
}

impl Trouble {
    pub(crate) fn in_dir(self, dir: PathBuf) -> OpenError {
        match self {
            Self::InUse => OpenError::InUse { dir },
            Self::NewerLayout(found) => OpenError::NewerLayout { dir, found },
            Self::WrongMasterKey => OpenError::WrongMasterKey { dir },
            Self::Damaged(what) => OpenError::Damaged { dir, what },
            Self::Io(action, source) => OpenError::Io {
                dir,
                action,
                source,
            },
        }
    }

    pub(crate) fn missing_key(instance: InstanceId) -> Self {
        Self::Damaged(format!(
            "there are records of instance {instance}, but its key in the folder `keys` is \
             missing or damaged"
        ))
    }
}

/// Says what was tried when an input or output operation failed.
pub(crate) trait While<T> {
    fn while_trying(self, action: &'static str) -> Result<T, Trouble>;
}

impl<T> While<T> for io::Result<T> {
    fn while_trying(self, action: &'static str) -> Result<T, Trouble> {
        self.map_err(|source| Trouble::Io(action, source))
    }
}
