//! `weft flow`: drafts, deploys and revisions.

use crate::cli::answer::Answer;
use crate::cli::body;
use crate::cli::connection::{ApiArgs, InstanceArg};
use crate::cli::failure::Failure;
use crate::cli::flow_report as report;
use crate::cli::output;
use crate::cli::table::{self, Column, Show};
use http::header::{IF_MATCH, IF_NONE_MATCH};
use serde_json::json;
use std::path::PathBuf;

/// What a list shows of a flow.
const COLUMNS: &[Column] = &[
    ("ID", "/id", Show::Text),
    ("NAME", "/name", Show::Text),
    ("REVISION", "/revision", Show::Text),
    ("ENABLED", "/enabled", Show::Text),
    ("DRAFT DIFFERS", "/draftDiffers", Show::Text),
    ("SAVED", "/savedAt", Show::Time),
    ("DEPLOYED", "/deployedAt", Show::Time),
];

/// What a list shows of a revision.
const REVISIONS: &[Column] = &[
    ("REVISION", "/revision", Show::Text),
    ("LIVE", "/live", Show::Text),
    ("DEPLOYED", "/deployedAt", Show::Time),
    ("COMPONENTS", "/components", Show::Versions),
];

#[derive(Debug, clap::Args)]
pub(crate) struct Flow {
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    instance: InstanceArg,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Save a draft. It may be incomplete: its problems are listed.
    Put {
        /// The flow's id.
        id: String,
        /// The document (JSON); - is standard input.
        file: PathBuf,
        /// Save only if the draft is still this one (the ETag that was shown).
        #[arg(long, value_name = "ETAG", conflicts_with = "new")]
        if_match: Option<String>,
        /// Save only if there is no such flow.
        #[arg(long)]
        new: bool,
    },
    /// Print a flow's draft. Its ETag goes to standard error.
    Get {
        /// The flow's id.
        id: String,
    },
    /// List the flows.
    List,
    /// Check a document, or the draft. Exit code 1 if it could not be deployed.
    Validate {
        /// The flow's id.
        id: String,
        /// The document (JSON) [default: the draft]; - is standard input.
        file: Option<PathBuf>,
    },
    /// Make the draft live.
    Deploy {
        /// The flow's id.
        id: String,
    },
    /// List the deployed revisions, or print one.
    Revisions {
        /// The flow's id.
        id: String,
        /// The revision to print.
        revision: Option<u64>,
    },
    /// Make an earlier revision live, as a new revision.
    Rollback {
        /// The flow's id.
        id: String,
        /// The revision to go back to.
        revision: u64,
    },
    /// Let a disabled flow answer again.
    Enable {
        /// The flow's id.
        id: String,
    },
    /// Take a flow out of service; its revisions stay.
    Disable {
        /// The flow's id.
        id: String,
    },
    /// Delete a flow with its draft and revisions.
    Delete {
        /// The flow's id.
        id: String,
    },
}

impl Flow {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let Flow {
            api,
            instance,
            action,
        } = self;
        let client = api.client()?;
        let path = |id: &str, rest: &[&str]| instance.path(&[&["flows", id], rest].concat());
        match action {
            Action::Put {
                id,
                file,
                if_match,
                new,
            } => {
                let mut request = client.put(&path(&id, &[]));
                if let Some(etag) = if_match {
                    request = request.header(IF_MATCH, &quoted(&etag));
                }
                if new {
                    request = request.header(IF_NONE_MATCH, "*");
                }
                let document = body::read_file(&file)?;
                let answer = request.body("application/json", document).send()?;
                report::saved(api.json, &id, &answer)
            }
            Action::Get { id } => {
                let Answer { value, etag, .. } = client.get(&path(&id, &[])).send()?;
                output::json(&value)?;
                etag.iter()
                    .for_each(|etag| output::error(&format!("etag: {etag}")));
                Ok(())
            }
            Action::List => {
                let answer = client.get(&instance.path(&["flows"])).send()?.value;
                if api.json {
                    return output::json(&answer);
                }
                table::print(table::rows(&answer), COLUMNS, "no flows")
            }
            Action::Validate { id, file } => {
                let request = client.post(&path(&id, &["validate"]));
                let request = match file {
                    None => request,
                    Some(file) => request.body("application/json", body::read_file(&file)?),
                };
                report::validated(api.json, &id, &request.send()?)
            }
            Action::Deploy { id } => {
                let answer = client.post(&path(&id, &["deploy"])).send()?;
                report::deployed(api.json, &id, &answer)
            }
            Action::Revisions { id, revision: None } => {
                let answer = client.get(&path(&id, &["revisions"])).send()?.value;
                if api.json {
                    return output::json(&answer);
                }
                table::print(table::rows(&answer), REVISIONS, "not deployed yet")
            }
            Action::Revisions {
                id,
                revision: Some(revision),
            } => {
                let number = revision.to_string();
                output::json(
                    &client
                        .get(&path(&id, &["revisions", &number]))
                        .send()?
                        .value,
                )
            }
            Action::Rollback { id, revision } => {
                let request = client.post(&path(&id, &["rollback"]));
                let answer = request.json(&json!({ "revision": revision })).send()?;
                report::deployed(api.json, &id, &answer)
            }
            Action::Enable { id } => {
                let answer = client.post(&path(&id, &["enable"])).send()?.value;
                output::done(api.json, &answer, &format!("enabled {id}"))
            }
            Action::Disable { id } => {
                let answer = client.post(&path(&id, &["disable"])).send()?.value;
                output::done(api.json, &answer, &format!("disabled {id}"))
            }
            Action::Delete { id } => {
                let answer = client.delete(&path(&id, &[])).send()?.value;
                output::done(api.json, &answer, &format!("deleted {id}"))
            }
        }
    }
}

/// An entity tag as it goes into a header, with or without quotes before.
fn quoted(etag: &str) -> String {
    match etag.trim_matches('"') {
        "*" => "*".to_owned(),
        etag => format!("\"{etag}\""),
    }
}
