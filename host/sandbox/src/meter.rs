//! What a call uses of memory and output, and the point at which it is refused.

use crate::config::CallLimits;
use crate::engine::TABLE_ELEMENTS;
use wasmtime::{Error, ResourceLimiter, Result};

/// Watches the memories and tables of one call.
#[derive(Debug, Default)]
pub(crate) struct MemoryMeter {
    limit: usize,
    held: usize,
    peak: usize,
    /// Growth that was let through last, should the pool refuse it after all.
    last: usize,
    grows: u32,
    refused: bool,
}

impl MemoryMeter {
    pub(crate) fn new(limits: &CallLimits) -> Self {
        MemoryMeter {
            limit: usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX),
            ..MemoryMeter::default()
        }
    }

    /// The most bytes held at a time.
    pub(crate) fn peak(&self) -> u64 {
        self.peak as u64
    }

    /// How often memory grew after it was made.
    pub(crate) fn grows(&self) -> u32 {
        self.grows
    }

    /// True if something was refused.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        let wanted = desired.saturating_sub(current);
        let held = self.held.saturating_add(wanted);
        if held > self.limit {
            self.refused = true;
            return Ok(false);
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            // The component's own maximum, not ours.
            return Ok(false);
        }
        if current > 0 {
            self.grows += 1;
        }
        (self.held, self.last) = (held, wanted);
        self.peak = self.peak.max(held);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: Error) -> Result<()> {
        self.held -= std::mem::take(&mut self.last);
        self.refused = true;
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        if desired > TABLE_ELEMENTS {
            self.refused = true;
            return Ok(false);
        }
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }
}

/// What may still leave the call.
#[derive(Debug)]
pub(crate) struct OutputBudget {
    messages: u32,
    bytes: u64,
}

/// The budget does not suffice; it is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OverBudget {
    Messages,
    Bytes,
}

impl OutputBudget {
    pub(crate) fn new(limits: &CallLimits) -> Self {
        OutputBudget {
            messages: limits.output_messages,
            bytes: limits.output_bytes,
        }
    }

    /// Account for one message.
    pub(crate) fn spend(&mut self, bytes: usize) -> std::result::Result<(), OverBudget> {
        let messages = self.messages.checked_sub(1).ok_or(OverBudget::Messages)?;
        let bytes = self
            .bytes
            .checked_sub(bytes as u64)
            .ok_or(OverBudget::Bytes)?;
        (self.messages, self.bytes) = (messages, bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together_and_a_refusal_is_remembered() {
        let mut meter = MemoryMeter {
            limit: 100,
            ..MemoryMeter::default()
        };
        assert!(meter.memory_growing(0, 60, None).unwrap());
        assert!(!meter.refused());
        assert!(
            !meter.memory_growing(0, 60, None).unwrap(),
            "a second memory"
        );
        assert!(meter.refused());
        assert!(meter.memory_growing(60, 100, None).unwrap());
        assert_eq!((meter.peak(), meter.grows()), (100, 1));
    }

    #[test]
    fn a_message_over_the_budget_spends_nothing() {
        let mut budget = OutputBudget {
            messages: 2,
            bytes: 10,
        };
        assert_eq!(budget.spend(11), Err(OverBudget::Bytes));
        assert_eq!(budget.spend(10), Ok(()));
        assert_eq!(budget.spend(0), Ok(()));
        assert_eq!(budget.spend(0), Err(OverBudget::Messages));
    }
}
