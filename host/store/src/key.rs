//! Keys of records: a kind, then any number of names and ordinals.
//!
//! On disk a key is `instance (16) | space (1) | kind (1) | part…`, where a name is
//! `1 | keyed hash (16)` and an ordinal `2 | big-endian u64`. So user-supplied text never lies
//! in a key, keys with ordinals sort by them, and no two keys share their bytes.

use std::fmt;
use std::str::FromStr;

use crate::InstanceId;
use crate::data_key::{DataKeys, HASHED_NAME_BYTES};

const NAME: u8 = 1;
const ORDINAL: u8 = 2;

/// What a record is; the caller gives each of its record types one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(pub u8);

/// Parts of the ordered tree that never mix.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(crate) enum Space {
    /// The callers' records.
    Records = 0,
    /// What does not fit into one leaf value of a record.
    Continuations = 1,
    /// How many records refer to each payload.
    PayloadCounts = 2,
    /// The store's own memory.
    Store = 3,
}

/// Where the space stands in an encoded key.
pub(crate) const SPACE_AT: usize = 16;

/// Names one record of an instance.
///
/// ```
/// use weft_store::{Key, Kind};
/// const JOURNAL: Kind = Kind(4);
/// let entry = Key::new(JOURNAL).name("run 77").ordinal(12);
/// let whole_run = Key::new(JOURNAL).name("run 77").into_prefix();
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    kind: Kind,
    parts: Vec<Part>,
}

/// Names all records of an instance whose keys begin with the same parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyPrefix(Key);

/// Where a scan has come to: the place of one record in the order of keys.
/// Its text form (hexadecimal) holds no user-supplied text and may be given to API users as a
/// cursor; it is good for the same instance only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScanPosition(Vec<u8>);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Part {
    Name(Box<[u8]>),
    HashedName([u8; HASHED_NAME_BYTES]),
    Ordinal(u64),
}

/// The text is no position of a scan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no position in a list; begin again from the start")]
pub struct NoScanPosition {
    /// What was given, cut to its first 64 characters.
    pub text: String,
}

impl Key {
    /// Begins a key.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            parts: Vec::new(),
        }
    }

    /// Adds text or bytes of any length. Records do not sort by it, and it cannot be read back
    /// from the key: put it into the value if it is needed again.
    #[must_use]
    pub fn name(mut self, name: impl AsRef<[u8]>) -> Self {
        self.parts.push(Part::Name(name.as_ref().into()));
        self
    }

    /// Adds a number. Records with the same parts before it sort by it.
    #[must_use]
    pub fn ordinal(mut self, ordinal: u64) -> Self {
        self.parts.push(Part::Ordinal(ordinal));
        self
    }

    /// Everything that has this key's parts first.
    pub fn into_prefix(self) -> KeyPrefix {
        KeyPrefix(self)
    }

    pub(crate) fn encode(&self, instance: InstanceId, keys: &DataKeys) -> Vec<u8> {
        let mut bytes = start(instance, Space::Records);
        bytes.push(self.kind.0);
        for part in &self.parts {
            match part {
                Part::Name(name) => {
                    bytes.push(NAME);
                    bytes.extend_from_slice(&keys.hash_name(self.kind.0, name));
                }
                Part::HashedName(hash) => {
                    bytes.push(NAME);
                    bytes.extend_from_slice(hash);
                }
                Part::Ordinal(ordinal) => {
                    bytes.push(ORDINAL);
                    bytes.extend_from_slice(&ordinal.to_be_bytes());
                }
            }
        }
        bytes
    }
}

impl KeyPrefix {
    pub(crate) fn encode(&self, instance: InstanceId, keys: &DataKeys) -> Vec<u8> {
        self.0.encode(instance, keys)
    }
}

impl From<Key> for KeyPrefix {
    fn from(key: Key) -> Self {
        key.into_prefix()
    }
}

impl From<Kind> for KeyPrefix {
    fn from(kind: Kind) -> Self {
        Key::new(kind).into_prefix()
    }
}

/// The first bytes of all keys in one space of one instance.
pub(crate) fn start(instance: InstanceId, space: Space) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(instance.as_bytes());
    bytes.push(space as u8);
    bytes
}

impl ScanPosition {
    /// The key of the record at this position, to be used with the same instance.
    pub fn key(&self) -> Key {
        // A position is only ever made from bytes that parse.
        parse(&self.0).unwrap_or_else(|| Key::new(Kind(0)))
    }

    /// The ordinals in the record's key, first to last.
    pub fn ordinals(&self) -> Vec<u64> {
        let ordinal = |part| match part {
            Part::Ordinal(ordinal) => Some(ordinal),
            Part::Name(_) | Part::HashedName(_) => None,
        };
        self.key().parts.into_iter().filter_map(ordinal).collect()
    }

    pub(crate) fn from_encoded(key: &[u8]) -> Option<Self> {
        let bytes = key.get(SPACE_AT + 1..)?;
        parse(bytes).map(|_| Self(bytes.to_vec()))
    }

    pub(crate) fn encode(&self, instance: InstanceId) -> Vec<u8> {
        let mut bytes = start(instance, Space::Records);
        bytes.extend_from_slice(&self.0);
        bytes
    }
}

fn parse(bytes: &[u8]) -> Option<Key> {
    let (kind, mut rest) = bytes.split_first()?;
    let mut key = Key::new(Kind(*kind));
    while let Some((tag, after_tag)) = rest.split_first() {
        rest = match *tag {
            NAME => {
                let (hash, rest) = after_tag.split_first_chunk()?;
                key.parts.push(Part::HashedName(*hash));
                rest
            }
            ORDINAL => {
                let (ordinal, rest) = after_tag.split_first_chunk()?;
                key.parts.push(Part::Ordinal(u64::from_be_bytes(*ordinal)));
                rest
            }
            _ => return None,
        };
    }
    Some(key)
}

impl fmt::Display for ScanPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl FromStr for ScanPosition {
    type Err = NoScanPosition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex::decode(text)
            .ok()
            .filter(|bytes| parse(bytes).is_some())
            .map(Self)
            .ok_or_else(|| NoScanPosition {
                text: text.chars().take(64).collect(),
            })
    }
}

/// Shows the shape of the key, not the names in it: they come from users.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key(kind {}", self.kind.0)?;
        for part in &self.parts {
            match part {
                Part::Name(_) | Part::HashedName(_) => f.write_str(", a name")?,
                Part::Ordinal(ordinal) => write!(f, ", {ordinal}")?,
            }
        }
        f.write_str(")")
    }
}
