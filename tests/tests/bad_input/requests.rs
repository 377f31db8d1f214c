//! Requests to flows.

use crate::server;
use serde_json::json;
use std::thread;
use weft_tests::http::assert_no_inside;
use weft_tests::{Flow, Request};

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
        // Refused, or not answered at all.
        if let Ok(answer) = request.try_send(server.listen) {
            assert!(matches!(answer.status, 400 | 404), "{}", answer.text());
        }
        assert_eq!(
            server.get("/default/hello").expect(200).text(),
            "Hello, world!"
        );
    }
}
