//! `switch`: sends a message on by what a property of it is.

mod rule;

use crate::node_type::{Definition, invalid_config};
use crate::typed_value::{TypedValue, ValueType};
use rule::{Rule, RuleConfig};
use schemars::JsonSchema;
use serde::Deserialize;
use weft_model::descriptor::{Descriptor, Port, Requests};
use weft_model::node::{Effects, Outcome, Send};
use weft_model::problem::Problem;
use weft_model::validate::NodeFacts;
use weft_model::{Fault, Message};

/// The config of a `switch` node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// What is looked at: a property of the message, or the name of an `env`
    /// value.
    #[serde(default = "payload")]
    property: String,
    /// Whether `property` names a property or an `env` value.
    #[serde(default)]
    property_type: PropertyType,
    /// The rules, one output port each.
    #[serde(default)]
    #[schemars(length(max = 200))]
    rules: Vec<RuleConfig>,
    /// Try all rules (`true`), or stop at the first that holds.
    #[serde(default = "yes")]
    checkall: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum PropertyType {
    #[default]
    Msg,
    Env,
}

fn payload() -> String {
    "payload".into()
}

fn yes() -> bool {
    true
}

const DOCUMENTATION: &str = "\
Sends a message on by what a property of it is. Each rule has an output port of its own, in order; the message \
leaves every port whose rule holds.

| field | default | meaning |
|---|---|---|
| `property` | `payload` | the property that is looked at |
| `propertyType` | `msg` | `env` looks at a value of the flow's `env` instead |
| `rules` | none | the rules, at most 200 |
| `checkall` | `true` | `false` stops at the first rule that holds |

A rule has a kind `t`, and most have a value `v` of a type `vt` (`btwn` has a second, `v2` and `v2t`):

| `t` | holds if the property |
|---|---|
| `eq` `neq` `lt` `lte` `gt` `gte` | compares so with `v`, loosely, as JavaScript does (`\"1\" == 1`) |
| `btwn` | lies between `v` and `v2`, both included, either way round |
| `cont` | as text contains `v` |
| `regex` | as text matches the expression `v`; `case: true` ignores case; no look-around, no back-references |
| `true` `false` | is exactly that |
| `null` `nnull` | is null or absent, or is not |
| `empty` `nempty` | is text, bytes, a list or an object without, or with, content |
| `istype` | is a `string`, `number`, `boolean`, `array`, `buffer`, `object`, `json` text, `undefined` or `null` |
| `hask` | is an object with a field named `v` |
| `else` | and no rule before held |

Types of `v`: `str`, `num`, `bool`, `json`, `bin`, `date`, `msg` (a property), `env`. Without `vt`, what looks like \
a number is one.";

/// A `switch` node.
pub struct Switch {
    property: TypedValue,
    rules: Vec<Rule>,
    check_all: bool,
}

impl Definition for Switch {
    type Config = Config;

    fn describe() -> Descriptor {
        Descriptor {
            node_type: "switch".into(),
            name: "Switch".into(),
            summary: "Sends a message on by what a property of it is.".into(),
            documentation: DOCUMENTATION.into(),
            category: "message".into(),
            icon: "split".into(),
            color: "#c28f1d".into(),
            input: Some(Port::labelled("message")),
            outputs: Vec::new(),
            config_schema: serde_json::Value::Null,
            requests: Requests::default(),
        }
    }

    fn compile(config: Config, _: &str) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let value_type = match config.property_type {
            PropertyType::Msg => ValueType::Msg,
            PropertyType::Env => ValueType::Env,
        };
        let property = TypedValue::new(value_type, &config.property.into());
        if let Err(error) = &property {
            let hint = "write a path such as payload or payload.items[0]";
            problems.push(invalid_config("/config/property", error.to_string(), hint));
        }
        let mut rules = Vec::with_capacity(config.rules.len());
        for (index, rule) in config.rules.iter().enumerate() {
            match Rule::new(rule) {
                Ok(rule) => rules.push(rule),
                Err((field, reason, hint)) => {
                    let pointer = format!("/config/rules/{index}/{field}");
                    problems.push(invalid_config(pointer, reason, hint));
                }
            }
        }
        match property {
            Ok(property) if problems.is_empty() => Ok(Switch {
                property,
                rules,
                check_all: config.checkall,
            }),
            _ => Err(problems),
        }
    }

    fn facts(&self) -> NodeFacts {
        NodeFacts {
            has_input: true,
            outputs: self.rules.len(),
            ..NodeFacts::default()
        }
    }

    fn on_message(&self, message: Message, effects: &dyn Effects) -> Result<Outcome, Fault> {
        let ports = self.ports(&message, &effects)?;
        let mut sends = Vec::with_capacity(ports.len());
        if let Some((last, others)) = ports.split_last() {
            for port in others {
                let message = message.clone();
                sends.push(Send {
                    port: *port,
                    message,
                });
            }
            sends.push(Send {
                port: *last,
                message,
            });
        }
        Ok(Outcome {
            sends,
            ..Outcome::default()
        })
    }
}

impl Switch {
    fn ports(&self, message: &Message, effects: &&dyn Effects) -> Result<Vec<usize>, Fault> {
        let property = self.property.get(message, effects);
        let mut ports = Vec::new();
        let mut none_held = true;
        for (port, rule) in self.rules.iter().enumerate() {
            let held = match rule {
                // After an `else`, the next one looks only at the rules between.
                Rule::Else => std::mem::replace(&mut none_held, true),
                rule => rule.holds(property.as_deref(), message, effects)?,
            };
            if held {
                ports.push(port);
                none_held = false;
                if !self.check_all {
                    break;
                }
            }
        }
        Ok(ports)
    }
}
