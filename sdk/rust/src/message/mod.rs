//! What one node sends to the next.
//!
//! A message is read lazily: its head is split into fields once, and a field is
//! parsed only when it is asked for. Fields that a function does not touch are
//! passed on as they came, byte for byte.

mod encoding;
mod field;
mod invalid;
mod lookup;

pub use encoding::Encoded;
pub(crate) use encoding::to_text;
pub use invalid::InvalidMessage;

use crate::{
    Error,
    value::{Bytes, Value},
};
use field::{Content, Field};
use serde::de::DeserializeOwned;
use std::{borrow::Cow, fmt, sync::Arc};

const NULL: Value = Value::Null;

/// A message: an object with `id`, `payload`, perhaps `topic`, and whatever the
/// nodes before have added (`req` holds the facts of an HTTP request).
///
/// ```
/// use weft::{Message, Value};
///
/// let message = Message::new("Ada").with_topic("greetings");
/// assert_eq!(message.payload()?.as_str(), Some("Ada"));
/// # Ok::<(), weft::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Message {
    head: Arc<String>,
    blobs: Vec<Bytes>,
    fields: Vec<Field>,
}

impl Message {
    /// A new message. It gets the id of the message being handled, and nothing
    /// else of it; to keep the other fields, change the message that came
    /// ([`set_payload`](Self::set_payload)).
    #[must_use]
    pub fn new(payload: impl Into<Value>) -> Message {
        Message {
            fields: vec![Field::set("payload", payload.into())],
            ..Message::default()
        }
    }

    /// A message whose payload is this text, JSON or not: for tests of a host.
    #[doc(hidden)]
    #[must_use]
    pub fn unchecked(payload: &str) -> Message {
        Message {
            head: Arc::new(payload.to_owned()),
            blobs: Vec::new(),
            fields: vec![Field::raw_payload(payload.len())],
        }
    }

    /// Reads a message from its encoding.
    ///
    /// # Errors
    /// When the head is not one JSON object. Values are checked when they are read.
    pub fn decode(encoded: Encoded) -> Result<Message, InvalidMessage> {
        Ok(Message {
            fields: field::split(&encoded.head)?,
            head: Arc::new(encoded.head),
            blobs: encoded.blobs.into_iter().map(Bytes::from).collect(),
        })
    }

    /// Writes the message's encoding.
    ///
    /// # Errors
    /// When a field that came with bytes in it refers to bytes that are not there.
    pub fn encode(self) -> Result<Encoded, InvalidMessage> {
        let mut head = String::with_capacity(self.head.len() + 64);
        let mut blobs: Vec<Bytes> = Vec::new();
        let mut write_bytes = |bytes: &Bytes, head: &mut String| {
            head.push_str(&blobs.len().to_string());
            blobs.push(bytes.clone());
        };
        head.push('{');
        for (index, field) in self.fields.iter().enumerate() {
            if index > 0 {
                head.push(',');
            }
            encoding::write_string(&field.name, &mut head);
            head.push(':');
            match field.raw(&self.head) {
                // Blobs are numbered anew, so a reference can't be passed on as it came.
                Some(raw) if self.blobs.is_empty() || !encoding::may_hold_escapes(raw) => {
                    head.push_str(raw);
                }
                _ => {
                    let value = field.value(&self.head, &self.blobs)?;
                    encoding::write_value(value, &mut head, &mut write_bytes);
                }
            }
        }
        head.push('}');
        // Lets go of the other references, so that the bytes need not be copied.
        drop(self);
        let blobs = blobs.into_iter().map(Bytes::into_vec).collect();
        Ok(Encoded { head, blobs })
    }

