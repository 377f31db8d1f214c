//! Rules of `change`.

use crate::support::{World, build, handle, message, refusal, sends, shown};
use serde_json::{Value as Json, json};
use std::sync::Arc;

fn changed(rules: Json, msg: Json) -> Json {
    let env = json!({ "N": 42, "S": "env" });
    sends("change", json!({ "rules": rules }), msg, env)[0][1].clone()
}

#[test]
fn rules_change_the_message() {
    let cases = [
        (
            json!([{"t":"set","p":"payload","to":"x"}]),
            json!({"payload":"y"}),
            json!({"payload":"x"}),
        ),
        (
            json!([{"t":"set","p":"payload","to":"4","tot":"num"}]),
            json!({}),
            json!({"payload":4}),
        ),
        (
            json!([{"t":"set","p":"payload","to":"{\"a\":[1]}","tot":"json"}]),
            json!({}),
            json!({"payload":{"a":[1]}}),
        ),
        (
            json!([{"t":"set","p":"payload","to":{"a":1},"tot":"json"}]),
            json!({}),
            json!({"payload":{"a":1}}),
        ),
        (
            json!([{"t":"set","p":"payload","to":"[72,105]","tot":"bin"}]),
            json!({}),
            json!({"payload":{"$bytes":"SGk="}}),
        ),
        (
            json!([{"t":"set","p":"payload","to":"N","tot":"env"}]),
            json!({}),
            json!({"payload":42}),
        ),
        (
            json!([{"t":"set","p":"payload","to":"<${S}>","tot":"env"}]),
            json!({}),
            json!({"payload":"<env>"}),
        ),
        (
            json!([{"t":"set","p":"a.b[1].c","to":"x"}]),
            json!({}),
            json!({"a":{"b":[null,{"c":"x"}]}}),
        ),
        (
            json!([{"t":"set","p":"msg.payload","to":"msg.topic","tot":"msg"}]),
            json!({"topic":{"k":1}}),
            json!({"topic":{"k":1},"payload":{"k":1}}),
        ),
        (
            json!([{"t":"set","p":"payload","to":"look[msg.topic]","tot":"msg"}]),
            json!({"look":{"b":2},"topic":"b"}),
            json!({"look":{"b":2},"topic":"b","payload":2}),
        ),
        (
            json!([{"t":"set","p":"payload[msg.topic]","to":"x"}]),
            json!({"topic":"k"}),
            json!({"topic":"k","payload":{"k":"x"}}),
        ),
        (
            json!([{"t":"set","p":"foo.bar","to":"fred.red","tot":"msg"}]),
            json!({}),
            json!({}),
        ),
        (
            json!([{"t":"set","p":"payload","to":"none","tot":"msg"}]),
            json!({"payload":1}),
            json!({}),
        ),
        (
            json!([{"t":"set","p":"payload","to":"nil","tot":"msg"}]),
            json!({"payload":1,"nil":null}),
            json!({"payload":null,"nil":null}),
        ),
        (
            json!([{"t":"set","p":"payload.x","to":"y"}]),
            json!({"payload":"text"}),
            json!({"payload":"text"}),
        ),
        (
            json!([{"t":"set","p":"payload","to":"payload.length","tot":"msg"}]),
            json!({"payload":"abc"}),
            json!({"payload":3}),
        ),
        (
            json!([{"t":"change","p":"payload","from":"l","to":"L"}]),
            json!({"payload":"hello"}),
            json!({"payload":"heLLo"}),
        ),
        (
            json!([{"t":"change","p":"payload","from":"a.b","to":"-"}]),
            json!({"payload":"a.b axb"}),
            json!({"payload":"- axb"}),
        ),
        (
            json!([{"t":"change","p":"payload","from":"(l+)o","fromt":"re","to":"[$1]"}]),
            json!({"payload":"hello lo"}),
            json!({"payload":"he[ll] [l]"}),
        ),
        (
            json!([{"t":"change","p":"payload","from":"123","to":"456","tot":"num"}]),
            json!({"payload":"123"}),
            json!({"payload":456}),
        ),
        (
            json!([{"t":"change","p":"payload","from":"123","to":"456","tot":"num"}]),
            json!({"payload":"a123b"}),
            json!({"payload":"a456b"}),
        ),
        (
            json!([{"t":"change","p":"payload","from":"123","fromt":"num","to":"x"}]),
            json!({"payload":123}),
            json!({"payload":"x"}),
        ),
        (
            json!([{"t":"change","p":"payload","from":"123","fromt":"str","to":"x"}]),
            json!({"payload":123}),
            json!({"payload":123}),
        ),
        (
            json!([{"t":"change","p":"payload","from":"true","fromt":"bool","to":"x"}]),
            json!({"payload":true}),
            json!({"payload":"x"}),
        ),
        (
            json!([{"t":"change","p":"payload","from":"topic","fromt":"msg","to":"x"}]),
            json!({"payload":"abA","topic":"A"}),
            json!({"payload":"abx","topic":"A"}),
        ),
        (
            json!([{"t":"change","p":"foo.bar","from":"a","to":"b"}]),
            json!({"payload":"a"}),
            json!({"payload":"a"}),
        ),
        (
            json!([{"t":"delete","p":"a.b"}]),
            json!({"a":{"b":1,"c":2}}),
            json!({"a":{"c":2}}),
        ),
        (
            json!([{"t":"delete","p":"a[0]"}]),
            json!({"a":[1,2]}),
            json!({"a":[2]}),
        ),
        (
            json!([{"t":"delete","p":"a.b.c"}]),
            json!({"a":1}),
            json!({"a":1}),
        ),
        (
            json!([{"t":"move","p":"topic","to":"payload","tot":"msg"}]),
            json!({"topic":{"x":1},"payload":2}),
            json!({"payload":{"x":1}}),
        ),
        (
            json!([{"t":"move","p":"payload","to":"payload.foo"}]),
            json!({"payload":"bar"}),
            json!({"payload":{"foo":"bar"}}),
        ),
        (
            json!([{"t":"move","p":"payload.foo","to":"payload"}]),
            json!({"payload":{"foo":"bar"}}),
            json!({"payload":"bar"}),
        ),
        (
            json!([{"t":"set","p":"a","to":"1"},{"t":"set","p":"b","to":"a","tot":"msg"},{"t":"delete","p":"a"}]),
            json!({}),
            json!({"b":"1"}),
        ),
    ];
    for (rules, msg, expected) in cases {
        assert_eq!(
            changed(rules.clone(), msg.clone()),
            expected,
            "{rules} on {msg}"
        );
    }
}

