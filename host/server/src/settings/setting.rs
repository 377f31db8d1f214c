//! What is known of one setting, apart from its value.

use std::fmt::Write as _;

/// One setting: a row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The part of the help under which it stands.
    pub heading: &'static str,
    /// The name in the settings file: `header_timeout`.
    pub key: &'static str,
    /// What its value is called in the help: `DURATION`.
    pub value_name: &'static str,
    /// How a value is written.
    pub expected: &'static str,
    /// The default as one would write it, if there is one.
    pub default: Option<&'static str>,
    /// The least and the most it can be, if that is bounded.
    pub range: Option<(&'static str, &'static str)>,
    /// What it does.
    pub help: &'static str,
}

impl Setting {
    /// The flag, without the dashes: `header-timeout`.
    pub fn flag(&self) -> String {
        self.key.replace('_', "-")
    }

    /// The environment variable: `WEFT_HEADER_TIMEOUT`.
    pub fn variable(&self) -> String {
        format!("WEFT_{}", self.key.to_uppercase())
    }

    /// What it does, on one line.
    pub fn summary(&self) -> &'static str {
        self.help.trim()
    }

    /// The text for `weft serve --help`.
    pub(crate) fn long_help(&self) -> String {
        let mut help = self.summary().trim_end_matches('.').to_owned();
        // Writing to a string cannot fail.
        let _ok = match self.default {
            Some(default) => write!(help, " [default: {default}]"),
            None => Ok(()),
        };
        let _ok = match self.range {
            Some((least, most)) => write!(help, " [{least} to {most}]"),
            None => Ok(()),
        };
        let _ok = write!(help, " [env: {}]", self.variable());
        help
    }
}
