//! Paths: what is one, and what it finds.

use super::*;
use serde_json::json;

fn message() -> Message {
    let mut message = Message::with_id("m".into());
    let payload = json!({"a b": 1, "list": [{"x": 2}, "three"], "text": "héy", "0": "zero"});
    message.set("payload", Value::from(payload));
    message.set("bytes", Value::Bytes(vec![7, 8].into()));
    message.set("topic", "list");
    message.set("index", 1i64);
    message
}

fn found(path: &str) -> Option<serde_json::Value> {
    let path: PropertyPath = path.parse().unwrap();
    path.get(&message()).map(|value| value.to_plain_json())
}

#[test]
fn a_path_finds_what_javascript_would_find() {
    for (path, value) in [
        ("topic", json!("list")),
        ("msg.topic", json!("list")),
        ("id", json!("m")),
        ("payload[\"a b\"]", json!(1)),
        ("payload['a b']", json!(1)),
        ("payload.list[0].x", json!(2)),
        ("payload.list.1", json!("three")),
        ("payload.0", json!("zero")),
        ("payload[msg.topic][msg.index]", json!("three")),
        ("payload[msg.payload.list[1].nothing.here]", json!(null)),
        ("payload.list.length", json!(2)),
        ("payload.text.length", json!(3)),
        ("payload.text[1]", json!("é")),
        ("bytes[1]", json!(8)),
        ("payload.list[9]", json!(null)),
        ("topic.x.y", json!(null)),
        ("nothing.at.all", json!(null)),
    ] {
        assert_eq!(found(path).unwrap_or(json!(null)), value, "{path}");
    }
}

#[test]
fn what_is_no_path_is_refused_with_a_place() {
    for path in [
        "", ".", "a.", ".a", "a..b", "a b", "a[", "a[]", "a[1", "a[1x]", "a[b]", "a[\"\"]",
        "a[\"x]", "a]", "a\"b", "a[1]b", "a[msg.]",
    ] {
        let error = path.parse::<PropertyPath>().expect_err(path);
        assert!(
            error.at >= 1 && error.to_string().contains("character"),
            "{error}"
        );
    }
    let deep = "a[msg.".repeat(20) + "x" + &"]".repeat(20);
    assert!(deep.parse::<PropertyPath>().is_err());
}

#[test]
fn arrays_grow_only_within_bounds() {
    let mut message = message();
    let path: PropertyPath = "payload.list[1003]".parse().unwrap();
    let error = path.set(&mut message, Value::Null).unwrap_err();
    let path = "payload.list[1003]".to_owned();
    assert_eq!(
        error,
        CannotSet::IndexTooLarge {
            path,
            index: 1003,
            len: 2
        }
    );
    let path: PropertyPath = "payload.list[1002]".parse().unwrap();
    path.set(&mut message, Value::Null).unwrap();
    let length: PropertyPath = "payload.list.length".parse().unwrap();
    assert_eq!(length.get(&message).as_deref(), Some(&Value::from(1003i64)));
}

#[test]
fn nothing_is_set_below_a_value_without_properties_or_an_unknown_part() {
    let mut message = message();
    for path in [
        "topic.x",
        "payload.list.name",
        "payload.text[0]",
        "id.x",
        "payload[msg.nothing]",
    ] {
        let path: PropertyPath = path.parse().unwrap();
        assert!(path.set(&mut message, Value::Null).is_err(), "{path}");
    }
    assert_eq!(message.to_value(), self::message().to_value());
}
