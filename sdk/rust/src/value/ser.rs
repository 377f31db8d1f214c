//! Turning any type that serde can serialize into a [`Value`].

use super::{Date, Object, Value};
use serde::ser::{self, Serialize, Serializer};
use std::fmt;

/// Something that cannot be written as a message's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAValue(String);

impl fmt::Display for NotAValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotAValue {}

impl ser::Error for NotAValue {
    fn custom<T: fmt::Display>(reason: T) -> NotAValue {
        NotAValue(reason.to_string())
    }
}

pub(super) struct ToValue;

type Done = Result<Value, NotAValue>;

impl Serializer for ToValue {
    type Ok = Value;
    type Error = NotAValue;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    fn serialize_bool(self, truth: bool) -> Done {
        Ok(truth.into())
    }
    fn serialize_i8(self, number: i8) -> Done {
        Ok(i64::from(number).into())
    }
    fn serialize_i16(self, number: i16) -> Done {
        Ok(i64::from(number).into())
    }
    fn serialize_i32(self, number: i32) -> Done {
        Ok(number.into())
    }
    fn serialize_i64(self, number: i64) -> Done {
        Ok(number.into())
    }
    fn serialize_u8(self, number: u8) -> Done {
        Ok(u32::from(number).into())
    }
    fn serialize_u16(self, number: u16) -> Done {
        Ok(u32::from(number).into())
    }
    fn serialize_u32(self, number: u32) -> Done {
        Ok(number.into())
    }
    fn serialize_u64(self, number: u64) -> Done {
        Ok(number.into())
    }
    fn serialize_f32(self, number: f32) -> Done {
        Ok(f64::from(number).into())
    }
    fn serialize_f64(self, number: f64) -> Done {
        Ok(number.into())
    }
    fn serialize_char(self, letter: char) -> Done {
        Ok(letter.into())
    }
    fn serialize_str(self, text: &str) -> Done {
        Ok(text.into())
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Done {
        Ok(Value::Bytes(bytes.into()))
    }
    fn serialize_none(self) -> Done {
        Ok(Value::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Done {
        Ok(Value::Null)
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Done {
        Ok(Value::Null)
    }
    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Done {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Done {
        let value = value.serialize(self)?;
        match value.as_i64() {
            Some(millis) if name == Date::NAME => Ok(Date(millis).into()),
            _ => Ok(value),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        Ok(named(variant, value.serialize(self)?))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items, NotAValue> {
        Ok(Items::new(None, len))
    }
    fn serialize_tuple(self, len: usize) -> Result<Items, NotAValue> {
        Ok(Items::new(None, Some(len)))
    }
    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Items, NotAValue> {
        Ok(Items::new(None, Some(len)))
    }
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Items, NotAValue> {
        Ok(Items::new(Some(variant), Some(len)))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Fields, NotAValue> {
        Ok(Fields::default())
    }
    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Fields, NotAValue> {
        Ok(Fields::default())
    }
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Fields, NotAValue> {
        Ok(Fields {
            variant: Some(variant),
            ..Fields::default()
        })
    }
}

fn named(name: &str, value: Value) -> Value {
    Value::Object(Object::from_iter([(name.to_owned(), value)]))
}

pub(super) struct Items {
    variant: Option<&'static str>,
    items: Vec<Value>,
}

impl Items {
    fn new(variant: Option<&'static str>, len: Option<usize>) -> Items {
        Items {
            variant,
            items: Vec::with_capacity(len.unwrap_or(0)),
        }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotAValue> {
        self.items.push(Value::of(value)?);
        Ok(())
    }

    fn finish(self) -> Done {
        let items = Value::Array(self.items);
        Ok(match self.variant {
            Some(variant) => named(variant, items),
            None => items,
        })
    }
}

#[derive(Default)]
pub(super) struct Fields {
    variant: Option<&'static str>,
    /// The key whose value has not come yet.
    key: Option<String>,
    fields: Object,
}

impl Fields {
    fn insert<T: Serialize + ?Sized>(&mut self, key: String, value: &T) -> Result<(), NotAValue> {
        self.fields.insert(key, Value::of(value)?);
        Ok(())
    }

    fn finish(self) -> Done {
        let fields = Value::Object(self.fields);
        Ok(match self.variant {
            Some(variant) => named(variant, fields),
            None => fields,
        })
    }
}

macro_rules! items {
    ($($of:ident . $push:ident),*) => {$(
        impl ser::$of for Items {
            type Ok = Value;
            type Error = NotAValue;
            fn $push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotAValue> {
                self.push(value)
            }
            fn end(self) -> Done {
                self.finish()
            }
        }
    )*};
}

items!(
    SerializeSeq.serialize_element,
    SerializeTuple.serialize_element,
    SerializeTupleStruct.serialize_field,
    SerializeTupleVariant.serialize_field
);

macro_rules! fields {
    ($($of:ident),*) => {$(
        impl ser::$of for Fields {
            type Ok = Value;
            type Error = NotAValue;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), NotAValue> {
                self.insert(key.to_owned(), value)
            }
            fn end(self) -> Done {
                self.finish()
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Fields {
    type Ok = Value;
    type Error = NotAValue;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotAValue> {
        self.key = Some(match Value::of(key)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            other => {
                return Err(ser::Error::custom(format_args!(
                    "a map's keys must be text, but one is {}",
                    other.kind()
                )));
            }
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotAValue> {
        match self.key.take() {
            Some(key) => self.insert(key, value),
            None => Err(ser::Error::custom("a map's value came before its key")),
        }
    }

    fn end(self) -> Done {
        self.finish()
    }
}
