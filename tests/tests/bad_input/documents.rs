//! Flow documents that are none, too large, or that never end.

use crate::server;
use serde_json::{Value as Json, json};
use weft_tests::Flow;

#[track_caller]
fn refused_document(text: impl Into<Vec<u8>>, status: u16, code: &str) -> Json {
    let api = server().api();
    let request = api
        .request("PUT", "/instances/default/flows/bad")
        .header("content-type", "application/json");
    let problem = api.send(&request.body(text)).problem(status, code);
    api.get("/instances/default/flows/bad")
        .problem(404, "not-found");
    problem
}

#[test]
fn broken_json_in_a_flow_document_is_refused_with_its_place() {
    let problem = refused_document("{\"id\":\"bad\",\n \"nodes\": [}", 400, "invalid-document");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("line 2"), "{detail}");
    refused_document(b"{\"id\":\"\xff\xfe\"}".to_vec(), 400, "invalid-document");
    refused_document("", 400, "invalid-document");
    refused_document("[]", 400, "invalid-document");
    refused_document(
        r#"{"id":"other","nodes":[],"wires":[]}"#,
        400,
        "invalid-document",
    );
}

#[test]
fn a_flow_document_of_another_schema_is_refused() {
    refused_document(
        r#"{"schema":2,"id":"bad","nodes":[],"wires":[]}"#,
        422,
        "unknown-schema",
    );
}

#[test]
fn a_flow_document_over_the_limits_is_refused() {
    let large = format!(
        r#"{{"id":"bad","nodes":[],"wires":[],"documentation":"{}"}}"#,
        "x".repeat(1 << 20)
    );
    refused_document(large, 413, "limit-exceeded");
    let deep = format!(
        r#"{{"id":"bad","nodes":[],"wires":[],"deep":{}{}}}"#,
        "[".repeat(60),
        "]".repeat(60)
    );
    refused_document(deep, 413, "limit-exceeded");
    let deepest = format!(r#"{{"id":"bad","deep":{}"#, "[".repeat(200_000));
    refused_document(deepest, 400, "invalid-document");
    let node = |n| format!(r#"{{"id":"n{n}","type":"debug"}}"#);
    let nodes: Vec<_> = (0..2_001).map(node).collect();
    refused_document(
        format!(r#"{{"id":"bad","nodes":[{}],"wires":[]}}"#, nodes.join(",")),
        413,
        "limit-exceeded",
    );
    refused_document("x".repeat(3 << 20), 413, "body-too-large");
}

#[test]
fn a_bad_flow_id_is_refused() {
    let document = Flow::new("x").document();
    for id in ["a%20b", "..%2Fx", "%00", &"x".repeat(200)] {
        let path = format!("/instances/default/flows/{id}");
        server()
            .api()
            .put(&path, &document)
            .problem(400, "invalid-path");
    }
}

#[test]
fn a_cycle_without_an_end_is_stopped_by_the_activations_of_a_run() {
    let turn = json!({ "rules": [{ "t": "set", "p": "payload", "to": "again" }] });
    let flow = Flow::new("cycle")
        .node("in", "http-in", json!({ "path": "/cycle" }))
        .node("a", "change", turn.clone())
        .node("b", "change", turn)
        .chain(&["in", "a", "b", "a"])
        .set("settings", json!({ "maxActivations": 500 }));
    let server = server();
    server.deploy("default", &flow);
    let problem = server
        .get("/default/cycle")
        .problem(500, "activation-limit");
    let run = server
        .api()
        .run("default", problem["runId"].as_str().unwrap());
    assert_eq!(
        (&run["error"], &run["activations"]),
        (&json!("activation-limit"), &json!(500)),
        "{run}"
    );
    assert_eq!(
        server.get("/default/hello").expect(200).text(),
        "Hello, world!"
    );
}

#[test]
fn a_cycle_through_a_function_is_stopped_too() {
    let flow = Flow::new("slow-cycle")
        .node("in", "http-in", json!({ "path": "/slow-cycle" }))
        .node("fn", "function", json!({ "component": "limits" }))
        .chain(&["in", "fn", "fn"])
        .set("settings", json!({ "maxActivations": 100 }));
    let server = server();
    server.deploy("default", &flow);
    server
        .get("/default/slow-cycle")
        .problem(500, "activation-limit");
}
