//! `debug`: shows messages to whoever watches the instance.

use crate::loose;
use crate::node_type::{Definition, property_path};
use crate::property::PropertyPath;
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;
use weft_model::descriptor::{Descriptor, Port, Requests};
use weft_model::node::{Effects, LogLevel, Outcome};
use weft_model::problem::Problem;
use weft_model::validate::NodeFacts;
use weft_model::{Fault, Message, Value};

/// Longest line that is written to the log.
const MAX_LINE_CHARS: usize = 4_000;

/// The config of a `debug` node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What is shown: a property, or `complete` for the whole message.
    #[serde(default = "payload")]
    property: String,
    /// Write it to the run's log too.
    #[serde(default)]
    console: bool,
}

fn payload() -> String {
    "payload".into()
}

const DOCUMENTATION: &str = "\
Shows a property of each message to whoever watches the instance's events. It sends nothing on.

| field | default | meaning |
|---|---|---|
| `property` | `payload` | the property that is shown; `complete` shows the whole message |
| `console` | `false` | write it to the run's log too, at most 4,000 characters |

A property that is absent shows as null.";

/// A `debug` node.
pub struct Debug {
    label: String,
    shown: Shown,
    console: bool,
}

enum Shown {
    Message,
    Property(PropertyPath),
}

impl Definition for Debug {
    type Config = Config;

    fn describe() -> Descriptor {
        Descriptor {
            node_type: "debug".into(),
            name: "Debug".into(),
            summary: "Shows messages to whoever watches.".into(),
            documentation: DOCUMENTATION.into(),
            category: "flow".into(),
            icon: "bug".into(),
            color: "#5f8a5f".into(),
            input: Some(Port::labelled("message")),
            outputs: Vec::new(),
            config_schema: serde_json::Value::Null,
            requests: Requests::default(),
        }
    }

    fn compile(config: Config, label: &str) -> Result<Self, Vec<Problem>> {
        let shown = match config.property.as_str() {
            "complete" => Shown::Message,
            path => Shown::Property(property_path("/config/property", path).map_err(|p| vec![p])?),
        };
        Ok(Debug {
            label: label.to_owned(),
            shown,
            console: config.console,
        })
    }

    fn facts(&self) -> NodeFacts {
        NodeFacts {
            has_input: true,
            ..NodeFacts::default()
        }
    }

    fn on_message(&self, message: Message, effects: &dyn Effects) -> Result<Outcome, Fault> {
        let value = match &self.shown {
            Shown::Message => message.to_value(),
            Shown::Property(path) => path.get(&message).map_or(Value::Null, Cow::into_owned),
        };
        if self.console {
            effects.log(LogLevel::Info, line(&value));
        }
        effects.debug(&self.label, value);
        Ok(Outcome::default())
    }
}

fn line(value: &Value) -> String {
    let text = match value {
        Value::Array(_) | Value::Object(_) => Cow::Owned(value.to_plain_json().to_string()),
        value => loose::to_text(value),
    };
    text.chars().take(MAX_LINE_CHARS).collect()
}
