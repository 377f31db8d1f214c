//! The host as people meet it: two listeners, the management API, the command
//! line.
//!
//! | module | holds |
//! |---|---|
//! | [`serve`] | `weft serve`, from opening the data directory to the last answer |
//! | [`listener`] | connections |
//! | [`traffic`] | requests to flows: the hot path |
//! | [`api`] | the management API |
//! | [`token`] | who may do what |
//! | [`problem`], [`request_id`] | errors as people get them; a name for each request |
//! | [`settings`], [`logging`] | how the host is set up, and what it says |
//! | [`cli`] | the command line; it talks to the API |
//! | [`welcome`] | what a new instance begins with |

pub mod api;
pub mod cli;
pub mod listener;
pub mod logging;
pub mod problem;
pub mod request_id;
pub mod serve;
pub mod settings;
pub mod state;
pub mod token;
pub mod traffic;
pub mod welcome;
