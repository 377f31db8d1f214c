//! Finds all that is wrong with a flow document, at once.
//!
//! The rules of the node types come through a [`Catalog`]; routes of other flows
//! are checked where they are known, at deploy.

use crate::document::{FlowDocument, NodeDocument};
use crate::id::NodeId;
use crate::problem::{Problem, ProblemCode};
use std::collections::{HashMap, HashSet, VecDeque};

/// What validation needs to know of a node with its config.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeFacts {
    /// It has an input port.
    pub has_input: bool,
    /// The number of output ports.
    pub outputs: usize,
    /// What starts runs at it.
    pub source: Option<Source>,
    /// Errors of other nodes that it receives.
    pub catches: Option<CatchScope>,
    /// It can answer the caller.
    pub replies: bool,
}

/// What starts a run at an entry point.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A request that matches.
    Http(Route),
    /// A person or the API.
    Manual,
}

/// Requests that an `http-in` node answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// The method; none answers any.
    pub method: Option<http::Method>,
    /// The path pattern: `/users/:id`, `/files/*path`.
    pub path: String,
}

impl Route {
    /// The pattern with its parameters' names left out: patterns that answer the
    /// same paths are equal.
    pub fn shape(&self) -> String {
        let shape = |part: &str| match part.as_bytes().first() {
            Some(b':') => ":".to_owned(),
            Some(b'*') => "*".to_owned(),
            _ => part.to_owned(),
        };
        self.path
            .split('/')
            .map(shape)
            .collect::<Vec<_>>()
            .join("/")
    }
}

/// The nodes whose errors a `catch` node receives.
#[derive(Clone, Debug, PartialEq)]
pub enum CatchScope {
    /// All nodes of the flow.
    All,
    /// These nodes.
    Nodes(Vec<NodeId>),
    /// All nodes, when no other `catch` node has the error.
    Uncaught,
}

/// The node types that exist.
pub trait Catalog {
    /// Look at one node: its facts, or what is wrong with it. Pointers of the
    /// problems are relative to the node (`/config/path`).
    fn check(&self, node: &NodeDocument) -> Result<NodeFacts, Vec<Problem>>;
}

/// Check a document. The answer is sorted: errors first, then by place.
pub fn validate(document: &FlowDocument, catalog: &dyn Catalog) -> Vec<Problem> {
    let mut problems = duplicate_ids(document);
    let mut facts = HashMap::new();
    for (index, node) in document.nodes.iter().enumerate() {
        match catalog.check(node) {
            Ok(found) => {
                facts.insert(&node.id, found);
            }
            Err(found) => problems.extend(found.into_iter().map(|mut problem| {
                problem.pointer = format!("/nodes/{index}{}", problem.pointer);
                problem.at_node(&node.id)
            })),
        }
    }
    problems.extend(bad_wires(document, &facts));
    problems.extend(bad_references(document, &facts));
    problems.extend(bad_reach(document, &facts));
    problems.extend(same_routes(document, &facts));
    problems.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then_with(|| a.pointer.cmp(&b.pointer))
    });
    problems
}

type Facts<'a> = HashMap<&'a NodeId, NodeFacts>;

fn duplicate_ids(document: &FlowDocument) -> Vec<Problem> {
    let mut seen = HashSet::new();
    let mut problems = Vec::new();
    for (index, node) in document.nodes.iter().enumerate() {
        if !seen.insert(node.id.as_str()) {
            let message = format!("two nodes have the id {:?}", node.id.as_str());
            let pointer = format!("/nodes/{index}/id");
            let hint = "give one of them another id, and its wires with it";
            problems.push(
                Problem::new(ProblemCode::DuplicateId, pointer, message, hint).at_node(&node.id),
            );
        }
    }
    let mut seen = HashSet::new();
    for (index, wire) in document.wires.iter().enumerate() {
        if !seen.insert(wire.id.as_str()) {
            let message = format!("two wires have the id {:?}", wire.id);
            let hint = "leave one of them out, or give it another id";
            problems.push(Problem::new(
                ProblemCode::DuplicateId,
                format!("/wires/{index}/id"),
                message,
                hint,
            ));
        }
    }
    problems
}

