//! The command line does what the API does, and says so to people, to programs
//! and in its exit code.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use std::fs;
use std::sync::Arc;
use weft_tests::cli::{Output, Running, run, run_with};
use weft_tests::server::SharedServer;
use weft_tests::{Flow, Launch, Server, artifact};

static SERVER: SharedServer = SharedServer::new();

fn server() -> Arc<Server> {
    SERVER.get(Launch::new, |server| {
        server.upload("default", "limits");
    })
}

fn weft(arguments: &[&str]) -> Output {
    server().cli(arguments)
}

/// A file beside the data directory.
fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = server().launch().beside(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn greeting(id: &str, word: &str) -> Flow {
    let config = json!({ "component": "hello", "config": { "greeting": word } });
    Flow::http(id, "GET", &format!("/{id}"), &[("fn", "function", config)])
}

#[test]
fn a_component_and_a_flow_go_live_by_commands_alone() {
    let wasm = artifact::guest_path("word-count");
    let wasm = wasm.to_str().unwrap();
    let pushed = weft(&[
        "component",
        "push",
        "word-count",
        wasm,
        "--version",
        "1.0.0",
    ])
    .expect(0);
    assert!(
        pushed.stdout.contains("word-count")
            && pushed.stdout.contains("1.0.0")
            && pushed.stdout.contains("sha256:"),
        "{}",
        pushed.stdout
    );
    let again = weft(&[
        "component",
        "push",
        "word-count",
        wasm,
        "--version",
        "1.0.0",
    ])
    .expect(0);
    assert!(again.stdout.contains("unchanged"), "{}", again.stdout);

    let flow = Flow::function("cli-count", "POST", "/cli-count", "word-count");
    let document = file("flow.json", flow.document().to_string());
    weft(&["flow", "validate", "cli-count", &document]).expect(0);
    let saved = weft(&["flow", "put", "cli-count", &document]).expect(0);
    assert!(saved.stdout.contains("saved"), "{}", saved.stdout);
    let deployed = weft(&["flow", "deploy", "cli-count"]).expect(0);
    assert!(
        deployed
            .stdout
            .contains(&format!("http://{}/default/cli-count", server().listen)),
        "{}",
        deployed.stdout
    );

    let text = file("text.txt", "one two two");
    let answer = weft(&[
        "invoke",
        "POST",
        "/cli-count",
        "--data",
        &format!("@{text}"),
    ])
    .expect(0);
    let counts: Json = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(counts["top"][0], json!({ "word": "two", "count": 2 }));
    let answer = weft(&["invoke", "GET", "/hello", "--query", "name=Ada Lovelace"]).expect(0);
    assert_eq!(answer.stdout.trim_end(), "Hello, Ada Lovelace!");
}

#[test]
fn what_a_command_prints_as_json_is_what_the_api_answers() {
    let server = server();
    server.deploy("default", &greeting("same", "Hi"));
    for (arguments, path) in [
        (&["component", "list"][..], "/instances/default/components"),
        (
            &["component", "show", "hello"],
            "/instances/default/components/hello",
        ),
        (
            &["flow", "revisions", "same"],
            "/instances/default/flows/same/revisions",
        ),
        (
            &["flow", "revisions", "same", "1"],
            "/instances/default/flows/same/revisions/1",
        ),
        (&["flow", "get", "same"], "/instances/default/flows/same"),
        (&["node-types"], "/instances/default/node-types"),
        (&["instance", "show", "default"], "/instances/default"),
    ] {
        let printed = weft(&[arguments, &["--json"]].concat()).json();
        assert_eq!(
            printed,
            server.api().get(path).expect(200).json(),
            "{arguments:?}"
        );
    }
    let listed = weft(&["flow", "list", "--json"]).json();
    assert!(
        listed
            .as_array()
            .unwrap()
            .iter()
            .any(|flow| flow["id"] == "same")
    );
    let openapi = run(None, &["openapi"]).json();
    assert_eq!(
        openapi,
        server
            .api()
            .anonymous()
            .get("/openapi.json")
            .expect(200)
            .json()
    );
}

#[test]
fn lists_are_tables_for_people() {
    let server = server();
    server.deploy("default", &greeting("table", "Hi"));
    let flows = weft(&["flow", "list"]).expect(0).stdout;
    assert!(
        flows.lines().next().unwrap().starts_with("ID") && flows.contains("table"),
        "{flows}"
    );
    let components = weft(&["component", "list"]).expect(0).stdout;
    assert!(
        components.contains("limits") && components.contains("sha256:"),
        "{components}"
    );
}

#[test]
fn a_flow_is_rolled_back_disabled_enabled_and_deleted() {
    let server = server();
    server.deploy("default", &greeting("turns", "One"));
    server.deploy("default", &greeting("turns", "Two"));
    let back = weft(&["flow", "rollback", "turns", "1"]).expect(0);
    assert!(back.stdout.contains("revision 3"), "{}", back.stdout);
    assert_eq!(
        server.get("/default/turns").expect(200).text(),
        "One, world!"
    );
    weft(&["flow", "disable", "turns"]).expect(0);
    server.get("/default/turns").expect(404);
    weft(&["flow", "enable", "turns"]).expect(0);
    server.get("/default/turns").expect(200);
    weft(&["flow", "delete", "turns"]).expect(0);
    server.get("/default/turns").expect(404);
    let missing = weft(&["flow", "get", "turns"]).expect(1);
    assert!(
        missing.stderr.contains("error[not-found]"),
        "{}",
        missing.stderr
    );
}

#[test]
fn the_problems_of_a_flow_are_shown_with_place_and_hint() {
    let broken = json!({ "nodes": [{ "id": "a", "type": "swich" }, { "id": "in", "type": "http-in", "config": {} }], "wires": [{ "from": { "node": "in" }, "to": "gone" }] });
    let document = file("broken.json", broken.to_string());
    let checked = weft(&["flow", "validate", "broken", &document]).expect(1);
    let said = checked.stdout.clone() + &checked.stderr;
    for part in [
        "unknown-node-type",
        "invalid-config",
        "dangling-wire",
        "/nodes/0/type",
        "/wires/0/to",
        "switch",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    weft(&["flow", "put", "broken", &document]).expect(0);
    let refused = weft(&["flow", "deploy", "broken"]).expect(1);
    for part in [
        "error[invalid-flow]",
        "error[unknown-node-type]",
        "/wires/0/to",
    ] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
    assert!(refused.stdout.is_empty(), "{}", refused.stdout);
}

#[test]
fn an_etag_guards_a_draft() {
    let document = file(
        "guarded.json",
        greeting("cli-guarded", "Hi").document().to_string(),
    );
    weft(&["flow", "put", "cli-guarded", &document, "--new"]).expect(0);
    let twice = weft(&["flow", "put", "cli-guarded", &document, "--new"]).expect(1);
    assert!(
        twice.stderr.contains("precondition-failed"),
        "{}",
        twice.stderr
    );
    let saved = weft(&["flow", "put", "cli-guarded", &document, "--json"]).json();
    let etag = saved["etag"].as_str().unwrap();
    weft(&["flow", "put", "cli-guarded", &document, "--if-match", etag]).expect(0);
    weft(&["flow", "put", "cli-guarded", &document, "--if-match", etag]).expect(1);
}

#[test]
fn an_injected_run_is_listed_shown_and_watched() {
    let server = server();
    let flow = Flow::new("cli-run")
        .node("start", "inject", json!({}))
        .node("fn", "function", json!({ "component": "limits" }))
        .node("show", "debug", json!({}))
        .chain(&["start", "fn", "show"]);
    server.deploy("default", &flow);
    let mut watcher = Running::start(&server.data(), &["events", "--flow", "cli-run", "--json"]);
    // The stream is there when a deploy is seen; until then, deploy again.
    let payload = r#"{"action":"log","n":2,"text":"from the cli"}"#;
    let begun = begin_watched(&server, &flow, &mut watcher, payload);
    let end = watcher.until(|line| line.contains("run-end") && line.contains(&begun));
    assert!(
        serde_json::from_str::<Json>(&end).is_ok(),
        "one JSON object a line: {end}"
    );
    let listed = weft(&["run", "list", "--flow", "cli-run"]).expect(0).stdout;
    assert!(
        listed.contains(&begun) && listed.contains("succeeded"),
        "{listed}"
    );
    let shown = weft(&["run", "show", &begun]).expect(0).stdout;
    for part in ["fn", "show", "line 1 from the cli"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(
        weft(&["run", "show", &begun, "--json"]).json(),
        server.api().run("default", &begun)
    );
}

/// Inject until the watcher has seen a run begin; that run's id.
fn begin_watched(server: &Server, flow: &Flow, watcher: &mut Running, payload: &str) -> String {
    std::thread::scope(|scope| {
        let seen = scope.spawn(|| watcher.until(|line| line.contains("\"deploy\"")));
        while !seen.is_finished() {
            server.deploy("default", flow);
        }
        seen.join().unwrap();
    });
    let started = weft(&["inject", "cli-run", "start", "--payload", payload, "--json"]).json();
    started["run"].as_str().unwrap().to_owned()
}

#[test]
fn tokens_are_created_used_and_revoked() {
    let server = server();
    let made = weft(&[
        "token",
        "create",
        "ci",
        "--role",
        "viewer",
        "-i",
        "default",
        "--expires-in",
        "1h",
        "--json",
    ])
    .json();
    assert_eq!(
        (&made["role"], &made["instances"]),
        (&json!("viewer"), &json!(["default"]))
    );
    let (id, token) = (
        made["id"].as_str().unwrap(),
        made["token"].as_str().unwrap(),
    );
    let as_viewer =
        |arguments: &[&str]| run_with(Some(&server.data()), &[("WEFT_TOKEN", token)], arguments);
    as_viewer(&["flow", "list"]).expect(0);
    let refused = as_viewer(&["flow", "deploy", "hello"]).expect(1);
    assert!(
        refused.stderr.contains("error[role-too-low]") && refused.stderr.contains("deployer"),
        "{}",
        refused.stderr
    );
    assert!(!refused.stderr.contains(token));
    let listed = weft(&["token", "list"]).expect(0).stdout;
    assert!(listed.contains(id) && !listed.contains(token), "{listed}");
    weft(&["token", "revoke", id]).expect(0);
    as_viewer(&["flow", "list"]).expect(1);
}

#[test]
fn instances_are_activated_listed_and_deleted() {
    weft(&[
        "instance",
        "activate",
        "by-cli",
        "--host",
        "cli.example.org",
    ])
    .expect(0);
    let listed = weft(&["instance", "list"]).expect(0).stdout;
    assert!(
        listed.contains("by-cli") && listed.contains("cli.example.org"),
        "{listed}"
    );
    let answer = weft(&["invoke", "GET", "/hello", "-i", "by-cli"]).expect(0);
    assert_eq!(answer.stdout.trim_end(), "Hello, world!");
    let in_it = run_with(
        Some(&server().data()),
        &[("WEFT_INSTANCE", "by-cli")],
        &["component", "list", "--json"],
    )
    .json();
    assert_eq!(in_it.as_array().unwrap().len(), 1);
    weft(&["instance", "delete", "by-cli"]).expect(0);
    weft(&["instance", "show", "by-cli"]).expect(1);
}

#[test]
fn a_component_is_shown_and_deleted_unless_it_is_used() {
    let server = server();
    let wasm = artifact::guest_path("hello");
    weft(&["component", "push", "spare", wasm.to_str().unwrap()]).expect(0);
    let shown = weft(&["component", "show", "spare"]).expect(0).stdout;
    assert!(
        shown.contains("0.1.0") && shown.contains("weft:function"),
        "{shown}"
    );
    server.deploy(
        "default",
        &Flow::function("spare-user", "GET", "/spare-user", "spare"),
    );
    let refused = weft(&["component", "delete", "spare"]).expect(1);
    assert!(
        refused.stderr.contains("component-in-use") && refused.stderr.contains("spare-user"),
        "{}",
        refused.stderr
    );
    weft(&["flow", "delete", "spare-user"]).expect(0);
    weft(&["component", "delete", "spare"]).expect(0);
    weft(&["component", "show", "spare"]).expect(1);
}

#[test]
fn an_answer_that_is_an_error_is_shown_with_its_code_and_exit_code_1() {
    server().deploy(
        "default",
        &Flow::function("cli-fail", "POST", "/cli-fail", "limits"),
    );
    let failed = weft(&[
        "invoke",
        "POST",
        "/cli-fail",
        "--data",
        r#"{"action":"fail","text":"told you"}"#,
    ])
    .expect(1);
    assert!(
        failed.stderr.contains("error[function-error]") && failed.stderr.contains("told you"),
        "{}",
        failed.stderr
    );
    let missing = weft(&["invoke", "GET", "/no-such-path"]).expect(1);
    assert!(missing.stderr.contains("not-found"), "{}", missing.stderr);
    let included = weft(&["invoke", "GET", "/hello", "--include"])
        .expect(0)
        .stdout;
    assert!(
        included.starts_with("HTTP/1.1 200") && included.contains("x-request-id"),
        "{included}"
    );
}

#[test]
fn usage_errors_are_2_and_a_host_that_is_not_there_is_3() {
    weft(&["flow", "rollback", "hello"]).expect(2);
    weft(&["no-such-command"]).expect(2);
    weft(&["flow", "list", "--no-such-flag"]).expect(2);
    let nobody = [
        "flow",
        "list",
        "--admin-url",
        "http://127.0.0.1:9",
        "--token",
        "none",
    ];
    let unreachable = weft(&nobody).expect(3);
    assert!(
        unreachable.stderr.contains("127.0.0.1:9") && unreachable.stderr.contains("hint"),
        "{}",
        unreachable.stderr
    );
    let nothing = weft(&["component", "push", "x", "/nonexistent.wasm"]).expect(1);
    assert!(
        nothing.stderr.contains("/nonexistent.wasm"),
        "{}",
        nothing.stderr
    );
}

#[test]
fn completions_and_versions_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(None, &["completions", shell]).expect(0).stdout;
        for word in ["component", "rollback", "node-types"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let version = run(None, &["version"]).expect(0).stdout;
    assert!(
        version.contains("weft") && version.contains("wasmtime"),
        "{version}"
    );
    let short = run(None, &["--version"]).expect(0).stdout;
    assert!(short.starts_with("weft "), "{short}");
}
