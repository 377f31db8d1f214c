//! Deploys: whole, without a gap, and with what they were checked against.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use weft_tests::http::Connection;
use weft_tests::server::SharedServer;
use weft_tests::{Flow, Launch, Request, Server, artifact};

static SERVER: SharedServer = SharedServer::new();

fn server() -> Arc<Server> {
    SERVER.get(Launch::new, |server| {
        server.upload("default", "limits");
    })
}

/// Two nodes that each add the number of the revision, on either side of a
/// function: an answer of half a deploy would show two numbers.
fn numbered(number: u64) -> Flow {
    let set =
        |field: &str| json!({ "rules": [{ "t": "set", "p": field, "to": number.to_string() }] });
    let both = json!({ "template": "{{first}} {{second}}" });
    let greet = json!({ "component": "hello", "config": { "greeting": number.to_string() } });
    Flow::http(
        "numbered",
        "GET",
        "/numbered",
        &[
            ("a", "change", set("first")),
            ("fn", "function", greet),
            ("b", "change", set("second")),
            ("both", "template", both),
        ],
    )
}

/// Lets the callers end, also when a deploy fails.
struct StopAtLast<'a>(&'a AtomicBool);

impl Drop for StopAtLast<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_redeploy_under_load_drops_no_request_and_shows_no_half_of_it() {
    const CALLERS: usize = 4;
    const DEPLOYS: u64 = 12;
    let server = server();
    server.deploy("default", &numbered(0));
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(server.listen).unwrap();
                    let mut last = 0;
                    loop {
                        let is_last = stop.load(Ordering::Relaxed);
                        let answer = connection
                            .send(&Request::get("/default/numbered"))
                            .expect("no request is dropped");
                        let text = answer.expect(200).text();
                        let (first, second) = text.split_once(' ').unwrap();
                        assert_eq!(first, second, "half of a deploy");
                        let number: u64 = first.parse().unwrap();
                        assert!(number >= last, "an older revision after a newer one");
                        last = number;
                        if is_last {
                            return last;
                        }
                    }
                })
            })
            .collect();
        let stopping = StopAtLast(&stop);
        for number in 1..=DEPLOYS {
            server.deploy("default", &numbered(number));
            let shown = server.get("/default/numbered").expect(200).text();
            assert_eq!(
                shown,
                format!("{number} {number}"),
                "the deploy has returned"
            );
        }
        drop(stopping);
        for caller in callers {
            assert_eq!(caller.join().unwrap(), DEPLOYS);
        }
    });
}

#[test]
fn a_run_in_flight_ends_on_the_revision_it_began_with() {
    let server = server();
    let flow = |text: &str| {
        let slow = json!({ "component": "limits", "config": { "action": "sleep", "n": 800 } });
        let set = json!({ "rules": [{ "t": "set", "p": "payload", "to": text }] });
        Flow::http(
            "inflight",
            "GET",
            "/inflight",
            &[("slow", "function", slow), ("set", "change", set)],
        )
    };
    server.deploy("default", &flow("old"));
    let mut events = weft_tests::event_stream::EventStream::watch(&server.api(), "default");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| server.get("/default/inflight"));
        events.until(|event| event.kind == "run-start" && event.data["flow"] == "inflight");
        server.deploy("default", &flow("new"));
        assert_eq!(waiting.join().unwrap().expect(200).text(), "old");
    });
    assert_eq!(server.get("/default/inflight").expect(200).text(), "new");
}

#[test]
fn a_route_that_another_flow_answers_is_refused_and_names_it() {
    let server = server();
    let api = server.api();
    server.deploy("default", &Flow::http("owner", "GET", "/owned/:id", &[]));
    let thief = Flow::http("thief", "GET", "/owned/:name", &[]);
    api.put("/instances/default/flows/thief", &thief.document())
        .expect(201);
    let problem = api
        .post("/instances/default/flows/thief/deploy", &json!({}))
        .problem(422, "invalid-flow");
    let found = &problem["problems"][0];
    assert_eq!(
        (&found["code"], &found["node"]),
        (&json!("duplicate-route"), &json!("in")),
        "{problem}"
    );
    assert!(
        found["message"].as_str().unwrap().contains("owner"),
        "{found}"
    );
    server.deploy(
        "default",
        &Flow::http("neighbour", "POST", "/owned/:id", &[]),
    );

    api.post("/instances/default/flows/owner/disable", &json!({}))
        .expect(200);
    api.post("/instances/default/flows/thief/deploy", &json!({}))
        .expect(200);
    api.post("/instances/default/flows/owner/enable", &json!({}))
        .problem(422, "invalid-flow");
    server.get("/default/owned/1").expect(200);
}

