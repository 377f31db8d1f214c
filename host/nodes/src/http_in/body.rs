//! A request's body as a message's payload.

use super::BodyMode;
use crate::form;
use bytes::Bytes;
use http::{Method, StatusCode, header};
use weft_model::json::{self, Checked, JsonError};
use weft_model::request::RequestHead;
use weft_model::{Message, Value};

/// A body that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBody {
    /// Broken JSON.
    #[error("the body is not JSON: {0}")]
    Json(JsonError),
    /// Text that is not UTF-8.
    #[error("the body is not UTF-8 text: invalid at byte {at}")]
    NotUtf8 {
        /// The first byte that is wrong, counted from 0.
        at: usize,
    },
    /// A form with too many fields.
    #[error("{0}")]
    Form(String),
}

impl BadBody {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            BadBody::Json(_) | BadBody::NotUtf8 { .. } => StatusCode::BAD_REQUEST,
            BadBody::Form(_) => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    /// How to mend the request.
    pub fn hint(&self) -> &'static str {
        match self {
            BadBody::Json(_) => "send valid JSON, or another content-type",
            BadBody::NotUtf8 { .. } => "send UTF-8, or content-type application/octet-stream",
            BadBody::Form(_) => "send fewer fields, or JSON",
        }
    }
}

/// What a body turned out to be.
pub(super) enum Payload {
    Absent,
    Value(Value),
    Json(Checked),
}

impl Payload {
    pub(super) fn put_into(self, message: &mut Message) {
        match self {
            Payload::Absent => {}
            Payload::Value(value) => message.set("payload", value),
            Payload::Json(checked) => message.set_checked("payload", checked),
        }
    }
}

/// Read a body.
pub(super) fn read(mode: BodyMode, head: &RequestHead, body: Bytes) -> Result<Payload, BadBody> {
    let bodiless = [Method::GET, Method::HEAD, Method::DELETE].contains(&head.method);
    if bodiless && body.is_empty() {
        return Ok(Payload::Value(head.query_value()));
    }
    match mode {
        BodyMode::Json => json(body),
        BodyMode::Text => text(body),
        BodyMode::Bytes => Ok(Payload::Value(Value::Bytes(body))),
        BodyMode::Form => form(&body),
        BodyMode::Auto => by_content_type(head, body),
    }
}

fn by_content_type(head: &RequestHead, body: Bytes) -> Result<Payload, BadBody> {
    let full = head.headers.get(header::CONTENT_TYPE);
    let full = full
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = full.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/').unwrap_or((essence.as_str(), ""));
    let is_json = essence == "application/json" || subtype.ends_with("+json");
    match (kind, subtype) {
        _ if body.is_empty() && (is_json || kind.is_empty()) => Ok(Payload::Absent),
        _ if is_json => json(body),
        ("application", "x-www-form-urlencoded") => form(&body),
        ("" | "text", _) | (_, "xml") => text(body),
        ("application", "octet-stream" | "cbor" | "x-protobuf") => {
            Ok(Payload::Value(Value::Bytes(body)))
        }
        ("application", _) => match std::str::from_utf8(&body) {
            Ok(text) => Ok(Payload::Value(text.into())),
            Err(_) => Ok(Payload::Value(Value::Bytes(body))),
        },
        _ => Ok(Payload::Value(Value::Bytes(body))),
    }
}

fn json(body: Bytes) -> Result<Payload, BadBody> {
    json::check_plain(body)
        .map(Payload::Json)
        .map_err(BadBody::Json)
}

fn text(body: Bytes) -> Result<Payload, BadBody> {
    match String::from_utf8(body.into()) {
        Ok(text) => Ok(Payload::Value(Value::String(text))),
        Err(error) => Err(BadBody::NotUtf8 {
            at: error.utf8_error().valid_up_to(),
        }),
    }
}

fn form(body: &[u8]) -> Result<Payload, BadBody> {
    form::parse(body)
        .map(Payload::Value)
        .map_err(|error| BadBody::Form(error.to_string()))
}
