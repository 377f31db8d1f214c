//! The boundary to code that nobody vouches for: WebAssembly components, looked
//! at, compiled, and run under limits.
//!
//! | module | holds |
//! |---|---|
//! | [`inspection`], [`rejection`] | what an upload is, told from its structure alone |
//! | [`compiler`] | an upload made into machine code (in a process of its own) |
//! | [`cache`], [`digest`] | machine code on disk, authenticated |
//! | [`config`] | how much the sandbox and each call may use |
//! | [`sandbox`] | the one engine of a process, and what it has loaded |
//! | [`function`], [`call`] | a loaded component, and one call of it |
//! | [`host_calls`] | what a function may ask of its host |
//!
//! Inside, a call goes through `invocation` (slot, store, instance), with its
//! `call_state`; `imports` is all that a guest can reach, `failure` how a call
//! ends badly, `engine` the settings of wasmtime.
//!
//! It knows nothing of flows, stores and servers: the caller implements
//! [`HostCalls`].

mod bindings;
pub mod cache;
pub mod call;
mod call_state;
pub mod compiler;
pub mod config;
mod describing;
mod deserialize;
pub mod digest;
mod egress;
mod engine;
mod failure;
pub mod function;
mod guest_log;
pub mod host_calls;
mod http_handler;
mod http_message;
mod imports;
pub mod inspection;
mod invocation;
mod meter;
pub mod rejection;
pub mod sandbox;

pub use cache::CompiledCache;
pub use call::{Call, CallEvent, Completed};
pub use compiler::compile;
pub use config::{CallLimits, LimitTooHigh, SandboxConfig};
pub use digest::Digest;
pub use function::Function;
pub use host_calls::HostCalls;
pub use inspection::{FunctionKind, Inspection, inspect};
pub use rejection::{Rejection, RejectionCode};
pub use sandbox::{Sandbox, SandboxError};
