//! `weft inject`: starts a run from an inject node.

use crate::cli::body;
use crate::cli::connection::{ApiArgs, InstanceArg};
use crate::cli::failure::Failure;
use crate::cli::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Inject {
    /// The flow's id.
    flow: String,
    /// The node's id.
    node: String,
    /// The payload (JSON), or @file [default: the node's own]
    #[arg(long, value_name = "JSON")]
    payload: Option<String>,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    instance: InstanceArg,
}

impl Inject {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let path = self
            .instance
            .path(&["flows", &self.flow, "nodes", &self.node, "inject"]);
        let client = self.api.client()?;
        let request = match &self.payload {
            None => client.post(&path),
            Some(payload) => {
                let payload = body::json("the payload", body::read(payload)?)?;
                let body = [br#"{"payload":"#, &*payload, b"}"].concat();
                client.post(&path).body("application/json", body)
            }
        };
        let answer = request.send()?;
        output::done(
            self.api.json,
            &answer.value,
            &format!("started run {}", answer.text("/run")),
        )
    }
}
