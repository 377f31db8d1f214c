//! What the OpenAPI document says of types of lower crates, which know nothing
//! of OpenAPI. None of these is ever made: a test compares each with what the
//! real type writes.

#![expect(dead_code, reason = "only their schema is used")]

use serde::Serialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

/// How a flow stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Flow {
    /// The id.
    id: String,
    /// The name in the draft.
    name: String,
    /// The revision that was deployed last, or rolled back to.
    revision: Option<u64>,
    /// The highest number that was given to a revision.
    last_revision: u64,
    /// Whether the revision answers to events.
    enabled: bool,
    /// When the draft was saved: milliseconds since 1970-01-01T00:00:00Z.
    saved_at: u64,
    /// When the revision went live.
    deployed_at: Option<u64>,
    /// The draft was saved after the last deploy.
    draft_differs: bool,
}

/// A flow document. Its whole schema is at `/api/v1/flow-schema.json`.
#[derive(Serialize, ToSchema)]
pub(super) struct FlowDocument {
    /// The number of the schema: 1.
    schema: Option<u32>,
    /// The flow's id; that of the address if left out.
    id: Option<String>,
    /// The name, for people.
    name: Option<String>,
    /// What the flow is for (Markdown).
    documentation: Option<String>,
    /// Values that functions may be granted.
    env: Option<Map<String, Json>>,
    /// Settings of the flow.
    settings: Option<Map<String, Json>>,
    /// Resources of the flow.
    resources: Option<Map<String, Json>>,
    /// Groups of nodes.
    groups: Option<Vec<Json>>,
    /// Comments on the canvas.
    comments: Option<Vec<Json>>,
    /// Tests of the flow.
    tests: Option<Vec<Json>>,
    /// The nodes.
    nodes: Vec<Json>,
    /// The wires.
    wires: Vec<Json>,
    /// What this version does not know, kept.
    extensions: Option<Map<String, Json>>,
}

/// A deployed revision.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Revision {
    /// The number.
    revision: u64,
    /// When it was deployed: milliseconds since 1970-01-01T00:00:00Z.
    deployed_at: u64,
    /// The versions of components it uses.
    components: Vec<ComponentUse>,
    /// The document, with every version of a component written out.
    document: FlowDocument,
}

/// A version of a component that a revision uses.
#[derive(Serialize, ToSchema)]
pub(super) struct ComponentUse {
    /// The name.
    name: String,
    /// The version.
    version: String,
}

/// One thing that is wrong with a flow document.
#[derive(Serialize, ToSchema)]
#[schema(as = Finding)]
pub(crate) struct Finding {
    /// `error` stops a deploy, `warning` does not.
    severity: String,
    /// The stable code.
    code: String,
    /// What is wrong, in one sentence.
    message: String,
    /// How to mend it.
    hint: String,
    /// The node it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    /// The output port it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<usize>,
    /// Its place in the document (JSON Pointer, RFC 6901).
    pointer: String,
}

/// A node type.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeType {
    /// The type's name, as flow documents use it.
    r#type: String,
    /// A name for people.
    name: String,
    /// One sentence.
    summary: String,
    /// All there is to know (Markdown).
    documentation: String,
    /// The group in the palette.
    category: String,
    /// An icon: a name from the editor's set, or a `data:` URL of an SVG.
    icon: String,
    /// A colour, `#rrggbb`.
    color: String,
    /// The input port; null for a node that nothing can reach.
    input: Option<Port>,
    /// The output ports.
    outputs: Vec<Port>,
    /// JSON Schema (2020-12) of the config.
    config_schema: Json,
    /// What it asks to be granted.
    requests: Requests,
}

/// A port of a node type.
#[derive(Serialize, ToSchema)]
pub(super) struct Port {
    /// A short label.
    label: String,
    /// What goes through it.
    documentation: Option<String>,
}

/// Grants that a component asks for; it gets what the node grants.
#[derive(Serialize, ToSchema)]
pub(super) struct Requests {
    /// Names of `env` values.
    env: Vec<String>,
    /// Names of secrets.
    secrets: Vec<String>,
    /// Names of buckets.
    buckets: Vec<String>,
    /// Outbound HTTP, `scheme://host:port`.
    http: Vec<String>,
}

/// A run in a list of runs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    /// The id, a UUID of version 7.
    id: String,
    /// The flow.
    flow: String,
    /// The revision it runs.
    revision: u64,
    /// The path of the entry point.
    entry: String,
    /// `running`, `succeeded`, or `failed` with an error that nothing caught.
    status: String,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    started_at: u64,
    /// Microseconds from start to end; null while it goes on.
    duration_us: Option<u64>,
    /// The code of the first error that nothing caught.
    error: Option<String>,
    /// Activations so far.
    activations: usize,
    /// Fuel used by its functions.
    fuel: u64,
}

/// A run with everything that is known of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunWithPath {
    #[serde(flatten)]
    run: Run,
    /// Its activations, in the order in which they ended.
    path: Vec<Activation>,
    /// Lines of functions and values of `debug` nodes.
    log: Vec<Line>,
    /// Lines that were not kept.
    dropped_lines: usize,
}

/// One activation of a run.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Activation {
    /// The node's path.
    node: String,
    /// The node from which the message came; null for a caught error.
    from: Option<String>,
    /// The output port of that node.
    port: Option<usize>,
    /// Microseconds after the run's start.
    offset_us: u64,
    /// Microseconds it took.
    duration_us: u64,
    /// Fuel used.
    fuel: u64,
    /// Peak of linear memory in bytes.
    memory_bytes: u64,
    /// How it failed, if it did.
    error: Option<Fault>,
    /// The message it got, if the flow's `capture` keeps it.
    input: Option<Map<String, Json>>,
    /// The messages it sent, if the flow's `capture` keeps them.
    outputs: Option<Vec<Output>>,
}

/// An error of an activation.
#[derive(Serialize, ToSchema)]
pub(super) struct Fault {
    /// The stable code.
    code: String,
    /// One sentence.
    message: String,
    /// How to mend it.
    hint: Option<String>,
}

/// A message that an activation sent.
#[derive(Serialize, ToSchema)]
pub(super) struct Output {
    /// The output port.
    port: usize,
    /// The message.
    message: Map<String, Json>,
}

/// A line of a run's log: of a function (`log`), or a value of a `debug` node.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum Line {
    /// A function's line.
    Log {
        /// The node's path.
        node: String,
        /// `trace`, `debug`, `info`, `warn` or `error`.
        level: String,
        /// The line.
        line: String,
    },
    /// A value of a `debug` node.
    Debug {
        /// The node's path.
        node: String,
        /// The value's name.
        name: String,
        /// The value, in the inline encoding of messages.
        value: Json,
    },
}
