//! Messages as HTTP requests, and HTTP responses as messages.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Request, Uri, response};
use weft_model::json;
use weft_model::message::Message;
use weft_model::value::{Object, Value};

/// Headers of one connection, not of the message (RFC 9110 §7.6.1), and those
/// that depend on the body, which is made anew.
const NOT_PASSED_ON: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Where a handler is told to be, if the message does not say.
const NO_HOST: &str = "localhost";

/// A message that no request can be made of; the text says why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoRequest(String);

/// The request that a message asks for.
///
/// # Errors
/// `method` or `url` can't be used.
pub(crate) fn request(message: &Message) -> Result<Request<Bytes>, NoRequest> {
    let from = Lookup {
        message,
        request: message.get("req").and_then(Value::as_object),
    };
    let method = match from.field("method").and_then(Value::as_str) {
        None => Method::POST,
        Some(name) => name
            .to_ascii_uppercase()
            .parse()
            .map_err(|_| NoRequest(format!("method {name:?} is not an HTTP method")))?,
    };
    let (path, authority) = target(from.field("url").and_then(Value::as_str).unwrap_or("/"))?;
    let (body, body_type) = body(message);

    let mut request = Request::new(body);
    let headers = request.headers_mut();
    if let Some(fields) = from.field("headers").and_then(Value::as_object) {
        pass_on(fields, headers);
    }
    if !headers.contains_key(HOST) {
        let host = authority.as_deref().unwrap_or(NO_HOST);
        headers.insert(HOST, header_value(host)?);
    }
    if let Some(body_type) = body_type.filter(|_| !headers.contains_key(CONTENT_TYPE)) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(body_type));
    }
    let length = request.body().len();
    request.headers_mut().insert(CONTENT_LENGTH, length.into());
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from(path);
    Ok(request)
}

struct Lookup<'a> {
    message: &'a Message,
    request: Option<&'a Object>,
}

impl<'a> Lookup<'a> {
    /// The message's own field before that of the request it came from.
    fn field(&self, name: &str) -> Option<&'a Value> {
        let own = self.message.get(name);
        own.or_else(|| self.request?.get(name))
    }
}

fn target(url: &str) -> Result<(PathAndQuery, Option<String>), NoRequest> {
    let uri: Uri = url
        .parse()
        .map_err(|error| NoRequest(format!("url {url:?} can't be used: {error}")))?;
    let authority = uri.authority().map(|authority| authority.host().to_owned());
    let path = uri.path_and_query().cloned();
    Ok((path.unwrap_or(PathAndQuery::from_static("/")), authority))
}

fn header_value(text: &str) -> Result<HeaderValue, NoRequest> {
    text.parse()
        .map_err(|_| NoRequest(format!("{text:?} can't stand in a header")))
}

/// What can't be a header is left out.
fn pass_on(fields: &Object, headers: &mut HeaderMap) {
    for (name, value) in fields {
        let Ok(name) = name.parse::<HeaderName>() else {
            continue;
        };
        if NOT_PASSED_ON.contains(&name.as_str()) {
            continue;
        }
        let values = match value {
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values.iter().filter_map(header_text) {
            if let Ok(value) = value.parse() {
                headers.append(name.clone(), value);
            }
        }
    }
}

fn header_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_plain_json().to_string()),
        _ => None,
    }
}

/// The body, and its type if the message gives none.
fn body(message: &Message) -> (Bytes, Option<&'static str>) {
    const JSON: Option<&str> = Some("application/json");
    if let Some(raw) = message.raw_json("payload")
        && raw.starts_with(b"{") | raw.starts_with(b"[")
    {
        return (raw.clone(), JSON);
    }
    match message.payload() {
        None | Some(Value::Null) => (Bytes::new(), None),
        Some(Value::Bytes(bytes)) => (bytes.clone(), Some("application/octet-stream")),
        Some(Value::String(text)) => (text.clone().into(), Some("text/plain; charset=utf-8")),
        Some(other) => (other.to_plain_json().to_string().into(), JSON),
    }
}

