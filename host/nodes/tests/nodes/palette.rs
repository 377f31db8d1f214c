//! The palette as a whole: what there is, what is refused, what a deploy pins.

use crate::support::{Shelf, document, spec};
use serde_json::{Value as Json, json};
use weft_model::descriptor::Descriptor;
use weft_model::document::FlowDocument;
use weft_model::problem::{Problem, ProblemCode};
use weft_model::validate::Catalog;
use weft_nodes::config_schema::ConfigSchema;
use weft_nodes::{ComponentInfo, Palette, pin};
use weft_sandbox::{Digest, FunctionKind};

fn component(name: &str, version: &str, schema: Json) -> ComponentInfo {
    let descriptor: Descriptor = serde_json::from_value(json!({
        "name": name, "outputs": [{"label": "a"}, {"label": "b"}], "configSchema": schema,
    }))
    .unwrap();
    ComponentInfo {
        name: name.into(),
        version: version.parse().unwrap(),
        digest: Digest::of(format!("{name}{version}").as_bytes()),
        descriptor,
        kind: FunctionKind::Function,
    }
}

fn shelf() -> Shelf {
    let schema = json!({
        "type": "object", "required": ["top"], "additionalProperties": false,
        "properties": {"top": {"type": "integer", "maximum": 10}},
    });
    Shelf {
        infos: vec![
            component("word-count", "1.0.0", schema.clone()),
            component("word-count", "1.10.0", schema.clone()),
            component("word-count", "1.9.0", schema),
        ],
        ..Shelf::default()
    }
}

fn problems(node_type: &str, config: Json) -> Vec<Problem> {
    let (palette, shelf) = (Palette::builtin(), shelf());
    let node = document(node_type, config);
    palette
        .catalog(&shelf)
        .check(&node)
        .expect_err("the node is refused")
}

#[test]
fn every_type_says_what_people_need_to_know() {
    let palette = Palette::builtin();
    let types: Vec<_> = palette.types().map(|d| d.node_type.as_str()).collect();
    assert_eq!(
        types,
        [
            "http-in",
            "http-response",
            "function",
            "inject",
            "switch",
            "change",
            "template",
            "catch",
            "debug"
        ]
    );
    for descriptor in palette.types() {
        let name = &descriptor.node_type;
        for text in [
            &descriptor.name,
            &descriptor.summary,
            &descriptor.documentation,
            &descriptor.category,
            &descriptor.icon,
        ] {
            assert!(!text.is_empty(), "{name}");
        }
        assert!(
            descriptor.color.len() == 7 && descriptor.color.starts_with('#'),
            "{name}"
        );
        ConfigSchema::new(descriptor.config_schema.clone())
            .check_schema()
            .unwrap();
        let fields = descriptor.config_schema["properties"].as_object().unwrap();
        for (field, schema) in fields {
            assert!(
                schema["description"].is_string(),
                "{name}.{field} is described in the schema"
            );
            assert!(
                descriptor.documentation.contains(&format!("`{field}`")),
                "{name}.{field} is documented"
            );
        }
    }
}

#[test]
fn an_empty_config_is_enough_where_nothing_is_needed() {
    let (palette, shelf) = (Palette::builtin(), shelf());
    let needs: Vec<_> = palette
        .types()
        .filter(|d| {
            palette
                .catalog(&shelf)
                .check(&document(&d.node_type, json!({})))
                .is_err()
        })
        .map(|d| d.node_type.as_str())
        .collect();
    assert_eq!(needs, ["http-in", "function"]);
}

#[test]
fn an_unknown_type_is_answered_with_the_nearest_one() {
    for (asked, hint) in [
        ("htp-in", "did you mean \"http-in\"?"),
        ("word-count", "did you mean \"component:word-count\"?"),
        ("zzz", "use one of http-in"),
    ] {
        let problem = &problems(asked, json!({}))[0];
        assert_eq!(
            (problem.code, problem.pointer.as_str()),
            (ProblemCode::UnknownNodeType, "/type")
        );
        assert!(problem.hint.contains(hint), "{problem:?}");
    }
}

#[test]
fn uploaded_components_are_types_of_their_own() {
    let (palette, shelf) = (Palette::builtin(), shelf());
    let all = palette.descriptors(&shelf);
    let last = all.last().unwrap();
    assert_eq!(
        (last.node_type.as_str(), all.len()),
        ("component:word-count", 10)
    );
    let facts = |node_type: &str, config: Json| {
        palette
            .catalog(&shelf)
            .check(&document(node_type, config))
            .unwrap()
    };
    for node_type in ["component:word-count", "component:word-count@1.9.0"] {
        let facts = facts(node_type, json!({"top": 3}));
        assert_eq!((facts.outputs, facts.has_input), (2, true));
    }
    let config = json!({"component": "word-count", "version": "1.0.0", "config": {"top": 3}});
    assert_eq!(facts("function", config).outputs, 2);
}

