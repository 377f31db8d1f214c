//! The program `weft`: a host, and the commands that speak to one. All of it is
//! in the library beside it.

use std::process::ExitCode;

/// Many short-lived allocations on several threads: mimalloc is faster at these
/// than the system's allocator, and gives memory back sooner.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    weft_server::cli::run(std::env::args_os())
}
