//! `cargo xtask bench [ARGS]`: the bench, against a fresh build.

use crate::failure::Failure;
use crate::repository::Repository;
use crate::step::Step;
use crate::{guests, host};

/// Builds everything, then runs the bench.
#[derive(clap::Args)]
pub(crate) struct Bench {
    /// Passed on to the bench.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Bench {
    pub(crate) fn run(&self, repository: &Repository) -> Result<(), Failure> {
        guests::ensure(repository)?;
        host::ensure(repository)?;
        Step::cargo(
            repository,
            "bench",
            "run --release -p weft-tests --bin weft-bench --",
        )
        .args(&self.arguments)
        .run()
    }
}
