//! The kit of the end-to-end tests: a real `weft serve` process, called from
//! outside, with real components.
//!
//! | module | what it holds |
//! |---|---|
//! | [`artifact`] | where the built binary, guests and documents are |
//! | [`server`] | starts, stops and kills servers |
//! | [`http`] | a small HTTP/1.1 client that can also send what is wrong |
//! | [`api`] | the management API, as the tests call it |
//! | [`flow`] | writes flow documents |
//! | [`event_stream`] | reads server-sent events |
//! | [`cli`] | runs the binary's other subcommands |
//! | [`text`] | texts of any size with known word counts |
//!
//! The kit stops at the first surprise, and says what the server had logged.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it did not expect must stop"
)]

pub mod api;
pub mod artifact;
pub mod cli;
pub mod event_stream;
pub mod flow;
pub mod http;
pub mod server;
pub mod text;

pub use api::Api;
pub use flow::Flow;
pub use http::{Request, Response};
pub use server::{Launch, Server};
