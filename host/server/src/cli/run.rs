//! `weft run`: recent runs.

use crate::cli::connection::{ApiArgs, InstanceArg};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::table::{self, Column, Show};
use crate::cli::url;
use serde_json::Value;

/// What is shown of a run.
const COLUMNS: &[Column] = &[
    ("ID", "/id", Show::Text),
    ("FLOW", "/flow", Show::Text),
    ("REVISION", "/revision", Show::Text),
    ("ENTRY", "/entry", Show::Text),
    ("STATUS", "/status", Show::Text),
    ("STARTED", "/startedAt", Show::Time),
    ("TOOK", "/durationUs", Show::Micros),
    ("ACTIVATIONS", "/activations", Show::Text),
    ("FUEL", "/fuel", Show::Text),
    ("ERROR", "/error", Show::Text),
];

/// What is shown of an activation.
const ACTIVATIONS: &[Column] = &[
    ("NODE", "/node", Show::Text),
    ("FROM", "/from", Show::Text),
    ("PORT", "/port", Show::Text),
    ("AFTER", "/offsetUs", Show::Micros),
    ("TOOK", "/durationUs", Show::Micros),
    ("FUEL", "/fuel", Show::Text),
    ("MEMORY", "/memoryBytes", Show::Bytes),
    ("ERROR", "/error/code", Show::Text),
    ("MESSAGE", "/error/message", Show::Text),
];

/// What is shown of a line of the run's log.
const LINES: &[Column] = &[
    ("NODE", "/node", Show::Text),
    ("LEVEL", "/level", Show::Text),
    ("LINE", "/line", Show::Text),
    ("NAME", "/name", Show::Text),
    ("VALUE", "/value", Show::Text),
];

#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    instance: InstanceArg,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List recent runs, the newest first.
    List {
        /// Runs of this flow only.
        #[arg(long, value_name = "ID")]
        flow: Option<String>,
        /// Runs before this one only.
        #[arg(long, value_name = "RUN")]
        before: Option<String>,
        /// At most this many.
        #[arg(long, value_name = "COUNT")]
        limit: Option<u32>,
    },
    /// Show a run: its activations and log lines. --json shows captured messages too.
    Show {
        /// The run's id.
        run: String,
    },
}

impl Run {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let client = self.api.client()?;
        match self.action {
            Action::List {
                flow,
                before,
                limit,
            } => {
                let limit = limit.map(|limit| limit.to_string());
                let query = [("flow", &flow), ("before", &before), ("limit", &limit)];
                let query = query
                    .iter()
                    .filter_map(|(name, value)| Some((*name, value.as_deref()?)));
                let path = url::with_query(self.instance.path(&["runs"]), query);
                let answer = client.get(&path).send()?.value;
                if self.api.json {
                    return output::json(&answer);
                }
                table::print(table::rows(&answer), COLUMNS, "no runs")
            }
            Action::Show { run } => {
                let answer = client
                    .get(&self.instance.path(&["runs", &run]))
                    .send()?
                    .value;
                if self.api.json {
                    return output::json(&answer);
                }
                show(&answer)
            }
        }
    }
}

fn show(run: &Value) -> Result<(), Failure> {
    table::print_object(run, COLUMNS)?;
    output::line("")?;
    table::print(list(run, "/path"), ACTIVATIONS, "no activations")?;
    let lines = list(run, "/log");
    if lines.is_empty() {
        return Ok(());
    }
    output::line("")?;
    table::print(lines, LINES, "")
}

fn list<'a>(run: &'a Value, pointer: &str) -> &'a [Value] {
    run.pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
