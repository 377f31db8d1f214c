//! What a function may not do ends its own activation: with a code of its own,
//! for the caller or for a `catch` node, and for nobody else.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::thread;
use weft_tests::event_stream::EventStream;
use weft_tests::server::SharedServer;
use weft_tests::{Flow, Launch, Server};

static SERVER: SharedServer = SharedServer::new();

/// Flow `limits` does what it is told by the body; its node has these limits.
fn server() -> Arc<Server> {
    SERVER.get(Launch::new, |server| {
        server.upload("default", "limits");
        server.deploy("default", &misbehaving("limits", "/limits", json!({})));
    })
}

fn misbehaving(id: &str, path: &str, limits: Json) -> Flow {
    Flow::function(id, "POST", path, "limits").with("fn", "limits", limits)
}

#[track_caller]
fn order(order: Json) -> Json {
    server().post("/default/limits", &order).expect(200).json()
}

/// The problem document of a call that must fail, checked for all that each has.
#[track_caller]
fn fault(path: &str, order: Json, status: u16, code: &str) -> Json {
    let server = server();
    let problem = server.post(path, &order).problem(status, code);
    assert_eq!(problem["node"], "fn", "{problem}");
    let run = problem["runId"].as_str().expect("the run is named");
    let run = server.api().run("default", run);
    assert_eq!(run["status"], "failed", "{run}");
    assert_eq!(run["error"], code, "{run}");
    assert_eq!(run["path"][0]["error"]["code"], code, "{run}");
    problem
}

#[test]
fn an_endless_loop_uses_up_its_fuel() {
    server().deploy(
        "default",
        &misbehaving("fuel", "/fuel", json!({ "fuel": 20_000_000 })),
    );
    let problem = fault(
        "/default/fuel",
        json!({ "action": "loop" }),
        500,
        "fuel-exhausted",
    );
    let run = server()
        .api()
        .run("default", problem["runId"].as_str().unwrap());
    let used = run["path"][0]["fuel"].as_u64().unwrap();
    assert!((19_000_000..=20_000_000).contains(&used), "{run}");
    assert_eq!(run["fuel"], used);
}

#[test]
fn work_that_takes_too_long_is_ended_by_the_clock() {
    let limits = json!({ "fuel": 100_000_000_000_u64, "deadlineMs": 150 });
    server().deploy("default", &misbehaving("clock", "/clock", limits));
    fault(
        "/default/clock",
        json!({ "action": "loop" }),
        504,
        "deadline-exceeded",
    );
    fault(
        "/default/clock",
        json!({ "action": "sleep", "n": 60_000 }),
        504,
        "deadline-exceeded",
    );
}

#[test]
fn a_trap_a_panic_and_a_full_stack_are_traps() {
    for action in ["trap", "panic", "recurse"] {
        fault(
            "/default/limits",
            json!({ "action": action, "text": "on purpose" }),
            500,
            "trap",
        );
    }
}

#[test]
fn memory_ends_at_its_limit() {
    server().deploy(
        "default",
        &misbehaving("memory", "/memory", json!({ "memoryBytes": 16 << 20 })),
    );
    fault(
        "/default/memory",
        json!({ "action": "big", "n": 64 << 20 }),
        500,
        "memory-limit",
    );
    let order = json!({ "action": "grow", "n": 0 });
    let grown = server().post("/default/memory", &order).expect(200).text();
    let grown: u64 = grown.parse().expect("the number of bytes that it got");
    assert!((4 << 20..16 << 20).contains(&grown), "{grown}");
}

#[test]
fn what_memory_a_call_used_is_told() {
    let answer = server()
        .post(
            "/default/limits",
            &json!({ "action": "grow", "n": 8 << 20 }),
        )
        .expect(200);
    let run = server().api().run(
        "default",
        answer.header("weft-run").expect("the run is named"),
    );
    let used = run["path"][0]["memoryBytes"].as_u64().unwrap();
    assert!((8 << 20..64 << 20).contains(&used), "{run}");
}

#[test]
fn output_has_a_limit_in_bytes_and_in_messages() {
    let roomy = json!({ "memoryBytes": 256 << 20, "fuel": 10_000_000_000_u64 });
    server().deploy("default", &misbehaving("flood", "/flood", roomy));
    fault(
        "/default/flood",
        json!({ "action": "big-bytes", "n": 20_000_000 }),
        500,
        "invalid-output",
    );
    fault(
        "/default/flood",
        json!({ "action": "many", "n": 1_500 }),
        500,
        "invalid-output",
    );
}

