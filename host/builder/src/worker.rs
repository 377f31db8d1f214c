//! The process that compiles: the component comes in on standard input, a
//! [`Report`] and the compiled component go out on standard output.
//!
//! `weft build-worker MEMORY-BYTES CPU-SECONDS` runs it. It limits itself before
//! it reads the first byte.

use crate::report::Report;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::io::{self, Read as _};
use std::process::ExitCode;
use weft_sandbox::Inspection;
use weft_sandbox::compiler::{CompileError, compile};
use weft_sandbox::inspect;

/// The first argument of the program that runs [`main`].
pub const SUBCOMMAND: &str = "build-worker";

/// Run the worker. The program calls it when its first argument is
/// [`SUBCOMMAND`], before it reads any other argument or starts a thread.
pub fn main() -> ExitCode {
    match limit_self().and_then(|()| work()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// The builder reads it, for the log.
#[allow(clippy::print_stderr)]
fn complain(error: &io::Error) {
    eprintln!("build-worker: {error}");
}

fn limit_self() -> io::Result<()> {
    let usage = || {
        let text = format!("usage: {SUBCOMMAND} MEMORY-BYTES CPU-SECONDS");
        io::Error::new(io::ErrorKind::InvalidInput, text)
    };
    let mut limits = std::env::args().skip(2);
    let mut next = || limits.next()?.parse::<u64>().ok();
    let memory = next().ok_or_else(usage)?;
    let cpu = next().ok_or_else(usage)?;
    for (resource, limit) in [
        (Resource::As, memory),
        (Resource::Cpu, cpu),
        (Resource::Core, 0),
    ] {
        let limit = Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        };
        setrlimit(resource, limit)?;
    }
    Ok(())
}

fn work() -> io::Result<()> {
    let mut wasm = Vec::new();
    io::stdin().lock().read_to_end(&mut wasm)?;
    let (report, compiled) = match build(&wasm) {
        Ok((inspection, compiled)) => (Report::Built(inspection), compiled),
        Err(CompileError::Rejected(rejection)) => (Report::Rejected(rejection), Vec::new()),
        Err(CompileError::OutOfMemory) => (Report::OutOfMemory, Vec::new()),
    };
    report.write(&compiled, io::stdout().lock())
}

fn build(wasm: &[u8]) -> Result<(Inspection, Vec<u8>), CompileError> {
    let inspection = inspect(wasm)?;
    Ok((inspection, compile(wasm)?))
}
