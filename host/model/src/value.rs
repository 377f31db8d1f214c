//! The value of a message: JSON's kinds, and bytes and dates at any depth.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use indexmap::IndexMap;

/// An object; it keeps the order in which its keys were added.
pub type Object = IndexMap<String, Value>;

/// A value in a message. `undefined` of other systems equals absent here.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// JSON `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    String(String),
    /// Bytes; sharing them is free.
    Bytes(Bytes),
    /// A point in time.
    Date(Date),
    /// A list.
    Array(Vec<Value>),
    /// Named values, in order.
    Object(Object),
}

/// A number: whole numbers of 64 bits are exact, the rest is binary64, with NaN
/// and the infinities.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// A whole number that fits `i64`.
    I64(i64),
    /// A whole number above `i64::MAX`.
    U64(u64),
    /// Any other number.
    F64(f64),
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub i64);

impl Number {
    /// The nearest binary64.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::I64(n) => n as f64,
            Number::U64(n) => n as f64,
            Number::F64(n) => n,
        }
    }

    /// The number as `i64`, if it is whole and fits.
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Number::I64(n) => Some(n),
            Number::U64(_) => None,
            Number::F64(n) => {
                let whole = n as i64;
                (whole as f64 == n && n.abs() < 9.0e18).then_some(whole)
            }
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Number::I64(a), Number::I64(b)) => a == b,
            (Number::U64(a), Number::U64(b)) => a == b,
            (a, b) => a.as_f64() == b.as_f64(),
        }
    }
}

impl Value {
    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The fields, if this is an object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Value::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// The number, if this is one.
    pub fn as_number(&self) -> Option<Number> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// About how many bytes of memory the value holds.
    pub fn size(&self) -> usize {
        let own = std::mem::size_of::<Value>();
        own + match self {
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Date(_) => 0,
            Value::String(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Array(items) => items.iter().map(Value::size).sum(),
            Value::Object(fields) => fields.iter().map(|(k, v)| k.len() + v.size()).sum(),
        }
    }

    /// The value as ordinary JSON for people and other systems: bytes become
    /// base64 text, dates ISO 8601 text, NaN and the infinities `null`.
    /// To keep the difference, use [`crate::wire`].
    pub fn to_plain_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Number(Number::I64(n)) => Json::from(*n),
            Value::Number(Number::U64(n)) => Json::from(*n),
            Value::Number(Number::F64(n)) => Json::from(*n),
            Value::String(text) => Json::String(text.clone()),
            Value::Bytes(bytes) => Json::String(BASE64.encode(bytes)),
            Value::Date(date) => Json::String(date.to_iso8601()),
            Value::Array(items) => items.iter().map(Value::to_plain_json).collect(),
            Value::Object(fields) => {
                let fields = fields.iter().map(|(k, v)| (k.clone(), v.to_plain_json()));
                Json::Object(fields.collect())
            }
        }
    }
}

/// Plain JSON holds no bytes and no dates, so nothing is interpreted.
impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(b),
            Json::Number(n) => Value::Number(Number::from(n)),
            Json::String(text) => Value::String(text),
            Json::Array(items) => Value::Array(items.into_iter().map(Value::from).collect()),
            Json::Object(fields) => Value::Object(
                fields
                    .into_iter()
                    .map(|(k, v)| (k, Value::from(v)))
                    .collect(),
            ),
        }
    }
}

impl From<serde_json::Number> for Number {
    fn from(n: serde_json::Number) -> Self {
        if let Some(n) = n.as_i64() {
            Number::I64(n)
        } else if let Some(n) = n.as_u64() {
            Number::U64(n)
        } else {
            Number::F64(n.as_f64().unwrap_or(f64::NAN))
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Value::Number(Number::I64(n))
    }
}

impl From<f64> for Value {
    fn from(n: f64) -> Self {
        Value::Number(Number::F64(n))
    }
}

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        Value::Bytes(bytes)
    }
}

impl Date {
    /// The date as `2026-01-31T23:59:59.000Z` (ISO 8601, UTC).
    pub fn to_iso8601(self) -> String {
        let (days, millis) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000));
        let (year, month, day) = civil_from_days(days);
        let (seconds, ms) = (millis / 1000, millis % 1000);
        let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z")
    }
}

/// Days since 1970-01-01 as (year, month, day) of the proleptic Gregorian
/// calendar, counted in eras of 400 years that begin on the 1st of March.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_print_as_iso8601() {
        assert_eq!(Date(0).to_iso8601(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            Date(951_782_400_123).to_iso8601(),
            "2000-02-29T00:00:00.123Z"
        );
        assert_eq!(Date(-1).to_iso8601(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn plain_json_keeps_order_and_shows_bytes_as_base64() {
        let mut object = Object::new();
        object.insert("b".into(), Value::Bytes(Bytes::from_static(b"\x00\xff")));
        object.insert("a".into(), Value::Number(Number::F64(f64::NAN)));
        let json = Value::Object(object).to_plain_json();
        assert_eq!(json.to_string(), r#"{"b":"AP8=","a":null}"#);
    }
}
