//! Messages as answers.

use crate::support::{World, build, handle, message, refusal};
use bytes::Bytes;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use weft_model::message::Encoded;
use weft_model::node::Reply;
use weft_model::{Fault, Message};

fn answer_to(config: Json, message: Message) -> Result<Reply, Fault> {
    let node = build("http-response", config).unwrap();
    let outcome = handle(&*node, message, &Arc::new(World::default()))?;
    Ok(outcome.reply.expect("an answer"))
}

fn answer(config: Json, msg: Json) -> Reply {
    answer_to(config, message(msg)).unwrap()
}

fn header<'a>(reply: &'a Reply, name: &str) -> Vec<&'a str> {
    reply
        .headers
        .get_all(name)
        .iter()
        .map(|v| v.to_str().unwrap())
        .collect()
}

#[test]
fn the_payload_is_the_body() {
    let json_type = "application/json; charset=utf-8";
    let html = "text/html; charset=utf-8";
    for (msg, content_type, body) in [
        (
            json!({"payload":{"a":[1,null]}}),
            json_type,
            &b"{\"a\":[1,null]}"[..],
        ),
        (json!({"payload":null}), json_type, b"null"),
        (
            json!({"payload":{"b":{"$bytes":"AP8="}}}),
            json_type,
            b"{\"b\":\"AP8=\"}",
        ),
        (
            json!({"payload":{"$date":0}}),
            json_type,
            b"\"1970-01-01T00:00:00.000Z\"",
        ),
        (json!({"payload":"<p>"}), html, b"<p>"),
        (json!({"payload":1.5}), html, b"1.5"),
        (json!({"payload":true}), html, b"true"),
        (
            json!({"payload":{"$bytes":"AP8="}}),
            "application/octet-stream",
            b"\x00\xff",
        ),
        (
            json!({"payload":"a,b","headers":{"Content-Type":"text/csv"}}),
            "text/csv; charset=utf-8",
            b"a,b",
        ),
        (
            json!({"payload":{"a":1},"headers":{"content-type":"application/ld+json"}}),
            "application/ld+json",
            b"{\"a\":1}",
        ),
    ] {
        let reply = answer(json!({}), msg.clone());
        assert_eq!(
            (reply.status.as_u16(), &reply.body[..]),
            (200, body),
            "{msg}"
        );
        assert_eq!(header(&reply, "content-type"), [content_type], "{msg}");
    }
    let empty = answer(json!({}), json!({}));
    assert!(empty.body.is_empty() && empty.headers.is_empty());
}

#[test]
fn json_from_a_guest_goes_out_as_it_came() {
    let raw = |payload: &str| {
        let head = format!("{{\"payload\":{payload}}}");
        Message::decode(
            Encoded {
                head,
                blobs: vec![],
            },
            &"m".into(),
        )
        .unwrap()
    };
    let reply = answer_to(json!({}), raw("{\"b\": 1,  \"a\": 2}")).unwrap();
    assert_eq!(reply.body, Bytes::from_static(b"{\"b\": 1,  \"a\": 2}"));
    let reply = answer_to(json!({}), raw("\"a\\nb\"")).unwrap();
    assert_eq!(reply.body, Bytes::from_static(b"a\nb"), "text is not JSON");
}

#[test]
fn the_status_is_the_nodes_else_the_messages() {
    assert_eq!(
        answer(json!({"statusCode":201}), json!({"statusCode":404}))
            .status
            .as_u16(),
        201
    );
    for (code, status) in [
        (json!(404), 404),
        (json!("503"), 503),
        (json!(null), 200),
        (json!(""), 200),
    ] {
        assert_eq!(
            answer(json!({}), json!({"statusCode":code}))
                .status
                .as_u16(),
            status
        );
    }
    for bad in [
        json!("x"),
        json!(99),
        json!(101),
        json!(600),
        json!(200.5),
        json!({}),
        json!("200\r\nx: y"),
    ] {
        let fault = answer_to(json!({}), message(json!({"statusCode":bad}))).unwrap_err();
        assert_eq!(fault.code.as_str(), "invalid-message", "{bad}");
    }
    let nothing = answer(json!({"statusCode":204}), json!({"payload":"x"}));
    assert!(nothing.body.is_empty() && header(&nothing, "content-type").is_empty());
}

