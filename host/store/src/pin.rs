//! Which payload files must stay although no record refers to them: those that somebody wrote
//! and is about to commit a reference to.
//!
//! A writer pins a payload *before* it looks whether the file is there. The remover takes away a
//! file only under the lock of the pins, and only if there is no pin. So either the remover sees
//! the pin and leaves the file, or the writer sees no file and writes it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::InstanceId;
use crate::payload_id::PayloadId;

/// A payload of an instance.
pub(crate) type Pinned = (InstanceId, PayloadId);

/// All pins of a store.
#[derive(Default)]
pub(crate) struct Pins(Mutex<PinTable>);

#[derive(Default)]
struct PinTable {
    counts: HashMap<Pinned, usize>,
    /// Lost their last pin since somebody looked: perhaps nothing refers to them.
    unpinned: Vec<Pinned>,
}

/// Keeps one payload file as long as it lives.
pub(crate) struct Pin {
    pins: Arc<Pins>,
    pinned: Pinned,
}

impl Pins {
    pub(crate) fn pin(self: &Arc<Self>, pinned: Pinned) -> Pin {
        *self.lock().counts.entry(pinned).or_default() += 1;
        Pin {
            pins: Arc::clone(self),
            pinned,
        }
    }

    /// What has lost its last pin since the last call.
    pub(crate) fn take_unpinned(&self) -> Vec<Pinned> {
        std::mem::take(&mut self.lock().unpinned)
    }

    /// Runs `remove` if there is no pin. Nobody can pin meanwhile.
    pub(crate) fn unless_pinned(&self, pinned: Pinned, remove: impl FnOnce()) {
        let table = self.lock();
        if !table.counts.contains_key(&pinned) {
            remove();
        }
    }

    fn lock(&self) -> MutexGuard<'_, PinTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut table = self.pins.lock();
        if let Some(count) = table.counts.get_mut(&self.pinned) {
            *count -= 1;
            if *count == 0 {
                table.counts.remove(&self.pinned);
                table.unpinned.push(self.pinned);
            }
        }
    }
}
