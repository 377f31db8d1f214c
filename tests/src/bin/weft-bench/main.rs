//! `cargo xtask bench`: what a flow with one function costs beside a bare axum
//! server, measured side by side in one run.
//!
//! Both servers are processes of their own with the same number of threads, and
//! take turns round by round, so that a busy machine disturbs both. Read the
//! ratios: the absolute numbers are this machine's of this minute.

#![allow(clippy::print_stdout, reason = "it prints its results")]

mod bare_axum;
mod load;
mod memory;
mod report;
mod subject;

use clap::{Parser, Subcommand};
use report::Report;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Duration;
use subject::{Bare, Flows};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Functions in a row of the flows that are measured.
const CHAINS: [usize; 3] = [1, 2, 5];

/// Measures a flow with one function beside a bare axum server.
#[derive(Debug, Parser)]
struct Options {
    #[command(subcommand)]
    role: Option<Role>,
    /// Rounds; in each, every server has its turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each turn.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Connections of the client, kept alive; one request at a time on each.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Threads of each server [default: the cores less one, for the client].
    #[arg(long)]
    server_threads: Option<usize>,
    /// Starts of the host that are timed.
    #[arg(long, default_value_t = 5)]
    starts: usize,
    /// Print the results as JSON.
    #[arg(long)]
    json: bool,
}

/// What this program is started as by itself.
#[derive(Debug, Subcommand)]
enum Role {
    /// The bare axum server; prints its address and serves until it is killed.
    #[command(hide = true)]
    BareAxum {
        /// Threads.
        #[arg(long)]
        threads: usize,
    },
}

/// Why there are no results.
#[derive(Debug, thiserror::Error)]
enum BenchError {
    #[error("{what}: {source}")]
    Io {
        what: &'static str,
        source: std::io::Error,
    },
    #[error("{name} answered {status}, not 200: {body}")]
    Answer {
        name: String,
        status: u16,
        body: String,
    },
    #[error("no request was answered by {0}")]
    Silent(String),
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match options.role {
        Some(Role::BareAxum { threads }) => bare_axum::serve(threads),
        None => measure(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> Result<(), BenchError> {
    let cores = available_parallelism().map_or(1, usize::from);
    let threads = options
        .server_threads
        .unwrap_or(cores.saturating_sub(1))
        .max(1);
    let starts = subject::time_starts(options.starts, threads);
    let bare = Bare::start(threads)?;
    let flows = Flows::start(threads, &CHAINS);

    let mut contestants = vec![Contestant::new("bare axum", bare.address, "/")];
    for functions in CHAINS {
        let path = format!("/default/{}", subject::flow_id(functions));
        contestants.push(Contestant::new(
            subject::label(functions),
            flows.server.listen,
            &path,
        ));
    }
    let turn = Duration::from_secs_f64(options.seconds);
    for contestant in &mut contestants {
        contestant.turn(options.connections, turn.min(Duration::from_millis(500)))?;
        contestant.turns.clear();
    }
    for _ in 0..options.rounds {
        for contestant in &mut contestants {
            contestant.turn(options.connections, turn)?;
        }
    }
    let loaded = memory::resident(flows.server.pid());
    let report = Report::of(&contestants, &starts, loaded, threads, options);
    println!(
        "{}",
        if options.json {
            report.json()
        } else {
            report.table()
        }
    );
    Ok(())
}

/// One of those that take turns.
struct Contestant {
    name: String,
    address: SocketAddr,
    request: Vec<u8>,
    turns: Vec<load::Turn>,
}

impl Contestant {
    fn new(name: impl Into<String>, address: SocketAddr, path: &str) -> Self {
        Contestant {
            name: name.into(),
            address,
            request: load::request(address, path, subject::BODY),
            turns: Vec::new(),
        }
    }

    fn turn(&mut self, connections: usize, time: Duration) -> Result<(), BenchError> {
        let turn = load::run(&self.name, self.address, &self.request, connections, time)?;
        self.turns.push(turn);
        Ok(())
    }
}
