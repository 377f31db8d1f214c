//! Bad input, through the public doors: each has an answer that says what is
//! wrong and shows nothing of the inside.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::thread;
use weft_tests::http::assert_no_inside;
use weft_tests::server::SharedServer;
use weft_tests::{Flow, Launch, Request, Server, artifact};

static SERVER: SharedServer = SharedServer::new();

fn server() -> Arc<Server> {
    // So that a component over the limit need not be large.
    let launch = || Launch::new().arg("--max-component-bytes").arg("1MiB");
    SERVER.get(launch, |server| {
        server.upload("default", "limits");
        server.deploy("default", &Flow::http("echo", "POST", "/echo", &[]));
    })
}

#[track_caller]
fn refused_component(wasm: Vec<u8>, status: u16, code: &str) -> String {
    let api = server().api();
    let problem = api
        .put_bytes("/instances/default/components/bad", wasm)
        .problem(status, code);
    api.get("/instances/default/components/bad")
        .problem(404, "not-found");
    format!(
        "{} {}",
        problem["detail"].as_str().unwrap(),
        problem["hint"].as_str().unwrap()
    )
}

#[test]
fn what_is_no_wasm_is_no_component() {
    refused_component(b"#!/bin/sh\necho hello\n".to_vec(), 422, "not-wasm");
    refused_component(Vec::new(), 422, "not-wasm");
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    refused_component(noise, 422, "not-wasm");
}

#[test]
fn a_truncated_or_damaged_component_is_refused() {
    let whole = artifact::guest("hello");
    for kept in [9, 100, whole.len() / 2, whole.len() - 1] {
        refused_component(whole[..kept].to_vec(), 422, "invalid-component");
    }
    let mut damaged = whole;
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xff);
    refused_component(damaged, 422, "invalid-component");
}

#[test]
fn a_component_over_the_limit_is_refused_by_its_length_or_its_bytes() {
    let large = vec![0_u8; (1 << 20) + 1];
    refused_component(large.clone(), 413, "body-too-large");
    let mut chunked = format!("{:x}\r\n", large.len()).into_bytes();
    chunked.extend(&large);
    chunked.extend(b"\r\n0\r\n\r\n");
    let api = server().api();
    let request = api
        .request("PUT", "/instances/default/components/bad")
        .header("transfer-encoding", "chunked")
        .body(chunked);
    api.send(&request).problem(413, "body-too-large");
}

#[test]
fn a_core_module_gets_told_how_to_become_a_component() {
    let said = refused_component(b"\0asm\x01\0\0\0".to_vec(), 422, "core-module");
    assert!(
        said.contains("wasm32-wasip2") || said.contains("wasm-tools component new"),
        "{said}"
    );
}

#[test]
fn a_component_for_another_world_gets_told_what_it_lacks() {
    let said = refused_component(artifact::guest("not-a-function"), 422, "wrong-world");
    assert!(said.contains("weft:function"), "{said}");
}

#[test]
fn unknown_imports_are_listed_by_name() {
    let said = refused_component(artifact::guest("unknown-import"), 422, "unknown-import");
    assert!(
        said.contains(':') && said.contains('/'),
        "an interface's name is missing: {said}"
    );
}

#[test]
fn a_bad_component_name_or_version_is_refused() {
    let api = server().api();
    let hello = artifact::guest("hello");
    for path in ["UPPER", "a%2Fb", "..%2Fup", "%00", "sp%20ace"] {
        let path = format!("/instances/default/components/{path}");
        api.put_bytes(&path, hello.clone())
            .problem(400, "invalid-path");
    }
    let path = "/instances/default/components/versions?version=one";
    api.put_bytes(path, hello).problem(400, "invalid-query");
}

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