#[test]
fn a_function_that_can_not_run_is_refused_with_its_place() {
    let cases = [
        ("function", json!({}), "/config", "component"),
        (
            "function",
            json!({"component":"word-cout"}),
            "/config/component",
            "did you mean \"word-count\"",
        ),
        (
            "function",
            json!({"component":"other"}),
            "/config/component",
            "weft component push other",
        ),
        (
            "function",
            json!({"component":"../x"}),
            "/config/component",
            "component name",
        ),
        (
            "function",
            json!({"component":"word-count","version":"2.0.0"}),
            "/config/version",
            "1.10.0",
        ),
        (
            "function",
            json!({"component":"word-count","version":"new"}),
            "/config/version",
            "latest",
        ),
        (
            "function",
            json!({"component":"word-count"}),
            "/config/config",
            "top",
        ),
        (
            "function",
            json!({"component":"word-count","config":{"top":11}}),
            "/config/config/top",
            "10",
        ),
        (
            "function",
            json!({"component":"word-count","config":{"top":1,"tip":2}}),
            "/config/config/tip",
            "did you mean \"top\"",
        ),
        ("component:nothing", json!({}), "/type", "no component"),
        ("component:word-count@9.0.0", json!({}), "/type", "1.9.0"),
        (
            "component:word-count",
            json!({"top":"x"}),
            "/config/top",
            "integer",
        ),
    ];
    for (node_type, config, pointer, words) in cases {
        let found = problems(node_type, config.clone());
        let text = format!("{}; {}", found[0].message, found[0].hint);
        assert_eq!(
            (found.len(), found[0].pointer.as_str()),
            (1, pointer),
            "{node_type} {config}: {found:?}"
        );
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn limits_over_the_hosts_maximum_are_refused() {
    let (palette, shelf) = (Palette::builtin(), shelf());
    let mut node = document("component:word-count", json!({"top": 1}));
    node.limits.deadline_ms = Some(60_001);
    let found = palette.catalog(&shelf).check(&node).unwrap_err();
    assert_eq!(
        (found[0].code, found[0].pointer.as_str()),
        (ProblemCode::LimitExceeded, "/limits/deadlineMs")
    );
    assert!(found[0].hint.contains("60000"), "{found:?}");
}

#[test]
fn a_component_that_is_not_compiled_is_a_problem_of_the_deploy() {
    let spec = spec("component:word-count", json!({"top": 1}));
    let found = Palette::builtin().build(&spec, &shelf()).err().unwrap();
    assert!(found[0].message.contains("sha256:"), "{found:?}");
}

#[test]
fn a_schema_that_could_keep_the_host_busy_is_refused() {
    let mut doubling = json!({"$defs": {"d0": {"type": "object"}}, "$ref": "#/$defs/d16"});
    for i in 1..=16 {
        let of = format!("#/$defs/d{}", i - 1);
        doubling["$defs"][format!("d{i}")] = json!({"allOf": [{"$ref": of}, {"$ref": of}]});
    }
    for (schema, reason) in [
        (json!({"$ref": "#"}), "itself"),
        (json!({"properties": {"a": {"$ref": "#"}}}), "itself"),
        (
            json!({"$ref": "https://example.com/schema.json"}),
            "same schema",
        ),
        (json!({"$ref": "file:///etc/passwd"}), "same schema"),
        (json!({"type": "nonsense"}), "can't be used"),
        (
            json!({"properties": {"a": {"pattern": "(?=x)"}}}),
            "can't be used",
        ),
        (doubling, "parts"),
    ] {
        let bad = ConfigSchema::new(schema.clone())
            .check_schema()
            .expect_err("the schema is refused");
        assert!(bad.to_string().contains(reason), "{schema}: {bad}");
    }
    let shelf = Shelf {
        infos: vec![component("odd", "1.0.0", json!({"$ref": "#"}))],
        ..Shelf::default()
    };
    let node = document("component:odd", json!({}));
    assert!(Palette::builtin().catalog(&shelf).check(&node).is_err());
}

#[test]
fn a_deploy_pins_the_latest_version() {
    let text = json!({"id": "f", "wires": [], "nodes": [
        {"id": "a", "type": "function", "config": {"component": "word-count", "config": {"top": 1}}},
        {"id": "b", "type": "function", "config": {"component": "word-count", "version": "1.0.0"}},
        {"id": "c", "type": "component:word-count", "config": {"top": 1}},
        {"id": "d", "type": "component:word-count@1.9.0"},
        {"id": "e", "type": "debug"},
        {"id": "off", "type": "component:nothing", "disabled": true},
        {"id": "bad", "type": "component:nothing"},
    ]});
    let mut document = FlowDocument::parse(text.to_string().as_bytes(), None).unwrap();
    let problems = pin(&mut document, &shelf());
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(
        (problems[0].pointer.as_str(), problems[0].node.as_deref()),
        ("/nodes/6/type", Some("bad"))
    );
    assert_eq!(document.nodes[0].config["version"], "1.10.0");
    assert_eq!(document.nodes[1].config["version"], "1.0.0");
    assert_eq!(document.nodes[2].node_type, "component:word-count@1.10.0");
    assert_eq!(document.nodes[3].node_type, "component:word-count@1.9.0");
}
