//! Components: uploads, versions, deletion.

use crate::{flow_path, server};
use serde_json::json;
use weft_tests::{Flow, artifact};

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
