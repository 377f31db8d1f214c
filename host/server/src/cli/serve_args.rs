//! The flags of `weft serve`: one for each setting, from the settings' table.

use crate::settings::{CONFIG, Given, Setting, TABLE};
use clap::{Arg, ArgMatches, Command, FromArgMatches, ValueHint};
use std::path::PathBuf;

/// The flag for the settings file.
const FILE: &str = "config";

/// What the flags say.
#[derive(Debug)]
pub(crate) struct ServeArgs(pub(crate) Given);

impl clap::Args for ServeArgs {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new(FILE)
            .long(FILE)
            .value_name("FILE")
            .value_hint(ValueHint::FilePath)
            .value_parser(clap::value_parser!(PathBuf))
            .help(format!("Settings file (TOML) [default: weft.toml in the data directory, if it is there] [env: {CONFIG}]"));
        command.arg(config).args(TABLE.iter().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(setting: &Setting) -> Arg {
    Arg::new(setting.key)
        .long(setting.flag())
        .value_name(setting.value_name)
        .help_heading(setting.heading)
        .help(setting.long_help())
        .allow_hyphen_values(true)
}

impl FromArgMatches for ServeArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |setting: &Setting| {
            let value = matches.get_one::<String>(setting.key)?;
            Some((setting.key, value.clone()))
        };
        let flags = TABLE.iter().filter_map(given).collect();
        Ok(ServeArgs(Given {
            flags,
            config: matches.get_one(FILE).cloned(),
        }))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
