//! The built-in node types, a file each, and uploaded components as node types.
//!
//! A node type is one new file with a [`node_type::Definition`] (config, words
//! for people, behaviour) and one line in [`palette`]'s list. A node does nothing
//! to the world itself: it reads through [`weft_model::node::Effects`] and says
//! in its outcome what it wants done.
//!
//! | module | holds |
//! |---|---|
//! | [`palette`] | all node types: what there is, checking, building |
//! | [`node_type`] | what a node type is; how to write one |
//! | [`config_schema`] | a config checked against its type's JSON Schema |
//! | [`components`] | what an instance has uploaded, as nodes see it |
//! | [`mod@pin`] | a deploy's component versions, written into the document |
//! | [`property`], [`typed_value`], [`loose`] | message paths, typed values, loose comparison, as Node-RED has them |
//! | [`pattern`] | regular expressions from configs and messages |
//! | [`mustache`] | the template language |
//! | [`http_in`], [`http_response`] | requests in, answers out |
//! | [`function`] | uploaded components at work |
//! | [`inject`], [`switch`], [`change`], [`template`], [`catch`], [`debug`] | the other node types |

pub mod catch;
pub mod change;
mod clock;
pub mod components;
pub mod config_schema;
mod cookies;
pub mod debug;
mod form;
pub mod function;
pub mod http_in;
pub mod http_response;
pub mod inject;
pub mod loose;
pub mod mustache;
pub mod node_type;
pub mod palette;
pub mod pattern;
pub mod pin;
pub mod property;
pub mod switch;
pub mod template;
pub mod typed_value;

pub use components::{ComponentInfo, Components, NoSecrets, Secrets, VersionWanted};
pub use node_type::NodeType;
pub use palette::Palette;
pub use pin::pin;
