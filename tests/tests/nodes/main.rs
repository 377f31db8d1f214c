//! The built-in nodes, in real flows, over HTTP.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod catch;
mod change_and_template;
mod http_in;
mod http_response;
mod switch;
mod together;

use serde_json::{Value as Json, json};
use std::sync::Arc;
use weft_tests::server::SharedServer;
use weft_tests::{Launch, Server};

static SERVER: SharedServer = SharedServer::new();

/// The server that all of these tests share.
fn server() -> Arc<Server> {
    SERVER.get(Launch::new, |server| {
        server.upload("default", "limits");
    })
}

/// A rule of a `change` node.
fn set(path: &str, to: &str, tot: &str) -> Json {
    json!({ "t": "set", "p": path, "to": to, "tot": tot })
}

/// The config of a `change` node.
fn rules(rules: &[Json]) -> Json {
    json!({ "rules": rules })
}
