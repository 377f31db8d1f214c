//! Key-value state that outlives the call.
//!
//! Each bucket needs a grant on the node (`grants.buckets`). Writes are
//! buffered: this call sees them at once, others see all of them together once
//! the function has returned well; an error, trap or time-out writes nothing.

use crate::{Error, host};
use std::fmt;

/// How often [`Bucket::update`] tries before it gives up. A conflict means that
/// somebody else got on, so losing this often means something is wrong.
const UPDATE_ATTEMPTS: usize = 100;

/// How many keys are fetched at a time.
const KEYS_A_PAGE: u32 = 1000;

/// A stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The bytes that were stored.
    pub value: Vec<u8>,
    /// Changes with every write of the key.
    pub version: u64,
}

/// The end of a compare-and-swap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swap {
    /// Written, if nobody else writes first; the host checks again when it commits.
    Swapped,
    /// The entry is another one: here it is.
    Conflict(Option<Entry>),
}

/// One page of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The keys, in no particular order.
    pub keys: Vec<String>,
    /// Where the next page begins; none at the end.
    pub cursor: Option<String>,
}

/// Why the state did not answer. The host's text says more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateError {
    /// Without a grant; the text names it.
    Denied(String),
    /// Key, value or number of writes over the limit; the text says which.
    LimitExceeded(String),
    /// A stored value that cannot be read as what it should be.
    Invalid(String),
    /// The store did not answer; worth another try.
    Unavailable(String),
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateError::Denied(text)
            | StateError::LimitExceeded(text)
            | StateError::Invalid(text)
            | StateError::Unavailable(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for StateError {}

impl From<StateError> for Error {
    fn from(error: StateError) -> Error {
        match error {
            StateError::Unavailable(_) => Error::retryable(error),
            _ => Error::failed(error),
        }
    }
}

/// A bucket of keys and values.
///
/// ```no_run
/// # fn main() -> Result<(), weft::state::StateError> {
/// let visits = weft::state::Bucket::open("visits").increment("home", 1)?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Bucket {
    name: String,
}

impl Bucket {
    /// The bucket of that name. Whether the node may use it shows at the first call.
    #[must_use]
    pub fn open(name: &str) -> Bucket {
        Bucket {
            name: name.to_owned(),
        }
    }

    /// What is stored under `key`.
    ///
    /// # Errors
    /// See [`StateError`].
    pub fn get(&self, key: &str) -> Result<Option<Entry>, StateError> {
        host::state_get(&self.name, key)
    }

    /// Stores `value` under `key`.
    ///
    /// # Errors
    /// See [`StateError`].
    pub fn set(&self, key: &str, value: impl AsRef<[u8]>) -> Result<(), StateError> {
        host::state_set(&self.name, key, value.as_ref())
    }

    /// Removes `key`; it need not be there.
    ///
    /// # Errors
    /// See [`StateError`].
    pub fn delete(&self, key: &str) -> Result<(), StateError> {
        host::state_delete(&self.name, key)
    }

    /// Adds to a number stored as text (absent counts as 0); the answer is the
    /// new number.
    ///
    /// # Errors
    /// See [`StateError`].
    pub fn increment(&self, key: &str, delta: i64) -> Result<i64, StateError> {
        host::state_increment(&self.name, key, delta)
    }

    /// Stores `value` if the entry's version is `expected` (none: if absent).
    ///
    /// # Errors
    /// See [`StateError`]. A conflict is not an error.
    pub fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<u64>,
        value: impl AsRef<[u8]>,
    ) -> Result<Swap, StateError> {
        host::state_compare_and_swap(&self.name, key, expected, value.as_ref())
    }

    /// Replaces the value under `key` by `change(old)`, again if somebody else
    /// wrote meanwhile. The answer is what was stored.
    ///
    /// # Errors
    /// The error of `change`, or see [`StateError`].
    pub fn update<E: From<StateError>>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<&[u8]>) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let mut entry = self.get(key)?;
        for _ in 0..UPDATE_ATTEMPTS {
            let value = change(entry.as_ref().map(|entry| entry.value.as_slice()))?;
            let expected = entry.as_ref().map(|entry| entry.version);
            match self.compare_and_swap(key, expected, &value)? {
                Swap::Swapped => return Ok(value),
                Swap::Conflict(current) => entry = current,
            }
        }
        Err(StateError::Unavailable(format!(
            "The key {key:?} of bucket {:?} was written by others {UPDATE_ATTEMPTS} times \
             while it was being updated; try again.",
            self.name
        ))
        .into())
    }

    /// All keys, in no particular order, fetched a page at a time.
    pub fn keys(&self) -> impl Iterator<Item = Result<String, StateError>> + '_ {
        let mut next = Some(None);
        std::iter::from_fn(move || {
            let cursor: Option<String> = next.take()?;
            Some(match self.page(cursor.as_deref(), KEYS_A_PAGE) {
                Ok(page) => {
                    next = page.cursor.map(Some);
                    page.keys.into_iter().map(Ok).collect::<Vec<_>>()
                }
                Err(error) => vec![Err(error)],
            })
        })
        .flatten()
    }

    /// One page of keys, at most `limit` (1 to 1000), from `cursor` on.
    ///
    /// # Errors
    /// See [`StateError`].
    pub fn page(&self, cursor: Option<&str>, limit: u32) -> Result<Page, StateError> {
        host::state_keys(&self.name, cursor, limit)
    }
}