/// Put a response into the message: `statusCode`, `headers`, `payload`.
pub(crate) fn set_response(message: &mut Message, head: &response::Parts, body: Bytes) {
    message.set("statusCode", i64::from(head.status.as_u16()));
    message.set("headers", Value::Object(header_fields(&head.headers)));
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let media_type = content_type.unwrap_or_default().split(';').next();
    let media_type = media_type.unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = media_type == "application/json" || media_type.ends_with("+json");
    if is_json && let Ok(checked) = json::check_plain(body.clone()) {
        return message.set_checked("payload", checked);
    }
    let is_text = media_type.starts_with("text/");
    match std::str::from_utf8(&body) {
        Ok(text) if is_text => message.set("payload", text),
        _ => message.set("payload", body),
    }
}

/// Several values of a name are joined by `, ` (RFC 9110 §5.3), except cookies,
/// which become an array.
fn header_fields(headers: &HeaderMap) -> Object {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let field = |name: &HeaderName| {
        let values = headers.get_all(name).iter().map(text);
        match name == http::header::SET_COOKIE {
            true => Value::Array(values.map(Value::String).collect()),
            false => Value::String(values.collect::<Vec<_>>().join(", ")),
        }
    };
    headers
        .keys()
        .map(|name| (name.as_str().to_owned(), field(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_model::message::Encoded;

    fn message(head: &str) -> Message {
        let head = head.into();
        Message::decode(
            Encoded {
                head,
                blobs: vec![],
            },
            &"m".into(),
        )
        .unwrap()
    }

    #[test]
    fn the_messages_own_fields_come_before_those_of_its_request() {
        let request = request(&message(
            r#"{"payload":{"a":1},"method":"put","req":{"method":"GET","url":"/x?y=1",
               "headers":{"host":"h.test","content-length":"99","x-a":["1","2"],"connection":"close"}}}"#,
        ))
        .unwrap();
        assert_eq!(request.method(), Method::PUT);
        assert_eq!(request.uri(), "/x?y=1");
        assert_eq!(request.headers()[HOST], "h.test");
        assert_eq!(request.headers()[CONTENT_LENGTH], "7");
        assert_eq!(request.headers().get_all("x-a").iter().count(), 2);
        assert!(!request.headers().contains_key("connection"));
        assert_eq!(request.body(), r#"{"a":1}"#);
    }

    #[test]
    fn a_message_without_hints_posts_to_the_root() {
        let request = request(&message(r#"{"payload":"hi"}"#)).unwrap();
        assert_eq!(
            (request.method(), request.uri().path()),
            (&Method::POST, "/")
        );
        assert_eq!(request.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(request.body(), "hi");
    }

    #[test]
    fn a_url_that_is_none_is_the_messages_fault() {
        let refused = request(&message(r#"{"url":"http://[x"}"#)).unwrap_err();
        assert!(refused.to_string().contains("http://[x"), "{refused}");
    }

    #[test]
    fn a_response_keeps_the_messages_other_fields() {
        for (media_type, body, payload) in [
            ("text/plain", "hi", Value::from("hi")),
            ("application/json", "[1]", Value::Array(vec![1i64.into()])),
            ("application/json", "[1", Bytes::from("[1").into()),
            ("image/png", "x", Bytes::from("x").into()),
        ] {
            let mut message = message(r#"{"topic":"t","payload":1}"#);
            let response = http::Response::builder()
                .status(201)
                .header("content-type", media_type)
                .header("set-cookie", "a=1")
                .body(())
                .unwrap();
            set_response(&mut message, &response.into_parts().0, body.into());
            assert_eq!(message.get("topic"), Some(&"t".into()));
            assert_eq!(message.get("statusCode"), Some(&201i64.into()));
            assert_eq!(message.payload(), Some(&payload), "{media_type}");
            let headers = message.get("headers").and_then(Value::as_object).unwrap();
            assert_eq!(headers["set-cookie"], Value::Array(vec!["a=1".into()]));
        }
    }
}
