//! What a node type is, and how to write one.
//!
//! Most types are a [`Definition`]: a config as a Rust type, its JSON Schema
//! derived from that, and one function from a message to an outcome. [`Typed`]
//! makes a [`NodeType`] of it.

use crate::components::Components;
use crate::config_schema::ConfigSchema;
use crate::property::{InvalidPath, PropertyPath};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use std::sync::Arc;
use weft_model::descriptor::Descriptor;
use weft_model::document::NodeDocument;
use weft_model::node::{Effects, Event, Handled, Node, NodeSpec, Outcome};
use weft_model::problem::{Problem, ProblemCode};
use weft_model::validate::NodeFacts;
use weft_model::{Fault, Message};

/// A node type: what it says of itself, and how to make nodes of it.
pub trait NodeType: Send + Sync {
    /// What it says of itself.
    fn descriptor(&self) -> &Descriptor;

    /// What validation needs to know of a node.
    ///
    /// # Errors
    /// All that is wrong with it, with pointers relative to the node
    /// (`/config/path`).
    fn facts(
        &self,
        node: &NodeDocument,
        components: &dyn Components,
    ) -> Result<NodeFacts, Vec<Problem>>;

    /// Make a node that is ready to run.
    ///
    /// # Errors
    /// As [`NodeType::facts`].
    fn build(
        &self,
        spec: &NodeSpec,
        components: &dyn Components,
    ) -> Result<Box<dyn Node>, Vec<Problem>>;
}

/// A node type whose nodes answer at once and need nothing but their config.
/// `Self` is the node, ready to run.
pub trait Definition: Send + Sync + Sized + 'static {
    /// The config. Its JSON Schema is the type's; unknown fields are refused if
    /// it says `deny_unknown_fields`.
    type Config: DeserializeOwned + JsonSchema;

    /// What the type says of itself; the schema is filled in.
    fn describe() -> Descriptor;

    /// Make a node of a config that its schema allows. `label` is the node's
    /// name, or its path if it has none.
    ///
    /// # Errors
    /// What the schema could not say, with pointers like `/config/path`.
    fn compile(config: Self::Config, label: &str) -> Result<Self, Vec<Problem>>;

    /// What validation needs to know.
    fn facts(&self) -> NodeFacts;

    /// Handle a message.
    ///
    /// # Errors
    /// The node can't handle it.
    fn on_message(&self, message: Message, effects: &dyn Effects) -> Result<Outcome, Fault>;
}

/// A [`Definition`] as a [`NodeType`].
pub struct Typed<D> {
    descriptor: Descriptor,
    schema: ConfigSchema,
    definition: std::marker::PhantomData<fn() -> D>,
}

impl<D: Definition> Typed<D> {
    /// The type.
    pub fn new() -> Self {
        let schema = ConfigSchema::of::<D::Config>();
        let descriptor = Descriptor {
            config_schema: schema.as_json().clone(),
            ..D::describe()
        };
        Typed {
            descriptor,
            schema,
            definition: std::marker::PhantomData,
        }
    }

    fn compile(&self, config: &Map<String, Json>, label: &str) -> Result<D, Vec<Problem>> {
        self.schema
            .read(config)
            .and_then(|config| D::compile(config, label))
    }
}

impl<D: Definition> Default for Typed<D> {
    fn default() -> Self {
        Typed::new()
    }
}

impl<D: Definition> NodeType for Typed<D> {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn facts(&self, node: &NodeDocument, _: &dyn Components) -> Result<NodeFacts, Vec<Problem>> {
        let label = label(&node.name, node.id.as_str());
        Ok(self.compile(&node.config, label)?.facts())
    }

    fn build(&self, spec: &NodeSpec, _: &dyn Components) -> Result<Box<dyn Node>, Vec<Problem>> {
        let node = self.compile(&spec.config, label(&spec.name, &spec.path))?;
        Ok(Box::new(Ready(node)))
    }
}

/// Make a node of its spec, as its own type. For types whose settings the
/// runtime needs to see.
///
/// # Errors
/// All that is wrong with its config.
pub fn compile<D: Definition>(spec: &NodeSpec) -> Result<D, Vec<Problem>> {
    ConfigSchema::of::<D::Config>()
        .read(&spec.config)
        .and_then(|config| D::compile(config, label(&spec.name, &spec.path)))
}

fn label<'a>(name: &'a str, path: &'a str) -> &'a str {
    if name.is_empty() { path } else { name }
}

/// A [`Definition`]'s node as a [`Node`].
struct Ready<D>(D);

impl<D: Definition> Node for Ready<D> {
    fn handle<'a>(&'a self, event: Event, effects: Arc<dyn Effects>) -> Handled<'a> {
        Handled::Ready(match event {
            Event::Message(message) => self.0.on_message(message, &*effects),
            Event::Start | Event::Stop => Ok(Outcome::default()),
        })
    }
}

/// A config that can't work, at a place such as `/config/path`.
pub(crate) fn invalid_config(
    pointer: impl Into<String>,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> Problem {
    Problem::new(ProblemCode::InvalidConfig, pointer, message, hint)
}

/// A property path in a config, at a place such as `/config/property`.
pub(crate) fn property_path(pointer: &str, text: &str) -> Result<PropertyPath, Problem> {
    text.parse().map_err(|error: InvalidPath| {
        let hint = "write a path such as payload or payload.items[0]";
        invalid_config(pointer, error.to_string(), hint)
    })
}
