//! The flow listener: requests in, runs, answers out. The hot path.
//!
//! `http://LISTEN/<instance>/<path>`, or an instance's own host name with its
//! paths at the root. Nothing here parses what no node has asked for, and what
//! it says to strangers names nothing of the inside.

mod answer;
mod cookies;
mod trace_context;

use crate::listener::Answer;
use crate::problem::Problem;
use crate::request_id::RequestId;
use crate::state::AppState;
use axum::response::Response;
use bytes::Bytes;
use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use weft_model::request::RequestHead;
use weft_nodes::http_in::message_from;
use weft_runtime::Instance;
use weft_runtime::routes::{Endpoint, Matched};

/// Answers the requests of one connection.
#[derive(Clone)]
pub struct Traffic {
    state: Arc<AppState>,
    peer: IpAddr,
}

impl Traffic {
    /// For a connection from `peer`.
    pub fn new(state: Arc<AppState>, peer: SocketAddr) -> Self {
        Traffic {
            state,
            peer: peer.ip(),
        }
    }
}

impl Answer for Traffic {
    async fn answer(&self, request: Request<Incoming>) -> Response {
        let id = RequestId::from_headers(request.headers());
        let answered = self.run(request, &id).await;
        let mut response = answered.unwrap_or_else(|problem| problem.into_response_for(&id));
        response
            .headers_mut()
            .insert("x-request-id", id.header_value());
        response
    }
}

/// A request, and the instance that it is for.
struct Addressed {
    instance: Arc<Instance>,
    /// The path below the instance, as it came.
    path: String,
    /// The instance lies under a path of this listener, not at a host of its own.
    under_path: bool,
}

impl Traffic {
    async fn run(&self, request: Request<Incoming>, id: &RequestId) -> Result<Response, Problem> {
        let (mut parts, body) = request.into_parts();
        let Addressed {
            instance,
            path,
            under_path,
        } = self.address(&parts).ok_or_else(not_found)?;
        let (endpoint, params) = match instance.find(&parts.method, &path) {
            Matched::Endpoint(endpoint, params) => (endpoint, params),
            Matched::OtherMethods(allowed) => return Err(Problem::method_not_allowed(&allowed)),
            Matched::Nothing => return Err(not_found()),
        };
        let timeout = endpoint.http_in.reply_timeout();
        let answered = async {
            let body = read_body(body, &parts.headers, &endpoint).await?;
            trace_context::hand_on(&mut parts.headers);
            let query = parts.uri.query().unwrap_or_default().to_owned();
            let (method, headers) = (parts.method, parts.headers);
            let head = RequestHead {
                method,
                path,
                query,
                params,
                headers,
                ip: Some(self.peer),
            };
            let message = message_from(&endpoint.http_in, head, body).map_err(bad_body)?;
            let caller = endpoint.flow.call(endpoint.node, message);
            let run = caller.run_id();
            Ok((run, caller.await))
        };
        let scope = answer::Scope {
            endpoint: &endpoint,
            instance: &instance,
            under_path,
        };
        match tokio::time::timeout(timeout, answered).await {
            Ok(Ok((run, answer))) => answer::response(&scope, run, answer),
            Ok(Err(problem)) => Err(problem),
            Err(_) => {
                tracing::info!(request = %id, flow = %endpoint.flow.flow(), "no answer in time");
                Err(answer::timed_out(&scope, timeout))
            }
        }
    }

    fn address(&self, parts: &Parts) -> Option<Addressed> {
        let path = parts.uri.path();
        if let Some(instance) =
            host_name(parts).and_then(|host| self.state.host.instance_at_host(&host))
        {
            return Some(Addressed {
                instance,
                path: path.to_owned(),
                under_path: false,
            });
        }
        let (name, rest) = match path.strip_prefix('/')?.split_once('/') {
            Some((name, rest)) => (name, format!("/{rest}")),
            None => (&path[1..], "/".to_owned()),
        };
        let instance = self.state.host.instance(name)?;
        Some(Addressed {
            instance,
            path: rest,
            under_path: true,
        })
    }
}

/// The host name that the client asked for, without port and in lower case. An
/// address, or `localhost` itself, is no name of an instance.
fn host_name(parts: &Parts) -> Option<String> {
    let host = match parts.uri.host() {
        Some(host) => host,
        None => parts.headers.get(HOST)?.to_str().ok()?,
    };
    let host = host
        .rsplit_once(':')
        .map_or(host, |(name, _port)| name)
        .trim_end_matches('.');
    let is_name = host.bytes().any(|b| b.is_ascii_alphabetic())
        && host.contains('.')
        && !host.starts_with('[');
    is_name.then(|| host.to_ascii_lowercase())
}

fn not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not-found",
        "nothing answers at this address",
    )
    .hint("check instance name and path; a flow answers once it is deployed and enabled")
}

async fn read_body(
    body: Incoming,
    headers: &HeaderMap,
    endpoint: &Endpoint,
) -> Result<Bytes, Problem> {
    let limit = endpoint.http_in.max_body_bytes();
    let too_large = || {
        let message = format!("the body is larger than {limit} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", message)
            .hint("send less, or raise maxBodyBytes of the http-in node")
    };
    let announced = headers.get(http::header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "body-broken",
            "the body ended early",
        )
        .hint("send as many bytes as Content-Length says")),
    }
}

fn bad_body(bad: weft_nodes::http_in::BadBody) -> Problem {
    Problem::new(bad.status(), "bad-body", bad.to_string()).hint(bad.hint())
}
