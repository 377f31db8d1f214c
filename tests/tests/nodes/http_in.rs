//! `http-in`: what a request becomes.

use crate::{rules, server, set};
use serde_json::{Value as Json, json};
use weft_tests::{Flow, Request};

/// Answers with the whole of what came in.
fn mirror(id: &str, config: Json) -> Flow {
    let show = rules(&[
        set("seen.payload", "payload", "msg"),
        set("seen.req", "req", "msg"),
        set("payload", "seen", "msg"),
    ]);
    Flow::new(id)
        .node("in", "http-in", config)
        .node("show", "change", show)
        .node("out", "http-response", json!({}))
        .chain(&["in", "show", "out"])
}

#[test]
fn a_request_becomes_a_message_with_all_its_parts() {
    let server = server();
    server.deploy(
        "default",
        &mirror(
            "parts",
            json!({ "method": "POST", "path": "/parts/:id/*rest" }),
        ),
    );
    let request = Request::new("POST", "/default/parts/a%20b/x/y%2Fz?tag=1&tag=2&q=%C3%A9")
        .header("X-Kind", "one")
        .header("x-kind", "two")
        .json(&json!({ "n": 1 }));
    let seen = server.call(&request).expect(200).json();
    let req = &seen["req"];
    assert_eq!(req["method"], "POST");
    assert_eq!(req["params"], json!({ "id": "a b", "rest": "x/y/z" }));
    assert_eq!(req["query"], json!({ "tag": ["1", "2"], "q": "é" }));
    assert_eq!(req["headers"]["x-kind"], "one, two");
    assert_eq!(req["headers"]["content-type"], "application/json");
    assert_eq!(req["path"], "/parts/a%20b/x/y%2Fz");
    assert_eq!(req["ip"], "127.0.0.1");
    assert_eq!(seen["payload"], json!({ "n": 1 }));
}

#[test]
fn a_body_is_read_as_its_content_type_says() {
    let server = server();
    server.deploy(
        "default",
        &mirror("bodies", json!({ "method": "*", "path": "/bodies" })),
    );
    let post = |content_type: &str, body: &[u8]| {
        let request = Request::new("POST", "/default/bodies")
            .header("content-type", content_type)
            .body(body);
        server.call(&request).expect(200).json()["payload"].clone()
    };
    assert_eq!(
        post("application/vnd.x+json", b"[1,{\"a\":null}]"),
        json!([1, { "a": null }])
    );
    assert_eq!(
        post(
            "application/x-www-form-urlencoded",
            b"a=1&b[c]=x&d[]=1&d[]=2"
        ),
        json!({ "a": "1", "b": { "c": "x" }, "d": ["1", "2"] })
    );
    assert_eq!(post("text/csv", "é,1".as_bytes()), "é,1");
    assert_eq!(post("application/xml", b"<a/>"), "<a/>");
    let get = server.get("/default/bodies?x=1").expect(200).json();
    assert_eq!(get["payload"], json!({ "x": "1" }));
    let echo = Flow::http("body-echo", "POST", "/body-echo", &[]);
    server.deploy("default", &echo);
    let image = Request::new("POST", "/default/body-echo")
        .header("content-type", "image/png")
        .body(&b"\x89PNG\xff"[..]);
    let answer = server.call(&image).expect(200);
    assert_eq!(
        answer.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(answer.body, b"\x89PNG\xff");
}

#[test]
fn the_body_mode_overrides_the_content_type() {
    let server = server();
    let in_mode = |mode: &str, body: &str| {
        let path = format!("/mode-{mode}");
        let flow = Flow::new(&format!("mode-{mode}"))
            .node(
                "in",
                "http-in",
                json!({ "method": "POST", "path": path, "body": mode }),
            )
            .node("out", "http-response", json!({}))
            .wire("in", "out");
        server.deploy("default", &flow);
        let request = Request::new("POST", format!("/default{path}"))
            .header("content-type", "application/json")
            .body(body);
        let answer = server.call(&request).expect(200);
        (
            answer.header("content-type").unwrap_or_default().to_owned(),
            answer.text(),
        )
    };
    assert_eq!(
        in_mode("text", "[1, 2]"),
        ("text/html; charset=utf-8".into(), "[1, 2]".into())
    );
    assert_eq!(
        in_mode("bytes", "[1, 2]"),
        ("application/octet-stream".into(), "[1, 2]".into())
    );
    assert_eq!(
        in_mode("form", "a=1"),
        (
            "application/json; charset=utf-8".into(),
            r#"{"a":"1"}"#.into()
        )
    );
}

#[test]
fn the_more_special_path_wins_and_any_method_comes_last() {
    let server = server();
    let text = |id: &str, method: &str, path: &str| {
        let flow = Flow::http(
            id,
            method,
            path,
            &[("say", "change", rules(&[set("payload", id, "str")]))],
        );
        server.deploy("default", &flow);
    };
    text("fixed", "GET", "/routes/fixed");
    text("one-part", "GET", "/routes/:part");
    text("any-method", "*", "/routes/fixed");
    text("the-rest", "GET", "/routes/deep/*rest");
    let get = |path: &str| {
        server
            .get(&format!("/default/routes/{path}"))
            .expect(200)
            .text()
    };
    assert_eq!(get("fixed"), "fixed");
    assert_eq!(get("other"), "one-part");
    assert_eq!(get("deep/a/b"), "the-rest");
    assert_eq!(
        server
            .call(&Request::new("PURGE", "/default/routes/fixed"))
            .expect(200)
            .text(),
        "any-method"
    );
    let head = server
        .call(&Request::new("HEAD", "/default/routes/fixed"))
        .expect(200);
    assert_eq!(
        (head.body.len(), head.header("content-length")),
        (0, Some("5"))
    );
}

#[test]
fn a_flow_that_does_not_answer_in_time_is_504() {
    let server = server();
    let flow = Flow::new("late")
        .node(
            "in",
            "http-in",
            json!({ "method": "POST", "path": "/late", "replyTimeoutMs": 100 }),
        )
        .node("fn", "function", json!({ "component": "limits" }))
        .node("out", "http-response", json!({}))
        .chain(&["in", "fn", "out"]);
    server.deploy("default", &flow);
    let problem = server
        .post("/default/late", &json!({ "action": "sleep", "n": 2_000 }))
        .problem(504, "reply-timeout");
    assert!(
        problem["hint"].as_str().unwrap().contains("replyTimeoutMs"),
        "{problem}"
    );
}
