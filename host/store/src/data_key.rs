//! An instance's data key and the keys made from it, one for each use.

use std::io;

use zeroize::Zeroizing;

use crate::InstanceId;
use crate::cipher::{Cipher, KEY_BYTES, NotAuthentic, random_bytes};

const VALUES: &str = "weft store 1: record values";
const NAMES: &str = "weft store 1: names in record keys";
const PAYLOADS: &str = "weft store 1: payload content";
const PAYLOAD_NAMES: &str = "weft store 1: payload names";

/// Length of a hashed name in a record key, in bytes.
pub(crate) const HASHED_NAME_BYTES: usize = 16;

/// The random key of one instance; all of its data is lost with it.
pub(crate) struct DataKey(Zeroizing<[u8; KEY_BYTES]>);

/// The keys in use for one instance.
pub(crate) struct DataKeys {
    /// Encrypts record values.
    pub(crate) values: Cipher,
    /// Encrypts payload files.
    pub(crate) payloads: Cipher,
    names: Zeroizing<[u8; KEY_BYTES]>,
    payload_names: Zeroizing<[u8; KEY_BYTES]>,
}

impl DataKey {
    pub(crate) fn generate() -> io::Result<Self> {
        Ok(Self(Zeroizing::new(random_bytes()?)))
    }

    /// The key, encrypted for one instance.
    pub(crate) fn wrap(&self, wrapping: &Cipher, instance: InstanceId) -> io::Result<Vec<u8>> {
        wrapping.seal(&wrapping_place(instance), self.0.as_slice())
    }

    pub(crate) fn unwrap(
        wrapping: &Cipher,
        instance: InstanceId,
        wrapped: &[u8],
    ) -> Result<Self, NotAuthentic> {
        let plain = Zeroizing::new(wrapping.open(&wrapping_place(instance), wrapped)?);
        let key = plain.as_slice().try_into().map_err(|_| NotAuthentic)?;
        Ok(Self(Zeroizing::new(key)))
    }

    pub(crate) fn derive(&self) -> DataKeys {
        let derive = |purpose| Zeroizing::new(blake3::derive_key(purpose, self.0.as_slice()));
        DataKeys {
            values: Cipher::new(&derive(VALUES)),
            payloads: Cipher::new(&derive(PAYLOADS)),
            names: derive(NAMES),
            payload_names: derive(PAYLOAD_NAMES),
        }
    }
}

impl DataKeys {
    /// What stands in a record key for a name. Different kinds hash the same name differently,
    /// so that nobody sees on disk which records belong to the same name.
    pub(crate) fn hash_name(&self, kind: u8, name: &[u8]) -> [u8; HASHED_NAME_BYTES] {
        let mut hash = [0; HASHED_NAME_BYTES];
        blake3::Hasher::new_keyed(&self.names)
            .update(&[kind])
            .update(name)
            .finalize_xof()
            .fill(&mut hash);
        hash
    }

    pub(crate) fn hash_payload(&self, content: &[u8]) -> [u8; 32] {
        blake3::keyed_hash(&self.payload_names, content).into()
    }
}

fn wrapping_place(instance: InstanceId) -> Vec<u8> {
    [b"weft data key of ".as_slice(), instance.as_bytes()].concat()
}
