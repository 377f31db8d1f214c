//! `http-response`: answers the request that started the run.

use crate::cookies;
use crate::loose;
use crate::node_type::{Definition, invalid_config};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use weft_model::descriptor::{Descriptor, Port, Requests};
use weft_model::node::{Effects, Outcome, Reply};
use weft_model::problem::Problem;
use weft_model::validate::NodeFacts;
use weft_model::{Fault, FaultCode, Message, Value};

/// Headers that belong to the connection (RFC 9110 §7.6.1) or follow from the
/// body. A flow does not set them.
const NOT_FOR_FLOWS: [&str; 10] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The config of an `http-response` node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The status; left out, that of the message, or 200.
    #[schemars(range(min = 200, max = 599))]
    status_code: Option<u16>,
    /// Headers; those of the message fill the gaps.
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

const DOCUMENTATION: &str = "\
Answers the request that started the run. The first answer counts; a second is the error `already-replied`.

| field | default | meaning |
|---|---|---|
| `statusCode` | none | the status, 200 to 599; left out, `msg.statusCode`, or 200 |
| `headers` | none | headers; `msg.headers` fills the gaps |

`msg.payload` is the body: objects, lists and null as JSON (`application/json; charset=utf-8`), text, numbers and \
booleans as text (`text/html; charset=utf-8`), bytes as they are (`application/octet-stream`), absent as nothing. A \
`content-type` of your own goes first (a `text/…` gets `charset=utf-8` if it names none). `msg.headers` is `{name: value}`; a list gives several headers. Headers that \
belong to the connection, and `content-length`, are left out.

`msg.cookies` is `{name: value}`: a value, null to clear the cookie, or `{value, path, domain, maxAge, expires, \
httpOnly, secure, sameSite}` (`maxAge` in milliseconds; `path` is `/` if left out).";

/// An `http-response` node.
pub struct HttpResponse {
    status: Option<StatusCode>,
    headers: HeaderMap,
}

impl Definition for HttpResponse {
    type Config = Config;

    fn describe() -> Descriptor {
        Descriptor {
            node_type: "http-response".into(),
            name: "HTTP response".into(),
            summary: "Answers the request that started the run.".into(),
            documentation: DOCUMENTATION.into(),
            category: "answer".into(),
            icon: "reply".into(),
            color: "#4a8fb5".into(),
            input: Some(Port::labelled("message")),
            outputs: Vec::new(),
            config_schema: serde_json::Value::Null,
            requests: Requests::default(),
        }
    }

    fn compile(config: Config, _: &str) -> Result<Self, Vec<Problem>> {
        let (mut headers, mut problems) = (HeaderMap::new(), Vec::new());
        for (name, value) in &config.headers {
            let pointer = || {
                format!(
                    "/config/headers/{}",
                    name.replace('~', "~0").replace('/', "~1")
                )
            };
            match (
                HeaderName::try_from(name.as_str()),
                HeaderValue::try_from(value),
            ) {
                (Ok(known), _) if NOT_FOR_FLOWS.contains(&known.as_str()) => {
                    let message =
                        format!("header {name:?} belongs to the connection, not to the flow");
                    problems.push(invalid_config(pointer(), message, "remove it"));
                }
                (Ok(name), Ok(value)) => {
                    headers.append(name, value);
                }
                _ => {
                    let message =
                        format!("header {name:?} has a name or value that HTTP does not allow");
                    let hint = "names are tokens, values hold no line breaks (RFC 9110 §5)";
                    problems.push(invalid_config(pointer(), message, hint));
                }
            }
        }
        match problems.is_empty() {
            true => Ok(HttpResponse {
                status: config
                    .status_code
                    .and_then(|n| StatusCode::from_u16(n).ok()),
                headers,
            }),
            false => Err(problems),
        }
    }

    fn facts(&self) -> NodeFacts {
        NodeFacts {
            has_input: true,
            replies: true,
            ..NodeFacts::default()
        }
    }

    fn on_message(&self, mut message: Message, _: &dyn Effects) -> Result<Outcome, Fault> {
        let status = match self.status {
            Some(status) => status,
            None => status(message.get("statusCode"))?,
        };
        let mut headers = self.headers.clone();
        if let Some(more) = message.get("headers") {
            add_headers(&mut headers, more)?;
        }
        if let Some(cookies) = message.get("cookies") {
            add_cookies(&mut headers, cookies)?;
        }
        let body = match status {
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => {
                Bytes::new()
            }
            _ => add_body(&mut headers, &mut message),
        };
        Ok(Outcome {
            reply: Some(Reply {
                status,
                headers,
                body,
            }),
            ..Outcome::default()
        })
    }
}

