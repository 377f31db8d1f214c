//! Speaks to the management API.

use crate::cli::answer::Answer;
use crate::cli::exchange;
use crate::cli::failure::Failure;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::request::Builder;
use http::{HeaderValue, Method, Request};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::time::Duration;

/// Bound of an exchange: an upload waits for its compilation, perhaps behind others.
const WAIT: Duration = Duration::from_secs(600);

/// A management API, and the right to use it.
pub(crate) struct Client {
    base: String,
    authorization: Option<HeaderValue>,
    hint: String,
}

impl Client {
    /// `hint` is what to do if it does not answer.
    pub(crate) fn new(base: String, authorization: Option<HeaderValue>, hint: String) -> Self {
        Client {
            base,
            authorization,
            hint,
        }
    }

    pub(crate) fn get(&self, path: &str) -> ApiRequest<'_> {
        self.request(Method::GET, path)
    }

    pub(crate) fn put(&self, path: &str) -> ApiRequest<'_> {
        self.request(Method::PUT, path)
    }

    pub(crate) fn post(&self, path: &str) -> ApiRequest<'_> {
        self.request(Method::POST, path)
    }

    pub(crate) fn delete(&self, path: &str) -> ApiRequest<'_> {
        self.request(Method::DELETE, path)
    }

    fn request(&self, method: Method, path: &str) -> ApiRequest<'_> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        ApiRequest {
            client: self,
            request,
            body: None,
        }
    }
}

/// A request that is being put together.
pub(crate) struct ApiRequest<'a> {
    client: &'a Client,
    request: Builder,
    body: Option<Vec<u8>>,
}

impl ApiRequest<'_> {
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn body(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self.header(CONTENT_TYPE, content_type)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().into_bytes())
    }

    /// Send it and read the whole answer.
    ///
    /// # Errors
    /// Also the host's refusal.
    pub(crate) fn send(self) -> Result<Answer, Failure> {
        Answer::read(self.header(ACCEPT, "application/json").run(Some(WAIT))?)
    }

    /// Send it and read a stream of events, for as long as the host goes on.
    ///
    /// # Errors
    /// Also the host's refusal.
    pub(crate) fn stream(self) -> Result<impl BufRead + use<>, Failure> {
        let response = self.header(ACCEPT, "text/event-stream").run(None)?;
        if !response.status().is_success() {
            return Err(Answer::read(response)
                .err()
                .unwrap_or_else(|| Failure::failed("the host answered, but with no events")));
        }
        Ok(BufReader::new(
            response
                .into_body()
                .into_with_config()
                .limit(u64::MAX)
                .reader(),
        ))
    }

    fn run(self, wait: Option<Duration>) -> Result<http::Response<ureq::Body>, Failure> {
        let request = self.request.body(self.body);
        let request = request.map_err(|error| {
            Failure::usage(format!("{} cannot be asked: {error}", self.client.base))
        })?;
        let sent = exchange::send(&exchange::agent(wait), request);
        sent.map_err(|failure| failure.hint(&*self.client.hint))
    }
}
