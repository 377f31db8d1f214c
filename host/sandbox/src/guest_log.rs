//! What a function says: lines of its own log, and of standard output and error.
//! All of them share one bound on lines and one on bytes a line.

use crate::config::CallLimits;
use crate::host_calls::HostCalls;
use bytes::Bytes;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use weft_model::node::LogLevel;

/// A bounded way to the host's log.
pub(crate) struct GuestLog {
    host: Arc<dyn HostCalls>,
    most_lines: u32,
    line_bytes: usize,
    lines: AtomicU32,
}

impl GuestLog {
    pub(crate) fn new(host: Arc<dyn HostCalls>, limits: &CallLimits) -> Self {
        GuestLog {
            host,
            most_lines: limits.log_lines,
            line_bytes: limits.log_line_bytes,
            lines: AtomicU32::new(0),
        }
    }

    /// Pass a line on, or drop and count it.
    pub(crate) fn write(&self, level: LogLevel, line: String) {
        // One call runs on one thread at a time, so the counter can't be raced
        // past its end in earnest; saturating keeps it honest all the same.
        let before = self.lines.load(Ordering::Relaxed);
        self.lines
            .store(before.saturating_add(1), Ordering::Relaxed);
        if before < self.most_lines {
            self.host.log(level, presentable(line, self.line_bytes));
        }
    }

    /// Say how many lines were dropped, if any were.
    pub(crate) fn finish(&self) {
        let lines = self.lines.load(Ordering::Relaxed);
        if let Some(dropped @ 1..) = lines.checked_sub(self.most_lines) {
            let limit = self.most_lines;
            let line = format!("{dropped} more lines were dropped: a call may log {limit}");
            self.host.log(LogLevel::Warn, line);
        }
    }
}

/// A text without control characters and without those that turn the direction
/// of writing, at most `most_bytes` long.
pub(crate) fn presentable(mut text: String, most_bytes: usize) -> String {
    if text.len() > most_bytes {
        text.truncate(text.floor_char_boundary(most_bytes));
    }
    if text.contains(is_unpresentable) {
        text = text.replace(is_unpresentable, "\u{FFFD}");
    }
    text
}

fn is_unpresentable(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}') || (c.is_control() && c != '\t')
}

/// Standard output or error, taken apart into lines.
#[derive(Clone)]
pub(crate) struct LineCapture(Arc<Lines>);

struct Lines {
    log: Arc<GuestLog>,
    level: LogLevel,
    unfinished: Mutex<Vec<u8>>,
}

impl LineCapture {
    pub(crate) fn new(log: Arc<GuestLog>, level: LogLevel) -> Self {
        LineCapture(Arc::new(Lines {
            log,
            level,
            unfinished: Mutex::new(Vec::new()),
        }))
    }

    /// Pass on what no line break has ended.
    pub(crate) fn finish(&self) {
        let mut line = self.0.unfinished();
        if !line.is_empty() {
            self.0.pass_on(&mut line);
        }
    }
}

impl Lines {
    fn unfinished(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, bytes: &[u8]) {
        let mut line = self.unfinished();
        for part in bytes.split_inclusive(|b| *b == b'\n') {
            let text = part.strip_suffix(b"\n");
            // One byte over the limit is kept, so that the cut is made where a
            // character ends.
            let room = (self.log.line_bytes + 1).saturating_sub(line.len());
            let kept = text.unwrap_or(part);
            line.extend_from_slice(&kept[..kept.len().min(room)]);
            if text.is_some() {
                self.pass_on(&mut line);
            }
        }
    }

    fn pass_on(&self, line: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(line);
        let text = text.strip_suffix('\r').unwrap_or(&text).to_owned();
        self.log.write(self.level, text);
        line.clear();
    }
}

impl IsTerminal for LineCapture {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LineCapture {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    /// Only WASI 0.3 asks for it, which is not linked.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }
}

impl OutputStream for LineCapture {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 << 10)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for LineCapture {
    async fn ready(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_a_character_ends_and_shows_no_control_characters() {
        assert_eq!(presentable("häh".into(), 2), "h");
        assert_eq!(
            presentable("a\u{1b}[31m\u{202E}b\tc".into(), 99),
            "a\u{FFFD}[31m\u{FFFD}b\tc"
        );
    }
}
