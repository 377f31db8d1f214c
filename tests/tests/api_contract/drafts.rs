//! Drafts: saving, preconditions, problems.

use crate::{flow_path, server};
use serde_json::{Value as Json, json};
use weft_tests::Flow;

#[test]
fn a_draft_is_201_then_200_and_guarded_by_its_etag() {
    let api = server().api();
    let path = flow_path("guarded");
    let document = Flow::http("guarded", "GET", "/guarded", &[]).document();
    let put = |name: &str, value: &str| {
        api.send(
            &api.request("PUT", &path)
                .header(name, value)
                .json(&document),
        )
    };

    put("if-match", "*").problem(412, "precondition-failed");
    let made = put("if-none-match", "*").expect(201);
    let first = made.header("etag").expect("a draft has an ETag").to_owned();
    assert_eq!(
        format!("\"{}\"", made.json()["etag"].as_str().unwrap()),
        first
    );
    put("if-none-match", "*").problem(412, "precondition-failed");
    let second = put("if-match", &first)
        .expect(200)
        .header("etag")
        .unwrap()
        .to_owned();
    assert_ne!(first, second);
    put("if-match", &first).problem(412, "precondition-failed");
    let read = api.get(&path).expect(200);
    assert_eq!(read.header("etag"), Some(&*second));
    api.put(&path, &document).expect(200);
    put("if-match", "*").expect(200);
}

#[test]
fn an_incomplete_draft_is_saved_with_its_problems_and_refused_at_deploy() {
    let api = server().api();
    let path = flow_path("incomplete");
    let draft =
        json!({ "id": "incomplete", "nodes": [{ "id": "a", "type": "http-inn" }], "wires": [] });
    let saved = api.put(&path, &draft).expect(201).json();
    let problems = &saved["problems"];
    assert_eq!(
        (&problems[0]["code"], &problems[0]["severity"]),
        (&json!("unknown-node-type"), &json!("error"))
    );
    let hint = problems[0]["hint"].as_str().unwrap();
    assert!(
        hint.contains("http-in"),
        "the nearest type is proposed: {hint}"
    );
    assert_eq!(
        api.get(&path).expect(200).json()["nodes"][0]["type"],
        "http-inn"
    );
    let refused = api
        .post(&format!("{path}/deploy"), &json!({}))
        .problem(422, "invalid-flow");
    assert_eq!(&refused["problems"], problems);
    assert_eq!(
        (&refused["flow"], &refused["node"], &refused["pointer"]),
        (&json!("incomplete"), &json!("a"), &json!("/nodes/0/type"))
    );
}

/// A document that is wrong in every way there is.
fn all_wrong() -> Json {
    json!({
        "nodes": [
            { "id": "in", "type": "http-in", "config": { "path": "/wrong/:a", "method": "FETCH" } },
            { "id": "in2", "type": "http-in", "config": { "path": "/same/:a" } },
            { "id": "in3", "type": "http-in", "config": { "path": "/same/:b" } },
            { "id": "twice", "type": "change" },
            { "id": "twice", "type": "change" },
            { "id": "who", "type": "swich" },
            { "id": "fn", "type": "function", "config": { "component": "no-such-component" } },
            { "id": "fn2", "type": "function", "config": { "component": "hello", "version": "9.9.9" } },
            { "id": "fn3", "type": "function", "config": { "component": "hello", "config": { "greeting": 7 } } },
            { "id": "catch", "type": "catch", "config": { "scope": ["nobody"] } },
            { "id": "alone", "type": "debug", "group": "no-group" },
            { "id": "extra", "type": "template", "config": { "template": "{{#open}}", "colour": "red" } },
        ],
        "wires": [
            { "from": { "node": "in2", "port": 3 }, "to": "twice" },
            { "from": { "node": "in2" }, "to": "gone" },
            { "from": { "node": "in2" }, "to": "in3" },
            { "id": "w", "from": { "node": "in3" }, "to": "twice" },
            { "id": "w", "from": { "node": "in3" }, "to": "fn" },
        ],
    })
}

#[test]
fn validation_finds_all_problems_at_once_each_with_place_and_hint() {
    let api = server().api();
    let checked = api
        .post(&format!("{}/validate", flow_path("wrong")), &all_wrong())
        .expect(200)
        .json();
    assert_eq!(checked["valid"], false);
    let problems = checked["problems"].as_array().unwrap();
    for (code, pointer) in [
        ("invalid-config", "/nodes/0/config/method"),
        ("duplicate-route", "/nodes/2/config"),
        ("duplicate-id", "/nodes/4/id"),
        ("unknown-node-type", "/nodes/5/type"),
        ("component-not-found", "/nodes/6/config/component"),
        ("component-not-found", "/nodes/7/config/version"),
        ("invalid-config", "/nodes/8/config/config/greeting"),
        ("unknown-reference", "/nodes/9/config"),
        ("unknown-reference", "/nodes/10/group"),
        ("invalid-config", "/nodes/11/config/colour"),
        ("port-out-of-range", "/wires/0/from/port"),
        ("dangling-wire", "/wires/1/to"),
        ("no-input-port", "/wires/2/to"),
        ("duplicate-id", "/wires/4/id"),
    ] {
        let found = problems
            .iter()
            .find(|p| p["code"] == code && p["pointer"] == pointer);
        let found = found.unwrap_or_else(|| panic!("{code} at {pointer} is missing: {checked:#}"));
        assert!(!found["hint"].as_str().unwrap().is_empty(), "{found}");
        assert!(!found["message"].as_str().unwrap().is_empty(), "{found}");
        let at_node = pointer.starts_with("/nodes/") || code == "port-out-of-range";
        assert!(!at_node || found["node"].is_string(), "{found}");
    }
    let port = problems
        .iter()
        .find(|p| p["code"] == "port-out-of-range")
        .unwrap();
    assert_eq!((&port["node"], &port["port"]), (&json!("in2"), &json!(3)));
    let severities: Vec<_> = problems
        .iter()
        .map(|p| p["severity"].as_str().unwrap())
        .collect();
    let errors = severities.iter().filter(|s| **s == "error").count();
    assert!(
        severities[..errors].iter().all(|s| *s == "error"),
        "errors come first"
    );
    // Nothing was saved.
    api.get(&flow_path("wrong")).problem(404, "not-found");
}

