//! Values in configs that say of what type they are, as Node-RED's editor writes
//! them: `{"v": "42", "vt": "num"}`.

use crate::clock;
use crate::loose;
use crate::property::PropertyPath;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use std::borrow::Cow;
use weft_model::node::Effects;
use weft_model::{Date, Message, Value};

/// How a value in a config is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ValueType {
    /// Text.
    Str,
    /// A number.
    Num,
    /// `true` or `false`.
    Bool,
    /// JSON, as text or as it is.
    Json,
    /// Bytes: a JSON array of numbers, or JSON text.
    Bin,
    /// The time: milliseconds since 1970 if empty, `iso` for ISO 8601 text,
    /// `object` for a date.
    Date,
    /// A property of the message.
    Msg,
    /// A value of the flow's `env`: its name, or text with `${NAME}` in it.
    Env,
}

/// A value that does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadValue(pub String);

/// A value in a config, ready to be looked up.
#[derive(Clone, Debug, PartialEq)]
pub enum TypedValue {
    /// Always the same.
    Fixed(Value),
    /// A property of the message.
    Message(PropertyPath),
    /// A value of the flow's `env`.
    Env(EnvText),
    /// The time.
    Now(DateForm),
}

/// The form of a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateForm {
    /// Milliseconds since 1970-01-01T00:00:00Z, a number.
    Milliseconds,
    /// ISO 8601 text.
    Iso,
    /// A date.
    Date,
}

/// What values are looked up in.
pub trait Surroundings {
    /// A value of the flow's `env`.
    fn env(&self, name: &str) -> Option<Value>;

    /// The time.
    fn now(&self) -> Date {
        clock::now()
    }
}

impl Surroundings for &dyn Effects {
    fn env(&self, name: &str) -> Option<Value> {
        Effects::env(*self, name)
    }
}

impl TypedValue {
    /// Read a value of a config.
    ///
    /// # Errors
    /// It does not fit its type.
    pub fn new(value_type: ValueType, value: &Json) -> Result<TypedValue, BadValue> {
        let text = match value {
            Json::String(text) => text.clone(),
            Json::Null => String::new(),
            other => other.to_string(),
        };
        Ok(match value_type {
            ValueType::Str => TypedValue::Fixed(Value::String(text)),
            ValueType::Num => {
                let number = loose::parse_number(&text);
                if number.as_f64().is_nan() && text != "NaN" {
                    return Err(BadValue(format!("{text:?} is not a number")));
                }
                TypedValue::Fixed(Value::Number(number))
            }
            ValueType::Bool => TypedValue::Fixed(text.eq_ignore_ascii_case("true").into()),
            ValueType::Json => TypedValue::Fixed(parse_json(value)?.into()),
            ValueType::Bin => TypedValue::Fixed(Value::Bytes(bytes(parse_json(value)?)?)),
            ValueType::Date => TypedValue::Now(match text.as_str() {
                "" => DateForm::Milliseconds,
                "iso" => DateForm::Iso,
                "object" => DateForm::Date,
                other => {
                    let reason = "is not a form of date: use \"\", \"iso\" or \"object\"";
                    return Err(BadValue(format!("{other:?} {reason}")));
                }
            }),
            ValueType::Msg => {
                let path = text.parse();
                TypedValue::Message(
                    path.map_err(|e: crate::property::InvalidPath| BadValue(e.to_string()))?,
                )
            }
            ValueType::Env => TypedValue::Env(EnvText::new(&text)),
        })
    }

    /// The value; absent is none.
    pub fn get<'a>(
        &'a self,
        message: &'a Message,
        around: &dyn Surroundings,
    ) -> Option<Cow<'a, Value>> {
        match self {
            TypedValue::Fixed(value) => Some(Cow::Borrowed(value)),
            TypedValue::Message(path) => path.get(message),
            TypedValue::Env(text) => text.get(around).map(Cow::Owned),
            TypedValue::Now(form) => Some(Cow::Owned(form.of(around.now()))),
        }
    }
}

impl DateForm {
    fn of(self, date: Date) -> Value {
        match self {
            DateForm::Milliseconds => Value::from(date.0),
            DateForm::Iso => Value::String(date.to_iso8601()),
            DateForm::Date => Value::Date(date),
        }
    }
}

/// A reference to the flow's `env`: a name alone gives the value with its own
/// type, text with `${NAME}` in it gives text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvText(Vec<EnvPart>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum EnvPart {
    Text(String),
    Name(String),
}

