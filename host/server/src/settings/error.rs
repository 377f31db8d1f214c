//! What is wrong with the settings. Each error names where the value came from.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A flag of the command line; its name with the dashes.
    Flag(String),
    /// A variable of the environment.
    Env(String),
    /// A line of the settings file.
    File(Arc<Path>, usize),
    /// The default.
    Default(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(flag) => write!(f, "flag {flag}"),
            Source::Env(name) => write!(f, "environment variable {name}"),
            Source::File(path, line) => write!(f, "{}:{line}", path.display()),
            Source::Default(key) => write!(f, "default of {key}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message says it")]
pub enum SettingsError {
    #[error("{place}: {key} is {given:?}; expected {expected}")]
    BadValue {
        place: Source,
        key: &'static str,
        given: String,
        expected: &'static str,
    },
    #[error("{place}: {key} is {given}; it can be from {least} to {most}")]
    OutOfRange {
        place: Source,
        key: &'static str,
        given: String,
        least: &'static str,
        most: &'static str,
    },
    #[error("{place}: there is no setting {key:?}{}", nearest_hint(*nearest))]
    UnknownKey {
        place: Source,
        key: String,
        nearest: Option<&'static str>,
    },
    #[error("{place}: {key} is a secret and does not belong into a file; set {variable} instead")]
    SecretInFile {
        place: Source,
        key: String,
        variable: &'static str,
    },
    #[error("{place}: {key} is set twice in this file")]
    GivenTwice { place: Source, key: &'static str },
    #[error(
        "{place}: this file was found in the data directory, so it cannot name another one; \
         use --data, WEFT_DATA, or a file given by --config"
    )]
    DataInItsOwnFile { place: Source },
    #[error("{place}: this is not TOML: {message}")]
    NotToml { place: Source, message: String },
    #[error("the settings file {} cannot be read: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("environment variable {name} is not valid UTF-8")]
    NotText { name: String },
    #[error("environment variable {name}: {reason}")]
    BadSecret { name: &'static str, reason: String },
    #[error("{key} ({place}) is above {maximum_key}; lower the one or raise the other")]
    DefaultAboveMaximum {
        place: Source,
        key: &'static str,
        maximum_key: &'static str,
    },
    #[error(
        "the master key is given twice: by WEFT_MASTER_KEY and by master_key_file ({place}); \
         give it once"
    )]
    TwoMasterKeys { place: Source },
}

fn nearest_hint(nearest: Option<&'static str>) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean {nearest:?}?"),
        None => "; `weft serve --help` lists them all".to_owned(),
    }
}

/// Everything that is wrong, all at once.
#[derive(Debug)]
pub struct SettingsErrors(pub Vec<SettingsError>);

impl fmt::Display for SettingsErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.0.iter();
        if let Some(first) = lines.next() {
            write!(f, "{first}")?;
        }
        lines.try_for_each(|line| write!(f, "\n{line}"))
    }
}

impl std::error::Error for SettingsErrors {}
