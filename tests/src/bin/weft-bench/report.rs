//! The results, for people and for programs.

use crate::subject::Start;
use crate::{Contestant, Options};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// The results of one run of the bench.
pub(crate) struct Report {
    rows: Vec<Row>,
    start_ms: Option<f64>,
    idle: Option<f64>,
    loaded: Option<u64>,
    threads: usize,
    connections: usize,
    rounds: usize,
    seconds: f64,
}

/// The medians of one server's turns.
struct Row {
    name: String,
    rate: f64,
    p50: f64,
    p99: f64,
}

impl Report {
    pub(crate) fn of(
        contestants: &[Contestant],
        starts: &[Start],
        loaded: Option<u64>,
        threads: usize,
        options: &Options,
    ) -> Self {
        let row = |contestant: &Contestant| {
            let of =
                |value: fn(&crate::load::Turn) -> f64| median(contestant.turns.iter().map(value));
            Row {
                name: contestant.name.clone(),
                rate: of(|turn| turn.rate).unwrap_or_default(),
                p50: of(|turn| f64::from(turn.p50)).unwrap_or_default(),
                p99: of(|turn| f64::from(turn.p99)).unwrap_or_default(),
            }
        };
        Report {
            rows: contestants.iter().map(row).collect(),
            start_ms: median(
                starts
                    .iter()
                    .map(|start| start.took.as_secs_f64() * 1_000.0),
            ),
            idle: median(
                starts
                    .iter()
                    .filter_map(|start| Some(start.resident? as f64)),
            ),
            loaded,
            threads,
            connections: options.connections,
            rounds: options.rounds,
            seconds: options.seconds,
        }
    }

    /// Rates and times beside those of the first row.
    fn ratios(&self, row: &Row) -> (f64, f64) {
        let bare = &self.rows[0];
        (row.rate / bare.rate, row.p99 / bare.p99)
    }

    /// What one more function costs, in microseconds of a server thread.
    fn per_function_us(&self) -> Option<f64> {
        let cost = |row: &Row| self.threads as f64 * 1e6 / row.rate;
        let (one, last) = (self.rows.get(1)?, self.rows.last()?);
        let more = crate::CHAINS.last()? - crate::CHAINS[0];
        (more > 0).then(|| (cost(last) - cost(one)) / more as f64)
    }

    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "{} rounds of {} s each, {} connections, {} server thread(s); medians\n\n{:<20} {:>10} {:>9} {:>9} {:>8} {:>10}\n",
            self.rounds,
            self.seconds,
            self.connections,
            self.threads,
            "",
            "req/s",
            "p50 µs",
            "p99 µs",
            "ratio",
            "p99 ratio",
        );
        for row in &self.rows {
            let (rate, p99) = self.ratios(row);
            // Writing to a string cannot fail.
            let _ok = writeln!(
                text,
                "{:<20} {:>10.0} {:>9.0} {:>9.0} {:>8.3} {:>10.2}",
                row.name, row.rate, row.p50, row.p99, rate, p99
            );
        }
        let mut line = |name: &str, value: Option<f64>, unit: &str| {
            let value = value.map_or_else(
                || "unknown".to_owned(),
                |value| format!("{value:.1} {unit}"),
            );
            let _ok = write!(text, "\n{name:<34} {value}");
        };
        line("one more function", self.per_function_us(), "µs");
        line("start to first answer", self.start_ms, "ms");
        line("resident, idle", self.idle.map(mib), "MiB");
        line(
            "resident, after the load",
            self.loaded.map(|bytes| mib(bytes as f64)),
            "MiB",
        );
        text
    }

    pub(crate) fn json(&self) -> String {
        let row = |row: &Row| {
            let (ratio, p99_ratio) = self.ratios(row);
            json!({
                "name": row.name, "requestsPerSecond": row.rate, "p50Us": row.p50, "p99Us": row.p99,
                "ratio": ratio, "p99Ratio": p99_ratio,
            })
        };
        let report = json!({
            "rounds": self.rounds,
            "seconds": self.seconds,
            "connections": self.connections,
            "serverThreads": self.threads,
            "servers": self.rows.iter().map(row).collect::<Vec<Json>>(),
            "ratio": self.rows.get(1).map(|row| self.ratios(row).0),
            "perFunctionUs": self.per_function_us(),
            "startMs": self.start_ms,
            "idleBytes": self.idle,
            "loadedBytes": self.loaded,
        });
        format!("{report:#}")
    }
}

fn mib(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}
