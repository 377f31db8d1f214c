//! The host's side of every call that a function makes: the real host inside a
//! component, a host in memory everywhere else.

#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(target_arch = "wasm32")]
pub(crate) use component::*;

#[cfg(not(target_arch = "wasm32"))]
mod memory;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use memory::*;
