//! `switch`: by which ports a message leaves.

use crate::{rules, server, set};
use serde_json::{Value as Json, json};
use weft_tests::Flow;

/// Posts a JSON payload; answers with the ports it left by.
fn switched(
    id: &str,
    switch_rules: Json,
    ports: usize,
    check_all: bool,
) -> impl Fn(Json) -> String {
    let server = server();
    let config = json!({ "property": "payload.v", "rules": switch_rules, "checkall": check_all });
    let mut flow = Flow::new(id)
        .node(
            "in",
            "http-in",
            json!({ "method": "POST", "path": format!("/{id}") }),
        )
        .node("switch", "switch", config)
        .node("out", "http-response", json!({}))
        .wire("in", "switch");
    for port in 0..ports {
        let node = format!("p{port}");
        flow = flow
            .node(
                &node,
                "change",
                rules(&[set("payload", &port.to_string(), "str")]),
            )
            .wire_port("switch", port, &node)
            .wire(&node, "out");
    }
    server.deploy("default", &flow);
    let path = format!("/default/{id}");
    move |value| {
        let answer = server.post(&path, &json!({ "v": value }));
        if answer.status == 200 {
            answer.text()
        } else {
            answer.json()["code"].as_str().unwrap().to_owned()
        }
    }
}

#[test]
fn switch_takes_the_first_rule_that_holds() {
    let port = switched(
        "first-rule",
        json!([
            { "t": "eq", "v": "1", "vt": "num" },
            { "t": "btwn", "v": "10", "vt": "num", "v2": "20", "v2t": "num" },
            { "t": "cont", "v": "needle" },
            { "t": "regex", "v": "^ab+c$", "case": true },
            { "t": "true" },
            { "t": "istype", "v": "array" },
            { "t": "hask", "v": "key" },
            { "t": "null" },
            { "t": "else" },
        ]),
        9,
        false,
    );
    for (value, expected) in [
        (json!(1), "0"),
        (json!("1"), "0"),
        (json!(15), "1"),
        (json!("a needle in hay"), "2"),
        (json!("ABBC"), "3"),
        (json!(true), "0"),
        (json!([9, 9]), "5"),
        (json!({ "key": 1 }), "6"),
        (json!(null), "7"),
        (json!("nothing of it"), "8"),
        (json!(false), "8"),
    ] {
        assert_eq!(port(value.clone()), expected, "{value}");
    }
}

#[test]
fn switch_sends_nothing_where_no_rule_holds() {
    let port = switched(
        "no-rule",
        json!([{ "t": "gt", "v": "5", "vt": "num" }]),
        1,
        true,
    );
    assert_eq!(port(json!(6)), "0");
    assert_eq!(port(json!(5)), "no-reply");
}

#[test]
fn switch_sends_by_every_rule_that_holds() {
    let server = server();
    let flow = Flow::new("all-rules")
        .node("in", "http-in", json!({ "method": "POST", "path": "/all-rules" }))
        .node("switch", "switch", json!({ "property": "payload.v", "rules": [
            { "t": "gte", "v": "5", "vt": "num" }, { "t": "lt", "v": "100", "vt": "num" }, { "t": "eq", "v": "7", "vt": "num" },
        ] }))
        .node("first", "debug", json!({}))
        .node("second", "debug", json!({}))
        .node("out", "http-response", json!({}))
        .wire("in", "switch")
        .wire_port("switch", 0, "first")
        .wire_port("switch", 1, "second")
        .wire_port("switch", 2, "out");
    server.deploy("default", &flow);
    let answer = server
        .post("/default/all-rules", &json!({ "v": 7 }))
        .expect(200);
    let run = server
        .api()
        .run("default", answer.header("weft-run").unwrap());
    let nodes: Vec<_> = run["path"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["node"].as_str().unwrap())
        .collect();
    for node in ["first", "second", "out"] {
        assert!(nodes.contains(&node), "{node}: {nodes:?}");
    }
}

/// The editor of Node-RED writes the kind into `vt` too.
#[test]
fn switch_takes_istype_rules_as_node_red_saves_them() {
    let saved = json!([
        { "t": "istype", "v": "array", "vt": "array" },
        { "t": "istype", "v": "number", "vt": "num" },
        { "t": "istype", "v": "undefined", "vt": "undefined" },
    ]);
    let port = switched("istype", saved, 3, false);
    assert_eq!(port(json!([])), "0");
    assert_eq!(port(json!(1)), "1");
    assert_eq!(port(json!("text")), "no-reply");
}
