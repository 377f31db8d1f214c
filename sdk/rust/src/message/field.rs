//! One field of a message: its text as it came, read when somebody asks.

use super::{InvalidMessage, encoding};
use crate::value::{Bytes, Value};
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{cell::OnceCell, fmt, ops::Range};

#[derive(Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) content: Content,
}

#[derive(Clone)]
pub(super) enum Content {
    /// As it came: where it stands in the head, and the value once it was read.
    Raw {
        text: Range<usize>,
        value: OnceCell<Value>,
    },
    /// As the function set it.
    Set(Value),
}

impl Content {
    fn raw(text: Range<usize>) -> Content {
        let value = OnceCell::new();
        Content::Raw { text, value }
    }
}

impl Field {
    pub(super) fn set(name: &str, value: Value) -> Field {
        Field {
            name: name.to_owned(),
            content: Content::Set(value),
        }
    }

    /// A payload that is the first `length` bytes of the head.
    pub(super) fn raw_payload(length: usize) -> Field {
        Field {
            name: "payload".to_owned(),
            content: Content::raw(0..length),
        }
    }

    /// The field's JSON text, if it is as it came.
    pub(super) fn raw<'h>(&self, head: &'h str) -> Option<&'h str> {
        match &self.content {
            Content::Raw { text, .. } => head.get(text.clone()),
            Content::Set(_) => None,
        }
    }

    pub(super) fn value(&self, head: &str, blobs: &[Bytes]) -> Result<&Value, InvalidMessage> {
        match &self.content {
            Content::Set(value) => Ok(value),
            Content::Raw { text, value } => match value.get() {
                Some(value) => Ok(value),
                None => {
                    let decoded = encoding::decode(&head[text.clone()], blobs)
                        .map_err(|reason| InvalidMessage::field(&self.name, &reason))?;
                    Ok(value.get_or_init(|| decoded))
                }
            },
        }
    }
}

/// The fields of `head`, in order; of a name that comes twice, the last.
pub(super) fn split(head: &str) -> Result<Vec<Field>, InvalidMessage> {
    let mut deserializer = serde_json::Deserializer::from_str(head);
    let fields = serde::Deserializer::deserialize_map(&mut deserializer, Split { head });
    fields
        .and_then(|fields| deserializer.end().map(|()| fields))
        .map_err(|reason| InvalidMessage::Head(reason.to_string()))
}

struct Split<'h> {
    head: &'h str,
}

impl<'h> Visitor<'h> for Split<'h> {
    type Value = Vec<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message: one JSON object")
    }

    fn visit_map<A: MapAccess<'h>>(self, mut map: A) -> Result<Vec<Field>, A::Error> {
        let mut fields: Vec<Field> = Vec::with_capacity(4);
        while let Some((name, raw)) = map.next_entry::<String, &'h RawValue>()? {
            let start = raw.get().as_ptr() as usize - self.head.as_ptr() as usize;
            let content = Content::raw(start..start + raw.get().len());
            match fields.iter_mut().find(|field| field.name == name) {
                Some(field) => field.content = content,
                None => fields.push(Field { name, content }),
            }
        }
        Ok(fields)
    }
}
