//! A run's answer as an HTTP response.

use super::cookies;
use crate::problem::Problem;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode};
use std::time::Duration;
use weft_model::fault::{Fault, FaultCode};
use weft_model::id::RunId;
use weft_model::node::Reply;
use weft_runtime::Instance;
use weft_runtime::routes::Endpoint;
use weft_runtime::run::caller::Answer;

/// Where an answer comes from.
pub(super) struct Scope<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) instance: &'a Instance,
    pub(super) under_path: bool,
}

impl Scope<'_> {
    fn problem(&self, status: StatusCode, code: &str, message: impl Into<String>) -> Problem {
        Problem::new(status, code, message).flow(self.endpoint.flow.flow().as_str())
    }
}

/// The header that names the run.
const RUN: &str = "weft-run";

pub(super) fn response(scope: &Scope<'_>, run: RunId, answer: Answer) -> Result<Response, Problem> {
    match answer {
        Answer::Reply(reply) => Ok(reply_response(scope, run, reply)),
        Answer::Failed { fault, node } => Err(failed(scope, &fault).node(&*node).run(run)),
        Answer::Nothing => {
            let message = "the flow ended without an answer";
            let problem = scope.problem(StatusCode::INTERNAL_SERVER_ERROR, "no-reply", message);
            Err(problem
                .hint("let every path of the flow reach an http-response node")
                .run(run))
        }
    }
}

fn reply_response(scope: &Scope<'_>, run: RunId, reply: Reply) -> Response {
    let Reply {
        status,
        headers,
        body,
    } = reply;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if scope.under_path {
        cookies::keep_below(response.headers_mut(), scope.instance.name().as_str());
    }
    let mut buffer = RunId::buffer();
    if let Ok(run) = HeaderValue::from_str(run.encode(&mut buffer)) {
        response.headers_mut().insert(RUN, run);
    }
    response
}

fn failed(scope: &Scope<'_>, fault: &Fault) -> Problem {
    let status = match fault.code {
        FaultCode::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        FaultCode::Overloaded | FaultCode::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let problem = scope.problem(status, fault.code.as_str(), fault.message.clone());
    let problem = match fault.kind {
        Some(kind) => problem.kind(kind),
        None => problem,
    };
    let hint = fault
        .hint
        .clone()
        .unwrap_or_else(|| fault.code.hint().to_owned());
    match status {
        StatusCode::SERVICE_UNAVAILABLE => problem.hint(hint).retry_after(1),
        _ => problem.hint(hint),
    }
}

pub(super) fn timed_out(scope: &Scope<'_>, timeout: Duration) -> Problem {
    let message = format!("the flow did not answer within {} ms", timeout.as_millis());
    scope
        .problem(StatusCode::GATEWAY_TIMEOUT, "reply-timeout", message)
        .hint("answer sooner, or raise replyTimeoutMs of the http-in node")
}
