//! Runs the binary's subcommands, as a person would.

use crate::artifact;
use serde_json::Value as Json;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What a subcommand said and how it ended.
#[derive(Debug)]
pub struct Output {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Insist on an exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Insist on success, and read standard output as JSON.
    #[track_caller]
    pub fn json(self) -> Json {
        let output = self.expect(0);
        serde_json::from_str(&output.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", output.stdout))
    }
}

fn command(data: Option<&Path>, arguments: &[&str]) -> Command {
    let mut command = Command::new(artifact::binary());
    command.args(arguments).env_clear().stdin(Stdio::null());
    if let Some(data) = data {
        command.env("WEFT_DATA", data);
    }
    command
}

/// Run a subcommand; with `data`, against the server that runs there.
pub fn run(data: Option<&Path>, arguments: &[&str]) -> Output {
    run_command(&mut command(data, arguments))
}

/// Run a subcommand with environment variables.
pub fn run_with(data: Option<&Path>, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    run_command(command(data, arguments).envs(variables.iter().copied()))
}

fn run_command(command: &mut Command) -> Output {
    let output = command.output().expect("the binary starts");
    Output {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A subcommand that goes on, read line by line; it ends when this is dropped.
pub struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Running {
    /// Start a subcommand against the server that runs in `data`.
    pub fn start(data: &Path, arguments: &[&str]) -> Self {
        let mut command = command(Some(data), arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        Running { child, lines }
    }

    /// The next line of standard output that fits. An end before is a failure.
    #[track_caller]
    pub fn until(&mut self, fits: impl Fn(&str) -> bool) -> String {
        loop {
            let line = self.lines.next().expect("the line comes before the end");
            let line = line.expect("lines of text");
            if fits(&line) {
                return line;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
