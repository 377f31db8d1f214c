//! The built-in nodes, in real flows, over HTTP.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use serde_json::{Value as Json, json};
use std::sync::Arc;
use weft_tests::server::SharedServer;
use weft_tests::{Flow, Launch, Request, Server};

static SERVER: SharedServer = SharedServer::new();

fn server() -> Arc<Server> {
    SERVER.get(Launch::new, |server| {
        for guest in ["limits", "word-count", "counter"] {
            server.upload("default", guest);
        }
    })
}

fn set(path: &str, to: &str, tot: &str) -> Json {
    json!({ "t": "set", "p": path, "to": to, "tot": tot })
}

fn rules(rules: &[Json]) -> Json {
    json!({ "rules": rules })
}

// --- http-in -----------------------------------------------------------------

/// Answers with the whole of what came in.
fn mirror(id: &str, config: Json) -> Flow {
    let show = rules(&[
        set("seen.payload", "payload", "msg"),
        set("seen.req", "req", "msg"),
        set("payload", "seen", "msg"),
    ]);
    Flow::new(id)
        .node("in", "http-in", config)
        .node("show", "change", show)
        .node("out", "http-response", json!({}))
        .chain(&["in", "show", "out"])
}

#[test]
fn a_request_becomes_a_message_with_all_its_parts() {
    let server = server();
    server.deploy(
        "default",
        &mirror(
            "parts",
            json!({ "method": "POST", "path": "/parts/:id/*rest" }),
        ),
    );
    let request = Request::new("POST", "/default/parts/a%20b/x/y%2Fz?tag=1&tag=2&q=%C3%A9")
        .header("X-Kind", "one")
        .header("x-kind", "two")
        .json(&json!({ "n": 1 }));
    let seen = server.call(&request).expect(200).json();
    let req = &seen["req"];
    assert_eq!(req["method"], "POST");
    assert_eq!(req["params"], json!({ "id": "a b", "rest": "x/y/z" }));
    assert_eq!(req["query"], json!({ "tag": ["1", "2"], "q": "é" }));
    assert_eq!(req["headers"]["x-kind"], "one, two");
    assert_eq!(req["headers"]["content-type"], "application/json");
    assert_eq!(req["path"], "/parts/a%20b/x/y%2Fz");
    assert_eq!(req["ip"], "127.0.0.1");
    assert_eq!(seen["payload"], json!({ "n": 1 }));
}

#[test]
fn a_body_is_read_as_its_content_type_says() {
    let server = server();
    server.deploy(
        "default",
        &mirror("bodies", json!({ "method": "*", "path": "/bodies" })),
    );
    let post = |content_type: &str, body: &[u8]| {
        let request = Request::new("POST", "/default/bodies")
            .header("content-type", content_type)
            .body(body);
        server.call(&request).expect(200).json()["payload"].clone()
    };
    assert_eq!(
        post("application/vnd.x+json", b"[1,{\"a\":null}]"),
        json!([1, { "a": null }])
    );
    assert_eq!(
        post(
            "application/x-www-form-urlencoded",
            b"a=1&b[c]=x&d[]=1&d[]=2"
        ),
        json!({ "a": "1", "b": { "c": "x" }, "d": ["1", "2"] })
    );
    assert_eq!(post("text/csv", "é,1".as_bytes()), "é,1");
    assert_eq!(post("application/xml", b"<a/>"), "<a/>");
    let get = server.get("/default/bodies?x=1").expect(200).json();
    assert_eq!(get["payload"], json!({ "x": "1" }));
    let bytes = Request::new("POST", "/default/bodies")
        .header("content-type", "image/png")
        .body(&b"\x89PNG\xff"[..]);
    assert!(
        !server.call(&bytes).expect(200).json()["payload"].is_string(),
        "what is no text stays bytes"
    );
}

