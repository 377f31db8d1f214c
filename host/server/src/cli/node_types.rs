//! `weft node-types`: what flows of an instance can be made of.

use crate::cli::connection::{ApiArgs, InstanceArg};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::table::{self, Column, Show};
use serde_json::Value;

const COLUMNS: &[Column] = &[
    ("TYPE", "/type", Show::Text),
    ("NAME", "/name", Show::Text),
    ("CATEGORY", "/category", Show::Text),
    ("SUMMARY", "/summary", Show::Text),
];

#[derive(Debug, clap::Args)]
pub(crate) struct NodeTypes {
    /// Print everything about this type: ports, config schema, documentation.
    #[arg(value_name = "TYPE")]
    name: Option<String>,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    instance: InstanceArg,
}

impl NodeTypes {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let client = self.api.client()?;
        let answer = client
            .get(&self.instance.path(&["node-types"]))
            .send()?
            .value;
        let types = table::rows(&answer);
        match &self.name {
            Some(name) => match types.iter().find(|node_type| is_named(node_type, name)) {
                Some(node_type) => output::json(node_type),
                None => Err(Failure::failed(format!("there is no node type {name:?}"))
                    .hint("`weft node-types` lists them all")),
            },
            None if self.api.json => output::json(&answer),
            None => table::print(types, COLUMNS, "no node types"),
        }
    }
}

fn is_named(node_type: &Value, name: &str) -> bool {
    node_type.get("type").and_then(Value::as_str) == Some(name)
}
