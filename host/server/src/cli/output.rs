//! What a command answers goes to standard output, everything else to standard
//! error. A reader that leaves early (`weft run list | head`) is no error.

use crate::cli::failure::Failure;
use serde_json::Value;
use std::io::{self, IsTerminal as _, Write as _};

/// Write a text and end the line.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Write bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// Write a body as it is; on a terminal, what follows begins a line of its own.
pub(crate) fn body(body: &[u8]) -> Result<(), Failure> {
    bytes(body)?;
    let unfinished = body.last().is_some_and(|last| *last != b'\n');
    if unfinished && io::stdout().is_terminal() {
        line("")
    } else {
        Ok(())
    }
}

/// Write JSON for people and programs: indented.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    line(&format!("{value:#}"))
}

/// Say that something was done: what the API answered, or a line.
pub(crate) fn done(as_json: bool, answer: &Value, text: &str) -> Result<(), Failure> {
    match as_json {
        true => json(answer),
        false => line(text),
    }
}

/// Write a text to standard error.
pub(crate) fn error(text: &str) {
    // Nobody is left to tell that this failed.
    let _unseen = writeln!(io::stderr().lock(), "{text}");
}

/// A text from elsewhere, without the characters that steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    let harmless = |c: char| {
        if c.is_control() && c != '\n' && c != '\t' {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.chars().map(harmless).collect()
}
