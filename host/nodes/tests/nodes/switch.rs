//! Rules of `switch`.

use crate::support::{World, build, handle, message, refusal, sends};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// The ports that a message leaves.
fn ports(config: Json, msg: Json) -> Vec<u64> {
    let sends = sends("switch", config, msg, json!({ "LIMIT": 5, "NAME": "Ada" }));
    sends
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s[0].as_u64().unwrap())
        .collect()
}

#[test]
fn a_rule_holds_as_node_red_has_it() {
    let absent = || json!({ "topic": "t" });
    let payload = |value: Json| json!({ "payload": value, "topic": "t" });
    let cases = [
        (json!({"t":"eq","v":"Hello"}), payload(json!("Hello")), true),
        (
            json!({"t":"eq","v":"Hello"}),
            payload(json!("hello")),
            false,
        ),
        (json!({"t":"eq","v":"5"}), payload(json!(5)), true),
        (json!({"t":"eq","v":5,"vt":"str"}), payload(json!(5)), true),
        (json!({"t":"eq","v":"","vt":"str"}), absent(), false),
        (
            json!({"t":"eq","v":"missing.too","vt":"msg"}),
            absent(),
            true,
        ),
        (
            json!({"t":"eq","v":"topic","vt":"msg"}),
            payload(json!("t")),
            true,
        ),
        (
            json!({"t":"eq","v":"NAME","vt":"env"}),
            payload(json!("Ada")),
            true,
        ),
        (
            json!({"t":"eq","v":"true","vt":"bool"}),
            payload(json!(true)),
            true,
        ),
        (json!({"t":"neq","v":"a"}), payload(json!("b")), true),
        (json!({"t":"lt","v":"3"}), payload(json!("2")), true),
        (json!({"t":"lt","v":"10"}), payload(json!("9")), true),
        (
            json!({"t":"lt","v":"10","vt":"str"}),
            payload(json!("9")),
            false,
        ),
        (json!({"t":"lte","v":3}), payload(json!(3)), true),
        (json!({"t":"gt","v":3}), payload(json!(3)), false),
        (json!({"t":"gte","v":3}), payload(json!(3)), true),
        (json!({"t":"gt","v":3}), absent(), false),
        (json!({"t":"lte","v":3}), payload(json!("x")), false),
        (json!({"t":"btwn","v":3,"v2":5}), payload(json!(3)), true),
        (json!({"t":"btwn","v":5,"v2":3}), payload(json!(4)), true),
        (
            json!({"t":"btwn","v":3,"v2":"LIMIT","v2t":"env"}),
            payload(json!(6)),
            false,
        ),
        (
            json!({"t":"btwn","v":"c","v2":"e"}),
            payload(json!("d")),
            true,
        ),
        (json!({"t":"cont","v":"ell"}), payload(json!("Hello")), true),
        (json!({"t":"cont","v":"2"}), payload(json!([1, 2])), true),
        (json!({"t":"regex","v":"^a+$"}), payload(json!("aaa")), true),
        (
            json!({"t":"regex","v":"^A+$"}),
            payload(json!("aaa")),
            false,
        ),
        (
            json!({"t":"regex","v":"^A+$","case":true}),
            payload(json!("aaa")),
            true,
        ),
        (
            json!({"t":"regex","v":"topic","vt":"msg"}),
            payload(json!("at")),
            true,
        ),
        (json!({"t":"true"}), payload(json!(true)), true),
        (json!({"t":"true"}), payload(json!("true")), false),
        (json!({"t":"false"}), payload(json!(false)), true),
        (json!({"t":"null"}), payload(json!(null)), true),
        (json!({"t":"null"}), absent(), true),
        (json!({"t":"nnull"}), payload(json!(0)), true),
        (json!({"t":"empty"}), payload(json!({})), true),
        (json!({"t":"empty"}), payload(json!({"$bytes":""})), true),
        (json!({"t":"empty"}), payload(json!(0)), false),
        (json!({"t":"empty"}), payload(json!(null)), false),
        (json!({"t":"nempty"}), payload(json!([0])), true),
        (json!({"t":"nempty"}), payload(json!("")), false),
        (json!({"t":"nempty"}), absent(), false),
        (json!({"t":"istype","v":"string"}), payload(json!("")), true),
        (
            json!({"t":"istype","v":"number"}),
            payload(json!({"$number":"NaN"})),
            false,
        ),
        (
            json!({"t":"istype","v":"boolean"}),
            payload(json!(false)),
            true,
        ),
        (json!({"t":"istype","v":"array"}), payload(json!([])), true),
        (
            json!({"t":"istype","v":"object"}),
            payload(json!([])),
            false,
        ),
        (json!({"t":"istype","v":"object"}), payload(json!({})), true),
        (
            json!({"t":"istype","v":"buffer"}),
            payload(json!({"$bytes":"AA=="})),
            true,
        ),
        (
            json!({"t":"istype","v":"json"}),
            payload(json!("{\"a\":1}")),
            true,
        ),
        (
            json!({"t":"istype","v":"json"}),
            payload(json!("{a")),
            false,
        ),
        (json!({"t":"istype","v":"undefined"}), absent(), true),
        (json!({"t":"istype","v":"null"}), payload(json!(null)), true),
        (
            json!({"t":"hask","v":"a"}),
            payload(json!({"a":null})),
            true,
        ),
        (json!({"t":"hask","v":"0"}), payload(json!({"0":1})), true),
        (json!({"t":"hask","v":"a"}), payload(json!(null)), false),
        (json!({"t":"else"}), payload(json!(1)), true),
    ];
    for (rule, msg, held) in cases {
        let expected = if held { vec![0] } else { vec![] };
        assert_eq!(
            ports(json!({ "rules": [rule] }), msg.clone()),
            expected,
            "{rule} on {msg}"
        );
    }
}

