//! Asking a component what it is.

use crate::config::CallLimits;
use crate::function::Loaded;
use crate::host_calls::{Denied, EmitError, HostCalls, SecretError, StateError, Swap};
use crate::invocation::{self, Answer, Entry};
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use weft_model::descriptor::{Descriptor, Port};
use weft_model::id::InvalidId;
use weft_model::message::Encoded;
use weft_model::node::{Activation, KeyPage, LogLevel, StateEntry};
use weft_model::{Fault, FaultCode, RunId};
use zeroize::Zeroizing;

/// Enough for any description; what it comes to is known before it is stored.
const LIMITS: CallLimits = CallLimits {
    fuel: 100_000_000,
    deadline: Duration::from_secs(1),
    memory_bytes: 64 << 20,
    output_messages: 0,
    output_bytes: MOST_BYTES as u64,
    log_lines: 20,
    log_line_bytes: 1_024,
};

const MOST_BYTES: usize = 64 << 10;

/// Call `describe`, and read the answer.
pub(crate) async fn ask(loaded: &Loaded) -> Result<Descriptor, Fault> {
    let host = Nothing::new().map_err(|e| Fault::new(FaultCode::Internal, e.to_string()))?;
    let host = Arc::new(host);
    let ended = invocation::run(loaded, Entry::Describe, &LIMITS, host.clone()).await;
    let ended = ended.map_err(|fault| match host.last_words() {
        Some(words) => fault.hint(format!("while it described itself, it wrote: {words}")),
        None => fault.hint("`describe` must answer within a small budget and without grants"),
    })?;
    let text = match ended.answer {
        Answer::Descriptor(text) => text,
        Answer::Outputs(_) => String::new(),
    };
    read(&text).map_err(|NotADescriptor(why)| {
        Fault::new(FaultCode::InvalidOutput, why)
            .hint("`describe` must return a JSON object as wit/function.wit says")
            .used(ended.usage)
    })
}

#[derive(Debug)]
struct NotADescriptor(String);

fn read(text: &str) -> Result<Descriptor, NotADescriptor> {
    if text.len() > MOST_BYTES {
        let bytes = text.len();
        return Err(NotADescriptor(format!(
            "the descriptor has {bytes} bytes: {MOST_BYTES} are allowed"
        )));
    }
    let descriptor: Descriptor = serde_json::from_str(text)
        .map_err(|error| NotADescriptor(format!("the descriptor is not valid: {error}")))?;
    if !descriptor.config_schema.is_object() {
        return Err(NotADescriptor(
            "the descriptor's configSchema is not a JSON object".to_owned(),
        ));
    }
    Ok(descriptor)
}

/// What the host says of a component that speaks plain `wasi:http`.
pub(crate) fn http_handler() -> Descriptor {
    Descriptor {
        node_type: String::new(),
        name: "HTTP handler".to_owned(),
        summary: "Answers an HTTP request made of the message.".to_owned(),
        documentation: HTTP_HANDLER.to_owned(),
        category: "function".to_owned(),
        icon: String::new(),
        color: String::new(),
        input: Some(Port::labelled("request")),
        outputs: vec![Port::labelled("response")],
        config_schema: serde_json::json!({ "type": "object" }),
        requests: Default::default(),
    }
}

const HTTP_HANDLER: &str = "A component that exports `wasi:http/incoming-handler`.

The request is made of the message: the method from `msg.method`, else `msg.req.method`, else POST;
path and query from `msg.url`, else `msg.req.url`, else `/`; headers from `msg.headers`, else
`msg.req.headers`; the body from `msg.payload`: bytes and text as they are, anything else as JSON.

The answer sets `msg.statusCode`, `msg.headers` and `msg.payload`: text if its content type is
text, a value if it is JSON, else bytes.";

/// The host of a component that may nothing.
struct Nothing {
    nowhere: Activation,
    last_words: Mutex<Option<String>>,
}

impl Nothing {
    fn new() -> Result<Self, InvalidId> {
        let nowhere = Activation {
            instance: "none".parse()?,
            flow: "none".parse()?,
            revision: 0,
            run: RunId::new(0),
            node: "none".into(),
            sequence: 0,
            attempt: 1,
        };
        Ok(Nothing {
            nowhere,
            last_words: Mutex::default(),
        })
    }

    fn last_words(&self) -> Option<String> {
        let mut words = self
            .last_words
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        words.take()
    }
}

fn denied() -> Denied {
    Denied {
        grant: "nothing".to_owned(),
        message: "a component that describes itself has no grants".to_owned(),
    }
}

impl HostCalls for Nothing {
    fn activation(&self) -> &Activation {
        &self.nowhere
    }

    fn config(&self) -> &str {
        "{}"
    }

    fn log(&self, level: LogLevel, line: String) {
        if level >= LogLevel::Warn {
            let mut words = self
                .last_words
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *words = Some(line);
        }
    }

    fn emit(&self, _port: u32, _message: Encoded) -> Result<(), EmitError> {
        Err(EmitError::NoSuchPort)
    }

    fn env(&self, _name: &str) -> Result<Option<String>, Denied> {
        Err(denied())
    }

    fn secret(&self, _name: &str) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        Err(denied().into())
    }

    fn state_get(&self, _bucket: &str, _key: &str) -> Result<Option<StateEntry>, StateError> {
        Err(denied().into())
    }

    fn state_set(&self, _bucket: &str, _key: &str, _value: Bytes) -> Result<(), StateError> {
        Err(denied().into())
    }

    fn state_delete(&self, _bucket: &str, _key: &str) -> Result<(), StateError> {
        Err(denied().into())
    }

    fn state_increment(&self, _bucket: &str, _key: &str, _by: i64) -> Result<i64, StateError> {
        Err(denied().into())
    }

    fn state_compare_and_swap(
        &self,
        _bucket: &str,
        _key: &str,
        _expected: Option<u64>,
        _value: Bytes,
    ) -> Result<Swap, StateError> {
        Err(denied().into())
    }

    fn state_keys(
        &self,
        _bucket: &str,
        _cursor: Option<&str>,
        _limit: u32,
    ) -> Result<KeyPage, StateError> {
        Err(denied().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_is_small_json_with_a_name_and_a_schema_object() {
        assert_eq!(read(r#"{"name":"n"}"#).unwrap().name, "n");
        let long = format!(r#"{{"name":"{}"}}"#, "n".repeat(MOST_BYTES));
        for (text, what) in [
            (long.as_str(), "65536 are allowed"),
            ("{", "not valid"),
            ("{}", "name"),
            (r#"{"name":"n","configSchema":[]}"#, "configSchema"),
        ] {
            let NotADescriptor(why) = read(text).unwrap_err();
            assert!(why.contains(what), "{why}");
        }
    }
}
