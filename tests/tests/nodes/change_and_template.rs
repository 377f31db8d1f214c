//! `change` and `template`: what messages are made into.

use crate::{rules, server, set};
use serde_json::json;
use weft_tests::Flow;

#[test]
fn change_sets_replaces_moves_and_deletes_in_order() {
    let server = server();
    let changes = rules(&[
        set("payload.total", "payload.price", "msg"),
        set("payload.tags[1]", "second", "str"),
        json!({ "t": "change", "p": "payload.text", "from": "a", "fromt": "str", "to": "o", "tot": "str" }),
        json!({ "t": "change", "p": "payload.code", "from": "(\\d+)-(\\d+)", "fromt": "re", "to": "$2/$1", "tot": "str" }),
        json!({ "t": "change", "p": "payload.flag", "from": "yes", "fromt": "str", "to": "true", "tot": "bool" }),
        json!({ "t": "move", "p": "payload.old", "to": "payload.new.place", "tot": "msg" }),
        json!({ "t": "delete", "p": "payload.price" }),
        set("payload.region", "REGION", "env"),
    ]);
    let flow = Flow::http(
        "changes",
        "POST",
        "/changes",
        &[("change", "change", changes)],
    )
    .set("env", json!({ "REGION": "north" }));
    server.deploy("default", &flow);
    let order = json!({ "price": 9.5, "tags": ["first"], "text": "banana", "code": "12-34", "flag": "yes", "old": { "x": 1 } });
    let changed = server.post("/default/changes", &order).expect(200).json();
    assert_eq!(
        changed,
        json!({ "total": 9.5, "tags": ["first", "second"], "text": "bonono", "code": "34/12", "flag": true, "new": { "place": { "x": 1 } }, "region": "north" })
    );
}

#[test]
fn template_writes_html_escaped_and_json_parsed() {
    let server = server();
    let page = json!({
        "template": "<h1>{{payload.title}}</h1>{{#payload.items}}<li>{{name}}: {{{raw}}}</li>{{/payload.items}}{{^payload.none}}-{{/payload.none}}{{! no }}{{env.SITE}}",
    });
    let flow = Flow::http("page", "POST", "/page", &[("page", "template", page)])
        .set("env", json!({ "SITE": "weft" }));
    server.deploy("default", &flow);
    let data = json!({ "title": "<b>\"A & B\"</b>", "items": [{ "name": "x", "raw": "<i>" }, { "name": "y", "raw": "" }] });
    assert_eq!(
        server.post("/default/page", &data).expect(200).text(),
        "<h1>&lt;b&gt;&quot;A &amp; B&quot;&lt;&#x2F;b&gt;</h1><li>x: <i></li><li>y: </li>-weft"
    );
    let as_json = json!({ "output": "json", "template": "{\"said\": \"{{{payload.text}}}\", \"n\": {{payload.n}}}" });
    server.deploy(
        "default",
        &Flow::http("as-json", "POST", "/as-json", &[("t", "template", as_json)]),
    );
    let answer = server
        .post("/default/as-json", &json!({ "text": "two\nlines", "n": 3 }))
        .expect(200)
        .json();
    assert_eq!(answer, json!({ "said": "two\nlines", "n": 3 }));
}

#[test]
fn a_template_that_is_not_closed_is_refused_at_deploy() {
    let api = server().api();
    let flow = Flow::http(
        "unclosed",
        "GET",
        "/unclosed",
        &[("t", "template", json!({ "template": "a\n{{#open}}" }))],
    );
    let saved = api
        .put("/instances/default/flows/unclosed", &flow.document())
        .expect(201)
        .json();
    let problem = &saved["problems"][0];
    assert_eq!(
        (&problem["code"], &problem["pointer"]),
        (&json!("invalid-config"), &json!("/nodes/1/config/template")),
        "{saved}"
    );
    assert!(
        problem["message"].as_str().unwrap().contains("line 2"),
        "{problem}"
    );
}
