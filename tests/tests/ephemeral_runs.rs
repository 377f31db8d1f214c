//! Runs that answer a request: who answers, when, and what goes on afterwards.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use std::sync::Arc;
use weft_tests::event_stream::EventStream;
use weft_tests::http::Connection;
use weft_tests::server::SharedServer;
use weft_tests::{Flow, Launch, Request, Server};

static SERVER: SharedServer = SharedServer::new();

fn server() -> Arc<Server> {
    SERVER.get(Launch::new, |server| {
        server.upload("default", "limits");
        server.upload("default", "hello");
    })
}

fn say(text: &str) -> Json {
    json!({ "rules": [{ "t": "set", "p": "payload", "to": text }] })
}

fn ordered(order: Json) -> Json {
    json!({ "component": "limits", "config": order })
}

/// `http-in` at `/<id>`, and `http-response`.
fn ends(id: &str) -> Flow {
    Flow::new(id)
        .node(
            "in",
            "http-in",
            json!({ "method": "*", "path": format!("/{id}") }),
        )
        .node("out", "http-response", json!({}))
}

/// The events of the run that one request starts, and its answer.
fn observed(
    server: &Server,
    flow: &Flow,
) -> (weft_tests::Response, Vec<weft_tests::event_stream::Event>) {
    server.deploy("default", flow);
    let mut events = EventStream::watch(&server.api(), "default");
    let answer = server.get(&format!("/default/{}", flow.id()));
    (answer, events.run_of(flow.id()))
}

fn errors(events: &[weft_tests::event_stream::Event]) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let errors = events.iter().filter(|event| event.kind == "error");
    errors
        .map(|event| (text(&event.data["node"]), text(&event.data["code"])))
        .collect()
}

#[test]
fn the_first_answer_wins_and_the_second_is_already_replied() {
    let server = server();
    let flow = ends("twice")
        .node("a", "change", say("first"))
        .node("b", "change", say("second"))
        .node("out2", "http-response", json!({}))
        .chain(&["in", "a", "out"])
        .chain(&["in", "b", "out2"]);
    let (answer, events) = observed(&server, &flow);
    assert_eq!(answer.expect(200).text(), "first");
    assert_eq!(
        errors(&events),
        [("out2".to_owned(), "already-replied".to_owned())]
    );
}

#[test]
fn an_answer_too_many_can_be_caught() {
    let server = server();
    let flow = ends("caught-twice")
        .node("out2", "http-response", json!({}))
        .node("catch", "catch", json!({}))
        .node("show", "debug", json!({ "property": "error" }))
        .wire("in", "out")
        .wire("in", "out2")
        .wire("catch", "show");
    let (answer, events) = observed(&server, &flow);
    answer.expect(200);
    let debug = events
        .iter()
        .find(|event| event.kind == "debug")
        .expect("the catch node got it");
    assert_eq!(debug.data["value"]["code"], "already-replied");
    let end = events.last().unwrap();
    assert_eq!(end.data["error"], Json::Null, "{:?}", end.data);
}

#[test]
fn a_run_without_a_caller_has_nobody_to_answer() {
    let server = server();
    let flow = ends("nobody")
        .node("start", "inject", json!({ "payload": 1 }))
        .wire("in", "out")
        .wire("start", "out");
    server.deploy("default", &flow);
    let mut events = EventStream::watch(&server.api(), "default");
    server
        .api()
        .post(
            "/instances/default/flows/nobody/nodes/start/inject",
            &json!({}),
        )
        .expect(202);
    assert_eq!(
        errors(&events.run_of("nobody")),
        [("out".to_owned(), "no-reply-handle".to_owned())]
    );
}

#[test]
fn a_run_that_ends_without_an_answer_is_500_with_its_id() {
    let server = server();
    let flow = ends("silent")
        .node("sink", "debug", json!({}))
        .wire("in", "sink");
    server.deploy("default", &flow);
    let problem = server.get("/default/silent").problem(500, "no-reply");
    let run = server
        .api()
        .run("default", problem["runId"].as_str().unwrap());
    assert_eq!(run["status"], "succeeded");
}