#[test]
fn emitted_messages_count_among_those_that_a_call_may_send() {
    let answer = order(json!({ "action": "emit", "n": 999, "port": 1 }));
    assert_eq!(answer, json!({ "taken": 999, "refusal": null }));
    let problem = fault(
        "/default/limits",
        json!({ "action": "emit", "n": 5_000, "port": 1 }),
        500,
        "invalid-output",
    );
    assert!(
        problem["detail"].as_str().unwrap().contains("1000"),
        "{problem}"
    );
}

#[test]
fn output_that_is_no_message_or_has_no_port_is_invalid() {
    for action in ["bad-port", "bad-json", "bad-blob"] {
        fault(
            "/default/limits",
            json!({ "action": action }),
            500,
            "invalid-output",
        );
    }
}

#[test]
fn log_lines_end_at_their_limit_and_the_rest_is_counted() {
    for action in ["log", "print"] {
        let text = "\u{1b}[31mred\r".to_owned();
        let order = json!({ "action": action, "n": 1_000, "text": text });
        let answer = server().post("/default/limits", &order).expect(200);
        let run = server()
            .api()
            .run("default", answer.header("weft-run").unwrap());
        let log = run["log"].as_array().unwrap();
        let lines = log.len() as u64 + run["droppedLines"].as_u64().unwrap();
        assert!((200..=201).contains(&lines), "{action}: {lines}");
        assert!(
            log[0]["line"].as_str().unwrap().contains("line 0"),
            "{}",
            log[0]
        );
        assert!(
            !run["log"].to_string().contains("\\u001b"),
            "control characters are replaced"
        );
        let told =
            run["log"].to_string().contains("800") || run["droppedLines"].as_u64().unwrap() > 0;
        assert!(told, "{action}: nobody says how many lines were dropped");
    }
}

#[test]
fn without_a_grant_the_denial_names_the_grant_that_is_missing() {
    for (order, grant, name) in [
        (
            json!({ "action": "state-get", "bucket": "limits", "name": "k" }),
            "grants.buckets",
            "limits",
        ),
        (
            json!({ "action": "env", "name": "REGION" }),
            "grants.env",
            "REGION",
        ),
        (
            json!({ "action": "secret", "name": "key" }),
            "grants.secrets",
            "key",
        ),
    ] {
        let problem = fault("/default/limits", order, 500, "capability-denied");
        let hint = problem["hint"].as_str().unwrap();
        assert!(hint.contains(grant) && hint.contains(name), "{problem}");
    }
}

#[test]
fn with_a_grant_the_same_call_works() {
    let grants = json!({ "buckets": ["granted"], "env": ["REGION"] });
    let flow = misbehaving("granted", "/granted", json!({}))
        .with("fn", "grants", grants)
        .set("env", json!({ "REGION": "north" }));
    server().deploy("default", &flow);
    let post = |order: Json| server().post("/default/granted", &order).expect(200);
    assert_eq!(
        post(json!({ "action": "env", "name": "REGION" })).text(),
        "north"
    );
    let set = json!({ "action": "state-set", "bucket": "granted", "name": "k", "text": "v" });
    post(set);
    let get = json!({ "action": "state-get", "bucket": "granted", "name": "k" });
    assert_eq!(post(get).json()["value"], "v");
}

#[test]
fn a_functions_own_error_keeps_its_kind_and_text() {
    for kind in ["invalid-input", "retryable", "failed"] {
        let order = json!({ "action": "fail", "kind": kind, "text": "no such customer" });
        let problem = fault("/default/limits", order, 500, "function-error");
        assert_eq!(problem["kind"], kind);
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("no such customer"),
            "{problem}"
        );
    }
}

