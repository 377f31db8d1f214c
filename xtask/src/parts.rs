//! The parts of `cargo xtask test`: what each checks and how long it may take.

use clap::ValueEnum;
use serde_json::Value;
use std::time::Duration;

use crate::failure::Failure;
use crate::repository::Repository;
use crate::step::Step;
use crate::tally::Tally;
use crate::{host, supply};

/// One part of the checks. They run in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Formatting, lints, unit and doc tests, the server's build.
    Rust,
    /// The tests of the SDK and of each example function, and the latter's contract.
    Guests,
    /// A real server process, called from outside.
    E2e,
    /// Servers killed while they write.
    Crash,
    /// Licences, sources and advisories of the dependencies.
    Supply,
}

/// How a part ended that did not fail.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done,
    /// Something in it could not be checked here; the reason is printed.
    Skipped(String),
}

/// Test targets of `weft-tests` that are parts of their own.
const PARTS_OF_THEIR_OWN: [&str; 2] = ["guests", "crash"];
/// The guests as ordinary programs of this machine, for lints and their own tests.
const GUESTS_HERE: &str =
    "--manifest-path guest-examples/rust/Cargo.toml --target-dir target/guest-build";

impl Part {
    pub(crate) const ALL: [Part; 5] = [
        Part::Rust,
        Part::Guests,
        Part::E2e,
        Part::Crash,
        Part::Supply,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Part::Rust => "rust",
            Part::Guests => "guests",
            Part::E2e => "e2e",
            Part::Crash => "crash",
            Part::Supply => "supply",
        }
    }

    /// The time it may take on two cores from a clean clone.
    pub(crate) fn budget(self) -> Duration {
        let minutes = match self {
            Part::Rust => 18,
            Part::Guests => 10,
            Part::E2e | Part::Crash => 2,
            Part::Supply => 5,
        };
        Duration::from_secs(minutes * 60)
    }

    /// Whether it runs example functions, or builds the server, which embeds one.
    pub(crate) fn needs_guests(self) -> bool {
        !matches!(self, Part::Supply)
    }

    /// Runs the part; `tally` counts its tests, also those before a failure.
    pub(crate) fn run(
        self,
        repository: &Repository,
        tally: &mut Tally,
    ) -> Result<Outcome, Failure> {
        let mut tests =
            |title: &str, words: &str| count(Step::cargo(repository, title, words), tally);
        match self {
            Part::Rust => {
                check_format(repository)?;
                Step::cargo(
                    repository,
                    "lints",
                    "clippy --release --workspace --all-targets -- -D warnings",
                )
                .run()?;
                tests(
                    "unit and doc tests",
                    "test --release --no-fail-fast --workspace --exclude weft-tests",
                )?;
                host::ensure(repository)?;
            }
            Part::Guests => {
                Step::cargo(
                    repository,
                    "lints of the guests",
                    &format!("clippy {GUESTS_HERE} --all-targets -- -D warnings"),
                )
                .run()?;
                tests(
                    "the guests' own tests",
                    &format!("test --no-fail-fast {GUESTS_HERE}"),
                )?;
                tests(
                    "the guests' contract",
                    "test --release --no-fail-fast --workspace --test guests",
                )?;
            }
            Part::E2e => {
                host::ensure(repository)?;
                tests("end-to-end tests", &end_to_end(repository)?)?;
            }
            Part::Crash => {
                host::ensure(repository)?;
                tests(
                    "crash tests",
                    "test --release --no-fail-fast --workspace --test crash",
                )?;
            }
            Part::Supply => return supply::check(repository),
        }
        Ok(Outcome::Done)
    }
}

fn count(step: Step, tally: &mut Tally) -> Result<(), Failure> {
    let result = step.run_tests();
    match &result {
        Ok(counted) | Err(Failure::Step { tally: counted, .. }) => *tally += *counted,
        Err(_) => {}
    }
    result.map(|_| ())
}

fn check_format(repository: &Repository) -> Result<(), Failure> {
    Step::cargo(repository, "format", "fmt --all --check").run()?;
    Step::cargo(
        repository,
        "format of the guests",
        "fmt --all --check --manifest-path guest-examples/rust/Cargo.toml",
    )
    .run()
}

/// The call for every test target of `weft-tests` that is not a part of its own,
/// so that a new file is tested without being listed here.
fn end_to_end(repository: &Repository) -> Result<String, Failure> {
    let unreadable = |problem: String| Failure::Unreadable {
        what: "the answer of `cargo metadata`".to_owned(),
        problem,
    };
    let answer = Step::cargo(
        repository,
        "list the test targets",
        "metadata --no-deps --offline --format-version 1",
    )
    .answer()?;
    let metadata: Value =
        serde_json::from_slice(&answer).map_err(|problem| unreadable(problem.to_string()))?;
    let mut call = "test --release --no-fail-fast --workspace".to_owned();
    for target in test_targets(&metadata, "weft-tests") {
        if !PARTS_OF_THEIR_OWN.contains(&target) {
            call.push_str(" --test ");
            call.push_str(target);
        }
    }
    Ok(call)
}

fn test_targets<'a>(metadata: &'a Value, package: &str) -> Vec<&'a str> {
    let list = |value: &'a Value| value.as_array().into_iter().flatten();
    list(&metadata["packages"])
        .filter(|found| found["name"] == package)
        .flat_map(|found| list(&found["targets"]))
        .filter(|target| list(&target["kind"]).any(|kind| kind == "test"))
        .filter_map(|target| target["name"].as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_test_targets_of_the_package_are_listed() {
        let metadata = json!({ "packages": [
            { "name": "other", "targets": [{ "name": "x", "kind": ["test"] }] },
            { "name": "weft-tests", "targets": [
                { "name": "weft_tests", "kind": ["lib"] },
                { "name": "weft-bench", "kind": ["bin"] },
                { "name": "http", "kind": ["test"] },
                { "name": "crash", "kind": ["test"] },
            ] },
        ] });
        assert_eq!(test_targets(&metadata, "weft-tests"), ["http", "crash"]);
    }

    #[test]
    fn the_budgets_leave_room_for_more_within_45_minutes() {
        let sum: Duration = Part::ALL.iter().map(|part| part.budget()).sum();
        assert!(sum <= Duration::from_secs(45 * 60), "{sum:?}");
    }
}
