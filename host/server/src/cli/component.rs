//! `weft component`: WebAssembly components of an instance.

use crate::cli::body;
use crate::cli::connection::{ApiArgs, InstanceArg};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::table::{self, Column, Show};
use crate::cli::url;
use std::path::PathBuf;

/// What a list shows of a component.
const COLUMNS: &[Column] = &[
    ("NAME", "/name", Show::Text),
    ("VERSION", "/version", Show::Text),
    ("KIND", "/kind", Show::Text),
    ("SIZE", "/size", Show::Bytes),
    ("UPLOADED", "/uploadedAt", Show::Time),
    ("DIGEST", "/digest", Show::Text),
];

/// What is shown of one component.
const DETAILS: &[Column] = &[
    ("name", "/name", Show::Text),
    ("version", "/version", Show::Text),
    ("versions", "/versions", Show::Text),
    ("kind", "/kind", Show::Text),
    ("size", "/size", Show::Bytes),
    ("digest", "/digest", Show::Text),
    ("uploaded", "/uploadedAt", Show::Time),
    ("title", "/descriptor/name", Show::Text),
    ("summary", "/descriptor/summary", Show::Text),
    ("imports", "/imports", Show::Text),
    ("exports", "/exports", Show::Text),
];

#[derive(Debug, clap::Args)]
pub(crate) struct Component {
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    instance: InstanceArg,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Upload a component. It becomes a node type of the instance.
    Push {
        /// Its name: letters, digits and hyphens.
        name: String,
        /// The component (.wasm); - is standard input.
        file: PathBuf,
        /// Its version (semver) [default: the one the host gives].
        #[arg(long)]
        version: Option<String>,
    },
    /// List all versions of all components.
    List,
    /// Show a component.
    Show {
        /// Its name.
        name: String,
        /// Its version [default: the latest].
        #[arg(long)]
        version: Option<String>,
    },
    /// Delete a component that nothing uses.
    Delete {
        /// Its name.
        name: String,
        /// Its version; not needed if there is only one.
        #[arg(long)]
        version: Option<String>,
    },
}

impl Component {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let Component {
            api,
            instance,
            action,
        } = self;
        let client = api.client()?;
        let path = |name: &str, version: &Option<String>| {
            let path = instance.path(&["components", name]);
            url::with_query(path, version.as_deref().map(|version| ("version", version)))
        };
        match action {
            Action::Push {
                name,
                file,
                version,
            } => {
                let wasm = body::read_file(&file)?;
                let answer = client
                    .put(&path(&name, &version))
                    .body("application/wasm", wasm)
                    .send()?;
                if api.json {
                    return output::json(&answer.value);
                }
                let done = if answer.is_new {
                    "uploaded"
                } else {
                    "unchanged"
                };
                let (version, digest) = (answer.text("/version"), answer.text("/digest"));
                output::line(&format!("{done} {name} {version} ({digest})"))
            }
            Action::List => {
                let answer = client.get(&instance.path(&["components"])).send()?.value;
                if api.json {
                    return output::json(&answer);
                }
                table::print(table::rows(&answer), COLUMNS, "no components")
            }
            Action::Show { name, version } => {
                let answer = client.get(&path(&name, &version)).send()?.value;
                if api.json {
                    return output::json(&answer);
                }
                table::print_object(&answer, DETAILS)
            }
            Action::Delete { name, version } => {
                let answer = client.delete(&path(&name, &version)).send()?.value;
                output::done(api.json, &answer, &format!("deleted {name}"))
            }
        }
    }
}
