//! The command line: `weft serve`, and a command for everything the management
//! API can do. Those talk to a host over HTTP only.
//!
//! | exit code | means |
//! |---|---|
//! | 0 | done |
//! | 1 | refused or failed |
//! | 2 | not a valid command line or setting |
//! | 3 | the host could not be reached |
//!
//! A noun, a file: `component.rs` is `weft component`. What they share:
//! [`api_client`] speaks to the host, [`output`] and [`table`] to the user,
//! [`failure`] is how commands end otherwise.

mod address;
mod answer;
mod api_client;
mod body;
mod clock;
mod command;
mod component;
mod connection;
mod events;
mod exchange;
mod failure;
mod flow;
mod flow_report;
mod inject;
mod instance;
mod invoke;
mod node_types;
mod openapi;
mod output;
mod problem;
mod run;
mod serve;
mod serve_args;
mod sse;
mod table;
mod token;
mod url;
mod version;

use clap::Parser as _;
use command::Weft;
use failure::{Failure, FailureKind};
use std::ffi::OsString;
use std::process::ExitCode;
use weft_builder::worker;

/// Run the command that the arguments name; the first is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // The host starts this program again to compile uploads. That process limits
    // itself before it does anything else.
    if arguments
        .get(1)
        .is_some_and(|first| first == worker::SUBCOMMAND)
    {
        return worker::main();
    }
    let weft = match Weft::try_parse_from(arguments) {
        Ok(weft) => weft,
        Err(error) => {
            // Help and version come this way too; a reader may have gone away.
            let _unseen = error.print();
            return match error.use_stderr() {
                true => FailureKind::Usage.exit_code(),
                false => ExitCode::SUCCESS,
            };
        }
    };
    match weft.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::ReaderGone) => ExitCode::SUCCESS,
        Err(failure) => {
            output::error(&failure.to_string());
            failure.exit_code()
        }
    }
}
