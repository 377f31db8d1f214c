//! What Weft talks about: flows, messages, nodes and what comes of them.
//!
//! Everything here is plain data and pure functions: no I/O, no clock, no async
//! runtime. The crates above give it behaviour.
//!
//! | module | holds |
//! |---|---|
//! | [`value`], [`message`] | what travels along a wire |
//! | [`wire`] | the one encoding of messages: guests, API, event stream |
//! | [`json`] | checks on JSON text that nobody has parsed yet |
//! | [`request`] | the head of an HTTP request, as messages carry it |
//! | [`document`] | the flow document, as people save it |
//! | [`descriptor`] | what a node type says about itself |
//! | [`validate`], [`problem`] | all that is wrong with a document, at once |
//! | [`plan`] | a document made ready to run |
//! | [`node`], [`fault`] | a node's behaviour: events in, outcome or fault out |
//! | [`id`] | names and ids, valid by construction |
//! | [`limit`] | limits on documents and activations |

pub mod descriptor;
pub mod document;
pub mod fault;
pub mod id;
pub mod json;
pub mod limit;
pub mod message;
pub mod node;
pub mod plan;
pub mod problem;
pub mod request;
pub mod validate;
pub mod value;
pub mod wire;

pub use fault::{Fault, FaultCode};
pub use id::{FlowId, InstanceName, NodeId, RunId};
pub use message::Message;
pub use value::{Date, Number, Object, Value};
