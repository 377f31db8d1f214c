//! All node types: what there is, checking, building.

use crate::catch::Catch;
use crate::change::Change;
use crate::components::{ComponentInfo, Components, VersionWanted, nearest};
use crate::debug::Debug;
use crate::function::{COMPONENT_PREFIX, FunctionType};
use crate::http_in::HttpIn;
use crate::http_response::HttpResponse;
use crate::inject::Inject;
use crate::node_type::{NodeType, Typed};
use crate::switch::Switch;
use crate::template::Template;
use std::collections::BTreeSet;
use weft_model::descriptor::Descriptor;
use weft_model::document::NodeDocument;
use weft_model::node::{Node, NodeSpec};
use weft_model::problem::{Problem, ProblemCode};
use weft_model::validate::{Catalog, NodeFacts};

/// The node types that exist.
pub struct Palette {
    types: Vec<Box<dyn NodeType>>,
    component: FunctionType,
}

impl Palette {
    /// The built-in types, in the order in which people see them.
    pub fn builtin() -> Self {
        Palette {
            types: vec![
                Box::new(Typed::<HttpIn>::new()),
                Box::new(Typed::<HttpResponse>::new()),
                Box::new(FunctionType::plain()),
                Box::new(Typed::<Inject>::new()),
                Box::new(Typed::<Switch>::new()),
                Box::new(Typed::<Change>::new()),
                Box::new(Typed::<Template>::new()),
                Box::new(Typed::<Catch>::new()),
                Box::new(Typed::<Debug>::new()),
            ],
            component: FunctionType::of_components(),
        }
    }

    /// The built-in types.
    pub fn types(&self) -> impl Iterator<Item = &Descriptor> {
        self.types.iter().map(|t| t.descriptor())
    }

    /// The built-in types, then the uploaded components as types of their own
    /// (`component:<name>`), each as its latest version says.
    pub fn descriptors(&self, components: &dyn Components) -> Vec<Descriptor> {
        let all = components.all();
        let names: BTreeSet<&str> = all.iter().map(|c| c.name.as_str()).collect();
        let latest = names
            .into_iter()
            .filter_map(|name| components.find(name, &VersionWanted::Latest));
        let uploaded = latest.map(
            |ComponentInfo {
                 name, descriptor, ..
             }| Descriptor {
                node_type: format!("{COMPONENT_PREFIX}{name}"),
                ..descriptor
            },
        );
        self.types().cloned().chain(uploaded).collect()
    }

    /// The types of one instance, for [`weft_model::validate::validate`] and
    /// [`weft_model::plan::Plan::compile`].
    pub fn catalog<'a>(&'a self, components: &'a dyn Components) -> PaletteCatalog<'a> {
        PaletteCatalog {
            palette: self,
            components,
        }
    }

    /// Make a node that is ready to run.
    ///
    /// # Errors
    /// All that is wrong with its type or config, with pointers relative to the
    /// node (`/config/path`).
    pub fn build(
        &self,
        spec: &NodeSpec,
        components: &dyn Components,
    ) -> Result<Box<dyn Node>, Vec<Problem>> {
        self.find(&spec.node_type, components)?
            .build(spec, components)
    }

    fn find(&self, name: &str, components: &dyn Components) -> Result<&dyn NodeType, Vec<Problem>> {
        if name.starts_with(COMPONENT_PREFIX) {
            return Ok(&self.component);
        }
        self.types
            .iter()
            .find(|t| t.descriptor().node_type == name)
            .map(|t| &**t)
            .ok_or_else(|| vec![self.unknown_type(name, components)])
    }

    fn unknown_type(&self, name: &str, components: &dyn Components) -> Problem {
        let builtin = self.types().map(|d| d.node_type.as_str());
        let uploaded = components.find(name, &VersionWanted::Latest);
        let hint = match (uploaded, nearest(name, builtin)) {
            (Some(component), _) => {
                format!("did you mean \"{COMPONENT_PREFIX}{}\"?", component.name)
            }
            (None, Some(like)) => format!("did you mean {like:?}?"),
            (None, None) => {
                let known: Vec<_> = self.types().map(|d| d.node_type.as_str()).collect();
                format!(
                    "use one of {}, or \"{COMPONENT_PREFIX}<name>\" for an uploaded component",
                    known.join(", ")
                )
            }
        };
        let message = format!("there is no node type {name:?}");
        Problem::new(ProblemCode::UnknownNodeType, "/type", message, hint)
    }
}

/// The node types of one instance, as validation sees them.
pub struct PaletteCatalog<'a> {
    palette: &'a Palette,
    components: &'a dyn Components,
}

impl Catalog for PaletteCatalog<'_> {
    fn check(&self, node: &NodeDocument) -> Result<NodeFacts, Vec<Problem>> {
        self.palette
            .find(&node.node_type, self.components)?
            .facts(node, self.components)
    }
}
