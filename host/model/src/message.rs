//! A message: what one node sends to the next.
//!
//! Fields stay in the form in which they came (text from the socket, text from a
//! guest, a request's head) until a node looks inside, so a message that is only
//! passed on is never parsed. Cloning shares what has not been looked at.

use crate::json::{self, Checked, JsonError, RawJson};
use crate::limit::MAX_MESSAGE_FIELDS;
use crate::request::RequestHead;
use crate::value::Value;
use crate::wire::{self, WithBlobs};
use bytes::Bytes;
use indexmap::IndexMap;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The name of the field that carries the id, in the encoded form.
const ID: &str = "id";

/// What one node sends to the next: an id, a `payload`, optionally a `topic`, and
/// whatever nodes add.
#[derive(Clone, Debug)]
pub struct Message {
    id: Arc<str>,
    // Shared until it is changed: a copy of a message costs two counters.
    fields: Arc<IndexMap<String, Field>>,
}

#[derive(Clone, Debug)]
enum Field {
    Value(Value),
    Unread(Arc<Unread>),
}

/// Something nobody has looked into yet, and what it turned out to be.
#[derive(Debug)]
struct Unread {
    source: Source,
    value: OnceLock<Value>,
}

#[derive(Debug)]
enum Source {
    Json(RawJson),
    Request(RequestHead),
}

impl Source {
    fn read(&self) -> Value {
        match self {
            Source::Json(raw) => raw.parse(),
            Source::Request(head) => head.to_value(),
        }
    }
}

impl Field {
    fn unread(source: Source) -> Self {
        Field::Unread(Arc::new(Unread {
            source,
            value: OnceLock::new(),
        }))
    }

    fn value(&self) -> &Value {
        match self {
            Field::Value(value) => value,
            Field::Unread(unread) => unread.value.get_or_init(|| unread.source.read()),
        }
    }

    fn into_value(self) -> Value {
        match self {
            Field::Value(value) => value,
            Field::Unread(unread) => match Arc::try_unwrap(unread) {
                Ok(Unread { source, value }) => value.into_inner().unwrap_or_else(|| source.read()),
                Err(shared) => Field::Unread(shared).value().clone(),
            },
        }
    }
}

impl Default for Message {
    fn default() -> Self {
        Message::new()
    }
}

impl Message {
    /// An empty message with a new id of 16 hex digits.
    pub fn new() -> Self {
        Message::with_id(format!("{:016x}", fastrand::u64(..)).into())
    }

    /// An empty message with a given id.
    pub fn with_id(id: Arc<str>) -> Self {
        Message {
            id,
            fields: Arc::default(),
        }
    }

    /// The id; copies of a message share it.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Give the message another id.
    pub fn set_id(&mut self, id: Arc<str>) {
        self.id = id;
    }

    /// The payload; absent is `None`.
    pub fn payload(&self) -> Option<&Value> {
        self.get("payload")
    }

