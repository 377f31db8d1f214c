//! What a call gives, and what it leaves its neighbours.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use support::{FakeHost, call, fault, function, message, order, payload};
use weft_model::node::LogLevel;
use weft_model::{FaultCode, Value};
use weft_sandbox::{Call, CallEvent, CallLimits, FunctionKind};

fn host() -> Arc<FakeHost> {
    Arc::new(FakeHost::new())
}

fn usual() -> CallLimits {
    CallLimits::default()
}

#[tokio::test]
async fn a_message_goes_in_and_an_answer_comes_out() {
    let hello = function("hello");
    assert_eq!(hello.kind(), FunctionKind::Function);
    let completed = call(&hello, &host(), usual(), r#"{"name":"Ada"}"#)
        .await
        .unwrap();
    assert_eq!(payload(&completed), Value::from("Hello, Ada!"));
    assert!(completed.usage.fuel > 0 && completed.usage.fuel < 1_000_000);
    assert!(completed.usage.memory_bytes >= 65_536);
}

#[tokio::test]
async fn a_well_built_function_never_grows_its_memory() {
    let hello = function("hello");
    for _ in 0..3 {
        let completed = call(&hello, &host(), usual(), r#"{"name":"Ada"}"#)
            .await
            .unwrap();
        assert_eq!(completed.memory_grows, 0);
    }
}

#[tokio::test]
async fn the_same_call_uses_the_same_fuel() {
    let hello = function("hello");
    let first = call(&hello, &host(), usual(), "{}").await.unwrap();
    let second = call(&hello, &host(), usual(), "{}").await.unwrap();
    assert_eq!(first.usage, second.usage);
}

#[tokio::test]
async fn the_config_reaches_the_function() {
    let mut host = FakeHost::new();
    host.config = r#"{"greeting":"Ahoy"}"#.into();
    let completed = call(&function("hello"), &Arc::new(host), usual(), "{}")
        .await
        .unwrap();
    assert_eq!(payload(&completed), Value::from("Ahoy, world!"));
}

#[tokio::test]
async fn blobs_go_in_and_out_as_they_are() {
    let mut message = message(r#"{"$bytes":0}"#);
    message.blobs = vec![Bytes::from_static(b"\x00\xff")];
    let call = Call {
        event: CallEvent::Message(message.clone()),
        limits: usual(),
        host: host(),
    };
    let completed = function("limits").call(call).await.unwrap();
    assert_eq!(payload(&completed), Value::Bytes(message.blobs[0].clone()));
}

#[tokio::test]
async fn start_and_stop_reach_the_function() {
    let host = host();
    for (event, line) in [(CallEvent::Start, "start"), (CallEvent::Stop, "stop")] {
        let call = Call {
            event,
            limits: usual(),
            host: host.clone(),
        };
        let completed = function("limits").call(call).await.unwrap();
        assert!(completed.outputs.is_empty());
        assert_eq!(host.lines().last().unwrap(), line);
    }
}

#[tokio::test]
async fn a_neighbour_on_the_same_thread_is_served_during_an_endless_loop() {
    let limits = CallLimits {
        fuel: 100_000_000_000,
        deadline: Duration::from_secs(2),
        ..usual()
    };
    let looping = tokio::spawn(fault(limits, r#"{"action":"loop"}"#));
    tokio::task::yield_now().await;
    let hello = function("hello");
    for _ in 0..3 {
        call(&hello, &host(), usual(), "{}").await.unwrap();
    }
    assert!(
        !looping.is_finished(),
        "the neighbour had to wait for the loop"
    );
    assert_eq!(looping.await.unwrap().code, FaultCode::DeadlineExceeded);
}

#[tokio::test]
async fn emitted_messages_arrive_at_once_and_share_the_limit() {
    let few = CallLimits {
        output_messages: 10,
        ..usual()
    };
    let host = host();
    let action = r#"{"action":"emit","n":9,"port":1}"#;
    call(&function("limits"), &host, few, action).await.unwrap();
    let emitted = std::mem::take(&mut *host.emitted.lock().unwrap());
    assert_eq!(emitted.len(), 9);
    assert!(emitted.iter().all(|(port, _)| *port == 1));

    let action = r#"{"action":"emit","n":99}"#;
    let fault = call(&function("limits"), &host, few, action)
        .await
        .unwrap_err();
    assert_eq!(
        fault.code,
        FaultCode::InvalidOutput,
        "the answer is one too many"
    );
    assert_eq!(host.emitted.lock().unwrap().len(), 10);
}

#[tokio::test]
async fn log_lines_over_the_limit_are_dropped_and_counted() {
    let limits = CallLimits {
        log_lines: 5,
        log_line_bytes: 40,
        ..usual()
    };
    for action in ["log", "print"] {
        let host = host();
        let text = "x".repeat(100);
        let action = format!(r#"{{"action":"{action}","n":12,"text":"\u001b{text}"}}"#);
        call(&function("limits"), &host, limits, &action)
            .await
            .unwrap();
        let lines = host.lines();
        assert_eq!(lines.len(), 6, "{lines:?}");
        assert!(lines[0].starts_with("line 0 \u{FFFD}xxx"), "{lines:?}");
        assert!(lines[..5].iter().all(|line| line.len() <= 42));
        assert!(lines[5].contains("7 more lines"), "{lines:?}");
    }
}

#[tokio::test]
async fn log_levels_are_kept() {
    let host = host();
    order(&host, r#"{"action":"log","n":1}"#).await.unwrap();
    order(&host, r#"{"action":"print","n":1}"#).await.unwrap();
    order(&host, r#"{"action":"panic"}"#).await.unwrap_err();
    let logs = host.logs.lock().unwrap();
    let levels: Vec<LogLevel> = logs.iter().map(|(level, _)| *level).collect();
    assert_eq!(
        levels[..3],
        [LogLevel::Info, LogLevel::Info, LogLevel::Warn]
    );
}

#[tokio::test]
async fn state_is_read_and_written_through_the_host() {
    let host = host();
    let order = async |order_: &str| payload(&order(&host, order_).await.unwrap());
    let at = r#""bucket":"limits","name":"k""#;
    order(&format!(r#"{{"action":"state-set","text":"5",{at}}}"#)).await;
    let sum = order(&format!(r#"{{"action":"state-increment","n":2,{at}}}"#)).await;
    assert_eq!(sum, Value::from(7i64));
    let swap = format!(r#"{{"action":"state-swap","version":2,"text":"8",{at}}}"#);
    assert_eq!(order(&swap).await, Value::from("swapped"));
    let current = order(&swap).await;
    assert_eq!(current.as_object().unwrap()["value"], Value::from("8"));
    let keys = order(r#"{"action":"state-keys","bucket":"limits"}"#).await;
    assert_eq!(keys, Value::Array(vec!["k".into()]));
    order(&format!(r#"{{"action":"state-delete",{at}}}"#)).await;
    let gone = order(&format!(r#"{{"action":"state-get",{at}}}"#)).await;
    assert_eq!(gone, Value::Null);
}

#[tokio::test]
async fn facts_about_the_call_clock_and_randomness_are_there() {
    let host = host();
    let completed = order(&host, r#"{"action":"activation"}"#).await.unwrap();
    let facts = payload(&completed);
    let facts = facts.as_object().unwrap();
    assert_eq!(facts["node"], Value::from("sub/inner"));
    assert_eq!(facts["revision"], Value::from(3i64));
    let now = payload(&order(&host, r#"{"action":"clock"}"#).await.unwrap());
    assert!(now.as_number().unwrap().as_f64() > 1.7e12);
    let one = payload(&order(&host, r#"{"action":"random"}"#).await.unwrap());
    let other = payload(&order(&host, r#"{"action":"random"}"#).await.unwrap());
    assert_ne!(one, other);
}

#[tokio::test]
async fn a_dropped_call_gives_its_slot_back() {
    let limits = CallLimits {
        deadline: Duration::from_secs(60),
        ..usual()
    };
    for _ in 0..20 {
        let endless = fault(limits, r#"{"action":"sleep","n":60000}"#);
        let ended = tokio::time::timeout(Duration::from_millis(5), endless).await;
        assert!(ended.is_err(), "it was still asleep");
    }
    order(&host(), "{}").await.unwrap();
}

#[tokio::test]
async fn nothing_of_one_call_is_seen_by_the_next() {
    let host = host();
    let host_memory = order(&host, r#"{"action":"grow","n":20000000}"#)
        .await
        .unwrap();
    assert!(host_memory.usage.memory_bytes > 20_000_000);
    let after = order(&host, "{}").await.unwrap();
    assert!(after.usage.memory_bytes < 20_000_000);
}

#[test]
fn a_call_can_move_between_threads() {
    fn is_send<T: Send>(_: T) {}
    let host = host();
    is_send(function("hello").describe());
    is_send(async move {
        let call = Call {
            event: CallEvent::Start,
            limits: usual(),
            host,
        };
        function("hello").call(call).await
    });
}
