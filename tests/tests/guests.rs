//! Each example component keeps its contract, as a node of a flow.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use std::sync::Arc;
use weft_tests::server::SharedServer;
use weft_tests::text::Text;
use weft_tests::{Flow, Launch, Request, Server};

static SERVER: SharedServer = SharedServer::new();

fn server() -> Arc<Server> {
    SERVER.get(Launch::new, |server| {
        for guest in [
            "counter",
            "http-handler",
            "limits",
            "verify-signature",
            "word-count",
        ] {
            server.upload("default", guest);
        }
    })
}

/// A flow around a component, with the component's config, at `/<id>`.
fn with(id: &str, component: &str, config: Json) -> Flow {
    let config = json!({ "component": component, "config": config });
    Flow::http(id, "*", &format!("/{id}"), &[("fn", "function", config)])
}

fn described(component: &str) -> Json {
    server()
        .api()
        .get(&format!("/instances/default/components/{component}"))
        .expect(200)
        .json()["descriptor"]
        .clone()
}

#[test]
fn every_example_describes_itself() {
    for component in [
        "hello",
        "counter",
        "verify-signature",
        "word-count",
        "limits",
    ] {
        let descriptor = described(component);
        for field in ["name", "summary", "documentation", "category"] {
            assert!(
                !descriptor[field].as_str().unwrap().is_empty(),
                "{component}.{field}: {descriptor}"
            );
        }
        assert_eq!(descriptor["configSchema"]["type"], "object", "{component}");
        assert!(
            !descriptor["outputs"].as_array().unwrap().is_empty(),
            "{component}"
        );
    }
    let handler = server()
        .api()
        .get("/instances/default/components/http-handler")
        .expect(200)
        .json();
    assert_eq!(handler["kind"], "http-handler");
}

#[test]
fn hello_greets_by_payload_query_and_config() {
    let server = server();
    server.deploy("default", &with("greet", "hello", json!({})));
    server.deploy(
        "default",
        &with("ahoy", "hello", json!({ "greeting": "Ahoy" })),
    );
    assert_eq!(
        server.get("/default/greet").expect(200).text(),
        "Hello, world!"
    );
    assert_eq!(
        server
            .get("/default/greet?name=Ada%20%26%20Bo")
            .expect(200)
            .text(),
        "Hello, Ada & Bo!"
    );
    assert_eq!(
        server
            .post("/default/ahoy?name=query", &json!({ "name": "payload" }))
            .expect(200)
            .text(),
        "Ahoy, payload!"
    );
    let wrong = with("wrong-config", "hello", json!({ "greeting": 5 }));
    let saved = server
        .api()
        .put("/instances/default/flows/wrong-config", &wrong.document())
        .expect(201)
        .json();
    assert_eq!(saved["problems"][0]["code"], "invalid-config", "{saved}");
}

#[test]
fn word_count_counts_small_large_and_odd_texts() {
    let server = server();
    server.deploy("default", &with("count", "word-count", json!({ "top": 4 })));
    let count = |text: &[u8]| server.call(&Request::new("POST", "/default/count").text(text));
    assert_eq!(
        count(b"").expect(200).json(),
        json!({ "total": 0, "distinct": 0, "top": [] })
    );
    let answer = count("Don't panic, don't PANIC! Straße".as_bytes())
        .expect(200)
        .json();
    assert_eq!(answer["total"], 5);
    assert_eq!(answer["top"][0], json!({ "word": "don't", "count": 2 }));
    let large = Text::of(900_000);
    assert_eq!(
        count(large.text.as_bytes()).expect(200).json(),
        large.counted(4)
    );
    let bytes = Request::new("POST", "/default/count")
        .header("content-type", "application/octet-stream")
        .body(&b"a \xff b"[..]);
    let problem = server.call(&bytes).problem(500, "function-error");
    assert_eq!(problem["kind"], "invalid-input", "{problem}");
}

#[test]
fn word_count_does_megabytes_within_the_default_limits() {
    let server = server();
    let config = json!({ "component": "word-count" });
    let flow = Flow::new("mega")
        .node(
            "in",
            "http-in",
            json!({ "method": "POST", "path": "/mega", "maxBodyBytes": 16 << 20 }),
        )
        .node("fn", "function", config)
        .node("out", "http-response", json!({}))
        .chain(&["in", "fn", "out"]);
    server.deploy("default", &flow);
    let text = Text::of(4_000_000);
    let answer = server
        .call(&Request::new("POST", "/default/mega").text(text.text.clone()))
        .expect(200);
    assert_eq!(answer.json(), text.counted(10));
}

