//! Limits that do not depend on a deployment: on documents, and on the depth of
//! values. Each is a bound on work or memory that a hostile input could ask for.

/// Deepest nesting of a message's value. serde_json itself stops at 128.
pub const MAX_VALUE_DEPTH: usize = 100;

/// Bytes of a flow document.
pub const MAX_DOCUMENT_BYTES: usize = 1 << 20;

/// Nodes in a flow document.
pub const MAX_NODES: usize = 2_000;

/// Wires in a flow document.
pub const MAX_WIRES: usize = 10_000;

/// Deepest nesting of a flow document.
pub const MAX_DOCUMENT_DEPTH: usize = 32;

/// Bytes of an id or a type name.
pub const MAX_ID_BYTES: usize = 128;

/// Fields at the top level of a message.
pub const MAX_MESSAGE_FIELDS: usize = 1_000;