#[test]
fn the_nodes_headers_go_first_and_the_messages_fill_the_gaps() {
    let config = json!({"headers":{"X-A":"node","cache-control":"no-store"}});
    let reply = answer(
        config,
        json!({"headers":{"x-a":"msg","x-b":2,"x-c":["1","2"],"x-d":null,
        "Content-Length":"999","transfer-encoding":"chunked","Connection":"close","Keep-Alive":"x","upgrade":"h2c"}}),
    );
    let all: Vec<_> = reply
        .headers
        .iter()
        .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
        .collect();
    assert_eq!(
        all,
        [
            "x-a: node",
            "cache-control: no-store",
            "x-b: 2",
            "x-c: 1",
            "x-c: 2"
        ]
    );
}

#[test]
fn no_header_or_cookie_can_end_its_line() {
    for msg in [
        json!({"headers":{"x-a":"1\r\nset-cookie: admin=1"}}),
        json!({"headers":{"x-a\r\nx-b":"1"}}),
        json!({"headers":{"x a":"1"}}),
        json!({"headers":{"x-a":{"b":1}}}),
        json!({"headers":"x-a: 1"}),
        json!({"cookies":{"a\r\nb":"1"}}),
        json!({"cookies":{"a=b":"1"}}),
        json!({"cookies":{"a":{"value":"1","path":"/; Domain=evil"}}}),
        json!({"cookies":{"a":{"value":"1","domain":"x\r\ny"}}}),
        json!({"cookies":{"a":{"value":"1","sameSite":"x; Secure"}}}),
        json!({"cookies":{"a":{"value":"1","expires":"soon"}}}),
    ] {
        let fault = answer_to(json!({}), message(msg.clone())).unwrap_err();
        assert_eq!(fault.code.as_str(), "invalid-message", "{msg}");
    }
    let reply = answer(json!({}), json!({"cookies":{"a":"1; Path=/\r\nx: y"}}));
    assert_eq!(
        header(&reply, "set-cookie"),
        ["a=1%3B%20Path%3D%2F%0D%0Ax%3A%20y; Path=/"]
    );
}

#[test]
fn cookies_are_written_as_express_writes_them() {
    let reply = answer(
        json!({}),
        json!({"cookies":{
        "plain":"a b", "gone":null, "n":{"value":5,"maxAge":90000,"httpOnly":true,"secure":true,"sameSite":"lax","path":"/x","domain":"example.com"},
        "until":{"value":"1","expires":{"$date":0}}, "clear":{"value":null,"path":"/x"},
    }, "headers":{"set-cookie":["first=1","second=2"]}}),
    );
    let gone = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    let mut expected = vec![
        "first=1".to_owned(),
        "second=2".into(),
        "plain=a%20b; Path=/".into(),
    ];
    expected.push(format!("gone=; Path=/; {gone}"));
    expected.push(
        "n=5; HttpOnly; SameSite=Lax; Secure; Path=/x; Domain=example.com; Max-Age=90".into(),
    );
    expected.push(format!("until=1; Path=/; {gone}"));
    expected.push(format!("clear=; Path=/x; {gone}"));
    assert_eq!(header(&reply, "set-cookie"), expected);
}

#[test]
fn headers_of_the_config_are_checked_at_deploy() {
    for (name, value) in [
        ("x a", "1"),
        ("x-a", "1\r\nx-b: 2"),
        ("Transfer-Encoding", "chunked"),
        ("content-length", "1"),
    ] {
        let places = refusal("http-response", json!({"headers":{name: value}}));
        assert_eq!(places[0].0, format!("/config/headers/{name}"));
    }
    assert_eq!(
        refusal("http-response", json!({"statusCode":101}))[0].0,
        "/config/statusCode"
    );
}
