//! Runs flows: instances, what is deployed in them, and the runs on it.
//!
//! The server hands requests in and management calls in; everything between is
//! here. Nothing in this crate knows HTTP's wire or the command line.
//!
//! | module | holds |
//! |---|---|
//! | [`host`] | all instances of a data directory |
//! | [`instance`] | one instance: flows, components, runs, events |
//! | [`components`] | uploaded components |
//! | [`flows`] | drafts and revisions as they are kept |
//! | [`deploy`] | how a document goes live |
//! | [`live`], [`routes`] | what is live, and which requests start it |
//! | [`run`] | runs |
//! | [`history`], [`event`], [`metrics`] | what people see of runs |
//! | [`records`], [`kind`], [`state`] | what lies in the store |
//! | [`refusal`] | why something was not done |

mod clock;
mod state;

pub mod components;
pub mod deploy;
pub mod event;
pub mod flows;
pub mod history;
pub mod host;
pub mod instance;
pub mod kind;
pub mod live;
pub mod metrics;
pub mod records;
pub mod refusal;
pub mod routes;
pub mod run;

pub use host::{Host, Parts, RuntimeLimits, Welcome};
pub use instance::Instance;
pub use refusal::{Refusal, RefusalKind};
