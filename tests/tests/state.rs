//! State: shared by concurrent calls without losing a write, lasting, and seen
//! by its own instance only.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::thread;
use weft_tests::server::SharedServer;
use weft_tests::{Flow, Launch, Server};

static SERVER: SharedServer = SharedServer::new();

fn server() -> Arc<Server> {
    SERVER.get(Launch::new, |server| prepare(server, "default"))
}

fn prepare(server: &Server, instance: &str) {
    server.upload(instance, "counter");
    server.upload(instance, "limits");
    server.deploy(
        instance,
        &with_bucket(
            Flow::function("count", "POST", "/count", "counter"),
            "counters",
        ),
    );
    server.deploy(
        instance,
        &with_bucket(
            Flow::function("state", "POST", "/state", "limits"),
            "limits",
        ),
    );
}

fn with_bucket(flow: Flow, bucket: &str) -> Flow {
    flow.with("fn", "grants", json!({ "buckets": [bucket] }))
}

fn count(server: &Server, instance: &str, key: &str) -> i64 {
    let answer = server
        .post(&format!("/{instance}/count"), &json!({ "key": key }))
        .expect(200)
        .json();
    assert_eq!(answer["key"], key);
    answer["value"].as_i64().unwrap()
}

fn state(server: &Server, order: &Json) -> weft_tests::Response {
    let mut order = order.clone();
    order["bucket"] = json!("limits");
    server.post("/default/state", &order)
}

fn stored(server: &Server, key: &str) -> Json {
    state(server, &json!({ "action": "state-get", "name": key }))
        .expect(200)
        .json()
}

#[test]
fn thirty_two_callers_at_once_lose_no_count() {
    const CALLERS: usize = 32;
    const EACH: usize = 10;
    let server = server();
    let mut seen: Vec<i64> = thread::scope(|scope| {
        let caller = |_| {
            scope.spawn(|| {
                (0..EACH)
                    .map(|_| count_or_retry(&server))
                    .collect::<Vec<_>>()
            })
        };
        let callers: Vec<_> = (0..CALLERS).map(caller).collect();
        callers
            .into_iter()
            .flat_map(|caller| caller.join().unwrap())
            .collect()
    });
    seen.sort_unstable();
    let all: Vec<i64> = (1..=(CALLERS * EACH) as i64).collect();
    assert_eq!(seen, all, "every call has a number of its own");
}

/// A call that lost against others too often says so and has counted nothing.
fn count_or_retry(server: &Server) -> i64 {
    loop {
        let answer = server.post("/default/count", &json!({ "key": "crowd" }));
        if answer.status == 200 {
            return answer.json()["value"].as_i64().unwrap();
        }
        answer.problem(500, "state-conflict");
    }
}

#[test]
fn a_conflict_runs_the_activation_again_with_the_same_idempotency_key() {
    let server = server();
    let before = metrics_of(&server, "count");
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                (0..4).for_each(|_| drop(server.post("/default/count", &json!({ "key": "again" }))))
            });
        }
    });
    assert!(
        metrics_of(&server, "count") >= before + 64,
        "each request is one activation, however often it was tried"
    );
}

fn metrics_of(server: &Server, flow: &str) -> u64 {
    let metrics = weft_tests::Request::get("/metrics")
        .send(server.admin)
        .expect(200)
        .text();
    let line = metrics.lines().find(|line| {
        line.starts_with("weft_activations_total") && line.contains(&format!("flow=\"{flow}\""))
    });
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or(0)
}

#[test]
fn an_increment_by_many_at_once_loses_nothing() {
    let server = server();
    let order = json!({ "action": "state-increment", "name": "sum", "n": 5 });
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    while state(&server, &order).status != 200 {}
                }
            });
        }
    });
    assert_eq!(stored(&server, "sum")["value"], "200");
}

#[test]
fn values_survive_a_kill() {
    let server = Server::start();
    prepare(&server, "default");
    for expected in 1..=5 {
        assert_eq!(count(&server, "default", "lasting"), expected);
    }
    let set = json!({ "action": "state-set", "name": "note", "text": "kept" });
    state(&server, &set).expect(200);
    let version = stored(&server, "note")["version"].clone();
    let server = server.kill().start();
    assert_eq!(
        stored(&server, "note"),
        json!({ "value": "kept", "version": version })
    );
    assert_eq!(count(&server, "default", "lasting"), 6);
}

#[test]
fn an_error_a_trap_and_a_time_out_write_nothing() {
    let server = server();
    let failing = json!({ "action": "state-set-then-fail", "name": "lost", "text": "never" });
    state(&server, &failing).problem(500, "function-error");
    assert_eq!(stored(&server, "lost"), Json::Null);

    let keep = json!({ "action": "state-set", "name": "kept", "text": "old" });
    state(&server, &keep).expect(200);
    let failing = json!({ "action": "state-set-then-fail", "name": "kept", "text": "new" });
    state(&server, &failing).problem(500, "function-error");
    assert_eq!(stored(&server, "kept")["value"], "old");
}

#[test]
fn compare_and_swap_compares() {
    let server = server();
    let swap = |version: Json, text: &str| {
        let order =
            json!({ "action": "state-swap", "name": "cas", "version": version, "text": text });
        state(&server, &order).expect(200)
    };
    assert_eq!(swap(Json::Null, "one").text(), "swapped");
    let conflict = swap(Json::Null, "two").json();
    assert_eq!(conflict["value"], "one");
    assert_eq!(swap(conflict["version"].clone(), "two").text(), "swapped");
    assert_eq!(
        swap(conflict["version"].clone(), "three").json()["value"],
        "two"
    );
}

#[test]
fn keys_are_listed_and_deleted() {
    let server = server();
    let flow = Flow::function("listing", "POST", "/listing", "limits").with(
        "fn",
        "grants",
        json!({ "buckets": ["listing"] }),
    );
    server.deploy("default", &flow);
    let order = |action: &str, key: &str| {
        let order = json!({ "action": action, "bucket": "listing", "name": key, "text": "x" });
        server.post("/default/listing", &order).expect(200)
    };
    for key in ["b", "a", "ключ"] {
        order("state-set", key);
    }
    order("state-delete", "b");
    let keys = order("state-keys", "").json();
    let mut keys: Vec<_> = keys
        .as_array()
        .unwrap()
        .iter()
        .map(|k| k.as_str().unwrap())
        .collect();
    keys.sort_unstable();
    assert_eq!(keys, ["a", "ключ"]);
}

#[test]
fn two_instances_do_not_see_each_others_state() {
    let server = server();
    server.api().activate("other");
    prepare(&server, "other");
    assert_eq!(count(&server, "default", "apart"), 1);
    assert_eq!(count(&server, "default", "apart"), 2);
    assert_eq!(count(&server, "other", "apart"), 1);
    server.api().delete("/instances/other").expect(204);
    server.api().activate("other");
    prepare(&server, "other");
    assert_eq!(
        count(&server, "other", "apart"),
        1,
        "a new instance of an old name is empty"
    );
}

#[test]
fn state_that_is_too_large_is_refused_by_name() {
    let server = server();
    for order in [
        json!({ "action": "state-set", "name": "k".repeat(1_000), "text": "x" }),
        json!({ "action": "state-set", "name": "big", "text": "x".repeat(20_000) }),
    ] {
        let problem = state(&server, &order).problem(500, "function-error");
        assert!(
            problem["detail"].as_str().unwrap().contains("bytes"),
            "{problem}"
        );
    }
}
