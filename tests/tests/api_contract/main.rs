//! The management API keeps its word: routes, statuses, preconditions, roles,
//! problem documents, and the description of all that.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod components;
mod deploys;
mod description;
mod drafts;
mod envelope;
mod instances;
mod runs;
mod tokens;

use std::sync::Arc;
use weft_tests::server::SharedServer;
use weft_tests::{Launch, Server};

static SERVER: SharedServer = SharedServer::new();

/// The server that all of these tests share.
fn server() -> Arc<Server> {
    SERVER.get(Launch::new, |_| {})
}

fn flow_path(id: &str) -> String {
    format!("/instances/default/flows/{id}")
}
