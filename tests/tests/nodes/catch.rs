//! `catch`, and nodes that are disabled.

use crate::{rules, server, set};
use serde_json::json;
use weft_tests::Flow;

#[test]
fn catch_nodes_by_id_go_before_those_for_all_and_uncaught_ones_come_last() {
    let server = server();
    let say = |text: &str| rules(&[set("payload", text, "str"), set("statusCode", "500", "num")]);
    let flow = Flow::new("scopes")
        .node("in", "http-in", json!({ "method": "POST", "path": "/scopes/:which" }))
        .node("switch", "switch", json!({ "property": "req.params.which", "rules": [{ "t": "eq", "v": "one" }, { "t": "else" }] }))
        .node("one", "function", json!({ "component": "limits" }))
        .node("two", "function", json!({ "component": "limits" }))
        .node("only-one", "catch", json!({ "scope": ["one"] }))
        .node("rest", "catch", json!({ "scope": "uncaught" }))
        .node("say-one", "change", say("by id"))
        .node("say-rest", "change", say("uncaught"))
        .node("out", "http-response", json!({}))
        .wire("in", "switch")
        .wire_port("switch", 0, "one")
        .wire_port("switch", 1, "two")
        .chain(&["one", "out"])
        .chain(&["two", "out"])
        .chain(&["only-one", "say-one", "out"])
        .chain(&["rest", "say-rest", "out"]);
    server.deploy("default", &flow);
    let fail = json!({ "action": "fail" });
    assert_eq!(
        server.post("/default/scopes/one", &fail).expect(500).text(),
        "by id"
    );
    assert_eq!(
        server.post("/default/scopes/two", &fail).expect(500).text(),
        "uncaught"
    );
    assert_eq!(
        server
            .post("/default/scopes/one", &json!({ "ok": 1 }))
            .expect(200)
            .json(),
        json!({ "ok": 1 })
    );
}

#[test]
fn a_caught_message_keeps_its_fields_and_its_older_error() {
    let server = server();
    let flow = Flow::new("keeps")
        .node(
            "in",
            "http-in",
            json!({ "method": "POST", "path": "/keeps" }),
        )
        .node(
            "mark",
            "change",
            rules(&[set("error", "older", "str"), set("mark", "m", "str")]),
        )
        .node("fn", "function", json!({ "component": "limits" }))
        .node("catch", "catch", json!({}))
        .node(
            "show",
            "change",
            rules(&[
                set("seen.error", "error", "msg"),
                set("seen.older", "_error", "msg"),
                set("seen.mark", "mark", "msg"),
                set("seen.sent", "payload.action", "msg"),
                set("payload", "seen", "msg"),
            ]),
        )
        .node("out", "http-response", json!({}))
        .chain(&["in", "mark", "fn", "out"])
        .chain(&["catch", "show", "out"]);
    server.deploy("default", &flow);
    let seen = server
        .post(
            "/default/keeps",
            &json!({ "action": "fail", "text": "why" }),
        )
        .expect(200)
        .json();
    assert_eq!(
        (&seen["older"], &seen["mark"], &seen["sent"]),
        (&json!("older"), &json!("m"), &json!("fail")),
        "{seen}"
    );
    assert!(
        seen["error"]["message"].as_str().unwrap().contains("why"),
        "{seen}"
    );
    assert_eq!(seen["error"]["source"]["count"], 1, "{seen}");
}

#[test]
fn a_node_that_fails_again_and_again_with_the_same_message_is_given_up() {
    let server = server();
    let flow = Flow::new("again")
        .node(
            "in",
            "http-in",
            json!({ "method": "POST", "path": "/again" }),
        )
        .node("fn", "function", json!({ "component": "limits" }))
        .node("catch", "catch", json!({}))
        .node("out", "http-response", json!({}))
        .chain(&["in", "fn", "out"])
        .chain(&["catch", "fn"]);
    server.deploy("default", &flow);
    let problem = server
        .post("/default/again", &json!({ "action": "fail" }))
        .problem(500, "function-error");
    let run = server
        .api()
        .run("default", problem["runId"].as_str().unwrap());
    let failures = run["path"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| a["node"] == "fn")
        .count();
    assert_eq!(failures, 10, "{run}");
}

#[test]
fn a_disabled_node_is_left_out_with_its_wires() {
    let server = server();
    let flow = Flow::http(
        "partly",
        "GET",
        "/partly",
        &[("say", "change", rules(&[set("payload", "on", "str")]))],
    )
    .node(
        "detour",
        "change",
        rules(&[set("payload", "detour", "str")]),
    )
    .wire("in", "detour")
    .wire("detour", "out")
    .with("detour", "disabled", json!(true));
    server.deploy("default", &flow);
    assert_eq!(server.get("/default/partly").expect(200).text(), "on");
}
