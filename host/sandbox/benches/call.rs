//! The price of one call: a fresh instance of the guest `hello`, over and over,
//! on one thread. It prints the median of several rounds.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a program that prints"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::time::Instant;
use support::{FakeHost, KEY, install, message};
use weft_sandbox::{Call, CallEvent, CallLimits, CompiledCache, Sandbox, SandboxConfig};

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 5;
const CALLS: u32 = 20_000;

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let cache = CompiledCache::open(dir.path(), KEY).unwrap();
    let sandbox = Sandbox::new(SandboxConfig::default(), cache).unwrap();
    let function = install(&sandbox, "hello");
    let host = Arc::new(FakeHost::new());
    let message = message(r#"{"name":"Ada"}"#);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let round = |calls: u32| {
        runtime.block_on(async {
            let began = Instant::now();
            for _ in 0..calls {
                let call = Call {
                    event: CallEvent::Message(message.clone()),
                    limits: CallLimits::default(),
                    host: host.clone(),
                };
                std::hint::black_box(function.call(call).await.unwrap());
            }
            began.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
        })
    };
    round(CALLS / 10);
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round(CALLS)).collect();
    rounds.sort_by(f64::total_cmp);
    println!(
        "fresh call of hello: median {:.2} us (lowest {:.2}, highest {:.2})",
        rounds[ROUNDS / 2],
        rounds[0],
        rounds[ROUNDS - 1]
    );
}
