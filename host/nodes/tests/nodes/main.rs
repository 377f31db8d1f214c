//! Node types through their door: a config and a message in, an outcome out.

mod builtin;
mod change;
mod function;
mod http_in;
mod http_response;
mod palette;
mod support;
mod switch;
mod template;
