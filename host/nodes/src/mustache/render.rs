//! Writes a template out.

use super::{Context, Escape, MAX_OUTPUT_BYTES, MAX_STEPS, Name, Segment, TooLarge};
use crate::loose;
use crate::property::{property, within};
use std::borrow::Cow;
use weft_model::Value;

/// Render a template's body.
pub(super) fn render(
    body: &[Segment],
    context: &dyn Context,
    escape: Escape,
) -> Result<String, TooLarge> {
    let mut renderer = Renderer {
        context,
        escape,
        out: String::new(),
        steps: 0,
    };
    renderer.body(body, None)?;
    Ok(renderer.out)
}

struct Renderer<'c> {
    context: &'c dyn Context,
    escape: Escape,
    out: String,
    steps: usize,
}

/// What the sections around are about, the innermost first.
struct Frame<'f> {
    value: &'f Value,
    outer: Option<&'f Frame<'f>>,
}

impl<'c> Renderer<'c> {
    fn body(&mut self, body: &[Segment], frame: Option<&Frame<'_>>) -> Result<(), TooLarge> {
        for segment in body {
            self.steps += 1;
            if self.steps > MAX_STEPS || self.out.len() > MAX_OUTPUT_BYTES {
                return Err(TooLarge);
            }
            match segment {
                Segment::Text(text) => self.out.push_str(text),
                Segment::Variable { name, escape } => {
                    if let Some(value) = self.find(name, frame) {
                        self.variable(&value, *escape);
                    }
                }
                Segment::Section {
                    name,
                    inverted,
                    body,
                } => {
                    let value = self.find(name, frame);
                    self.section(value.as_deref(), *inverted, body, frame)?;
                }
            }
        }
        if self.out.len() > MAX_OUTPUT_BYTES {
            return Err(TooLarge);
        }
        Ok(())
    }

    fn section(
        &mut self,
        value: Option<&Value>,
        inverted: bool,
        body: &[Segment],
        outer: Option<&Frame<'_>>,
    ) -> Result<(), TooLarge> {
        let shown = match value {
            Some(Value::Array(items)) => !items.is_empty(),
            value => loose::is_truthy(value),
        };
        match value {
            _ if inverted && !shown => self.body(body, outer),
            _ if inverted || !shown => Ok(()),
            Some(Value::Array(items)) => items.iter().try_for_each(|value| {
                self.steps += 1;
                self.body(body, Some(&Frame { value, outer }))
            }),
            None | Some(Value::Bool(_)) => self.body(body, outer),
            Some(value) => self.body(body, Some(&Frame { value, outer })),
        }
    }

    fn find<'f>(&self, name: &Name, frame: Option<&'f Frame<'f>>) -> Option<Cow<'f, Value>>
    where
        'c: 'f,
    {
        let names = match name {
            Name::Current => return frame.map(|frame| Cow::Borrowed(frame.value)),
            Name::Dotted(names) => names,
        };
        let (first, rest) = names.split_first()?;
        let mut at = frame;
        while let Some(Frame { value, outer }) = at {
            if let Some(start) = property(value, first) {
                return rest.iter().try_fold(start, |at, name| within(at, name));
            }
            at = *outer;
        }
        self.context.find(first, rest)
    }

    fn variable(&mut self, value: &Value, escape: bool) {
        let text = match value {
            Value::Null => return,
            Value::String(text) if self.escape == Escape::HtmlInJson => {
                Cow::Owned(escape_controls(text))
            }
            value => loose::to_text(value),
        };
        if escape {
            escape_html(&text, &mut self.out);
        } else {
            self.out.push_str(&text);
        }
    }
}

/// The characters that mustache.js escapes.
fn escape_html(text: &str, out: &mut String) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            b'/' => "&#x2F;",
            b'`' => "&#x60;",
            b'=' => "&#x3D;",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        out.push_str(entity);
        plain = at + 1;
    }
    out.push_str(&text[plain..]);
}

/// Backslashes and control characters as in a JSON string. Quotes are left to
/// HTML's escapes, so that `{{{x}}}` can insert JSON.
fn escape_controls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c => out.push(c),
        }
    }
    out
}
