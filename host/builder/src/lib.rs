//! Makes uploads runnable, in a process of its own: a hostile or huge component
//! can use up that process, not the server.
//!
//! | module | holds |
//! |---|---|
//! | [`builder`] | the server's side: one build at a time, with a time limit |
//! | [`worker`] | the other process: limits itself, inspects, compiles |
//! | [`report`] | what the one tells the other |

pub mod builder;
pub mod report;
pub mod worker;

pub use builder::{BuildError, Builder, BuilderConfig, Built};
