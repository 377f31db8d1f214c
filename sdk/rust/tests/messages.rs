//! Messages: their encoding, reading them lazily, passing them on.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use weft::{Bytes, Date, Encoded, ErrorKind, Message, Number, Object, Value};

fn message(head: &str) -> Message {
    with_blobs(head, &[])
}

fn with_blobs(head: &str, blobs: &[&[u8]]) -> Message {
    let blobs = blobs.iter().map(|blob| blob.to_vec()).collect();
    Message::decode(Encoded {
        head: head.to_owned(),
        blobs,
    })
    .unwrap()
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(Object::from_iter(
        fields.map(|(name, value)| (name.to_owned(), value)),
    ))
}

/// The value after a trip through the encoding.
fn returned(value: Value) -> Value {
    let encoded = Message::new(value).encode().unwrap();
    Message::decode(encoded).unwrap().payload().unwrap().clone()
}

/// Values at random, the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 12] = [
            "$", "$$", "$bytes", "$date", "$number", "a", "\"", "\\", "\n", "\u{1}", "ü", "😀",
        ];
        let length = self.below(4);
        (0..length)
            .map(|_| PIECES[self.below(12) as usize])
            .collect()
    }

    fn value(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 9 } else { 11 }) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 => Value::from(self.below(u64::MAX)),
            3 => Value::from(-(self.below(1 << 62) as i64)),
            4 => Value::from(f64::from_bits(self.below(u64::MAX) >> 2)),
            5 => Value::from([f64::INFINITY, f64::NEG_INFINITY][self.below(2) as usize]),
            6 => Value::from(self.text()),
            7 => Value::from(self.text().into_bytes()),
            8 => Value::from(Date(self.below(1 << 50) as i64 - (1 << 49))),
            9 => {
                let length = self.below(4);
                Value::Array((0..length).map(|_| self.value(depth - 1)).collect())
            }
            _ => {
                let length = self.below(4);
                let fields = (0..length).map(|_| (self.text(), self.value(depth - 1)));
                Value::Object(fields.collect())
            }
        }
    }
}

#[test]
fn any_value_survives_the_encoding() {
    let mut random = Random(0x5eed);
    for _ in 0..5_000 {
        let value = random.value(4);
        assert_eq!(returned(value.clone()), value);
    }
}

#[test]
fn any_value_passed_on_unread_is_the_same() {
    let mut random = Random(0xfeed);
    for _ in 0..2_000 {
        let value = random.value(4);
        let came = Message::decode(Message::new(value.clone()).encode().unwrap()).unwrap();
        let sent = came.with_topic("seen").encode().unwrap();
        let sent = Message::decode(sent).unwrap();
        assert_eq!(sent.payload().unwrap(), &value);
    }
}

#[test]
fn any_value_read_as_plain_json_text_is_the_same_when_it_is_plain_json() {
    let json = r#"{"a":[1,-2,3.5,true,null,{"$x":1,"y":"z"}],"b":{"c":"\n"}}"#;
    let plain: serde_json::Value = serde_json::from_str(json).unwrap();
    let payload = message(&format!("{{\"payload\":{json}}}"));
    assert_eq!(payload.payload_as::<serde_json::Value>().unwrap(), plain);
    assert_eq!(payload.payload().unwrap(), &Value::from(plain));
}

#[test]
fn not_a_number_survives_the_encoding() {
    let returned = returned(f64::NAN.into());
    assert!(returned.as_f64().unwrap().is_nan());
}

#[test]
fn the_encoding_is_as_published() {
    let value = object([
        ("bytes", Value::from(vec![1, 2])),
        ("date", Date(5).into()),
        ("nan", f64::NAN.into()),
        ("escaped", object([("$bytes", 1.into())])),
        ("two keys", object([("$bytes", 1.into()), ("b", 2.into())])),
    ]);
    let encoded = Message::new(value).encode().unwrap();
    assert_eq!(
        encoded.head,
        r#"{"payload":{"bytes":{"$bytes":0},"date":{"$date":5},"nan":{"$number":"NaN"},"escaped":{"$$bytes":1},"two keys":{"$bytes":1,"b":2}}}"#
    );
    assert_eq!(encoded.blobs, [vec![1, 2]]);
}

