//! The main job, as the README tells it: upload a component, deploy a flow, call
//! it over HTTP, and find it there after a crash.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use std::sync::Arc;
use weft_tests::server::SharedServer;
use weft_tests::text::Text;
use weft_tests::{Flow, Launch, Request, Server};

static SERVER: SharedServer = SharedServer::new();

fn server() -> Arc<Server> {
    SERVER.get(Launch::new, |_| {})
}

/// `POST /count`: text in, counts out.
fn counting(node_type: &str, config: Json) -> Flow {
    Flow::new("count")
        .node(
            "in",
            "http-in",
            json!({ "method": "POST", "path": "/count", "maxBodyBytes": 16 << 20 }),
        )
        .node("count", node_type, config)
        .node("out", "http-response", json!({}))
        .chain(&["in", "count", "out"])
}

#[track_caller]
fn assert_counted(server: &Server, path: &str, text: &Text, top: usize) {
    let answer = server
        .call(&Request::new("POST", path).text(text.text.clone()))
        .expect(200);
    assert_eq!(
        answer.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(answer.json(), text.counted(top));
}

#[test]
fn a_new_host_greets_whoever_is_named() {
    let server = server();
    let answer = server.get("/default/hello?name=Ada").expect(200);
    assert_eq!(answer.text(), "Hello, Ada!");
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(
        server.get("/default/hello").expect(200).text(),
        "Hello, world!"
    );
}

#[test]
fn megabytes_of_text_are_counted_and_again_after_a_kill_without_a_new_deploy() {
    let text = Text::of(4_000_000);
    let server = Server::start();
    let pushed = server.upload("default", "word-count");
    assert_eq!(
        (&pushed["name"], &pushed["version"]),
        (&json!("word-count"), &json!("0.1.0"))
    );
    let config = json!({ "component": "word-count", "config": { "top": 7 } });
    let deployed = server.deploy("default", &counting("function", config));
    assert_eq!(deployed["revision"], 1);
    assert_eq!(
        deployed["urls"],
        json!([format!("http://{}/default/count", server.listen)])
    );
    assert_counted(&server, "/default/count", &text, 7);

    let server = server.kill().start();
    assert_counted(&server, "/default/count", &text, 7);
    assert_eq!(
        server.get("/default/hello?name=Ada").expect(200).text(),
        "Hello, Ada!"
    );
}

#[test]
fn an_uploaded_component_is_a_node_type_of_its_own() {
    let server = server();
    server.api().activate("own-type");
    server.upload("own-type", "word-count");
    server.deploy(
        "own-type",
        &counting("component:word-count", json!({ "top": 3 })),
    );
    assert_counted(&server, "/own-type/count", &Text::of(10_000), 3);
    let types = server
        .api()
        .get("/instances/own-type/node-types")
        .expect(200)
        .json();
    let found = types
        .as_array()
        .unwrap()
        .iter()
        .find(|t| t["type"] == "component:word-count");
    let schema = &found.expect("the upload is in the palette")["configSchema"];
    assert_eq!(schema["properties"]["top"]["type"], "integer", "{schema}");
}

#[test]
fn a_new_instance_greets_at_once_and_has_nothing_of_another() {
    let server = server();
    server.upload("default", "word-count");
    let activated = server.api().activate("fresh");
    assert_eq!(activated["name"], "fresh");
    assert_eq!(
        server.get("/fresh/hello?name=Bo").expect(200).text(),
        "Hello, Bo!"
    );
    let components = server
        .api()
        .get("/instances/fresh/components")
        .expect(200)
        .json();
    let names: Vec<_> = components
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].clone())
        .collect();
    assert_eq!(names, ["hello"]);
}

#[test]
fn an_instance_answers_at_the_root_of_its_localhost_name() {
    let server = server();
    server.api().activate("at-root");
    let port = server.listen.port();
    for host in [
        format!("at-root.localhost:{port}"),
        "AT-ROOT.localhost".to_owned(),
    ] {
        let request = Request::get("/hello?name=Ada").header("host", &host);
        assert_eq!(
            server.call(&request).expect(200).text(),
            "Hello, Ada!",
            "{host}"
        );
        let request = Request::get("/default/hello").header("host", &host);
        server.call(&request).problem(404, "not-found");
    }
}

#[test]
fn an_instance_answers_at_host_names_of_its_own_also_after_a_restart() {
    let server = Server::start();
    let wanted = json!({ "name": "hosted", "hosts": ["Flows.Example.org"] });
    server.api().post("/instances", &wanted).expect(201);
    let greet = Request::get("/hello?name=Ada").header("host", "flows.example.org");
    assert_eq!(server.call(&greet).expect(200).text(), "Hello, Ada!");
    let deployed = server.deploy("hosted", &Flow::http("echo", "GET", "/echo", &[]));
    let port = server.listen.port();
    let urls = deployed["urls"].as_array().unwrap();
    assert!(
        urls.contains(&json!(format!("http://flows.example.org:{port}/echo"))),
        "{urls:?}"
    );
    let taken = json!({ "name": "thief", "hosts": ["flows.example.org"] });
    server
        .api()
        .post("/instances", &taken)
        .problem(409, "host-taken");

    let server = server.kill().start();
    assert_eq!(server.call(&greet).expect(200).text(), "Hello, Ada!");
}

#[test]
fn a_host_name_that_nobody_has_leads_to_the_path_of_the_instance() {
    let answer =
        server().call(&Request::get("/default/hello?name=Ada").header("host", "proxy.internal"));
    assert_eq!(answer.expect(200).text(), "Hello, Ada!");
}

#[test]
fn cookies_stay_below_the_path_of_an_instance_and_free_at_its_own_host() {
    let server = server();
    let cookies = json!({
        "sid": { "value": "s3", "path": "/", "domain": "example.org", "httpOnly": true },
        "plain": "yes",
    });
    let set = json!({ "rules": [{ "t": "set", "p": "cookies", "to": cookies.to_string(), "tot": "json" }] });
    server.deploy(
        "default",
        &Flow::http("cookies", "GET", "/cookies", &[("set", "change", set)]),
    );

    let answer = server.get("/default/cookies").expect(200);
    let mut below: Vec<_> = answer.all("set-cookie").collect();
    below.sort_unstable();
    assert_eq!(
        below,
        [
            "plain=yes; Path=/default/",
            "sid=s3; HttpOnly; Path=/default/"
        ]
    );

    let at_host = Request::get("/cookies").header("host", "default.localhost");
    let answer = server.call(&at_host).expect(200);
    let sid = answer
        .all("set-cookie")
        .find(|cookie| cookie.starts_with("sid="))
        .unwrap();
    for part in ["Path=/", "Domain=example.org", "HttpOnly"] {
        assert!(sid.split("; ").any(|attribute| attribute == part), "{sid}");
    }
}

#[test]
fn a_deleted_instance_answers_no_more_and_its_name_can_be_used_again() {
    let server = server();
    server.api().activate("short-lived");
    server.upload("short-lived", "counter");
    server.get("/short-lived/hello").expect(200);
    server.api().delete("/instances/short-lived").expect(204);
    server.get("/short-lived/hello").problem(404, "not-found");
    server
        .api()
        .get("/instances/short-lived")
        .problem(404, "not-found");
    server.api().activate("short-lived");
    server.get("/short-lived/hello").expect(200);
    let components = server
        .api()
        .get("/instances/short-lived/components")
        .expect(200)
        .json();
    assert_eq!(
        components.as_array().unwrap().len(),
        1,
        "only the greeting's: {components}"
    );
}
