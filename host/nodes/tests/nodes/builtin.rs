//! `catch`, `debug` and `inject`.

use crate::support::{Shelf, World, build, document, handle, message, refusal, shown, spec};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use weft_model::fault::ErrorKind;
use weft_model::validate::{Catalog, CatchScope, Source};
use weft_model::{Date, Fault, FaultCode, Value};
use weft_nodes::Palette;
use weft_nodes::catch::error_message;
use weft_nodes::inject::Inject;
use weft_nodes::node_type::compile;

#[test]
fn a_catch_node_says_whose_errors_it_receives() {
    let (palette, shelf) = (Palette::builtin(), Shelf::default());
    let scope = |config: Json| {
        palette
            .catalog(&shelf)
            .check(&document("catch", config))
            .unwrap()
            .catches
    };
    assert_eq!(scope(json!({})), Some(CatchScope::All));
    assert_eq!(
        scope(json!({"scope":"uncaught"})),
        Some(CatchScope::Uncaught)
    );
    let nodes = CatchScope::Nodes(vec!["a".parse().unwrap(), "b".parse().unwrap()]);
    assert_eq!(scope(json!({"scope":["a","b"]})), Some(nodes));
    assert_eq!(
        refusal("catch", json!({"scope":["a b"]}))[0].0,
        "/config/scope/0"
    );
    assert_eq!(
        refusal("catch", json!({"scope":"some"}))[0].0,
        "/config/scope"
    );
}

#[test]
fn a_caught_message_says_what_failed_where() {
    let mut fault = Fault::new(FaultCode::FunctionError, "no such user");
    fault.kind = Some(ErrorKind::InvalidInput);
    fault.data = Some(Box::new(Value::from(json!({"id": 7}))));
    let mut source = spec("function", json!({}));
    source.name = "look up".into();
    let failed = message(json!({"payload":1,"error":"earlier"}));
    let caught = error_message(&failed, &fault, &source).unwrap();
    assert_eq!(caught.id(), failed.id());
    assert_eq!(
        shown(&caught),
        json!({
            "payload": 1, "_error": "earlier",
            "error": {"message":"no such user","code":"function-error","kind":"invalid-input","data":{"id":7},
                "source":{"id":"n","type":"function","name":"look up","count":1}},
        })
    );
}

#[test]
fn the_tenth_failure_of_one_node_with_one_message_is_not_caught() {
    let fault = Fault::new(FaultCode::Trap, "t");
    let (source, mut other) = (spec("function", json!({})), spec("function", json!({})));
    other.path = "other".into();
    let mut failed = message(json!({}));
    for count in 1..10 {
        failed = error_message(&failed, &fault, &source).unwrap();
        assert_eq!(shown(&failed)["error"]["source"]["count"], count);
    }
    assert!(error_message(&failed, &fault, &source).is_none());
    let elsewhere = error_message(&failed, &fault, &other).unwrap();
    assert_eq!(shown(&elsewhere)["error"]["source"]["count"], 1);
}

#[test]
fn a_debug_node_shows_what_its_config_says() {
    let show = |config: Json| {
        let world = Arc::new(World::default());
        let mut spec = spec("debug", config);
        spec.name = "probe".into();
        let node = Palette::builtin().build(&spec, &Shelf::default()).unwrap();
        let outcome = handle(
            &*node,
            message(json!({"payload":{"a":[1]},"topic":"t"})),
            &world,
        )
        .unwrap();
        assert!(outcome.sends.is_empty());
        let said = world.said.lock().unwrap();
        let (name, value) = said.debug[0].clone();
        assert_eq!(name, "probe");
        (
            value.to_plain_json(),
            said.log.iter().map(|l| l.1.clone()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(show(json!({})), (json!({"a":[1]}), vec![]));
    assert_eq!(
        show(json!({"property":"payload.a[0]","console":true})),
        (json!(1), vec!["1".to_owned()])
    );
    assert_eq!(show(json!({"property":"none"})).0, json!(null));
    let all = show(json!({"property":"complete","console":true}));
    assert_eq!(all.0, json!({"id":"m","payload":{"a":[1]},"topic":"t"}));
    assert_eq!(all.1, [all.0.to_string()]);
    assert_eq!(
        refusal("debug", json!({"property":"a[","console":1})).len(),
        1
    );
}

#[test]
fn an_inject_node_makes_the_message_of_its_config() {
    let Json::Object(env) = json!({"WHO":"Ada"}) else {
        unreachable!()
    };
    let made = |config: Json, own: Option<Value>| {
        let node: Inject = compile(&spec("inject", config)).unwrap();
        shown(&node.message(&env, Date(1_000), own))
    };
    assert_eq!(made(json!({}), None), json!({"payload":1000}));
    assert_eq!(
        made(json!({"payload":null,"topic":"t"}), None),
        json!({"payload":null,"topic":"t"})
    );
    assert_eq!(
        made(json!({"payload":{"a":1}}), Some(Value::from(5i64))),
        json!({"payload":5})
    );
    let props = json!({"payload":"p","props":[
        {"p":"n","v":"1","vt":"num"}, {"p":"a.b","v":"WHO","vt":"env"}, {"p":"at","v":"iso","vt":"date"},
        {"p":"copy","v":"payload","vt":"msg"}, {"p":"payload","v":"last"},
    ]});
    assert_eq!(
        made(props.clone(), None),
        json!({"payload":"last","n":1,"a":{"b":"Ada"},"at":"1970-01-01T00:00:01.000Z","copy":"p"})
    );
    assert_eq!(made(props, Some("own".into()))["payload"], "own");
    let places = refusal(
        "inject",
        json!({"props":[{"p":"a b"},{"p":"x","v":"y","vt":"num"}]}),
    );
    assert_eq!(
        (places[0].0.as_str(), places[1].0.as_str()),
        ("/config/props/0/p", "/config/props/1/v")
    );
}

#[test]
fn an_inject_node_starts_runs_by_hand_and_passes_the_message_on() {
    let (palette, shelf) = (Palette::builtin(), Shelf::default());
    let facts = palette
        .catalog(&shelf)
        .check(&document("inject", json!({})))
        .unwrap();
    assert_eq!(
        (facts.source, facts.outputs, facts.has_input),
        (Some(Source::Manual), 1, false)
    );
    for entry in ["inject", "catch"] {
        let node = build(entry, json!({})).unwrap();
        let outcome = handle(
            &*node,
            message(json!({"payload":1})),
            &Arc::new(World::default()),
        )
        .unwrap();
        assert_eq!(
            shown(&outcome.sends[0].message),
            json!({"payload":1}),
            "{entry}"
        );
    }
}
