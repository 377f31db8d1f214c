//! How an activation fails: a code, one sentence, and what it had used.

use crate::value::Value;
use serde::Serialize;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The kind of a fault. Each has a section in `docs/problems.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FaultCode { $($(#[$doc])* $name,)* }

        impl FaultCode {
            /// All codes.
            pub const ALL: &[FaultCode] = &[$(FaultCode::$name,)*];

            /// The stable text of the code.
            pub fn as_str(self) -> &'static str {
                match self { $(FaultCode::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// The function used up its fuel.
    FuelExhausted = "fuel-exhausted";
    /// The function ran longer than its deadline.
    DeadlineExceeded = "deadline-exceeded";
    /// The function asked for more memory or tables than it may have.
    MemoryLimit = "memory-limit";
    /// The function trapped.
    Trap = "trap";
    /// The function used something it was not granted.
    CapabilityDenied = "capability-denied";
    /// What the function returned is not valid, or over a limit.
    InvalidOutput = "invalid-output";
    /// The function itself reported an error.
    FunctionError = "function-error";
    /// No slot for running the function became free in time.
    Overloaded = "overloaded";
    /// A built-in node can't handle this message.
    InvalidMessage = "invalid-message";
    /// The request was answered already.
    AlreadyReplied = "already-replied";
    /// There is no request to answer.
    NoReplyHandle = "no-reply-handle";
    /// State kept changing under the activation.
    StateConflict = "state-conflict";
    /// The store can't take writes.
    StoreUnavailable = "store-unavailable";
    /// The run has used up its activations.
    ActivationLimit = "activation-limit";
    /// A fault of the host; its log says more.
    Internal = "internal-error";
}

impl FaultCode {
    /// How faults of this kind are mended, where the fault itself does not say.
    pub fn hint(self) -> &'static str {
        match self {
            FaultCode::FuelExhausted => {
                "look for an endless loop, or raise limits.fuel of the node"
            }
            FaultCode::DeadlineExceeded => "do less, or raise limits.deadlineMs of the node",
            FaultCode::MemoryLimit => "hold less at once, or raise limits.memoryBytes of the node",
            FaultCode::Trap => "see the run's log for what the function wrote",
            FaultCode::CapabilityDenied => "grant it on the node",
            FaultCode::InvalidOutput => {
                "mend the function, so that it sends valid messages to its own ports"
            }
            FaultCode::FunctionError => {
                "send what the function takes, or handle the error with a catch node"
            }
            FaultCode::Overloaded => "try again in a moment",
            FaultCode::InvalidMessage => "change the message before it reaches the node",
            FaultCode::AlreadyReplied => "let a message reach only one http-response",
            FaultCode::NoReplyHandle => "start the run by a request",
            FaultCode::StateConflict => "use several keys, or increment",
            FaultCode::StoreUnavailable => "see /readyz and the host's log",
            FaultCode::ActivationLimit => "look for a cycle without an end",
            FaultCode::Internal => "try again, or ask the operator",
        }
    }
}

impl Serialize for FaultCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Who is to blame for a function's own error (see `wit/function.wit`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// The message or the config.
    InvalidInput,
    /// A passing fault.
    Retryable,
    /// Anything else.
    Failed,
}

/// What an activation used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Fuel.
    pub fuel: u64,
    /// Peak of linear memory in bytes.
    pub memory_bytes: u64,
}

/// An activation that failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct Fault {
    /// The kind.
    pub code: FaultCode,
    /// One sentence for a person, free of host paths and of secrets.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// For [`FaultCode::FunctionError`]: who is to blame.
    pub kind: Option<ErrorKind>,
    /// Details for the flow.
    pub data: Option<Box<Value>>,
    /// What it had used.
    pub usage: Usage,
}

impl Fault {
    /// A fault with nothing but a code and a sentence.
    pub fn new(code: FaultCode, message: impl Into<String>) -> Self {
        Fault {
            code,
            message: message.into(),
            hint: None,
            kind: None,
            data: None,
            usage: Usage::default(),
        }
    }

    /// Say how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Say what it had used.
    #[must_use]
    pub fn used(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }
}
