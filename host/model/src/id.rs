//! Names and ids, valid by construction.

use crate::limit::MAX_ID_BYTES;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A name or id that breaks the rules for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {input:?} is not valid: {rule}")]
pub struct InvalidId {
    /// What was to be named.
    pub what: &'static str,
    /// The text, shortened to 64 characters.
    pub input: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if $check(text) {
                    return Ok($name(text.into()));
                }
                Err(InvalidId { what: $what, input: text.chars().take(64).collect(), rule: $rule })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

text_id!(
    /// The name of an instance. It stands in URLs and in host names, so it is a
    /// DNS label (RFC 1123 §2.1).
    InstanceName,
    "instance name",
    "use 1 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
    is_dns_label
);
text_id!(
    /// The id of a flow, unique in its instance.
    FlowId,
    "flow id",
    "use 1 to 128 letters, digits, '.', '_' and '-', beginning with a letter or digit",
    is_plain_id
);
text_id!(
    /// The id of a node, unique in its flow.
    NodeId,
    "node id",
    "use 1 to 128 letters, digits, '.', '_' and '-', beginning with a letter or digit",
    is_plain_id
);
text_id!(
    /// The name of a component, unique in its instance.
    ComponentName,
    "component name",
    "use 1 to 128 lower-case letters, digits and hyphens, beginning with a letter",
    is_component_name
);

fn is_dns_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_plain_id(text: &str) -> bool {
    text.len() <= MAX_ID_BYTES
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn is_component_name(text: &str) -> bool {
    text.len() <= MAX_ID_BYTES
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Bits of a UUID of version 7 that follow its time (`rand_a`).
const COUNTER_BITS: u32 = 12;

/// The id of a run: a UUID of version 7 (RFC 9562 §5.7), so ids sort by time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(uuid::Uuid);

impl RunId {
    /// A new id for a run that begins `unix_ms` milliseconds after
    /// 1970-01-01T00:00:00Z. Ids of one process never go back: a counter orders
    /// those of one millisecond (RFC 9562 §6.2, method 1).
    pub fn new(unix_ms: u64) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let first = unix_ms << COUNTER_BITS;
        let next = |last: u64| first.max(last + 1);
        let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
            Some(next(last))
        });
        let stamp = next(last.unwrap_or_default());
        let mut after_time = [0; 10];
        let counter = (stamp & ((1 << COUNTER_BITS) - 1)) as u16;
        after_time[..2].copy_from_slice(&counter.to_be_bytes());
        after_time[2..].copy_from_slice(&fastrand::u64(..).to_be_bytes());
        let millis = stamp >> COUNTER_BITS;
        RunId(uuid::Builder::from_unix_timestamp_millis(millis, &after_time).into_uuid())
    }

    /// Room for the id's text.
    pub fn buffer() -> [u8; 36] {
        [0; 36]
    }

    /// The id's text, written without allocating.
    pub fn encode(self, buffer: &mut [u8; 36]) -> &str {
        self.0.as_hyphenated().encode_lower(buffer)
    }

    /// The id as a number.
    pub fn as_u128(self) -> u128 {
        self.0.as_u128()
    }
}

impl FromStr for RunId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let input = || text.chars().take(64).collect();
        let rule = "a run id is a UUID, as the answer's weft-run header gives it";
        uuid::Uuid::parse_str(text)
            .map(RunId)
            .map_err(|_| InvalidId {
                what: "run id",
                input: input(),
                rule,
            })
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instance_names_are_dns_labels() {
        for good in ["a", "default", "x-1", &"a".repeat(63)] {
            assert!(good.parse::<InstanceName>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "ä", "../x", &"a".repeat(64)] {
            assert!(bad.parse::<InstanceName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn run_ids_sort_by_time_and_round_trip() {
        let early = RunId::new(1_000);
        let ids: Vec<_> = (0..10_000).map(|_| RunId::new(2_000)).collect();
        assert!(early < ids[0] && ids.is_sorted());
        assert_eq!(early.to_string().parse::<RunId>().unwrap(), early);
        assert!("nonsense".parse::<RunId>().is_err());
    }
}
