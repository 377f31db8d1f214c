//! A flow document made ready to run: nodes by index, wires as slices.
//!
//! A plan is immutable. A deploy makes the new one beside the old and swaps a
//! pointer; runs that are under way end on the plan with which they began.

use crate::document::{FlowDocument, FlowSettings};
use crate::id::{FlowId, NodeId};
use crate::node::NodeSpec;
use crate::problem::Problem;
use crate::validate::{Catalog, CatchScope, NodeFacts, Source, validate};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// The index of a node in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIndex(u32);

impl NodeIndex {
    /// The index into [`Plan::nodes`].
    pub fn as_usize(self) -> usize {
        self.0 as usize
    }
}

/// A flow, ready to run.
#[derive(Debug)]
pub struct Plan {
    /// The flow.
    pub flow: FlowId,
    /// The flow's settings.
    pub settings: Arc<FlowSettings>,
    /// The flow's `env`.
    pub env: serde_json::Map<String, serde_json::Value>,
    /// The nodes.
    pub nodes: Box<[PlanNode]>,
    targets: Box<[NodeIndex]>,
}

/// A node of a plan.
#[derive(Debug)]
pub struct PlanNode {
    /// Its part of the document.
    pub spec: NodeSpec,
    /// What starts runs at it.
    pub source: Option<Source>,
    /// It can answer the caller.
    pub replies: bool,
    /// The `catch` nodes that receive its errors, in order.
    pub catches: Box<[NodeIndex]>,
    outputs: Box<[Range<u32>]>,
}

impl PlanNode {
    /// The number of output ports.
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }
}

impl Plan {
    /// Make a plan of a document.
    ///
    /// # Errors
    /// Every problem of the document, if one of them is an error. Warnings come
    /// with the plan.
    pub fn compile(
        document: &FlowDocument,
        catalog: &dyn Catalog,
    ) -> Result<(Plan, Vec<Problem>), Vec<Problem>> {
        let problems = validate(document, catalog);
        if problems.iter().any(Problem::is_error) {
            return Err(problems);
        }
        let facts = document.nodes.iter().filter(|node| !node.disabled);
        let facts: Vec<_> = facts
            .filter_map(|node| Some((node, catalog.check(node).ok()?)))
            .collect();
        let by_id = facts
            .iter()
            .zip(0u32..)
            .map(|((node, _), i)| (&node.id, NodeIndex(i)));
        let by_id: HashMap<&NodeId, NodeIndex> = by_id.collect();
        let settings = Arc::new(document.settings.clone());

        let mut targets = Vec::new();
        let mut nodes = Vec::with_capacity(facts.len());
        for (node, known) in &facts {
            let outputs = (0..known.outputs).map(|port| {
                let begin = targets.len() as u32;
                let wires = document.wires.iter();
                let wires = wires.filter(|w| w.from.node == node.id && w.from.port == port);
                targets.extend(wires.filter_map(|wire| by_id.get(&wire.to)));
                begin..targets.len() as u32
            });
            let outputs = outputs.collect();
            let spec = NodeSpec {
                path: node.id.as_str().into(),
                node_type: node.node_type.clone(),
                name: node.name.clone(),
                config: node.config.clone(),
                grants: node.grants.clone(),
                limits: node.limits,
                settings: settings.clone(),
            };
            nodes.push(PlanNode {
                spec,
                source: known.source.clone(),
                replies: known.replies,
                catches: catches_of(&node.id, &facts, &by_id),
                outputs,
            });
        }
        let plan = Plan {
            flow: document.id.clone(),
            settings,
            env: document.env.clone(),
            nodes: nodes.into(),
            targets: targets.into(),
        };
        Ok((plan, problems))
    }

    /// A node.
    pub fn node(&self, index: NodeIndex) -> &PlanNode {
        &self.nodes[index.as_usize()]
    }

    /// The nodes at the other ends of a port's wires, in order. A port without
    /// wires, or past the last, has none.
    pub fn targets(&self, from: NodeIndex, port: usize) -> &[NodeIndex] {
        match self.node(from).outputs.get(port) {
            Some(range) => &self.targets[range.start as usize..range.end as usize],
            None => &[],
        }
    }

    /// The index of the node with this path.
    pub fn find(&self, path: &str) -> Option<NodeIndex> {
        self.indexes().find(|i| &*self.node(*i).spec.path == path)
    }

    /// All indexes.
    pub fn indexes(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        (0..self.nodes.len() as u32).map(NodeIndex)
    }
}

/// The `catch` nodes for a node's errors: those that name it, then those for
/// all; only if there are none, those for uncaught errors.
fn catches_of(
    node: &NodeId,
    facts: &[(&crate::document::NodeDocument, NodeFacts)],
    by_id: &HashMap<&NodeId, NodeIndex>,
) -> Box<[NodeIndex]> {
    let with = |wanted: fn(&CatchScope, &NodeId) -> bool| {
        let catching = facts
            .iter()
            .filter(move |(_, f)| f.catches.as_ref().is_some_and(|s| wanted(s, node)));
        catching.filter_map(|(n, _)| by_id.get(&n.id).copied())
    };
    let named =
        with(|scope, node| matches!(scope, CatchScope::Nodes(nodes) if nodes.contains(node)));
    let all = with(|scope, _| matches!(scope, CatchScope::All));
    let handled: Vec<_> = named.chain(all).collect();
    match handled.is_empty() {
        false => handled.into(),
        true => with(|scope, _| matches!(scope, CatchScope::Uncaught)).collect(),
    }
}
