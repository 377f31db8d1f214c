//! The right to write an instance.

use crate::InstanceId;

/// Shows that its holder is the present writer of one instance. Copies are the same right.
/// It ends when [`Store::open_writer`](crate::Store::open_writer) is called again for the
/// instance, or with the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    pub(crate) instance: InstanceId,
    pub(crate) number: u64,
}

impl Fence {
    /// The instance it is for.
    pub fn instance(&self) -> InstanceId {
        self.instance
    }
}
