//! Runs: one execution of a flow from one event.
//!
//! | module | holds |
//! |---|---|
//! | [`driver`] | the activation loop: walks the graph |
//! | [`activation`] | what one activation sees and says |
//! | [`shared`] | what the activations of a run share |
//! | [`commit`] | an outcome's writes, and another try after a conflict |
//! | [`caller`] | the future that a waiting caller polls |
//! | [`trace`] | what is kept of a run for people to look at |

pub mod caller;
pub mod trace;

pub(crate) mod activation;
pub(crate) mod commit;
pub(crate) mod driver;
pub(crate) mod shared;