#[test]
fn the_body_mode_overrides_the_content_type() {
    let server = server();
    let in_mode = |mode: &str, body: &str| {
        let path = format!("/mode-{mode}");
        let flow = Flow::new(&format!("mode-{mode}"))
            .node(
                "in",
                "http-in",
                json!({ "method": "POST", "path": path, "body": mode }),
            )
            .node("out", "http-response", json!({}))
            .wire("in", "out");
        server.deploy("default", &flow);
        let request = Request::new("POST", format!("/default{path}"))
            .header("content-type", "application/json")
            .body(body);
        let answer = server.call(&request).expect(200);
        (
            answer.header("content-type").unwrap_or_default().to_owned(),
            answer.text(),
        )
    };
    assert_eq!(
        in_mode("text", "[1, 2]"),
        ("text/html; charset=utf-8".into(), "[1, 2]".into())
    );
    assert_eq!(
        in_mode("bytes", "[1, 2]"),
        ("application/octet-stream".into(), "[1, 2]".into())
    );
    assert_eq!(
        in_mode("form", "a=1"),
        (
            "application/json; charset=utf-8".into(),
            r#"{"a":"1"}"#.into()
        )
    );
}

#[test]
fn the_more_special_path_wins_and_any_method_comes_last() {
    let server = server();
    let text = |id: &str, method: &str, path: &str| {
        let flow = Flow::http(
            id,
            method,
            path,
            &[("say", "change", rules(&[set("payload", id, "str")]))],
        );
        server.deploy("default", &flow);
    };
    text("fixed", "GET", "/routes/fixed");
    text("one-part", "GET", "/routes/:part");
    text("any-method", "*", "/routes/fixed");
    text("the-rest", "GET", "/routes/deep/*rest");
    let get = |path: &str| {
        server
            .get(&format!("/default/routes/{path}"))
            .expect(200)
            .text()
    };
    assert_eq!(get("fixed"), "fixed");
    assert_eq!(get("other"), "one-part");
    assert_eq!(get("deep/a/b"), "the-rest");
    assert_eq!(
        server
            .call(&Request::new("PURGE", "/default/routes/fixed"))
            .expect(200)
            .text(),
        "any-method"
    );
    let head = server
        .call(&Request::new("HEAD", "/default/routes/fixed"))
        .expect(200);
    assert_eq!(
        (head.body.len(), head.header("content-length")),
        (0, Some("5"))
    );
}

#[test]
fn a_flow_that_does_not_answer_in_time_is_504() {
    let server = server();
    let flow = Flow::new("late")
        .node(
            "in",
            "http-in",
            json!({ "method": "POST", "path": "/late", "replyTimeoutMs": 100 }),
        )
        .node("fn", "function", json!({ "component": "limits" }))
        .node("out", "http-response", json!({}))
        .chain(&["in", "fn", "out"]);
    server.deploy("default", &flow);
    let problem = server
        .post("/default/late", &json!({ "action": "sleep", "n": 2_000 }))
        .problem(504, "reply-timeout");
    assert!(
        problem["hint"].as_str().unwrap().contains("replyTimeoutMs"),
        "{problem}"
    );
}

// --- http-response -----------------------------------------------------------

