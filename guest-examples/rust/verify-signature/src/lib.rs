//! Tells webhooks that their sender signed from those that somebody made up.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use weft::{Error, Message, Outputs};

const VALID: u32 = 0;
const INVALID: u32 = 1;

/// What to check.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Config {
    /// The name of the secret shared with the sender.
    #[serde(default = "usual_secret")]
    secret: String,
    /// The request header that holds the signature.
    #[serde(default = "usual_header")]
    header: String,
}

fn usual_secret() -> String {
    "webhook-secret".to_owned()
}

fn usual_header() -> String {
    "x-signature".to_owned()
}

/// Checks the HMAC-SHA256 signature of a request. The payload is the raw body
/// (bytes or text); the signature is hexadecimal, perhaps after `sha256=`. The
/// message leaves unchanged by the port `valid` or `invalid`.
#[weft::function(
    icon = "🔏",
    category = "security",
    input = "request",
    outputs(
        "valid" = "The signature is that of the body.",
        "invalid" = "The signature is another one, malformed or missing.",
    ),
    secrets("webhook-secret")
)]
fn verify_signature(message: Message, config: Config) -> Result<Outputs, Error> {
    let secret = weft::secrets::get(&config.secret)?;
    let body = message.payload_bytes()?;
    let signature = message.header(&config.header)?;
    let port = match signature.as_deref().and_then(decode) {
        Some(signature) if is_signed(&body, &secret.reveal(), &signature)? => VALID,
        _ => INVALID,
    };
    Ok(Outputs::on(port, message))
}

fn decode(signature: &str) -> Option<Vec<u8>> {
    let signature = signature.trim();
    hex::decode(signature.strip_prefix("sha256=").unwrap_or(signature)).ok()
}

/// Compares in constant time.
fn is_signed(body: &[u8], secret: &[u8], signature: &[u8]) -> Result<bool, Error> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(Error::failed)?;
    mac.update(body);
    Ok(mac.verify_slice(signature).is_ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;
    use weft::{Object, Value, testing::Host};

    /// RFC 4231, test case 2.
    const SECRET: &str = "Jefe";
    const BODY: &str = "what do ya want for nothing?";
    const SIGNATURE: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    fn request(body: &str, header: Option<&str>) -> Message {
        let headers = header.map(|value| ("x-signature".to_owned(), Value::from(value)));
        let headers = Value::Object(Object::from_iter(headers));
        let mut message = Message::new(body.as_bytes().to_vec());
        message.set("req", Object::from_iter([("headers".to_owned(), headers)]));
        message
    }

    fn port(body: &str, header: Option<&str>) -> u32 {
        let host = Host::new().with_secret("webhook-secret", SECRET);
        let outputs = host.call(&verify_signature_function(), request(body, header));
        outputs.unwrap()[0].0
    }

    #[test]
    fn a_right_signature_is_valid_with_and_without_its_prefix() {
        assert_eq!(port(BODY, Some(SIGNATURE)), VALID);
        assert_eq!(port(BODY, Some(&format!("sha256={SIGNATURE}"))), VALID);
        assert_eq!(port(BODY, Some(&SIGNATURE.to_uppercase())), VALID);
    }

    #[test]
    fn a_changed_body_is_invalid() {
        assert_eq!(
            port("what do ya want for something?", Some(SIGNATURE)),
            INVALID
        );
    }

    #[test]
    fn a_missing_short_or_malformed_signature_is_invalid() {
        assert_eq!(port(BODY, None), INVALID);
        assert_eq!(port(BODY, Some("")), INVALID);
        assert_eq!(port(BODY, Some(&SIGNATURE[..32])), INVALID);
        assert_eq!(port(BODY, Some("not hexadecimal")), INVALID);
    }

    #[test]
    fn the_message_passes_unchanged() {
        let host = Host::new().with_secret("webhook-secret", SECRET);
        let outputs = host.call(&verify_signature_function(), request(BODY, None));
        let message = &outputs.unwrap()[0].1;
        assert_eq!(&message.payload_bytes().unwrap()[..], BODY.as_bytes());
        assert!(message.at("req.headers").unwrap().is_some());
    }

    #[test]
    fn the_config_names_secret_and_header() {
        let host = Host::new()
            .with_secret("other", SECRET)
            .with_config(&json!({"secret": "other", "header": "X-Hub-Signature"}));
        let outputs = host.call(&verify_signature_function(), request(BODY, Some(SIGNATURE)));
        assert_eq!(outputs.unwrap()[0].0, INVALID);
    }

    #[test]
    fn without_a_grant_the_error_names_the_secret() {
        let result = Host::new().call(&verify_signature_function(), request(BODY, None));
        assert!(result.unwrap_err().message().contains("webhook-secret"));
    }
}
