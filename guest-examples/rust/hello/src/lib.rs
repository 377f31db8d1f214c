//! The function of a fresh instance's first flow: it greets.

use weft::{Error, Message, Value};

/// How to greet.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Config {
    /// The word before the name.
    #[serde(default = "usual_greeting")]
    greeting: String,
}

fn usual_greeting() -> String {
    "Hello".to_owned()
}

/// Greets whoever is named. The name is the payload's field `name`, else the
/// query parameter `name` of the request, else `world`.
#[weft::function(
    icon = "👋",
    category = "examples",
    outputs("greeting" = "The greeting as text.")
)]
fn hello(message: Message, config: Config) -> Result<Message, Error> {
    let greeting = match name(&message)? {
        Some(name) => format!("{}, {name}!", config.greeting),
        None => format!("{}, world!", config.greeting),
    };
    Ok(message.with_payload(greeting))
}

fn name(message: &Message) -> Result<Option<String>, Error> {
    if let Some(Value::String(name)) = message.at("payload.name")? {
        return Ok(Some(name));
    }
    message.query("name")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use weft::testing::Host;

    fn greeting(host: &Host, head: serde_json::Value) -> String {
        let message = Message::decode(weft::Encoded {
            head: head.to_string(),
            blobs: vec![],
        });
        let outputs = host.call(&hello_function(), message.unwrap()).unwrap();
        outputs[0].1.payload_text().unwrap().into_owned()
    }

    #[test]
    fn greets_the_world_when_nobody_is_named() {
        let text = greeting(&Host::new(), serde_json::json!({"id": "m", "payload": ""}));
        assert_eq!(text, "Hello, world!");
    }

    #[test]
    fn greets_the_name_in_the_query() {
        let req = serde_json::json!({"id": "m", "payload": {}, "req": {"query": {"name": "Ada"}}});
        assert_eq!(greeting(&Host::new(), req), "Hello, Ada!");
    }

    #[test]
    fn prefers_the_name_in_the_payload() {
        let both =
            serde_json::json!({"payload": {"name": "Eve"}, "req": {"query": {"name": "Ada"}}});
        assert_eq!(greeting(&Host::new(), both), "Hello, Eve!");
    }

    #[test]
    fn the_config_changes_the_greeting() {
        let host = Host::new().with_config(&serde_json::json!({"greeting": "Ahoy"}));
        assert_eq!(
            greeting(&host, serde_json::json!({"payload": null})),
            "Ahoy, world!"
        );
    }
}
