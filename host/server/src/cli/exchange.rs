//! One blocking HTTP exchange, and how its failure is told.

use crate::cli::failure::Failure;
use http::header::EXPECT;
use http::{HeaderValue, Method, Request, Response};
use std::io;
use std::time::Duration;
use ureq::{Agent, Body};

/// Time to connect.
const CONNECT: Duration = Duration::from_secs(10);

/// A body above this many bytes waits until the host wants it, so that a refusal
/// is heard instead of a broken connection.
const LARGE: usize = 1 << 20;

/// An agent that leaves statuses and redirects to the caller. `wait` bounds an
/// exchange as a whole.
pub(crate) fn agent(wait: Option<Duration>) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // The host is reached directly: it often listens on the loopback only.
        .proxy(None)
        .accept_encoding("")
        .user_agent(concat!("weft/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(CONNECT))
        .timeout_global(wait);
    config.build().new_agent()
}

/// Send a request with a body, or with none at all.
pub(crate) fn send(
    agent: &Agent,
    request: Request<Option<Vec<u8>>>,
) -> Result<Response<Body>, Failure> {
    let url = request.uri().to_string();
    let (mut parts, body) = request.into_parts();
    let answered = match body {
        // With no body at all such a request would be sent in chunks.
        None if matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) => {
            agent.run(Request::from_parts(parts, Vec::new()))
        }
        None => agent.run(Request::from_parts(parts, ())),
        Some(body) => {
            if body.len() > LARGE {
                parts
                    .headers
                    .insert(EXPECT, HeaderValue::from_static("100-continue"));
            }
            agent.run(Request::from_parts(parts, body))
        }
    };
    answered.map_err(|error| failure(&url, &error))
}

fn failure(url: &str, error: &ureq::Error) -> Failure {
    use io::ErrorKind::{BrokenPipe, ConnectionReset};
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            Failure::usage(format!("{url} cannot be called: {error}"))
        }
        ureq::Error::Io(io) if matches!(io.kind(), BrokenPipe | ConnectionReset) => {
            Failure::unreachable(format!("{url} closed the connection before it answered"))
        }
        _ => Failure::unreachable(format!("{url} does not answer: {error}")),
    }
}
