//! The one encoding of messages: to and from guests, in the API, in the event
//! stream. Its rules stand in `wit/function.wit`, interface `types`.
//!
//! Two forms share them: with *blobs* beside the text (guests), and *inline*,
//! where bytes stand in the text as base64 (everything that is JSON alone).

use crate::json::JsonError;
use crate::value::{Date, Number, Object, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::cell::RefCell;
use std::fmt;

const BYTES: &str = "$bytes";
const DATE: &str = "$date";
const NUMBER: &str = "$number";

/// Writes a value in the inline form.
#[derive(Debug)]
pub struct Inline<'a>(pub &'a Value);

/// Writes a value with its bytes moved to a list of blobs.
pub(crate) struct WithBlobs<'a> {
    pub(crate) value: &'a Value,
    pub(crate) blobs: &'a RefCell<Vec<Bytes>>,
}

impl Serialize for Inline<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self.0, None, serializer)
    }
}

impl Serialize for WithBlobs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self.value, Some(self.blobs), serializer)
    }
}

type Blobs<'a> = Option<&'a RefCell<Vec<Bytes>>>;

/// A value on its way into a container.
struct Nested<'a>(&'a Value, Blobs<'a>);

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self.0, self.1, serializer)
    }
}

fn write<S: Serializer>(value: &Value, blobs: Blobs<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Value::Null => serializer.serialize_unit(),
        Value::Bool(b) => serializer.serialize_bool(*b),
        Value::Number(Number::I64(n)) => serializer.serialize_i64(*n),
        Value::Number(Number::U64(n)) => serializer.serialize_u64(*n),
        Value::Number(Number::F64(n)) if n.is_finite() => serializer.serialize_f64(*n),
        Value::Number(Number::F64(n)) => escape(serializer, NUMBER, number_name(*n)),
        Value::String(text) => serializer.serialize_str(text),
        Value::Date(Date(ms)) => escape(serializer, DATE, ms),
        Value::Bytes(bytes) => match blobs {
            None => escape(serializer, BYTES, &BASE64.encode(bytes)),
            Some(blobs) => {
                let index = blobs.borrow().len();
                blobs.borrow_mut().push(bytes.clone());
                escape(serializer, BYTES, &index)
            }
        },
        Value::Array(items) => serializer.collect_seq(items.iter().map(|v| Nested(v, blobs))),
        Value::Object(fields) => match fields.get_index(0) {
            Some((key, value)) if fields.len() == 1 && key.starts_with('$') => {
                escape(serializer, &format!("${key}"), &Nested(value, blobs))
            }
            _ => serializer.collect_map(fields.iter().map(|(k, v)| (k, Nested(v, blobs)))),
        },
    }
}

