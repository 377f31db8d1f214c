//! `catch`: receives the errors of other nodes of its flow.

use crate::node_type::{Definition, invalid_config};
use schemars::JsonSchema;
use serde::Deserialize;
use weft_model::descriptor::{Descriptor, Port, Requests};
use weft_model::fault::ErrorKind;
use weft_model::node::{Effects, NodeSpec, Outcome};
use weft_model::problem::Problem;
use weft_model::validate::{CatchScope, NodeFacts};
use weft_model::{Fault, Message, NodeId, Object, Value};

/// How often one node may fail with the same message; the last time nothing
/// catches it.
const MAX_FAILURES: i64 = 10;

/// The config of a `catch` node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Whose errors: `all`, `uncaught` (those that no other catch node has), or
    /// a list of node ids.
    #[serde(default)]
    scope: Scope,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum Scope {
    Named(NamedScope),
    Nodes(Vec<String>),
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum NamedScope {
    All,
    Uncaught,
}

impl Default for Scope {
    fn default() -> Self {
        Scope::Named(NamedScope::All)
    }
}

const DOCUMENTATION: &str = "\
Receives the errors of other nodes of the flow. What a catch node receives is not answered with an error to the \
caller.

| field | default | meaning |
|---|---|---|
| `scope` | `all` | `all`, `uncaught` (what no other catch node receives), or a list of node ids |

The message is the one that the node failed with, and `error`: `{message, code, kind, data, source: {id, type, name, \
count}}`. `code` says what went wrong (`function-error`, `fuel-exhausted`, …); `kind` and `data` come from a \
function's own error. An `error` that the message had before is kept as `_error`. A message with which the same node \
fails for the 10th time is not caught any more.";

/// A `catch` node.
pub struct Catch {
    scope: CatchScope,
}

impl Definition for Catch {
    type Config = Config;

    fn describe() -> Descriptor {
        Descriptor {
            node_type: "catch".into(),
            name: "Catch".into(),
            summary: "Receives the errors of other nodes.".into(),
            documentation: DOCUMENTATION.into(),
            category: "flow".into(),
            icon: "shield-alert".into(),
            color: "#c04848".into(),
            input: None,
            outputs: vec![Port::labelled("error")],
            config_schema: serde_json::Value::Null,
            requests: Requests::default(),
        }
    }

    fn compile(config: Config, _: &str) -> Result<Self, Vec<Problem>> {
        let ids = match config.scope {
            Scope::Named(NamedScope::All) => {
                return Ok(Catch {
                    scope: CatchScope::All,
                });
            }
            Scope::Named(NamedScope::Uncaught) => {
                return Ok(Catch {
                    scope: CatchScope::Uncaught,
                });
            }
            Scope::Nodes(ids) => ids,
        };
        let (mut nodes, mut problems) = (Vec::new(), Vec::new());
        for (index, id) in ids.into_iter().enumerate() {
            match id.parse::<NodeId>() {
                Ok(id) => nodes.push(id),
                Err(error) => {
                    let pointer = format!("/config/scope/{index}");
                    let hint = "name nodes of this flow";
                    problems.push(invalid_config(pointer, error.to_string(), hint));
                }
            }
        }
        match problems.is_empty() {
            true => Ok(Catch {
                scope: CatchScope::Nodes(nodes),
            }),
            false => Err(problems),
        }
    }

    fn facts(&self) -> NodeFacts {
        NodeFacts {
            outputs: 1,
            catches: Some(self.scope.clone()),
            ..NodeFacts::default()
        }
    }

    fn on_message(&self, message: Message, _: &dyn Effects) -> Result<Outcome, Fault> {
        Ok(Outcome::send(message))
    }
}

/// What a `catch` node receives when `source` failed with `failed`. None if the
/// same node failed with the same message too often: then nothing catches it.
pub fn error_message(failed: &Message, fault: &Fault, source: &NodeSpec) -> Option<Message> {
    let count = failures(failed, &source.path) + 1;
    if count >= MAX_FAILURES {
        return None;
    }
    let mut origin = Object::new();
    origin.insert("id".into(), Value::from(&*source.path));
    origin.insert("type".into(), Value::from(source.node_type.as_str()));
    if !source.name.is_empty() {
        origin.insert("name".into(), Value::from(source.name.as_str()));
    }
    origin.insert("count".into(), Value::from(count));

    let mut error = Object::new();
    error.insert("message".into(), Value::from(fault.message.as_str()));
    error.insert("code".into(), Value::from(fault.code.as_str()));
    if let Some(kind) = fault.kind {
        error.insert("kind".into(), Value::from(kind_name(kind)));
    }
    if let Some(data) = &fault.data {
        error.insert("data".into(), Value::clone(data));
    }
    error.insert("source".into(), Value::Object(origin));

    let mut message = failed.clone();
    if let Some(earlier) = message.remove("error") {
        message.set("_error", earlier);
    }
    message.set("error", Value::Object(error));
    Some(message)
}

/// How often the node failed with this message before, one time after the other.
fn failures(message: &Message, path: &str) -> i64 {
    let source = message
        .get("error")
        .and_then(Value::as_object)
        .and_then(|error| error.get("source")?.as_object());
    let same = source.filter(|s| s.get("id").and_then(Value::as_str) == Some(path));
    let count = same.and_then(|s| s.get("count")?.as_number()?.as_i64());
    count.unwrap_or(0).clamp(0, MAX_FAILURES)
}

fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "invalid-input",
        ErrorKind::Retryable => "retryable",
        ErrorKind::Failed => "failed",
    }
}
