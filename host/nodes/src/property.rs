//! Paths to properties of a message, with Node-RED's grammar:
//! `payload.items[0]["first name"][msg.topic]`.
//!
//! A number in brackets or after a dot is an index, a part `[msg.…]` is looked up
//! in the message first, a leading `msg.` may be left out. A path is parsed once,
//! when its node is built.

mod parse;

use crate::loose;
use parse::Parser;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use weft_model::{Message, Object, Value};

/// How far past the end of an array an index may be set; what lies between is
/// filled with null.
const MAX_ARRAY_GAP: usize = 1_000;

/// The message's id, which is no ordinary field.
const ID: &str = "id";

/// A path to a property of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyPath {
    text: String,
    parts: Parts,
}

#[derive(Clone, Debug, PartialEq)]
enum Parts {
    Fixed(Vec<Key>),
    WithLookups(Vec<Part>),
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Key(Key),
    Lookup(PropertyPath),
}

#[derive(Clone, Debug, PartialEq)]
enum Key {
    Name(String),
    Index(usize),
}

/// Text that is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{input:?} is not a property path: {reason} at character {at}")]
pub struct InvalidPath {
    /// The text.
    pub input: String,
    /// What is wrong.
    pub reason: &'static str,
    /// Where, counted from 1.
    pub at: usize,
}

/// Why a property was not set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotSet {
    /// Something on the way is neither object nor array.
    #[error("msg.{path} can't be set: {below} holds a value without properties")]
    BelowScalar {
        /// The path.
        path: String,
        /// The part that is in the way.
        below: String,
    },
    /// An index lies too far past the end of its array.
    #[error(
        "msg.{path} can't be set: index {index} is over {MAX_ARRAY_GAP} past the end of an array of {len}"
    )]
    IndexTooLarge {
        /// The path.
        path: String,
        /// The index.
        index: usize,
        /// The length of the array.
        len: usize,
    },
    /// A part `[msg.…]` names nothing.
    #[error("msg.{path} can't be set: msg.{part} is absent")]
    Unresolved {
        /// The path.
        path: String,
        /// The part.
        part: String,
    },
}

impl fmt::Display for PropertyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for PropertyPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        Parser::new(text).path()
    }
}

impl PropertyPath {
    /// The property; absent is none. Strings, bytes and arrays have a `length`,
    /// and their items are properties.
    pub fn get<'m>(&self, message: &'m Message) -> Option<Cow<'m, Value>> {
        let keys = self.keys(message).ok()?;
        let (first, rest) = keys.split_first()?;
        let first = first.as_name();
        let start = match message.get(&first) {
            Some(value) => Cow::Borrowed(value),
            None if first == ID => Cow::Owned(Value::from(&**message.id())),
            None => return None,
        };
        rest.iter()
            .try_fold(start, |at, key| within(at, &key.as_name()))
    }

    /// Set the property. Missing objects on the way are made (arrays, where an
    /// index follows).
    ///
    /// # Errors
    /// Something is in the way; the message is as it was, but for what was made.
    pub fn set(&self, message: &mut Message, value: Value) -> Result<(), CannotSet> {
        let keys = self.keys(message)?;
        let Some((first, rest)) = keys.split_first() else {
            return Ok(());
        };
        let first = first.as_name().into_owned();
        if rest.is_empty() && first == ID {
            message.set_id(loose::to_text(&value).into());
            return Ok(());
        }
        if rest.is_empty() {
            message.set(first, value);
            return Ok(());
        }
        if first == ID {
            return Err(self.below_scalar(&first));
        }
        if message.get(&first).is_none() {
            message.set(first.clone(), container_for(&rest[0]));
        }
        match message.get_mut(&first) {
            Some(start) => self.set_in(start, &first, rest, value),
            None => Ok(()),
        }
    }

    /// Remove the property, and say what it was. An item of an array closes the
    /// gap; the message's id stays.
    pub fn remove(&self, message: &mut Message) -> Option<Value> {
        let keys = self.keys(message).ok()?;
        let (first, rest) = keys.split_first()?;
        let Some((last, between)) = rest.split_last() else {
            return message.remove(&first.as_name());
        };
        let start = message.get_mut(&first.as_name())?;
        let holder = between.iter().try_fold(start, |at, key| match at {
            Value::Object(fields) => fields.get_mut(&*key.as_name()),
            Value::Array(items) => items.get_mut(key.as_index()?),
            _ => None,
        })?;
        match holder {
            Value::Object(fields) => fields.shift_remove(&*last.as_name()),
            Value::Array(items) => {
                let index = last.as_index().filter(|i| *i < items.len())?;
                Some(items.remove(index))
            }
            _ => None,
        }
    }

    fn set_in(
        &self,
        start: &mut Value,
        first: &str,
        rest: &[Key],
        value: Value,
    ) -> Result<(), CannotSet> {
        let mut at = start;
        let mut below = first.to_owned();
        let mut keys = rest.iter().peekable();
        while let Some(key) = keys.next() {
            let next = keys.peek();
            let missing = || next.map_or(Value::Null, |next| container_for(next));
            at = match at {
                Value::Object(fields) => fields
                    .entry(key.as_name().into_owned())
                    .or_insert_with(missing),
                Value::Array(items) => {
                    let Some(index) = key.as_index() else {
                        return Err(self.below_scalar(&below));
                    };
                    let len = items.len();
                    if index > len + MAX_ARRAY_GAP {
                        let path = self.text.clone();
                        return Err(CannotSet::IndexTooLarge { path, index, len });
                    }
                    if index >= len {
                        items.resize(index, Value::Null);
                        items.push(missing());
                    }
                    &mut items[index]
                }
                _ => return Err(self.below_scalar(&below)),
            };
            below = key.as_name().into_owned();
        }
        *at = value;
        Ok(())
    }

    fn below_scalar(&self, below: &str) -> CannotSet {
        CannotSet::BelowScalar {
            path: self.text.clone(),
            below: below.to_owned(),
        }
    }

    /// The keys, with lookups resolved.
    fn keys(&self, message: &Message) -> Result<Cow<'_, [Key]>, CannotSet> {
        let key = |part: &Part| match part {
            Part::Key(key) => Ok(key.clone()),
            Part::Lookup(path) => {
                let found = path.get(message);
                let found = found.ok_or_else(|| CannotSet::Unresolved {
                    path: self.text.clone(),
                    part: path.text.clone(),
                })?;
                Ok(Key::of(&loose::to_text(&found)))
            }
        };
        match &self.parts {
            Parts::Fixed(keys) => Ok(Cow::Borrowed(keys)),
            Parts::WithLookups(parts) => {
                let keys = parts.iter().map(key).collect::<Result<_, _>>();
                keys.map(Cow::Owned)
            }
        }
    }
}