#[test]
fn bytes_in_base64_are_read_too() {
    let message = message(r#"{"payload":{"$bytes":"aGk="}}"#);
    assert_eq!(&message.payload_bytes().unwrap()[..], b"hi");
}

#[test]
fn a_broken_escape_is_an_error_when_it_is_read() {
    for payload in [
        r#"{"$bytes":0}"#,
        r#"{"$bytes":"*"}"#,
        r#"{"$date":1.5}"#,
        r#"{"$number":"two"}"#,
        r#"{"$unknown":1}"#,
    ] {
        let error = message(&format!("{{\"payload\":{payload}}}"));
        let error = error.payload().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{payload}");
        assert!(error.message().contains("payload"), "{error}");
    }
}

#[test]
fn a_head_that_is_no_object_is_refused() {
    for head in ["", "[]", "1", "{", "{}x", "{\"payload\":}", "nul"] {
        let encoded = Encoded {
            head: head.to_owned(),
            blobs: vec![],
        };
        assert!(Message::decode(encoded).is_err(), "{head}");
    }
}

#[test]
fn fields_nobody_touched_pass_byte_for_byte() {
    let head = r#"{"id":"m","payload":{"a" : 1.50e1},"more":[ 1,2 ],"topic":null}"#;
    assert_eq!(message(head).encode().unwrap().head, head);
}

#[test]
fn bytes_that_were_replaced_are_not_sent_on() {
    let message = with_blobs(
        r#"{"payload":{"$bytes":0},"kept":{"$bytes":1}}"#,
        &[b"large body", b"small"],
    );
    let encoded = message.with_payload("done").encode().unwrap();
    assert_eq!(encoded.head, r#"{"payload":"done","kept":{"$bytes":0}}"#);
    assert_eq!(encoded.blobs, [b"small".to_vec()]);
}

#[test]
fn of_a_field_that_comes_twice_the_last_counts() {
    let message = message(r#"{"payload":1,"payload":2}"#);
    assert_eq!(message.payload().unwrap().as_i64(), Some(2));
    assert_eq!(message.encode().unwrap().head, r#"{"payload":2}"#);
}

#[test]
fn text_is_read_from_strings_and_from_utf_8_bytes_only() {
    let text = |message: Message| message.payload_text().map(|text| text.into_owned());
    assert_eq!(text(message(r#"{"payload":"a\nb"}"#)).unwrap(), "a\nb");
    assert_eq!(text(message(r#"{"payload":"plain"}"#)).unwrap(), "plain");
    let bytes = with_blobs(r#"{"payload":{"$bytes":0}}"#, &["ü".as_bytes()]);
    assert_eq!(text(bytes).unwrap(), "ü");
    let invalid = with_blobs(r#"{"payload":{"$bytes":0}}"#, &[&[0xff]]);
    assert_eq!(text(invalid).unwrap_err().kind(), ErrorKind::InvalidInput);
    for payload in ["1", "null", "{}", "[]"] {
        let other = message(&format!("{{\"payload\":{payload}}}"));
        assert_eq!(text(other).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert!(text(message("{}")).is_err());
}

#[test]
fn text_is_bytes_in_utf_8() {
    let bytes = message(r#"{"payload":"\u00fc"}"#).payload_bytes().unwrap();
    assert_eq!(&bytes[..], "ü".as_bytes());
}

#[test]
fn a_typed_payload_may_hold_bytes_dates_and_special_numbers() {
    #[derive(serde::Deserialize, serde::Serialize, Debug, PartialEq)]
    struct Typed {
        file: Bytes,
        at: Date,
        size: f64,
        choice: Choice,
        note: Option<String>,
    }
    #[derive(serde::Deserialize, serde::Serialize, Debug, PartialEq)]
    enum Choice {
        Plain,
        Wrapped(u8),
        Named { x: (i8, String) },
    }
    for choice in [
        Choice::Plain,
        Choice::Wrapped(3),
        Choice::Named {
            x: (-1, "$".to_owned()),
        },
    ] {
        let typed = Typed {
            file: vec![0, 255].into(),
            at: Date(-1),
            size: f64::INFINITY,
            choice,
            note: None,
        };
        let sent = Message::new(Value::of(&typed).unwrap()).encode().unwrap();
        let read: Typed = Message::decode(sent).unwrap().payload_as().unwrap();
        assert_eq!(read, typed);
    }
}

#[test]
fn a_typed_payload_of_another_shape_is_invalid_input() {
    let error = message(r#"{"payload":{"a":1}}"#);
    let error = error.payload_as::<Vec<u8>>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_path_finds_what_lies_deep_and_nothing_else() {
    let came = with_blobs(
        r#"{"payload":{"items":[{"n":1},{"n":{"$bytes":0}}],"a":"b"},"req":{"query":{"x":["1","2"]},"headers":{"x-y":"z"}}}"#,
        &[b"deep"],
    );
    let found = came.at("payload.items.1.n").unwrap().unwrap();
    assert_eq!(&found.as_bytes().unwrap()[..], b"deep");
    for nothing in [
        "payload.items.2",
        "payload.a.b",
        "payload.items.n",
        "other",
        "req.x",
    ] {
        assert_eq!(came.at(nothing).unwrap(), None, "{nothing}");
    }
    assert_eq!(came.query("x").unwrap().as_deref(), Some("1"));
    assert_eq!(came.header("X-Y").unwrap().as_deref(), Some("z"));
    assert_eq!(came.header("host").unwrap(), None);

    let mut set = came;
    set.set("payload", object([("a", Value::Array(vec![7.into()]))]));
    assert_eq!(set.at("payload.a.0").unwrap(), Some(Value::from(7)));
}

#[test]
fn id_and_topic_are_there_when_they_are_text() {
    let came = message(r#"{"id":"m1","topic":"t","payload":1}"#);
    assert_eq!((came.id(), came.topic()), (Some("m1"), Some("t")));
    let other = message(r#"{"id":1}"#);
    assert_eq!((other.id(), other.topic()), (None, None));
    assert_eq!(other.payload().unwrap(), &Value::Null);
}

#[test]
fn fields_can_be_set_and_removed() {
    let mut message = message(r#"{"id":"m","payload":1,"x":2}"#);
    message.set("y", true);
    message.remove("x");
    assert_eq!(message.names().collect::<Vec<_>>(), ["id", "payload", "y"]);
    assert_eq!(
        message.encode().unwrap().head,
        r#"{"id":"m","payload":1,"y":true}"#
    );
}

#[test]
fn whole_numbers_keep_all_their_digits() {
    for number in [Number::from(u64::MAX), i64::MIN.into(), 0.into()] {
        assert_eq!(returned(number.into()), Value::Number(number));
    }
    assert_eq!(Number::from(7_u64), Number::from(7_i64));
}
