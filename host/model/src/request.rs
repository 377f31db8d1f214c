//! The head of an HTTP request, as a message's `req` field shows it.
//!
//! It stays in the form in which it came off the socket; a [`Value`] is made
//! only when a node looks inside, JSON text only when a function gets it.

use crate::value::{Object, Value};
use http::{HeaderMap, Method};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

/// Method, address and headers of a request to a flow.
#[derive(Clone, Debug)]
pub struct RequestHead {
    /// The method.
    pub method: Method,
    /// Path below the instance, percent-encoded as it came.
    pub path: String,
    /// Query string without `?`, as it came; empty if none.
    pub query: String,
    /// Path parameters, decoded, in the order of the pattern.
    pub params: Vec<(Arc<str>, String)>,
    /// Headers; names are lower case.
    pub headers: HeaderMap,
    /// The client's address as the socket has it.
    pub ip: Option<IpAddr>,
}

impl RequestHead {
    /// About how many bytes of memory the head holds.
    pub fn size(&self) -> usize {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len());
        let params = self.params.iter().map(|(_, value)| value.len());
        self.path.len() + self.query.len() + headers.sum::<usize>() + params.sum::<usize>()
    }

    /// The query's parameters, decoded as `application/x-www-form-urlencoded`
    /// (WHATWG URL §5.1); a name that comes several times becomes an array.
    pub fn query_value(&self) -> Value {
        Value::Object(parse_form(self.query.as_bytes()))
    }

    /// The value of `req`: `{method, url, path, query, params, headers, ip}`.
    pub fn to_value(&self) -> Value {
        let mut req = Object::new();
        req.insert("method".into(), self.method.as_str().into());
        req.insert("url".into(), self.url().into());
        req.insert("path".into(), self.path.as_str().into());
        req.insert("query".into(), self.query_value());
        let params = self
            .params
            .iter()
            .map(|(k, v)| (k.to_string(), v.as_str().into()));
        req.insert("params".into(), Value::Object(params.collect()));
        let headers = self
            .header_names()
            .map(|n| (n.to_owned(), self.header(n).into_owned()));
        let headers = headers.map(|(name, value)| (name, Value::String(value)));
        req.insert("headers".into(), Value::Object(headers.collect()));
        if let Some(ip) = self.ip {
            req.insert("ip".into(), Value::String(ip.to_string()));
        }
        Value::Object(req)
    }

    fn url(&self) -> String {
        match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.keys().map(http::HeaderName::as_str)
    }

    /// A header's value; several are joined by `, ` (RFC 9110 §5.3). Bytes that
    /// are not UTF-8 show as U+FFFD.
    fn header(&self, name: &str) -> Cow<'_, str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values
            .next()
            .map_or(Cow::Borrowed(""), |v| String::from_utf8_lossy(v.as_bytes()));
        values.fold(first, |joined, value| {
            format!("{joined}, {}", String::from_utf8_lossy(value.as_bytes())).into()
        })
    }
}

/// The same fields as [`RequestHead::to_value`], written without building it.
impl Serialize for RequestHead {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("method", self.method.as_str())?;
        if self.query.is_empty() {
            map.serialize_entry("url", &self.path)?;
        } else {
            map.serialize_entry("url", &self.url())?;
        }
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("query", &QueryText(&self.query))?;
        map.serialize_entry(
            "params",
            &Pairs(|| self.params.iter().map(|(k, v)| (&**k, v.into()))),
        )?;
        let headers = || self.header_names().map(|name| (name, self.header(name)));
        map.serialize_entry("headers", &Pairs(headers))?;
        if let Some(ip) = self.ip {
            map.serialize_entry("ip", &ip)?;
        }
        map.end()
    }
}

struct QueryText<'a>(&'a str);

impl Serialize for QueryText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_empty() {
            return serializer.serialize_map(Some(0))?.end();
        }
        crate::wire::Inline(&Value::Object(parse_form(self.0.as_bytes()))).serialize(serializer)
    }
}

struct Pairs<F>(F);

impl<'a, F, I> Serialize for Pairs<F>
where
    F: Fn() -> I,
    I: Iterator<Item = (&'a str, Cow<'a, str>)>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // One key with a leading `$` would read as an escape.
        let escape = |name: &'a str| match name.starts_with('$') {
            true => Cow::Owned(format!("${name}")),
            false => Cow::Borrowed(name),
        };
        let single = (self.0)().count() == 1;
        serializer
            .collect_map((self.0)().map(|(k, v)| (if single { escape(k) } else { k.into() }, v)))
    }
}

/// Decode `application/x-www-form-urlencoded` text (WHATWG URL §5.1). Names that
/// come several times become arrays.
pub fn parse_form(text: &[u8]) -> Object {
    let mut fields = Object::new();
    for (name, value) in form_urlencoded::parse(text) {
        let value = Value::String(value.into_owned());
        match fields.get_mut(&*name) {
            None => {
                fields.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => {
                let both = vec![std::mem::replace(first, Value::Null), value];
                *first = Value::Array(both);
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire;

    fn head() -> RequestHead {
        let mut headers = HeaderMap::new();
        headers.append("x-a", "1".parse().unwrap());
        headers.append("x-a", "2".parse().unwrap());
        RequestHead {
            method: Method::GET,
            path: "/hello".into(),
            query: "name=Ada&tag=a&tag=b+c".into(),
            params: vec![("id".into(), "7".into())],
            headers,
            ip: Some(IpAddr::from([127, 0, 0, 1])),
        }
    }

    #[test]
    fn text_and_value_agree() {
        let text = serde_json::to_string(&head()).unwrap();
        assert_eq!(
            wire::decode_value(text.as_bytes(), &[]).unwrap(),
            head().to_value()
        );
        assert_eq!(
            text,
            r#"{"method":"GET","url":"/hello?name=Ada&tag=a&tag=b+c","path":"/hello","#.to_owned()
                + r#""query":{"name":"Ada","tag":["a","b c"]},"params":{"id":"7"},"#
                + r#""headers":{"x-a":"1, 2"},"ip":"127.0.0.1"}"#
        );
    }

    #[test]
    fn a_single_parameter_that_looks_like_an_escape_stays_text() {
        let head = RequestHead {
            query: "$bytes=x".into(),
            params: vec![("$date".into(), "1".into())],
            ..head()
        };
        let text = serde_json::to_string(&head).unwrap();
        assert_eq!(
            wire::decode_value(text.as_bytes(), &[]).unwrap(),
            head.to_value()
        );
    }
}