impl Parts {
    fn of(parts: Vec<Part>) -> Self {
        let fixed = parts.iter().map(|part| match part {
            Part::Key(key) => Some(key.clone()),
            Part::Lookup(_) => None,
        });
        match fixed.collect() {
            Some(keys) => Parts::Fixed(keys),
            None => Parts::WithLookups(parts),
        }
    }
}

impl Key {
    fn of(text: &str) -> Key {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(index) if digits => Key::Index(index),
            _ => Key::Name(text.to_owned()),
        }
    }

    fn as_name(&self) -> Cow<'_, str> {
        match self {
            Key::Name(name) => Cow::Borrowed(name),
            Key::Index(index) => Cow::Owned(index.to_string()),
        }
    }

    fn as_index(&self) -> Option<usize> {
        match self {
            Key::Index(index) => Some(*index),
            Key::Name(name) => name.parse().ok(),
        }
    }
}

fn container_for(key: &Key) -> Value {
    match key {
        Key::Name(_) => Value::Object(Object::new()),
        Key::Index(_) => Value::Array(Vec::new()),
    }
}

/// [`property`] of a value that may be owned.
pub(crate) fn within<'m>(value: Cow<'m, Value>, name: &str) -> Option<Cow<'m, Value>> {
    match value {
        Cow::Borrowed(value) => property(value, name),
        Cow::Owned(value) => property(&value, name).map(|found| Cow::Owned(found.into_owned())),
    }
}

/// A property of a value, as JavaScript finds it: fields, items, `length`.
pub(crate) fn property<'m>(value: &'m Value, name: &str) -> Option<Cow<'m, Value>> {
    let index = || match Key::of(name) {
        Key::Index(index) => Some(index),
        Key::Name(_) => None,
    };
    let length = |len: usize| (name == "length").then(|| Cow::Owned(Value::from(len as i64)));
    match value {
        Value::Object(fields) => fields.get(name).map(Cow::Borrowed),
        Value::Array(items) => match index() {
            Some(index) => items.get(index).map(Cow::Borrowed),
            None => length(items.len()),
        },
        Value::Bytes(bytes) => match index() {
            Some(index) => Some(Cow::Owned(i64::from(*bytes.get(index)?).into())),
            None => length(bytes.len()),
        },
        Value::String(text) => match index() {
            Some(index) => text
                .chars()
                .nth(index)
                .map(|c| Cow::Owned(c.to_string().into())),
            None => length(text.encode_utf16().count()),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests;
