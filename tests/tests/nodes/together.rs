//! All node types in one flow.

use crate::{rules, server, set};
use serde_json::{Value as Json, json};
use weft_tests::Flow;

/// An order desk: validates, prices, counts and answers; errors become answers
/// of their own. Every node type that is there takes part.
fn order_desk() -> Flow {
    let receipt = "Order {{order.number}} for {{payload.customer}}:{{#payload.items}} {{count}}x{{name}}{{/payload.items}}{{#express}} EXPRESS{{/express}}";
    Flow::new("orders")
        .set("env", json!({ "EXPRESS_FROM": 100 }))
        .node("in", "http-in", json!({ "method": "POST", "path": "/orders/:shop" }))
        .node("again", "inject", json!({ "payload": { "customer": "nobody", "items": [], "total": 0 } }))
        .node("valid", "switch", json!({ "property": "payload.customer", "checkall": false, "rules": [{ "t": "nempty" }, { "t": "else" }] }))
        .node("remember", "change", rules(&[set("order.data", "payload", "msg"), set("order.shop", "req.params.shop", "msg"), set("payload", r#"{"key":"orders"}"#, "json")]))
        .node("number", "component:counter", json!({ "step": 1 }))
        .with("number", "grants", json!({ "buckets": ["counters"] }))
        .node("restore", "change", rules(&[set("order.number", "payload.value", "msg"), set("payload", "order.data", "msg")]))
        .node("priced", "switch", json!({ "property": "payload.total", "checkall": false, "rules": [{ "t": "gte", "v": "EXPRESS_FROM", "vt": "env" }, { "t": "else" }] }))
        .node("express", "change", rules(&[set("express", "true", "bool")]))
        .node("receipt", "template", json!({ "template": receipt }))
        .node("created", "change", rules(&[set("statusCode", "201", "num"), set("headers", r#"{"content-type":"text/plain"}"#, "json")]))
        .node("watch", "debug", json!({ "property": "complete" }))
        .node("reject", "change", rules(&[set("statusCode", "422", "num"), set("payload", "a customer is needed", "str")]))
        .node("failed", "catch", json!({}))
        .node("sorry", "template", json!({ "template": "Sorry: {{error.code}}" }))
        .node("unavailable", "change", rules(&[set("statusCode", "503", "num")]))
        .node("out", "http-response", json!({}))
        .chain(&["in", "valid", "remember", "number", "restore", "priced", "express", "receipt", "created", "out"])
        .wire("again", "valid")
        .wire("created", "watch")
        .wire_port("valid", 1, "reject")
        .wire("reject", "out")
        .wire_port("priced", 1, "receipt")
        .chain(&["failed", "sorry", "unavailable", "out"])
}

#[test]
fn an_order_desk_of_all_node_types_works_as_drawn() {
    let server = server();
    server.api().activate("shop");
    server.upload("shop", "counter");
    let deployed = server.deploy("shop", &order_desk());
    assert_eq!(deployed["warnings"], json!([]), "{deployed}");
    let order = |body: Json| server.post("/shop/orders/north", &body);
    let small = order(json!({ "customer": "Ada & Co", "total": 20, "items": [{ "name": "nut", "count": 2 }, { "name": "bolt", "count": 5 }] })).expect(201);
    assert_eq!(small.text(), "Order 1 for Ada &amp; Co: 2xnut 5xbolt");
    assert_eq!(
        small.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let large = order(json!({ "customer": "Bo", "total": "100", "items": [] })).expect(201);
    assert_eq!(large.text(), "Order 2 for Bo: EXPRESS");
    assert_eq!(
        order(json!({ "customer": "", "total": 1 }))
            .expect(422)
            .text(),
        "a customer is needed"
    );

    let without_grant = order_desk().with("number", "grants", json!({}));
    server.deploy("shop", &without_grant);
    assert_eq!(
        order(json!({ "customer": "Cy", "total": 1, "items": [] }))
            .expect(503)
            .text(),
        "Sorry: capability-denied"
    );
    server.deploy("shop", &order_desk());
    let third = order(json!({ "customer": "Cy", "total": 1, "items": [] })).expect(201);
    assert_eq!(third.text(), "Order 3 for Cy:");
}
