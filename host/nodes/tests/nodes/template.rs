//! `template` nodes.

use crate::support::{World, build, handle, message, refusal, sends};
use serde_json::{Value as Json, json};
use std::sync::Arc;

fn written(config: Json, msg: Json) -> Json {
    let env = json!({ "NAME": "Ada", "A.B": "dotted" });
    sends("template", config, msg, env)[0][1].clone()
}

#[test]
fn the_result_goes_where_the_config_says() {
    let cases = [
        (
            json!({"template":"Hi {{payload}}"}),
            json!({"payload":"<b>"}),
            json!({"payload":"Hi &lt;b&gt;"}),
        ),
        (
            json!({"template":"{{{payload}}}","field":"out.text"}),
            json!({"payload":"<b>"}),
            json!({"payload":"<b>","out":{"text":"<b>"}}),
        ),
        (
            json!({"template":"{{payload}}","syntax":"plain"}),
            json!({"payload":1}),
            json!({"payload":"{{payload}}"}),
        ),
        (
            json!({"template":""}),
            json!({"template":"t={{topic}}","topic":"x"}),
            json!({"template":"t={{topic}}","topic":"x","payload":"t=x"}),
        ),
        (
            json!({"template":"{{env.NAME}} {{env.A.B}} {{env.none}}."}),
            json!({}),
            json!({"payload":"Ada dotted ."}),
        ),
        (
            json!({"template":"{{env.NAME}}"}),
            json!({"env":{"NAME":"own"}}),
            json!({"env":{"NAME":"own"},"payload":"own"}),
        ),
        (
            json!({"template":"{{id}}{{flow.x}}{{global.x}}"}),
            json!({}),
            json!({"payload":"m"}),
        ),
        (
            json!({"template":"{\"a\":{{payload}}}","output":"json"}),
            json!({"payload":[1]}),
            json!({"payload":{"a":1}}),
        ),
        (
            json!({"template":"{\"a\":\"{{payload}}\"}","output":"json"}),
            json!({"payload":"x\n\\\ty"}),
            json!({"payload":{"a":"x\n\\\ty"}}),
        ),
        (
            json!({"template":"{{#payload.A}}{{payload.A}}{{.}}{{/payload.A}}"}),
            json!({"payload":{"A":"abc"}}),
            json!({"payload":"abcabc"}),
        ),
        (
            json!({"template":"{{req.headers.user-agent}}"}),
            json!({"req":{"headers":{"user-agent":"a/1"}}}),
            json!({"req":{"headers":{"user-agent":"a/1"}},"payload":"a&#x2F;1"}),
        ),
    ];
    for (config, msg, expected) in cases {
        assert_eq!(
            written(config.clone(), msg.clone()),
            expected,
            "{config} on {msg}"
        );
    }
}

#[test]
fn a_broken_template_is_refused_at_deploy_with_its_line() {
    let places = refusal("template", json!({"template":"a\n{{#b}}","field":""}));
    assert_eq!(places[0].0, "/config/field");
    assert_eq!(places[1].0, "/config/template");
    assert!(places[1].1.contains("line 2"), "{places:?}");
}

#[test]
fn what_a_message_brings_can_only_fail_that_message() {
    let world = Arc::new(World::default());
    let fault = |config: Json, msg: Json| {
        let fault = handle(&*build("template", config).unwrap(), message(msg), &world).unwrap_err();
        (fault.code.as_str(), fault.message)
    };
    let (code, text) = fault(json!({}), json!({"template":"{{#a}}"}));
    assert!(
        code == "invalid-message" && text.contains("msg.template") && text.contains("line 1"),
        "{text}"
    );
    let (code, text) = fault(json!({"template":"{","output":"json"}), json!({}));
    assert!(
        code == "invalid-message" && text.contains("not JSON"),
        "{text}"
    );
}