#[test]
fn warnings_come_beside_errors() {
    let document = json!({
        "nodes": [
            { "id": "in", "type": "http-in", "config": { "path": "/warn" } },
            { "id": "sink", "type": "debug" },
            { "id": "alone", "type": "debug" },
        ],
        "wires": [{ "from": { "node": "in" }, "to": "sink" }, { "from": { "node": "in" }, "to": "gone" }],
    });
    let api = server().api();
    let path = format!("{}/validate", flow_path("warn"));
    let checked = api.post(&path, &document).expect(200).json();
    let problems = checked["problems"].as_array().unwrap();
    let found: Vec<_> = problems
        .iter()
        .map(|p| ["severity", "code", "pointer"].map(|field| p[field].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        found,
        [
            ["error", "dangling-wire", "/wires/1/to"],
            ["warning", "no-http-response", "/nodes/0"],
            ["warning", "unreachable-node", "/nodes/2"],
        ]
    );
    let lonely = json!({ "nodes": [{ "id": "a", "type": "debug" }], "wires": [] });
    let checked = api.post(&path, &lonely).expect(200).json();
    assert_eq!(checked["valid"], true);
    assert!(checked.to_string().contains("no-entry-point"), "{checked}");
}

#[test]
fn validation_without_a_body_checks_the_draft() {
    let api = server().api();
    let path = flow_path("checked");
    api.put(
        &path,
        &Flow::http("checked", "GET", "/checked", &[]).document(),
    )
    .expect(201);
    let request = api.request("POST", &format!("{path}/validate"));
    let checked = api.send(&request).expect(200).json();
    assert_eq!(checked, json!({ "valid": true, "problems": [] }));
    let missing = api.request("POST", &format!("{}/validate", flow_path("not-there")));
    api.send(&missing).problem(404, "not-found");
}

#[test]
fn warnings_do_not_stop_a_deploy() {
    let server = server();
    let flow = Flow::new("warned")
        .node("in", "http-in", json!({ "path": "/warned" }))
        .node("out", "debug", json!({}))
        .wire("in", "out");
    let deployed = server.deploy("default", &flow);
    assert_eq!(
        deployed["warnings"][0]["code"], "no-http-response",
        "{deployed}"
    );
    server.get("/default/warned").problem(500, "no-reply");
}

#[test]
fn what_this_version_does_not_know_comes_back_under_extensions() {
    let api = server().api();
    let path = flow_path("future");
    let document = json!({
        "id": "future", "later": { "x": [1, 2] },
        "nodes": [{ "id": "a", "type": "inject", "sparkle": true }, { "id": "b", "type": "debug" }],
        "wires": [{ "from": { "node": "a" }, "to": "b", "curve": "soft" }],
    });
    api.put(&path, &document).expect(201);
    let read = api.get(&path).expect(200).json();
    assert_eq!(read["extensions"]["later"]["x"], json!([1, 2]), "{read}");
    assert_eq!(read["nodes"][0]["extensions"]["sparkle"], true, "{read}");
    assert_eq!(read["wires"][0]["extensions"]["curve"], "soft", "{read}");
    api.put(&path, &read).expect(200);
    assert_eq!(
        api.get(&path).expect(200).json(),
        read,
        "a second round changes nothing"
    );
}

#[test]
fn every_field_of_the_schema_comes_back_as_it_was() {
    let api = server().api();
    let path = flow_path("whole");
    let document = json!({
        "schema": 1, "id": "whole", "name": "Whole", "documentation": "# All of it", "env": { "A": 1 },
        "settings": { "capture": "sample(0.5)", "maxActivations": 50 }, "resources": { "r": "text" },
        "groups": [{ "id": "g", "name": "Group", "color": "#ff0000" }], "comments": [{ "text": "hi" }], "tests": [{ "name": "t" }],
        "nodes": [
            { "id": "a", "type": "inject", "name": "A", "position": { "x": 1.5, "y": -2.0 }, "documentation": "d", "group": "g", "disabled": true, "config": { "topic": "t" } },
        ],
        "wires": [], "extensions": { "mine": 1 },
    });
    api.put(&path, &document).expect(201);
    assert_eq!(api.get(&path).expect(200).json(), document);
}