fn invalid(message: String, hint: &str) -> Fault {
    Fault::new(FaultCode::InvalidMessage, message).hint(hint)
}

fn status(value: Option<&Value>) -> Result<StatusCode, Fault> {
    let value = match value {
        None | Some(Value::Null) => return Ok(StatusCode::OK),
        Some(Value::String(text)) if text.is_empty() => return Ok(StatusCode::OK),
        Some(value) => value,
    };
    let number = loose::to_number(Some(value));
    let code = (200.0..600.0).contains(&number).then_some(number as u16);
    let whole = code.filter(|code| f64::from(*code) == number);
    whole
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| {
            let shown: String = loose::to_text(value).chars().take(40).collect();
            invalid(
                format!("msg.statusCode is {shown:?}, which is no status of an answer"),
                "set it to a whole number from 200 to 599",
            )
        })
}

/// Add a message's headers where the config has none of the name.
fn add_headers(headers: &mut HeaderMap, more: &Value) -> Result<(), Fault> {
    let fields = match more {
        Value::Null => return Ok(()),
        Value::Object(fields) => fields,
        _ => {
            let message = "msg.headers is no object of header names and values".to_owned();
            return Err(invalid(message, "set it to an object, or delete it"));
        }
    };
    let own: Vec<HeaderName> = headers.keys().cloned().collect();
    for (name, value) in fields {
        let bad = || {
            let shown: String = name.chars().take(64).collect();
            invalid(
                format!("msg.headers has {shown:?}, whose name or value HTTP does not allow"),
                "names are tokens, values are text without line breaks (RFC 9110 §5)",
            )
        };
        let known = HeaderName::try_from(name.as_str()).map_err(|_| bad())?;
        if NOT_FOR_FLOWS.contains(&known.as_str()) || own.contains(&known) {
            continue;
        }
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            match value {
                Value::Null => {}
                Value::Array(_) | Value::Object(_) | Value::Bytes(_) => return Err(bad()),
                value => {
                    let value = HeaderValue::from_str(&loose::to_text(value)).map_err(|_| bad())?;
                    headers.append(known.clone(), value);
                }
            }
        }
    }
    Ok(())
}

fn add_cookies(headers: &mut HeaderMap, cookies: &Value) -> Result<(), Fault> {
    let fields = match cookies {
        Value::Null => return Ok(()),
        Value::Object(fields) => fields,
        _ => {
            let message = "msg.cookies is no object of cookie names and values".to_owned();
            return Err(invalid(message, "set it to an object, or delete it"));
        }
    };
    for (name, value) in fields {
        let header = cookies::set_cookie(name, value).map_err(|error| {
            let hint = "see the node's documentation for what a cookie may have";
            invalid(error.to_string(), hint)
        })?;
        headers.append(SET_COOKIE, header);
    }
    Ok(())
}

/// The body, and its content type if there is none yet. JSON that nobody has
/// looked into goes out as it came.
fn add_body(headers: &mut HeaderMap, message: &mut Message) -> Bytes {
    const JSON: &str = "application/json; charset=utf-8";
    let mut say = |content_type| {
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(content_type));
    };
    if let Some(raw) = message
        .raw_json("payload")
        .filter(|raw| holds_json_only(raw))
    {
        say(JSON);
        return raw.clone();
    }
    match message.remove("payload") {
        None => Bytes::new(),
        Some(Value::Bytes(bytes)) => {
            say("application/octet-stream");
            bytes
        }
        Some(value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => {
            say("text/html; charset=utf-8");
            add_charset(headers);
            match value {
                Value::String(text) => text.into(),
                value => loose::to_text(&value).into_owned().into(),
            }
        }
        Some(value) => {
            say(JSON);
            value.to_plain_json().to_string().into()
        }
    }
}

/// Say that text is UTF-8, where the flow gave a text type without a charset.
fn add_charset(headers: &mut HeaderMap) {
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let Some(given) = given.filter(|v| v.starts_with("text/") && !v.contains("charset")) else {
        return;
    };
    if let Ok(full) = HeaderValue::try_from(format!("{given}; charset=utf-8")) {
        headers.insert(CONTENT_TYPE, full);
    }
}

/// True for objects, lists and null; other JSON text would go out as text.
fn holds_json_only(raw: &[u8]) -> bool {
    let first = raw.iter().find(|b| !b.is_ascii_whitespace());
    first.is_some_and(|b| b"{[n".contains(b))
}