#[test]
fn the_body_and_its_type_follow_the_payload() {
    let server = server();
    let answer = |id: &str, rule: Json| {
        server.deploy(
            "default",
            &Flow::http(
                id,
                "GET",
                &format!("/{id}"),
                &[("set", "change", rules(&[rule]))],
            ),
        );
        let answer = server.get(&format!("/default/{id}")).expect(200);
        (
            answer.header("content-type").map(str::to_owned),
            answer.body,
        )
    };
    let json_type = Some("application/json; charset=utf-8".to_owned());
    let text_type = Some("text/html; charset=utf-8".to_owned());
    assert_eq!(
        answer(
            "r-object",
            set("payload", r#"{"z":1,"a":[true,null]}"#, "json")
        ),
        (json_type.clone(), br#"{"z":1,"a":[true,null]}"#.to_vec())
    );
    assert_eq!(
        answer("r-null", set("payload", "null", "json")),
        (json_type, b"null".to_vec())
    );
    assert_eq!(
        answer("r-text", set("payload", "hé", "str")),
        (text_type.clone(), "hé".as_bytes().to_vec())
    );
    assert_eq!(
        answer("r-number", set("payload", "4.5", "num")),
        (text_type, b"4.5".to_vec())
    );
    assert_eq!(
        answer("r-bytes", set("payload", "[1,2,255]", "bin")),
        (Some("application/octet-stream".into()), vec![1, 2, 255])
    );
    assert_eq!(
        answer("r-nothing", json!({ "t": "delete", "p": "payload" })).1,
        b""
    );
}

#[test]
fn status_and_headers_of_the_node_go_before_those_of_the_message() {
    let server = server();
    let message = rules(&[
        set("statusCode", "404", "num"),
        set(
            "headers",
            r#"{"x-a":"message","x-b":"message","x-list":["1","2"],"connection":"close, x-a","content-length":"1","transfer-encoding":"chunked"}"#,
            "json",
        ),
    ]);
    let flow = |id: &str, config: Json| {
        Flow::new(id)
            .node("in", "http-in", json!({ "path": format!("/{id}") }))
            .node("set", "change", message.clone())
            .node("out", "http-response", config)
            .chain(&["in", "set", "out"])
    };
    server.deploy("default", &flow("by-message", json!({})));
    server.deploy("default", &flow("by-node", json!({ "statusCode": 201, "headers": { "X-A": "node", "content-type": "text/plain" } })));
    let answer = server.get("/default/by-message").expect(404);
    assert_eq!(
        (answer.header("x-a"), answer.header("x-b")),
        (Some("message"), Some("message"))
    );
    assert_eq!(answer.all("x-list").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(answer.header("transfer-encoding"), None);
    assert_eq!(
        answer.header("content-length").unwrap(),
        answer.body.len().to_string()
    );
    let answer = server.get("/default/by-node").expect(201);
    assert_eq!(
        (answer.header("x-a"), answer.header("x-b")),
        (Some("node"), Some("message"))
    );
    assert_eq!(answer.all("content-type").count(), 1);
}

#[test]
fn a_header_or_status_that_http_does_not_allow_is_an_error_not_an_injection() {
    let server = server();
    for (id, rule) in [
        (
            "h-crlf",
            set("headers", r#"{"x-a":"1\r\nset-cookie: evil=1"}"#, "json"),
        ),
        ("h-name", set("headers", r#"{"x a":"1"}"#, "json")),
        ("h-cookie", set("cookies", r#"{"a":"1\r\nx: y"}"#, "json")),
        ("h-status", set("statusCode", "42", "num")),
        ("h-status-text", set("statusCode", "fine", "str")),
    ] {
        server.deploy(
            "default",
            &Flow::http(
                id,
                "GET",
                &format!("/{id}"),
                &[("set", "change", rules(&[rule]))],
            ),
        );
        let answer = server.get(&format!("/default/{id}"));
        if id == "h-cookie" && answer.status == 200 {
            assert!(
                answer.header("x").is_none() && answer.all("set-cookie").count() == 1,
                "{answer:?}"
            );
            continue;
        }
        assert!(answer.header("set-cookie").is_none());
        let problem = answer.problem(500, "invalid-message");
        assert_eq!(problem["node"], "out", "{problem}");
    }
    let bad_config = Flow::new("h-config")
        .node("in", "http-in", json!({ "path": "/h-config" }))
        .node(
            "out",
            "http-response",
            json!({ "headers": { "x": "a\nb" } }),
        )
        .wire("in", "out");
    let api = server.api();
    api.put("/instances/default/flows/h-config", &bad_config.document())
        .expect(201);
    api.post("/instances/default/flows/h-config/deploy", &json!({}))
        .problem(422, "invalid-flow");
}

// --- switch ------------------------------------------------------------------

/// Posts a JSON payload; answers with the ports it left by.
fn switched(
    id: &str,
    switch_rules: Json,
    ports: usize,
    check_all: bool,
) -> impl Fn(Json) -> String {
    let server = server();
    let config = json!({ "property": "payload.v", "rules": switch_rules, "checkall": check_all });
    let mut flow = Flow::new(id)
        .node(
            "in",
            "http-in",
            json!({ "method": "POST", "path": format!("/{id}") }),
        )
        .node("switch", "switch", config)
        .node("out", "http-response", json!({}))
        .wire("in", "switch");
    for port in 0..ports {
        let node = format!("p{port}");
        flow = flow
            .node(
                &node,
                "change",
                rules(&[set("payload", &port.to_string(), "str")]),
            )
            .wire_port("switch", port, &node)
            .wire(&node, "out");
    }
    server.deploy("default", &flow);
    let path = format!("/default/{id}");
    move |value| {
        let answer = server.post(&path, &json!({ "v": value }));
        if answer.status == 200 {
            answer.text()
        } else {
            answer.json()["code"].as_str().unwrap().to_owned()
        }
    }
}

#[test]
fn switch_takes_the_first_rule_that_holds() {
    let port = switched(
        "first-rule",
        json!([
            { "t": "eq", "v": "1", "vt": "num" },
            { "t": "btwn", "v": "10", "vt": "num", "v2": "20", "v2t": "num" },
            { "t": "cont", "v": "needle" },
            { "t": "regex", "v": "^ab+c$", "case": true },
            { "t": "true" },
            { "t": "istype", "v": "array", "vt": "array" },
            { "t": "hask", "v": "key" },
            { "t": "null" },
            { "t": "else" },
        ]),
        9,
        false,
    );
    for (value, expected) in [
        (json!(1), "0"),
        (json!("1"), "0"),
        (json!(15), "1"),
        (json!("a needle in hay"), "2"),
        (json!("ABBC"), "3"),
        (json!(true), "0"),
        (json!([9, 9]), "5"),
        (json!({ "key": 1 }), "6"),
        (json!(null), "7"),
        (json!("nothing of it"), "8"),
        (json!(false), "8"),
    ] {
        assert_eq!(port(value.clone()), expected, "{value}");
    }
}

#[test]
fn switch_sends_nothing_where_no_rule_holds() {
    let port = switched(
        "no-rule",
        json!([{ "t": "gt", "v": "5", "vt": "num" }]),
        1,
        true,
    );
    assert_eq!(port(json!(6)), "0");
    assert_eq!(port(json!(5)), "no-reply");
}

#[test]
fn switch_sends_by_every_rule_that_holds() {
    let server = server();
    let flow = Flow::new("all-rules")
        .node("in", "http-in", json!({ "method": "POST", "path": "/all-rules" }))
        .node("switch", "switch", json!({ "property": "payload.v", "rules": [
            { "t": "gte", "v": "5", "vt": "num" }, { "t": "lt", "v": "100", "vt": "num" }, { "t": "eq", "v": "7", "vt": "num" },
        ] }))
        .node("first", "debug", json!({}))
        .node("second", "debug", json!({}))
        .node("out", "http-response", json!({}))
        .wire("in", "switch")
        .wire_port("switch", 0, "first")
        .wire_port("switch", 1, "second")
        .wire_port("switch", 2, "out");
    server.deploy("default", &flow);
    let answer = server
        .post("/default/all-rules", &json!({ "v": 7 }))
        .expect(200);
    let run = server
        .api()
        .run("default", answer.header("weft-run").unwrap());
    let nodes: Vec<_> = run["path"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["node"].as_str().unwrap())
        .collect();
    for node in ["first", "second", "out"] {
        assert!(nodes.contains(&node), "{node}: {nodes:?}");
    }
}

// --- change and template -----------------------------------------------------

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

// --- catch -------------------------------------------------------------------

#[test]
fn catch_nodes_by_id_go_before_those_for_all_and_uncaught_ones_come_last() {
    let server = server();
    let say = |text: &str| rules(&[set("payload", text, "str"), set("statusCode", "500", "num")]);
    let flow = Flow::new("scopes")
        .node("in", "http-in", json!({ "method": "POST", "path": "/scopes/:which" }))
        .node("switch", "switch", json!({ "property": "req.params.which", "rules": [{ "t": "eq", "v": "one" }, { "t": "else" }] }))
        .node("one", "function", json!({ "component": "limits" }))
        .node("two", "function", json!({ "component": "limits" }))
        .node("only-one", "catch", json!({ "scope": ["one"] }))
        .node("rest", "catch", json!({ "scope": "uncaught" }))
        .node("say-one", "change", say("by id"))
        .node("say-rest", "change", say("uncaught"))
        .node("out", "http-response", json!({}))
        .wire("in", "switch")
        .wire_port("switch", 0, "one")
        .wire_port("switch", 1, "two")
        .chain(&["one", "out"])
        .chain(&["two", "out"])
        .chain(&["only-one", "say-one", "out"])
        .chain(&["rest", "say-rest", "out"]);
    server.deploy("default", &flow);
    let fail = json!({ "action": "fail" });
    assert_eq!(
        server.post("/default/scopes/one", &fail).expect(500).text(),
        "by id"
    );
    assert_eq!(
        server.post("/default/scopes/two", &fail).expect(500).text(),
        "uncaught"
    );
    assert_eq!(
        server
            .post("/default/scopes/one", &json!({ "ok": 1 }))
            .expect(200)
            .json(),
        json!({ "ok": 1 })
    );
}

#[test]
fn a_caught_message_keeps_its_fields_and_its_older_error() {
    let server = server();
    let flow = Flow::new("keeps")
        .node(
            "in",
            "http-in",
            json!({ "method": "POST", "path": "/keeps" }),
        )
        .node(
            "mark",
            "change",
            rules(&[set("error", "older", "str"), set("mark", "m", "str")]),
        )
        .node("fn", "function", json!({ "component": "limits" }))
        .node("catch", "catch", json!({}))
        .node(
            "show",
            "change",
            rules(&[
                set("seen.error", "error", "msg"),
                set("seen.older", "_error", "msg"),
                set("seen.mark", "mark", "msg"),
                set("seen.sent", "payload.action", "msg"),
                set("payload", "seen", "msg"),
            ]),
        )
        .node("out", "http-response", json!({}))
        .chain(&["in", "mark", "fn", "out"])
        .chain(&["catch", "show", "out"]);
    server.deploy("default", &flow);
    let seen = server
        .post(
            "/default/keeps",
            &json!({ "action": "fail", "text": "why" }),
        )
        .expect(200)
        .json();
    assert_eq!(
        (&seen["older"], &seen["mark"], &seen["sent"]),
        (&json!("older"), &json!("m"), &json!("fail")),
        "{seen}"
    );
    assert!(
        seen["error"]["message"].as_str().unwrap().contains("why"),
        "{seen}"
    );
    assert_eq!(seen["error"]["source"]["count"], 1, "{seen}");
}

#[test]
fn a_node_that_fails_again_and_again_with_the_same_message_is_given_up() {
    let server = server();
    let flow = Flow::new("again")
        .node(
            "in",
            "http-in",
            json!({ "method": "POST", "path": "/again" }),
        )
        .node("fn", "function", json!({ "component": "limits" }))
        .node("catch", "catch", json!({}))
        .node("out", "http-response", json!({}))
        .chain(&["in", "fn", "out"])
        .chain(&["catch", "fn"]);
    server.deploy("default", &flow);
    let problem = server
        .post("/default/again", &json!({ "action": "fail" }))
        .problem(500, "function-error");
    let run = server
        .api()
        .run("default", problem["runId"].as_str().unwrap());
    let failures = run["path"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| a["node"] == "fn")
        .count();
    assert_eq!(failures, 10, "{run}");
}

#[test]
fn a_disabled_node_is_left_out_with_its_wires() {
    let server = server();
    let flow = Flow::http(
        "partly",
        "GET",
        "/partly",
        &[("say", "change", rules(&[set("payload", "on", "str")]))],
    )
    .node(
        "detour",
        "change",
        rules(&[set("payload", "detour", "str")]),
    )
    .wire("in", "detour")
    .wire("detour", "out")
    .with("detour", "disabled", json!(true));
    server.deploy("default", &flow);
    assert_eq!(server.get("/default/partly").expect(200).text(), "on");
}

// --- together ----------------------------------------------------------------

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