#[test]
fn every_error_of_a_function_reaches_a_catch_node() {
    let to_payload =
        json!({ "rules": [{ "t": "set", "p": "payload", "to": "error", "tot": "msg" }] });
    let limits = json!({ "fuel": 300_000_000, "deadlineMs": 2_000, "memoryBytes": 16 << 20 });
    let flow = misbehaving("caught", "/caught", limits)
        .node("catch", "catch", json!({}))
        .node("show", "change", to_payload)
        .node("error", "http-response", json!({ "statusCode": 418 }))
        .chain(&["catch", "show", "error"]);
    server().deploy("default", &flow);
    for (order, code) in [
        (json!({ "action": "loop" }), "fuel-exhausted"),
        (
            json!({ "action": "sleep", "n": 60_000 }),
            "deadline-exceeded",
        ),
        (json!({ "action": "big", "n": 64 << 20 }), "memory-limit"),
        (json!({ "action": "trap" }), "trap"),
        (json!({ "action": "env", "name": "X" }), "capability-denied"),
        (json!({ "action": "bad-json" }), "invalid-output"),
        (
            json!({ "action": "fail", "kind": "retryable", "text": "later", "n": 3 }),
            "function-error",
        ),
    ] {
        let answer = server().post("/default/caught", &order).expect(418);
        let error = answer.json();
        assert_eq!(error["code"], code, "{error}");
        assert_eq!(error["source"]["id"], "fn", "{error}");
        assert_eq!(error["source"]["type"], "function", "{error}");
        weft_tests::http::assert_no_inside(&error.to_string());
        if code == "function-error" {
            assert_eq!(
                (&error["kind"], &error["data"]["n"]),
                (&json!("retryable"), &json!(3)),
                "{error}"
            );
        }
        let run = server()
            .api()
            .run("default", answer.header("weft-run").unwrap());
        assert_eq!(
            run["status"], "succeeded",
            "a caught error is no failure: {run}"
        );
    }
}

#[test]
fn a_limit_above_the_hosts_maximum_is_refused_at_deploy_with_its_place() {
    let flow = misbehaving(
        "greedy",
        "/greedy",
        json!({ "fuel": 1_000_000_000_000_u64, "deadlineMs": 600_000, "memoryBytes": 8_u64 << 30 }),
    );
    let api = server().api();
    api.put("/instances/default/flows/greedy", &flow.document())
        .expect(201);
    let problem = api
        .post("/instances/default/flows/greedy/deploy", &json!({}))
        .problem(422, "invalid-flow");
    let problems = problem["problems"].as_array().unwrap();
    for which in ["fuel", "deadlineMs", "memoryBytes"] {
        let named = problems
            .iter()
            .any(|p| p["pointer"] == format!("/nodes/1/limits/{which}") && p["node"] == "fn");
        assert!(named, "{which}: {problem}");
    }
}

#[test]
fn neighbours_answer_while_functions_loop_and_trap() {
    let server = server();
    let limits = json!({ "fuel": 100_000_000_000_u64, "deadlineMs": 4_000 });
    server.deploy("default", &misbehaving("busy", "/busy", limits));
    thread::scope(|scope| {
        let busy = |_| scope.spawn(|| server.post("/default/busy", &json!({ "action": "loop" })));
        let loops: Vec<_> = (0..4).map(busy).collect();
        for _ in 0..20 {
            assert_eq!(
                server.get("/default/hello?name=Ada").expect(200).text(),
                "Hello, Ada!"
            );
            server
                .post("/default/limits", &json!({ "action": "trap" }))
                .problem(500, "trap");
        }
        assert!(
            loops.iter().all(|one| !one.is_finished()),
            "the neighbours were answered after the loops"
        );
        for one in loops {
            one.join().unwrap().problem(504, "deadline-exceeded");
        }
    });
}

#[test]
fn nothing_of_one_call_is_left_in_the_next() {
    let first = order(json!({ "action": "activation" }));
    let second = order(json!({ "action": "activation" }));
    assert_ne!(
        (&first["run"], &first["id"]),
        (&second["run"], &second["id"])
    );
    assert_eq!(first["instance"], "default");
    assert_eq!(first["flow"], "limits");
    assert_eq!(first["node"], "fn");
    assert_eq!(first["attempt"], 1);
}

#[test]
fn a_call_that_finds_no_slot_in_time_is_503_with_retry_after() {
    let launch = Launch::new()
        .arg("--max-concurrent-calls")
        .arg("1")
        .arg("--slot-wait")
        .arg("100ms");
    let server = launch.start();
    server.upload("default", "limits");
    server.deploy("default", &misbehaving("limits", "/limits", json!({})));
    let mut events = EventStream::watch(&server.api(), "default");
    thread::scope(|scope| {
        let long = json!({ "action": "sleep", "n": 2_000 });
        let server = &server;
        let long = scope.spawn(move || server.post("/default/limits", &long).expect(200).text());
        events.until(|event| event.kind == "run-start" && event.data["flow"] == "limits");
        let refused = server.get("/default/hello");
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
        refused.problem(503, "overloaded");
        assert_eq!(long.join().unwrap(), "2000");
    });
    server.get("/default/hello").expect(200);
}
