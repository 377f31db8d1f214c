//! The operator's token: of role admin, for all instances, there from the first
//! start. Its text comes from the environment or lies in a file that only the
//! operator can read.

use super::secret::{NoRandomness, SecretHash, TokenText};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The file in the data directory.
const FILE: &str = "admin-token";

/// A token that people choose has at least so many characters.
const MIN_CHARS: usize = 16;

/// Why there is no operator's token.
#[derive(Debug, thiserror::Error)]
pub enum OperatorTokenError {
    /// It is too short, or cannot stand in a header.
    #[error(
        "{source_name} holds no usable token: it takes at least {MIN_CHARS} visible ASCII \
         characters without spaces; leave it out, and one is made"
    )]
    Unusable {
        /// Where it came from.
        source_name: String,
    },
    /// The file cannot be read or written.
    #[error("{path}: {source}; see that this user may read and write it")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No token can be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// The hash of the token that was given, or of the one in the file; the file is
/// made if it is not there.
pub(super) fn open(given: Option<&str>, dir: &Path) -> Result<SecretHash, OperatorTokenError> {
    if let Some(given) = given {
        return hash(given, "WEFT_ADMIN_TOKEN");
    }
    let path = dir.join(FILE);
    let failed = |source| OperatorTokenError::File {
        path: path.clone(),
        source,
    };
    match read(&path) {
        Ok(text) => hash(text.trim(), &path.display().to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let (_id, _hash, text) = TokenText::generate()?;
            write(&path, text.reveal()).map_err(failed)?;
            tracing::info!(file = %path.display(), "made an admin token");
            hash(text.reveal(), FILE)
        }
        Err(error) => Err(failed(error)),
    }
}

fn hash(text: &str, source: &str) -> Result<SecretHash, OperatorTokenError> {
    if text.len() < MIN_CHARS || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(OperatorTokenError::Unusable {
            source_name: source.to_owned(),
        });
    }
    Ok(SecretHash::of(text))
}

fn read(path: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(file = %path.display(), "others may read the admin token: chmod 600 it");
    }
    io::read_to_string(file)
}

/// Whole or not at all: a crash in between must not leave half a token.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_token_and_later_ones_keep_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(None, dir.path()).unwrap();
        let file = dir.path().join(FILE);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.ends_with('\n'), "{text:?}");
        assert!(first.is_of(text.trim()));
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let second = open(None, dir.path()).unwrap();
        assert!(second.is_of(text.trim()));
    }

    #[test]
    fn a_token_from_the_environment_needs_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let given = open(Some("0123456789abcdef"), dir.path()).unwrap();
        assert!(given.is_of("0123456789abcdef"));
        assert!(!dir.path().join(FILE).exists());
    }

    #[test]
    fn a_token_that_is_easy_to_guess_or_cannot_be_sent_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for bad in ["", "short", "0123456789 abcdef", "0123456789abcdé0"] {
            let refused = open(Some(bad), dir.path());
            let Err(OperatorTokenError::Unusable { source_name }) = refused else {
                panic!("{bad:?} was taken");
            };
            assert_eq!(source_name, "WEFT_ADMIN_TOKEN");
        }
    }
}
