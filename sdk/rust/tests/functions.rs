//! What `#[weft::function]` makes: the descriptor, and the shapes of handlers.

#![allow(clippy::unwrap_used, missing_docs)]

use serde_json::{Value as Plain, json};
use weft::testing::Host;
use weft::{Error, ErrorKind, Function, Json, Message, Outputs, Value};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Config {
    /// How often.
    #[serde(default)]
    times: usize,
}

/// Does much. And more
/// of it.
///
/// With a second paragraph.
#[weft::function(
    name = "busy",
    icon = "🐝",
    color = "#fc0",
    category = "tests",
    input = "work",
    outputs("done", "left" = "What was left."),
    env("MODE"),
    secrets("key"),
    buckets("a", "b"),
    http("api.example.com"),
    on_start = begin,
    on_stop = end
)]
fn everything(message: Message, config: Config) -> Result<Vec<Message>, Error> {
    Ok(vec![message; config.times])
}

fn begin(config: Config) -> Outputs {
    Outputs::on(
        1,
        Message::new(Value::of(&config.times).unwrap_or_default()),
    )
}

fn end() -> Result<(), Error> {
    Err(Error::retryable("not yet"))
}

#[weft::function]
fn bare_one(message: Message) -> Option<Message> {
    message.topic().is_some().then_some(message)
}

#[derive(serde::Deserialize)]
struct Order {
    price: f64,
    count: u32,
}

#[derive(serde::Serialize)]
struct Total {
    total: f64,
}

#[weft::function]
fn typed(Json(order): Json<Order>) -> Json<Total> {
    let total = order.price * f64::from(order.count);
    Json(Total { total })
}

#[weft::function(outputs("even", "odd"))]
fn split(Json(numbers): Json<Vec<u32>>) -> Outputs {
    numbers.into_iter().fold(Outputs::new(), |outputs, number| {
        outputs.send(number % 2, Message::new(number))
    })
}

#[weft::function(outputs())]
fn stray(message: Message) -> Message {
    message
}

fn call(function: &Function, head: Plain) -> Result<Vec<(u32, Message)>, Error> {
    let head = head.to_string();
    let message = Message::decode(weft::Encoded {
        head,
        blobs: vec![],
    })?;
    Host::new().call(function, message)
}

#[test]
fn the_descriptor_says_all_that_the_source_says() {
    let descriptor: Plain = serde_json::from_str(&everything_function().describe()).unwrap();
    assert_eq!(
        descriptor,
        json!({
            "name": "busy",
            "summary": "Does much.",
            "documentation": "Does much. And more\nof it.\n\nWith a second paragraph.",
            "icon": "🐝",
            "color": "#fc0",
            "category": "tests",
            "input": {"label": "work"},
            "outputs": [{"label": "done"}, {"label": "left", "documentation": "What was left."}],
            "configSchema": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "title": "Config",
                "type": "object",
                "properties": {"times": {
                    "type": "integer", "format": "uint", "minimum": 0,
                    "default": 0, "description": "How often.",
                }},
            },
            "requests": {
                "env": ["MODE"], "secrets": ["key"], "buckets": ["a", "b"],
                "http": ["api.example.com"],
            },
        })
    );
}

#[test]
fn what_the_source_does_not_say_has_a_plain_default() {
    let descriptor: Plain = serde_json::from_str(&bare_one_function().describe()).unwrap();
    assert_eq!(
        descriptor,
        json!({
            "name": "bare-one", "summary": "", "documentation": "",
            "input": {"label": "input"}, "outputs": [{"label": "output"}],
            "requests": {"env": [], "secrets": [], "buckets": [], "http": []},
        })
    );
}

#[test]
fn a_handler_gets_the_nodes_config() {
    let host = Host::new().with_config(&json!({"times": 3}));
    let sent = host
        .call(&everything_function(), Message::new("x"))
        .unwrap();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|(port, _)| *port == 0));
}

#[test]
fn a_config_of_another_shape_is_invalid_input() {
    let host = Host::new().with_config(&json!({"times": "often"}));
    let error = host
        .call(&everything_function(), Message::new("x"))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("config"), "{error}");
}

#[test]
fn start_and_stop_reach_their_handlers() {
    let host = Host::new().with_config(&json!({"times": 2}));
    let sent = host.start(&everything_function()).unwrap();
    assert_eq!(
        (sent[0].0, sent[0].1.payload().unwrap().as_i64()),
        (1, Some(2))
    );
    let error = host.stop(&everything_function()).unwrap_err();
    assert_eq!(error, Error::retryable("not yet"));
}

#[test]
fn start_and_stop_do_nothing_without_handlers() {
    assert!(Host::new().start(&typed_function()).unwrap().is_empty());
    assert!(Host::new().stop(&typed_function()).unwrap().is_empty());
}

#[test]
fn an_answer_of_nothing_sends_nothing() {
    assert!(
        call(&bare_one_function(), json!({"payload": 1}))
            .unwrap()
            .is_empty()
    );
    let sent = call(&bare_one_function(), json!({"topic": "t"})).unwrap();
    assert_eq!(sent.len(), 1);
}

#[test]
fn a_typed_answer_keeps_the_other_fields_of_the_message() {
    let came = json!({"id": "m", "payload": {"price": 1.5, "count": 2}, "mine": {"$$a": 1}});
    let sent = call(&typed_function(), came).unwrap();
    let head = sent[0].1.clone().encode().unwrap().head;
    assert_eq!(
        head,
        r#"{"id":"m","payload":{"total":3.0},"mine":{"$$a":1}}"#
    );
}

#[test]
fn a_payload_of_another_shape_is_invalid_input() {
    let error = call(&typed_function(), json!({"payload": {"price": 1}})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("count"), "{error}");
}

#[test]
fn messages_leave_by_the_ports_they_were_sent_from() {
    let sent = call(&split_function(), json!({"payload": [1, 2, 3]})).unwrap();
    let ports: Vec<u32> = sent.iter().map(|(port, _)| *port).collect();
    assert_eq!(ports, [1, 0, 1]);
}

#[test]
fn a_port_that_does_not_exist_is_an_error() {
    let error = call(&stray_function(), json!({"payload": 1})).unwrap_err();
    assert!(error.message().contains("port 0"), "{error}");
}

#[test]
fn an_errors_data_is_in_the_message_encoding() {
    let error = Error::failed("no").with_data(vec![104, 105]);
    assert_eq!(error.data(), Some(r#"{"$bytes":"aGk="}"#));
}
