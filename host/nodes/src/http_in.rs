//! `http-in`: starts a run for each request that matches.

mod body;
mod path;

use crate::node_type::{Definition, invalid_config};
use bytes::Bytes;
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;
use weft_model::descriptor::{Descriptor, Port, Requests};
use weft_model::node::{Effects, Outcome};
use weft_model::problem::Problem;
use weft_model::request::RequestHead;
use weft_model::validate::{NodeFacts, Route, Source};
use weft_model::{Fault, Message};

pub use body::BadBody;

/// The config of an `http-in` node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The method, or `*` for any.
    #[serde(default)]
    method: MethodName,
    /// The path below the instance: `/users/:id`, `/files/*rest`.
    #[schemars(length(min = 1, max = 1024))]
    path: String,
    /// How the body is read.
    #[serde(default)]
    body: BodyMode,
    /// Largest body in bytes.
    #[serde(default = "one_mebibyte")]
    #[schemars(range(min = 0, max = 67_108_864))]
    max_body_bytes: usize,
    /// How long the caller waits for an answer, in milliseconds.
    #[serde(default = "thirty_seconds")]
    #[schemars(range(min = 1, max = 600_000))]
    reply_timeout_ms: u64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schemars(inline)]
enum MethodName {
    #[default]
    Get,
    Post,
    Put,
    Delete,
    Patch,
    Head,
    Options,
    #[serde(rename = "*")]
    Any,
}

/// How the body of a request is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum BodyMode {
    /// As its content type says.
    #[default]
    Auto,
    /// As JSON.
    Json,
    /// As UTF-8 text.
    Text,
    /// As it came.
    Bytes,
    /// As a form.
    Form,
}

fn one_mebibyte() -> usize {
    1 << 20
}

fn thirty_seconds() -> u64 {
    30_000
}

const DOCUMENTATION: &str = "\
Starts a run for each request that matches, and lets an `http-response` node answer it.

| field | default | meaning |
|---|---|---|
| `method` | `GET` | `GET` `POST` `PUT` `DELETE` `PATCH` `HEAD` `OPTIONS`, or `*` for any |
| `path` | — | the path below the instance; `:name` stands for one part, `*name` at the end for all the rest |
| `body` | `auto` | `auto`, `json`, `text`, `bytes` or `form` |
| `maxBodyBytes` | 1048576 | largest body in bytes, at most 67108864 |
| `replyTimeoutMs` | 30000 | how long the caller waits for an answer, in milliseconds, at most 600000 |

The message has a `payload` and `req`: `{method, url, path, query, params, headers, ip}`.

A GET, HEAD or DELETE without a body has its query as payload. Else `auto` reads JSON (`application/json`, `…+json`), \
forms (`application/x-www-form-urlencoded`, names like `a[b]` and `a[]` nest), text (`text/*`, `…/xml`, no content \
type) as UTF-8, other `application/*` as text if it is UTF-8, and everything else as bytes. A body that is not what it \
should be is answered with 400, and no run starts. Take `bytes` to check a signature over the body.";

/// An `http-in` node: what it answers, and how it reads requests.
#[derive(Clone, Debug)]
pub struct HttpIn {
    route: Route,
    body: BodyMode,
    max_body_bytes: usize,
    reply_timeout: Duration,
}

impl Definition for HttpIn {
    type Config = Config;

    fn describe() -> Descriptor {
        Descriptor {
            node_type: "http-in".into(),
            name: "HTTP in".into(),
            summary: "Starts a run for each request that matches.".into(),
            documentation: DOCUMENTATION.into(),
            category: "entry".into(),
            icon: "globe".into(),
            color: "#4a8fb5".into(),
            input: None,
            outputs: vec![Port::labelled("request")],
            config_schema: serde_json::Value::Null,
            requests: Requests::default(),
        }
    }

    fn compile(config: Config, _: &str) -> Result<Self, Vec<Problem>> {
        path::check(&config.path).map_err(|error| {
            vec![invalid_config(
                "/config/path",
                error.to_string(),
                path::HINT,
            )]
        })?;
        Ok(HttpIn {
            route: Route {
                method: config.method.method(),
                path: config.path,
            },
            body: config.body,
            max_body_bytes: config.max_body_bytes,
            reply_timeout: Duration::from_millis(config.reply_timeout_ms),
        })
    }

    fn facts(&self) -> NodeFacts {
        NodeFacts {
            outputs: 1,
            source: Some(Source::Http(self.route.clone())),
            ..NodeFacts::default()
        }
    }

    fn on_message(&self, message: Message, _: &dyn Effects) -> Result<Outcome, Fault> {
        Ok(Outcome::send(message))
    }
}

impl HttpIn {
    /// The requests it answers.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// Largest body in bytes.
    pub fn max_body_bytes(&self) -> usize {
        self.max_body_bytes
    }

    /// How long the caller waits for an answer.
    pub fn reply_timeout(&self) -> Duration {
        self.reply_timeout
    }
}

/// The message with which a run starts.
///
/// # Errors
/// The body is not what it should be; the caller is to be told.
pub fn message_from(node: &HttpIn, head: RequestHead, body: Bytes) -> Result<Message, BadBody> {
    let mut message = Message::new();
    body::read(node.body, &head, body)?.put_into(&mut message);
    message.set_request(head);
    Ok(message)
}

impl MethodName {
    fn method(self) -> Option<Method> {
        Some(match self {
            MethodName::Get => Method::GET,
            MethodName::Post => Method::POST,
            MethodName::Put => Method::PUT,
            MethodName::Delete => Method::DELETE,
            MethodName::Patch => Method::PATCH,
            MethodName::Head => Method::HEAD,
            MethodName::Options => Method::OPTIONS,
            MethodName::Any => return None,
        })
    }
}