fn bad_wires(document: &FlowDocument, facts: &Facts<'_>) -> Vec<Problem> {
    let ids: HashSet<_> = document.nodes.iter().map(|n| &n.id).collect();
    let mut problems = Vec::new();
    for (index, wire) in document.wires.iter().enumerate() {
        for (end, node) in [("from/node", &wire.from.node), ("to", &wire.to)] {
            if !ids.contains(node) {
                let message = format!("wire {:?} ends at {node}, which does not exist", wire.id);
                let hint = "remove the wire, or name a node of this flow";
                let pointer = format!("/wires/{index}/{end}");
                problems.push(
                    Problem::new(ProblemCode::DanglingWire, pointer, message, hint).at_node(node),
                );
            }
        }
        // Nothing is known of a node that is wrong itself.
        if let Some(from) = facts
            .get(&wire.from.node)
            .filter(|f| wire.from.port >= f.outputs)
        {
            let (node, port) = (&wire.from.node, wire.from.port);
            let message = format!(
                "{node} has {} output ports; port {port} does not exist",
                from.outputs
            );
            let pointer = format!("/wires/{index}/from/port");
            let hint = "ports count from 0";
            let problem = Problem::new(ProblemCode::PortOutOfRange, pointer, message, hint);
            problems.push(problem.at_node(node).at_port(port));
        }
        if facts.get(&wire.to).is_some_and(|f| !f.has_input) {
            let message = format!("{} is an entry point and has no input port", wire.to);
            let hint = "end the wire at another node";
            let pointer = format!("/wires/{index}/to");
            problems.push(
                Problem::new(ProblemCode::NoInputPort, pointer, message, hint).at_node(&wire.to),
            );
        }
    }
    problems
}

fn bad_references(document: &FlowDocument, facts: &Facts<'_>) -> Vec<Problem> {
    let groups: HashSet<_> = document.groups.iter().map(|g| g.id.as_str()).collect();
    let ids: HashSet<_> = document.nodes.iter().map(|n| &n.id).collect();
    let mut problems = Vec::new();
    for (index, node) in document.nodes.iter().enumerate() {
        if let Some(group) = node
            .group
            .as_deref()
            .filter(|group| !groups.contains(group))
        {
            let message = format!(
                "{} belongs to group {group:?}, which does not exist",
                node.id
            );
            let pointer = format!("/nodes/{index}/group");
            let hint = "add the group, or remove the field";
            problems.push(
                Problem::new(ProblemCode::UnknownReference, pointer, message, hint)
                    .at_node(&node.id),
            );
        }
        if let Some(Some(CatchScope::Nodes(nodes))) = facts.get(&node.id).map(|f| &f.catches) {
            for missing in nodes.iter().filter(|n| !ids.contains(n)) {
                let message = format!(
                    "{} catches errors of {missing}, which does not exist",
                    node.id
                );
                let pointer = format!("/nodes/{index}/config");
                let hint = "name nodes of this flow";
                problems.push(
                    Problem::new(ProblemCode::UnknownReference, pointer, message, hint)
                        .at_node(&node.id),
                );
            }
        }
    }
    problems
}

/// Nodes that no message reaches, and requests that nothing answers.
fn bad_reach(document: &FlowDocument, facts: &Facts<'_>) -> Vec<Problem> {
    // A node that is wrong itself may start anything; wait until it is mended.
    if facts.len() < document.nodes.len() {
        return Vec::new();
    }
    let nodes = || {
        document
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, n)| !n.disabled)
    };
    let catches = || {
        nodes()
            .filter(|(_, n)| facts[&n.id].catches.is_some())
            .map(|(_, n)| &n.id)
    };
    let entries = || {
        nodes()
            .filter(|(_, n)| facts[&n.id].source.is_some())
            .map(|(_, n)| &n.id)
    };
    let reached = reachable(document, entries().chain(catches()));
    let mut problems = Vec::new();
    for (index, node) in nodes().filter(|(_, node)| !reached.contains(&node.id)) {
        let message = format!("no message can reach {}", node.id);
        let hint = "wire it behind an entry point, or remove it";
        let problem = Problem::new(
            ProblemCode::UnreachableNode,
            format!("/nodes/{index}"),
            message,
            hint,
        );
        problems.push(problem.at_node(&node.id));
    }
    for (index, node) in nodes() {
        if !matches!(facts[&node.id].source, Some(Source::Http(_))) {
            continue;
        }
        let reached = reachable(document, [&node.id].into_iter().chain(catches()));
        if !reached
            .iter()
            .any(|id| facts.get(*id).is_some_and(|f| f.replies))
        {
            let message = format!("requests to {} are never answered", node.id);
            let hint = "wire an http-response node behind it";
            let problem = Problem::new(
                ProblemCode::NoHttpResponse,
                format!("/nodes/{index}"),
                message,
                hint,
            );
            problems.push(problem.at_node(&node.id));
        }
    }
    if !document.nodes.is_empty() && entries().next().is_none() {
        let hint = "add an http-in or an inject node";
        problems.push(Problem::new(
            ProblemCode::NoEntryPoint,
            "/nodes",
            "nothing can start this flow",
            hint,
        ));
    }
    problems
}

fn reachable<'a>(
    document: &'a FlowDocument,
    starts: impl Iterator<Item = &'a NodeId>,
) -> HashSet<&'a NodeId> {
    let mut targets: HashMap<&NodeId, Vec<&NodeId>> = HashMap::new();
    for wire in &document.wires {
        targets.entry(&wire.from.node).or_default().push(&wire.to);
    }
    let disabled: HashSet<_> = document
        .nodes
        .iter()
        .filter(|n| n.disabled)
        .map(|n| &n.id)
        .collect();
    let mut reached: HashSet<&NodeId> = HashSet::new();
    let mut open: VecDeque<&NodeId> = starts.collect();
    while let Some(node) = open.pop_front() {
        if !disabled.contains(node) && reached.insert(node) {
            open.extend(targets.get(node).into_iter().flatten());
        }
    }
    reached
}

