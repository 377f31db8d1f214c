//! What a node type says about itself: for the palette, for validation, for
//! documentation. Built-in types and uploaded components have the same form.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A node type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The type's name, as flow documents use it.
    #[serde(rename = "type", default)]
    pub node_type: String,
    /// A name for people.
    pub name: String,
    /// One sentence.
    #[serde(default)]
    pub summary: String,
    /// All there is to know (Markdown).
    #[serde(default)]
    pub documentation: String,
    /// The group in the palette.
    #[serde(default)]
    pub category: String,
    /// An icon: a name from the editor's set, or a `data:` URL of an SVG.
    #[serde(default)]
    pub icon: String,
    /// A colour, `#rrggbb`.
    #[serde(default)]
    pub color: String,
    /// The input port; null for a node that nothing can reach.
    #[serde(default = "some_port")]
    pub input: Option<Port>,
    /// The output ports. A type whose ports depend on its config lists those of
    /// an empty config.
    #[serde(default = "one_port")]
    pub outputs: Vec<Port>,
    /// JSON Schema (2020-12) of the config.
    #[serde(default = "any_config")]
    pub config_schema: Json,
    /// What it asks to be granted.
    #[serde(default)]
    pub requests: Requests,
}

/// A port, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// A short label.
    #[serde(default)]
    pub label: String,
    /// What goes through it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub documentation: String,
}

impl Port {
    /// A port with a label.
    pub fn labelled(label: impl Into<String>) -> Self {
        Port {
            label: label.into(),
            documentation: String::new(),
        }
    }
}

/// Grants that a component asks for; it gets what the node grants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Names of `env` values.
    #[serde(default)]
    pub env: Vec<String>,
    /// Names of secrets.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Names of buckets.
    #[serde(default)]
    pub buckets: Vec<String>,
    /// Outbound HTTP, `scheme://host:port`.
    #[serde(default)]
    pub http: Vec<String>,
}

fn some_port() -> Option<Port> {
    Some(Port::default())
}

fn one_port() -> Vec<Port> {
    vec![Port::default()]
}

fn any_config() -> Json {
    serde_json::json!({ "type": "object" })
}
