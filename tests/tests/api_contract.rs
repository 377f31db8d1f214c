//! The management API keeps its word: routes, statuses, preconditions, roles,
//! problem documents, and the description of all that.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use weft_tests::server::SharedServer;
use weft_tests::{Api, Flow, Launch, Request, Response, Server, artifact};

static SERVER: SharedServer = SharedServer::new();

fn server() -> Arc<Server> {
    SERVER.get(Launch::new, |_| {})
}

fn flow_path(id: &str) -> String {
    format!("/instances/default/flows/{id}")
}

// --- instances ---------------------------------------------------------------

#[test]
fn instances_are_activated_listed_shown_and_deleted() {
    let api = server().api();
    let made = api
        .post("/instances", &json!({ "name": "one" }))
        .expect(201);
    assert_eq!(made.header("location"), Some("/api/v1/instances/one"));
    let instance = made.json();
    assert_eq!(instance["name"], "one");
    assert!(instance["activatedAt"].as_u64().unwrap() > 1_700_000_000_000);
    assert_eq!(api.get("/instances/one").expect(200).json(), instance);
    let listed = api.get("/instances").expect(200).json();
    assert!(listed.as_array().unwrap().contains(&instance), "{listed}");
    api.post("/instances", &json!({ "name": "one" }))
        .problem(409, "instance-exists");
    api.delete("/instances/one").expect(204);
    api.delete("/instances/one").problem(404, "not-found");
    api.get("/instances/one").problem(404, "not-found");
}

// --- components --------------------------------------------------------------

