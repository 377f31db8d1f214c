//! `cargo xtask test`: set-up, then every check.
//!
//! It stops after the first part that fails, prints a table of parts and times,
//! and ends with one plain line that sums all tests.

use std::env;
use std::fmt;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::guests;
use crate::parts::{Outcome, Part};
use crate::repository::Repository;
use crate::step::seconds;
use crate::tally::Tally;

/// Runs every check: formatting, lints, tests, licences, advisories.
#[derive(clap::Args)]
pub(crate) struct Test {
    /// Go on with the next part after one has failed.
    #[arg(long)]
    all: bool,
    /// Run this part only; may be given more than once.
    #[arg(long = "part", value_name = "NAME", value_enum)]
    parts: Vec<Part>,
}

impl Test {
    pub(crate) fn run(&self, repository: &Repository) -> Result<(), Failure> {
        let mut report = Report::default();
        self.run_parts(repository, &mut report);
        println!("\n{report}");
        let failed = report.failed();
        if failed.is_empty() {
            return Ok(());
        }
        Err(Failure::Parts(failed))
    }

    fn run_parts(&self, repository: &Repository, report: &mut Report) {
        let parts: Vec<Part> = Part::ALL
            .into_iter()
            .filter(|part| self.parts.is_empty() || self.parts.contains(part))
            .collect();
        let mut without_guests = None;
        if parts.iter().any(|&part| part != Part::Supply) {
            let row = report.record("set-up", None, |_| set_up(repository));
            without_guests = match &row.end {
                End::Skipped(reason) => Some(reason.clone()),
                End::Failed(_) => return,
                End::Passed => None,
            };
        }
        for part in parts {
            let row = report.record(
                part.name(),
                Some(part.budget()),
                |tally| match &without_guests {
                    Some(_) if part.needs_guests() => Ok(Outcome::Skipped("see set-up".to_owned())),
                    _ => part.run(repository, tally),
                },
            );
            if matches!(row.end, End::Failed(_)) && !self.all {
                return;
            }
        }
    }
}

/// A person without a compiler for guests can still check the rest; the gate
/// (`CI=true`) must not pass without them.
fn set_up(repository: &Repository) -> Result<Outcome, Failure> {
    match guests::ensure(repository) {
        Ok(()) => Ok(Outcome::Done),
        Err(Failure::NoGuestToolchain(reason)) if !is_gate() => Ok(Outcome::Skipped(reason)),
        Err(failure) => Err(failure),
    }
}

fn is_gate() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

enum End {
    Passed,
    Skipped(String),
    Failed(String),
}

struct Row {
    name: &'static str,
    end: End,
    time: Duration,
    budget: Option<Duration>,
    tally: Tally,
}

#[derive(Default)]
struct Report(Vec<Row>);

impl Report {
    /// Runs and times one part, and prints at once what failed or was skipped.
    fn record(
        &mut self,
        name: &'static str,
        budget: Option<Duration>,
        run: impl FnOnce(&mut Tally) -> Result<Outcome, Failure>,
    ) -> &Row {
        println!("\n##### {name}");
        let start = Instant::now();
        let mut tally = Tally::default();
        let end = match run(&mut tally) {
            Ok(Outcome::Done) => End::Passed,
            Ok(Outcome::Skipped(reason)) => {
                println!("SKIP {name}: {reason}");
                End::Skipped(reason)
            }
            Err(failure) => {
                println!("FAIL {name}: {failure}");
                End::Failed(failure.to_string())
            }
        };
        let time = start.elapsed();
        let index = self.0.len();
        self.0.push(Row {
            name,
            end,
            time,
            budget,
            tally,
        });
        &self.0[index]
    }

    fn failed(&self) -> Vec<String> {
        let failed = self
            .0
            .iter()
            .filter(|row| matches!(row.end, End::Failed(_)));
        failed.map(|row| row.name.to_owned()).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<8} {:<6} {:>13} {:>8}  tests",
            "part", "result", "time", "budget"
        )?;
        let mut sum = Tally::default();
        for row in &self.0 {
            let (result, why) = match &row.end {
                End::Passed => ("ok", ""),
                End::Skipped(reason) => ("SKIP", reason.as_str()),
                End::Failed(reason) => ("FAIL", reason.as_str()),
            };
            let budget = match row.budget {
                Some(budget) if row.time > budget => "over!".to_owned(),
                Some(budget) => format!("{} min", budget.as_secs() / 60),
                None => String::new(),
            };
            write!(
                f,
                "{:<8} {result:<6} {:>13} {budget:>8}  {}",
                row.name,
                seconds(row.time),
                row.tally
            )?;
            match why.lines().next() {
                Some(why) => writeln!(f, "  ({why})")?,
                None => writeln!(f)?,
            }
            sum += row.tally;
        }
        write!(f, "\n{sum}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_ends_with_one_plain_line_that_sums_all_tests() {
        let mut report = Report::default();
        report.record("one", None, |tally| {
            tally.passed = 3;
            Ok(Outcome::Done)
        });
        report.record("two", Some(Duration::from_secs(60)), |tally| {
            tally.passed = 1;
            tally.failed = 1;
            Err(Failure::NoGuestToolchain("x".to_owned()))
        });
        report.record("three", None, |_| {
            Ok(Outcome::Skipped("no network\nmore".to_owned()))
        });
        let text = report.to_string();
        assert_eq!(text.lines().last(), Some("4 passed, 1 failed"));
        assert_eq!(report.failed(), ["two"]);
        assert!(text.contains("SKIP"), "{text}");
        assert!(text.contains("(no network)"), "{text}");
    }
}
