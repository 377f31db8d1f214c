//! What is kept of a run for people to look at: its activations and log lines,
//! and of the messages as much as the flow's `capture` says.

use crate::clock;
use crate::history::CaptureBudget;
use serde::Serialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use weft_model::document::Capture;
use weft_model::fault::{Fault, FaultCode, Usage};
use weft_model::id::{FlowId, RunId};
use weft_model::message::Message;
use weft_model::node::{LogLevel, Outcome};
use weft_model::plan::NodeIndex;
use weft_model::value::Value;

/// Activations kept of one run; of more only the number is known.
const MAX_ACTIVATIONS: usize = 500;

/// Log lines and debug values kept of one run.
const MAX_LINES: usize = 200;

/// The output port through which a message came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct From {
    pub(crate) node: NodeIndex,
    pub(crate) port: usize,
}

/// A run, while it goes on and after it.
pub struct RunTrace {
    pub(crate) id: RunId,
    flow: FlowId,
    revision: u64,
    entry: NodeIndex,
    paths: Arc<[Arc<str>]>,
    started_ms: u64,
    started: Instant,
    capture: Capture,
    budget: CaptureBudget,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    activations: Vec<ActivationTrace>,
    count: usize,
    lines: Vec<(NodeIndex, Line)>,
    dropped_lines: usize,
    captured: usize,
    end: Option<End>,
}

struct End {
    duration_us: u64,
    error: Option<FaultCode>,
}

enum Line {
    Log(LogLevel, String),
    Debug(String, Value),
}

pub(crate) struct ActivationTrace {
    node: NodeIndex,
    from: Option<From>,
    started: Instant,
    duration_us: u64,
    usage: Usage,
    error: Option<Box<Fault>>,
    input: Option<Message>,
    outputs: Vec<(usize, Message)>,
}

impl ActivationTrace {
    pub(crate) fn new(
        node: NodeIndex,
        from: Option<From>,
        started: Instant,
        result: &Result<Outcome, Fault>,
    ) -> Self {
        let (usage, error) = match result {
            Ok(outcome) => (outcome.usage, None),
            Err(fault) => (fault.usage, Some(Box::new(fault.clone()))),
        };
        let duration_us = micros(started.elapsed());
        ActivationTrace {
            node,
            from,
            started,
            duration_us,
            usage,
            error,
            input: None,
            outputs: Vec::new(),
        }
    }
}

impl RunTrace {
    pub(crate) fn new(
        id: RunId,
        (flow, revision, entry): (FlowId, u64, NodeIndex),
        paths: Arc<[Arc<str>]>,
        capture: Capture,
        budget: CaptureBudget,
    ) -> Self {
        RunTrace {
            id,
            flow,
            revision,
            entry,
            paths,
            started_ms: clock::unix_ms(),
            started: Instant::now(),
            capture,
            budget,
            inner: Mutex::default(),
        }
    }

    pub(crate) fn activation(
        &self,
        mut activation: ActivationTrace,
        input: &Message,
        result: &Result<Outcome, Fault>,
    ) {
        let mut inner = self.inner();
        inner.count += 1;
        if inner.activations.len() >= MAX_ACTIVATIONS {
            return;
        }
        let wanted = match self.capture {
            Capture::None => false,
            Capture::Errors => result.is_err(),
            Capture::Sample(_) | Capture::All => true,
        };
        if wanted {
            let sends = result.as_ref().map_or(&[][..], |outcome| &outcome.sends);
            let outputs = || sends.iter().map(|send| (send.port, send.message.clone()));
            let size = input.size() + sends.iter().map(|send| send.message.size()).sum::<usize>();
            if self.budget.take(size) {
                inner.captured += size;
                activation.input = Some(input.clone());
                activation.outputs = outputs().collect();
            }
        }
        inner.activations.push(activation);
    }

    pub(crate) fn log(&self, node: NodeIndex, level: LogLevel, line: String) {
        self.line(node, Line::Log(level, line));
    }

    pub(crate) fn debug(&self, node: NodeIndex, name: &str, value: Value) {
        let size = value.size();
        if self.budget.take(size) {
            self.inner().captured += size;
            self.line(node, Line::Debug(name.to_owned(), value));
        }
    }

    fn line(&self, node: NodeIndex, line: Line) {
        let mut inner = self.inner();
        if inner.lines.len() < MAX_LINES {
            inner.lines.push((node, line));
        } else {
            inner.dropped_lines += 1;
        }
    }

    pub(crate) fn end(&self, error: Option<FaultCode>) {
        let duration_us = micros(self.started.elapsed());
        self.inner().end = Some(End { duration_us, error });
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, node: NodeIndex) -> &str {
        self.paths.get(node.as_usize()).map_or("", |path| path)
    }

