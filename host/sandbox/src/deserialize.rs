//! The one place with `unsafe` in the host: mapping compiled code.
//!
//! wasmtime trusts what it deserializes: a forged file would run as native code.
//! So [`Authentic`] can only be had from the cache, after it checked the whole
//! file against a keyed hash.

#![allow(unsafe_code, clippy::disallowed_methods)]

use crate::cache::Authentic;
use wasmtime::component::Component;
use wasmtime::{Engine, Result};

/// Map compiled code.
///
/// # Errors
/// It was made by another version or with other settings.
pub(crate) fn map(engine: &Engine, file: &Authentic<'_>) -> Result<Component> {
    // SAFETY: the file is what `Component::serialize` gave, since its keyed hash
    // fits and the key is held by the host alone. It stays so while it is mapped:
    // the folder is open to the host's user only (0700), and the cache never
    // writes into a file that is there, it renames a new one over it, which
    // leaves the mapped one as it was.
    unsafe { Component::deserialize_file(engine, file.path()) }
}