#[test]
fn each_rule_has_a_port_and_else_takes_what_is_left() {
    let rules =
        json!([{"t":"gt","v":0}, {"t":"gt","v":10}, {"t":"else"}, {"t":"eq","v":99}, {"t":"else"}]);
    let all = |n: i64| ports(json!({ "rules": rules }), json!({ "payload": n }));
    assert_eq!(all(20), [0, 1, 4]);
    assert_eq!(all(99), [0, 1, 3]);
    assert_eq!(all(-1), [2]);
    let first = |n: i64| {
        ports(
            json!({ "rules": rules, "checkall": false }),
            json!({ "payload": n }),
        )
    };
    assert_eq!(first(20), [0]);
    assert_eq!(first(-1), [2]);
}

#[test]
fn a_property_can_be_nested_computed_or_from_env() {
    let rule = json!([{"t":"eq","v":"x"}]);
    let nested = json!({ "property": "payload.items[0][\"a b\"]", "rules": rule });
    assert_eq!(
        ports(nested, json!({"payload": {"items": [{"a b": "x"}]}})),
        [0]
    );
    let computed = json!({ "property": "payload[msg.topic]", "rules": rule });
    assert_eq!(
        ports(
            computed.clone(),
            json!({"payload": {"k": "x"}, "topic": "k"})
        ),
        [0]
    );
    assert!(ports(computed, json!({"payload": {"k": "x"}})).is_empty());
    let env = json!({ "property": "NAME", "propertyType": "env", "rules": [{"t":"eq","v":"Ada"}] });
    assert_eq!(ports(env, json!({})), [0]);
}

#[test]
fn what_can_not_work_is_refused_at_deploy_with_its_place() {
    let places = refusal(
        "switch",
        json!({
            "property": "a..b",
            "rules": [{"t":"regex","v":"(?=x)"}, {"t":"eq"}, {"t":"istype","v":"car"}, {"t":"eq","v":"x","vt":"num"}],
        }),
    );
    let pointers: Vec<_> = places.iter().map(|p| p.0.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/config/property",
            "/config/rules/0/v",
            "/config/rules/2/v",
            "/config/rules/3/v"
        ]
    );
    assert!(places[1].1.contains("look-around"), "{places:?}");

    let later = refusal(
        "switch",
        json!({ "rules": [{"t":"eq","v":"x","vt":"flow"}, {"t":"jsonata_exp","v":"1"}] }),
    );
    assert!(
        later
            .iter()
            .any(|(at, text)| at == "/config/rules/0/vt" && text.contains("no flow")),
        "{later:?}"
    );
    assert!(
        later
            .iter()
            .any(|(at, text)| at == "/config/rules/1/t" && text.contains("JSONata")),
        "{later:?}"
    );
    assert!(
        refusal("switch", json!({ "rule": [] }))[0]
            .1
            .contains("did you mean \"rules\"")
    );
}

#[test]
fn a_bad_pattern_in_a_message_is_a_fault_of_that_message() {
    let node = build(
        "switch",
        json!({ "rules": [{"t":"regex","v":"topic","vt":"msg"}] }),
    )
    .unwrap();
    let fault = handle(
        &*node,
        message(json!({"payload":"x","topic":"("})),
        &Arc::new(World::default()),
    );
    assert_eq!(fault.unwrap_err().code.as_str(), "invalid-message");
}
