//! Finding one value deep in a message without reading the rest of it.

use super::encoding::Decode;
use crate::value::{Bytes, Value};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The value at `path` below `value`.
pub(super) fn walk<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| match value {
        Value::Object(fields) => fields.get(*step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The value at `path` below what `json` stands for.
pub(super) fn scan(
    json: &str,
    blobs: &[Bytes],
    path: &[&str],
) -> serde_json::Result<Option<Value>> {
    Scan { path, blobs }.deserialize(&mut serde_json::Deserializer::from_str(json))
}

#[derive(Clone, Copy)]
struct Scan<'s> {
    path: &'s [&'s str],
    blobs: &'s [Bytes],
}

impl<'de> DeserializeSeed<'de> for Scan<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        match self.path {
            [] => Decode { blobs: self.blobs }
                .deserialize(deserializer)
                .map(Some),
            [step, rest @ ..] => deserializer.deserialize_any(Step {
                step,
                rest: Scan { path: rest, ..self },
            }),
        }
    }
}

struct Step<'s> {
    step: &'s str,
    rest: Scan<'s>,
}

impl<'de> Visitor<'de> for Step<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a message")
    }

    fn visit_unit<E>(self) -> Result<Option<Value>, E> {
        Ok(None)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Option<Value>, E> {
        Ok(None)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Option<Value>, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Option<Value>, E> {
        Ok(None)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Option<Value>, E> {
        Ok(None)
    }
    fn visit_str<E>(self, _: &str) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<Value>, A::Error> {
        let mut found = None;
        let wanted = self.step.parse::<usize>().ok();
        for index in 0.. {
            let more = if Some(index) == wanted {
                match seq.next_element_seed(self.rest)? {
                    Some(value) => {
                        found = value;
                        true
                    }
                    None => false,
                }
            } else {
                seq.next_element::<IgnoredAny>()?.is_some()
            };
            if !more {
                break;
            }
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Value>, A::Error> {
        let mut found = None;
        while let Some(wanted) = map.next_key_seed(IsKey(self.step))? {
            if wanted {
                found = map.next_value_seed(self.rest)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Compares a key without allocating it.
struct IsKey<'s>(&'s str);

impl<'de> DeserializeSeed<'de> for IsKey<'_> {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for IsKey<'_> {
    type Value = bool;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}
