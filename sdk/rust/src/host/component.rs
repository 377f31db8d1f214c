//! Calls to the host that runs this component.

use crate::component::bindings::weft::function as wit;
use crate::{
    Activation, EmitError,
    log::Level,
    message::Encoded,
    state::{Entry, Page, StateError, Swap},
};

pub(crate) type SecretHandle = wit::secrets::Secret;

pub(crate) fn log(level: Level, line: &str) {
    let level = match level {
        Level::Trace => wit::log::Level::Trace,
        Level::Debug => wit::log::Level::Debug,
        Level::Info => wit::log::Level::Info,
        Level::Warn => wit::log::Level::Warn,
        Level::Error => wit::log::Level::Error,
    };
    wit::log::write(level, line);
}

pub(crate) fn activation() -> Activation {
    let activation = wit::node::get_activation();
    Activation {
        instance: activation.instance,
        flow: activation.flow,
        revision: activation.revision,
        run: activation.run,
        node: activation.node,
        id: activation.id,
        attempt: activation.attempt,
    }
}

pub(crate) fn config() -> String {
    wit::node::get_config()
}

pub(crate) fn emit(port: u32, message: Encoded) -> Result<(), EmitError> {
    let message = wit::types::Message {
        head: message.head,
        blobs: message.blobs,
    };
    wit::outputs::emit(port, &message).map_err(|error| match error {
        wit::outputs::EmitError::NoSuchPort => EmitError::NoSuchPort,
        wit::outputs::EmitError::InvalidMessage => EmitError::InvalidMessage,
        wit::outputs::EmitError::LimitExceeded => EmitError::LimitExceeded,
    })
}

pub(crate) fn env(name: &str) -> Result<Option<String>, String> {
    wit::env::get(name)
}

pub(crate) fn secret(name: &str) -> Result<SecretHandle, String> {
    wit::secrets::get(name)
}

pub(crate) fn reveal(secret: &SecretHandle) -> Vec<u8> {
    wit::secrets::reveal(secret)
}

pub(crate) fn state_get(bucket: &str, key: &str) -> Result<Option<Entry>, StateError> {
    let found = wit::state::get(bucket, key).map_err(state_error)?;
    Ok(found.map(entry))
}

pub(crate) fn state_set(bucket: &str, key: &str, value: &[u8]) -> Result<(), StateError> {
    wit::state::set(bucket, key, value).map_err(state_error)
}

pub(crate) fn state_delete(bucket: &str, key: &str) -> Result<(), StateError> {
    wit::state::delete(bucket, key).map_err(state_error)
}

pub(crate) fn state_increment(bucket: &str, key: &str, delta: i64) -> Result<i64, StateError> {
    wit::state::increment(bucket, key, delta).map_err(state_error)
}

pub(crate) fn state_compare_and_swap(
    bucket: &str,
    key: &str,
    expected: Option<u64>,
    value: &[u8],
) -> Result<Swap, StateError> {
    match wit::state::compare_and_swap(bucket, key, expected, value).map_err(state_error)? {
        wit::state::Swap::Swapped => Ok(Swap::Swapped),
        wit::state::Swap::Conflict(current) => Ok(Swap::Conflict(current.map(entry))),
    }
}

pub(crate) fn state_keys(
    bucket: &str,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page, StateError> {
    let page = wit::state::keys(bucket, cursor, limit).map_err(state_error)?;
    Ok(Page {
        keys: page.keys,
        cursor: page.cursor,
    })
}

fn entry(entry: wit::state::Entry) -> Entry {
    Entry {
        value: entry.value,
        version: entry.version,
    }
}

fn state_error(error: wit::state::StateError) -> StateError {
    match error {
        wit::state::StateError::Denied(text) => StateError::Denied(text),
        wit::state::StateError::LimitExceeded(text) => StateError::LimitExceeded(text),
        wit::state::StateError::Invalid(text) => StateError::Invalid(text),
        wit::state::StateError::Unavailable(text) => StateError::Unavailable(text),
    }
}
