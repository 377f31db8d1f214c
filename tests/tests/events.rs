//! What a watcher sees while flows run, and what is kept for those who come
//! later.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use std::sync::Arc;
use weft_tests::event_stream::EventStream;
use weft_tests::server::SharedServer;
use weft_tests::{Flow, Launch, Server};

static SERVER: SharedServer = SharedServer::new();

fn server() -> Arc<Server> {
    SERVER.get(Launch::new, |server| {
        server.api().activate(UNWATCHED);
        server.upload("default", "limits");
        server.upload(UNWATCHED, "limits");
    })
}

/// An instance that nobody watches: a watcher raises what is kept of all flows.
const UNWATCHED: &str = "unwatched";

/// A flow at `/<id>` whose function does as it is told.
fn captured(server: &Server, instance: &str, id: &str, capture: Option<&str>) {
    let flow = Flow::function(id, "POST", &format!("/{id}"), "limits");
    let flow = match capture {
        Some(capture) => flow.set("settings", json!({ "capture": capture })),
        None => flow,
    };
    server.deploy(instance, &flow);
}

/// Whether the run of a call that succeeds, and of one that fails, keeps its
/// messages.
fn kept(server: &Server, instance: &str, id: &str) -> (bool, bool) {
    let path = format!("/{instance}/{id}");
    let kept = |run: &str| {
        let run = server.api().run(instance, run);
        let path = run["path"].as_array().unwrap();
        let function = path.iter().find(|a| a["node"] == "fn").unwrap();
        !function["input"].is_null()
    };
    let echo = json!({ "action": "echo", "text": "a" });
    let well = server.post(&path, &echo).expect(200);
    let failed = server
        .post(&path, &json!({ "action": "fail" }))
        .problem(500, "function-error");
    (
        kept(well.header("weft-run").unwrap()),
        kept(failed["runId"].as_str().unwrap()),
    )
}

#[test]
fn a_watcher_sees_the_run_its_debug_messages_its_log_and_its_errors() {
    let server = server();
    let flow = Flow::new("watched")
        .node(
            "in",
            "http-in",
            json!({ "method": "POST", "path": "/watched" }),
        )
        .node("show", "debug", json!({ "property": "payload.text" }))
        .node("fn", "function", json!({ "component": "limits" }))
        .node("out", "http-response", json!({}))
        .wire("in", "show")
        .chain(&["in", "fn", "out"]);
    server.deploy("default", &flow);
    let mut stream = EventStream::watch(&server.api(), "default");
    server
        .post(
            "/default/watched",
            &json!({ "action": "log", "n": 1, "text": "hi" }),
        )
        .expect(200);
    let events = stream.run_of("watched");
    let run = &events[0].data["run"];
    assert_eq!(
        (&events[0].data["revision"], &events[0].data["node"]),
        (&json!(1), &json!("in"))
    );
    let of = |kind: &str| {
        events
            .iter()
            .find(|e| e.kind == kind)
            .unwrap_or_else(|| panic!("{kind}: {events:?}"))
    };
    assert_eq!(
        (&of("debug").data["node"], &of("debug").data["value"]),
        (&json!("show"), &json!("hi"))
    );
    assert_eq!(of("log").data["line"], "line 0 hi");
    assert_eq!(of("run-end").data["error"], Json::Null);
    assert!(events.iter().all(|e| e.data["run"] == *run
        && e.data["time"].as_u64().unwrap() > 1_700_000_000_000
        && e.data["type"] == e.kind));

    server
        .post(
            "/default/watched",
            &json!({ "action": "trap", "text": "x" }),
        )
        .problem(500, "trap");
    let events = stream.run_of("watched");
    let error = events.iter().find(|e| e.kind == "error").unwrap();
    assert_eq!(
        (
            &error.data["node"],
            &error.data["code"],
            &error.data["caught"]
        ),
        (&json!("fn"), &json!("trap"), &json!(false))
    );
    assert_eq!(events.last().unwrap().data["error"], "trap");
}

