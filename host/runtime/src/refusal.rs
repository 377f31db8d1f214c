//! Why something that was asked of an instance was not done, in the form that
//! the API passes on.

use std::fmt;
use weft_model::problem::Problem;

/// The kind of a refusal; the server gives it an HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// There is no such thing.
    NotFound,
    /// It contradicts what is there.
    Conflict,
    /// It was changed since it was read.
    Changed,
    /// What was sent is not valid.
    Invalid,
    /// What was sent is too large.
    TooLarge,
    /// Not now.
    Unavailable,
    /// A fault of the host.
    Internal,
}

/// A refusal: a stable code, one sentence, a way out.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The kind.
    pub kind: RefusalKind,
    /// The stable code; each has a section in `docs/problems.md`.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// For documents: all that is wrong.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// A refusal without problems of a document.
    pub fn new(
        kind: RefusalKind,
        code: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Refusal {
            kind,
            code: code.into(),
            message: message.into(),
            hint: hint.into(),
            problems: vec![],
        }
    }

    pub(crate) fn not_found(what: &str, name: impl fmt::Display) -> Self {
        let message = format!("there is no {what} {name}");
        Refusal::new(
            RefusalKind::NotFound,
            "not-found",
            message,
            "check the name, or list what there is",
        )
    }

    /// A fault of the host: the log has the reason, the caller does not.
    pub fn internal(reason: impl fmt::Display) -> Self {
        tracing::error!(%reason, "a request failed");
        let message = "a fault of the host; its log says more";
        Refusal::new(
            RefusalKind::Internal,
            "internal-error",
            message,
            "try again, or ask the operator",
        )
    }

    pub(crate) fn invalid_document(problems: Vec<Problem>) -> Self {
        let errors = problems.iter().filter(|problem| problem.is_error()).count();
        let message = format!(
            "the flow has {errors} error{}",
            if errors == 1 { "" } else { "s" }
        );
        let hint = "mend each of the problems listed";
        let mut refusal = Refusal::new(RefusalKind::Invalid, "invalid-flow", message, hint);
        refusal.problems = problems;
        refusal
    }
}

impl From<weft_store::CommitError> for Refusal {
    fn from(error: weft_store::CommitError) -> Self {
        use weft_store::CommitError;
        match error {
            CommitError::Conflict { .. } => Refusal::new(
                RefusalKind::Changed,
                "changed-meanwhile",
                "somebody else changed it in the meantime",
                "read it again and repeat the change",
            ),
            CommitError::ReadOnly { .. } | CommitError::Closed => Refusal::new(
                RefusalKind::Unavailable,
                "store-unavailable",
                "the store takes no writes at the moment",
                "see /readyz and the host's log",
            ),
            other => Refusal::internal(other),
        }
    }
}

macro_rules! internal {
    ($($error:ty),*) => { $(
        impl From<$error> for Refusal {
            fn from(error: $error) -> Self {
                Refusal::internal(error)
            }
        }
    )* };
}

internal!(
    weft_store::ReadError,
    weft_store::PayloadError,
    weft_store::InstanceError,
    weft_sandbox::cache::CacheError,
    weft_sandbox::SandboxError,
    serde_json::Error,
    std::io::Error
);