#[test]
fn a_refused_deploy_leaves_the_live_revision_alone() {
    let server = server();
    let api = server.api();
    let good = Flow::http("steady", "GET", "/steady", &[]);
    server.deploy("default", &good);
    let bad = good.node("broken", "function", json!({ "component": "no-such" }));
    api.put("/instances/default/flows/steady", &bad.document())
        .expect(200);
    api.post("/instances/default/flows/steady/deploy", &json!({}))
        .problem(422, "invalid-flow");
    server.get("/default/steady").expect(200);
    let revisions = api
        .get("/instances/default/flows/steady/revisions")
        .expect(200)
        .json();
    assert_eq!(revisions.as_array().unwrap().len(), 1);
}

#[test]
fn latest_is_pinned_when_the_flow_is_deployed() {
    let server = server();
    let api = server.api();
    let upload = |version: &str, guest: &str| {
        let path = format!("/instances/default/components/pinned?version={version}");
        api.put_bytes(&path, artifact::guest(guest)).expect(201);
    };
    upload("1.0.0", "hello");
    let named = json!({ "component": "pinned", "version": "latest" });
    let flows = [
        Flow::http(
            "pin-named",
            "GET",
            "/pin-named",
            &[("fn", "function", named)],
        ),
        Flow::function("pin-unsaid", "GET", "/pin-unsaid", "pinned"),
        Flow::http(
            "pin-type",
            "GET",
            "/pin-type",
            &[("fn", "component:pinned", json!({}))],
        ),
    ];
    for flow in &flows {
        server.deploy("default", flow);
    }
    upload("2.0.0", "limits");
    for flow in &flows {
        let path = format!("/default/{}?name=Ada", flow.id());
        assert_eq!(
            server.get(&path).expect(200).text(),
            "Hello, Ada!",
            "{}",
            flow.id()
        );
        let revision = api
            .get(&format!(
                "/instances/default/flows/{}/revisions/1",
                flow.id()
            ))
            .expect(200)
            .json();
        assert_eq!(
            revision["components"],
            json!([{ "name": "pinned", "version": "1.0.0" }])
        );
        assert!(
            revision["document"]["nodes"][1]
                .to_string()
                .contains("1.0.0"),
            "{revision}"
        );
        let draft = api
            .get(&format!("/instances/default/flows/{}", flow.id()))
            .expect(200)
            .json();
        assert!(
            !draft.to_string().contains("1.0.0"),
            "the draft still says latest: {draft}"
        );
    }
    // A new deploy of the same draft takes the new version.
    server.deploy("default", &flows[0]);
    let revision = api
        .get("/instances/default/flows/pin-named/revisions/2")
        .expect(200)
        .json();
    assert_eq!(revision["components"][0]["version"], "2.0.0");
}

#[test]
fn a_function_is_told_of_its_start_and_stop() {
    let server = server();
    let flow = Flow::function("lifecycle", "POST", "/lifecycle", "limits");
    let mut events = weft_tests::event_stream::EventStream::watch(&server.api(), "default");
    server.deploy("default", &flow);
    let line = |events: &mut weft_tests::event_stream::EventStream, wanted: &str| {
        let logged = events.until(|event| event.kind == "log" && event.data["flow"] == "lifecycle");
        assert_eq!(logged.data["line"], wanted);
    };
    line(&mut events, "start");
    // The same node again: nothing to tell it.
    server.deploy("default", &flow);
    server
        .api()
        .post("/instances/default/flows/lifecycle/disable", &json!({}))
        .expect(200);
    line(&mut events, "stop");
}

#[test]
fn a_function_whose_start_fails_still_answers() {
    let server = server();
    let failing = json!({ "component": "limits", "config": { "action": "trap" } });
    server.deploy(
        "default",
        &Flow::http(
            "bad-start",
            "POST",
            "/bad-start",
            &[("fn", "function", failing)],
        ),
    );
    let answer = server.post("/default/bad-start", &json!({ "action": "big", "n": 2 }));
    assert_eq!(answer.expect(200).text(), "xx");
}