#[test]
fn no_token_a_wrong_one_and_one_in_the_wrong_place_are_refused() {
    let server = server();
    let api = server.api();
    let path = "/instances/default/flows";
    let answer = api.anonymous().get(path);
    assert!(
        answer
            .header("www-authenticate")
            .unwrap()
            .starts_with("Bearer")
    );
    answer.problem(401, "no-token");
    let admin = server.admin_token();
    let altered = format!(
        "{}{}",
        &admin[..admin.len() - 1],
        if admin.ends_with('x') { 'y' } else { 'x' }
    );
    for wrong in [
        "",
        "garbage",
        "weft_0000000000000000_AAAA",
        &altered,
        &format!("{admin}x"),
    ] {
        let answer = api.with_token(wrong).get(path);
        assert!(matches!(answer.status, 401), "{wrong:?}: {}", answer.text());
        assert!(answer.header("www-authenticate").is_some());
        let said = answer.text();
        assert!(
            !said.contains(&admin) && (wrong.is_empty() || !said.contains(wrong)),
            "{said}"
        );
    }
    let elsewhere = Request::get(format!("/api/v1{path}?token={admin}&access_token={admin}"));
    elsewhere.send(server.admin).problem(401, "no-token");
    let basic =
        Request::get(format!("/api/v1{path}")).header("authorization", format!("Basic {admin}"));
    basic.send(server.admin).problem(401, "no-token");
}

#[test]
fn a_token_of_another_instance_or_too_low_a_role_is_refused() {
    let server = server();
    let api = server.api();
    api.activate("elsewhere");
    let token = api.make_token("deployer", Some(&["elsewhere"]));
    let limited = api.with_token(token["token"].as_str().unwrap());
    limited
        .get("/instances/default/flows")
        .problem(403, "wrong-instance");
    limited
        .get("/instances/no-such-instance/flows")
        .problem(403, "wrong-instance");
    limited.get("/instances/elsewhere/flows").expect(200);
    let names = limited.get("/instances").expect(200).json();
    assert_eq!(names.as_array().unwrap().len(), 1, "{names}");

    let token = api.make_token("viewer", None);
    let viewer = api.with_token(token["token"].as_str().unwrap());
    let problem = viewer
        .put("/instances/default/flows/x", &Flow::new("x").document())
        .problem(403, "role-too-low");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("editor") && detail.contains("viewer"),
        "{detail}"
    );
}

#[test]
fn a_body_over_the_limit_of_its_entry_point_is_refused() {
    let server = server();
    let node = json!({ "method": "POST", "path": "/small", "maxBodyBytes": 100 });
    let flow = Flow::new("small")
        .node("in", "http-in", node)
        .node("out", "http-response", json!({}))
        .wire("in", "out");
    server.deploy("default", &flow);
    server
        .call(&Request::new("POST", "/default/small").text("x".repeat(100)))
        .expect(200);
    let over = Request::new("POST", "/default/small").text("x".repeat(101));
    let problem = server.call(&over).problem(413, "body-too-large");
    assert!(
        problem["hint"].as_str().unwrap().contains("maxBodyBytes"),
        "{problem}"
    );
    let chunked = Request::new("POST", "/default/small")
        .header("transfer-encoding", "chunked")
        .body(format!("65\r\n{}\r\n0\r\n\r\n", "x".repeat(101)));
    server.call(&chunked).problem(413, "body-too-large");
}

#[test]
fn broken_json_and_invalid_utf_8_in_a_request_are_400_and_start_no_run() {
    let server = server();
    for body in [
        &b"{\"a\": \xff}"[..],
        b"{\"a\":",
        b"{\"a\":1}}",
        b"\"\xc3\x28\"",
        b"\"\\ud800\"",
    ] {
        let request = Request::new("POST", "/default/echo")
            .header("content-type", "application/json")
            .body(body);
        server.call(&request).problem(400, "bad-body");
    }
    let latin = Request::new("POST", "/default/echo").text(b"caf\xe9".to_vec());
    server.call(&latin).problem(400, "bad-body");
    let runs = server
        .api()
        .get("/instances/default/runs?flow=echo")
        .expect(200)
        .json();
    assert!(
        runs.as_array()
            .unwrap()
            .iter()
            .all(|run| run["status"] == "succeeded"),
        "{runs}"
    );
}

