//! Records, and how one is encrypted into bytes for the disk.
//!
//! An encoded record is `version (u64, big-endian) | nonce (24) | ciphertext`. The layout, the
//! version and the whole key are authenticated with it, so a record moved to another key, to
//! another instance or to another version does not open.

use std::fmt;
use std::io;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::cipher::{Cipher, NotAuthentic};
use crate::layout::LAYOUT;

/// Length of the version in front of an encoded record.
pub(crate) const VERSION_BYTES: usize = 8;

/// The place of a commit in the one order of all commits of a store. Grows with every commit,
/// also over restarts; there may be gaps.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Sequence(pub u64);

/// The [`Sequence`] of the commit that wrote a value: two values with the same key and version
/// are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

impl From<Sequence> for Version {
    fn from(sequence: Sequence) -> Self {
        Self(sequence.0)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// What was put.
    pub value: Bytes,
    /// Which commit put it.
    pub version: Version,
}

/// Shows the value's length only: values are user data.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Record({} bytes, version {})",
            self.value.len(),
            self.version
        )
    }
}

/// An encrypted record, without its key.
pub(crate) struct Encoded(Vec<u8>);

impl Encoded {
    pub(crate) fn seal(
        cipher: &Cipher,
        key: &[u8],
        version: Version,
        value: &[u8],
    ) -> io::Result<Self> {
        let sealed = cipher.seal(&place(key, version), value)?;
        let mut bytes = Vec::with_capacity(VERSION_BYTES + sealed.len());
        bytes.extend_from_slice(&version.0.to_be_bytes());
        bytes.extend_from_slice(&sealed);
        Ok(Self(bytes))
    }

    pub(crate) fn open(&self, cipher: &Cipher, key: &[u8]) -> Result<Record, NotAuthentic> {
        let version = version_of(&self.0).ok_or(NotAuthentic)?;
        let value = cipher.open(&place(key, version), &self.0[VERSION_BYTES..])?;
        Ok(Record {
            value: value.into(),
            version,
        })
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Reads the version in front of an encoded record, which is not authenticated by that.
pub(crate) fn version_of(encoded: &[u8]) -> Option<Version> {
    let (version, _) = encoded.split_first_chunk()?;
    Some(Version(u64::from_be_bytes(*version)))
}

/// What a record's ciphertext is bound to. The key begins with the instance.
fn place(key: &[u8], version: Version) -> Vec<u8> {
    let mut place = Vec::with_capacity(4 + VERSION_BYTES + key.len());
    place.extend_from_slice(&LAYOUT.to_be_bytes());
    place.extend_from_slice(&version.0.to_be_bytes());
    place.extend_from_slice(key);
    place
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cipher::KEY_BYTES;

    #[test]
    fn a_flip_of_any_byte_of_a_record_is_noticed() {
        let cipher = Cipher::new(&[3; KEY_BYTES]);
        let encoded = Encoded::seal(&cipher, b"key", Version(9), b"value").unwrap();
        let record = encoded.open(&cipher, b"key").unwrap();
        assert_eq!(
            (record.version, &record.value[..]),
            (Version(9), b"value".as_slice())
        );
        for at in 0..encoded.0.len() {
            let mut forged = encoded.0.clone();
            forged[at] ^= 0x80;
            let opened = Encoded::from_bytes(forged).open(&cipher, b"key");
            assert_eq!(opened, Err(NotAuthentic), "byte {at}");
        }
    }

    #[test]
    fn a_record_moved_to_another_key_does_not_open() {
        let cipher = Cipher::new(&[3; KEY_BYTES]);
        let encoded = Encoded::seal(&cipher, b"key", Version(9), b"value").unwrap();
        assert_eq!(encoded.open(&cipher, b"yek"), Err(NotAuthentic));
    }
}
