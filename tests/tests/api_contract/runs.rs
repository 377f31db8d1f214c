//! Runs, and what flows can be made of.

use crate::{flow_path, server};
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};
use weft_tests::{Api, Flow};

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
