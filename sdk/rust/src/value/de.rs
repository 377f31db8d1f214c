//! Reading a [`Value`] as any type that serde can deserialize.

use super::{Object, Value, scalar::Repr};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    self, Deserializer, EnumAccess, IntoDeserializer, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::fmt;

/// A value has another shape than the type it was to be read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotThatType(String);

impl fmt::Display for NotThatType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotThatType {}

impl de::Error for NotThatType {
    fn custom<T: fmt::Display>(reason: T) -> NotThatType {
        NotThatType(reason.to_string())
    }
}

pub(super) struct FromValue(pub(super) Value);

impl IntoDeserializer<'_, NotThatType> for FromValue {
    type Deserializer = FromValue;
    fn into_deserializer(self) -> FromValue {
        self
    }
}

impl<'de> Deserializer<'de> for FromValue {
    type Error = NotThatType;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotThatType> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(truth),
            Value::Number(number) => match number.0 {
                Repr::Signed(number) => visitor.visit_i64(number),
                Repr::Unsigned(number) => visitor.visit_u64(number),
                Repr::Float(number) => visitor.visit_f64(number),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Bytes(bytes) => visitor.visit_byte_buf(bytes.into_vec()),
            Value::Date(date) => visitor.visit_i64(date.0),
            Value::Array(items) => visit_seq(items.into_iter().map(FromValue), visitor),
            Value::Object(fields) => {
                let fields = fields.into_iter();
                let mut map =
                    MapDeserializer::new(fields.map(|(name, value)| (name, FromValue(value))));
                let value = visitor.visit_map(&mut map)?;
                map.end()?;
                Ok(value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotThatType> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotThatType> {
        match self.0 {
            Value::Bytes(bytes) => visit_seq(bytes.into_vec().into_iter(), visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotThatType> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotThatType> {
        match self.0 {
            Value::String(variant) => visitor.visit_enum(variant.into_deserializer()),
            Value::Object(fields) => visitor.visit_enum(Variant::of(fields)?),
            other => Err(de::Error::invalid_type(
                Unexpected::Other(other.kind()),
                &"text or an object with one key",
            )),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

fn visit_seq<'de, I, V>(items: I, visitor: V) -> Result<V::Value, NotThatType>
where
    I: Iterator,
    I::Item: IntoDeserializer<'de, NotThatType>,
    V: Visitor<'de>,
{
    let mut seq = SeqDeserializer::new(items);
    let value = visitor.visit_seq(&mut seq)?;
    seq.end()?;
    Ok(value)
}

/// An enum's variant that holds something: an object with one key.
struct Variant {
    name: String,
    content: Value,
}

impl Variant {
    fn of(fields: Object) -> Result<Variant, NotThatType> {
        let count = fields.len();
        match fields.into_iter().next() {
            Some((name, content)) if count == 1 => Ok(Variant { name, content }),
            _ => Err(de::Error::invalid_length(count, &"an object with one key")),
        }
    }
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = NotThatType;
    type Variant = FromValue;

    fn variant_seed<V: de::DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, FromValue), NotThatType> {
        let name = seed.deserialize(self.name.into_deserializer())?;
        Ok((name, FromValue(self.content)))
    }
}

impl<'de> VariantAccess<'de> for FromValue {
    type Error = NotThatType;

    fn unit_variant(self) -> Result<(), NotThatType> {
        de::Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, NotThatType> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, NotThatType> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotThatType> {
        self.deserialize_any(visitor)
    }
}
