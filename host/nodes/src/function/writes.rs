//! The state that one activation has written and nobody else sees yet.
//!
//! Reads look here first, then at what is committed. Several writes of a key
//! become one, which keeps what the first had to expect of the committed value.

use bytes::Bytes;
use indexmap::IndexMap;
use weft_model::node::{Effect, Effects, Expect, KeyPage, StateEntry, StateUnavailable};
use weft_sandbox::host_calls::{StateError, Swap};

/// Most bytes of a key.
pub(super) const MAX_KEY_BYTES: usize = 512;

/// Most bytes of a value.
pub(super) const MAX_VALUE_BYTES: usize = 8 << 10;

/// Most keys that one activation may write; they commit in one batch.
pub(super) const MAX_WRITES: usize = 900;

/// Marks of the cursors that functions get for [`Writes::keys`].
const COMMITTED: &str = "c:";
const WRITTEN: &str = "w:";

/// What is written so far, in order.
#[derive(Default)]
pub(super) struct Writes {
    keys: IndexMap<(String, String), Write>,
    count: u64,
}

struct Write {
    /// None removes the key.
    value: Option<Bytes>,
    /// What a function sees as the version; committed versions never come near.
    version: u64,
    expect: Expect,
}

impl Writes {
    /// A value, as this activation left it.
    pub(super) fn get(
        &self,
        effects: &dyn Effects,
        bucket: &str,
        key: &str,
    ) -> Result<Option<StateEntry>, StateError> {
        check_key(key)?;
        match self.keys.get(&(bucket.to_owned(), key.to_owned())) {
            Some(Write { value, version, .. }) => Ok(value.clone().map(|value| StateEntry {
                value,
                version: *version,
            })),
            None => effects.state(bucket, key).map_err(unavailable),
        }
    }

    /// Write a value whatever was there; none removes it.
    pub(super) fn set(
        &mut self,
        bucket: &str,
        key: &str,
        value: Option<Bytes>,
    ) -> Result<(), StateError> {
        self.write(bucket, key, value, Expect::Anything)
    }

    /// Add to a decimal number stored as text.
    pub(super) fn increment(
        &mut self,
        effects: &dyn Effects,
        bucket: &str,
        key: &str,
        delta: i64,
    ) -> Result<i64, StateError> {
        let entry = self.get(effects, bucket, key)?;
        let number = match &entry {
            None => 0,
            Some(entry) => {
                let text = std::str::from_utf8(&entry.value).ok();
                let number = text.and_then(|text| text.parse::<i64>().ok());
                number.ok_or_else(|| {
                    StateError::Invalid(format!("the value of {key:?} is not a whole number"))
                })?
            }
        };
        let sum = number.checked_add(delta).ok_or_else(|| {
            StateError::Invalid(format!("{key:?} would leave the range of 64-bit numbers"))
        })?;
        self.write(
            bucket,
            key,
            Some(sum.to_string().into()),
            expectation(entry.as_ref()),
        )?;
        Ok(sum)
    }

    /// Write a value if the version is `expected` (none: if absent).
    pub(super) fn compare_and_swap(
        &mut self,
        effects: &dyn Effects,
        bucket: &str,
        key: &str,
        expected: Option<u64>,
        value: Bytes,
    ) -> Result<Swap, StateError> {
        let entry = self.get(effects, bucket, key)?;
        if entry.as_ref().map(|entry| entry.version) != expected {
            return Ok(Swap::Conflict(entry));
        }
        self.write(bucket, key, Some(value), expectation(entry.as_ref()))?;
        Ok(Swap::Swapped)
    }

    /// Keys of a bucket: the committed ones that are not removed here, then
    /// those that are new here.
    pub(super) fn keys(
        &self,
        effects: &dyn Effects,
        bucket: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<KeyPage, StateError> {
        let (mut keys, from) = match cursor {
            Some(cursor) if cursor.starts_with(WRITTEN) => {
                let from = cursor.strip_prefix(WRITTEN).and_then(|n| n.parse().ok());
                (Vec::new(), from.ok_or_else(bad_cursor)?)
            }
            cursor => {
                let cursor = cursor
                    .map(|c| c.strip_prefix(COMMITTED).ok_or_else(bad_cursor))
                    .transpose()?;
                let page = effects
                    .state_keys(bucket, cursor, limit)
                    .map_err(unavailable)?;
                let removed = |key: &String| {
                    let write = self.keys.get(&(bucket.to_owned(), key.clone()));
                    write.is_some_and(|write| write.value.is_none())
                };
                let keys: Vec<_> = page.keys.into_iter().filter(|key| !removed(key)).collect();
                if let Some(next) = page.cursor {
                    let cursor = Some(format!("{COMMITTED}{next}"));
                    return Ok(KeyPage { keys, cursor });
                }
                (keys, 0)
            }
        };
        for (index, ((in_bucket, key), write)) in self.keys.iter().enumerate().skip(from) {
            if in_bucket != bucket || write.value.is_none() {
                continue;
            }
            if keys.len() >= limit {
                let cursor = Some(format!("{WRITTEN}{index}"));
                return Ok(KeyPage { keys, cursor });
            }
            if effects.state(bucket, key).map_err(unavailable)?.is_none() {
                keys.push(key.clone());
            }
        }
        Ok(KeyPage { keys, cursor: None })
    }

    /// What is to be committed.
    pub(super) fn into_effects(self) -> Vec<Effect> {
        let effect = |((bucket, key), write): ((String, String), Write)| Effect::State {
            bucket,
            key,
            value: write.value,
            expect: write.expect,
        };
        self.keys.into_iter().map(effect).collect()
    }

    fn write(
        &mut self,
        bucket: &str,
        key: &str,
        value: Option<Bytes>,
        expect: Expect,
    ) -> Result<(), StateError> {
        check_key(key)?;
        let bytes = value.as_ref().map_or(0, Bytes::len);
        if bytes > MAX_VALUE_BYTES {
            let text =
                format!("the value has {bytes} bytes; at most {MAX_VALUE_BYTES} can be stored");
            return Err(StateError::LimitExceeded(text));
        }
        self.count += 1;
        let version = u64::MAX - self.count;
        let place = (bucket.to_owned(), key.to_owned());
        if let Some(write) = self.keys.get_mut(&place) {
            (write.value, write.version) = (value, version);
            return Ok(());
        }
        if self.keys.len() == MAX_WRITES {
            let text = format!("one call can write at most {MAX_WRITES} keys");
            return Err(StateError::LimitExceeded(text));
        }
        self.keys.insert(
            place,
            Write {
                value,
                version,
                expect,
            },
        );
        Ok(())
    }
}

/// What a write has to expect that depends on this committed entry.
fn expectation(entry: Option<&StateEntry>) -> Expect {
    entry.map_or(Expect::Absent, |entry| Expect::Version(entry.version))
}

fn check_key(key: &str) -> Result<(), StateError> {
    match key.len() {
        0 => Err(StateError::Invalid("a key can't be empty".into())),
        1..=MAX_KEY_BYTES => Ok(()),
        bytes => Err(StateError::LimitExceeded(format!(
            "the key has {bytes} bytes; at most {MAX_KEY_BYTES} are allowed"
        ))),
    }
}

/// The function learns that there is no answer, not why.
fn unavailable(_: StateUnavailable) -> StateError {
    StateError::Unavailable("state is not available".into())
}

fn bad_cursor() -> StateError {
    StateError::Invalid("the cursor comes from no page of this bucket".into())
}

#[cfg(test)]
mod tests;
