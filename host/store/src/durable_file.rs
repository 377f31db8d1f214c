//! Small files that are either wholly on disk or not there at all, and directory entries that
//! survive a power cut.

use std::io::{self, Write};
use std::path::Path;

use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt};

use crate::cipher::random_bytes;

/// Only the owner may read and write.
const PRIVATE: u32 = 0o600;

/// Ends the name of a file that is not finished; whoever finds one at start may remove it.
pub(crate) const UNFINISHED_SUFFIX: &str = ".unfinished";

/// Writes `name` with mode 0600: a reader sees the old content or the new, never a part, and
/// after this returns the new content outlives a power cut.
pub(crate) fn write_atomically(dir: &Dir, name: &str, content: &[u8]) -> io::Result<()> {
    let unfinished = format!(
        "{:016x}{UNFINISHED_SUFFIX}",
        u64::from_ne_bytes(random_bytes()?)
    );
    let written = write_new(dir, &unfinished, content)
        .and_then(|()| dir.rename(&unfinished, dir, name))
        .and_then(|()| sync_dir(dir));
    if written.is_err() {
        // The first error is the one worth telling; a leftover is swept at the next start.
        dir.remove_file(&unfinished).ok();
    }
    written
}

/// Writes a file that must not exist yet, with mode 0600, and waits for its content to be on disk.
/// Its directory entry is not: see [`sync_dir`].
pub(crate) fn write_new(dir: &Dir, name: impl AsRef<Path>, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(PRIVATE);
    let mut file = dir.open_with(name, &options)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Opens a file for writing and makes it, with mode 0600, if it is missing.
pub(crate) fn open_or_create(dir: &Dir, name: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(PRIVATE);
    dir.open_with(name, &options)
}

/// Waits until the names in a directory are on disk.
pub(crate) fn sync_dir(dir: &Dir) -> io::Result<()> {
    // A `Dir` is a handle for look-ups only; syncing needs one opened for reading.
    dir.open(".")?.sync_all()
}

/// Reads a file, or `None` if there is none of that name.
pub(crate) fn read_if_present(dir: &Dir, name: impl AsRef<Path>) -> io::Result<Option<Vec<u8>>> {
    absent_as_none(dir.read(name))
}

/// Turns "not found" into `None`.
pub(crate) fn absent_as_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
