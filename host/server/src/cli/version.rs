//! `weft version`.

use crate::cli::failure::Failure;
use crate::cli::output;

/// Print the versions of this program and of what is built into it.
pub(crate) fn run() -> Result<(), Failure> {
    let weft = env!("CARGO_PKG_VERSION");
    let wasmtime = env!("WEFT_WASMTIME_VERSION");
    output::line(&format!("weft {weft}\nwasmtime {wasmtime}"))
}
