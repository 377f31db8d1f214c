//! Callers of the API without the right to it, or without a point.

use crate::server;
use serde_json::json;
use weft_tests::{Flow, Request};

#[test]
fn no_token_a_wrong_one_and_one_in_the_wrong_place_are_refused() {
    let server = server();
    let api = server.api();
    let path = "/instances/default/flows";
    let answer = api.anonymous().get(path);
    assert!(
        answer
            .header("www-authenticate")
            .unwrap()
            .starts_with("Bearer")
    );
    answer.problem(401, "no-token");
    let admin = server.admin_token();
    let altered = format!(
        "{}{}",
        &admin[..admin.len() - 1],
        if admin.ends_with('x') { 'y' } else { 'x' }
    );
    for wrong in [
        "",
        "garbage",
        "weft_0000000000000000_AAAA",
        &altered,
        &format!("{admin}x"),
    ] {
        let answer = api.with_token(wrong).get(path);
        assert!(matches!(answer.status, 401), "{wrong:?}: {}", answer.text());
        assert!(answer.header("www-authenticate").is_some());
        let said = answer.text();
        assert!(
            !said.contains(&admin) && (wrong.is_empty() || !said.contains(wrong)),
            "{said}"
        );
    }
    let elsewhere = Request::get(format!("/api/v1{path}?token={admin}&access_token={admin}"));
    elsewhere.send(server.admin).problem(401, "no-token");
    let basic =
        Request::get(format!("/api/v1{path}")).header("authorization", format!("Basic {admin}"));
    basic.send(server.admin).problem(401, "no-token");
}

#[test]
fn a_token_of_another_instance_or_too_low_a_role_is_refused() {
    let server = server();
    let api = server.api();
    api.activate("elsewhere");
    let token = api.make_token("deployer", Some(&["elsewhere"]));
    let limited = api.with_token(token["token"].as_str().unwrap());
    limited
        .get("/instances/default/flows")
        .problem(403, "wrong-instance");
    limited
        .get("/instances/no-such-instance/flows")
        .problem(403, "wrong-instance");
    limited.get("/instances/elsewhere/flows").expect(200);
    let names = limited.get("/instances").expect(200).json();
    assert_eq!(names.as_array().unwrap().len(), 1, "{names}");

    let token = api.make_token("viewer", None);
    let viewer = api.with_token(token["token"].as_str().unwrap());
    let problem = viewer
        .put("/instances/default/flows/x", &Flow::new("x").document())
        .problem(403, "role-too-low");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("editor") && detail.contains("viewer"),
        "{detail}"
    );
}

#[test]
fn bodies_of_the_api_that_are_not_what_it_takes_are_refused() {
    let api = server().api();
    let broken = api
        .request("POST", "/instances")
        .header("content-type", "application/json")
        .body("{\"name\":");
    api.send(&broken).problem(400, "invalid-json");
    api.post("/instances", &json!({ "nome": "x" }))
        .problem(400, "invalid-body");
    api.post("/instances", &json!({ "name": "Not A Name" }))
        .problem(400, "invalid-body");
    let empty = api
        .request("POST", "/instances")
        .header("content-type", "application/json");
    api.send(&empty).problem(400, "missing-body");
    let xml = api
        .request("POST", "/instances")
        .header("content-type", "text/xml")
        .body("<name/>");
    api.send(&xml).problem(415, "unsupported-media-type");
    api.get("/instances/default/runs/not-a-run")
        .problem(400, "invalid-path");
    api.get("/instances/default/runs?limit=many")
        .problem(400, "invalid-query");
}
