//! The values that messages carry: JSON's, and bytes and dates besides.
//!
//! [`Value`] is what [`Message::payload`](crate::Message::payload) gives. Typed
//! code seldom needs it: [`Value::to`] and [`Value::of`] convert to and from any
//! serde type, [`Message::payload_as`](crate::Message::payload_as) does so directly.

mod de;
mod scalar;
mod ser;

pub use de::NotThatType;
pub use scalar::{Bytes, Date, Number};
pub use ser::NotAValue;

use std::hash::{BuildHasherDefault, DefaultHasher};

/// Named values in the order in which they were added.
///
/// The hasher is a fixed one: a function that asks the host for random numbers
/// only to hold a few fields would be slower and not repeatable.
pub type Object = indexmap::IndexMap<String, Value, BuildHasherDefault<DefaultHasher>>;

/// One value of a message.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole or floating-point number.
    Number(Number),
    /// Text.
    String(String),
    /// Bytes; cheap to clone.
    Bytes(Bytes),
    /// A point in time.
    Date(Date),
    /// Values in order.
    Array(Vec<Value>),
    /// Named values in order.
    Object(Object),
}

impl Value {
    /// The value that `data` serializes to.
    ///
    /// [`Bytes`] and [`Date`] stay what they are; anything else becomes what it
    /// would be in JSON.
    ///
    /// # Errors
    /// When a map has keys that are not text, numbers or booleans, or a type's
    /// own serialization fails.
    pub fn of<T: serde::Serialize + ?Sized>(data: &T) -> Result<Value, NotAValue> {
        data.serialize(ser::ToValue)
    }

    /// This value as a typed one.
    ///
    /// A date reads as [`Date`] or as milliseconds, bytes as [`Bytes`] or as a
    /// list of numbers.
    ///
    /// # Errors
    /// When the value has another shape than `T`.
    pub fn to<T: serde::de::DeserializeOwned>(self) -> Result<T, NotThatType> {
        T::deserialize(de::FromValue(self))
    }

    /// The text, if this is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if this is one that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The number, rounded if need be, if this is one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(number.as_f64()),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The bytes, if these are bytes.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The values in order, if this is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The named values, if this is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Value::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// The field `name`, if this is an object that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }

    /// The word for this value's kind, for messages to people.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::Date(_) => "a date",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Value {
                Value::$variant(value.into())
            }
        }
    )*};
}

from! {
    bool => Bool,
    i32 => Number, u32 => Number, i64 => Number, u64 => Number, f64 => Number, Number => Number,
    &str => String, String => String, char => String,
    Bytes => Bytes, Vec<u8> => Bytes,
    Date => Date,
    Vec<Value> => Array,
    Object => Object,
}

impl From<()> for Value {
    fn from((): ()) -> Value {
        Value::Null
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Plain JSON: keys that begin with `$` mean nothing special here.
impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(truth) => Value::Bool(truth),
            serde_json::Value::Number(number) => Value::Number(number.into()),
            serde_json::Value::String(text) => Value::String(text),
            serde_json::Value::Array(items) => {
                Value::Array(items.into_iter().map(Value::from).collect())
            }
            serde_json::Value::Object(fields) => Value::Object(
                fields
                    .into_iter()
                    .map(|(name, value)| (name, Value::from(value)))
                    .collect(),
            ),
        }
    }
}
