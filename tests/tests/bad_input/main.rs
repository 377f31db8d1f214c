//! Bad input, through the public doors: each has an answer that says what is
//! wrong and shows nothing of the inside.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod callers;
mod components;
mod documents;
mod requests;

use std::sync::Arc;
use weft_tests::server::SharedServer;
use weft_tests::{Flow, Launch, Server};

static SERVER: SharedServer = SharedServer::new();

fn server() -> Arc<Server> {
    // So that a component over the limit need not be large.
    let launch = || Launch::new().arg("--max-component-bytes").arg("1MiB");
    SERVER.get(launch, |server| {
        server.upload("default", "limits");
        server.deploy("default", &Flow::http("echo", "POST", "/echo", &[]));
    })
}
