//! A deployed flow: its plan, and the behaviour of each node, ready to call.
//!
//! Immutable and shared by the runs on it. A deploy makes a new one; this one
//! lives until its last run has ended.

use crate::flows::{ComponentUse, Revision};
use crate::instance::Shared;
use crate::metrics::FlowMetrics;
use crate::run::caller::Caller;
use crate::run::driver;
use std::collections::HashSet;
use std::sync::Arc;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use weft_model::id::FlowId;
use weft_model::message::Message;
use weft_model::node::{Node, NodeSpec};
use weft_model::plan::{NodeIndex, Plan};

/// A deployed flow.
pub struct LiveFlow {
    pub(crate) instance: Arc<Shared>,
    pub(crate) plan: Plan,
    /// The number of the revision.
    pub revision: u64,
    pub(crate) components: Vec<ComponentUse>,
    pub(crate) metrics: FlowMetrics,
    pub(crate) paths: Arc<[Arc<str>]>,
    pub(crate) max_activations: u32,
    behaviours: Box<[Box<dyn Node>]>,
    /// For each node: an `http-response` can be reached from it.
    may_reply: Box<[bool]>,
    runs: TaskTracker,
}

impl LiveFlow {
    pub(crate) fn new(
        instance: Arc<Shared>,
        plan: Plan,
        revision: &Revision,
        behaviours: Vec<Box<dyn Node>>,
    ) -> Self {
        let limits = &instance.limits;
        let wanted = plan
            .settings
            .max_activations
            .unwrap_or(limits.default_activations);
        LiveFlow {
            metrics: instance
                .metrics
                .of_flow(instance.name.as_str(), plan.flow.as_str()),
            paths: plan
                .nodes
                .iter()
                .map(|node| node.spec.path.clone())
                .collect(),
            max_activations: wanted.min(limits.max_activations),
            may_reply: who_may_reply(&plan),
            behaviours: behaviours.into(),
            runs: TaskTracker::new(),
            instance,
            plan,
            revision: revision.revision,
            components: revision.components.clone(),
        }
    }

    /// The flow's id.
    pub fn flow(&self) -> &FlowId {
        &self.plan.flow
    }

    /// The path of a node.
    pub fn path(&self, node: NodeIndex) -> &Arc<str> {
        &self.plan.node(node).spec.path
    }

    pub(crate) fn spec(&self, node: NodeIndex) -> &NodeSpec {
        &self.plan.node(node).spec
    }

    pub(crate) fn behaviour(&self, node: NodeIndex) -> &dyn Node {
        &*self.behaviours[node.as_usize()]
    }

    pub(crate) fn may_reply(&self, node: NodeIndex) -> bool {
        self.may_reply[node.as_usize()]
    }

    /// Begin a run whose caller waits for an `http-response`: `message` leaves
    /// the entry point.
    pub fn call(self: &Arc<Self>, entry: NodeIndex, message: Message) -> Caller {
        driver::begin(self.clone(), entry, message, true)
    }

    /// Begin a run that answers to nobody.
    pub fn start(self: &Arc<Self>, entry: NodeIndex, message: Message) -> Caller {
        driver::begin(self.clone(), entry, message, false)
    }

    pub(crate) fn open_run(&self) -> TaskTrackerToken {
        self.runs.token()
    }

    /// The number of runs that go on.
    pub fn open_runs(&self) -> usize {
        self.runs.len()
    }

    /// Wait until no run goes on any more. New runs may still begin until the
    /// flow is taken out of its instance's table.
    pub(crate) async fn drained(&self) {
        self.runs.close();
        self.runs.wait().await;
    }
}

/// For each node, whether an `http-response` can be reached from it, over wires
/// or over an error that is caught.
fn who_may_reply(plan: &Plan) -> Box<[bool]> {
    let reaches = |start: NodeIndex| {
        let mut seen = HashSet::new();
        let mut open = vec![start];
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            let planned = plan.node(node);
            if planned.replies {
                return true;
            }
            open.extend(&planned.catches);
            open.extend((0..planned.outputs()).flat_map(|port| plan.targets(node, port)));
        }
        false
    };
    plan.indexes().map(reaches).collect()
}
