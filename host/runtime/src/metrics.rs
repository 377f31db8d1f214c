//! Counters of runs and activations, in the OpenMetrics text format.
//!
//! A live flow takes its counters out of the registry when it is built; counting
//! is then one atomic addition.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use weft_model::fault::{Fault, FaultCode};
use weft_model::node::Outcome;

/// All metrics of the host.
pub struct Metrics {
    registry: Registry,
    runs: Family<RunLabels, Counter>,
    activations: Family<FlowLabels, Counter>,
    faults: Family<FlowLabels, Counter>,
    fuel: Family<FlowLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FlowLabels {
    instance: String,
    flow: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    instance: String,
    flow: String,
    outcome: &'static str,
}

/// The counters of one flow.
#[derive(Clone)]
pub(crate) struct FlowMetrics {
    succeeded: Counter,
    failed: Counter,
    activations: Counter,
    faults: Counter,
    fuel: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("weft");
        let runs = Family::default();
        let activations = Family::default();
        let faults = Family::default();
        let fuel = Family::default();
        registry.register("runs", "Runs that have ended", runs.clone());
        registry.register(
            "activations",
            "Activations that have ended",
            activations.clone(),
        );
        registry.register("faults", "Activations that failed", faults.clone());
        registry.register("fuel", "Fuel used by functions", fuel.clone());
        Metrics {
            registry,
            runs,
            activations,
            faults,
            fuel,
        }
    }
}

impl Metrics {
    /// The metrics as text (`application/openmetrics-text`).
    pub fn encode(&self) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _written = text::encode(&mut out, &self.registry);
        out
    }

    pub(crate) fn of_flow(&self, instance: &str, flow: &str) -> FlowMetrics {
        let labels = FlowLabels {
            instance: instance.to_owned(),
            flow: flow.to_owned(),
        };
        let run = |outcome| {
            let labels = RunLabels {
                instance: instance.to_owned(),
                flow: flow.to_owned(),
                outcome,
            };
            self.runs.get_or_create(&labels).clone()
        };
        FlowMetrics {
            succeeded: run("succeeded"),
            failed: run("failed"),
            activations: self.activations.get_or_create(&labels).clone(),
            faults: self.faults.get_or_create(&labels).clone(),
            fuel: self.fuel.get_or_create(&labels).clone(),
        }
    }
}

impl FlowMetrics {
    pub(crate) fn activation(&self, result: &Result<Outcome, Fault>) {
        self.activations.inc();
        let usage = match result {
            Ok(outcome) => outcome.usage,
            Err(fault) => {
                self.faults.inc();
                fault.usage
            }
        };
        if usage.fuel > 0 {
            self.fuel.inc_by(usage.fuel);
        }
    }

    pub(crate) fn run(&self, error: Option<FaultCode>) {
        match error {
            None => self.succeeded.inc(),
            Some(_) => self.failed.inc(),
        };
    }
}