    /// A field, parsed if it was not yet.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).map(Field::value)
    }

    /// A field, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        let field = Arc::make_mut(&mut self.fields).get_mut(name)?;
        if let Field::Unread(_) = field {
            let value = std::mem::replace(field, Field::Value(Value::Null)).into_value();
            *field = Field::Value(value);
        }
        match field {
            Field::Value(value) => Some(value),
            Field::Unread(_) => None,
        }
    }

    /// Set a field.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        Arc::make_mut(&mut self.fields).insert(name.into(), Field::Value(value.into()));
    }

    /// Set a field to JSON text that was checked but not necessarily parsed.
    pub fn set_checked(&mut self, name: impl Into<String>, checked: Checked) {
        let field = match checked {
            Checked::Raw(raw) => Field::unread(Source::Json(raw)),
            Checked::Parsed(value) => Field::Value(value),
        };
        Arc::make_mut(&mut self.fields).insert(name.into(), field);
    }

    /// Set `req`.
    pub fn set_request(&mut self, head: RequestHead) {
        Arc::make_mut(&mut self.fields).insert("req".into(), Field::unread(Source::Request(head)));
    }

    /// Remove a field; the order of the others stays.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        Arc::make_mut(&mut self.fields)
            .shift_remove(name)
            .map(Field::into_value)
    }

    /// The names of the fields, in order, without `id`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// A field as JSON text, if it is that already.
    pub fn raw_json(&self, name: &str) -> Option<&Bytes> {
        match self.fields.get(name)? {
            Field::Unread(unread) => match &unread.source {
                Source::Json(raw) => Some(raw.as_bytes()),
                Source::Request(_) => None,
            },
            Field::Value(_) => None,
        }
    }

    /// About how many bytes of memory the message holds.
    pub fn size(&self) -> usize {
        let fields = self.fields.iter().map(|(name, field)| {
            name.len()
                + match field {
                    Field::Value(value) => value.size(),
                    Field::Unread(unread) => match &unread.source {
                        Source::Json(raw) => raw.as_bytes().len(),
                        Source::Request(head) => head.size(),
                    },
                }
        });
        self.id.len() + fields.sum::<usize>()
    }

    /// The whole message as one value, `id` first.
    pub fn to_value(&self) -> Value {
        let id = (ID.to_owned(), Value::from(&*self.id));
        let fields = self
            .fields
            .iter()
            .map(|(k, f)| (k.clone(), f.value().clone()));
        Value::Object(std::iter::once(id).chain(fields).collect())
    }

    /// Encode with blobs, as guests get it.
    pub fn encode(&self) -> Encoded {
        let blobs = RefCell::new(Vec::new());
        let mut head = Vec::with_capacity(512);
        head.extend_from_slice(b"{\"id\":");
        write_json(&mut head, &*self.id);
        for (name, field) in &*self.fields {
            head.push(b',');
            write_json(&mut head, name);
            head.push(b':');
            match field {
                Field::Value(value) => write_json(
                    &mut head,
                    &WithBlobs {
                        value,
                        blobs: &blobs,
                    },
                ),
                Field::Unread(unread) => match &unread.source {
                    Source::Json(raw) => head.extend_from_slice(raw.as_bytes()),
                    Source::Request(request) => write_json(&mut head, request),
                },
            }
        }
        head.push(b'}');
        Encoded {
            head: String::from_utf8(head).unwrap_or_default(),
            blobs: blobs.into_inner(),
        }
    }

    /// Decode what a guest or the API sent. Without an id of its own the message
    /// gets `default_id`.
    ///
    /// # Errors
    /// Not an object, broken JSON, a bad escape, too deep, or too many fields;
    /// with the place in `head`.
    pub fn decode(encoded: Encoded, default_id: &Arc<str>) -> Result<Message, JsonError> {
        let Encoded { head, blobs } = encoded;
        let head = Bytes::from(head);
        let parts = Parts {
            head: &head,
            blobs: &blobs,
            default_id,
        };
        let mut deserializer = serde_json::Deserializer::from_slice(&head);
        let message = deserializer.deserialize_map(parts)?;
        deserializer.end()?;
        Ok(message)
    }
}

/// A message as it crosses to a guest: JSON text, and the bytes it refers to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Encoded {
    /// The message as JSON text.
    pub head: String,
    /// The bytes that `head` refers to by index.
    pub blobs: Vec<Bytes>,
}

impl Encoded {
    /// Bytes of text and blobs together.
    pub fn len(&self) -> usize {
        self.head.len() + self.blobs.iter().map(Bytes::len).sum::<usize>()
    }

    /// True if there is neither text nor blob.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Append a value as JSON text. Writing to memory fails only where a key is not
/// a string, and ours all are.
fn write_json<T: Serialize + ?Sized>(text: &mut Vec<u8>, value: &T) {
    let written = serde_json::to_writer(text, value);
    debug_assert!(written.is_ok());
}

/// The inline form (see [`crate::wire`]).
impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(ID, &*self.id)?;
        for (name, field) in &*self.fields {
            match field {
                Field::Value(value) => map.serialize_entry(name, &wire::Inline(value))?,
                Field::Unread(unread) => match &unread.source {
                    Source::Json(raw) => map.serialize_entry(name, &as_raw_value(raw))?,
                    Source::Request(head) => map.serialize_entry(name, head)?,
                },
            }
        }
        map.end()
    }
}

