//! Each way in which a call may fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{FakeHost, call, event, fault, function, order, payload};
use weft_model::fault::ErrorKind;
use weft_model::{FaultCode, Value};
use weft_sandbox::{Call, CallLimits};

fn host() -> Arc<FakeHost> {
    Arc::new(FakeHost::new())
}

fn usual() -> CallLimits {
    CallLimits::default()
}

#[tokio::test]
async fn an_endless_loop_runs_out_of_fuel() {
    let limits = CallLimits {
        fuel: 5_000_000,
        ..usual()
    };
    let fault = fault(limits, r#"{"action":"loop"}"#).await;
    assert_eq!(fault.code, FaultCode::FuelExhausted);
    assert!(fault.message.contains("5000000"), "{fault}");
    assert!(fault.hint.unwrap().contains("limits.fuel"));
    assert!(fault.usage.fuel >= 4_900_000, "{:?}", fault.usage);
}

#[tokio::test]
async fn a_function_that_computes_or_sleeps_past_its_deadline_is_ended() {
    for action in [r#"{"action":"loop"}"#, r#"{"action":"sleep","n":60000}"#] {
        let limits = CallLimits {
            fuel: 100_000_000_000,
            deadline: Duration::from_millis(50),
            ..usual()
        };
        let began = Instant::now();
        let fault = fault(limits, action).await;
        assert_eq!(fault.code, FaultCode::DeadlineExceeded, "{action}");
        assert!(fault.message.contains("50 ms"), "{fault}");
        assert!(fault.usage.fuel > 0 && fault.usage.memory_bytes > 0);
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn memory_over_the_limit_is_a_fault_of_its_own() {
    let limits = CallLimits {
        memory_bytes: 8 << 20,
        ..usual()
    };
    let host = host();
    let action = r#"{"action":"big","n":30000000}"#;
    let fault = call(&function("limits"), &host, limits, action)
        .await
        .unwrap_err();
    assert_eq!(fault.code, FaultCode::MemoryLimit, "{fault}");
    assert!(fault.hint.unwrap().contains("limits.memoryBytes"));
    assert!(fault.usage.memory_bytes <= 8 << 20);
}

#[tokio::test]
async fn a_function_that_copes_with_refused_memory_ends_well() {
    let limits = CallLimits {
        memory_bytes: 8 << 20,
        ..usual()
    };
    let action = r#"{"action":"grow"}"#;
    let completed = call(&function("limits"), &host(), limits, action)
        .await
        .unwrap();
    assert!(completed.usage.memory_bytes <= 8 << 20);
    assert!(completed.memory_grows > 0);
}

#[tokio::test]
async fn a_component_too_large_for_its_memory_is_not_started() {
    let limits = CallLimits {
        memory_bytes: 1_000,
        ..usual()
    };
    assert_eq!(fault(limits, "{}").await.code, FaultCode::MemoryLimit);
}

#[tokio::test]
async fn a_trap_has_its_name_and_no_place_of_the_host() {
    for (action, name) in [
        ("trap", "unreachable"),
        ("panic", "unreachable"),
        ("recurse", "out of bounds"),
    ] {
        let fault = fault(usual(), &format!(r#"{{"action":"{action}"}}"#)).await;
        assert_eq!(fault.code, FaultCode::Trap, "{action}");
        assert!(fault.message.contains(name), "{fault}");
        for place in ["/", "backtrace", ".rs", "wasm["] {
            assert!(!fault.message.contains(place), "{fault}");
        }
    }
}

#[tokio::test]
async fn a_panic_message_stands_in_the_log() {
    let host = host();
    order(&host, r#"{"action":"panic","text":"at the disco"}"#)
        .await
        .unwrap_err();
    let lines = host.lines();
    assert!(
        lines.iter().any(|line| line.contains("at the disco")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_functions_own_error_keeps_kind_and_data() {
    for (kind, expected) in [
        ("invalid-input", ErrorKind::InvalidInput),
        ("retryable", ErrorKind::Retryable),
        ("failed", ErrorKind::Failed),
    ] {
        let action = format!(r#"{{"action":"fail","kind":"{kind}","text":"no","n":4}}"#);
        let fault = fault(usual(), &action).await;
        assert_eq!(fault.code, FaultCode::FunctionError);
        assert_eq!(fault.message, "no");
        assert_eq!(fault.kind, Some(expected));
        let data = fault.data.unwrap();
        assert_eq!(data.as_object().unwrap()["n"], Value::from(4i64));
    }
}

#[tokio::test]
async fn a_failure_after_a_denial_names_the_grant() {
    for (action, grant) in [
        (
            r#"{"action":"env","name":"SECRET_PLACE"}"#,
            r#"grants.env: ["SECRET_PLACE"]"#,
        ),
        (
            r#"{"action":"secret","name":"other"}"#,
            r#"grants.secrets: ["other"]"#,
        ),
        (
            r#"{"action":"state-get","bucket":"foreign","name":"k"}"#,
            r#"grants.buckets: ["foreign"]"#,
        ),
    ] {
        let fault = fault(usual(), action).await;
        assert_eq!(fault.code, FaultCode::CapabilityDenied, "{fault}");
        assert!(fault.hint.as_deref().unwrap().contains(grant), "{fault:?}");
        assert!(fault.message.contains("is not granted"), "{fault}");
    }
}

#[tokio::test]
async fn a_secret_that_is_not_set_is_the_functions_own_error() {
    let fault = fault(usual(), r#"{"action":"secret","name":"unset"}"#).await;
    assert_eq!(fault.code, FaultCode::FunctionError);
    let completed = order(&host(), r#"{"action":"secret","name":"limits"}"#)
        .await
        .unwrap();
    assert_eq!(payload(&completed), Value::from(4i64));
}

#[tokio::test]
async fn more_messages_or_bytes_than_allowed_are_invalid_output() {
    let few = CallLimits {
        output_messages: 10,
        output_bytes: 100_000,
        ..usual()
    };
    for (action, most) in [
        (r#"{"action":"many","n":11}"#, "10 messages"),
        (r#"{"action":"big","n":100000}"#, "100000 bytes"),
        (r#"{"action":"big-bytes","n":5000000}"#, "100000 bytes"),
    ] {
        let fault = fault(few, action).await;
        assert_eq!(fault.code, FaultCode::InvalidOutput, "{action}: {fault}");
        assert!(fault.message.contains(most), "{fault}");
    }
    let completed = call(
        &function("limits"),
        &host(),
        few,
        r#"{"action":"many","n":10}"#,
    )
    .await;
    assert_eq!(completed.unwrap().outputs.len(), 10);
}

#[tokio::test]
async fn a_panic_in_the_host_is_a_fault_of_that_call_only() {
    let mut panicking = FakeHost::new();
    panicking.panics = true;
    let fault = order(&Arc::new(panicking), r#"{"action":"env","name":"X"}"#)
        .await
        .unwrap_err();
    assert_eq!(fault.code, FaultCode::Internal);
    assert!(!fault.message.contains("asked to panic"));
    order(&host(), "{}").await.unwrap();
}

#[tokio::test]
async fn an_unreadable_message_is_answered_by_the_function_not_by_a_crash() {
    let call = Call {
        event: event("{broken"),
        limits: usual(),
        host: host(),
    };
    let fault = function("hello").call(call).await.unwrap_err();
    assert_eq!(fault.code, FaultCode::FunctionError);
}
