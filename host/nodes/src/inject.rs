//! `inject`: starts a run when a person or the API asks for it.

use crate::node_type::{Definition, invalid_config, property_path};
use crate::property::PropertyPath;
use crate::typed_value::{Surroundings, TypedValue, ValueType};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use weft_model::descriptor::{Descriptor, Port, Requests};
use weft_model::node::{Effects, Outcome};
use weft_model::problem::Problem;
use weft_model::validate::{NodeFacts, Source};
use weft_model::{Date, Fault, Message, Value};

/// The config of an `inject` node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The payload: any JSON. Left out, the time in milliseconds since 1970.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Json")]
    payload: Option<Json>,
    /// The topic.
    topic: Option<String>,
    /// More properties, set in order.
    #[serde(default)]
    #[schemars(length(max = 200))]
    props: Vec<PropertyConfig>,
}

/// A property as the config has it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct PropertyConfig {
    /// The property.
    p: String,
    /// Its value.
    #[serde(default)]
    v: Json,
    /// The type of `v`.
    vt: Option<ValueType>,
}

/// Tell null from absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

const DOCUMENTATION: &str = "\
Starts a run when somebody asks for it: `POST …/flows/{flow}/nodes/{node}/inject`, `weft inject`, or the editor's \
button. Whoever asks may send a payload of their own.

| field | default | meaning |
|---|---|---|
| `payload` | the time | any JSON; left out, milliseconds since 1970-01-01T00:00:00Z |
| `topic` | none | the message's topic |
| `props` | none | more properties `{p, v, vt}`, at most 200, set in order; types `str` (default), `num`, `bool`, `json`, `bin`, `date`, `msg`, `env` |";

/// An `inject` node.
pub struct Inject {
    payload: Option<Value>,
    topic: Option<String>,
    properties: Vec<(PropertyPath, TypedValue)>,
}

impl Definition for Inject {
    type Config = Config;

    fn describe() -> Descriptor {
        Descriptor {
            node_type: "inject".into(),
            name: "Inject".into(),
            summary: "Starts a run when somebody asks for it.".into(),
            documentation: DOCUMENTATION.into(),
            category: "entry".into(),
            icon: "play".into(),
            color: "#4a8fb5".into(),
            input: None,
            outputs: vec![Port::labelled("message")],
            config_schema: Json::Null,
            requests: Requests::default(),
        }
    }

    fn compile(config: Config, _: &str) -> Result<Self, Vec<Problem>> {
        let (mut properties, mut problems) = (Vec::new(), Vec::new());
        for (index, PropertyConfig { p, v, vt }) in config.props.iter().enumerate() {
            let at = format!("/config/props/{index}");
            let path = property_path(&format!("{at}/p"), p);
            let value = TypedValue::new(vt.unwrap_or(ValueType::Str), v).map_err(|error| {
                let hint = "mend the value, or choose another type";
                invalid_config(format!("{at}/v"), error.to_string(), hint)
            });
            match (path, value) {
                (Ok(path), Ok(value)) => properties.push((path, value)),
                (path, value) => problems.extend(path.err().into_iter().chain(value.err())),
            }
        }
        match problems.is_empty() {
            true => Ok(Inject {
                payload: config.payload.map(Value::from),
                topic: config.topic,
                properties,
            }),
            false => Err(problems),
        }
    }

    fn facts(&self) -> NodeFacts {
        NodeFacts {
            outputs: 1,
            source: Some(Source::Manual),
            ..NodeFacts::default()
        }
    }

    fn on_message(&self, message: Message, _: &dyn Effects) -> Result<Outcome, Fault> {
        Ok(Outcome::send(message))
    }
}

impl Inject {
    /// The message with which a run starts. `env` is the flow's. A payload of
    /// the caller's own replaces the config's.
    pub fn message(&self, env: &Map<String, Json>, now: Date, payload: Option<Value>) -> Message {
        let around = Beginning { env, now };
        let mut message = Message::new();
        let default = || self.payload.clone().unwrap_or(Value::from(now.0));
        message.set("payload", payload.clone().unwrap_or_else(default));
        if let Some(topic) = &self.topic {
            message.set("topic", topic.as_str());
        }
        for (path, value) in &self.properties {
            let value = value.get(&message, &around).map(Cow::into_owned);
            // A property that stands in another's way was written by the same
            // person; there is nobody else to tell.
            if let Some(value) = value {
                let _ = path.set(&mut message, value);
            }
        }
        if let Some(payload) = payload {
            message.set("payload", payload);
        }
        message
    }
}

/// What there is before a run has begun.
struct Beginning<'a> {
    env: &'a Map<String, Json>,
    now: Date,
}

impl Surroundings for Beginning<'_> {
    fn env(&self, name: &str) -> Option<Value> {
        self.env.get(name).cloned().map(Value::from)
    }

    fn now(&self) -> Date {
        self.now
    }
}
