//! `http-response`: what a message becomes.

use crate::{rules, server, set};
use serde_json::{Value as Json, json};
use weft_tests::Flow;

#[test]
fn the_body_and_its_type_follow_the_payload() {
    let server = server();
    let answer = |id: &str, rule: Json| {
        server.deploy(
            "default",
            &Flow::http(
                id,
                "GET",
                &format!("/{id}"),
                &[("set", "change", rules(&[rule]))],
            ),
        );
        let answer = server.get(&format!("/default/{id}")).expect(200);
        (
            answer.header("content-type").map(str::to_owned),
            answer.body,
        )
    };
    let json_type = Some("application/json; charset=utf-8".to_owned());
    let text_type = Some("text/html; charset=utf-8".to_owned());
    assert_eq!(
        answer(
            "r-object",
            set("payload", r#"{"z":1,"a":[true,null]}"#, "json")
        ),
        (json_type.clone(), br#"{"z":1,"a":[true,null]}"#.to_vec())
    );
    assert_eq!(
        answer("r-null", set("payload", "null", "json")),
        (json_type, b"null".to_vec())
    );
    assert_eq!(
        answer("r-text", set("payload", "hé", "str")),
        (text_type.clone(), "hé".as_bytes().to_vec())
    );
    assert_eq!(
        answer("r-number", set("payload", "4.5", "num")),
        (text_type, b"4.5".to_vec())
    );
    assert_eq!(
        answer("r-bytes", set("payload", "[1,2,255]", "bin")),
        (Some("application/octet-stream".into()), vec![1, 2, 255])
    );
    assert_eq!(
        answer("r-nothing", json!({ "t": "delete", "p": "payload" })).1,
        b""
    );
}

#[test]
fn status_and_headers_of_the_node_go_before_those_of_the_message() {
    let server = server();
    let message = rules(&[
        set("statusCode", "404", "num"),
        set(
            "headers",
            r#"{"x-a":"message","x-b":"message","x-list":["1","2"],"connection":"close, x-a","content-length":"1","transfer-encoding":"chunked"}"#,
            "json",
        ),
    ]);
    let flow = |id: &str, config: Json| {
        Flow::new(id)
            .node("in", "http-in", json!({ "path": format!("/{id}") }))
            .node("set", "change", message.clone())
            .node("out", "http-response", config)
            .chain(&["in", "set", "out"])
    };
    server.deploy("default", &flow("by-message", json!({})));
    server.deploy("default", &flow("by-node", json!({ "statusCode": 201, "headers": { "X-A": "node", "content-type": "text/plain" } })));
    let answer = server.get("/default/by-message").expect(404);
    assert_eq!(
        (answer.header("x-a"), answer.header("x-b")),
        (Some("message"), Some("message"))
    );
    assert_eq!(answer.all("x-list").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(answer.header("transfer-encoding"), None);
    assert_eq!(
        answer.header("content-length").unwrap(),
        answer.body.len().to_string()
    );
    let answer = server.get("/default/by-node").expect(201);
    assert_eq!(
        (answer.header("x-a"), answer.header("x-b")),
        (Some("node"), Some("message"))
    );
    assert_eq!(answer.all("content-type").count(), 1);
}

#[test]
fn a_header_or_status_that_http_does_not_allow_is_an_error_not_an_injection() {
    let server = server();
    for (id, rule) in [
        (
            "h-crlf",
            set("headers", r#"{"x-a":"1\r\nset-cookie: evil=1"}"#, "json"),
        ),
        ("h-name", set("headers", r#"{"x a":"1"}"#, "json")),
        ("h-cookie", set("cookies", r#"{"a":"1\r\nx: y"}"#, "json")),
        ("h-status", set("statusCode", "42", "num")),
        ("h-status-text", set("statusCode", "fine", "str")),
    ] {
        server.deploy(
            "default",
            &Flow::http(
                id,
                "GET",
                &format!("/{id}"),
                &[("set", "change", rules(&[rule]))],
            ),
        );
        let answer = server.get(&format!("/default/{id}"));
        if id == "h-cookie" && answer.status == 200 {
            assert!(
                answer.header("x").is_none() && answer.all("set-cookie").count() == 1,
                "{answer:?}"
            );
            continue;
        }
        assert!(answer.header("set-cookie").is_none());
        let problem = answer.problem(500, "invalid-message");
        assert_eq!(problem["node"], "out", "{problem}");
    }
    let bad_config = Flow::new("h-config")
        .node("in", "http-in", json!({ "path": "/h-config" }))
        .node(
            "out",
            "http-response",
            json!({ "headers": { "x": "a\nb" } }),
        )
        .wire("in", "out");
    let api = server.api();
    api.put("/instances/default/flows/h-config", &bad_config.document())
        .expect(201);
    api.post("/instances/default/flows/h-config/deploy", &json!({}))
        .problem(422, "invalid-flow");
}
