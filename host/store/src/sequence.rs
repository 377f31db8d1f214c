//! Giving out sequences that grow over restarts too.
//!
//! Writing the last sequence with every commit would rewrite one key all the time. Instead a
//! ceiling is written, now and then, with the commit that would pass it; after a restart the
//! count goes on from there.

use crate::instance::Instance;
use crate::key::{Space, start};
use crate::ledger::{Changes, Ledger, LedgerError};
use crate::record::{Encoded, Sequence};

/// How many sequences one write of the ceiling pays for.
const BLOCK: u64 = 4096;

/// Knows the last sequence given out. Owned by the writer.
pub(crate) struct SequenceSource {
    last: u64,
    ceiling: u64,
}

impl SequenceSource {
    /// Begins the count of a new store, on disk.
    pub(crate) fn begin(ledger: &Ledger, system: &Instance) -> Result<Self, LedgerError> {
        let mut source = Self {
            last: 0,
            ceiling: 0,
        };
        let mut changes = Changes::default();
        source.claim(ledger, system, &mut changes)?;
        ledger.apply(changes)?;
        ledger.sync()?;
        Ok(source)
    }

    /// Goes on behind everything that an earlier process may have given out. `None` if no
    /// process ever began to count: a store has that for a moment when it is made.
    pub(crate) fn read(ledger: &Ledger, system: &Instance) -> Result<Option<Self>, LedgerError> {
        let key = ceiling_key(system);
        let Some(encoded) = ledger.get(&key)? else {
            return Ok(None);
        };
        let record = encoded
            .open(&system.keys.values, &key)
            .map_err(|_| LedgerError::Malformed)?;
        let bytes = record.value.first_chunk().ok_or(LedgerError::Malformed)?;
        let ceiling = u64::from_be_bytes(*bytes);
        Ok(Some(Self {
            last: ceiling,
            ceiling,
        }))
    }

    pub(crate) fn last(&self) -> Sequence {
        Sequence(self.last)
    }

    /// What [`SequenceSource::claim`] will give.
    pub(crate) fn next(&self) -> Sequence {
        Sequence(self.last + 1)
    }

    /// Takes the next sequence; what must be remembered of it is added to `changes`, which must
    /// be applied, or nothing after it.
    pub(crate) fn claim(
        &mut self,
        ledger: &Ledger,
        system: &Instance,
        changes: &mut Changes,
    ) -> Result<Sequence, LedgerError> {
        let next = self.next();
        if next.0 > self.ceiling {
            let ceiling = self.ceiling + BLOCK;
            let key = ceiling_key(system);
            let value = ceiling.to_be_bytes();
            let encoded = Encoded::seal(&system.keys.values, &key, next.into(), &value)?;
            ledger.stage_put(changes, &key, &encoded)?;
            self.ceiling = ceiling;
        }
        self.last = next.0;
        Ok(next)
    }
}

fn ceiling_key(system: &Instance) -> Vec<u8> {
    start(system.id, Space::Store)
}