impl EnvText {
    fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, name, after)) = split_reference(rest) {
            if !before.is_empty() {
                parts.push(EnvPart::Text(before.to_owned()));
            }
            parts.push(EnvPart::Name(name.to_owned()));
            rest = after;
        }
        match (parts.is_empty(), rest) {
            (true, name) => parts.push(EnvPart::Name(name.to_owned())),
            (false, "") => {}
            (false, rest) => parts.push(EnvPart::Text(rest.to_owned())),
        }
        EnvText(parts)
    }

    fn get(&self, around: &dyn Surroundings) -> Option<Value> {
        if let [EnvPart::Name(name)] = self.0.as_slice() {
            return around.env(name);
        }
        let text = self.0.iter().map(|part| match part {
            EnvPart::Text(text) => text.clone(),
            EnvPart::Name(name) => around
                .env(name)
                .map_or_else(String::new, |value| loose::to_text(&value).into_owned()),
        });
        Some(Value::String(text.collect()))
    }
}

/// Text before, name and text after the first `${NAME}`.
fn split_reference(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("${")?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

fn parse_json(value: &Json) -> Result<Json, BadValue> {
    match value {
        Json::String(text) => {
            serde_json::from_str(text).map_err(|e| BadValue(format!("it is not JSON: {e}")))
        }
        other => Ok(other.clone()),
    }
}

fn bytes(json: Json) -> Result<Bytes, BadValue> {
    let byte = |item: &Json| item.as_u64().and_then(|n| u8::try_from(n).ok());
    let bytes = match &json {
        Json::String(text) => Some(Bytes::copy_from_slice(text.as_bytes())),
        Json::Array(items) => items
            .iter()
            .map(byte)
            .collect::<Option<Vec<u8>>>()
            .map(Bytes::from),
        _ => None,
    };
    let reason = "bytes are a JSON array of numbers from 0 to 255, or JSON text";
    bytes.ok_or_else(|| BadValue(reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use weft_model::Object;

    struct Env;

    impl Surroundings for Env {
        fn env(&self, name: &str) -> Option<Value> {
            match name {
                "N" => Some(Value::from(42i64)),
                "S" => Some(Value::from("x")),
                _ => None,
            }
        }

        fn now(&self) -> Date {
            Date(1_000)
        }
    }

    fn value(value_type: ValueType, v: Json) -> Option<Value> {
        let mut message = Message::new();
        message.set("payload", "p");
        let typed = TypedValue::new(value_type, &v).unwrap();
        typed.get(&message, &Env).map(Cow::into_owned)
    }

    #[test]
    fn each_type_reads_its_value() {
        use ValueType::{Bin, Bool, Date as DateType, Env, Json as JsonType, Msg, Num, Str};
        let cases = [
            (Str, json!(5), Some(Value::from("5"))),
            (Num, json!("4.5"), Some(4.5.into())),
            (Num, json!(""), Some(0i64.into())),
            (Bool, json!("TRUE"), Some(true.into())),
            (Bool, json!("yes"), Some(false.into())),
            (
                JsonType,
                json!("{\"a\":1}"),
                Some(Value::from(json!({"a":1}))),
            ),
            (
                JsonType,
                json!({"a": 1}),
                Some(Value::Object(Object::from_iter([(
                    "a".to_owned(),
                    1i64.into(),
                )]))),
            ),
            (Bin, json!("[72,105]"), Some(Value::Bytes("Hi".into()))),
            (Bin, json!("\"Hi\""), Some(Value::Bytes("Hi".into()))),
            (Msg, json!("msg.payload"), Some("p".into())),
            (Msg, json!("nothing"), None),
            (DateType, json!(""), Some(1_000i64.into())),
            (
                DateType,
                json!("iso"),
                Some("1970-01-01T00:00:01.000Z".into()),
            ),
            (DateType, json!("object"), Some(Value::Date(Date(1_000)))),
            (Env, json!("N"), Some(42i64.into())),
            (Env, json!("${N}"), Some(42i64.into())),
            (Env, json!("a${S}b${N}${none}"), Some("axb42".into())),
            (Env, json!("none"), None),
        ];
        for (value_type, v, expected) in cases {
            assert_eq!(value(value_type, v.clone()), expected, "{value_type:?} {v}");
        }
    }

    #[test]
    fn a_value_that_does_not_fit_its_type_is_refused() {
        use ValueType::{Bin, Date as DateType, Json as JsonType, Msg, Num};
        for (value_type, v) in [
            (Num, json!("x")),
            (JsonType, json!("{")),
            (Bin, json!("[256]")),
            (Bin, json!("{}")),
            (DateType, json!("YYYY")),
            (Msg, json!("a..b")),
        ] {
            assert!(
                TypedValue::new(value_type, &v).is_err(),
                "{value_type:?} {v}"
            );
        }
    }
}
