//! Why a task ended early. Every message says what was being done and, where
//! the reader can mend it, how.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use crate::tally::Tally;

/// Why a task ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },

    /// A program could not be started at all.
    #[error("{step}: cannot start `{command}`: {source}")]
    Start {
        step: String,
        command: String,
        source: io::Error,
    },

    /// A program ran and reported failure.
    #[error("{step} failed ({status}); to repeat it: {command}")]
    Step {
        step: String,
        command: String,
        status: ExitStatus,
        /// The tests counted before the program ended.
        tally: Tally,
    },

    /// A program was stopped because it took too long.
    #[error("{step}: stopped after {} s without an end: {command}", limit.as_secs())]
    TimeLimit {
        step: String,
        command: String,
        limit: Duration,
    },

    /// No compiler for WebAssembly, and no way found to install one.
    #[error("{0}")]
    NoGuestToolchain(String),

    /// A guest was built into something else than a component.
    #[error(
        "guest `{guest}`: {} {problem}; the package must be named `{guest}` like its folder and have crate-type [\"cdylib\"]",
        path.display()
    )]
    NotAComponent {
        guest: String,
        path: PathBuf,
        problem: &'static str,
    },

    /// A file or a program's answer is not what this program expects.
    #[error("{what} cannot be understood: {problem}")]
    Unreadable { what: String, problem: String },

    /// docs/openapi.json differs from what the server's code says.
    #[error(
        "{} is out of date (first difference in line {line}); run `cargo xtask openapi` and commit the file",
        path.display()
    )]
    StaleOpenapi { path: PathBuf, line: usize },

    /// One or more parts of the checks failed; each has been printed before.
    #[error("failed: {}", .0.join(", "))]
    Parts(Vec<String>),
}

impl Failure {
    /// For `map_err` on file operations: `.map_err(Failure::file("read", path))`.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Failure {
        let path = path.to_path_buf();
        move |source| Failure::File {
            action,
            path,
            source,
        }
    }
}