/// serde_json takes text as it is only in this form, which costs a check.
fn as_raw_value(raw: &RawJson) -> Option<&RawValue> {
    serde_json::from_slice(raw.as_bytes()).ok()
}

/// Takes a message's text apart at the top level only.
struct Parts<'a> {
    head: &'a Bytes,
    blobs: &'a [Bytes],
    default_id: &'a Arc<str>,
}

impl<'de> Visitor<'de> for Parts<'de> {
    type Value = Message;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message: a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message, A::Error> {
        use serde::de::Error as _;
        let mut id = self.default_id.clone();
        let mut fields = IndexMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == ID {
                id = map.next_value::<String>()?.into();
                continue;
            }
            let raw: &'de RawValue = map.next_value()?;
            let field = self.field(raw).map_err(|e| {
                A::Error::custom(format!(
                    "field {name:?}: {} (at column {} of it)",
                    e.reason, e.column
                ))
            })?;
            fields.insert(name, field);
            if fields.len() > MAX_MESSAGE_FIELDS {
                return Err(A::Error::custom(format!(
                    "over {MAX_MESSAGE_FIELDS} fields"
                )));
            }
        }
        Ok(Message {
            id,
            fields: Arc::new(fields),
        })
    }
}

impl Parts<'_> {
    fn field(&self, raw: &RawValue) -> Result<Field, JsonError> {
        let text = raw.get().as_bytes();
        Ok(match json::raw_if_clear(self.head.slice_ref(text))? {
            Some(raw) => Field::unread(Source::Json(raw)),
            None => Field::Value(wire::decode_value(text, self.blobs)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Object;

    fn decode(head: &str) -> Result<Message, JsonError> {
        Message::decode(
            Encoded {
                head: head.into(),
                blobs: vec![],
            },
            &"m1".into(),
        )
    }

    #[test]
    fn a_passed_on_message_is_text_from_end_to_end() {
        let head = r#"{"id":"m0","payload":{"a":[1,2]},"topic":"t"}"#;
        let message = decode(head).unwrap();
        assert_eq!(message.raw_json("payload").unwrap(), r#"{"a":[1,2]}"#);
        assert_eq!(
            message.encode(),
            Encoded {
                head: head.into(),
                blobs: vec![]
            }
        );
    }

    #[test]
    fn a_field_can_be_read_changed_and_removed() {
        let mut message = decode(r#"{"payload":{"a":1},"x":[true]}"#).unwrap();
        assert_eq!(&**message.id(), "m1");
        let copy = message.clone();
        if let Some(Value::Object(payload)) = message.get_mut("payload") {
            payload.insert("b".into(), Value::Bytes(Bytes::from_static(b"\x01")));
        }
        assert_eq!(message.remove("x"), Some(Value::Array(vec![true.into()])));
        let encoded = message.encode();
        assert_eq!(
            encoded.head,
            r#"{"id":"m1","payload":{"a":1,"b":{"$bytes":0}}}"#
        );
        assert_eq!(encoded.blobs, [Bytes::from_static(b"\x01")]);
        let back = Message::decode(encoded, &"other".into()).unwrap();
        assert_eq!(back.to_value(), message.to_value());
        let a = Value::Object(Object::from_iter([("a".to_owned(), Value::from(1i64))]));
        assert_eq!(copy.payload(), Some(&a), "a copy keeps its own value");
    }

    #[test]
    fn what_is_no_message_is_refused_with_a_place() {
        for head in [
            "[]",
            "{\"payload\":}",
            "{\"payload\":{\"$bytes\":0}}",
            "{} {}",
            "\"x\"",
        ] {
            assert!(decode(head).is_err(), "{head}");
        }
        let many: String = (0..=MAX_MESSAGE_FIELDS)
            .map(|i| format!("\"f{i}\":1,"))
            .collect();
        let error = decode(&format!("{{{}}}", many.trim_end_matches(','))).unwrap_err();
        assert!(error.reason.contains("fields"), "{error}");
    }
}
