//! A world for nodes to live in: effects that remember, components that are
//! few.

use bytes::Bytes;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use weft_model::document::NodeDocument;
use weft_model::node::{
    Activation, Effects, EmitRefused, Event, Handled, KeyPage, LogLevel, Node, NodeSpec, Outcome,
    StateEntry, StateUnavailable,
};
use weft_model::problem::Problem;
use weft_model::{Fault, Message, RunId, Value};
use weft_nodes::components::LoadError;
use weft_nodes::{ComponentInfo, Components, NoSecrets, Palette, Secrets, VersionWanted};
use weft_sandbox::{CallLimits, Digest, Function};

/// Effects that remember what was done.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) env: BTreeMap<String, Json>,
    pub(crate) state: BTreeMap<(String, String), StateEntry>,
    pub(crate) said: Mutex<Said>,
}

/// What a node said.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) log: Vec<(LogLevel, String)>,
    pub(crate) debug: Vec<(String, Value)>,
    pub(crate) emitted: Vec<(usize, Message)>,
}

struct Here {
    world: Arc<World>,
    activation: Activation,
}

impl Effects for Here {
    fn activation(&self) -> &Activation {
        &self.activation
    }

    fn log(&self, level: LogLevel, line: String) {
        self.world.said.lock().unwrap().log.push((level, line));
    }

    fn debug(&self, name: &str, value: Value) {
        let mut said = self.world.said.lock().unwrap();
        said.debug.push((name.to_owned(), value));
    }

    fn emit(&self, port: usize, message: Message) -> Result<(), EmitRefused> {
        self.world
            .said
            .lock()
            .unwrap()
            .emitted
            .push((port, message));
        Ok(())
    }

    fn env(&self, name: &str) -> Option<Value> {
        self.world.env.get(name).cloned().map(Value::from)
    }

    fn state(&self, bucket: &str, key: &str) -> Result<Option<StateEntry>, StateUnavailable> {
        let place = (bucket.to_owned(), key.to_owned());
        Ok(self.world.state.get(&place).cloned())
    }

    /// Pages of keys in order; the cursor is the last key.
    fn state_keys(
        &self,
        bucket: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<KeyPage, StateUnavailable> {
        let all = self.world.state.keys().filter(|(b, _)| b == bucket);
        let rest: Vec<_> = all
            .map(|(_, key)| key.clone())
            .filter(|key| cursor.is_none_or(|c| key.as_str() > c))
            .collect();
        let keys: Vec<_> = rest.iter().take(limit).cloned().collect();
        let cursor = keys.last().filter(|_| rest.len() > limit).cloned();
        Ok(KeyPage { keys, cursor })
    }
}

impl World {
    /// The effects of one activation in this world.
    pub(crate) fn effects(self: &Arc<Self>) -> Arc<dyn Effects> {
        Arc::new(Here {
            world: self.clone(),
            activation: Activation {
                instance: "default".parse().unwrap(),
                flow: "f".parse().unwrap(),
                revision: 1,
                run: RunId::new(0),
                node: "n".into(),
                sequence: 1,
                attempt: 1,
            },
        })
    }

    pub(crate) fn log(&self) -> Vec<(LogLevel, String)> {
        self.said.lock().unwrap().log.clone()
    }
}

/// Components by name; only what a test adds.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) infos: Vec<ComponentInfo>,
    pub(crate) functions: BTreeMap<Digest, Function>,
}

impl Components for Shelf {
    fn find(&self, name: &str, version: &VersionWanted) -> Option<ComponentInfo> {
        let named = self.infos.iter().filter(|info| info.name == name);
        match version {
            VersionWanted::Latest => named.max_by(|a, b| a.version.cmp(&b.version)).cloned(),
            VersionWanted::Exact(version) => {
                named.clone().find(|info| info.version == *version).cloned()
            }
        }
    }

    fn all(&self) -> Vec<ComponentInfo> {
        self.infos.clone()
    }

    fn load(&self, digest: &Digest) -> Result<Function, LoadError> {
        self.functions
            .get(digest)
            .cloned()
            .ok_or_else(|| LoadError {
                digest: *digest,
                reason: "it is not compiled".into(),
            })
    }

    fn default_limits(&self) -> CallLimits {
        CallLimits::default()
    }

    fn max_limits(&self) -> CallLimits {
        CallLimits::MAXIMA
    }

    fn secrets(&self) -> Arc<dyn Secrets> {
        Arc::new(NoSecrets)
    }
}

/// A node as a document has it.
pub(crate) fn document(node_type: &str, config: Json) -> NodeDocument {
    serde_json::from_value(json!({ "id": "n", "type": node_type, "config": config })).unwrap()
}

/// A node as a plan has it.
pub(crate) fn spec(node_type: &str, config: Json) -> NodeSpec {
    let NodeDocument {
        config,
        grants,
        limits,
        ..
    } = document(node_type, config);
    NodeSpec {
        path: "n".into(),
        node_type: node_type.into(),
        name: String::new(),
        config,
        grants,
        limits,
        settings: Arc::default(),
    }
}

/// A built-in node, ready to run.
pub(crate) fn build(node_type: &str, config: Json) -> Result<Box<dyn Node>, Vec<Problem>> {
    Palette::builtin().build(&spec(node_type, config), &Shelf::default())
}

/// Where and why a config is refused.
pub(crate) fn refusal(node_type: &str, config: Json) -> Vec<(String, String)> {
    let problems = build(node_type, config)
        .err()
        .expect("the config is refused");
    let place = |p: Problem| (p.pointer, format!("{}; {}", p.message, p.hint));
    problems.into_iter().map(place).collect()
}

/// A message from JSON in the wire's inline form; `id` is `m` if left out.
pub(crate) fn message(fields: Json) -> Message {
    let Json::Object(fields) = fields else {
        panic!("not an object")
    };
    let mut message = Message::with_id("m".into());
    for (name, value) in fields {
        let text = serde_json::to_vec(&value).unwrap();
        message.set(name, weft_model::wire::decode_value(&text, &[]).unwrap());
    }
    message
}

/// A message as JSON in the wire's inline form, without its id.
pub(crate) fn shown(message: &Message) -> Json {
    let mut fields: Map<String, Json> =
        serde_json::from_str(&serde_json::to_string(message).unwrap()).unwrap();
    fields.remove("id");
    Json::Object(fields)
}

/// Let a node that answers at once handle a message.
pub(crate) fn handle(
    node: &dyn Node,
    message: Message,
    world: &Arc<World>,
) -> Result<Outcome, Fault> {
    match node.handle(Event::Message(message), world.effects()) {
        Handled::Ready(result) => result,
        Handled::Pending(_) => panic!("the node takes its time"),
    }
}

/// What leaves a node's ports, as `[port, message]`.
pub(crate) fn sends(node_type: &str, config: Json, msg: Json, env: Json) -> Json {
    let Json::Object(env) = env else {
        panic!("not an object")
    };
    let world = Arc::new(World {
        env: env.into_iter().collect(),
        ..World::default()
    });
    let node = build(node_type, config.clone()).unwrap_or_else(|p| panic!("{config}: {p:?}"));
    let outcome = handle(&*node, message(msg), &world).unwrap();
    let sends = outcome.sends.iter();
    sends
        .map(|send| json!([send.port, shown(&send.message)]))
        .collect()
}

/// A stored entry.
pub(crate) fn entry(value: &'static str, version: u64) -> StateEntry {
    StateEntry {
        value: Bytes::from_static(value.as_bytes()),
        version,
    }
}
