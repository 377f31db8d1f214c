//! A component of the standard `wasi:http` world, used as a function.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;
use support::{FakeHost, event, function};
use weft_model::{Fault, FaultCode, Message, Value};
use weft_sandbox::{Call, CallEvent, CallLimits, Completed, FunctionKind};

async fn answer(head: &str, limits: CallLimits) -> Result<Completed, Fault> {
    let call = Call {
        event: event(head),
        limits,
        host: Arc::new(FakeHost::new()),
    };
    function("http-handler").call(call).await
}

async fn message(head: &str) -> Message {
    let completed = answer(head, CallLimits::default()).await.unwrap();
    let (port, encoded) = completed.outputs[0].clone();
    assert_eq!((completed.outputs.len(), port), (1, 0));
    assert!(completed.usage.fuel > 0);
    Message::decode(encoded, &"?".into()).unwrap()
}

#[tokio::test]
async fn a_message_becomes_a_request_and_the_response_the_message() {
    let answer = message(
        r#"{"id":"m1","topic":"t","payload":{"a":1},"method":"PUT","url":"/x?y=1",
            "headers":{"x-echo":"hi","host":"h.test"}}"#,
    )
    .await;
    assert_eq!(&**answer.id(), "m1");
    assert_eq!(answer.get("topic"), Some(&"t".into()));
    assert_eq!(answer.get("statusCode"), Some(&200i64.into()));
    let body = "PUT /x?y=1\ncontent-type: application/json\nx-echo: hi\n\n{\"a\":1}";
    assert_eq!(answer.payload(), Some(&body.into()));
    let headers = answer.get("headers").and_then(Value::as_object).unwrap();
    assert_eq!(
        headers["content-type"],
        Value::from("text/plain; charset=utf-8")
    );
}

#[tokio::test]
async fn a_message_from_http_in_passes_its_request_on() {
    let answer = message(
        r#"{"id":"m1","payload":"text","req":{"method":"GET","url":"/p","headers":{"user-agent":"u"}}}"#,
    )
    .await;
    let body = "GET /p\ncontent-type: text/plain; charset=utf-8\nuser-agent: u\n\ntext";
    assert_eq!(answer.payload(), Some(&body.into()));
}

#[tokio::test]
async fn a_body_larger_than_any_buffer_passes_both_ways() {
    let text = "x".repeat(3 << 20);
    let answer = message(&format!(r#"{{"id":"m1","payload":"{text}"}}"#)).await;
    let payload = answer.payload().and_then(Value::as_str).unwrap();
    assert!(payload.len() > 3 << 20 && payload.ends_with("xxx"));
}

#[tokio::test]
async fn a_response_over_the_limit_is_invalid_output() {
    let text = "x".repeat(300_000);
    let limits = CallLimits {
        output_bytes: 100_000,
        ..CallLimits::default()
    };
    let head = format!(r#"{{"id":"m1","payload":"{text}"}}"#);
    let fault = answer(&head, limits).await.unwrap_err();
    assert_eq!(fault.code, FaultCode::InvalidOutput, "{fault}");
}

#[tokio::test]
async fn an_error_of_the_handler_is_its_own() {
    let head = r#"{"id":"m1","url":"/fail"}"#;
    let fault = answer(head, CallLimits::default()).await.unwrap_err();
    assert_eq!(fault.code, FaultCode::FunctionError);
    assert!(fault.message.contains("asked to fail"), "{fault}");
}

#[tokio::test]
async fn a_message_that_makes_no_request_is_refused() {
    for head in [
        r#"{"id":"m","url":"http://["}"#,
        r#"{"id":"m","method":"A B"}"#,
        "[]",
    ] {
        let fault = answer(head, CallLimits::default()).await.unwrap_err();
        assert_eq!(fault.code, FaultCode::InvalidMessage, "{head}");
    }
}

#[tokio::test]
async fn a_handler_has_limits_too() {
    let limits = CallLimits {
        fuel: 1_000,
        ..CallLimits::default()
    };
    let fault = answer(r#"{"id":"m"}"#, limits).await.unwrap_err();
    assert_eq!(fault.code, FaultCode::FuelExhausted);
}

#[tokio::test]
async fn a_handler_is_described_by_the_host_and_needs_no_start() {
    let handler = function("http-handler");
    assert_eq!(handler.kind(), FunctionKind::HttpHandler);
    let descriptor = handler.describe().await.unwrap();
    assert!(descriptor.documentation.contains("msg.payload"));
    let call = Call {
        event: CallEvent::Start,
        limits: CallLimits::default(),
        host: Arc::new(FakeHost::new()),
    };
    assert!(handler.call(call).await.unwrap().outputs.is_empty());
}
