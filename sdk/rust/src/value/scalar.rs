//! Numbers, bytes and dates: the leaves of a [`Value`](super::Value) that have
//! rules of their own.

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::{fmt, ops::Deref, sync::Arc};

/// A whole number of 64 bits, signed or not, or a floating-point number
/// (which may be NaN or infinite).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(pub(super) Repr);

/// `Unsigned` only above `i64::MAX`, so that equal whole numbers are equal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Repr {
    Signed(i64),
    Unsigned(u64),
    Float(f64),
}

impl Number {
    /// The whole number, if it is one that fits.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        match self.0 {
            Repr::Signed(number) => Some(number),
            Repr::Unsigned(_) | Repr::Float(_) => None,
        }
    }

    /// The whole number, if it is one that fits.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        match self.0 {
            Repr::Signed(number) => u64::try_from(number).ok(),
            Repr::Unsigned(number) => Some(number),
            Repr::Float(_) => None,
        }
    }

    /// The number as a floating-point one, rounded if need be.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self.0 {
            Repr::Signed(number) => number as f64,
            Repr::Unsigned(number) => number as f64,
            Repr::Float(number) => number,
        }
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Number {
        Number(Repr::Signed(number))
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Number {
        Number(i64::try_from(number).map_or(Repr::Unsigned(number), Repr::Signed))
    }
}

impl From<i32> for Number {
    fn from(number: i32) -> Number {
        i64::from(number).into()
    }
}

impl From<u32> for Number {
    fn from(number: u32) -> Number {
        i64::from(number).into()
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Number {
        Number(Repr::Float(number))
    }
}

impl From<serde_json::Number> for Number {
    fn from(number: serde_json::Number) -> Number {
        if let Some(signed) = number.as_i64() {
            signed.into()
        } else if let Some(unsigned) = number.as_u64() {
            unsigned.into()
        } else {
            number.as_f64().unwrap_or(f64::NAN).into()
        }
    }
}

/// As JSON writes it; `NaN`, `Infinity` and `-Infinity` where JSON has nothing.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::Signed(number) => number.fmt(f),
            Repr::Unsigned(number) => number.fmt(f),
            Repr::Float(number) if number == f64::INFINITY => f.write_str("Infinity"),
            Repr::Float(number) if number == f64::NEG_INFINITY => f.write_str("-Infinity"),
            // `Debug` is the shortest text that reads back as the same number.
            Repr::Float(number) => fmt::Debug::fmt(&number, f),
        }
    }
}

/// Bytes, shared between clones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bytes(Arc<Vec<u8>>);

impl Bytes {
    /// The bytes, copied only if somebody else still holds them.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        Arc::try_unwrap(self.0).unwrap_or_else(|shared| shared.as_ref().clone())
    }
}

impl Deref for Bytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        Bytes(Arc::new(bytes))
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Bytes {
        bytes.to_vec().into()
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        deserializer.deserialize_byte_buf(BytesVisitor)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(bytes.into())
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(bytes.into())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
        Ok(text.as_bytes().into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Bytes, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = items.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes.into())
    }
}

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i64);

impl Date {
    /// The name by which [`Value::of`](super::Value::of) tells a date from a number.
    pub(super) const NAME: &'static str = "$weft::Date";
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(Self::NAME, &self.0)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        i64::deserialize(deserializer).map(Date)
    }
}