#[test]
fn an_upload_is_201_the_same_again_200_and_another_content_409() {
    let api = server().api();
    let path = "/instances/default/components/greeter?version=1.2.3";
    let hello = artifact::guest("hello");
    let size = hello.len();
    let made = api.put_bytes(path, hello.clone()).expect(201).json();
    assert_eq!(
        (&made["name"], &made["version"], &made["size"]),
        (&json!("greeter"), &json!("1.2.3"), &json!(size))
    );
    let digest = made["digest"].as_str().unwrap();
    assert!(
        digest.len() == 71 && digest.starts_with("sha256:"),
        "{digest}"
    );
    assert_eq!(made["descriptor"]["type"], "component:greeter");
    assert!(
        !made["descriptor"]["documentation"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    assert!(made["descriptor"]["configSchema"]["properties"]["greeting"].is_object());
    for (field, part) in [("imports", "weft:function/"), ("exports", "")] {
        let list = made[field].as_array().unwrap();
        assert!(
            list.iter()
                .any(|name| name.as_str().unwrap().contains(part)),
            "{field}: {list:?}"
        );
    }
    assert_eq!(
        api.put_bytes(path, hello).expect(200).json(),
        made,
        "the same again changes nothing"
    );
    let problem = api
        .put_bytes(path, artifact::guest("counter"))
        .problem(409, "version-exists");
    assert!(
        problem["detail"].as_str().unwrap().contains("1.2.3"),
        "{problem}"
    );
    assert_eq!(api.get(path).expect(200).json()["digest"], made["digest"]);
}

#[test]
fn components_are_listed_and_shown_by_version_or_the_latest() {
    let api = server().api();
    let path = "/instances/default/components/many";
    for (version, guest) in [
        ("1.0.0", "hello"),
        ("1.10.0", "counter"),
        ("1.9.0", "limits"),
        ("2.0.0-beta.1", "hello"),
    ] {
        api.put_bytes(&format!("{path}?version={version}"), artifact::guest(guest))
            .expect(201);
    }
    let latest = api.get(path).expect(200).json();
    assert_eq!(
        latest["version"], "1.10.0",
        "a pre-release is not the latest: {latest}"
    );
    assert_eq!(
        latest["versions"],
        json!(["2.0.0-beta.1", "1.10.0", "1.9.0", "1.0.0"])
    );
    assert_eq!(
        api.get(&format!("{path}?version=1.9.0")).expect(200).json()["version"],
        "1.9.0"
    );
    api.get(&format!("{path}?version=3.0.0"))
        .problem(404, "not-found");
    let listed = api.get("/instances/default/components").expect(200).json();
    assert_eq!(
        listed
            .as_array()
            .unwrap()
            .iter()
            .filter(|c| c["name"] == "many")
            .count(),
        4
    );
    api.delete(path).problem(409, "version-needed");
    api.delete(&format!("{path}?version=1.9.0")).expect(204);
    api.get(&format!("{path}?version=1.9.0"))
        .problem(404, "not-found");
    api.delete("/instances/default/components/nothing")
        .problem(404, "not-found");
}

#[test]
fn without_a_version_an_upload_gets_the_next() {
    let api = server().api();
    let path = "/instances/default/components/counted";
    let upload = |guest| {
        api.put_bytes(path, artifact::guest(guest))
            .expect(201)
            .json()["version"]
            .clone()
    };
    assert_eq!(upload("hello"), "0.1.0");
    assert_eq!(upload("counter"), "0.1.1");
    let again = api
        .put_bytes(path, artifact::guest("counter"))
        .expect(200)
        .json();
    assert_eq!(again["version"], "0.1.1");
}

#[test]
fn a_component_in_use_cannot_be_deleted_and_its_users_are_named() {
    let server = server();
    let api = server.api();
    let component = "/instances/default/components/needed?version=1.0.0";
    api.put_bytes(component, artifact::guest("hello"))
        .expect(201);
    server.deploy(
        "default",
        &Flow::function("needing", "GET", "/needing", "needed"),
    );
    // Live no more, but kept as a revision.
    server.deploy("default", &Flow::http("needing", "GET", "/needing", &[]));
    let problem = api.delete(component).problem(409, "component-in-use");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("needing") && detail.contains('1'),
        "{detail}"
    );
    server.get("/default/needing").expect(200);
    api.delete(&flow_path("needing")).expect(204);
    api.delete(component).expect(204);
}

#[test]
fn a_component_of_an_open_run_cannot_be_deleted() {
    let server = server();
    let api = server.api();
    let component = "/instances/default/components/running?version=1.0.0";
    api.put_bytes(component, artifact::guest("limits"))
        .expect(201);
    let flow = Flow::new("running")
        .node(
            "start",
            "inject",
            json!({ "payload": { "action": "sleep", "n": 3_000 } }),
        )
        .node("fn", "function", json!({ "component": "running" }))
        .wire("start", "fn");
    server.deploy("default", &flow);
    let path = flow_path("running");
    let run = api
        .post(&format!("{path}/nodes/start/inject"), &json!({}))
        .expect(202)
        .json();
    api.delete(&path).expect(204);
    let shown = api.run("default", run["run"].as_str().unwrap());
    assert_eq!(shown["status"], "running", "{shown}");
    let problem = api.delete(component).problem(409, "component-in-use");
    assert!(
        problem["detail"].as_str().unwrap().contains("run"),
        "{problem}"
    );
}

// --- drafts ------------------------------------------------------------------

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
        ("unknown-reference", "/nodes/9/config/scope/0"),
        ("unknown-reference", "/nodes/10/group"),
        ("invalid-config", "/nodes/11/config/colour"),
        ("port-out-of-range", "/wires/0/from/port"),
        ("dangling-wire", "/wires/1/to"),
        ("no-input-port", "/wires/2/to"),
        ("duplicate-id", "/wires/4/id"),
        ("unreachable-node", "/nodes/10"),
        ("no-http-response", "/nodes/1"),
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

// --- deploys -----------------------------------------------------------------

fn versioned(text: &str) -> Flow {
    let set = json!({ "rules": [{ "t": "set", "p": "payload", "to": text }] });
    Flow::http("versioned", "GET", "/versioned", &[("set", "change", set)])
}

#[test]
fn revisions_count_up_and_a_rollback_is_a_new_one() {
    let server = server();
    let (api, path) = (server.api(), flow_path("versioned"));
    assert_eq!(server.deploy("default", &versioned("one"))["revision"], 1);
    assert_eq!(server.deploy("default", &versioned("two"))["revision"], 2);
    assert_eq!(server.get("/default/versioned").expect(200).text(), "two");
    let back = api
        .post(&format!("{path}/rollback"), &json!({ "revision": 1 }))
        .expect(200)
        .json();
    assert_eq!(back["revision"], 3);
    assert_eq!(server.get("/default/versioned").expect(200).text(), "one");
    let draft = api.get(&path).expect(200).json();
    assert_eq!(
        draft["nodes"][1]["config"]["rules"][0]["to"], "two",
        "the draft stays as it is"
    );

    let revisions = api.get(&format!("{path}/revisions")).expect(200).json();
    let numbers: Vec<_> = revisions
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["revision"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    let live: Vec<_> = revisions
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["live"] == true)
        .collect();
    assert_eq!(
        (live.len(), &live[0]["revision"]),
        (1, &json!(3)),
        "{revisions}"
    );
    let first = api.get(&format!("{path}/revisions/1")).expect(200).json();
    assert_eq!(
        first["document"]["nodes"][1]["config"]["rules"][0]["to"],
        "one"
    );
    api.get(&format!("{path}/revisions/9"))
        .problem(404, "not-found");
    api.post(&format!("{path}/rollback"), &json!({ "revision": 9 }))
        .problem(404, "not-found");
}

#[test]
fn a_saved_draft_changes_nothing_before_its_deploy() {
    let server = server();
    let text = |text: &str| {
        Flow::http(
            "lived",
            "GET",
            "/lived",
            &[(
                "set",
                "change",
                json!({ "rules": [{ "t": "set", "p": "payload", "to": text }] }),
            )],
        )
    };
    server.deploy("default", &text("live"));
    server
        .api()
        .put(&flow_path("lived"), &text("draft").document())
        .expect(200);
    assert_eq!(server.get("/default/lived").expect(200).text(), "live");
    let listed = server
        .api()
        .get("/instances/default/flows")
        .expect(200)
        .json();
    let flow = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["id"] == "lived")
        .unwrap();
    assert_eq!(
        (&flow["draftDiffers"], &flow["revision"], &flow["enabled"]),
        (&json!(true), &json!(1), &json!(true))
    );
}

