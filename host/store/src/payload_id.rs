//! Names of payloads.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Names a payload by its content: the keyed BLAKE3 hash of it, under a key of its instance.
/// So the same content has different names in different instances, and the name tells nothing
/// to whoever does not have the key. Its text form is 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PayloadId([u8; 32]);

/// The text does not name a payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no payload id; one has 64 hexadecimal digits")]
pub struct NoPayloadId {
    /// What was given, cut to its first 80 characters.
    pub text: String,
}

impl PayloadId {
    /// Takes an id that was kept as bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The id as bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PayloadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PayloadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PayloadId({self})")
    }
}

impl FromStr for PayloadId {
    type Err = NoPayloadId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NoPayloadId {
            text: text.chars().take(80).collect(),
        })?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for PayloadId {
    type Error = NoPayloadId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PayloadId> for String {
    fn from(id: PayloadId) -> Self {
        id.to_string()
    }
}
