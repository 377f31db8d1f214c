//! The worker by itself, for the tests. `weft build-worker` is the same.

use std::process::ExitCode;

fn main() -> ExitCode {
    weft_builder::worker::main()
}
