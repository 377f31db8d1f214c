//! Node types through their door: a config and a message in, an outcome out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod builtin;
mod change;
mod function;
mod http_in;
mod http_response;
mod palette;
mod support;
mod switch;
mod template;
