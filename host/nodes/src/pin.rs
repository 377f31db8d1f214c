//! A deploy fixes the versions of components: where a node says `latest`, or
//! nothing, the version that this is now is written into the document.

use crate::components::{Components, VersionWanted};
use crate::function::{COMPONENT_PREFIX, ComponentReference, Place, find};
use weft_model::document::{FlowDocument, NodeDocument};
use weft_model::problem::Problem;

/// Write exact versions into a document. The problems are those of nodes that
/// say nothing that can be fixed, and of components that are not there.
pub fn pin(document: &mut FlowDocument, components: &dyn Components) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, node) in document.nodes.iter_mut().enumerate() {
        let is_function =
            node.node_type == "function" || node.node_type.starts_with(COMPONENT_PREFIX);
        if !is_function || node.disabled {
            continue;
        }
        for mut problem in pin_node(node, components).err().unwrap_or_default() {
            problem.pointer = format!("/nodes/{index}{}", problem.pointer);
            problems.push(problem.at_node(&node.id));
        }
    }
    problems
}

fn pin_node(node: &mut NodeDocument, components: &dyn Components) -> Result<(), Vec<Problem>> {
    let reference = ComponentReference::new(&node.node_type, &node.config)?;
    if reference.version != VersionWanted::Latest {
        return Ok(());
    }
    let info = find(&reference, components).map_err(|problem| vec![problem])?;
    let version = info.version.to_string();
    match reference.place {
        Place::Config => {
            node.config.insert("version".into(), version.into());
        }
        Place::Type => node.node_type = format!("{COMPONENT_PREFIX}{}@{version}", info.name),
    }
    Ok(())
}

/// The versions of components that a pinned document uses, each once.
pub fn used(document: &FlowDocument) -> Vec<(String, semver::Version)> {
    let mut used = Vec::new();
    for node in document.nodes.iter().filter(|node| !node.disabled) {
        let is_function =
            node.node_type == "function" || node.node_type.starts_with(COMPONENT_PREFIX);
        let reference = is_function.then(|| ComponentReference::new(&node.node_type, &node.config));
        if let Some(Ok(reference)) = reference
            && let VersionWanted::Exact(version) = reference.version
        {
            let one = (reference.name.to_string(), version);
            if !used.contains(&one) {
                used.push(one);
            }
        }
    }
    used
}
