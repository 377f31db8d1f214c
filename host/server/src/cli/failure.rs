//! How a command ends when it did not do what was asked.

use crate::cli::problem::Problem;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The host refused; it says why.
    Refused(Box<Problem>),
    /// Something else.
    Other {
        kind: FailureKind,
        message: String,
        hint: Option<String>,
    },
    /// Whoever read the output has enough of it. No error.
    ReaderGone,
}

/// The sort of a failure: what the exit code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// It was tried and did not work.
    Failed = 1,
    /// What was asked makes no sense.
    Usage = 2,
    /// The host does not answer.
    Unreachable = 3,
}

impl FailureKind {
    pub(crate) fn exit_code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

impl Failure {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Failure::Other {
            kind: FailureKind::Failed,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure::Other {
            kind: FailureKind::Usage,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Failure::Other {
            kind: FailureKind::Unreachable,
            message: message.into(),
            hint: None,
        }
    }

    /// A file that cannot be used.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        Failure::failed(format!("{} cannot be read: {error}", path.display()))
    }

    /// Say how to mend it.
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Failure::Other { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Refused(_) => FailureKind::Failed.exit_code(),
            Failure::Other { kind, .. } => kind.exit_code(),
            Failure::ReaderGone => ExitCode::SUCCESS,
        }
    }
}

/// What was written went nowhere: not worth an error if the reader just left.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ReaderGone,
            _ => Failure::failed(format!("the output cannot be written: {error}")),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(problem) => problem.fmt(f),
            Failure::Other { message, hint, .. } => {
                write!(f, "error: {message}")?;
                hint.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
            }
            Failure::ReaderGone => Ok(()),
        }
    }
}
