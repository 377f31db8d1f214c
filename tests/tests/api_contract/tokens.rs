//! Tokens.

use crate::server;
use serde_json::json;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use weft_tests::Server;

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
