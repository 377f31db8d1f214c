//! Requests as messages.

use crate::support::{Shelf, document, refusal, shown, spec};
use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value as Json, json};
use weft_model::request::RequestHead;
use weft_model::validate::{Catalog, Source};
use weft_nodes::Palette;
use weft_nodes::http_in::{BadBody, HttpIn, message_from};
use weft_nodes::node_type::compile;

fn node(body: &str) -> HttpIn {
    compile(&spec(
        "http-in",
        json!({ "path": "/x", "method": "POST", "body": body }),
    ))
    .unwrap()
}

fn payload(
    mode: &str,
    method: Method,
    content_type: &str,
    body: &'static [u8],
) -> Result<Json, BadBody> {
    let mut headers = HeaderMap::new();
    if !content_type.is_empty() {
        headers.insert("content-type", content_type.parse().unwrap());
    }
    let head = RequestHead {
        method,
        path: "/x".into(),
        query: "q=1".into(),
        params: vec![],
        headers,
        ip: None,
    };
    let message = message_from(&node(mode), head, Bytes::from_static(body))?;
    let shown = shown(&message);
    assert_eq!(shown["req"]["query"], json!({ "q": "1" }));
    Ok(shown.get("payload").cloned().unwrap_or(json!("absent")))
}

#[test]
fn a_body_is_read_as_its_content_type_says() {
    let bytes = |text: &str| json!({ "$bytes": text });
    let cases: [(Method, &str, &[u8], Json); 22] = [
        (Method::GET, "", b"", json!({"q":"1"})),
        (Method::DELETE, "application/json", b"", json!({"q":"1"})),
        (Method::GET, "application/json", b"[1]", json!([1])),
        (Method::POST, "", b"", json!("absent")),
        (Method::POST, "application/json", b"", json!("absent")),
        (
            Method::POST,
            "application/json",
            b"{\"a\":1}",
            json!({"a":1}),
        ),
        (
            Method::POST,
            "Application/JSON; charset=utf-8",
            b"null",
            json!(null),
        ),
        (
            Method::POST,
            "application/vnd.api+json",
            b"\"x\"",
            json!("x"),
        ),
        (
            Method::POST,
            "application/json",
            b"{\"$bytes\":1}",
            json!({"$$bytes":1}),
        ),
        (
            Method::POST,
            "application/x-www-form-urlencoded",
            b"a[b]=1&l[]=x",
            json!({"a":{"b":"1"},"l":["x"]}),
        ),
        (
            Method::POST,
            "text/plain",
            "grüße".as_bytes(),
            json!("grüße"),
        ),
        (Method::POST, "text/plain", b"", json!("")),
        (
            Method::POST,
            "text/csv; header=present",
            b"a,b",
            json!("a,b"),
        ),
        (Method::POST, "image/xml", b"<a/>", json!("<a/>")),
        (Method::POST, "", b"plain", json!("plain")),
        (
            Method::POST,
            "application/octet-stream",
            b"abc",
            bytes("YWJj"),
        ),
        (Method::POST, "application/cbor", b"abc", bytes("YWJj")),
        (
            Method::POST,
            "application/x-protobuf",
            b"abc",
            bytes("YWJj"),
        ),
        (Method::POST, "image/png", b"abc", bytes("YWJj")),
        (Method::POST, "application/javascript", b"abc", json!("abc")),
        (Method::POST, "application/pdf", b"\xff\xfe", bytes("//4=")),
        (
            Method::POST,
            "multipart/form-data; boundary=x",
            b"--x",
            bytes("LS14"),
        ),
    ];
    for (method, content_type, body, expected) in cases {
        let found = payload("auto", method.clone(), content_type, body);
        assert_eq!(found, Ok(expected), "{method} {content_type} {body:?}");
    }
}

#[test]
fn a_body_mode_overrides_the_content_type() {
    for (mode, body, expected) in [
        ("json", &b"[1]"[..], json!([1])),
        ("text", b"[1]", json!("[1]")),
        ("bytes", b"[1]", json!({ "$bytes": "WzFd" })),
        ("form", b"a=1", json!({ "a": "1" })),
    ] {
        assert_eq!(
            payload(mode, Method::POST, "image/png", body),
            Ok(expected),
            "{mode}"
        );
    }
}

#[test]
fn a_body_that_is_not_what_it_should_be_is_the_callers_fault() {
    let status = |mode, content_type, body| {
        let error = payload(mode, Method::POST, content_type, body).unwrap_err();
        (error.status().as_u16(), error.to_string())
    };
    let (code, text) = status("auto", "application/json", b"{\n  oops}");
    assert!(code == 400 && text.contains("line 2 column 3"), "{text}");
    let (code, text) = status("auto", "application/json", b"\"\xff\"");
    assert!(code == 400 && text.contains("UTF-8"), "{text}");
    let (code, text) = status("auto", "text/plain", b"ab\xff");
    assert!(code == 400 && text.contains("byte 2"), "{text}");
    assert_eq!(status("auto", "", b"\xff").0, 400);
    assert_eq!(status("json", "", b"").0, 400);
    let many: &'static [u8] = Box::leak("a=1&".repeat(2_000).into_bytes().into_boxed_slice());
    assert_eq!(status("form", "", many).0, 413);
}

#[test]
fn a_big_json_body_is_not_parsed_on_its_way() {
    let head = RequestHead {
        method: Method::POST,
        path: "/x".into(),
        query: String::new(),
        params: vec![],
        headers: HeaderMap::new(),
        ip: None,
    };
    let body = Bytes::from_static(b" {\"a\": [1, 2]} ");
    let message = message_from(&node("json"), head, body.clone()).unwrap();
    assert_eq!(message.raw_json("payload"), Some(&body));
}

#[test]
fn a_node_says_what_it_answers() {
    let palette = Palette::builtin();
    let shelf = Shelf::default();
    let facts = |config: Json| {
        palette
            .catalog(&shelf)
            .check(&document("http-in", config))
            .unwrap()
    };
    let Some(Source::Http(route)) = facts(json!({ "path": "/u/:id/*rest" })).source else {
        panic!("no route");
    };
    assert_eq!(
        (route.method, route.path.as_str()),
        (Some(Method::GET), "/u/:id/*rest")
    );
    let any = facts(json!({ "path": "/", "method": "*" }));
    assert!(matches!(any.source, Some(Source::Http(route)) if route.method.is_none()));
    assert!(!any.has_input && any.outputs == 1);

    let node: HttpIn = compile(&spec("http-in", json!({ "path": "/" }))).unwrap();
    assert_eq!(
        (node.max_body_bytes(), node.reply_timeout().as_millis()),
        (1 << 20, 30_000)
    );
}

#[test]
fn what_can_not_be_answered_is_refused() {
    assert_eq!(
        refusal("http-in", json!({ "path": "x" }))[0].0,
        "/config/path"
    );
    let all = refusal(
        "http-in",
        json!({ "method": "get", "maxBodyBytes": 1u64 << 40, "replyTimeoutMs": 0 }),
    );
    let mut places: Vec<_> = all.iter().map(|p| p.0.as_str()).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "/config",
            "/config/maxBodyBytes",
            "/config/method",
            "/config/replyTimeoutMs"
        ],
        "{all:?}"
    );
    assert!(all.iter().any(|p| p.1.contains("\"path\"")), "{all:?}");
}
