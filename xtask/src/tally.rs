//! Counts tests by reading the summary line that each Rust test binary prints:
//! `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; …`.

use std::fmt;
use std::ops::AddAssign;

/// How many tests ran, and how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

impl Tally {
    /// The counts in a summary line; `None` for any other line.
    pub(crate) fn of_line(line: &str) -> Option<Tally> {
        let (_, counts) = line
            .trim()
            .strip_prefix("test result: ")?
            .split_once(". ")?;
        let mut tally = Tally::default();
        for count in counts.split(';') {
            let mut words = count.split_whitespace();
            let (Some(number), Some(kind)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse() else { continue };
            match kind {
                "passed" => tally.passed = number,
                "failed" => tally.failed = number,
                "ignored" => tally.ignored = number,
                _ => {}
            }
        }
        Some(tally)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        match self.ignored {
            0 => Ok(()),
            ignored => write!(f, ", {ignored} skipped"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_line_is_counted() {
        let line = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.05s";
        let expected = Tally {
            passed: 12,
            failed: 2,
            ignored: 1,
        };
        assert_eq!(Tally::of_line(line), Some(expected));
    }

    #[test]
    fn any_other_line_is_not_counted() {
        for line in ["", "test a::b ... ok", "running 3 tests", "test result:"] {
            assert_eq!(Tally::of_line(line), None, "{line:?}");
        }
    }

    #[test]
    fn sums_are_printed_on_one_plain_line() {
        let mut sum = Tally::default();
        for line in [
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured",
            "test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured",
        ] {
            sum += Tally::of_line(line).unwrap();
        }
        assert_eq!(sum.to_string(), "7 passed, 0 failed");
        sum.ignored = 2;
        assert_eq!(sum.to_string(), "7 passed, 0 failed, 2 skipped");
    }
}