#[test]
fn a_disabled_flow_does_not_answer_until_it_is_enabled() {
    let server = server();
    let (api, path) = (server.api(), flow_path("switched"));
    server.deploy("default", &Flow::http("switched", "GET", "/switched", &[]));
    let off = api
        .post(&format!("{path}/disable"), &json!({}))
        .expect(200)
        .json();
    assert_eq!(off["enabled"], false);
    server.get("/default/switched").problem(404, "not-found");
    let on = api
        .post(&format!("{path}/enable"), &json!({}))
        .expect(200)
        .json();
    assert_eq!(on["enabled"], true);
    server.get("/default/switched").expect(200);
    api.put(&flow_path("never"), &Flow::new("never").document())
        .expect(201);
    api.post(&format!("{}/enable", flow_path("never")), &json!({}))
        .problem(409, "not-deployed");
}

#[test]
fn a_deleted_flow_is_gone_with_its_revisions() {
    let server = server();
    let (api, path) = (server.api(), flow_path("gone"));
    server.deploy("default", &Flow::http("gone", "GET", "/gone", &[]));
    api.delete(&path).expect(204);
    server.get("/default/gone").problem(404, "not-found");
    for path in [
        path.clone(),
        format!("{path}/revisions"),
        format!("{path}/revisions/1"),
    ] {
        api.get(&path).problem(404, "not-found");
    }
    api.delete(&path).problem(404, "not-found");
}