#[test]
fn events_are_numbered_and_a_deploy_is_one() {
    let server = server();
    let mut stream = EventStream::watch(&server.api(), "default");
    server.deploy(
        "default",
        &Flow::http("announced", "GET", "/announced", &[]),
    );
    let deploy = stream.until(|e| e.kind == "deploy" && e.data["flow"] == "announced");
    assert_eq!(deploy.data["revision"], 1);
    assert!(deploy.id.is_some());
    server
        .api()
        .delete("/instances/default/flows/announced")
        .expect(204);
    let gone = stream.until(|e| e.kind == "deploy" && e.data["flow"] == "announced");
    assert_eq!(gone.data["revision"], Json::Null);
}

#[test]
fn values_that_json_lacks_arrive_in_the_published_encoding() {
    let server = server();
    let set =
        json!({ "rules": [{ "t": "set", "p": "payload.bytes", "to": "[222,173]", "tot": "bin" }] });
    let flow = Flow::new("encoded")
        .node("start", "inject", json!({ "payload": {} }))
        .node("set", "change", set)
        .node("show", "debug", json!({}))
        .chain(&["start", "set", "show"]);
    server.deploy("default", &flow);
    let mut stream = EventStream::watch(&server.api(), "default");
    let payload = json!({ "payload": { "date": { "$date": 7 }, "nan": { "$number": "NaN" }, "odd": { "$$x": 1 } } });
    server
        .api()
        .post(
            "/instances/default/flows/encoded/nodes/start/inject",
            &payload,
        )
        .expect(202);
    let debug = stream.until(|e| e.kind == "debug" && e.data["flow"] == "encoded");
    let value = &debug.data["value"];
    assert_eq!(value["bytes"], json!({ "$bytes": "3q0=" }));
    assert_eq!(value["date"], json!({ "$date": 7 }));
    assert_eq!(value["nan"], json!({ "$number": "NaN" }));
    assert_eq!(value["odd"], json!({ "$$x": 1 }));
}

#[test]
fn nobody_sees_the_events_of_another_instance() {
    let server = server();
    server.api().activate("quiet");
    let mut quiet = EventStream::watch(&server.api(), "quiet");
    let mut loud = EventStream::watch(&server.api(), "default");
    server.deploy("default", &Flow::http("loud", "GET", "/loud", &[]));
    server.get("/default/loud").expect(200);
    loud.run_of("loud");
    server.get("/quiet/hello").expect(200);
    let first = quiet.next_event().unwrap();
    assert_eq!(
        (first.kind.as_str(), &first.data["flow"]),
        ("run-start", &json!("hello"))
    );
}

#[test]
fn by_default_the_messages_of_errors_are_kept() {
    let server = server();
    captured(&server, UNWATCHED, "unsaid", None);
    assert_eq!(kept(&server, UNWATCHED, "unsaid"), (false, true));
}

#[test]
fn capture_keeps_nothing_errors_or_everything() {
    let server = server();
    for (id, capture, expected) in [
        ("none", "none", (false, false)),
        ("errors", "errors", (false, true)),
        ("all", "all", (true, true)),
        ("whole-sample", "sample(1)", (true, true)),
    ] {
        captured(&server, UNWATCHED, id, Some(capture));
        assert_eq!(kept(&server, UNWATCHED, id), expected, "{capture}");
    }
}

#[test]
fn a_sample_keeps_a_share_of_the_runs() {
    let server = server();
    captured(&server, UNWATCHED, "half", Some("sample(0.5)"));
    let kept: Vec<_> = (0..40)
        .map(|_| kept(&server, UNWATCHED, "half").0)
        .collect();
    assert!(kept.contains(&true) && kept.contains(&false), "{kept:?}");
}

