//! A function that does what a host must survive: loops, traps, floods, bad
//! answers. It exists for the tests of a host; nobody needs it in a flow.

mod actions;
mod state;

use weft::{Error, Message, Outputs, Value};

/// What to do. A payload that is an object with `action` overrides the config.
#[derive(Debug, Default, Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", default)]
struct Order {
    /// What to do.
    action: Action,
    /// How many lines or messages, how many bytes or milliseconds.
    n: u64,
    /// The port that `bad-port` and `emit` send from.
    port: Option<u32>,
    /// A name for `env`, `secret` and the state actions' key.
    name: String,
    /// The bucket of the state actions.
    bucket: String,
    /// What `state-set` and `state-swap` write, and what `fail` and `log` say.
    text: String,
    /// The version that `state-swap` expects; none if the key must be absent.
    version: Option<u64>,
    /// What `fail` calls itself: `invalid-input`, `retryable` or `failed`.
    kind: Kind,
}

/// What the function can be made to do.
#[derive(Debug, Default, Clone, Copy, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Action {
    /// Answers with the message as it came.
    #[default]
    Echo,
    /// Never ends.
    Loop,
    /// Executes `unreachable`.
    Trap,
    /// Panics.
    Panic,
    /// Recurses until the stack is full.
    Recurse,
    /// Allocates and touches `n` bytes (0: until there are no more); answers how many.
    Grow,
    /// Logs `n` lines.
    Log,
    /// Prints `n` lines on standard output.
    Print,
    /// Emits `n` messages; answers how many were taken and why it stopped.
    Emit,
    /// Returns `n` messages.
    Many,
    /// Answers with a text of `n` bytes.
    Big,
    /// Answers with `n` raw bytes.
    BigBytes,
    /// Fails, by `kind` and `text`.
    Fail,
    /// Sends from `port`, or from one that does not exist.
    BadPort,
    /// Answers with a head that is no JSON.
    BadJson,
    /// Answers with a head that refers to bytes that are not there.
    BadBlob,
    /// Sleeps `n` milliseconds.
    Sleep,
    /// Answers with a random number.
    Random,
    /// Answers with the time in milliseconds since 1970.
    Clock,
    /// Answers with the environment value `name`.
    Env,
    /// Answers with the length of the secret `name`.
    Secret,
    /// Answers with the facts about this call.
    Activation,
    /// Answers with `{value, version}` or null.
    StateGet,
    /// Writes `text`.
    StateSet,
    /// Deletes.
    StateDelete,
    /// Adds `n`; answers the new number.
    StateIncrement,
    /// Compares and swaps; answers `"swapped"` or the entry in the way.
    StateSwap,
    /// Answers with all keys of the bucket.
    StateKeys,
    /// Writes `text`, then fails: nothing may be kept.
    StateSetThenFail,
}

#[derive(Debug, Default, Clone, Copy, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    InvalidInput,
    Retryable,
    #[default]
    Failed,
}

/// Misbehaves on demand, for the tests of a host.
#[weft::function(
    category = "tests",
    outputs("first", "second"),
    env("LIMITS"),
    secrets("limits"),
    buckets("limits"),
    on_start = start,
    on_stop = stop
)]
fn limits(message: Message, config: Order) -> Result<Outputs, Error> {
    let order = match message.at("payload.action")? {
        Some(_) => message.payload_as()?,
        None => config,
    };
    actions::perform(&order, message)
}

/// A start with an action does it too, so that tests can see a start fail.
fn start(config: Order) -> Result<Outputs, Error> {
    weft::log::info!("start");
    match config.action {
        Action::Echo => Ok(Outputs::new()),
        _ => actions::perform(&config, Message::new(Value::Null)),
    }
}

fn stop() {
    weft::log::info!("stop");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;
    use weft::testing::Host;

    fn order(order: serde_json::Value) -> Message {
        Message::new(Value::from(order))
    }

    #[test]
    fn echo_is_the_default() {
        let message = Message::new("ping");
        let outputs = Host::new().call(&limits_function(), message).unwrap();
        assert_eq!(outputs[0].1.payload_text().unwrap(), "ping");
    }

    #[test]
    fn the_payload_overrides_the_config() {
        let host = Host::new().with_config(&json!({"action": "fail"}));
        let function = limits_function();
        assert!(host.call(&function, order(json!({}))).is_err());
        let message = order(json!({"action": "big", "n": 3}));
        let outputs = host.call(&function, message).unwrap();
        assert_eq!(outputs[0].1.payload_text().unwrap(), "xxx");
    }

    #[test]
    fn a_failed_call_keeps_nothing() {
        let host = Host::new().with_bucket("limits");
        let message = json!({"action": "state-set-then-fail", "bucket": "limits", "name": "k"});
        assert!(host.call(&limits_function(), order(message)).is_err());
        assert_eq!(host.stored("limits", "k"), None);
    }

    #[test]
    fn start_and_stop_are_logged() {
        let host = Host::new();
        host.start(&limits_function()).unwrap();
        host.stop(&limits_function()).unwrap();
        let lines: Vec<_> = host.logs().into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, ["start", "stop"]);
    }
}