#[test]
fn an_error_after_the_answer_does_not_change_the_answer() {
    let server = server();
    let flow = ends("late-error")
        .node(
            "fail",
            "function",
            ordered(json!({ "action": "fail", "text": "afterwards" })),
        )
        .wire("in", "out")
        .wire("in", "fail");
    let (answer, events) = observed(&server, &flow);
    answer.expect(200);
    assert_eq!(
        errors(&events),
        [("fail".to_owned(), "function-error".to_owned())]
    );
    assert_eq!(events.last().unwrap().data["error"], "function-error");
}

#[test]
fn an_uncaught_error_waits_for_a_branch_that_can_still_answer() {
    let server = server();
    let flow = ends("patient")
        .node("fail", "function", ordered(json!({ "action": "trap" })))
        .node(
            "slow",
            "function",
            ordered(json!({ "action": "sleep", "n": 300 })),
        )
        .node("say", "change", say("slow but sure"))
        .wire("in", "fail")
        .wire("fail", "out")
        .chain(&["in", "slow", "say", "out"]);
    server.deploy("default", &flow);
    assert_eq!(
        server.get("/default/patient").expect(200).text(),
        "slow but sure"
    );
}

#[test]
fn an_uncaught_error_answers_at_once_when_no_branch_can() {
    let server = server();
    let flow = ends("hopeless")
        .node("fail", "function", ordered(json!({ "action": "trap" })))
        .node(
            "slow",
            "function",
            ordered(json!({ "action": "sleep", "n": 2_000 })),
        )
        .node("sink", "debug", json!({}))
        .chain(&["in", "fail", "out"])
        .chain(&["in", "slow", "sink"]);
    server.deploy("default", &flow);
    let mut events = EventStream::watch(&server.api(), "default");
    server.get("/default/hopeless").problem(500, "trap");
    let start = events.until(|event| event.kind == "run-start" && event.data["flow"] == "hopeless");
    let run = server
        .api()
        .run("default", start.data["run"].as_str().unwrap());
    assert_eq!(
        run["status"], "running",
        "the answer did not wait for the slow branch"
    );
    let end =
        events.until(|event| event.kind == "run-end" && event.data["run"] == start.data["run"]);
    assert_eq!(end.data["error"], "trap");
}

#[test]
fn branches_run_side_by_side_and_what_is_left_ends_after_the_answer() {
    let server = server();
    let flow = ends("parallel")
        .node(
            "slow",
            "function",
            ordered(json!({ "action": "sleep", "n": 1_500 })),
        )
        .node("after", "debug", json!({}))
        .node("quick", "function", json!({ "component": "hello" }))
        .chain(&["in", "slow", "after"])
        .chain(&["in", "quick", "out"]);
    server.deploy("default", &flow);
    let mut events = EventStream::watch(&server.api(), "default");
    let answer = server.get("/default/parallel?name=Ada").expect(200);
    assert_eq!(answer.text(), "Hello, Ada!");
    let run = answer.header("weft-run").unwrap();
    assert_eq!(
        server.api().run("default", run)["status"],
        "running",
        "the slow branch goes on"
    );
    let debug = events.until(|event| event.kind == "debug" && event.data["run"] == run);
    assert_eq!(
        (&debug.data["node"], &debug.data["value"]),
        (&json!("after"), &json!(1_500))
    );
    events.until(|event| event.kind == "run-end" && event.data["run"] == run);
}

#[test]
fn slow_functions_of_one_run_do_not_wait_for_each_other() {
    let server = server();
    let sleep = || ordered(json!({ "action": "sleep", "n": 1_000 }));
    let flow = ends("abreast")
        .node("a", "function", sleep())
        .node("b", "function", sleep())
        .node("c", "function", sleep())
        .node("seen", "debug", json!({}))
        .chain(&["in", "a", "seen"])
        .chain(&["in", "b", "seen"])
        .chain(&["in", "c", "out"]);
    let (answer, events) = observed(&server, &flow);
    answer.expect(200);
    let run = server
        .api()
        .run("default", events[0].data["run"].as_str().unwrap());
    let path = run["path"].as_array().unwrap();
    let span = |node: &str| {
        let a = path.iter().find(|a| a["node"] == node).unwrap();
        let start = a["offsetUs"].as_u64().unwrap();
        (start, start + a["durationUs"].as_u64().unwrap())
    };
    let (a, b, c) = (span("a"), span("b"), span("c"));
    let last_start = a.0.max(b.0).max(c.0);
    let first_end = a.1.min(b.1).min(c.1);
    assert!(last_start < first_end, "{a:?} {b:?} {c:?}");
}

