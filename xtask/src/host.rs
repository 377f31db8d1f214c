//! The server's release binary, `target/release/weft`.

use crate::failure::Failure;
use crate::repository::Repository;
use crate::step::Step;

/// Builds the server unless it is built already.
pub(crate) fn ensure(repository: &Repository) -> Result<(), Failure> {
    Step::cargo(
        repository,
        "build the server",
        "build --release -p weft-server",
    )
    .run()
}
