//! Functions: uploaded components as nodes. `function` names its component in
//! its config; `component:<name>[@version]` in its type, so that its config is
//! the component's own.

mod host;
mod node;
mod reference;
mod writes;

use crate::components::{ComponentInfo, Components, VersionWanted, nearest};
use crate::config_schema::ConfigSchema;
use crate::node_type::NodeType;
use node::FunctionNode;
use reference::Reference;
use serde_json::{Map, Value as Json};
use weft_model::descriptor::{Descriptor, Port, Requests};
use weft_model::document::{FunctionLimits, NodeDocument};
use weft_model::node::{Node, NodeSpec};
use weft_model::problem::{Problem, ProblemCode};
use weft_model::validate::NodeFacts;
use weft_sandbox::CallLimits;

pub(crate) use reference::Place;
pub(crate) use reference::Reference as ComponentReference;

/// What the type of a component's own nodes begins with.
pub const COMPONENT_PREFIX: &str = "component:";

const DOCUMENTATION: &str = "\
Runs an uploaded component for each message, in a sandbox and in a fresh instance each time.

| field | default | meaning |
|---|---|---|
| `component` | — | the name of the component |
| `version` | `latest` | a version such as `1.2.3`; `latest` is written out as a version when the flow is deployed |
| `config` | empty | the component's own config, as its schema says |

Beside `config`, the node has `grants` (`env`, `secrets`, `buckets`: names that the function may use; none unless they \
stand there) and `limits` (`fuel`, `deadlineMs`, `memoryBytes`; the host's defaults if left out). The output ports are \
the component's.

State that the function writes is committed together with the messages it returns; an error, a trap or a time-out \
commits nothing. A function that fails can be caught by a `catch` node.";

/// The type `function`, and the types `component:…`.
pub(crate) struct FunctionType {
    descriptor: Descriptor,
}

impl FunctionType {
    /// `function`.
    pub(crate) fn plain() -> Self {
        FunctionType {
            descriptor: Descriptor {
                node_type: "function".into(),
                name: "Function".into(),
                summary: "Runs an uploaded component for each message.".into(),
                documentation: DOCUMENTATION.into(),
                category: "function".into(),
                icon: "function".into(),
                color: "#d9822b".into(),
                input: Some(Port::labelled("message")),
                outputs: vec![Port::labelled("message")],
                config_schema: reference::schema().as_json().clone(),
                requests: Requests::default(),
            },
        }
    }

    /// All `component:…`. What each says of itself stands in its component.
    pub(crate) fn of_components() -> Self {
        FunctionType {
            descriptor: Descriptor {
                node_type: COMPONENT_PREFIX.into(),
                config_schema: serde_json::json!({ "type": "object" }),
                ..FunctionType::plain().descriptor
            },
        }
    }
}

impl NodeType for FunctionType {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn facts(
        &self,
        node: &NodeDocument,
        components: &dyn Components,
    ) -> Result<NodeFacts, Vec<Problem>> {
        let NodeDocument {
            node_type,
            config,
            limits,
            ..
        } = node;
        Ok(Resolved::new(node_type, config, limits, components)?.facts())
    }

    fn build(
        &self,
        spec: &NodeSpec,
        components: &dyn Components,
    ) -> Result<Box<dyn Node>, Vec<Problem>> {
        let resolved = Resolved::new(&spec.node_type, &spec.config, &spec.limits, components)?;
        resolved.build(spec, components)
    }
}

/// A function node whose component is there, whose config it takes, and whose
/// limits the host allows.
struct Resolved {
    info: ComponentInfo,
    config: Map<String, Json>,
    limits: CallLimits,
}

impl Resolved {
    fn new(
        node_type: &str,
        config: &Map<String, Json>,
        limits: &FunctionLimits,
        components: &dyn Components,
    ) -> Result<Resolved, Vec<Problem>> {
        let reference = Reference::new(node_type, config)?;
        let (mut problems, mut allowed) = (Vec::new(), None);
        match CallLimits::resolve(
            limits,
            &components.default_limits(),
            &components.max_limits(),
        ) {
            Ok(limits) => allowed = Some(limits),
            Err(too_high) => problems.extend(too_high.iter().map(|limit| {
                let pointer = format!("/limits/{}", limit.which);
                let hint = format!("ask for at most {}", limit.maximum);
                Problem::new(ProblemCode::LimitExceeded, pointer, limit.to_string(), hint)
            })),
        }
        let found = find(&reference, components);
        match &found {
            Ok(info) => {
                let schema = ConfigSchema::new(info.descriptor.config_schema.clone());
                problems.extend(schema.problems(&reference.config, reference.place.config()));
            }
            Err(missing) => problems.push(missing.clone()),
        }
        match (found, allowed) {
            (Ok(info), Some(limits)) if problems.is_empty() => Ok(Resolved {
                info,
                config: reference.config,
                limits,
            }),
            _ => Err(problems),
        }
    }

    fn facts(&self) -> NodeFacts {
        NodeFacts {
            has_input: self.info.descriptor.input.is_some(),
            outputs: self.info.descriptor.outputs.len(),
            ..NodeFacts::default()
        }
    }

    fn build(
        self,
        spec: &NodeSpec,
        components: &dyn Components,
    ) -> Result<Box<dyn Node>, Vec<Problem>> {
        let function = components.load(&self.info.digest).map_err(|error| {
            let hint = "upload the component again";
            let (code, message) = (ProblemCode::ComponentNotFound, error.to_string());
            vec![Problem::new(code, "/type", message, hint)]
        })?;
        Ok(Box::new(FunctionNode::new(
            function,
            &self.info,
            Json::Object(self.config).to_string(),
            spec.grants.clone(),
            self.limits,
            components.secrets(),
        )))
    }
}

/// The component that a reference means.
pub(crate) fn find(
    reference: &Reference,
    components: &dyn Components,
) -> Result<ComponentInfo, Problem> {
    let Reference {
        name,
        version,
        place,
        ..
    } = reference;
    if let Some(info) = components.find(name, version) {
        return Ok(info);
    }
    let all = components.all();
    let versions: Vec<_> = all
        .iter()
        .filter(|c| c.name == *name)
        .map(|c| c.version.to_string())
        .collect();
    let code = ProblemCode::ComponentNotFound;
    if !versions.is_empty() {
        let message = match version {
            VersionWanted::Latest => format!("component {name:?} has no version that can be used"),
            VersionWanted::Exact(version) => format!("component {name:?} has no version {version}"),
        };
        let hint = format!("use one of {}, or \"latest\"", versions.join(", "));
        return Err(Problem::new(code, place.version(), message, hint));
    }
    let hint = match nearest(name, all.iter().map(|c| c.name.as_str())) {
        Some(like) => format!("did you mean {like:?}?"),
        None => format!("upload it: weft component push {name} <file.wasm>"),
    };
    let message = format!("there is no component {name:?} in this instance");
    Err(Problem::new(code, place.name(), message, hint))
}