#[test]
fn what_a_function_emits_goes_ahead_of_what_it_returns() {
    let server = server();
    let flow = ends("ahead")
        .node(
            "fn",
            "function",
            ordered(json!({ "action": "emit", "n": 3 })),
        )
        .node("show", "debug", json!({}))
        .chain(&["in", "fn", "show"])
        .wire("fn", "out");
    let (answer, events) = observed(&server, &flow);
    assert_eq!(
        answer.expect(200).text(),
        "0",
        "the first emitted message answers"
    );
    let shown: Vec<_> = events
        .iter()
        .filter(|e| e.kind == "debug")
        .map(|e| e.data["value"].clone())
        .collect();
    assert_eq!(shown.len(), 4, "{shown:?}");
    assert_eq!(shown[..3], [json!(0), json!(1), json!(2)]);
    assert_eq!(shown[3]["taken"], 3, "{shown:?}");
}

#[test]
fn a_run_has_a_bounded_number_of_activations() {
    let server = server();
    let flow = ends("bounded")
        .node(
            "many",
            "function",
            ordered(json!({ "action": "many", "n": 200 })),
        )
        .node("sink", "debug", json!({}))
        .chain(&["in", "many", "sink"])
        .set("settings", json!({ "maxActivations": 50 }));
    server.deploy("default", &flow);
    let problem = server
        .get("/default/bounded")
        .problem(500, "activation-limit");
    assert!(
        problem["hint"].as_str().unwrap().contains("maxActivations"),
        "{problem}"
    );
    let run = server
        .api()
        .run("default", problem["runId"].as_str().unwrap());
    assert_eq!(run["activations"], 50, "{run}");
}

#[test]
fn when_the_client_is_gone_the_run_goes_on_and_its_answer_has_no_taker() {
    let server = server();
    let flow = ends("gone")
        .node(
            "slow",
            "function",
            ordered(json!({ "action": "sleep", "n": 700 })),
        )
        .chain(&["in", "slow", "out"]);
    server.deploy("default", &flow);
    let mut events = EventStream::watch(&server.api(), "default");
    let mut connection = Connection::open(server.listen).unwrap();
    connection.begin(&Request::get("/default/gone"), 0).unwrap();
    let start = events.until(|event| event.kind == "run-start" && event.data["flow"] == "gone");
    drop(connection);
    let of_run = |event: &weft_tests::event_stream::Event| event.data["run"] == start.data["run"];
    let error = events.until(|event| of_run(event) && event.kind == "error");
    assert_eq!(
        (&error.data["node"], &error.data["code"]),
        (&json!("out"), &json!("no-reply-handle"))
    );
    events.until(|event| of_run(event) && event.kind == "run-end");
}

#[test]
fn each_wire_gets_a_message_of_its_own() {
    let server = server();
    let flow = ends("copies")
        .node(
            "a",
            "change",
            json!({ "rules": [{ "t": "set", "p": "payload.list[0]", "to": "a" }] }),
        )
        .node(
            "b",
            "change",
            json!({ "rules": [{ "t": "set", "p": "payload.other", "to": "b" }] }),
        )
        .node("seen", "debug", json!({}))
        .chain(&["in", "a", "seen"])
        .chain(&["in", "b", "out"]);
    server.deploy("default", &flow);
    let mut events = EventStream::watch(&server.api(), "default");
    let answer = server
        .post("/default/copies", &json!({ "list": [1, 2] }))
        .expect(200)
        .json();
    assert_eq!(answer, json!({ "list": [1, 2], "other": "b" }));
    let shown = events
        .run_of("copies")
        .into_iter()
        .find(|event| event.kind == "debug")
        .unwrap();
    assert_eq!(shown.data["value"], json!({ "list": ["a", 2] }));
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let server = server();
    let mut connection = Connection::open(server.listen).unwrap();
    for name in ["Ada", "Bo", "Cy"] {
        let answer = connection
            .send(&Request::get(format!("/default/hello?name={name}")))
            .unwrap();
        assert_eq!(answer.expect(200).text(), format!("Hello, {name}!"));
    }
    let missing = connection.send(&Request::get("/default/nothing")).unwrap();
    missing.problem(404, "not-found");
    let answer = connection.send(&Request::get("/default/hello")).unwrap();
    assert_eq!(answer.expect(200).text(), "Hello, world!");
}
