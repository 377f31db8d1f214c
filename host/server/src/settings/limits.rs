//! The settings in the words of the layers below.

use crate::settings::Settings;
use std::path::PathBuf;
use weft_builder::BuilderConfig;
use weft_runtime::RuntimeLimits;
use weft_sandbox::{CallLimits, SandboxConfig};

impl Settings {
    /// For the sandbox.
    pub fn sandbox(&self) -> SandboxConfig {
        let defaults = CallLimits {
            fuel: self.fuel_default,
            deadline: self.deadline_default,
            memory_bytes: self.memory_default,
            output_messages: self.output_messages,
            output_bytes: self.output_bytes,
            log_lines: self.log_lines,
            log_line_bytes: self.log_line_bytes,
        };
        SandboxConfig {
            max_concurrent_calls: self.max_concurrent_calls,
            slot_wait: self.slot_wait,
            warm_slots: self.warm_slots,
            keep_resident_bytes: self.keep_resident_bytes,
            defaults,
            // Of the others a node cannot ask for more.
            maxima: CallLimits {
                fuel: self.fuel_max,
                deadline: self.deadline_max,
                memory_bytes: self.memory_max,
                ..defaults
            },
        }
    }

    /// For the runtime.
    pub fn runtime(&self) -> RuntimeLimits {
        RuntimeLimits {
            default_activations: self.activations_default,
            max_activations: self.activations_max,
            kept_runs: self.kept_runs,
            capture_bytes: self.capture_bytes,
        }
    }

    /// For the builder, whose worker is this very program.
    pub fn builder(&self) -> BuilderConfig {
        BuilderConfig {
            worker: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("weft")),
            timeout: self.build_timeout,
            memory_bytes: self.build_memory,
            max_wasm_bytes: self.max_component_bytes,
        }
    }
}
