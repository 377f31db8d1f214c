//! The OpenAPI document beside the routes that there are, and their roles.

use crate::server;
use serde_json::Value as Json;
use weft_tests::{Request, Response, Server, artifact};

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
            allowed.sort_unstable();
            expected.sort_unstable();
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