    /// What the list of runs shows.
    pub fn summary(&self) -> RunSummary {
        let inner = self.inner();
        RunSummary {
            id: self.id,
            flow: self.flow.clone(),
            revision: self.revision,
            entry: self.path(self.entry).to_owned(),
            status: match &inner.end {
                None => RunStatus::Running,
                Some(End { error: None, .. }) => RunStatus::Succeeded,
                Some(End { error: Some(_), .. }) => RunStatus::Failed,
            },
            started_at: self.started_ms,
            duration_us: inner.end.as_ref().map(|end| end.duration_us),
            error: inner
                .end
                .as_ref()
                .and_then(|end| end.error)
                .map(FaultCode::as_str),
            activations: inner.count,
            fuel: inner.activations.iter().map(|a| a.usage.fuel).sum(),
        }
    }

    /// All that is known of the run.
    pub fn detail(&self) -> RunDetail {
        let summary = self.summary();
        let inner = self.inner();
        RunDetail {
            summary,
            path: inner
                .activations
                .iter()
                .map(|activation| self.view(activation))
                .collect(),
            log: inner
                .lines
                .iter()
                .map(|(node, line)| self.view_line(*node, line))
                .collect(),
            dropped_lines: inner.dropped_lines,
        }
    }

    fn view(&self, activation: &ActivationTrace) -> ActivationView {
        let fault = activation.error.as_deref();
        ActivationView {
            node: self.path(activation.node).to_owned(),
            from: activation.from.map(|from| self.path(from.node).to_owned()),
            port: activation.from.map(|from| from.port),
            offset_us: micros(activation.started.saturating_duration_since(self.started)),
            duration_us: activation.duration_us,
            fuel: activation.usage.fuel,
            memory_bytes: activation.usage.memory_bytes,
            error: fault.map(|fault| FaultView {
                code: fault.code.as_str(),
                message: fault.message.clone(),
                hint: fault.hint.clone(),
            }),
            input: activation.input.clone(),
            outputs: activation.input.as_ref().map(|_| {
                let outputs = activation.outputs.iter().cloned();
                outputs.map(OutputView::from).collect()
            }),
        }
    }

    fn view_line(&self, node: NodeIndex, line: &Line) -> LineView {
        let node = self.path(node).to_owned();
        match line {
            Line::Log(level, line) => LineView::Log {
                node,
                level: *level,
                line: line.clone(),
            },
            Line::Debug(name, value) => {
                let value =
                    serde_json::to_value(weft_model::wire::Inline(value)).unwrap_or_default();
                LineView::Debug {
                    node,
                    name: name.clone(),
                    value,
                }
            }
        }
    }
}

impl Drop for RunTrace {
    fn drop(&mut self) {
        let captured = self.inner().captured;
        self.budget.give_back(captured);
    }
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// It goes on.
    Running,
    /// It ended, and every error in it was caught.
    Succeeded,
    /// It ended with an error that nothing caught.
    Failed,
}

/// A run in a list of runs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunSummary {
    /// The id.
    pub id: RunId,
    /// The flow.
    pub flow: FlowId,
    /// The revision it runs.
    pub revision: u64,
    /// The path of the entry point.
    pub entry: String,
    /// How it stands.
    pub status: RunStatus,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub started_at: u64,
    /// Microseconds from start to end; null while it goes on.
    pub duration_us: Option<u64>,
    /// The code of the first error that nothing caught.
    pub error: Option<&'static str>,
    /// Activations so far.
    pub activations: usize,
    /// Fuel used by its functions.
    pub fuel: u64,
}

/// A run with everything that is known of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDetail {
    /// What the list shows.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// Its activations, in the order in which they ended.
    pub path: Vec<ActivationView>,
    /// Lines of functions and values of `debug` nodes.
    pub log: Vec<LineView>,
    /// Lines that were not kept.
    pub dropped_lines: usize,
}

/// One activation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivationView {
    /// The node's path.
    pub node: String,
    /// The node from which the message came; null for a caught error.
    pub from: Option<String>,
    /// The output port of that node.
    pub port: Option<usize>,
    /// Microseconds after the run's start.
    pub offset_us: u64,
    /// Microseconds it took.
    pub duration_us: u64,
    /// Fuel used.
    pub fuel: u64,
    /// Peak of linear memory in bytes.
    pub memory_bytes: u64,
    /// How it failed, if it did.
    pub error: Option<FaultView>,
    /// The message it got, if the flow's `capture` keeps it.
    pub input: Option<Message>,
    /// The messages it sent, if the flow's `capture` keeps them.
    pub outputs: Option<Vec<OutputView>>,
}

/// An error of an activation.
#[derive(Clone, Debug, Serialize)]
pub struct FaultView {
    /// The stable code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

/// A message that an activation sent.
#[derive(Clone, Debug, Serialize)]
pub struct OutputView {
    /// The output port.
    pub port: usize,
    /// The message.
    pub message: Message,
}

impl std::convert::From<(usize, Message)> for OutputView {
    fn from((port, message): (usize, Message)) -> Self {
        OutputView { port, message }
    }
}

/// A line of a run's log.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the fields are named as everywhere else")]
pub enum LineView {
    /// A function's line.
    Log {
        node: String,
        level: LogLevel,
        line: String,
    },
    /// A value of a `debug` node.
    Debug {
        node: String,
        name: String,
        value: serde_json::Value,
    },
}
