//! What a function says of itself.

use serde::Serialize;

/// The parts of a function's descriptor that are written in its source;
/// `#[weft::function]` fills it in.
#[derive(Debug, Clone, Copy)]
pub struct Manifest {
    /// The name under which it appears as a node type, `word-count`.
    pub name: &'static str,
    /// Markdown; its first sentence is the summary.
    pub documentation: &'static str,
    /// An icon's name or one emoji.
    pub icon: Option<&'static str>,
    /// A CSS colour.
    pub color: Option<&'static str>,
    /// Where it stands in the palette.
    pub category: Option<&'static str>,
    /// The input port's label.
    pub input: &'static str,
    /// The output ports, in order.
    pub outputs: &'static [Port],
    /// The grants it asks for.
    pub requests: Requests,
}

/// An output port.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Port {
    /// A word or two, shown beside the port.
    pub label: &'static str,
    /// When a message leaves by it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub documentation: &'static str,
}

/// The grants that a function asks for, by name.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Requests {
    /// Environment values.
    pub env: &'static [&'static str],
    /// Secrets.
    pub secrets: &'static [&'static str],
    /// State buckets.
    pub buckets: &'static [&'static str],
    /// Hosts it wants to call.
    pub http: &'static [&'static str],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    name: &'static str,
    summary: String,
    documentation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    input: Input,
    outputs: &'static [Port],
    #[serde(skip_serializing_if = "Option::is_none")]
    config_schema: Option<schemars::Schema>,
    requests: Requests,
}

#[derive(Serialize)]
struct Input {
    label: &'static str,
}

impl Manifest {
    pub(crate) fn to_json(self, config_schema: Option<schemars::Schema>) -> String {
        let descriptor = Descriptor {
            name: self.name,
            summary: first_sentence(self.documentation),
            documentation: self.documentation,
            icon: self.icon,
            color: self.color,
            category: self.category,
            input: Input { label: self.input },
            outputs: self.outputs,
            config_schema,
            requests: self.requests,
        };
        // Its keys are all text, so this cannot fail.
        serde_json::to_string(&descriptor).unwrap_or_default()
    }
}

/// The first paragraph up to its first full stop, on one line.
fn first_sentence(markdown: &str) -> String {
    let paragraph = markdown.trim().split("\n\n").next().unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.find(". ") {
        Some(end) => line[..=end].to_owned(),
        None => line,
    }
}
