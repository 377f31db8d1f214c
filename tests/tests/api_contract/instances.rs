//! Instances.

use crate::server;
use serde_json::json;

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
