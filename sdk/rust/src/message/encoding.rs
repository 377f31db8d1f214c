//! The form in which a message crosses the boundary to the host: a head (JSON)
//! and the bytes it refers to. The rules are those of `types.message` in
//! `wit/function.wit`.

use crate::value::{Bytes, Date, Number, Object, Value};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::fmt::{self, Write as _};

/// A message as the host and a function pass it to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// One JSON object; bytes in it are references to `blobs`.
    pub head: String,
    /// The bytes, by index.
    pub blobs: Vec<Vec<u8>>,
}

/// Whether JSON text may hold an escape, so that reading it as plain JSON could
/// misread it. Never wrong when it says no.
pub(super) fn may_hold_escapes(json: &str) -> bool {
    !json.starts_with('"') && (json.contains("\"$") || json.contains("\\u0024"))
}

/// The value that `json` stands for.
pub(super) fn decode(json: &str, blobs: &[Bytes]) -> serde_json::Result<Value> {
    Decode { blobs }.deserialize(&mut serde_json::Deserializer::from_str(json))
}

/// `value` as JSON text, its bytes written as base64.
pub(crate) fn to_text(value: &Value) -> String {
    let mut text = String::new();
    write_value(value, &mut text, &mut |bytes, text| {
        text.push('"');
        BASE64.encode_string(&bytes[..], text);
        text.push('"');
    });
    text
}

#[derive(Clone, Copy)]
pub(super) struct Decode<'b> {
    pub(super) blobs: &'b [Bytes],
}

impl<'de> DeserializeSeed<'de> for Decode<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Decode<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a message")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }
    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }
    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }
    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Object::default();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(self)?;
            fields.insert(name, value);
        }
        self.unescape(fields).map_err(A::Error::custom)
    }
}

impl Decode<'_> {
    fn unescape(self, mut fields: Object) -> Result<Value, String> {
        let key = match fields.get_index(0) {
            Some((key, _)) if fields.len() == 1 && key.starts_with('$') => key.clone(),
            _ => return Ok(Value::Object(fields)),
        };
        let content = fields.swap_remove_index(0).map(|(_, content)| content);
        match (key.as_str(), content.unwrap_or_default()) {
            ("$bytes", Value::Number(index)) => self.blob(index).map(Value::Bytes),
            ("$bytes", Value::String(text)) => match BASE64.decode(&text) {
                Ok(bytes) => Ok(bytes.into()),
                Err(reason) => Err(format!("\"$bytes\" holds invalid base64: {reason}")),
            },
            ("$date", Value::Number(millis)) => match millis.as_i64() {
                Some(millis) => Ok(Date(millis).into()),
                None => Err(format!("\"$date\" holds {millis}, not whole milliseconds")),
            },
            ("$number", Value::String(word)) => match word.as_str() {
                "NaN" => Ok(f64::NAN.into()),
                "Infinity" => Ok(f64::INFINITY.into()),
                "-Infinity" => Ok(f64::NEG_INFINITY.into()),
                _ => Err(format!(
                    "\"$number\" holds {word:?}; known are \"NaN\", \"Infinity\" and \"-Infinity\""
                )),
            },
            (key, content) if key.starts_with("$$") => Ok(Value::Object(Object::from_iter([(
                key[1..].to_owned(),
                content,
            )]))),
            (key, content) => Err(format!(
                "{key:?} with {} is no known escape; an ordinary key is written with one more `$`",
                content.kind()
            )),
        }
    }

    fn blob(self, index: Number) -> Result<Bytes, String> {
        index
            .as_u64()
            .and_then(|index| self.blobs.get(usize::try_from(index).ok()?))
            .cloned()
            .ok_or_else(|| {
                format!(
                    "\"$bytes\" refers to blob {index}, but the message has {}",
                    self.blobs.len()
                )
            })
    }
}

/// Writes `value`; what stands behind `{"$bytes":` is `write_bytes`'s to choose.
pub(super) fn write_value(
    value: &Value,
    head: &mut String,
    write_bytes: &mut dyn FnMut(&Bytes, &mut String),
) {
    match value {
        Value::Null => head.push_str("null"),
        Value::Bool(true) => head.push_str("true"),
        Value::Bool(false) => head.push_str("false"),
        Value::Number(number) if number.as_f64().is_finite() => display(head, number),
        Value::Number(number) => {
            head.push_str("{\"$number\":\"");
            display(head, number);
            head.push_str("\"}");
        }
        Value::String(text) => write_string(text, head),
        Value::Bytes(bytes) => {
            head.push_str("{\"$bytes\":");
            write_bytes(bytes, head);
            head.push('}');
        }
        Value::Date(Date(millis)) => {
            head.push_str("{\"$date\":");
            display(head, millis);
            head.push('}');
        }
        Value::Array(items) => {
            head.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    head.push(',');
                }
                write_value(item, head, write_bytes);
            }
            head.push(']');
        }
        Value::Object(fields) => {
            head.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    head.push(',');
                }
                if fields.len() == 1 && name.starts_with('$') {
                    write_string(&format!("${name}"), head);
                } else {
                    write_string(name, head);
                }
                head.push(':');
                write_value(value, head, write_bytes);
            }
            head.push('}');
        }
    }
}

fn display(head: &mut String, value: &impl fmt::Display) {
    // Writing to a `String` cannot fail.
    let _ = write!(head, "{value}");
}

/// Writes `text` as a JSON string.
pub(super) fn write_string(text: &str, head: &mut String) {
    head.reserve(text.len() + 2);
    head.push('"');
    let mut written = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        head.push_str(&text[written..index]);
        written = index + 1;
        match byte {
            b'"' => head.push_str("\\\""),
            b'\\' => head.push_str("\\\\"),
            b'\n' => head.push_str("\\n"),
            b'\r' => head.push_str("\\r"),
            b'\t' => head.push_str("\\t"),
            control => display(head, &format_args!("\\u{control:04x}")),
        }
    }
    head.push_str(&text[written..]);
    head.push('"');
}
