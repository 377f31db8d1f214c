//! Writes flow documents, the shortest way that is still readable.

use serde_json::{Value as Json, json};

/// A flow document in the making.
#[derive(Clone, Debug)]
pub struct Flow(Json);

impl Flow {
    /// An empty one.
    pub fn new(id: &str) -> Self {
        Flow(json!({ "id": id, "nodes": [], "wires": [] }))
    }

    /// `http-in` → the nodes in order → `http-response`. The ends are called
    /// `in` and `out`, the nodes between them by the ids given.
    pub fn http(id: &str, method: &str, path: &str, between: &[(&str, &str, Json)]) -> Self {
        let mut flow =
            Flow::new(id).node("in", "http-in", json!({ "method": method, "path": path }));
        let mut ids = vec!["in"];
        for (node, node_type, config) in between {
            flow = flow.node(node, node_type, config.clone());
            ids.push(node);
        }
        ids.push("out");
        flow.node("out", "http-response", json!({})).chain(&ids)
    }

    /// `http-in` → one function → `http-response`.
    pub fn function(id: &str, method: &str, path: &str, component: &str) -> Self {
        let config = json!({ "component": component });
        Flow::http(id, method, path, &[("fn", "function", config)])
    }

    /// Add a node.
    #[must_use]
    pub fn node(mut self, id: &str, node_type: &str, config: Json) -> Self {
        self.list("nodes")
            .push(json!({ "id": id, "type": node_type, "config": config }));
        self
    }

    /// Set a field of a node: `grants`, `limits`, `disabled`, …
    #[must_use]
    pub fn with(mut self, node: &str, field: &str, value: Json) -> Self {
        let nodes = self.list("nodes");
        let found = nodes.iter_mut().find(|n| n["id"] == node);
        found.expect("the node was added before")[field] = value;
        self
    }

    /// Set a field of the document: `settings`, `env`, …
    #[must_use]
    pub fn set(mut self, field: &str, value: Json) -> Self {
        self.0[field] = value;
        self
    }

    /// Add a wire from port 0.
    #[must_use]
    pub fn wire(self, from: &str, to: &str) -> Self {
        self.wire_port(from, 0, to)
    }

    /// Add a wire.
    #[must_use]
    pub fn wire_port(mut self, from: &str, port: usize, to: &str) -> Self {
        self.list("wires")
            .push(json!({ "from": { "node": from, "port": port }, "to": to }));
        self
    }

    /// Wire nodes one after another.
    #[must_use]
    pub fn chain(self, nodes: &[&str]) -> Self {
        nodes
            .windows(2)
            .fold(self, |flow, pair| flow.wire(pair[0], pair[1]))
    }

    /// The flow's id.
    pub fn id(&self) -> &str {
        self.0["id"].as_str().unwrap_or_default()
    }

    /// The document.
    pub fn document(&self) -> Json {
        self.0.clone()
    }

    fn list(&mut self, field: &str) -> &mut Vec<Json> {
        self.0[field]
            .as_array_mut()
            .expect("a list of the document")
    }
}
