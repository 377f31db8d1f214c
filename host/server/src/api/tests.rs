//! The routes as the OpenAPI document lists them.

use super::*;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use weft_model::descriptor::{Descriptor, Port, Requests};
use weft_model::document::FlowDocument;
use weft_model::node::LogLevel;
use weft_model::problem::{Problem as Finding, ProblemCode};
use weft_model::{Message, RunId};
use weft_runtime::flows::{ComponentUse, FlowRecord, Revision};
use weft_runtime::run::trace::{
    ActivationView, FaultView, LineView, OutputView, RunDetail, RunStatus, RunSummary,
};

fn document() -> Json {
    serde_json::to_value(openapi()).unwrap()
}

/// Each operation as `method path`, with its least role.
fn operations() -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let role = operation["x-weft-role"].as_str().map(str::to_owned);
            found.insert(format!("{method} {path}"), role);
        }
    }
    found
}

#[test]
fn the_routes_and_their_roles_are_those_that_were_promised() {
    let promised = [
        ("get", "/healthz", ""),
        ("get", "/readyz", ""),
        ("get", "/metrics", ""),
        ("get", "/api/v1/openapi.json", ""),
        ("get", "/api/v1/flow-schema.json", ""),
        ("get", "/api/v1/instances", "viewer"),
        ("post", "/api/v1/instances", "admin"),
        ("get", "/api/v1/instances/{instance}", "viewer"),
        ("delete", "/api/v1/instances/{instance}", "admin"),
        ("get", "/api/v1/instances/{instance}/components", "viewer"),
        (
            "get",
            "/api/v1/instances/{instance}/components/{name}",
            "viewer",
        ),
        (
            "put",
            "/api/v1/instances/{instance}/components/{name}",
            "deployer",
        ),
        (
            "delete",
            "/api/v1/instances/{instance}/components/{name}",
            "deployer",
        ),
        ("get", "/api/v1/instances/{instance}/flows", "viewer"),
        ("get", "/api/v1/instances/{instance}/flows/{flow}", "viewer"),
        ("put", "/api/v1/instances/{instance}/flows/{flow}", "editor"),
        (
            "delete",
            "/api/v1/instances/{instance}/flows/{flow}",
            "deployer",
        ),
        (
            "post",
            "/api/v1/instances/{instance}/flows/{flow}/validate",
            "editor",
        ),
        (
            "post",
            "/api/v1/instances/{instance}/flows/{flow}/deploy",
            "deployer",
        ),
        (
            "get",
            "/api/v1/instances/{instance}/flows/{flow}/revisions",
            "viewer",
        ),
        (
            "get",
            "/api/v1/instances/{instance}/flows/{flow}/revisions/{revision}",
            "viewer",
        ),
        (
            "post",
            "/api/v1/instances/{instance}/flows/{flow}/rollback",
            "deployer",
        ),
        (
            "post",
            "/api/v1/instances/{instance}/flows/{flow}/enable",
            "deployer",
        ),
        (
            "post",
            "/api/v1/instances/{instance}/flows/{flow}/disable",
            "deployer",
        ),
        (
            "post",
            "/api/v1/instances/{instance}/flows/{flow}/nodes/{node}/inject",
            "editor",
        ),
        ("get", "/api/v1/instances/{instance}/runs", "viewer"),
        ("get", "/api/v1/instances/{instance}/runs/{run}", "viewer"),
        ("get", "/api/v1/instances/{instance}/events", "viewer"),
        ("get", "/api/v1/instances/{instance}/node-types", "viewer"),
        ("get", "/api/v1/tokens", "admin"),
        ("post", "/api/v1/tokens", "admin"),
        ("delete", "/api/v1/tokens/{token}", "admin"),
    ];
    let promised: BTreeMap<_, _> = promised
        .into_iter()
        .map(|(method, path, role)| {
            (
                format!("{method} {path}"),
                (!role.is_empty()).then(|| role.to_owned()),
            )
        })
        .collect();
    assert_eq!(operations(), promised);
}

#[test]
fn the_document_is_openapi_3_1_and_every_reference_in_it_resolves() {
    let document = document();
    assert!(
        document["openapi"].as_str().unwrap().starts_with("3.1"),
        "{}",
        document["openapi"]
    );
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    assert!(references.contains("#/components/schemas/Problem"));
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
}