#[test]
fn counter_counts_by_key_and_step() {
    let server = server();
    let granted =
        |flow: Flow, bucket: &str| flow.with("fn", "grants", json!({ "buckets": [bucket] }));
    server.deploy(
        "default",
        &granted(with("visits", "counter", json!({})), "counters"),
    );
    server.deploy(
        "default",
        &granted(
            with("tens", "counter", json!({ "bucket": "tens", "step": 10 })),
            "tens",
        ),
    );
    for expected in [1, 2, 3] {
        assert_eq!(
            server.get("/default/visits?key=page").expect(200).json(),
            json!({ "key": "page", "value": expected })
        );
    }
    assert_eq!(
        server.get("/default/visits").expect(200).json(),
        json!({ "key": "default", "value": 1 })
    );
    assert_eq!(
        server
            .post("/default/tens", &json!({ "key": "page" }))
            .expect(200)
            .json()["value"],
        10
    );
    server.deploy("default", &with("ungranted", "counter", json!({})));
    let problem = server
        .get("/default/ungranted")
        .problem(500, "capability-denied");
    assert!(
        problem["hint"].as_str().unwrap().contains("grants.buckets"),
        "{problem}"
    );
}

#[test]
fn verify_signature_says_which_secret_it_lacks() {
    let server = server();
    server.deploy("default", &with("unsigned", "verify-signature", json!({})));
    let problem = server
        .post("/default/unsigned", &json!({}))
        .problem(500, "capability-denied");
    let hint = problem["hint"].as_str().unwrap();
    assert!(
        hint.contains("grants.secrets") && hint.contains("webhook-secret"),
        "{problem}"
    );

    let granted = with("unset", "verify-signature", json!({})).with(
        "fn",
        "grants",
        json!({ "secrets": ["webhook-secret"] }),
    );
    server.deploy("default", &granted);
    let problem = server
        .post("/default/unset", &json!({}))
        .problem(500, "function-error");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("webhook-secret"),
        "{problem}"
    );
    let outputs = described("verify-signature")["outputs"].clone();
    let labels: Vec<_> = outputs
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["label"].as_str().unwrap())
        .collect();
    assert_eq!(labels, ["valid", "invalid"]);
}

#[test]
fn a_wasi_http_component_works_unchanged_as_a_node() {
    let server = server();
    server.deploy("default", &with("handler", "http-handler", json!({})));
    let request = Request::new("POST", "/default/handler?a=1")
        .header("x-echo", "twice")
        .text("the body");
    let answer = server.call(&request).expect(200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let text = answer.text();
    assert!(text.starts_with("POST /handler?a=1\n"), "{text}");
    assert!(
        text.contains("x-echo: twice\n") && text.ends_with("\n\nthe body"),
        "{text}"
    );
    let bytes = vec![0_u8, 159, 146, 150];
    let request = Request::new("PUT", "/default/handler")
        .header("content-type", "application/octet-stream")
        .body(bytes.clone());
    assert!(server.call(&request).expect(200).body.ends_with(&bytes));
}

#[test]
fn a_wasi_http_component_that_fails_is_a_function_error() {
    let server = server();
    let set = json!({ "rules": [{ "t": "set", "p": "url", "to": "/fail" }] });
    let flow = Flow::http(
        "handler-fails",
        "GET",
        "/handler-fails",
        &[
            ("set", "change", set),
            ("fn", "function", json!({ "component": "http-handler" })),
        ],
    );
    server.deploy("default", &flow);
    let problem = server
        .get("/default/handler-fails")
        .problem(500, "function-error");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("asked to fail"),
        "{problem}"
    );
}

#[test]
fn limits_has_clocks_and_randomness_but_no_files_environment_or_arguments() {
    let server = server();
    server.deploy("default", &with("world", "limits", json!({})));
    let order = |order: Json| server.post("/default/world", &order).expect(200).text();
    let random = |_| order(json!({ "action": "random" }));
    let numbers: std::collections::BTreeSet<_> = (0..4).map(random).collect();
    assert_eq!(numbers.len(), 4, "{numbers:?}");
    let clock: u64 = order(json!({ "action": "clock" })).parse().unwrap();
    assert!(clock > 1_700_000_000_000);
    assert_eq!(order(json!({ "action": "sleep", "n": 20 })), "20");
}
