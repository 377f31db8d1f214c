//! `weft instance`: the instances of a host.

use crate::cli::connection::ApiArgs;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::table::{self, Column, Show};
use crate::cli::url::api_path;
use serde_json::json;

/// What is shown of an instance.
const COLUMNS: &[Column] = &[
    ("NAME", "/name", Show::Text),
    ("HOSTS", "/hosts", Show::Text),
    ("URL", "/url", Show::Text),
    ("ACTIVATED", "/activatedAt", Show::Time),
];

#[derive(Debug, clap::Args)]
pub(crate) struct Instance {
    #[command(flatten)]
    api: ApiArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Activate an instance. It begins with a flow that greets at /hello.
    Activate {
        /// Its name: it becomes part of URLs.
        name: String,
        /// A host name at whose root it answers too; can be given several times.
        #[arg(long = "host", value_name = "NAME")]
        hosts: Vec<String>,
    },
    /// List the instances.
    List,
    /// Show an instance.
    Show {
        /// Its name.
        name: String,
    },
    /// Delete an instance with everything in it.
    Delete {
        /// Its name.
        name: String,
    },
}

impl Instance {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let client = self.api.client()?;
        let json = self.api.json;
        match self.action {
            Action::Activate { name, hosts } => {
                let body = match hosts.is_empty() {
                    true => json!({ "name": name }),
                    false => json!({ "name": name, "hosts": hosts }),
                };
                let answer = client
                    .post(&api_path(&["instances"]))
                    .json(&body)
                    .send()?
                    .value;
                output::done(
                    json,
                    &answer,
                    &format!("activated {name}; it greets at /{name}/hello"),
                )
            }
            Action::List => {
                let answer = client.get(&api_path(&["instances"])).send()?.value;
                if json {
                    return output::json(&answer);
                }
                table::print(table::rows(&answer), COLUMNS, "no instances")
            }
            Action::Show { name } => {
                let answer = client.get(&api_path(&["instances", &name])).send()?.value;
                if json {
                    return output::json(&answer);
                }
                table::print_object(&answer, COLUMNS)
            }
            Action::Delete { name } => {
                let answer = client
                    .delete(&api_path(&["instances", &name]))
                    .send()?
                    .value;
                output::done(json, &answer, &format!("deleted {name}"))
            }
        }
    }
}