#[test]
fn an_unknown_route_is_404_and_names_nothing_of_the_inside() {
    let server = server();
    let known = server.get("/default/no/such/path");
    let unknown = server.get("/no-such-instance/no/such/path");
    assert_eq!(
        known.clone().problem(404, "not-found")["detail"],
        unknown.clone().problem(404, "not-found")["detail"]
    );
    for target in [
        "/",
        "//",
        "/default",
        "/default/",
        "/default/../echo",
        "/%64efault/%2e%2e",
        "/default/hello/",
        "/default/HELLO/%00",
        "/api/v1/instances",
        "/healthz",
    ] {
        let answer = server.get(target);
        assert_eq!(answer.status, 404, "{target}: {}", answer.text());
        assert_no_inside(&answer.text());
    }
    for said in [known.text(), unknown.text()] {
        assert!(
            !said.contains("default") && !said.contains("echo"),
            "{said}"
        );
    }
}

#[test]
fn a_wrong_method_is_405_with_the_methods_that_work() {
    let server = server();
    let answer = server.get("/default/echo");
    assert_eq!(answer.header("allow"), Some("POST"));
    answer.problem(405, "method-not-allowed");
    let answer = server.call(&Request::new("DELETE", "/default/hello"));
    let mut allowed: Vec<_> = answer.header("allow").unwrap().split(", ").collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD"]);
    answer.problem(405, "method-not-allowed");
}

#[test]
fn an_endless_loop_and_a_trap_leave_the_neighbour_answering() {
    let server = server();
    let flow = Flow::function("bad-neighbour", "POST", "/bad-neighbour", "limits").with(
        "fn",
        "limits",
        json!({ "fuel": 100_000_000_000_u64, "deadlineMs": 2_000 }),
    );
    server.deploy("default", &flow);
    thread::scope(|scope| {
        let looping = || server.post("/default/bad-neighbour", &json!({ "action": "loop" }));
        let loops = [
            scope.spawn(looping),
            scope.spawn(looping),
            scope.spawn(looping),
        ];
        for _ in 0..10 {
            server
                .post("/default/bad-neighbour", &json!({ "action": "trap" }))
                .problem(500, "trap");
            assert_eq!(
                server.get("/default/hello").expect(200).text(),
                "Hello, world!"
            );
        }
        assert!(
            loops.iter().all(|one| !one.is_finished()),
            "the neighbour had to wait"
        );
        for one in loops {
            one.join().unwrap().problem(504, "deadline-exceeded");
        }
    });
}

#[test]
fn requests_that_are_no_http_end_their_own_connection_only() {
    let server = server();
    for request in [
        Request::new("GET", "/default/hello").header("content-length", "abc"),
        Request::new("G\x01T", "/default/hello"),
        Request::new("GET", "no-slash"),
        Request::new("GET", "/default/hello").header("x", "a\x00b"),
    ] {
        // Answered with 400, or not at all.
        if let Ok(answer) = request.try_send(server.listen) {
            assert_eq!(answer.status, 400, "{}", answer.text());
        }
        assert_eq!(
            server.get("/default/hello").expect(200).text(),
            "Hello, world!"
        );
    }
}

#[test]
fn bodies_of_the_api_that_are_not_what_it_takes_are_refused() {
    let api = server().api();
    let broken = api
        .request("POST", "/instances")
        .header("content-type", "application/json")
        .body("{\"name\":");
    api.send(&broken).problem(400, "invalid-json");
    api.post("/instances", &json!({ "nome": "x" }))
        .problem(400, "invalid-body");
    api.post("/instances", &json!({ "name": "Not A Name" }))
        .problem(400, "invalid-body");
    let empty = api
        .request("POST", "/instances")
        .header("content-type", "application/json");
    api.send(&empty).problem(400, "missing-body");
    let xml = api
        .request("POST", "/instances")
        .header("content-type", "text/xml")
        .body("<name/>");
    api.send(&xml).problem(415, "unsupported-media-type");
    api.get("/instances/default/runs/not-a-run")
        .problem(400, "invalid-path");
    api.get("/instances/default/runs?limit=many")
        .problem(400, "invalid-query");
}
