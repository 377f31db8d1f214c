//! `weft token`: tokens of the management API.

use crate::cli::clock;
use crate::cli::connection::ApiArgs;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::table::{self, Column, Show};
use crate::cli::url::api_path;
use crate::settings::kind::{Kind as _, Time};
use serde_json::json;
use std::time::Duration;

/// What a list shows of a token.
const COLUMNS: &[Column] = &[
    ("ID", "/id", Show::Text),
    ("NAME", "/name", Show::Text),
    ("ROLE", "/role", Show::Text),
    ("INSTANCES", "/instances", Show::NamesOrAll),
    ("CREATED", "/createdAt", Show::Time),
    ("EXPIRES", "/expiresAt", Show::Time),
];

#[derive(Debug, clap::Args)]
pub(crate) struct Token {
    #[command(flatten)]
    api: ApiArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Create a token. It is shown this once.
    Create {
        /// What it is for.
        name: String,
        /// What it allows.
        #[arg(long)]
        role: Role,
        /// An instance it is for; can be given several times [default: all].
        #[arg(
            short,
            long = "instance",
            visible_alias = "instances",
            value_name = "NAME",
            value_delimiter = ','
        )]
        instances: Vec<String>,
        /// When it ends: 12h or 30d from now [default: never].
        #[arg(long, value_name = "DURATION", value_parser = duration)]
        expires_in: Option<Duration>,
    },
    /// List the tokens.
    List,
    /// Revoke a token, at once.
    Revoke {
        /// Its id.
        id: String,
    },
}

/// What a token allows; each role includes those before it.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Role {
    /// Look.
    Viewer,
    /// Save drafts, validate, inject.
    Editor,
    /// Deploy, roll back, enable, disable and delete flows; upload and delete components.
    Deployer,
    /// Instances and tokens.
    Admin,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Editor => "editor",
            Role::Deployer => "deployer",
            Role::Admin => "admin",
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    Time::parse(text).ok_or_else(|| format!("expected {}", Time::EXPECTED))
}

impl Token {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let client = self.api.client()?;
        let json = self.api.json;
        match self.action {
            Action::Create {
                name,
                role,
                instances,
                expires_in,
            } => {
                let body = json!({
                    "name": name,
                    "role": role.as_str(),
                    "instances": if instances.is_empty() { None } else { Some(instances) },
                    "expiresAt": expires_in.map(clock::unix_ms_after),
                });
                let answer = client.post(&api_path(&["tokens"])).json(&body).send()?;
                if !json {
                    output::error(&format!(
                        "token {}; it is not shown again:",
                        answer.text("/id")
                    ));
                }
                output::done(json, &answer.value, &answer.text("/token"))
            }
            Action::List => {
                let answer = client.get(&api_path(&["tokens"])).send()?.value;
                if json {
                    return output::json(&answer);
                }
                table::print(
                    table::rows(&answer),
                    COLUMNS,
                    "no tokens but the built-in one",
                )
            }
            Action::Revoke { id } => {
                let answer = client.delete(&api_path(&["tokens", &id])).send()?.value;
                output::done(json, &answer, &format!("revoked {id}"))
            }
        }
    }
}
