//! The settings of wasmtime, all in one place. What compiles and what runs must
//! agree on everything that shapes machine code, so both come from [`codegen`].

use crate::config::SandboxConfig;
use crate::sandbox::SandboxError;
use std::hash::{Hash, Hasher};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result,
};

/// Fuel between two points at which other tasks of the thread get their turn:
/// about a tenth of a millisecond of work.
pub(crate) const FUEL_BETWEEN_YIELDS: u64 = 1_000_000;

/// Most elements of a table: enough for interpreters compiled to WebAssembly.
pub(crate) const TABLE_ELEMENTS: usize = 100_000;

/// What one component may consist of. Generous, since interpreters with their
/// adapters have dozens of core instances.
const CORE_INSTANCES_PER_COMPONENT: u32 = 40;
const MEMORIES_PER_COMPONENT: u32 = 10;
const TABLES_PER_COMPONENT: u32 = 40;
const INSTANCE_BYTES: usize = 4 << 20;

/// What the pool holds for each concurrent call. Nearly every component has one
/// memory and one or two tables; a call that finds none left is `overloaded`.
const MEMORIES_PER_CALL: u32 = 2;
const TABLES_PER_CALL: u32 = 4;

const TABLE_KEEP_RESIDENT: usize = 64 << 10;

/// Everything that shapes machine code.
fn codegen() -> Config {
    let mut config = Config::new();
    config
        // The budget, the bill and the fairness. No epochs on top: both together
        // cost up to 1.75 times the time of neither.
        .consume_fuel(true)
        // Plain calls on a fiber; WASI 0.3 would need it, at 5 µs a call.
        .concurrency_support(false)
        // Faults name the trap; frames of a guest help nobody who reads them.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .memory_init_cow(true);
    config
}

/// The engine that compiles: no pool, no address space.
pub(crate) fn compiling() -> Result<Engine> {
    Engine::new(&codegen())
}

/// The engine that runs.
pub(crate) fn running(sandbox: &SandboxConfig) -> Result<Engine, SandboxError> {
    let refused = |error: wasmtime::Error| SandboxError::Pool {
        max_concurrent_calls: sandbox.max_concurrent_calls,
        reason: format!("{error:#}"),
    };
    let mut config = codegen();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(sandbox)));
    let engine = Engine::new(&config).map_err(refused)?;
    tracing::info!(
        max_concurrent_calls = sandbox.max_concurrent_calls,
        warm_slots = sandbox.warm_slots,
        "sandbox ready"
    );
    if !PoolingAllocationConfig::is_pagemap_scan_available() {
        tracing::warn!(
            "this kernel has no PAGEMAP_SCAN (Linux 6.7): each call costs several times more"
        );
    }
    Ok(engine)
}

fn pool(sandbox: &SandboxConfig) -> PoolingAllocationConfig {
    let calls = sandbox.max_concurrent_calls;
    let maximum_memory = usize::try_from(sandbox.maxima.memory_bytes).unwrap_or(usize::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_stacks(calls)
        .total_memories(calls.saturating_mul(MEMORIES_PER_CALL))
        .total_tables(calls.saturating_mul(TABLES_PER_CALL))
        .total_core_instances(calls.saturating_mul(CORE_INSTANCES_PER_COMPONENT))
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_memories_per_module(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_tables_per_module(TABLES_PER_COMPONENT)
        .table_elements(TABLE_ELEMENTS)
        .max_core_instance_size(INSTANCE_BYTES)
        .max_component_instance_size(INSTANCE_BYTES)
        .max_memory_size(maximum_memory)
        .max_unused_warm_slots(sandbox.warm_slots)
        .linear_memory_keep_resident(sandbox.keep_resident_bytes)
        .table_keep_resident(TABLE_KEEP_RESIDENT)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// What identifies the machine code an engine makes and takes: another wasmtime,
/// processor or setting gives another fingerprint.
pub(crate) fn fingerprint(engine: &Engine) -> [u8; 32] {
    let mut hasher = Fingerprint(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    *hasher.0.finalize().as_bytes()
}

/// All that goes into a hash, made into 256 bits.
struct Fingerprint(blake3::Hasher);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let hash = self.0.finalize();
        u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap_or_default())
    }
}