fn same_routes(document: &FlowDocument, facts: &Facts<'_>) -> Vec<Problem> {
    let mut seen: HashMap<(String, Option<&http::Method>), &NodeId> = HashMap::new();
    let mut problems = Vec::new();
    for (index, node) in document
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, n)| !n.disabled)
    {
        let Some(Some(Source::Http(route))) = facts.get(&node.id).map(|f| &f.source) else {
            continue;
        };
        if let Some(other) = seen.insert((route.shape(), route.method.as_ref()), &node.id) {
            let method = route
                .method
                .as_ref()
                .map_or("any method", http::Method::as_str);
            let message = format!(
                "{} and {other} both answer {method} {}",
                node.id, route.path
            );
            let hint = "give one of them another path or method";
            let pointer = format!("/nodes/{index}/config");
            problems.push(
                Problem::new(ProblemCode::DuplicateRoute, pointer, message, hint).at_node(&node.id),
            );
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `in` starts, `fn` has two ports, `out` replies, `catch` catches.
    struct Types;

    impl Catalog for Types {
        fn check(&self, node: &NodeDocument) -> Result<NodeFacts, Vec<Problem>> {
            let route = |path: &str| {
                Source::Http(Route {
                    method: Some(http::Method::GET),
                    path: path.into(),
                })
            };
            let node_facts = NodeFacts {
                has_input: true,
                ..NodeFacts::default()
            };
            match node.node_type.as_str() {
                "in" => Ok(NodeFacts {
                    outputs: 1,
                    source: Some(route(&node.name)),
                    ..NodeFacts::default()
                }),
                "fn" => Ok(NodeFacts {
                    outputs: 2,
                    ..node_facts
                }),
                "out" => Ok(NodeFacts {
                    replies: true,
                    ..node_facts
                }),
                "catch" => Ok(NodeFacts {
                    outputs: 1,
                    catches: Some(CatchScope::All),
                    ..NodeFacts::default()
                }),
                other => Err(vec![Problem::new(
                    ProblemCode::UnknownNodeType,
                    "/type",
                    other,
                    "",
                )]),
            }
        }
    }

    fn codes(text: &str) -> Vec<(&'static str, String)> {
        let document = FlowDocument::parse(text.as_bytes(), None).unwrap();
        validate(&document, &Types)
            .into_iter()
            .map(|p| (p.code.as_str(), p.pointer))
            .collect()
    }

    #[test]
    fn all_problems_come_at_once_errors_first() {
        let found = codes(
            r#"{"id":"f","nodes":[
                {"id":"i","type":"in","name":"/a/:x"}, {"id":"j","type":"in","name":"/a/:y"},
                {"id":"n","type":"fn","group":"g"}, {"id":"n","type":"fn"}, {"id":"o","type":"out"}],
              "wires":[
                {"from":{"node":"i"},"to":"n"}, {"from":{"node":"n","port":2},"to":"o"},
                {"from":{"node":"n"},"to":"gone"}, {"from":{"node":"n"},"to":"i"}]}"#,
        );
        let found: Vec<_> = found
            .iter()
            .map(|(code, at)| (*code, at.as_str()))
            .collect();
        for expected in [
            ("duplicate-id", "/nodes/3/id"),
            ("unknown-reference", "/nodes/2/group"),
            ("port-out-of-range", "/wires/1/from/port"),
            ("dangling-wire", "/wires/2/to"),
            ("no-input-port", "/wires/3/to"),
            ("duplicate-route", "/nodes/1/config"),
        ] {
            assert!(found.contains(&expected), "{expected:?} in {found:?}");
        }
    }

    #[test]
    fn unreachable_nodes_and_unanswered_requests_are_warnings() {
        let found = codes(
            r#"{"id":"f","nodes":[{"id":"i","type":"in","name":"/"},{"id":"n","type":"fn"},{"id":"x","type":"fn"}],
              "wires":[{"from":{"node":"i"},"to":"n"}]}"#,
        );
        assert_eq!(
            found,
            [
                ("no-http-response", "/nodes/0".into()),
                ("unreachable-node", "/nodes/2".into())
            ]
        );
    }

    #[test]
    fn a_catch_node_can_answer() {
        let found = codes(
            r#"{"id":"f","nodes":[{"id":"i","type":"in","name":"/"},{"id":"c","type":"catch"},{"id":"o","type":"out"}],
              "wires":[{"from":{"node":"c"},"to":"o"}]}"#,
        );
        assert_eq!(found, []);
    }
}
