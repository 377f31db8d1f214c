//! The one place that turns a path of the machine into a directory handle.
//! Everything else in this crate reaches files only through such a handle, so no name can lead
//! out of the folder it belongs to.

use std::io;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt};

use crate::durable_file::sync_dir;

/// Only the owner may enter.
const PRIVATE: u32 = 0o700;

/// Opens a directory that must exist.
pub(crate) fn open_dir(path: &Path) -> io::Result<Dir> {
    Dir::open_ambient_dir(path, ambient_authority())
}

/// Opens a directory and makes it first, with mode 0700, if it is missing (its parents too).
pub(crate) fn open_or_create_private_dir(path: &Path) -> io::Result<Dir> {
    match open_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => return other,
    }
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return open_dir(path);
    };
    let parent = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    Dir::create_ambient_dir_all(parent, ambient_authority())?;
    let parent = open_dir(parent)?;
    create_private_dir(&parent, name)?;
    sync_dir(&parent)?;
    parent.open_dir(name)
}

/// Makes a directory with mode 0700 inside `parent`; nothing happens if it is there.
pub(crate) fn create_private_dir(parent: &Dir, name: impl AsRef<Path>) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.mode(PRIVATE);
    match parent.create_dir_with(name, &builder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}
