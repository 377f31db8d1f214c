//! `weft openapi`.

use crate::cli::failure::Failure;
use crate::cli::output;

/// Print the description of the management API. No host is asked: it is that of
/// this very program.
pub(crate) fn run() -> Result<(), Failure> {
    let document = serde_json::to_value(crate::api::openapi());
    let document = document.map_err(|error| Failure::failed(error.to_string()))?;
    output::json(&document)
}
