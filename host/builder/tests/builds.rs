//! Builds through a real worker process, and each way in which one may end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bytes::Bytes;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use weft_builder::{BuildError, Builder, BuilderConfig};
use weft_sandbox::{CompiledCache, FunctionKind, RejectionCode, Sandbox, SandboxConfig};

fn guest(name: &str) -> Bytes {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/guests")
        .join(format!("{name}.wasm"));
    let wasm = std::fs::read(&path);
    wasm.unwrap_or_else(|e| {
        panic!(
            "{}: {e}; build the guests: cargo xtask guests",
            path.display()
        )
    })
    .into()
}

/// Cargo builds the examples of a crate before it runs its tests, and puts them
/// beside the tests' folder.
fn worker() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    profile.join("examples/build-worker")
}

fn config() -> BuilderConfig {
    BuilderConfig::new(worker())
}

fn builder() -> Builder {
    Builder::new(config())
}

/// A worker that is a shell script, for ways to fail that ours has not.
fn script(text: &str) -> (tempfile::TempDir, BuilderConfig) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("worker");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    (dir, BuilderConfig::new(path))
}

#[tokio::test]
async fn a_component_is_inspected_and_compiled_for_the_sandbox() {
    let built = builder().build(guest("hello")).await.unwrap();
    assert_eq!(built.inspection.kind, FunctionKind::Function);

    let dir = tempfile::tempdir().unwrap();
    let cache = CompiledCache::open(dir.path(), [1; 32]).unwrap();
    cache.insert(&built.digest, &built.compiled).unwrap();
    let config = SandboxConfig {
        max_concurrent_calls: 2,
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::new(config, cache).unwrap();
    let function = sandbox.load(&built.digest).unwrap().unwrap();
    assert_eq!(function.describe().await.unwrap().name, "hello");
}

#[tokio::test]
async fn what_can_not_be_used_comes_back_with_the_reason() {
    for (wasm, code) in [
        (Bytes::from_static(b"nothing"), RejectionCode::NotWasm),
        (
            Bytes::from_static(b"\0asm\x01\0\0\0"),
            RejectionCode::CoreModule,
        ),
        (guest("not-a-function"), RejectionCode::WrongWorld),
        (guest("unknown-import"), RejectionCode::UnknownImport),
        (
            guest("hello").slice(..50_000),
            RejectionCode::InvalidComponent,
        ),
    ] {
        match builder().build(wasm).await {
            Err(BuildError::Rejected(rejection)) => assert_eq!(rejection.code, code),
            other => panic!("{code}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_upload_over_the_limit_starts_no_worker() {
    let config = BuilderConfig {
        max_wasm_bytes: 10,
        ..BuilderConfig::new("/nowhere".into())
    };
    match Builder::new(config).build(guest("hello")).await {
        Err(BuildError::Rejected(rejection)) => assert_eq!(rejection.code, RejectionCode::TooLarge),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_build_that_takes_too_long_is_ended() {
    let (_dir, config) = script("exec sleep 600");
    let config = BuilderConfig {
        timeout: Duration::from_millis(100),
        ..config
    };
    let ended = Builder::new(config.clone()).build(guest("hello")).await;
    assert_eq!(ended.unwrap_err(), BuildError::TimedOut(config.timeout));
}

#[tokio::test]
async fn a_build_that_needs_too_much_memory_is_ended() {
    for mebibytes in [20, 40] {
        let config = BuilderConfig {
            memory_bytes: mebibytes << 20,
            ..config()
        };
        match Builder::new(config).build(guest("limits")).await {
            Err(BuildError::OutOfMemory(bytes)) => assert_eq!(bytes, mebibytes << 20),
            other => panic!("{mebibytes} MiB: {:?}", other.map(|built| built.digest)),
        }
    }
}

#[tokio::test]
async fn a_worker_that_crashes_or_talks_nonsense_is_told_apart() {
    for text in ["kill -SEGV $$", "exit 3", "echo nonsense", "true"] {
        let (_dir, config) = script(text);
        let ended = Builder::new(config).build(guest("hello")).await;
        assert!(
            matches!(ended, Err(BuildError::Crashed(_))),
            "{text}: {ended:?}"
        );
    }
    let ended = Builder::new(BuilderConfig::new("/nowhere".into()))
        .build(guest("hello"))
        .await;
    assert!(matches!(ended, Err(BuildError::NoWorker(_))), "{ended:?}");
}

#[tokio::test]
async fn the_worker_gets_nothing_of_the_servers_environment() {
    let (_dir, config) = script(r#"[ -z "$HOME$CARGO_MANIFEST_DIR" ] && exit 9; exit 8"#);
    let ended = Builder::new(config).build(guest("hello")).await;
    let Err(BuildError::Crashed(how)) = ended else {
        panic!("{ended:?}");
    };
    assert!(how.contains('9'), "{how}");
}

#[tokio::test]
async fn the_same_upload_at_the_same_time_is_built_once() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let real = worker();
    let (_script, config) = script(&format!(
        "echo begin >> {log}\nexec {real} \"$@\"",
        log = log.display(),
        real = real.display()
    ));
    let builder = Builder::new(config);
    let build = async || builder.build(guest("hello")).await.unwrap().digest;
    let (a, b, c, d) = tokio::join!(build(), build(), build(), build());
    assert!(a == b && b == c && c == d);
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "begin\n");
    builder.build(guest("hello")).await.unwrap();
    assert_eq!(
        std::fs::read_to_string(&log).unwrap(),
        "begin\nbegin\n",
        "nothing is kept"
    );
}

#[tokio::test]
async fn a_build_goes_on_for_the_others_when_one_who_waits_leaves() {
    let builder = builder();
    let first = tokio::spawn({
        let builder = builder.clone();
        async move { builder.build(guest("hello")).await }
    });
    let second = builder.build(guest("hello"));
    first.abort();
    assert!(second.await.is_ok());
}

#[tokio::test]
async fn a_build_that_nobody_waits_for_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let note = dir.path().join("pid");
    let (_script, config) = script(&format!("echo $$ > {}\nexec sleep 600", note.display()));
    let builder = Builder::new(config);
    let pid = tokio::select! {
        ended = builder.build(guest("hello")) => panic!("{ended:?}"),
        pid = written_line(&note) => pid,
    };
    // Running means: there, and not a zombie.
    let stat = PathBuf::from(format!("/proc/{pid}/stat"));
    let runs = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z"));
    let gone = async {
        while runs() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone)
        .await
        .unwrap();
}

async fn written_line(path: &Path) -> String {
    loop {
        match std::fs::read_to_string(path) {
            Ok(line) if line.ends_with('\n') => return line.trim().to_owned(),
            _ => tokio::task::yield_now().await,
        }
    }
}
