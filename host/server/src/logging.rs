//! The log: lines on standard error, for people or as JSON.
//!
//! Standard output belongs to what a command answers.

use crate::settings::{LogFilter, LogFormat};
use std::io::{IsTerminal as _, stderr};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The log could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the log cannot be set up: {0}")]
pub struct LoggingError(String);

/// Send the events of this process to standard error, from now on.
///
/// # Errors
/// The process logs already.
pub fn start(format: LogFormat, filter: &LogFilter) -> Result<(), LoggingError> {
    let filter = EnvFilter::try_new(filter.as_str()).map_err(|e| LoggingError(e.to_string()))?;
    let lines = fmt().with_env_filter(filter).with_writer(stderr);
    let started = match format {
        LogFormat::Human => lines.with_ansi(stderr().is_terminal()).finish().try_init(),
        // The list of spans holds the current one too.
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .finish()
            .try_init(),
    };
    started.map_err(|e| LoggingError(e.to_string()))
}
