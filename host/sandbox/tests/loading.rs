//! Looking at uploads, compiling them, keeping what came of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::sync::Arc;
use std::time::Duration;
use support::{FakeHost, KEY, call, config, guest, install};
use weft_model::FaultCode;
use weft_sandbox::{
    CallLimits, CompiledCache, Digest, FunctionKind, RejectionCode, Sandbox, SandboxConfig,
    SandboxError, compile, inspect,
};

fn code(wasm: &[u8]) -> RejectionCode {
    inspect(wasm).expect_err("it should have been refused").code
}

#[test]
fn a_function_is_recognised() {
    let inspection = inspect(&guest("hello")).unwrap();
    assert_eq!(inspection.kind, FunctionKind::Function);
    assert!(inspection.exports.contains(&"handle".to_owned()));
    assert!(
        inspection
            .imports
            .iter()
            .any(|name| name.starts_with("weft:function/"))
    );
}

#[test]
fn what_is_not_webassembly_is_refused() {
    assert_eq!(code(b""), RejectionCode::NotWasm);
    assert_eq!(code(b"(component)"), RejectionCode::NotWasm);
    assert_eq!(code(b"\x7fELF\x02\x01"), RejectionCode::NotWasm);
    assert_eq!(
        code(&compile(&guest("hello")).unwrap()),
        RejectionCode::NotWasm
    );
}

#[test]
fn a_component_cut_off_anywhere_is_refused() {
    let wasm = guest("hello");
    for length in [5, 8, 9, 100, wasm.len() / 2, wasm.len() - 1] {
        let rejection = inspect(&wasm[..length]).unwrap_err();
        assert_ne!(
            rejection.code,
            RejectionCode::UnknownImport,
            "{length}: {rejection}"
        );
        assert!(!rejection.hint.is_empty());
    }
    assert_eq!(
        code(&wasm[..wasm.len() / 2]),
        RejectionCode::InvalidComponent
    );
}

#[test]
fn garbage_inside_is_refused_at_the_latest_when_it_is_compiled() {
    let wasm = guest("hello");
    for at in (8..wasm.len()).step_by(wasm.len() / 8) {
        let mut damaged = wasm.clone();
        damaged[at..]
            .iter_mut()
            .take(64)
            .for_each(|byte| *byte ^= 0x5a);
        // It may still be valid: what counts is that nothing panics.
        if inspect(&damaged).is_ok() {
            let _ = compile(&damaged);
        }
    }
    let mut damaged = wasm.clone();
    damaged[8..].fill(0xff);
    assert_eq!(code(&damaged), RejectionCode::InvalidComponent);
}

#[test]
fn a_core_module_is_refused_with_the_way_out() {
    let rejection = inspect(b"\0asm\x01\0\0\0").unwrap_err();
    assert_eq!(rejection.code, RejectionCode::CoreModule);
    assert!(rejection.hint.contains("wasm32-wasip2"));
    assert!(rejection.hint.contains("wasm-tools component new"));
}

#[test]
fn a_component_for_another_world_is_refused_with_what_it_exports() {
    let rejection = inspect(b"\0asm\x0d\0\x01\0").unwrap_err();
    assert_eq!(rejection.code, RejectionCode::WrongWorld);
    assert!(rejection.message.contains("it exports nothing"));
    let rejection = inspect(&guest("not-a-function")).unwrap_err();
    assert_eq!(rejection.code, RejectionCode::WrongWorld);
    assert!(rejection.message.contains("exports"), "{rejection}");
}

#[test]
fn unknown_imports_are_listed_by_name() {
    let rejection = inspect(&guest("unknown-import")).unwrap_err();
    assert_eq!(rejection.code, RejectionCode::UnknownImport);
    let listed = rejection.message.rsplit(": ").next();
    assert_eq!(listed, Some("example:weather/forecast@1.0.0"));
}

fn cache(dir: &tempfile::TempDir) -> CompiledCache {
    CompiledCache::open(dir.path(), KEY).unwrap()
}

fn sandbox(dir: &tempfile::TempDir) -> Sandbox {
    Sandbox::new(config(), cache(dir)).unwrap()
}

#[tokio::test]
async fn what_one_engine_compiles_the_other_loads_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let digest = *install(&sandbox(&dir), "hello").digest();
    let again = sandbox(&dir);
    let function = again.load(&digest).unwrap().unwrap();
    let host = Arc::new(FakeHost::new());
    call(&function, &host, CallLimits::default(), "{}")
        .await
        .unwrap();
}

#[test]
fn what_was_never_compiled_is_absent() {
    let dir = tempfile::tempdir().unwrap();
    assert!(sandbox(&dir).load(&Digest::of(b"?")).unwrap().is_none());
}

#[test]
fn the_folder_is_open_to_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("a/b");
    CompiledCache::open(&inner, KEY).unwrap();
    assert_eq!(
        fs::metadata(inner).unwrap().permissions().mode() & 0o777,
        0o700
    );
}

fn file(dir: &tempfile::TempDir, ending: &str) -> std::path::PathBuf {
    let mut entries = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path());
    entries
        .find(|path| path.to_string_lossy().ends_with(ending))
        .unwrap()
}

