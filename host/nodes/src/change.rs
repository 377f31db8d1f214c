//! `change`: sets, replaces, deletes and moves properties of a message.

use crate::loose;
use crate::node_type::{Definition, invalid_config, property_path};
use crate::pattern::{self, InvalidPattern};
use crate::property::PropertyPath;
use crate::typed_value::{TypedValue, ValueType};
use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use std::borrow::Cow;
use weft_model::descriptor::{Descriptor, Port, Requests};
use weft_model::node::{Effects, LogLevel, Outcome};
use weft_model::problem::Problem;
use weft_model::validate::NodeFacts;
use weft_model::{Fault, FaultCode, Message, Value};

/// The config of a `change` node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The rules, applied in order.
    #[serde(default)]
    #[schemars(length(max = 200))]
    rules: Vec<RuleConfig>,
}

/// A rule as the config has it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct RuleConfig {
    /// What is done.
    t: Kind,
    /// The property it is done to.
    p: String,
    /// What `p` is a property of.
    #[serde(default)]
    #[expect(dead_code, reason = "only messages have properties so far")]
    pt: Holder,
    /// The new value; for `move` the property that gets the value.
    #[serde(default)]
    to: Json,
    /// The type of `to`; for `move` it is `msg`.
    tot: Option<ValueType>,
    /// For `change`: what is replaced.
    #[serde(default)]
    from: Json,
    /// The type of `from`; `re` is a regular expression.
    #[serde(default)]
    fromt: FromType,
    /// Copy deeply. Values are always copied, so it changes nothing.
    #[serde(default)]
    #[expect(dead_code, reason = "for flows from elsewhere")]
    dc: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Kind {
    Set,
    Change,
    Delete,
    Move,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Holder {
    #[default]
    Msg,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum FromType {
    #[default]
    Str,
    Num,
    Bool,
    Re,
    Msg,
    Env,
}

const DOCUMENTATION: &str = "\
Changes properties of a message by rules, one after the other, and sends it on.

| `t` | what is done |
|---|---|
| `set` | property `p` becomes `to` |
| `change` | in property `p`, `from` is replaced by `to` |
| `delete` | property `p` is removed |
| `move` | the value of property `p` becomes that of property `to` |

| field | default | meaning |
|---|---|---|
| `rules` | none | the rules, at most 200 |
| `p` | — | a path such as `payload.items[0]` or `headers[\"content-type\"]` |
| `to`, `tot` | empty, `str` | the value and its type: `str`, `num`, `bool`, `json`, `bin`, `date`, `msg`, `env` |
| `from`, `fromt` | empty, `str` | what is searched for: `str`, `num`, `bool`, `re`, `msg`, `env` |

`set` makes the objects on the way to a property; to a value that is absent it removes the property. `change` \
replaces every occurrence in text (with `re`, `$1` and `$&` stand for what matched; no look-around, no \
back-references); if the whole text equals `from`, the property becomes `to` with its own type. Numbers and booleans \
are replaced if they equal `from`. A property that can't be set is left as it is, with a warning in the log.";

/// A `change` node.
pub struct Change {
    rules: Vec<Rule>,
}

enum Rule {
    Set {
        path: PropertyPath,
        to: TypedValue,
    },
    Replace {
        path: PropertyPath,
        from: From,
        to: TypedValue,
    },
    Delete(PropertyPath),
    Move {
        from: PropertyPath,
        to: PropertyPath,
    },
}

/// What is replaced.
enum From {
    Value(TypedValue),
    Pattern(Regex),
}

impl Definition for Change {
    type Config = Config;

    fn describe() -> Descriptor {
        Descriptor {
            node_type: "change".into(),
            name: "Change".into(),
            summary: "Sets, replaces, deletes and moves properties of a message.".into(),
            documentation: DOCUMENTATION.into(),
            category: "message".into(),
            icon: "pencil".into(),
            color: "#c28f1d".into(),
            input: Some(Port::labelled("message")),
            outputs: vec![Port::labelled("message")],
            config_schema: Json::Null,
            requests: Requests::default(),
        }
    }

    fn compile(config: Config, _: &str) -> Result<Self, Vec<Problem>> {
        let (mut rules, mut problems) = (Vec::new(), Vec::new());
        for (index, rule) in config.rules.iter().enumerate() {
            match Rule::new(rule, &format!("/config/rules/{index}")) {
                Ok(rule) => rules.push(rule),
                Err(problem) => problems.push(problem),
            }
        }
        match problems.is_empty() {
            true => Ok(Change { rules }),
            false => Err(problems),
        }
    }

    fn facts(&self) -> NodeFacts {
        NodeFacts {
            has_input: true,
            outputs: 1,
            ..NodeFacts::default()
        }
    }

    fn on_message(&self, mut message: Message, effects: &dyn Effects) -> Result<Outcome, Fault> {
        for rule in &self.rules {
            rule.apply(&mut message, effects)?;
        }
        Ok(Outcome::send(message))
    }
}

impl Rule {
    fn new(config: &RuleConfig, at: &str) -> Result<Rule, Problem> {
        let path = property_path(&format!("{at}/p"), &config.p)?;
        let typed = |field: &str, value_type, value: &Json| {
            TypedValue::new(value_type, value).map_err(|error| {
                let hint = "mend the value, or choose another type";
                invalid_config(format!("{at}/{field}"), error.to_string(), hint)
            })
        };
        let to = || typed("to", config.tot.unwrap_or(ValueType::Str), &config.to);
        let from = |value_type| typed("from", value_type, &config.from).map(From::Value);
        Ok(match config.t {
            Kind::Set => Rule::Set { path, to: to()? },
            Kind::Delete => Rule::Delete(path),
            Kind::Move => {
                let text = config.to.as_str().unwrap_or_default();
                let to = property_path(&format!("{at}/to"), text)?;
                Rule::Move { from: path, to }
            }
            Kind::Change => {
                let from = match config.fromt {
                    FromType::Str => from(ValueType::Str)?,
                    FromType::Num => from(ValueType::Num)?,
                    FromType::Bool => from(ValueType::Bool)?,
                    FromType::Msg => from(ValueType::Msg)?,
                    FromType::Env => from(ValueType::Env)?,
                    FromType::Re => {
                        let text = config.from.as_str().unwrap_or_default();
                        From::Pattern(pattern::compile(text, false).map_err(|error| {
                            let pointer = format!("{at}/from");
                            invalid_config(pointer, error.to_string(), InvalidPattern::HINT)
                        })?)
                    }
                };
                Rule::Replace {
                    path,
                    from,
                    to: to()?,
                }
            }
        })
    }

    fn apply(&self, message: &mut Message, effects: &dyn Effects) -> Result<(), Fault> {
        let value = |value: &TypedValue, message: &Message| {
            value.get(message, &effects).map(Cow::into_owned)
        };
        match self {
            Rule::Set { path, to } => {
                let to = value(to, message);
                put(message, path, to, effects);
            }
            Rule::Delete(path) => {
                path.remove(message);
            }
            Rule::Move { from, to } => {
                let moved = from.remove(message);
                put(message, to, moved, effects);
            }
            Rule::Replace { path, from, to } => {
                let Some(current) = path.get(message) else {
                    return Ok(());
                };
                let to = value(to, message);
                let changed = match from {
                    From::Pattern(regex) => replace_matches(&current, regex, to.as_ref()),
                    From::Value(from) => {
                        let from = value(from, message);
                        replace_value(&current, from.as_ref(), to)?
                    }
                };
                if let Some(changed) = changed {
                    put(message, path, Some(changed), effects);
                }
            }
        }
        Ok(())
    }
}

/// Set a property; to nothing means to remove it.
fn put(message: &mut Message, path: &PropertyPath, value: Option<Value>, effects: &dyn Effects) {
    let Some(value) = value else {
        path.remove(message);
        return;
    };
    if let Err(error) = path.set(message, value) {
        effects.log(LogLevel::Warn, error.to_string());
    }
}

fn replace_matches(current: &Value, regex: &Regex, to: Option<&Value>) -> Option<Value> {
    let text = current.as_str()?;
    let to = to.map_or(Cow::Borrowed(""), loose::to_text);
    Some(Value::String(pattern::replace_all(regex, text, &to)))
}

/// What `current` becomes; none leaves it as it is.
fn replace_value(
    current: &Value,
    from: Option<&Value>,
    to: Option<Value>,
) -> Result<Option<Value>, Fault> {
    let Some(from @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) = from else {
        let message = "what is to be replaced is neither text, number nor boolean";
        return Err(Fault::new(FaultCode::InvalidMessage, message)
            .hint("check the property that the rule's `from` names"));
    };
    Ok(match (current, from) {
        (Value::String(text), from) => {
            let from = loose::to_text(from);
            match *text == *from {
                true => Some(to.unwrap_or_else(|| Value::from(""))),
                false if from.is_empty() => None,
                false => {
                    let to = to.as_ref().map_or(Cow::Borrowed(""), loose::to_text);
                    Some(Value::String(text.replace(&*from, &to)))
                }
            }
        }
        (Value::Number(current), Value::Number(from)) if current == from => to,
        (Value::Bool(current), Value::Bool(from)) if current == from => to,
        _ => None,
    })
}
