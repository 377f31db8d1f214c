//! The master key: the one secret that opens a store. It wraps the instances' data keys and
//! never encrypts data itself.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, MetadataExt};
use zeroize::{Zeroize, Zeroizing};

use crate::ambient;
use crate::cipher::{Cipher, KEY_BYTES, random_bytes};
use crate::durable_file;

const WRAPPING_PURPOSE: &str = "weft store 1: master key wraps data keys";
const FINGERPRINT_PURPOSE: &str = "weft store 1: fingerprint of the master key";

/// Anything of the file mode that lets somebody other than the owner in.
const OTHERS: u32 = 0o077;

/// 32 secret bytes. Wiped when dropped; never shown by `Debug`.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

/// Why there is no master key. No variant holds any part of a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MasterKeyError {
    /// The text is not 64 hexadecimal digits.
    #[error(
        "a master key is 64 hexadecimal digits (32 bytes), but {found} characters were given or \
         some of them are not hexadecimal; make one with `openssl rand -hex 32`"
    )]
    NotHex {
        /// How many characters were given.
        found: usize,
    },
    /// Somebody other than the owner can read the file.
    #[error(
        "the master key file {} can be read by others than its owner (mode {mode:03o}); \
         run `chmod 600` on it, and make a new key if others had access", path.display()
    )]
    ReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file cannot be read or made.
    #[error("cannot read or create the master key file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system's random generator failed.
    #[error("cannot make a master key: {source}")]
    NoRandomness {
        /// What the system said.
        source: io::Error,
    },
}

impl MasterKey {
    /// Takes 64 hexadecimal digits; white space around them is ignored.
    pub fn from_hex(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        hex::decode_to_slice(text, key.as_mut_slice()).map_err(|_| MasterKeyError::NotHex {
            found: text.chars().count(),
        })?;
        Ok(Self(key))
    }

    /// Makes a new key from the system's random generator.
    pub fn generate() -> Result<Self, MasterKeyError> {
        random_bytes()
            .map(|key| Self(Zeroizing::new(key)))
            .map_err(|source| MasterKeyError::NoRandomness { source })
    }

    /// Makes a key for another purpose, named by `context` (as BLAKE3's key derivation asks: a
    /// fixed text of the program's own). Nothing about the master key follows from it.
    pub fn derive(&self, context: &'static str) -> [u8; KEY_BYTES] {
        blake3::derive_key(context, self.0.as_slice())
    }

    /// Reads the key from a file; makes a new key and the file (mode 0600) if there is none.
    /// A file that its group or others can read is refused: its key may be known already.
    pub fn read_or_create(path: &Path) -> Result<Self, MasterKeyError> {
        let failed = |source| MasterKeyError::Io {
            path: path.to_owned(),
            source,
        };
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| failed(io::Error::other("the path does not end with a file name")))?;
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let dir = ambient::open_or_create_private_dir(parent).map_err(failed)?;
        if !dir.try_exists(name).map_err(failed)? {
            let key = Self::generate()?;
            match key.write_to(&dir, name) {
                // Another process was quicker: its key is the key.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
                Ok(()) => return Ok(key),
            }
        }
        let mode = dir.metadata(name).map_err(failed)?.mode() & 0o777;
        if mode & OTHERS != 0 {
            return Err(MasterKeyError::ReadableByOthers {
                path: path.to_owned(),
                mode,
            });
        }
        let text = Zeroizing::new(dir.read_to_string(name).map_err(failed)?);
        Self::from_hex(&text)
    }

    fn write_to(&self, dir: &Dir, name: &str) -> io::Result<()> {
        let mut text = hex::encode(self.0.as_slice());
        text.push('\n');
        let written = durable_file::write_new(dir, name, text.as_bytes());
        text.zeroize();
        written.and_then(|()| durable_file::sync_dir(dir))
    }

    pub(crate) fn wrapping_cipher(&self) -> Cipher {
        let key = Zeroizing::new(blake3::derive_key(WRAPPING_PURPOSE, self.0.as_slice()));
        Cipher::new(&key)
    }

    /// Tells two keys apart without telling anything else about them.
    pub(crate) fn fingerprint(&self) -> String {
        let digest = blake3::derive_key(FINGERPRINT_PURPOSE, self.0.as_slice());
        hex::encode(&digest[..16])
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(not shown)")
    }
}
