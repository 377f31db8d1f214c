//! What the tests share: guests, a sandbox, and a host that records.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use weft_model::fault::Fault;
use weft_model::message::Encoded;
use weft_model::node::{Activation, KeyPage, LogLevel, StateEntry};
use weft_model::{Message, RunId, Value};
use weft_sandbox::host_calls::{Denied, EmitError, SecretError, StateError, Swap};
use weft_sandbox::{
    Call, CallEvent, CallLimits, CompiledCache, Completed, Digest, Function, HostCalls, Sandbox,
    SandboxConfig, compile,
};
use zeroize::Zeroizing;

pub(crate) const KEY: [u8; 32] = [7; 32];

pub(crate) fn guest(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/guests")
        .join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|e| {
        panic!(
            "{}: {e}; build the guests: cargo xtask guests",
            path.display()
        )
    })
}

pub(crate) fn config() -> SandboxConfig {
    SandboxConfig {
        max_concurrent_calls: 8,
        slot_wait: Duration::from_millis(20),
        ..SandboxConfig::default()
    }
}

/// One for all tests of a file, so that each guest is compiled once.
static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap().keep();
    Sandbox::new(config(), CompiledCache::open(&dir, KEY).unwrap()).unwrap()
});
static INSTALLING: Mutex<()> = Mutex::new(());

pub(crate) fn function(name: &str) -> Function {
    install(&SANDBOX, name)
}

pub(crate) fn install(sandbox: &Sandbox, name: &str) -> Function {
    let wasm = guest(name);
    let digest = Digest::of(&wasm);
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(|e| e.into_inner());
    if !sandbox.cache().contains(&digest) {
        let compiled = compile(&wasm).unwrap();
        sandbox.cache().insert(&digest, &compiled).unwrap();
    }
    sandbox.load(&digest).unwrap().expect("it was just stored")
}

/// A host that grants what it was given and records what it hears.
pub(crate) struct FakeHost {
    pub(crate) config: String,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) state: Mutex<BTreeMap<String, StateEntry>>,
    pub(crate) logs: Mutex<Vec<(LogLevel, String)>>,
    pub(crate) emitted: Mutex<Vec<(u32, Encoded)>>,
    pub(crate) panics: bool,
    activation: Activation,
}

impl FakeHost {
    pub(crate) fn new() -> Self {
        FakeHost {
            config: "{}".into(),
            env: BTreeMap::new(),
            state: Mutex::default(),
            logs: Mutex::default(),
            emitted: Mutex::default(),
            panics: false,
            activation: Activation {
                instance: "default".parse().unwrap(),
                flow: "f".parse().unwrap(),
                revision: 3,
                run: RunId::new(0),
                node: "sub/inner".into(),
                sequence: 1,
                attempt: 1,
            },
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let logs = self.logs.lock().unwrap();
        logs.iter().map(|(_, line)| line.clone()).collect()
    }

    fn granted(&self, bucket: &str) -> Result<(), StateError> {
        match bucket {
            "limits" => Ok(()),
            other => Err(denied("buckets", other).into()),
        }
    }
}

fn denied(kind: &str, name: &str) -> Denied {
    Denied {
        grant: format!("grants.{kind}: [\"{name}\"]"),
        message: format!("{name} is not granted"),
    }
}

impl HostCalls for FakeHost {
    fn activation(&self) -> &Activation {
        &self.activation
    }

    fn config(&self) -> &str {
        &self.config
    }

    fn log(&self, level: LogLevel, line: String) {
        self.logs.lock().unwrap().push((level, line));
    }

    fn emit(&self, port: u32, message: Encoded) -> Result<(), EmitError> {
        if port > 1 {
            return Err(EmitError::NoSuchPort);
        }
        self.emitted.lock().unwrap().push((port, message));
        Ok(())
    }

