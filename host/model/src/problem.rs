//! What is wrong with a flow document: one entry for each fault, with its place
//! and how to mend it.

use crate::id::NodeId;
use serde::Serialize;

/// Whether a problem stops a deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The flow can be deployed; it may not do what was meant.
    Warning,
    /// The flow cannot be deployed.
    Error,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $severity:ident;)*) => {
        /// The kind of a problem. Each has a section in `docs/problems.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ProblemCode { $($(#[$doc])* $name,)* }

        impl ProblemCode {
            /// All codes.
            pub const ALL: &[ProblemCode] = &[$(ProblemCode::$name,)*];

            /// The stable text of the code.
            pub fn as_str(self) -> &'static str {
                match self { $(ProblemCode::$name => $text,)* }
            }

            /// How grave problems of this kind are.
            pub fn severity(self) -> Severity {
                match self { $(ProblemCode::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The document is not JSON, or not a flow document.
    InvalidDocument = "invalid-document", Error;
    /// The document's schema number is unknown.
    UnknownSchema = "unknown-schema", Error;
    /// The document, or a count in it, is over a limit.
    LimitExceeded = "limit-exceeded", Error;
    /// Two nodes or two wires share an id.
    DuplicateId = "duplicate-id", Error;
    /// No node type has this name.
    UnknownNodeType = "unknown-node-type", Error;
    /// A node's config does not match its type's schema.
    InvalidConfig = "invalid-config", Error;
    /// A wire begins or ends at a node that does not exist.
    DanglingWire = "dangling-wire", Error;
    /// A wire begins at an output port that its node lacks.
    PortOutOfRange = "port-out-of-range", Error;
    /// A wire ends at a node without an input port.
    NoInputPort = "no-input-port", Error;
    /// Two entry points of the instance answer the same requests.
    DuplicateRoute = "duplicate-route", Error;
    /// The component, or this version of it, is not in the instance.
    ComponentNotFound = "component-not-found", Error;
    /// A node refers to a node or group that does not exist.
    UnknownReference = "unknown-reference", Error;
    /// No message can reach the node.
    UnreachableNode = "unreachable-node", Warning;
    /// A request comes in, and no `http-response` can answer it.
    NoHttpResponse = "no-http-response", Warning;
    /// Nothing can start the flow.
    NoEntryPoint = "no-entry-point", Warning;
}

impl Serialize for ProblemCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One fault of a flow document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Whether it stops a deploy.
    pub severity: Severity,
    /// Its kind.
    pub code: ProblemCode,
    /// What is wrong, in one sentence.
    pub message: String,
    /// How to mend it.
    pub hint: String,
    /// The node it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The output port it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<usize>,
    /// Its place in the document (JSON Pointer, RFC 6901).
    pub pointer: String,
}

impl Problem {
    /// A problem at a place of the document.
    pub fn new(
        code: ProblemCode,
        pointer: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Problem {
            severity: code.severity(),
            code,
            message: message.into(),
            hint: hint.into(),
            node: None,
            port: None,
            pointer: pointer.into(),
        }
    }

    /// Name the node.
    #[must_use]
    pub fn at_node(mut self, node: &NodeId) -> Self {
        self.node = Some(node.to_string());
        self
    }

    /// Name the port.
    #[must_use]
    pub fn at_port(mut self, port: usize) -> Self {
        self.port = Some(port);
        self
    }

    /// True if it stops a deploy.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