#[test]
fn capture_is_raised_for_as_long_as_somebody_watches() {
    let server = server();
    let instance = "capture-raised";
    server.api().activate(instance);
    server.upload(instance, "limits");
    captured(&server, instance, "raised", Some("none"));
    assert_eq!(kept(&server, instance, "raised"), (false, false));
    let stream = EventStream::watch(&server.api(), instance);
    assert_eq!(kept(&server, instance, "raised"), (true, true));
    drop(stream);
    // That a client has gone shows when the server next writes to it.
    let lowered = (0..200).any(|_| kept(&server, instance, "raised") == (false, false));
    assert!(lowered, "capture stays raised although nobody watches");
}

#[test]
fn captured_bytes_are_bounded() {
    let server = Launch::new().env("WEFT_CAPTURE_BYTES", "64KiB").start();
    server.upload("default", "limits");
    captured(&server, "default", "large", Some("all"));
    let text = "x".repeat(20_000);
    let body = json!({ "action": "echo", "text": text });
    let post = |_| server.post("/default/large", &body).expect(200);
    let runs: Vec<_> = (0..10).map(post).collect();
    let shown = |answer: &weft_tests::Response| {
        let run = server
            .api()
            .run("default", answer.header("weft-run").unwrap());
        run.to_string().matches(&text).count()
    };
    let kept: usize = runs.iter().map(shown).sum();
    assert!(
        (1..=4).contains(&kept),
        "{kept} messages of 20 KB in 64 KiB"
    );
}

#[test]
fn recent_runs_are_bounded() {
    let server = Launch::new().arg("--kept-runs").arg("32").start();
    for _ in 0..100 {
        server.get("/default/hello").expect(200);
    }
    let runs = server
        .api()
        .get("/instances/default/runs?limit=1000")
        .expect(200)
        .json();
    let kept = runs.as_array().unwrap().len();
    assert!((16..=48).contains(&kept), "{kept} runs are kept");
}

#[test]
fn a_shown_run_tells_path_ports_times_fuel_and_memory() {
    let server = server();
    let flow = Flow::http(
        "shown",
        "POST",
        "/shown",
        &[
            (
                "switch",
                "switch",
                json!({ "rules": [{ "t": "null" }, { "t": "else" }] }),
            ),
            ("fn", "function", json!({ "component": "limits" })),
        ],
    )
    .wire_port("switch", 1, "fn");
    server.deploy("default", &flow);
    let answer = server
        .post(
            "/default/shown",
            &json!({ "action": "grow", "n": 1_000_000 }),
        )
        .expect(200);
    let run = server
        .api()
        .run("default", answer.header("weft-run").unwrap());
    assert_eq!(
        (&run["entry"], &run["revision"], &run["status"]),
        (&json!("in"), &json!(1), &json!("succeeded"))
    );
    assert!(
        run["durationUs"].as_u64().unwrap() > 0
            && run["startedAt"].as_u64().unwrap() > 1_700_000_000_000
    );
    let function = run["path"]
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["node"] == "fn")
        .unwrap();
    assert_eq!(
        (&function["from"], &function["port"]),
        (&json!("switch"), &json!(1)),
        "{run}"
    );
    assert!(function["fuel"].as_u64().unwrap() > 1_000, "{function}");
    assert!(
        function["memoryBytes"].as_u64().unwrap() >= 1_000_000,
        "{function}"
    );
    assert!(function["durationUs"].as_u64().unwrap() <= run["durationUs"].as_u64().unwrap());
    assert_eq!(function["error"], Json::Null);
}

#[test]
fn a_revoked_token_sees_no_more_events() {
    let server = server();
    let token = server.api().make_token("viewer", None);
    let mut stream = EventStream::watch(
        &server.api().with_token(token["token"].as_str().unwrap()),
        "default",
    );
    server
        .api()
        .delete(&format!("/tokens/{}", token["id"].as_str().unwrap()))
        .expect(204);
    server.get("/default/hello").expect(200);
    assert!(stream.next_event().is_none(), "the stream ends");
}