    /// The message's id: the same from node to node. None in a new message.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.text_field("id")
    }

    /// What the message is about, if a node has said so.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        self.text_field("topic")
    }

    /// The payload; null if there is none.
    ///
    /// # Errors
    /// `invalid-input` when it breaks the rules of the encoding.
    pub fn payload(&self) -> Result<&Value, Error> {
        Ok(self.get("payload")?.unwrap_or(&NULL))
    }

    /// The payload as text: a string, or bytes that are UTF-8.
    ///
    /// # Errors
    /// `invalid-input` when it is anything else.
    pub fn payload_text(&self) -> Result<Cow<'_, str>, Error> {
        if let Some(text) = self.raw_text("payload") {
            return text;
        }
        match self.payload()? {
            Value::String(text) => Ok(Cow::Borrowed(text)),
            Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Cow::Borrowed(text)),
                Err(reason) => Err(Error::invalid_input(format_args!(
                    "The payload is not valid UTF-8 text: {reason}."
                ))),
            },
            other => Err(Error::invalid_input(format_args!(
                "The payload should be text, but it is {}.",
                other.kind()
            ))),
        }
    }

    /// The payload as bytes: bytes as they are, text as UTF-8.
    ///
    /// # Errors
    /// `invalid-input` when it is anything else.
    pub fn payload_bytes(&self) -> Result<Bytes, Error> {
        if let Some(text) = self.raw_text("payload") {
            return Ok(text?.into_owned().into_bytes().into());
        }
        match self.payload()? {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            Value::String(text) => Ok(text.as_bytes().into()),
            other => Err(Error::invalid_input(format_args!(
                "The payload should be bytes or text, but it is {}.",
                other.kind()
            ))),
        }
    }

    /// The payload as a typed value.
    ///
    /// # Errors
    /// `invalid-input` when it has another shape than `T`.
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.get_as("payload")
    }

    /// The field `name`, if there is one.
    ///
    /// # Errors
    /// `invalid-input` when it breaks the rules of the encoding.
    pub fn get(&self, name: &str) -> Result<Option<&Value>, Error> {
        match self.field(name) {
            Some(field) => Ok(Some(field.value(&self.head, &self.blobs)?)),
            None => Ok(None),
        }
    }

    /// The field `name` as a typed value; an absent field reads as null.
    ///
    /// # Errors
    /// `invalid-input` when it has another shape than `T`.
    pub fn get_as<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        let read = match self.field(name).and_then(|field| field.raw(&self.head)) {
            Some(raw) if !encoding::may_hold_escapes(raw) => {
                serde_json::from_str(raw).map_err(|reason| reason.to_string())
            }
            _ => self
                .get(name)?
                .unwrap_or(&NULL)
                .clone()
                .to()
                .map_err(|reason| reason.to_string()),
        };
        read.map_err(|reason| {
            Error::invalid_input(format_args!("The message's {name} does not fit: {reason}."))
        })
    }

    /// The value at a path such as `req.query.name`, found without reading what
    /// lies beside it. None if there is none.
    ///
    /// # Errors
    /// `invalid-input` when the value breaks the rules of the encoding.
    pub fn at(&self, path: &str) -> Result<Option<Value>, Error> {
        let mut steps = path.split('.');
        let Some(field) = steps.next().and_then(|name| self.field(name)) else {
            return Ok(None);
        };
        let steps: Vec<&str> = steps.collect();
        match field.raw(&self.head) {
            Some(raw) if !path.contains('$') => lookup::scan(raw, &self.blobs, &steps)
                .map_err(|reason| InvalidMessage::field(&field.name, &reason).into()),
            _ => {
                let value = field.value(&self.head, &self.blobs)?;
                Ok(lookup::walk(value, &steps).cloned())
            }
        }
    }

    /// The query parameter `name` of the HTTP request that began the run; of
    /// several, the first.
    ///
    /// # Errors
    /// `invalid-input` when the request's facts cannot be read.
    pub fn query(&self, name: &str) -> Result<Option<String>, Error> {
        self.request_fact("query", name)
    }

    /// The header `name` (in any case) of the HTTP request that began the run;
    /// of several, the first.
    ///
    /// # Errors
    /// `invalid-input` when the request's facts cannot be read.
    pub fn header(&self, name: &str) -> Result<Option<String>, Error> {
        self.request_fact("headers", &name.to_ascii_lowercase())
    }

    /// Replaces the payload.
    pub fn set_payload(&mut self, payload: impl Into<Value>) {
        self.set("payload", payload);
    }

    /// This message with another payload.
    #[must_use]
    pub fn with_payload(mut self, payload: impl Into<Value>) -> Message {
        self.set_payload(payload);
        self
    }

    /// This message with another topic.
    #[must_use]
    pub fn with_topic(mut self, topic: &str) -> Message {
        self.set("topic", topic);
        self
    }

    /// Sets the field `name`.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => field.content = Content::Set(value),
            None => self.fields.push(Field::set(name, value)),
        }
    }

    /// Removes the field `name`.
    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|field| field.name != name);
    }

    /// The names of the fields, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn text_field(&self, name: &str) -> Option<&str> {
        self.get(name).ok()??.as_str()
    }

    /// The text of a field that came as a JSON string, borrowed where that has
    /// no escapes. A shortcut past [`Value`] for texts of megabytes.
    fn raw_text(&self, name: &str) -> Option<Result<Cow<'_, str>, Error>> {
        let raw = self.field(name)?.raw(&self.head)?;
        let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
        if !inner.contains('\\') {
            return Some(Ok(Cow::Borrowed(inner)));
        }
        let text = serde_json::from_str::<String>(raw);
        Some(match text {
            Ok(text) => Ok(Cow::Owned(text)),
            Err(reason) => Err(InvalidMessage::field(name, &reason).into()),
        })
    }

    fn request_fact(&self, group: &str, name: &str) -> Result<Option<String>, Error> {
        let Some(field) = self.field("req") else {
            return Ok(None);
        };
        let found = match field.raw(&self.head) {
            Some(raw) => lookup::scan(raw, &self.blobs, &[group, name])
                .map_err(|reason| InvalidMessage::field("req", &reason))?,
            None => {
                let value = field.value(&self.head, &self.blobs)?;
                lookup::walk(value, &[group, name]).cloned()
            }
        };
        Ok(match found {
            Some(Value::String(text)) => Some(text),
            Some(Value::Array(several)) => several
                .first()
                .and_then(|first| first.as_str().map(str::to_owned)),
            _ => None,
        })
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for field in &self.fields {
            match field.value(&self.head, &self.blobs) {
                Ok(value) => map.entry(&field.name, value),
                Err(_) => map.entry(&field.name, &"(invalid)"),
            };
        }
        map.finish()
    }
}
