//! `cargo xtask`: everything that is done to this repository, as one program.
//!
//! | command | what it does | where |
//! |---|---|---|
//! | `up` | set-up, build, start the server, say how to call it | `up`, `announce` |
//! | `guests` | builds the example functions into `target/guests/<name>.wasm` | `guests`, `toolchain` |
//! | `test` | set-up, then every check, part by part | `test`, `parts`, `supply` |
//! | `bench` | runs the bench against a fresh build | `bench` |
//! | `openapi` | writes or checks `docs/openapi.json` | `openapi` |

// This program is for the terminal: it says what it does on stdout.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod announce;
mod bench;
mod debian;
mod failure;
mod fingerprint;
mod guests;
mod host;
mod openapi;
mod parts;
mod repository;
mod step;
mod supply;
mod tally;
mod test;
mod toolchain;
mod up;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

use crate::failure::Failure;
use crate::repository::Repository;

/// Sets up, builds, runs and checks Weft.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs what is missing, builds guests and server, starts the server.
    Up(up::Up),
    /// Builds every example function into target/guests/<name>.wasm.
    Guests(guests::Guests),
    /// Runs every check: formatting, lints, tests, licences, advisories.
    Test(test::Test),
    /// Builds everything, then runs the bench.
    Bench(bench::Bench),
    /// Writes docs/openapi.json from the server's code.
    Openapi(openapi::Openapi),
    #[command(hide = true)]
    Announce(announce::Announce),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<(), Failure> {
    let repository = Repository::of_this_program();
    match task {
        Task::Up(up) => up.run(&repository),
        Task::Guests(guests) => guests.run(&repository),
        Task::Test(test) => test.run(&repository),
        Task::Bench(bench) => bench.run(&repository),
        Task::Openapi(openapi) => openapi.run(&repository),
        Task::Announce(announce) => announce.run(),
    }
}
