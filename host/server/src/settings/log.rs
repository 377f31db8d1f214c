//! The settings of the log that are no plain numbers.

use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub enum LogFormat {
    /// For people: one line of text each.
    Human,
    /// For programs: one JSON object each.
    Json,
}

/// Which log lines are written: directives as `tracing-subscriber` reads them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd)]
pub struct LogFilter(String);

impl LogFilter {
    /// A filter, if the directives are well-formed.
    pub(crate) fn new(directives: &str) -> Option<Self> {
        let well_formed = !directives.trim().is_empty() && EnvFilter::try_new(directives).is_ok();
        well_formed.then(|| LogFilter(directives.to_owned()))
    }

    /// The directives.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
