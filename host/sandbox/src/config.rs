//! How much the sandbox and each call may use. A deployment sets
//! [`SandboxConfig`]; a node may ask for other [`CallLimits`] up to the maxima.

use std::time::Duration;
use weft_model::document::FunctionLimits;

const MIB: u64 = 1 << 20;

/// How the sandbox is set up.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Most calls at the same time. The pool of memories, tables and stacks is
    /// sized by it: about 10 GiB of address space (not memory) for each.
    pub max_concurrent_calls: u32,
    /// How long a call waits for one of these before it fails as overloaded.
    pub slot_wait: Duration,
    /// Memories that stay ready for the component they served last. Set it well
    /// above the number of busy functions; each holds up to
    /// `keep_resident_bytes` of memory, a small Rust function about 45 KiB.
    pub warm_slots: u32,
    /// Bytes of a memory that are cleaned in place for the next call instead of
    /// being given back to the system.
    pub keep_resident_bytes: usize,
    /// Limits of a call whose node asks for nothing else.
    pub defaults: CallLimits,
    /// The most that a node may ask for.
    pub maxima: CallLimits,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        SandboxConfig {
            max_concurrent_calls: 256,
            slot_wait: Duration::from_secs(2),
            warm_slots: 200,
            keep_resident_bytes: MIB as usize,
            defaults: CallLimits::default(),
            maxima: CallLimits::MAXIMA,
        }
    }
}

/// The limits of one call. Each has a fault of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Fuel: about one unit for each WebAssembly instruction.
    pub fuel: u64,
    /// Wall-clock time, without the wait for a slot.
    pub deadline: Duration,
    /// Linear memory in bytes, all memories of the instance together.
    pub memory_bytes: u64,
    /// Messages that leave, emitted and returned together.
    pub output_messages: u32,
    /// Bytes of these messages, text and blobs. It also bounds what a single
    /// call into the host may hand over.
    pub output_bytes: u64,
    /// Lines for the log; those above are counted and dropped.
    pub log_lines: u32,
    /// Bytes of a line; the rest is cut.
    pub log_line_bytes: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        CallLimits {
            fuel: 1_000_000_000,
            deadline: Duration::from_secs(5),
            memory_bytes: 64 * MIB,
            output_messages: 1_000,
            output_bytes: 16 * MIB,
            log_lines: 200,
            log_line_bytes: 4_096,
        }
    }
}

impl CallLimits {
    /// The most that a node may ask for, unless the deployment says otherwise.
    pub const MAXIMA: CallLimits = CallLimits {
        fuel: 100_000_000_000,
        deadline: Duration::from_secs(60),
        memory_bytes: 512 * MIB,
        output_messages: 10_000,
        output_bytes: 64 * MIB,
        log_lines: 2_000,
        log_line_bytes: 16_384,
    };

    /// What a node's own limits come to.
    ///
    /// # Errors
    /// All that the node asks for beyond the maximum.
    pub fn resolve(
        node: &FunctionLimits,
        defaults: &CallLimits,
        maxima: &CallLimits,
    ) -> Result<CallLimits, Vec<LimitTooHigh>> {
        let deadline_ms = maxima.deadline.as_millis() as u64;
        let asked = [
            ("fuel", node.fuel, maxima.fuel),
            ("deadlineMs", node.deadline_ms, deadline_ms),
            ("memoryBytes", node.memory_bytes, maxima.memory_bytes),
        ];
        let too_high: Vec<_> = asked
            .into_iter()
            .filter_map(|(which, asked, maximum)| {
                let asked = asked.filter(|asked| *asked > maximum)?;
                Some(LimitTooHigh {
                    which,
                    asked,
                    maximum,
                })
            })
            .collect();
        if !too_high.is_empty() {
            return Err(too_high);
        }
        Ok(CallLimits {
            fuel: node.fuel.unwrap_or(defaults.fuel),
            deadline: node
                .deadline_ms
                .map_or(defaults.deadline, Duration::from_millis),
            memory_bytes: node.memory_bytes.unwrap_or(defaults.memory_bytes),
            ..*defaults
        })
    }
}

/// A node asks for more than the host allows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("limit {which} is {asked}, and this host allows at most {maximum}")]
pub struct LimitTooHigh {
    /// The name of the limit, as the flow document writes it.
    pub which: &'static str,
    /// What the node asks for.
    pub asked: u64,
    /// What the host allows.
    pub maximum: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_gets_what_it_asks_for_up_to_the_maximum() {
        let (defaults, maxima) = (CallLimits::default(), CallLimits::MAXIMA);
        let mut node = FunctionLimits {
            fuel: Some(7),
            deadline_ms: Some(60_000),
            memory_bytes: None,
        };
        let limits = CallLimits::resolve(&node, &defaults, &maxima).unwrap();
        assert_eq!(limits.fuel, 7);
        assert_eq!(limits.deadline, Duration::from_secs(60));
        assert_eq!(limits.memory_bytes, defaults.memory_bytes);

        node.deadline_ms = Some(60_001);
        node.memory_bytes = Some(u64::MAX);
        let refused = CallLimits::resolve(&node, &defaults, &maxima).unwrap_err();
        let which: Vec<_> = refused.iter().map(|limit| limit.which).collect();
        assert_eq!(which, ["deadlineMs", "memoryBytes"]);
        assert_eq!((refused[0].asked, refused[0].maximum), (60_001, 60_000));
    }
}