#[test]
fn a_compiled_file_that_was_touched_is_removed_and_taken_for_absent() {
    type Tamper = fn(&tempfile::TempDir);
    let ways: [(&str, Tamper); 4] = [
        ("a byte is changed", |dir| {
            let path = file(dir, ".cwasm");
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        }),
        ("it is cut off", |dir| {
            let path = file(dir, ".cwasm");
            let bytes = fs::read(&path).unwrap();
            fs::write(path, &bytes[..bytes.len() - 1]).unwrap();
        }),
        ("its code is missing", |dir| {
            fs::remove_file(file(dir, ".mac")).unwrap()
        }),
        ("its code is garbage", |dir| {
            fs::write(file(dir, ".mac"), "zz").unwrap()
        }),
    ];
    let wasm = guest("hello");
    let (digest, compiled) = (Digest::of(&wasm), compile(&wasm).unwrap());
    for (way, tamper) in ways {
        let dir = tempfile::tempdir().unwrap();
        cache(&dir).insert(&digest, &compiled).unwrap();
        tamper(&dir);
        let sandbox = sandbox(&dir);
        assert!(sandbox.load(&digest).unwrap().is_none(), "{way}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{way}");
        sandbox.cache().insert(&digest, &compiled).unwrap();
        assert!(sandbox.load(&digest).unwrap().is_some(), "{way}");
    }
}

#[test]
fn a_file_of_another_key_or_another_component_is_not_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let wasm = guest("hello");
    let (digest, compiled) = (Digest::of(&wasm), compile(&wasm).unwrap());
    let foreign = CompiledCache::open(dir.path(), [8; 32]).unwrap();
    foreign.insert(&digest, &compiled).unwrap();
    assert!(sandbox(&dir).load(&digest).unwrap().is_none());

    cache(&dir).insert(&digest, &compiled).unwrap();
    let (from, code) = (file(&dir, ".cwasm"), file(&dir, ".mac"));
    let other = Digest::of(b"other");
    cache(&dir).insert(&other, b"x").unwrap();
    let to = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path());
    let to: Vec<_> = to.filter(|path| *path != from && *path != code).collect();
    for path in to {
        let same_ending = if path.extension() == from.extension() {
            &from
        } else {
            &code
        };
        fs::copy(same_ending, path).unwrap();
    }
    assert!(sandbox(&dir).load(&other).unwrap().is_none());
}

#[test]
fn one_digest_is_mapped_once_and_let_go_with_its_last_holder() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = sandbox(&dir);
    let function = install(&sandbox, "hello");
    let digest = *function.digest();
    fs::remove_file(file(&dir, ".cwasm")).unwrap();
    assert!(sandbox.load(&digest).unwrap().is_some(), "it is held");
    drop(function);
    assert!(sandbox.load(&digest).unwrap().is_none(), "nobody holds it");
}

#[tokio::test]
async fn a_component_describes_itself() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = sandbox(&dir);
    let descriptor = install(&sandbox, "hello").describe().await.unwrap();
    assert_eq!(descriptor.name, "hello");
    assert!(descriptor.summary.contains("Greets"));
    assert!(descriptor.config_schema["properties"]["greeting"].is_object());
    let descriptor = install(&sandbox, "limits").describe().await.unwrap();
    assert_eq!(descriptor.outputs.len(), 2);
    assert_eq!(descriptor.requests.buckets, ["limits"]);
}

#[tokio::test]
async fn a_call_over_the_number_of_slots_is_refused_after_a_wait() {
    let dir = tempfile::tempdir().unwrap();
    let config = SandboxConfig {
        max_concurrent_calls: 1,
        ..config()
    };
    let sandbox = Sandbox::new(config, cache(&dir)).unwrap();
    let function = install(&sandbox, "limits");
    assert_eq!(sandbox.slots_available(), 1);
    let host = Arc::new(FakeHost::new());
    let limits = CallLimits {
        deadline: Duration::from_secs(60),
        ..CallLimits::default()
    };
    let asleep = call(&function, &host, limits, r#"{"action":"sleep","n":60000}"#);
    let refused = async {
        let host = Arc::new(FakeHost::new());
        call(&function, &host, limits, "{}").await.unwrap_err()
    };
    tokio::select! {
        biased;
        _ = asleep => panic!("it should sleep"),
        fault = refused => assert_eq!(fault.code, FaultCode::Overloaded),
    }
    assert_eq!(sandbox.slots_available(), 1);
    call(&function, &host, limits, "{}").await.unwrap();
}

#[test]
fn a_pool_that_does_not_fit_says_what_to_lower() {
    let dir = tempfile::tempdir().unwrap();
    let config = SandboxConfig {
        max_concurrent_calls: 1_000_000,
        ..config()
    };
    let error = Sandbox::new(config, cache(&dir)).unwrap_err();
    assert!(matches!(error, SandboxError::Pool { .. }));
    assert!(
        error.to_string().contains("lower max_concurrent_calls"),
        "{error}"
    );
}

#[test]
fn the_default_pool_fits() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::new(SandboxConfig::default(), cache(&dir)).unwrap();
    assert_eq!(sandbox.slots_available(), 256);
}
