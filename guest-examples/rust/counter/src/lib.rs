//! Counts in state that outlives the call, safely among others who count too.

use weft::state::Bucket;
use weft::{Error, Json, Message, Value};

/// Where and how to count.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Config {
    /// The state bucket that holds the counters.
    #[serde(default = "usual_bucket")]
    bucket: String,
    /// What each message adds.
    #[serde(default = "one")]
    step: i64,
}

fn usual_bucket() -> String {
    "counters".to_owned()
}

fn one() -> i64 {
    1
}

#[derive(serde::Serialize)]
struct Count {
    key: String,
    value: i64,
}

/// Counts messages. The counter's key is the payload's field `key`, else the
/// query parameter `key` of the request, else `default`; the answer's payload
/// is `{key, value}`.
#[weft::function(
    icon = "🧮",
    category = "state",
    outputs("count" = "The key and its new value."),
    buckets("counters")
)]
fn counter(message: Message, config: Config) -> Result<Json<Count>, Error> {
    let key = key(&message)?;
    let mut value = 0;
    Bucket::open(&config.bucket).update(&key, |old| {
        value = number(&key, old)?
            .checked_add(config.step)
            .ok_or_else(|| Error::failed(format_args!("The counter {key:?} is full.")))?;
        Ok::<_, Error>(value.to_string().into_bytes())
    })?;
    Ok(Json(Count { key, value }))
}

fn key(message: &Message) -> Result<String, Error> {
    if let Some(Value::String(key)) = message.at("payload.key")? {
        return Ok(key);
    }
    Ok(message
        .query("key")?
        .unwrap_or_else(|| "default".to_owned()))
}

/// A counter's value; one that was never written is 0.
fn number(key: &str, stored: Option<&[u8]>) -> Result<i64, Error> {
    let Some(stored) = stored else {
        return Ok(0);
    };
    std::str::from_utf8(stored)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Error::failed(format_args!("What is stored under {key:?} is no number.")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::{Value as Plain, json};
    use weft::testing::Host;

    fn count(host: &Host, payload: Plain) -> Result<Plain, Error> {
        let outputs = host.call(&counter_function(), Message::new(Value::from(payload)))?;
        outputs[0].1.payload_as()
    }

    #[test]
    fn each_message_adds_one_and_keys_are_apart() {
        let host = Host::new().with_bucket("counters");
        assert_eq!(
            count(&host, json!({})).unwrap(),
            json!({"key": "default", "value": 1})
        );
        assert_eq!(
            count(&host, json!({})).unwrap(),
            json!({"key": "default", "value": 2})
        );
        let other = count(&host, json!({"key": "b"})).unwrap();
        assert_eq!(other, json!({"key": "b", "value": 1}));
    }

    #[test]
    fn a_write_by_somebody_else_is_not_lost() {
        let host = Host::new()
            .with_bucket("counters")
            .with_rival_write("counters", "default", "41");
        assert_eq!(count(&host, json!({})).unwrap()["value"], 42);
        assert_eq!(host.stored("counters", "default").unwrap(), b"42");
    }

    #[test]
    fn the_config_names_the_bucket_and_the_step() {
        let host = Host::new()
            .with_bucket("visits")
            .with_config(&json!({"bucket": "visits", "step": 5}));
        assert_eq!(count(&host, json!({})).unwrap()["value"], 5);
    }

    #[test]
    fn without_a_grant_the_error_names_the_bucket() {
        let error = count(&Host::new(), json!({})).unwrap_err();
        assert!(error.message().contains("counters"), "{error}");
    }

    #[test]
    fn what_is_no_number_is_left_alone() {
        let host = Host::new().with_bucket("counters");
        host.store("counters", "default", "many");
        assert!(count(&host, json!({})).is_err());
        assert_eq!(host.stored("counters", "default").unwrap(), b"many");
    }
}