#[test]
fn a_property_that_can_not_be_set_is_left_and_warned_of() {
    let node = build(
        "change",
        json!({"rules":[{"t":"set","p":"payload.x","to":"y"},{"t":"set","p":"list[5000]","to":"y"}]}),
    );
    let world = Arc::new(World::default());
    let outcome = handle(
        &*node.unwrap(),
        message(json!({"payload":1,"list":[]})),
        &world,
    )
    .unwrap();
    assert_eq!(
        shown(&outcome.sends[0].message),
        json!({"payload":1,"list":[]})
    );
    let log = world.log();
    assert!(
        log[0].1.contains("msg.payload.x") && log[1].1.contains("5000"),
        "{log:?}"
    );
}

#[test]
fn the_id_of_a_message_is_a_property_of_its_own() {
    let node = build(
        "change",
        json!({"rules":[{"t":"set","p":"was","to":"id","tot":"msg"},{"t":"set","p":"id","to":"new"},{"t":"delete","p":"id"}]}),
    );
    let outcome = handle(
        &*node.unwrap(),
        message(json!({})),
        &Arc::new(World::default()),
    )
    .unwrap();
    let encoded = outcome.sends[0].message.encode();
    assert_eq!(encoded.head, r#"{"id":"new","was":"m"}"#);
}

#[test]
fn what_can_not_work_is_refused_at_deploy_with_its_place() {
    let places = refusal(
        "change",
        json!({"rules":[
            {"t":"set","p":"a b"}, {"t":"move","p":"a"}, {"t":"change","p":"a","from":"(","fromt":"re"}, {"t":"set","p":"a","to":"x","tot":"num"},
        ]}),
    );
    let pointers: Vec<_> = places.iter().map(|p| p.0.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/config/rules/0/p",
            "/config/rules/1/to",
            "/config/rules/2/from",
            "/config/rules/3/to"
        ]
    );
    let later = refusal("change", json!({"rules":[{"t":"set","p":"x","pt":"flow"}]}));
    assert!(
        later[0].0 == "/config/rules/0/pt" && later[0].1.contains("no flow"),
        "{later:?}"
    );
}
