//! The flow document, schema 1: what people save, export and deploy.
//!
//! Only `id`, `nodes` and `wires` are needed. What this version does not know is
//! kept under `extensions`, at the place where it stood.

use crate::id::{FlowId, NodeId};
use crate::limit::{MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH, MAX_NODES, MAX_WIRES};
use crate::problem::{Problem, ProblemCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// The schema number this version writes and reads.
pub const SCHEMA: u32 = 1;

/// A flow: nodes joined by wires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Weft flow document, schema 1")]
pub struct FlowDocument {
    /// The schema number.
    #[serde(default = "schema_number")]
    pub schema: u32,
    /// The id of the flow: letters, digits, `.`, `_` and `-`.
    #[schemars(with = "String")]
    pub id: FlowId,
    /// A name for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What the flow is for (Markdown).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub documentation: String,
    /// Named values that nodes can use. No place for secrets.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub env: Map<String, Json>,
    /// How the flow runs.
    #[serde(default, skip_serializing_if = "FlowSettings::is_default")]
    pub settings: FlowSettings,
    /// Files and texts that belong to the flow, by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub resources: Map<String, Json>,
    /// Groups of nodes on the canvas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Notes on the canvas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Json>,
    /// Cases to try the flow with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<Json>,
    /// The nodes.
    pub nodes: Vec<NodeDocument>,
    /// The wires.
    pub wires: Vec<Wire>,
    /// What this version does not know.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extensions: Map<String, Json>,
    #[serde(flatten)]
    #[schemars(skip)]
    unknown: Map<String, Json>,
}

/// A node as it is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeDocument {
    /// The id, unique in the flow.
    #[schemars(with = "String")]
    pub id: NodeId,
    /// The node type: `switch`, `function`, `component:word-count`, …
    #[serde(rename = "type")]
    pub node_type: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where it stands on the canvas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// What the node is for (Markdown).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub documentation: String,
    /// The group it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// A disabled node is left out of a deploy, with its wires.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// The config, as the type's schema describes it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Json>,
    /// What a function may use. Nothing, unless it stands here.
    #[serde(default, skip_serializing_if = "Grants::is_empty")]
    pub grants: Grants,
    /// How much a function may use.
    #[serde(default, skip_serializing_if = "FunctionLimits::is_default")]
    pub limits: FunctionLimits,
    /// What this version does not know.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extensions: Map<String, Json>,
    #[serde(flatten)]
    #[schemars(skip)]
    unknown: Map<String, Json>,
}

/// A wire from an output port to a node's input port.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Wire {
    /// The id, unique in the flow; made from the ends if it is left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Where it begins.
    pub from: WireStart,
    /// The node at whose input port it ends.
    #[schemars(with = "String")]
    pub to: NodeId,
    /// A label for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// What goes along it (Markdown).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub documentation: String,
    /// What this version does not know.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extensions: Map<String, Json>,
    #[serde(flatten)]
    #[schemars(skip)]
    unknown: Map<String, Json>,
}

/// The output port at which a wire begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireStart {
    /// The node.
    #[schemars(with = "String")]
    pub node: NodeId,
    /// The output port, counted from 0.
    #[serde(default)]
    pub port: usize,
}

/// A place on the canvas, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

/// A group of nodes on the canvas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// The id that nodes refer to.
    pub id: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Everything else about it.
    #[serde(flatten)]
    #[schemars(skip)]
    pub style: Map<String, Json>,
}

/// What a function may use; each list is empty unless somebody fills it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// Names of `env` values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Names of secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// Names of key-value buckets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<String>,
}

impl Grants {
    /// True if nothing is granted.
    pub fn is_empty(&self) -> bool {
        self.env.is_empty() && self.secrets.is_empty() && self.buckets.is_empty()
    }
}

/// Limits on one call of a function; what is left out takes the host's default.
/// More than the host's maximum is refused at deploy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FunctionLimits {
    /// Fuel: about one unit for each WebAssembly instruction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// Wall-clock time in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Linear memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

impl FunctionLimits {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How a flow runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowSettings {
    /// What is kept of messages for people to look at later.
    #[serde(default)]
    pub capture: Capture,
    /// Most activations in one run; the host's default if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_activations: Option<u32>,
    /// What this version does not know.
    #[serde(flatten)]
    #[schemars(skip)]
    pub unknown: Map<String, Json>,
}

impl FlowSettings {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What is kept of a run's inputs and outputs: `none`, `errors`, `all`, or
/// `sample(p)` with a share p of the runs from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Capture {
    /// Nothing.
    None,
    /// The input of each activation that failed.
    #[default]
    Errors,
    /// Everything, of a share of the runs.
    Sample(f64),
    /// Everything.
    All,
}

impl TryFrom<String> for Capture {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let share = || {
            text.strip_prefix("sample(")?
                .strip_suffix(')')?
                .trim()
                .parse::<f64>()
                .ok()
        };
        match text.as_str() {
            "none" => Ok(Capture::None),
            "errors" => Ok(Capture::Errors),
            "all" => Ok(Capture::All),
            _ => match share() {
                Some(p) if (0.0..=1.0).contains(&p) => Ok(Capture::Sample(p)),
                _ => Err(format!(
                    "capture is {text:?}: use none, errors, all, or sample(p) with p from 0 to 1"
                )),
            },
        }
    }
}

impl From<Capture> for String {
    fn from(capture: Capture) -> String {
        match capture {
            Capture::None => "none".into(),
            Capture::Errors => "errors".into(),
            Capture::Sample(p) => format!("sample({p})"),
            Capture::All => "all".into(),
        }
    }
}

fn schema_number() -> u32 {
    SCHEMA
}

