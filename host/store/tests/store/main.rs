//! The store through its public door. One file for each thing that it promises:
//! add a test to the file whose name says what it is about.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod concurrency;
mod contract;
mod crash;
mod encryption;
mod instances;
mod opening;
mod payloads;
mod place;
