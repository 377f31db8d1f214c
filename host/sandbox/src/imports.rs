//! What a component may import, and how each of it reaches the host.

use crate::bindings::Function as World;
use crate::bindings::weft::function as wit;
use crate::call_state::CallState;
use crate::host_calls::{Denied, EmitError, SecretError, StateError, Swap};
use bytes::Bytes;
use wasmtime::component::{HasSelf, Linker, Resource};
use wasmtime::{Engine, Result};
use weft_model::message::Encoded;
use weft_model::node::{LogLevel, StateEntry};
use zeroize::Zeroizing;

/// The interfaces that [`linker`] links, without versions.
pub(crate) const KNOWN: &[(&str, &str, &[&str])] = &[
    (
        "weft:function",
        "0.1.",
        &["types", "log", "node", "outputs", "env", "secrets", "state"],
    ),
    ("wasi:io", "0.2.", &["error", "poll", "streams"]),
    ("wasi:clocks", "0.2.", &["wall-clock", "monotonic-clock"]),
    (
        "wasi:random",
        "0.2.",
        &["random", "insecure", "insecure-seed"],
    ),
    (
        "wasi:cli",
        "0.2.",
        &[
            "environment",
            "exit",
            "stdin",
            "stdout",
            "stderr",
            "terminal-input",
            "terminal-output",
            "terminal-stdin",
            "terminal-stdout",
            "terminal-stderr",
        ],
    ),
    ("wasi:filesystem", "0.2.", &["types", "preopens"]),
    (
        "wasi:sockets",
        "0.2.",
        &[
            "network",
            "instance-network",
            "ip-name-lookup",
            "tcp",
            "tcp-create-socket",
            "udp",
            "udp-create-socket",
        ],
    ),
    ("wasi:http", "0.2.", &["types", "outgoing-handler"]),
];

/// Links everything that there is. A component imports what it needs of it.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    World::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut CallState| state)?;
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    Ok(linker)
}

impl wit::types::Host for CallState {}

impl wit::log::Host for CallState {
    fn write(&mut self, level: wit::log::Level, line: String) {
        let level = match level {
            wit::log::Level::Trace => LogLevel::Trace,
            wit::log::Level::Debug => LogLevel::Debug,
            wit::log::Level::Info => LogLevel::Info,
            wit::log::Level::Warn => LogLevel::Warn,
            wit::log::Level::Error => LogLevel::Error,
        };
        self.log.write(level, line);
    }
}

impl wit::node::Host for CallState {
    fn get_activation(&mut self) -> wit::node::Activation {
        let activation = self.host.activation();
        wit::node::Activation {
            instance: activation.instance.to_string(),
            flow: activation.flow.to_string(),
            revision: activation.revision,
            run: activation.run.to_string(),
            node: activation.node.to_string(),
            id: activation.id(),
            attempt: activation.attempt,
        }
    }

    fn get_config(&mut self) -> String {
        self.host.config().to_owned()
    }
}

impl wit::outputs::Host for CallState {
    fn emit(
        &mut self,
        port: u32,
        message: wit::types::MessageResult,
    ) -> Result<(), wit::outputs::EmitError> {
        let message = encoded(message);
        if self.output.spend(message.len()).is_err() {
            return Err(wit::outputs::EmitError::LimitExceeded);
        }
        self.host.emit(port, message).map_err(|error| match error {
            EmitError::NoSuchPort => wit::outputs::EmitError::NoSuchPort,
            EmitError::InvalidMessage => wit::outputs::EmitError::InvalidMessage,
            EmitError::LimitExceeded => wit::outputs::EmitError::LimitExceeded,
        })
    }
}

/// A message from the guest; nothing is copied.
pub(crate) fn encoded(message: wit::types::MessageResult) -> Encoded {
    Encoded {
        head: message.head,
        blobs: message.blobs.into_iter().map(Bytes::from).collect(),
    }
}

