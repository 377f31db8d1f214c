//! The server's release binary, `target/release/weft`.

use crate::failure::Failure;
use crate::repository::Repository;
use crate::step::Step;

/// Builds the server unless it is built already. Every build selects the whole
/// workspace: cargo chooses features by what is selected, and wasmtime must not
/// be compiled once for each choice.
pub(crate) fn ensure(repository: &Repository) -> Result<(), Failure> {
    Step::cargo(
        repository,
        "build the server",
        "build --release --workspace --bin weft",
    )
    .run()
}