// --- runs and node types -----------------------------------------------------

#[test]
fn an_injected_run_is_accepted_and_shown_with_its_path() {
    let server = server();
    let api = server.api();
    let flow = Flow::new("injected")
        .node("start", "inject", json!({ "payload": "own", "topic": "t" }))
        .node("show", "debug", json!({ "property": "complete" }))
        .wire("start", "show")
        .set("settings", json!({ "capture": "all" }));
    server.deploy("default", &flow);
    let inject = |body: &Json| {
        let begun = api
            .post(
                &format!("{}/nodes/start/inject", flow_path("injected")),
                body,
            )
            .expect(202)
            .json();
        let run = begun["run"].as_str().unwrap().to_owned();
        settled(&api, &run)
    };
    let run = inject(&json!({}));
    assert_eq!(
        (&run["flow"], &run["entry"], &run["status"]),
        (&json!("injected"), &json!("start"), &json!("succeeded"))
    );
    let shown = run["path"]
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["node"] == "show")
        .unwrap();
    assert_eq!(
        (&shown["from"], &shown["port"]),
        (&json!("start"), &json!(0))
    );
    assert!(
        shown["durationUs"].is_u64() && shown["fuel"].is_u64() && shown["memoryBytes"].is_u64(),
        "{shown}"
    );
    assert_eq!(
        (&shown["input"]["payload"], &shown["input"]["topic"]),
        (&json!("own"), &json!("t"))
    );

    for (sent, kept) in [
        (
            json!({ "payload": { "a": [1, null] } }),
            json!({ "a": [1, null] }),
        ),
        (json!({ "payload": null }), json!(null)),
        (
            json!({ "payload": { "$bytes": "3q2+7w==" } }),
            json!({ "$bytes": "3q2+7w==" }),
        ),
        (json!({ "payload": { "$date": 5 } }), json!({ "$date": 5 })),
    ] {
        let run = inject(&sent);
        let shown = run["path"]
            .as_array()
            .unwrap()
            .iter()
            .find(|a| a["node"] == "show")
            .unwrap();
        assert_eq!(shown["input"]["payload"], kept, "{run}");
    }
    let path = flow_path("injected");
    api.post(
        &format!("{path}/nodes/start/inject"),
        &json!({ "payload": { "$what": 1 } }),
    )
    .problem(400, "invalid-json");
    api.post(&format!("{path}/nodes/show/inject"), &json!({}))
        .problem(409, "not-injectable");
    api.post(&format!("{path}/nodes/nobody/inject"), &json!({}))
        .problem(404, "not-found");
}

