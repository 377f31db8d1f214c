//! Why an upload is refused. It crosses from the process that compiles to the
//! one that serves, as JSON.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The kind of a rejection. Each has a section in `docs/problems.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum RejectionCode { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl RejectionCode {
            /// All codes.
            pub const ALL: &[RejectionCode] = &[$(RejectionCode::$name,)*];

            /// The stable text of the code.
            pub fn as_str(self) -> &'static str {
                match self { $(RejectionCode::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// Not WebAssembly at all.
    NotWasm = "not-wasm";
    /// A core module, not a component.
    CoreModule = "core-module";
    /// It exports nothing that the host could call.
    WrongWorld = "wrong-world";
    /// It imports what the host does not have.
    UnknownImport = "unknown-import";
    /// Damaged, cut off, or against the rules of WebAssembly.
    InvalidComponent = "invalid-component";
    /// Too many bytes.
    TooLarge = "component-too-large";
    /// Too many parts.
    TooComplex = "component-too-complex";
}

impl fmt::Display for RejectionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an upload is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Rejection {
    /// The kind.
    pub code: RejectionCode,
    /// What is wrong, for a person.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

impl Rejection {
    /// A rejection of a kind.
    pub fn new(code: RejectionCode, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Rejection {
            code,
            message: message.into(),
            hint: hint.into(),
        }
    }
}
