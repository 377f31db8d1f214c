//! A program run as one named, timed step.
//!
//! Every step prints a line before it starts and its time when it ends, so a
//! log shows where the minutes went. Build steps inherit the terminal; test
//! steps are read while they pass through, to count their results.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::repository::Repository;
use crate::tally::Tally;

/// One program to run, with a title for the reader.
pub(crate) struct Step {
    title: String,
    command: Command,
}

impl Step {
    /// A step that runs `program` in the repository's top folder.
    pub(crate) fn new(
        repository: &Repository,
        title: impl Into<String>,
        program: impl AsRef<OsStr>,
    ) -> Step {
        let mut command = Command::new(program);
        command.current_dir(repository.root());
        for name in set_for_this_program_only() {
            command.env_remove(name);
        }
        Step {
            title: title.into(),
            command,
        }
    }

    /// A step that runs the cargo which runs this program.
    pub(crate) fn cargo(repository: &Repository, title: impl Into<String>, words: &str) -> Step {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        Step::new(repository, title, cargo).args(words.split_whitespace())
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Step {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Step {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Step {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_env(mut self, name: impl AsRef<OsStr>) -> Step {
        self.command.env_remove(name);
        self
    }

    /// Runs to the end; output goes to the terminal.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        let watch = self.announce();
        let mut child = self.spawn()?;
        let status = self.wait(&mut child)?;
        watch.print(&self.title);
        self.judge(status, Tally::default())
    }

    /// Runs to the end, and stops the program when it takes longer than `limit`.
    pub(crate) fn run_within(mut self, limit: Duration) -> Result<(), Failure> {
        let watch = self.announce();
        let mut child = self.spawn()?;
        loop {
            if let Some(status) = child
                .try_wait()
                .map_err(|source| self.not_started(source))?
            {
                watch.print(&self.title);
                return self.judge(status, Tally::default());
            }
            if watch.0.elapsed() > limit {
                // The child may have ended meanwhile; there is nothing to do about that.
                let _ = child.kill();
                let _ = child.wait();
                return Err(Failure::TimeLimit {
                    step: self.title.clone(),
                    command: self.line(),
                    limit,
                });
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs tests: output goes to the terminal and the results are counted.
    pub(crate) fn run_tests(mut self) -> Result<Tally, Failure> {
        let watch = self.announce();
        self.command.stdout(Stdio::piped());
        let mut child = self.spawn()?;
        let mut tally = Tally::default();
        if let Some(output) = child.stdout.take() {
            copy_and_count(output, &mut tally).map_err(|source| self.not_started(source))?;
        }
        let status = self.wait(&mut child)?;
        watch.print(&self.title);
        self.judge(status, tally)?;
        Ok(tally)
    }

    /// Runs quietly and returns what was printed on stdout.
    pub(crate) fn answer(mut self) -> Result<Vec<u8>, Failure> {
        self.command.stdout(Stdio::piped());
        let mut child = self.spawn()?;
        let mut answer = Vec::new();
        if let Some(mut output) = child.stdout.take() {
            output
                .read_to_end(&mut answer)
                .map_err(|source| self.not_started(source))?;
        }
        let status = self.wait(&mut child)?;
        self.judge(status, Tally::default())?;
        Ok(answer)
    }

    /// Whether the program can be started and reports success; prints nothing.
    pub(crate) fn succeeds(mut self) -> bool {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    fn announce(&self) -> Stopwatch {
        println!("==> {}", self.title);
        Stopwatch(Instant::now())
    }

    fn spawn(&mut self) -> Result<Child, Failure> {
        self.command
            .spawn()
            .map_err(|source| self.not_started(source))
    }

    fn wait(&self, child: &mut Child) -> Result<ExitStatus, Failure> {
        child.wait().map_err(|source| self.not_started(source))
    }

    fn judge(&self, status: ExitStatus, tally: Tally) -> Result<(), Failure> {
        if status.success() {
            return Ok(());
        }
        Err(Failure::Step {
            step: self.title.clone(),
            command: self.line(),
            status,
            tally,
        })
    }

    fn not_started(&self, source: std::io::Error) -> Failure {
        Failure::Start {
            step: self.title.clone(),
            command: self.line(),
            source,
        }
    }

    /// The command as one would type it; a program in a long folder is named only.
    fn line(&self) -> String {
        let program = self.command.get_program();
        let name = Path::new(program).file_name().unwrap_or(program);
        let mut line = name.to_string_lossy().into_owned();
        for arg in self.command.get_args() {
            line.push(' ');
            line.push_str(&arg.to_string_lossy());
        }
        line
    }
}

/// What `cargo run` sets for the program it runs, which would mislead another
/// cargo about the package it builds.
fn set_for_this_program_only() -> impl Iterator<Item = OsString> {
    const PREFIXES: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
    env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    })
}

fn copy_and_count(output: impl Read, tally: &mut Tally) -> std::io::Result<()> {
    let mut input = BufReader::new(output);
    let mut terminal = std::io::stdout().lock();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        terminal.write_all(&line)?;
        if let Some(counted) = Tally::of_line(&String::from_utf8_lossy(&line)) {
            *tally += counted;
        }
        line.clear();
    }
    terminal.flush()
}

struct Stopwatch(Instant);

impl Stopwatch {
    fn print(&self, title: &str) {
        println!("    {title}: {}", seconds(self.0.elapsed()));
    }
}

/// A duration for people: `0.4 s`, `73 s` is printed as `1 min 13 s`.
pub(crate) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..=59 => format!("{:.1} s", time.as_secs_f64()),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}