    fn env(&self, name: &str) -> Result<Option<String>, Denied> {
        assert!(!self.panics, "the host was asked to panic");
        match name {
            "SECRET_PLACE" => Err(denied("env", name)),
            name => Ok(self.env.get(name).cloned()),
        }
    }

    fn secret(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        match name {
            "limits" => Ok(Zeroizing::new(b"hush".to_vec())),
            "unset" => Err(SecretError::NotSet("no secret unset".into())),
            other => Err(denied("secrets", other).into()),
        }
    }

    fn state_get(&self, bucket: &str, key: &str) -> Result<Option<StateEntry>, StateError> {
        self.granted(bucket)?;
        Ok(self.state.lock().unwrap().get(key).cloned())
    }

    fn state_set(&self, bucket: &str, key: &str, value: Bytes) -> Result<(), StateError> {
        self.granted(bucket)?;
        let mut state = self.state.lock().unwrap();
        let version = state.get(key).map_or(1, |entry| entry.version + 1);
        state.insert(key.into(), StateEntry { value, version });
        Ok(())
    }

    fn state_delete(&self, bucket: &str, key: &str) -> Result<(), StateError> {
        self.granted(bucket)?;
        self.state.lock().unwrap().remove(key);
        Ok(())
    }

    fn state_increment(&self, bucket: &str, key: &str, delta: i64) -> Result<i64, StateError> {
        let entry = self.state_get(bucket, key)?;
        let text = entry.map_or("0".into(), |e| String::from_utf8(e.value.to_vec()).unwrap());
        let number: i64 = text.parse().map_err(|_| StateError::Invalid(text))?;
        self.state_set(bucket, key, (number + delta).to_string().into())?;
        Ok(number + delta)
    }

    fn state_compare_and_swap(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<u64>,
        value: Bytes,
    ) -> Result<Swap, StateError> {
        let entry = self.state_get(bucket, key)?;
        if entry.as_ref().map(|e| e.version) != expected {
            return Ok(Swap::Conflict(entry));
        }
        self.state_set(bucket, key, value)?;
        Ok(Swap::Swapped)
    }

    fn state_keys(&self, bucket: &str, _: Option<&str>, _: u32) -> Result<KeyPage, StateError> {
        self.granted(bucket)?;
        let keys = self.state.lock().unwrap().keys().cloned().collect();
        Ok(KeyPage { keys, cursor: None })
    }
}

pub(crate) fn message(payload: &str) -> Encoded {
    Encoded {
        head: format!(r#"{{"id":"m1","payload":{payload}}}"#),
        blobs: vec![],
    }
}

pub(crate) fn event(head: &str) -> CallEvent {
    let head = head.to_owned();
    CallEvent::Message(Encoded {
        head,
        blobs: vec![],
    })
}

pub(crate) async fn call(
    function: &Function,
    host: &Arc<FakeHost>,
    limits: CallLimits,
    payload: &str,
) -> Result<Completed, Fault> {
    let event = CallEvent::Message(message(payload));
    let host = host.clone();
    function
        .call(Call {
            event,
            limits,
            host,
        })
        .await
}

/// Call the guest `limits` with an order, under the usual limits.
pub(crate) async fn order(host: &Arc<FakeHost>, payload: &str) -> Result<Completed, Fault> {
    call(&function("limits"), host, CallLimits::default(), payload).await
}

/// The fault of an order, under other limits.
pub(crate) async fn fault(limits: CallLimits, payload: &str) -> Fault {
    let host = Arc::new(FakeHost::new());
    call(&function("limits"), &host, limits, payload)
        .await
        .expect_err("it should have failed")
}

/// The payload of the only message.
pub(crate) fn payload(completed: &Completed) -> Value {
    assert_eq!(completed.outputs.len(), 1);
    let (_, encoded) = completed.outputs[0].clone();
    let message = Message::decode(encoded, &"?".into()).unwrap();
    message.payload().cloned().unwrap_or(Value::Null)
}