/// The run once it has ended. It was begun by a call that does not wait for it.
fn settled(api: &Api, run: &str) -> Json {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let shown = api.run("default", run);
        if shown["status"] != "running" {
            return shown;
        }
        assert!(Instant::now() < deadline, "the run goes on: {shown}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn runs_are_listed_newest_first_by_flow_and_page() {
    let server = server();
    server.deploy("default", &Flow::http("listed", "GET", "/listed", &[]));
    let runs: Vec<_> = (0..5)
        .map(|_| {
            server
                .get("/default/listed")
                .expect(200)
                .header("weft-run")
                .unwrap()
                .to_owned()
        })
        .collect();
    let ids = |query: &str| {
        let listed = server
            .api()
            .get(&format!("/instances/default/runs?flow=listed{query}"))
            .expect(200)
            .json();
        listed
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let newest_first: Vec<_> = runs.iter().rev().cloned().collect();
    assert_eq!(ids(""), newest_first);
    assert_eq!(ids("&limit=2"), newest_first[..2]);
    assert_eq!(
        ids(&format!("&before={}&limit=2", newest_first[1])),
        newest_first[2..4]
    );
    let unknown = "/instances/default/runs/00000000-0000-7000-8000-000000000000";
    server.api().get(unknown).problem(404, "not-found");
}

#[test]
fn every_node_type_is_described_with_ports_schema_and_documentation() {
    let types = server()
        .api()
        .get("/instances/default/node-types")
        .expect(200)
        .json();
    let names: Vec<_> = types
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["type"].as_str().unwrap())
        .collect();
    for wanted in [
        "http-in",
        "http-response",
        "function",
        "inject",
        "switch",
        "change",
        "template",
        "catch",
        "debug",
        "component:hello",
    ] {
        assert!(names.contains(&wanted), "{wanted} is missing: {names:?}");
    }
    for node_type in types.as_array().unwrap() {
        for field in ["name", "summary", "documentation", "category"] {
            assert!(
                !node_type[field].as_str().unwrap().is_empty(),
                "{field}: {node_type}"
            );
        }
        assert!(
            node_type["outputs"].is_array() && node_type["configSchema"].is_object(),
            "{node_type}"
        );
    }
}

// --- what holds for all ------------------------------------------------------

#[test]
fn every_answer_has_the_request_id_it_was_given_or_one_of_its_own() {
    let server = server();
    let paths = [
        ("/api/v1/instances", server.admin),
        ("/nothing", server.admin),
        ("/default/hello", server.listen),
        ("/nothing", server.listen),
    ];
    for (path, address) in paths {
        let given = Request::get(path)
            .header("x-request-id", "Order-42_a.b")
            .send(address);
        assert_eq!(given.header("x-request-id"), Some("Order-42_a.b"), "{path}");
        let own = Request::get(path).send(address);
        let id = own.header("x-request-id").unwrap();
        assert!(id.len() >= 16, "{path}: {id}");
        let other = Request::get(path).send(address);
        assert_ne!(other.header("x-request-id"), Some(id), "{path}");
        for bad in ["has space", "x".repeat(65).as_str(), "<script>"] {
            let answer = Request::get(path).header("x-request-id", bad).send(address);
            assert_ne!(answer.header("x-request-id"), Some(bad), "{path}");
        }
    }
}

#[test]
fn answers_are_not_sniffed_and_not_stored() {
    for path in ["/instances", "/nothing"] {
        let answer = server().api().get(path);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn health_readiness_and_metrics_need_no_token() {
    let server = server();
    let healthy = Request::get("/healthz").send(server.admin).expect(200);
    assert_eq!(healthy.text().trim(), "ok");
    let ready = Request::get("/readyz")
        .send(server.admin)
        .expect(200)
        .json();
    assert_eq!(ready["ready"], true, "{ready}");
    let metrics = Request::get("/metrics").send(server.admin).expect(200);
    assert!(metrics.text().ends_with("# EOF\n"), "{}", metrics.text());
}

#[test]
fn an_unknown_address_is_404_and_a_wrong_method_405_with_allow() {
    let api = server().api();
    api.get("/nothing/here").problem(404, "not-found");
    Request::get("/")
        .send(api.address)
        .problem(404, "not-found");
    let answer = api.delete("/instances");
    let mut allowed: Vec<_> = answer
        .header("allow")
        .unwrap()
        .split(',')
        .map(str::trim)
        .collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    answer.problem(405, "method-not-allowed");
}

// --- tokens ------------------------------------------------------------------

#[test]
fn a_token_is_shown_once_works_and_is_revoked_at_once() {
    let api = server().api();
    let made = api.make_token("viewer", Some(&["default"]));
    let (id, text) = (
        made["id"].as_str().unwrap(),
        made["token"].as_str().unwrap(),
    );
    assert!(
        text.starts_with(&format!("weft_{id}_")),
        "the id is part of it: {id}"
    );
    let holder = api.with_token(text);
    holder.get("/instances/default/flows").expect(200);
    let listed = api.get("/tokens").expect(200);
    assert!(
        listed.text().contains(id) && !listed.text().contains(text),
        "a secret is listed"
    );
    let secret = text.rsplit('_').next().unwrap();
    assert!(!listed.text().contains(secret));
    api.delete(&format!("/tokens/{id}")).expect(204);
    holder
        .get("/instances/default/flows")
        .problem(401, "invalid-token");
    api.delete(&format!("/tokens/{id}"))
        .problem(404, "not-found");
}

#[test]
fn an_expired_token_is_refused() {
    let api = server().api();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let at = |ms: i64| i64::try_from(now.as_millis()).unwrap() + ms;
    let past = json!({ "name": "late", "role": "viewer", "expiresAt": at(-1) });
    api.post("/tokens", &past).problem(422, "invalid-expiry");
    let soon = json!({ "name": "soon", "role": "viewer", "expiresAt": at(700) });
    let token = api.post("/tokens", &soon).expect(201).json();
    let holder = api.with_token(token["token"].as_str().unwrap());
    let deadline = Instant::now() + Duration::from_secs(10);
    let refused = loop {
        let answer = holder.get("/instances");
        if answer.status != 200 {
            break answer;
        }
        assert!(Instant::now() < deadline, "the token never expires");
        std::thread::sleep(Duration::from_millis(20));
    };
    refused.problem(401, "expired-token");
}

#[test]
fn a_token_needs_a_known_role_and_known_instances() {
    let api = server().api();
    api.post("/tokens", &json!({ "name": "x", "role": "king" }))
        .problem(400, "invalid-body");
    let unknown = json!({ "name": "x", "role": "viewer", "instances": ["nowhere"] });
    let answer = api.post("/tokens", &unknown);
    assert!(
        matches!(answer.status, 404 | 409 | 422),
        "{}",
        answer.text()
    );
    let status = answer.status;
    answer.problem(status, "unknown-instance");
}

#[test]
fn tokens_survive_a_restart() {
    let server = Server::start();
    let token = server.api().make_token("deployer", None)["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let server = server.kill().start();
    server
        .api()
        .with_token(&token)
        .get("/instances")
        .expect(200);
}

// --- the description ---------------------------------------------------------

const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "PATCH"];

struct Operation {
    method: String,
    path: String,
    role: Option<String>,
}

fn served_document() -> Json {
    Request::get("/api/v1/openapi.json")
        .send(server().admin)
        .expect(200)
        .json()
}

fn operations() -> Vec<Operation> {
    let document = served_document();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            if let Some(operation) = item.get(method.to_lowercase()) {
                let role = operation["x-weft-role"].as_str().map(str::to_owned);
                operations.push(Operation {
                    method: method.into(),
                    path: path.clone(),
                    role,
                });
            }
        }
    }
    assert!(operations.len() > 20, "{document}");
    operations
}

/// The path with names that do not exist, so that nothing is changed.
fn filled(path: &str) -> String {
    path.replace("{instance}", "no-such-instance")
        .replace("{run}", "00000000-0000-7000-8000-000000000000")
        .replace("{revision}", "1")
        .replace("{token}", "0123456789abcdef")
        .replace("{flow}", "nothing")
        .replace("{node}", "nothing")
        .replace("{name}", "nothing")
}

fn call(server: &Server, operation: &Operation, token: Option<&str>) -> Response {
    let request = Request::new(&operation.method, filled(&operation.path));
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    request.send(server.admin)
}

#[test]
fn the_description_is_openapi_3_1_and_the_one_in_the_repository() {
    let served = served_document();
    assert!(
        served["openapi"].as_str().unwrap().starts_with("3.1"),
        "{}",
        served["openapi"]
    );
    let kept: Json = serde_json::from_str(&artifact::document("docs/openapi.json")).unwrap();
    assert!(
        kept == served,
        "docs/openapi.json is out of date: run `cargo xtask openapi`"
    );
}

#[test]
fn every_route_of_the_contract_is_described() {
    let described: Vec<_> = operations()
        .iter()
        .map(|o| format!("{} {}", o.method, without_names(&o.path)))
        .collect();
    for (methods, path) in [
        ("POST GET", "/api/v1/instances"),
        ("GET DELETE", "/api/v1/instances/{}"),
        ("GET", "/api/v1/instances/{}/components"),
        ("PUT GET DELETE", "/api/v1/instances/{}/components/{}"),
        ("GET", "/api/v1/instances/{}/flows"),
        ("PUT GET DELETE", "/api/v1/instances/{}/flows/{}"),
        ("POST", "/api/v1/instances/{}/flows/{}/validate"),
        ("POST", "/api/v1/instances/{}/flows/{}/deploy"),
        ("GET", "/api/v1/instances/{}/flows/{}/revisions"),
        ("GET", "/api/v1/instances/{}/flows/{}/revisions/{}"),
        ("POST", "/api/v1/instances/{}/flows/{}/rollback"),
        ("POST", "/api/v1/instances/{}/flows/{}/disable"),
        ("POST", "/api/v1/instances/{}/flows/{}/enable"),
        ("POST", "/api/v1/instances/{}/flows/{}/nodes/{}/inject"),
        ("GET", "/api/v1/instances/{}/runs"),
        ("GET", "/api/v1/instances/{}/runs/{}"),
        ("GET", "/api/v1/instances/{}/events"),
        ("GET", "/api/v1/instances/{}/node-types"),
        ("GET", "/api/v1/openapi.json"),
        ("GET POST", "/api/v1/tokens"),
        ("DELETE", "/api/v1/tokens/{}"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
    ] {
        for method in methods.split(' ') {
            let wanted = format!("{method} {path}");
            assert!(
                described.contains(&wanted),
                "{wanted} is missing: {described:#?}"
            );
        }
    }
}

fn without_names(path: &str) -> String {
    let part = |part: &str| {
        if part.starts_with('{') {
            "{}".to_owned()
        } else {
            part.to_owned()
        }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[test]
fn what_is_described_exists_and_what_is_not_described_does_not() {
    let server = server();
    let admin = server.admin_token();
    let nothing = Request::get("/api/v1/nothing")
        .send(server.admin)
        .problem(404, "not-found")["detail"]
        .clone();
    let operations = operations();
    for operation in &operations {
        let answer = call(&server, operation, Some(&admin));
        let is_route =
            answer.status != 405 && !(answer.status == 404 && answer.json()["detail"] == nothing);
        assert!(
            is_route,
            "{} {} is described, but not there",
            operation.method, operation.path
        );
    }
    let mut paths: Vec<_> = operations.iter().map(|o| o.path.clone()).collect();
    paths.dedup();
    for path in paths {
        let described = |method: &str| {
            operations
                .iter()
                .any(|o| o.path == path && o.method == method)
        };
        for method in METHODS.into_iter().filter(|method| !described(method)) {
            let undescribed = Operation {
                method: method.into(),
                path: path.clone(),
                role: None,
            };
            let answer = call(&server, &undescribed, Some(&admin));
            let allow = answer.header("allow").unwrap_or_default().to_owned();
            answer.problem(405, "method-not-allowed");
            let mut allowed: Vec<_> = allow
                .split(',')
                .map(str::trim)
                .filter(|m| *m != "HEAD")
                .collect();
            let mut expected: Vec<_> = METHODS
                .into_iter()
                .filter(|method| described(method))
                .collect();
            (allowed.sort_unstable(), expected.sort_unstable());
            assert_eq!(allowed, expected, "{path}");
        }
    }
    for path in [
        "/api/v1",
        "/api/v2/instances",
        "/api/v1/users",
        "/api/v1/instances/default/secrets",
        "/metrics/x",
        "/debug",
    ] {
        Request::get(path)
            .header("authorization", format!("Bearer {admin}"))
            .send(server.admin)
            .problem(404, "not-found");
    }
}

#[test]
fn every_route_takes_its_least_role_and_no_lower_one() {
    const ROLES: [&str; 4] = ["viewer", "editor", "deployer", "admin"];
    let server = server();
    let tokens = ROLES.map(|role| {
        server.api().make_token(role, None)["token"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    for operation in operations() {
        let name = format!("{} {}", operation.method, operation.path);
        let without = call(&server, &operation, None);
        let Some(least) = &operation.role else {
            assert_eq!(
                without.status, 200,
                "{name} names no role, so it needs no token"
            );
            continue;
        };
        without.problem(401, "no-token");
        call(
            &server,
            &operation,
            Some("weft_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        )
        .problem(401, "invalid-token");
        let least = ROLES
            .iter()
            .position(|role| role == least)
            .expect("a known role");
        for (index, token) in tokens.iter().enumerate() {
            let answer = call(&server, &operation, Some(token));
            let refused = answer.status == 403;
            assert_eq!(
                refused,
                index < least,
                "{name} as {}: {} {}",
                ROLES[index],
                answer.status,
                answer.text()
            );
            assert_ne!(answer.status, 401, "{name}");
        }
    }
}

#[test]
fn the_least_roles_are_those_of_the_documentation() {
    let operations = operations();
    let role = |method: &str, end: &str| {
        let found = operations
            .iter()
            .find(|o| o.method == method && without_names(&o.path).ends_with(end));
        found
            .unwrap_or_else(|| panic!("{method} …{end}"))
            .role
            .clone()
            .unwrap_or_default()
    };
    for (method, end, wanted) in [
        ("POST", "/v1/instances", "admin"),
        ("GET", "/v1/instances", "viewer"),
        ("DELETE", "/instances/{}", "admin"),
        ("PUT", "/components/{}", "deployer"),
        ("DELETE", "/components/{}", "deployer"),
        ("PUT", "/flows/{}", "editor"),
        ("GET", "/flows/{}", "viewer"),
        ("DELETE", "/flows/{}", "deployer"),
        ("POST", "/validate", "editor"),
        ("POST", "/deploy", "deployer"),
        ("POST", "/rollback", "deployer"),
        ("POST", "/enable", "deployer"),
        ("POST", "/disable", "deployer"),
        ("POST", "/inject", "editor"),
        ("GET", "/events", "viewer"),
        ("GET", "/runs", "viewer"),
        ("POST", "/tokens", "admin"),
        ("GET", "/tokens", "admin"),
        ("GET", "/openapi.json", ""),
        ("GET", "/healthz", ""),
    ] {
        assert_eq!(role(method, end), wanted, "{method} …{end}");
    }
}

#[test]
fn a_token_for_one_instance_reaches_no_route_of_another() {
    let server = server();
    server.api().activate("fenced");
    let token = server.api().make_token("admin", Some(&["fenced"]))["token"]
        .as_str()
        .unwrap()
        .to_owned();
    for operation in operations().iter().filter(|o| o.role.is_some()) {
        let answer = call(&server, operation, Some(&token));
        let host_list = operation.path.ends_with("/v1/instances") && operation.method == "GET";
        let expected = if host_list { 200 } else { 403 };
        assert_eq!(
            answer.status,
            expected,
            "{} {}: {}",
            operation.method,
            operation.path,
            answer.text()
        );
    }
}

#[test]
fn the_schema_of_flow_documents_is_published() {
    let schema = Request::get("/api/v1/flow-schema.json")
        .send(server().admin)
        .expect(200)
        .json();
    let fields = schema["properties"].as_object().unwrap();
    for field in [
        "schema",
        "id",
        "name",
        "documentation",
        "env",
        "settings",
        "resources",
        "groups",
        "comments",
        "tests",
        "nodes",
        "wires",
        "extensions",
    ] {
        assert!(fields.contains_key(field), "{field}: {schema}");
    }
    let mut required: Vec<_> = schema["required"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r.as_str().unwrap())
        .collect();
    required.sort_unstable();
    assert_eq!(required, ["id", "nodes", "wires"]);
}
