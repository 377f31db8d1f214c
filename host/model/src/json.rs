//! JSON text that is known to be good, though nobody has parsed it.
//!
//! The hot path hands JSON from the socket to a guest and back without building
//! a tree. [`RawJson`] is the proof that this is safe: valid syntax (RFC 8259),
//! bounded depth, numbers in range, and no text that [`crate::wire`] could take
//! for an escape.

use crate::limit::MAX_VALUE_DEPTH;
use crate::value::Value;
use crate::wire::{self, Escapes};
use bytes::Bytes;
use memchr::memchr2;
use serde_json::value::RawValue;

/// Why text is not usable JSON; line and column count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at line {line} column {column}")]
pub struct JsonError {
    /// What is wrong.
    pub reason: String,
    /// Line of the fault.
    pub line: usize,
    /// Column of the fault.
    pub column: usize,
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or(&text).to_owned();
        JsonError {
            reason,
            line,
            column,
        }
    }
}

/// Valid JSON text that needs no escape handling and parses without error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawJson(Bytes);

impl RawJson {
    /// The text.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// Parse it. What the check let through parses; should it ever not, the
    /// value is null.
    pub fn parse(&self) -> Value {
        parse_plain(&self.0).unwrap_or(Value::Null)
    }
}

/// A JSON document, checked: either still text, or parsed because it had to be
/// looked at closely.
#[derive(Clone, Debug, PartialEq)]
pub enum Checked {
    /// Text that can be passed on as it is.
    Raw(RawJson),
    /// A value.
    Parsed(Value),
}

/// Check plain JSON text from outside (a request body).
///
/// # Errors
/// Broken syntax, invalid UTF-8, nesting over [`MAX_VALUE_DEPTH`], or a number
/// out of range, with its place.
pub fn check_plain(text: Bytes) -> Result<Checked, JsonError> {
    if is_cleared(&text)? {
        Ok(Checked::Raw(RawJson(text)))
    } else {
        parse_plain(&text).map(Checked::Parsed)
    }
}

/// A part of valid JSON text, as raw text if it needs no closer look.
/// `text` must be syntactically valid already.
pub(crate) fn raw_if_clear(text: Bytes) -> Result<Option<RawJson>, JsonError> {
    Ok(look(&text)?.then_some(RawJson(text)))
}

/// Parse plain JSON; nothing in it is taken for an escape.
///
/// # Errors
/// As [`check_plain`].
pub fn parse_plain(text: &[u8]) -> Result<Value, JsonError> {
    wire::read(text, Escapes::None)
}

fn is_cleared(text: &[u8]) -> Result<bool, JsonError> {
    let utf8 = std::str::from_utf8(text).map_err(|e| {
        let before = &text[..e.valid_up_to()];
        let line_start = before
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        JsonError {
            reason: "invalid UTF-8".into(),
            line: before.iter().filter(|b| **b == b'\n').count() + 1,
            column: before.len() - line_start + 1,
        }
    })?;
    let _: &RawValue = serde_json::from_str(utf8)?;
    look(text)
}

/// Digits in a row that could leave binary64's range: 10^309 does.
const LONG_NUMBER: usize = 64;

/// True if valid JSON text holds nothing that asks for a real parse: no key that
/// may be an escape (`"$…`, also spelled `\u0024`), no exponent, no huge number.
fn look(text: &[u8]) -> Result<bool, JsonError> {
    let (mut at, mut depth, mut digits, mut clear) = (0, 0usize, 0usize, true);
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'"' => {
                clear &= text.get(at) != Some(&b'$');
                let (end, suspect) = string_end(text, at);
                clear &= !suspect;
                at = end;
            }
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_VALUE_DEPTH {
                    return Err(too_deep(text, at));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'e' | b'E' if digits > 0 => clear = false,
            _ => {}
        }
        let numeric = byte.is_ascii_digit() || (byte == b'.' && digits > 0);
        digits = if numeric { digits + 1 } else { 0 };
        clear &= digits < LONG_NUMBER;
    }
    Ok(clear)
}

/// The index after a string's closing quote, and whether an escape in it needs a
/// real parse: `$` spelled out, or half of a surrogate pair, which may be alone.
fn string_end(text: &[u8], mut at: usize) -> (usize, bool) {
    let mut suspect = false;
    while let Some(offset) = memchr2(b'"', b'\\', &text[at..]) {
        let found = at + offset;
        if text[found] == b'"' {
            return (found + 1, suspect);
        }
        let escape = &text[found..];
        suspect |= escape.starts_with(b"\\u0024");
        suspect |= escape.starts_with(b"\\ud") || escape.starts_with(b"\\uD");
        at = (found + 2).min(text.len());
    }
    (text.len(), suspect)
}

fn too_deep(text: &[u8], at: usize) -> JsonError {
    let before = &text[..at];
    let line_start = before
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |n| n + 1);
    JsonError {
        reason: format!("nested deeper than {MAX_VALUE_DEPTH} levels"),
        line: before.iter().filter(|b| **b == b'\n').count() + 1,
        column: at - line_start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Checked, JsonError> {
        check_plain(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn ordinary_json_stays_text() {
        let text = r#"{"name":"Ada","n":[1,2.5,true,false,null],"s":"a\"$b"}"#;
        assert!(matches!(check(text), Ok(Checked::Raw(raw)) if raw.as_bytes() == text.as_bytes()));
    }

    #[test]
    fn what_could_be_an_escape_is_parsed() {
        for text in [r#"{"$bytes":1}"#, r#"{"\u0024date":1}"#, "[1e3]", "[1E-3]"] {
            assert!(matches!(check(text), Ok(Checked::Parsed(_))), "{text}");
        }
    }

    #[test]
    fn a_surrogate_alone_is_refused_and_a_pair_is_read() {
        assert!(check(r#""\ud800""#).is_err());
        assert_eq!(check(r#""\ud83d\ude00""#), Ok(Checked::Parsed("😀".into())));
    }

    #[test]
    fn numbers_out_of_range_are_refused_at_the_door() {
        assert!(check("1e999").is_err());
        assert!(check(&"9".repeat(400)).is_err());
    }

    #[test]
    fn errors_say_where() {
        let error = check("{\n  \"a\": oops}").unwrap_err();
        assert_eq!((error.line, error.column), (2, 8));
        let error = check_plain(Bytes::from_static(b"\"a\n\xff\"")).unwrap_err();
        assert_eq!(
            (error.reason.as_str(), error.line, error.column),
            ("invalid UTF-8", 2, 1)
        );
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(MAX_VALUE_DEPTH + 1) + &"]".repeat(MAX_VALUE_DEPTH + 1);
        assert!(check(&deep).unwrap_err().reason.contains("deeper"));
        let fits = "[".repeat(MAX_VALUE_DEPTH) + &"]".repeat(MAX_VALUE_DEPTH);
        assert!(check(&fits).is_ok());
    }
}