#[test]
fn every_parameter_of_a_path_is_described() {
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let described: BTreeSet<_> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let named: BTreeSet<_> = path
                .split('/')
                .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                .collect();
            assert_eq!(described, named, "{method} {path}");
        }
    }
}

fn collect_references(json: &Json, into: &mut BTreeSet<String>) {
    match json {
        Json::Object(fields) => {
            into.extend(fields.get("$ref").and_then(Json::as_str).map(str::to_owned));
            fields
                .values()
                .for_each(|value| collect_references(value, into));
        }
        Json::Array(items) => items.iter().for_each(|item| collect_references(item, into)),
        _ => {}
    }
}

/// The names of the properties that the document gives a schema.
fn described(schema: &Json) -> BTreeSet<String> {
    let own = schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(|p| p.keys().cloned());
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let whole = document();
    let inherited = parts.flat_map(|part| match part["$ref"].as_str() {
        Some(reference) => described(whole.pointer(&reference[1..]).unwrap()),
        None => described(part),
    });
    own.chain(inherited.collect::<Vec<_>>()).collect()
}

fn assert_described(schema: &str, value: impl serde::Serialize) {
    let document = document();
    let schema_json = &document["components"]["schemas"][schema];
    assert!(schema_json.is_object(), "{schema} is not in the document");
    let written = serde_json::to_value(value).unwrap();
    let written: BTreeSet<_> = written.as_object().unwrap().keys().cloned().collect();
    assert_eq!(described(schema_json), written, "{schema}");
}

#[test]
fn the_document_describes_flows_as_they_are_written() {
    let draft = json!({ "nodes": [], "wires": [], "extensions": { "x": 1 } }).to_string();
    let draft = FlowDocument::parse(draft.as_bytes(), Some(&"f".parse().unwrap())).unwrap();
    let used = ComponentUse {
        name: "c".parse().unwrap(),
        version: "1.0.0".parse().unwrap(),
    };
    assert_described("ComponentUse", &used);
    let components = vec![used];
    let revision = Revision {
        revision: 1,
        deployed_at: 0,
        components,
        document: draft,
    };
    assert_described("Revision", revision);
    let flow = FlowRecord {
        id: "f".parse().unwrap(),
        name: String::new(),
        revision: None,
        last_revision: 0,
        enabled: false,
        saved_at: 0,
        deployed_at: None,
        draft_differs: true,
    };
    assert_described("Flow", flow);
    let finding = Finding::new(ProblemCode::DanglingWire, "/wires/0", "m", "h")
        .at_node(&"n".parse().unwrap())
        .at_port(0);
    assert_described("Finding", finding);
}

#[test]
fn the_document_names_the_fields_of_flow_documents() {
    let schema = FlowDocument::json_schema();
    let real: BTreeSet<_> = schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let document = document();
    assert_eq!(
        described(&document["components"]["schemas"]["FlowDocument"]),
        real
    );
}

#[test]
fn the_document_describes_node_types_as_they_are_written() {
    let port = Port {
        label: "out".into(),
        documentation: "what".into(),
    };
    assert_described("Port", &port);
    assert_described("Requests", Requests::default());
    let descriptor: Descriptor = serde_json::from_value(json!({ "name": "n" })).unwrap();
    assert_described("NodeType", descriptor);
}

#[test]
fn the_document_describes_runs_as_they_are_written() {
    let summary = RunSummary {
        id: RunId::new(0),
        flow: "f".parse().unwrap(),
        revision: 1,
        entry: "in".into(),
        status: RunStatus::Running,
        started_at: 0,
        duration_us: None,
        error: None,
        activations: 0,
        fuel: 0,
    };
    assert_described("Run", &summary);
    let fault = FaultView {
        code: "trap",
        message: String::new(),
        hint: None,
    };
    assert_described("Fault", &fault);
    let output = OutputView {
        port: 0,
        message: Message::new(),
    };
    assert_described("Output", &output);
    let activation = ActivationView {
        node: "n".into(),
        from: None,
        port: None,
        offset_us: 0,
        duration_us: 0,
        fuel: 0,
        memory_bytes: 0,
        error: Some(fault),
        input: None,
        outputs: Some(vec![output]),
    };
    assert_described("Activation", &activation);
    let line = LineView::Log {
        node: "n".into(),
        level: LogLevel::Info,
        line: String::new(),
    };
    let detail = RunDetail {
        summary,
        path: vec![activation],
        log: vec![line],
        dropped_lines: 0,
    };
    assert_described("RunWithPath", detail);
}