fn escape<S: Serializer, T: Serialize + ?Sized>(
    serializer: S,
    key: &str,
    value: &T,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

fn number_name(n: f64) -> &'static str {
    if n.is_nan() {
        "NaN"
    } else if n > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Read a value in either form.
///
/// # Errors
/// Broken JSON, an unknown escape, or a blob index out of range, with its place.
pub fn decode_value(text: &[u8], blobs: &[Bytes]) -> Result<Value, JsonError> {
    read(text, Escapes::Of(blobs))
}

/// What an object with a single `$` key stands for.
#[derive(Clone, Copy)]
pub(crate) enum Escapes<'b> {
    /// Itself: this is plain JSON.
    None,
    /// What the encoding says; bytes lie in these blobs.
    Of(&'b [Bytes]),
}

/// Read a value.
pub(crate) fn read(text: &[u8], escapes: Escapes<'_>) -> Result<Value, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Decode(escapes).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Decode<'b>(Escapes<'b>);

impl<'de> DeserializeSeed<'de> for Decode<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Decode<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E: de::Error>(self, n: i64) -> Result<Value, E> {
        Ok(Value::Number(Number::I64(n)))
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<Value, E> {
        Ok(Value::Number(
            i64::try_from(n).map_or(Number::U64(n), Number::I64),
        ))
    }

    fn visit_f64<E: de::Error>(self, n: f64) -> Result<Value, E> {
        Ok(Value::Number(Number::F64(n)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Object::new();
        while let Some(key) = map.next_key::<String>()? {
            fields.insert(key, map.next_value_seed(self)?);
        }
        match self.0 {
            Escapes::None => Ok(Value::Object(fields)),
            Escapes::Of(blobs) => unescape(fields, blobs).map_err(de::Error::custom),
        }
    }
}

/// Turn an object with a single `$` key into what it stands for.
fn unescape(mut fields: Object, blobs: &[Bytes]) -> Result<Value, String> {
    match fields.get_index(0) {
        Some((key, _)) if fields.len() == 1 && key.starts_with('$') => {}
        _ => return Ok(Value::Object(fields)),
    }
    let Some((key, value)) = fields.pop() else {
        return Ok(Value::Object(fields));
    };
    match (key.as_str(), value) {
        (BYTES, Value::Number(index)) => {
            let at = index.as_i64().and_then(|n| usize::try_from(n).ok());
            let blob = at.and_then(|at| blobs.get(at));
            let missing = || {
                format!(
                    "$bytes names a blob that does not exist ({} given)",
                    blobs.len()
                )
            };
            blob.cloned().map(Value::Bytes).ok_or_else(missing)
        }
        (BYTES, Value::String(text)) => {
            let bytes = BASE64
                .decode(&text)
                .map_err(|e| format!("$bytes is not base64: {e}"))?;
            Ok(Value::Bytes(bytes.into()))
        }
        (DATE, Value::Number(ms)) => {
            let ms = ms
                .as_i64()
                .ok_or("$date is not a whole number of milliseconds")?;
            Ok(Value::Date(Date(ms)))
        }
        (NUMBER, Value::String(name)) => match name.as_str() {
            "NaN" => Ok(f64::NAN.into()),
            "Infinity" => Ok(f64::INFINITY.into()),
            "-Infinity" => Ok(f64::NEG_INFINITY.into()),
            other => Err(format!(
                "$number is {other:?}, not NaN, Infinity or -Infinity"
            )),
        },
        (key, value) => match key.strip_prefix('$') {
            Some(rest) if rest.starts_with('$') => {
                fields.insert(rest.to_owned(), value);
                Ok(Value::Object(fields))
            }
            _ => Err(format!(
                "unknown escape {key:?}; an ordinary key is written \"${key}\""
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str, value: Value) -> Value {
        Value::Object(Object::from_iter([(key.to_owned(), value)]))
    }

    fn samples() -> Vec<Value> {
        vec![
            Value::Null,
            Value::Array(vec![
                true.into(),
                Value::Number(Number::U64(u64::MAX)),
                (-1.5).into(),
            ]),
            f64::INFINITY.into(),
            f64::NEG_INFINITY.into(),
            Value::Date(Date(-5)),
            object("$bytes", Value::from("not bytes")),
            object(
                "$$date",
                object("$x", Value::Bytes(Bytes::from_static(b"\x00\xfe"))),
            ),
            Value::Object(Object::from_iter([
                ("$bytes".to_owned(), Value::from(1i64)),
                ("z".to_owned(), Value::Bytes(Bytes::from_static(b""))),
                ("a".to_owned(), Value::from("é\u{2028}\0")),
            ])),
        ]
    }

    #[test]
    fn every_value_comes_back_from_either_form() {
        for value in samples() {
            let inline = serde_json::to_string(&Inline(&value)).unwrap();
            assert_eq!(
                decode_value(inline.as_bytes(), &[]).unwrap(),
                value,
                "{inline}"
            );
            let blobs = RefCell::new(Vec::new());
            let text = serde_json::to_string(&WithBlobs {
                value: &value,
                blobs: &blobs,
            })
            .unwrap();
            assert_eq!(
                decode_value(text.as_bytes(), &blobs.into_inner()).unwrap(),
                value,
                "{text}"
            );
        }
    }

    #[test]
    fn nan_comes_back() {
        let text = serde_json::to_string(&Inline(&f64::NAN.into())).unwrap();
        assert_eq!(text, r#"{"$number":"NaN"}"#);
        let back = decode_value(text.as_bytes(), &[]).unwrap();
        assert!(back.as_number().unwrap().as_f64().is_nan());
    }

    #[test]
    fn bad_escapes_are_refused() {
        for text in [
            r#"{"$bytes":3}"#,
            r#"{"$bytes":"%"}"#,
            r#"{"$what":1}"#,
            r#"{"$number":"1"}"#,
        ] {
            assert!(decode_value(text.as_bytes(), &[]).is_err(), "{text}");
        }
    }
}