impl FlowDocument {
    /// Read a document. `id` is the flow's id if the document does not name one.
    ///
    /// # Errors
    /// One problem: over a limit, broken JSON, or not a flow document.
    pub fn parse(text: &[u8], id: Option<&FlowId>) -> Result<FlowDocument, Problem> {
        if text.len() > MAX_DOCUMENT_BYTES {
            let message = format!(
                "the document has {} bytes; the limit is {MAX_DOCUMENT_BYTES}",
                text.len()
            );
            return Err(Problem::new(
                ProblemCode::LimitExceeded,
                "",
                message,
                "split the flow",
            ));
        }
        let invalid = |e: serde_json::Error| {
            let hint = "see docs/flow-document.md, or GET /api/v1/flow-schema.json";
            Problem::new(
                ProblemCode::InvalidDocument,
                "",
                format!("not a flow document: {e}"),
                hint,
            )
        };
        let mut json: Json = serde_json::from_slice(text).map_err(invalid)?;
        if depth(&json) > MAX_DOCUMENT_DEPTH {
            let message = format!("the document is nested deeper than {MAX_DOCUMENT_DEPTH} levels");
            return Err(Problem::new(
                ProblemCode::LimitExceeded,
                "",
                message,
                "flatten the config",
            ));
        }
        if let (Some(fields), Some(id)) = (json.as_object_mut(), id) {
            fields
                .entry("id")
                .or_insert_with(|| Json::from(id.as_str()));
        }
        // Text once more, so that serde's errors have a line and a column.
        let document: Result<FlowDocument, _> = match id {
            Some(_) => serde_json::from_value(json),
            None => serde_json::from_slice(text),
        };
        let mut document = document.map_err(invalid)?;
        document.check_size()?;
        document.settle();
        Ok(document)
    }

    fn check_size(&self) -> Result<(), Problem> {
        let over = |what: &str, n: usize, limit: usize| {
            let message = format!("the document has {n} {what}; the limit is {limit}");
            Problem::new(
                ProblemCode::LimitExceeded,
                format!("/{what}"),
                message,
                "split the flow",
            )
        };
        if self.schema != SCHEMA {
            let message = format!(
                "schema {} is unknown; this host reads schema {SCHEMA}",
                self.schema
            );
            let hint = "use a host of the version that wrote the document";
            return Err(Problem::new(
                ProblemCode::UnknownSchema,
                "/schema",
                message,
                hint,
            ));
        }
        if self.nodes.len() > MAX_NODES {
            return Err(over("nodes", self.nodes.len(), MAX_NODES));
        }
        if self.wires.len() > MAX_WIRES {
            return Err(over("wires", self.wires.len(), MAX_WIRES));
        }
        Ok(())
    }

    /// Move what is unknown under `extensions`, and name wires that have no id.
    fn settle(&mut self) {
        self.extensions.append(&mut self.unknown);
        for node in &mut self.nodes {
            node.extensions.append(&mut node.unknown);
        }
        for wire in &mut self.wires {
            wire.extensions.append(&mut wire.unknown);
            if wire.id.is_empty() {
                wire.id = format!("{}.{}-{}", wire.from.node, wire.from.port, wire.to);
            }
        }
    }

    /// The document's JSON Schema (2020-12).
    pub fn json_schema() -> Json {
        schemars::schema_for!(FlowDocument).to_value()
    }
}

fn depth(json: &Json) -> usize {
    match json {
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<FlowDocument, Problem> {
        FlowDocument::parse(text.as_bytes(), None)
    }

    #[test]
    fn id_nodes_and_wires_are_enough() {
        let document = parse(
            r#"{"id":"f","nodes":[{"id":"a","type":"debug"}],"wires":[{"from":{"node":"a"},"to":"a"}]}"#,
        )
        .unwrap();
        assert_eq!(
            (document.schema, document.wires[0].id.as_str()),
            (1, "a.0-a")
        );
    }

    #[test]
    fn unknown_fields_survive_under_extensions() {
        let text =
            r#"{"id":"f","later":{"x":1},"nodes":[{"id":"a","type":"t","new":[2]}],"wires":[]}"#;
        let once = serde_json::to_string(&parse(text).unwrap()).unwrap();
        let twice = serde_json::to_value(parse(&once).unwrap()).unwrap();
        assert_eq!(twice["extensions"]["later"]["x"], 1);
        assert_eq!(twice["nodes"][0]["extensions"]["new"][0], 2);
    }

    #[test]
    fn limits_hold() {
        let nodes: Vec<_> = (0..=MAX_NODES)
            .map(|i| format!(r#"{{"id":"n{i}","type":"t"}}"#))
            .collect();
        let text = format!(r#"{{"id":"f","nodes":[{}],"wires":[]}}"#, nodes.join(","));
        assert_eq!(parse(&text).unwrap_err().code, ProblemCode::LimitExceeded);
        let deep = "[".repeat(40) + &"]".repeat(40);
        let text = format!(r#"{{"id":"f","nodes":[],"wires":[],"x":{deep}}}"#);
        assert_eq!(parse(&text).unwrap_err().code, ProblemCode::LimitExceeded);
        let text = " ".repeat(MAX_DOCUMENT_BYTES + 1);
        assert_eq!(parse(&text).unwrap_err().code, ProblemCode::LimitExceeded);
        assert_eq!(
            parse(r#"{"schema":2,"id":"f","nodes":[],"wires":[]}"#)
                .unwrap_err()
                .code,
            ProblemCode::UnknownSchema
        );
    }

    #[test]
    fn capture_is_read_and_written_as_text() {
        for text in ["none", "errors", "all", "sample(0.25)"] {
            assert_eq!(
                String::from(Capture::try_from(text.to_owned()).unwrap()),
                text
            );
        }
        assert!(Capture::try_from("sample(2)".to_owned()).is_err());
    }
}