impl wit::env::Host for CallState {
    fn get(&mut self, name: String) -> Result<Option<String>, String> {
        self.host.env(&name).map_err(|denied| self.told(denied))
    }
}

/// A secret that was found, not yet read.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Secret(Zeroizing<Vec<u8>>);

impl wit::secrets::Host for CallState {
    fn get(&mut self, name: String) -> Result<Result<Resource<Secret>, String>> {
        match self.host.secret(&name) {
            Ok(bytes) => Ok(Ok(self.table.push(Secret(bytes))?)),
            Err(SecretError::Denied(denied)) => Ok(Err(self.told(denied))),
            Err(SecretError::NotSet(text)) => Ok(Err(text)),
        }
    }

    fn reveal(&mut self, secret: Resource<Secret>) -> Result<Vec<u8>> {
        Ok(self.table.get(&secret)?.0.to_vec())
    }
}

impl wit::secrets::HostSecret for CallState {
    fn drop(&mut self, secret: Resource<Secret>) -> Result<()> {
        self.table.delete(secret)?;
        Ok(())
    }
}

impl wit::state::Host for CallState {
    fn get(
        &mut self,
        bucket: String,
        key: String,
    ) -> Result<Option<wit::state::Entry>, wit::state::StateError> {
        let found = self.host.state_get(&bucket, &key);
        found
            .map(|entry| entry.map(wit_entry))
            .map_err(|error| self.refusal(error))
    }

    fn set(
        &mut self,
        bucket: String,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), wit::state::StateError> {
        let written = self.host.state_set(&bucket, &key, value.into());
        written.map_err(|error| self.refusal(error))
    }

    fn delete(&mut self, bucket: String, key: String) -> Result<(), wit::state::StateError> {
        let deleted = self.host.state_delete(&bucket, &key);
        deleted.map_err(|error| self.refusal(error))
    }

    fn increment(
        &mut self,
        bucket: String,
        key: String,
        delta: i64,
    ) -> Result<i64, wit::state::StateError> {
        let number = self.host.state_increment(&bucket, &key, delta);
        number.map_err(|error| self.refusal(error))
    }

    fn compare_and_swap(
        &mut self,
        bucket: String,
        key: String,
        expected: Option<u64>,
        value: Vec<u8>,
    ) -> Result<wit::state::Swap, wit::state::StateError> {
        let end = self
            .host
            .state_compare_and_swap(&bucket, &key, expected, value.into());
        match end {
            Ok(Swap::Swapped) => Ok(wit::state::Swap::Swapped),
            Ok(Swap::Conflict(entry)) => Ok(wit::state::Swap::Conflict(entry.map(wit_entry))),
            Err(error) => Err(self.refusal(error)),
        }
    }

    fn keys(
        &mut self,
        bucket: String,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<wit::state::Page, wit::state::StateError> {
        if !(1..=1000).contains(&limit) {
            let text = format!("a page of {limit} keys: ask for 1 to 1000");
            return Err(wit::state::StateError::Invalid(text));
        }
        let page = self.host.state_keys(&bucket, cursor.as_deref(), limit);
        page.map(|page| wit::state::Page {
            keys: page.keys,
            cursor: page.cursor,
        })
        .map_err(|error| self.refusal(error))
    }
}

impl CallState {
    /// Note a denial, and give the guest its text.
    fn told(&mut self, denied: Denied) -> String {
        self.note(&denied);
        denied.message
    }

    fn refusal(&mut self, error: StateError) -> wit::state::StateError {
        match error {
            StateError::Denied(denied) => wit::state::StateError::Denied(self.told(denied)),
            StateError::LimitExceeded(text) => wit::state::StateError::LimitExceeded(text),
            StateError::Invalid(text) => wit::state::StateError::Invalid(text),
            StateError::Unavailable(text) => wit::state::StateError::Unavailable(text),
        }
    }
}

fn wit_entry(entry: StateEntry) -> wit::state::Entry {
    wit::state::Entry {
        value: entry.value.into(),
        version: entry.version,
    }
}
