//! Problem details (RFC 9457): the one form of errors on both listeners.
//!
//! Handlers return a [`Problem`]; whoever knows the request's id writes it out
//! with [`Problem::into_response_for`]. As a plain `IntoResponse` it also lies in
//! the response's extensions, so that an outer layer can add the id.

mod code;

pub use code::Code;

use crate::request_id::RequestId;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::Serialize;
use std::fmt;
use weft_model::fault::ErrorKind;
use weft_model::id::RunId;
use weft_model::problem::Problem as Finding;
use weft_runtime::{Refusal, RefusalKind};

/// The media type of problem documents.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not served, in the form that the client gets.
#[derive(Clone, Debug)]
pub struct Problem(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    details: Details,
}

/// The members of the document (RFC 9457 §3.1, and our own extensions).
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem, description = "Why a request was not served (RFC 9457).")]
pub(crate) struct Details {
    /// Where the kind is explained: `/docs/problems#<code>`.
    #[serde(rename = "type")]
    kind_of: String,
    /// The kind, in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The stable code of the kind.
    code: String,
    /// What happened, in one sentence.
    detail: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The request, as `urn:weft:request:<x-request-id>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// The flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<String>,
    /// The path of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    /// The output port.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<usize>,
    /// The place in the flow document (JSON Pointer, RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// For `function-error`: who is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    kind: Option<ErrorKind>,
    /// The run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    run_id: Option<RunId>,
    /// All that is wrong with a flow document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<crate::api::schema::Finding>)]
    problems: Vec<Finding>,
}

impl Problem {
    /// A problem: what kind, and what happened, in one sentence that names
    /// nothing of the inside.
    pub fn new(status: StatusCode, code: impl AsRef<str>, detail: impl Into<String>) -> Self {
        let code = code.as_ref();
        let details = Details {
            kind_of: format!("/docs/problems#{code}"),
            title: title(code),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.into(),
            hint: None,
            instance: None,
            flow: None,
            node: None,
            port: None,
            pointer: None,
            kind: None,
            run_id: None,
            problems: Vec::new(),
        };
        Problem(Box::new(Inner {
            status,
            headers: Vec::new(),
            details,
        }))
    }

    /// The address answers other methods (RFC 9110 §15.5.6).
    pub fn method_not_allowed(allowed: &[Method]) -> Self {
        let allowed = allowed
            .iter()
            .map(Method::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        let problem = Problem::other_method();
        match HeaderValue::from_str(&allowed) {
            Ok(value) => problem.header(ALLOW, value),
            Err(_) => problem,
        }
    }

    /// As [`Problem::method_not_allowed`], for a router that adds `Allow` itself.
    pub(crate) fn other_method() -> Self {
        let detail = "this address does not answer this method";
        Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            Code::MethodNotAllowed,
            detail,
        )
        .hint("use one of the methods that the Allow header lists")
    }

    /// A fault of the host; the log has the reason, the client does not.
    pub fn internal() -> Self {
        let code = weft_model::FaultCode::Internal.as_str();
        let detail = "a fault of the host; its log says more";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, code, detail)
            .hint("try again, or ask the operator")
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.0.details.code
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Say how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.details.hint = Some(hint.into());
        self
    }

    /// Name the flow.
    #[must_use]
    pub fn flow(mut self, flow: impl Into<String>) -> Self {
        self.0.details.flow = Some(flow.into());
        self
    }

    /// Name the node by its path.
    #[must_use]
    pub fn node(mut self, node: impl Into<String>) -> Self {
        self.0.details.node = Some(node.into());
        self
    }

    /// Name the run.
    #[must_use]
    pub fn run(mut self, run: RunId) -> Self {
        self.0.details.run_id = Some(run);
        self
    }

    /// For a function's own error: who is to blame.
    #[must_use]
    pub fn kind(mut self, kind: ErrorKind) -> Self {
        self.0.details.kind = Some(kind);
        self
    }

    /// Ask the client to come back after so many seconds (RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.header(RETRY_AFTER, seconds.into())
    }

    /// Ask for a token, and say what is wrong with the one given (RFC 6750 §3).
    #[must_use]
    pub fn challenge(self, challenge: &'static str) -> Self {
        self.header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// List what is wrong with a document; the gravest gives the place.
    fn findings(mut self, problems: Vec<Finding>) -> Self {
        let details = &mut self.0.details;
        if let Some(first) = problems.iter().find(|p| p.is_error()).or(problems.first()) {
            details.node = first.node.clone();
            details.port = first.port;
            details.pointer = Some(first.pointer.clone());
        }
        details.problems = problems;
        self
    }

    /// The answer to the request with this id.
    pub fn into_response_for(mut self, id: &RequestId) -> Response {
        self.0.details.instance = Some(id.urn());
        self.render()
    }

    fn render(&self) -> Response {
        let Inner {
            status,
            headers,
            details,
        } = &*self.0;
        let body = serde_json::to_vec(details).unwrap_or_default();
        let mut response = (*status, body).into_response();
        let kind = HeaderValue::from_static(PROBLEM_JSON);
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response.headers_mut().extend(headers.iter().cloned());
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.render();
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.details.code, self.0.details.detail)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let Refusal {
            kind,
            code,
            message,
            hint,
            problems,
        } = refusal;
        let status = match kind {
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::Changed => StatusCode::PRECONDITION_FAILED,
            // What cannot be read at all is malformed; the rest was understood.
            RefusalKind::Invalid if code == "invalid-document" => StatusCode::BAD_REQUEST,
            RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RefusalKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            RefusalKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let problem = Problem::new(status, code, message)
            .hint(hint)
            .findings(problems);
        match status {
            StatusCode::SERVICE_UNAVAILABLE => problem.retry_after(5),
            _ => problem,
        }
    }
}

/// A code in words: `role-too-low` is "Role too low".
fn title(code: &str) -> String {
    let words = code.replace('-', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests;
