//! What operators see: traces handed on, counters, and a log that names runs but
//! shows no body and no token.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use weft_tests::{Flow, Launch, Request, Server};

fn failing(id: &str) -> Flow {
    Flow::function(id, "POST", &format!("/{id}"), "limits")
}

fn metric(server: &Server, name: &str, labels: &[(&str, &str)]) -> f64 {
    let text = Request::get("/metrics")
        .send(server.admin)
        .expect(200)
        .text();
    let fits = |line: &&str| {
        line.starts_with(&format!("{name}{{"))
            && labels
                .iter()
                .all(|(n, v)| line.contains(&format!("{n}=\"{v}\"")))
    };
    let found = text
        .lines()
        .filter(fits)
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap());
    found.sum()
}

#[test]
fn a_trace_that_comes_in_is_handed_on() {
    let server = Server::start();
    let show =
        json!({ "rules": [{ "t": "set", "p": "payload", "to": "req.headers", "tot": "msg" }] });
    server.deploy(
        "default",
        &Flow::http("traced", "GET", "/traced", &[("show", "change", show)]),
    );
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let call = |traceparent: &str| {
        let request = Request::get("/default/traced")
            .header("traceparent", traceparent)
            .header("tracestate", "vendor=1");
        server.call(&request).expect(200).json()
    };
    let given = format!("00-{trace}-b7ad6b7169203331-01");
    let headers = call(&given);
    let handed_on = headers["traceparent"].as_str().unwrap();
    let parts: Vec<_> = handed_on.split('-').collect();
    assert_eq!(
        (parts.len(), parts[0], parts[1], parts[3]),
        (4, "00", trace, "01"),
        "{handed_on}"
    );
    assert_ne!(handed_on, given, "the parent is the host's own");
    assert_eq!(headers["tracestate"], "vendor=1");
    for bad in [
        "00-zz-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "nonsense",
    ] {
        assert_ne!(call(bad)["traceparent"], bad, "a broken trace goes on");
    }
}

#[test]
fn metrics_count_runs_activations_faults_and_fuel() {
    let server = Server::start();
    server.upload("default", "limits");
    server.deploy("default", &failing("measured"));
    let labels = [("instance", "default"), ("flow", "measured")];
    let runs = |outcome: &str| {
        metric(
            &server,
            "weft_runs_total",
            &[labels[0], labels[1], ("outcome", outcome)],
        )
    };
    // The deploy has started the function: that may count, too.
    let (well, badly) = (runs("succeeded"), runs("failed"));
    for _ in 0..3 {
        server
            .post("/default/measured", &json!({ "action": "echo" }))
            .expect(200);
    }
    server
        .post("/default/measured", &json!({ "action": "trap" }))
        .problem(500, "trap");
    assert_eq!(
        (runs("succeeded") - well, runs("failed") - badly),
        (3.0, 1.0)
    );
    assert_eq!(metric(&server, "weft_faults_total", &labels), 1.0);
    assert!(metric(&server, "weft_activations_total", &labels) >= 7.0);
    assert!(metric(&server, "weft_fuel_total", &labels) > 1_000.0);
    let answer = Request::get("/metrics").send(server.admin).expect(200);
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
}

#[test]
fn the_json_log_names_instance_flow_revision_node_and_run() {
    let server = Launch::new().arg("--log-format").arg("json").start();
    server.upload("default", "limits");
    server.deploy("default", &failing("logged"));
    let problem = server
        .post("/default/logged", &json!({ "action": "trap" }))
        .problem(500, "trap");
    let run = problem["runId"].as_str().unwrap();
    let log = server.log();
    let line = log
        .lines()
        .find(|line| line.starts_with('{') && line.contains(run))
        .unwrap_or_else(|| panic!("the run is not logged: {log}"));
    let _object: Json = serde_json::from_str(line).unwrap();
    for part in [
        r#""instance":"default""#,
        r#""flow":"logged""#,
        r#""revision":1"#,
        r#""node":"fn""#,
        "trap",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let json_lines = log.lines().filter(|line| line.starts_with('{'));
    assert!(
        json_lines
            .map(serde_json::from_str::<Json>)
            .all(|line| line.is_ok()),
        "{log}"
    );
}

#[test]
fn a_change_by_the_api_is_logged_with_who_and_the_request_id() {
    let server = Server::start();
    let token = server.api().make_token("deployer", None);
    let api = server.api().with_token(token["token"].as_str().unwrap());
    let request = api
        .request("PUT", "/instances/default/flows/audited")
        .header("x-request-id", "audit-1");
    api.send(&request.json(&Flow::new("audited").document()))
        .expect(201);
    let log = server.log();
    let line = log
        .lines()
        .find(|line| line.contains("audit-1"))
        .unwrap_or_else(|| panic!("the change is not logged: {log}"));
    assert!(
        line.contains(token["id"].as_str().unwrap()) && line.contains("/flows/audited"),
        "{line}"
    );
}

#[test]
fn no_body_no_header_and_no_token_is_in_the_log() {
    for level in ["info", "debug"] {
        let server = Launch::new().arg("--log-level").arg(level).start();
        server.upload("default", "limits");
        server.deploy("default", &failing("private"));
        let token = server.api().make_token("admin", None)["token"]
            .as_str()
            .unwrap()
            .to_owned();
        server
            .api()
            .with_token(&token)
            .get("/instances")
            .expect(200);
        server
            .api()
            .with_token("weft_0123456789abcdef_secretsecretsecret")
            .get("/instances")
            .expect(401);
        let body = json!({ "action": "echo", "text": "body-marker-7731" });
        let request = Request::new("POST", "/default/private?q=query-marker-7731")
            .header("authorization", "Bearer header-marker-7731")
            .header("cookie", "sid=cookie-marker-7731");
        server.call(&request.clone().json(&body)).expect(200);
        server
            .call(&request.json(&json!({ "action": "trap", "text": "body-marker-7731" })))
            .problem(500, "trap");
        let log = server.log();
        for hidden in [
            "marker-7731",
            "secretsecretsecret",
            token.rsplit('_').next().unwrap(),
            &server.admin_token(),
        ] {
            assert!(!log.contains(hidden), "{hidden} at level {level}: {log}");
        }
    }
}

#[test]
fn an_answer_names_its_run_and_its_request() {
    let server = Server::start();
    let answer = server.get("/default/hello").expect(200);
    let run = answer.header("weft-run").expect("the run is named");
    assert_eq!(server.api().run("default", run)["flow"], "hello");
    let problem = server.get("/default/none");
    let id = problem.header("x-request-id").unwrap().to_owned();
    assert_eq!(problem.json()["instance"], format!("urn:weft:request:{id}"));
}
