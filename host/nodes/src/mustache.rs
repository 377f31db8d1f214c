//! Mustache, the template language (mustache(5)), as mustache.js and so Node-RED
//! read it: variables, sections, inverted sections, comments, delimiters.
//! Partials render nothing, since there is nowhere to take them from.
//!
//! A template is parsed once and rendered over any [`Context`].

mod parse;
mod render;

use std::borrow::Cow;
use weft_model::Value;

/// Deepest nesting of sections.
pub const MAX_DEPTH: usize = 64;

/// Most bytes that a template may render to.
pub const MAX_OUTPUT_BYTES: usize = 16 << 20;

/// Most tags and texts that rendering may pass through; it bounds the time that
/// sections within sections can take.
pub const MAX_STEPS: usize = 1_000_000;

/// A template, parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    body: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
enum Segment {
    Text(String),
    Variable {
        name: Name,
        escape: bool,
    },
    Section {
        name: Name,
        inverted: bool,
        body: Vec<Segment>,
    },
}

#[derive(Clone, Debug, PartialEq)]
enum Name {
    /// `.`, what the innermost section is about.
    Current,
    /// `a.b.c`.
    Dotted(Vec<String>),
}

/// Text that is not a template; lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SyntaxError {
    #[error("the tag that begins on line {line} is not closed")]
    UnclosedTag { line: usize },
    #[error("the section {name:?} that begins on line {line} is not closed")]
    UnclosedSection { name: String, line: usize },
    #[error("line {line} closes {name:?}, which is not the section that is open")]
    UnexpectedClose { name: String, line: usize },
    #[error("line {line} sets delimiters in a way that can't be read: write {{{{=<% %>=}}}}")]
    BadDelimiters { line: usize },
    #[error("line {line}: sections are nested deeper than {MAX_DEPTH}")]
    TooDeep { line: usize },
}

/// What a template is rendered over.
pub trait Context {
    /// The value of a name; `rest` are the parts after the first dot. Absent is
    /// none.
    fn find(&self, first: &str, rest: &[String]) -> Option<Cow<'_, Value>>;
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// `{{x}}` for HTML, `{{{x}}}` as it is.
    Html,
    /// As [`Escape::Html`]; before that, backslashes and control characters of
    /// text are written as in JSON strings.
    HtmlInJson,
}

/// A template that renders to too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the template renders to over {MAX_OUTPUT_BYTES} bytes, or passes through over {MAX_STEPS} tags"
)]
pub struct TooLarge;

impl Template {
    /// Parse a template.
    ///
    /// # Errors
    /// With the line.
    pub fn parse(text: &str) -> Result<Template, SyntaxError> {
        parse::parse(text).map(|body| Template { body })
    }

    /// Render the template.
    ///
    /// # Errors
    /// The result would be too large.
    pub fn render(&self, context: &dyn Context, escape: Escape) -> Result<String, TooLarge> {
        render::render(&self.body, context, escape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::property::{property, within};

    struct Json(Value);

    impl Context for Json {
        fn find(&self, first: &str, rest: &[String]) -> Option<Cow<'_, Value>> {
            let start = property(&self.0, first)?;
            rest.iter().try_fold(start, |at, name| within(at, name))
        }
    }

    fn render(template: &str, data: serde_json::Value) -> String {
        let template = Template::parse(template).unwrap();
        template.render(&Json(data.into()), Escape::Html).unwrap()
    }

    #[test]
    fn tags_do_what_mustache_says() {
        let data = serde_json::json!({
            "name": "Ada & Co", "n": 1.5, "yes": true, "no": false, "zero": 0, "empty": "", "nothing": null,
            "a": {"b": {"c": 3}, "name": "inner"}, "list": [1, [2, "<"]], "none": [],
            "people": [{"n": "x"}, {"n": "y"}],
        });
        for (template, expected) in [
            ("Hi {{name}}!", "Hi Ada &amp; Co!"),
            (
                "{{{name}}} {{&name}} {{& name }}",
                "Ada & Co Ada & Co Ada & Co",
            ),
            ("{{a.b.c}}{{ a.b.c }}{{n}}", "331.5"),
            ("[{{nothing}}{{missing}}{{a.x.y}}]", "[]"),
            ("{{#yes}}y{{/yes}}{{#no}}n{{/no}}{{^no}}!n{{/no}}", "y!n"),
            (
                "{{#zero}}n{{/zero}}{{#empty}}n{{/empty}}{{^none}}none{{/none}}",
                "none",
            ),
            ("{{#list}}({{.}}){{/list}}", "(1)(2,&lt;)"),
            (
                "{{#people}}{{n}}{{name}};{{/people}}",
                "xAda &amp; Co;yAda &amp; Co;",
            ),
            ("{{#a}}{{name}}{{#b}}{{c}}{{/b}}{{/a}}", "inner3"),
            ("{{#a}}{{b.missing}}{{a.name}}{{/a}}", "inner"),
            ("{{! nothing\n to see }}x{{!y}}", "x"),
            ("{{=<% %>=}}<% n %>{{n}}<%={{ }}=%>{{n}}", "1.5{{n}}1.5"),
            ("a{{> partial}}b", "ab"),
            ("{{a}}{{list.0}}{{list.length}}", "[object Object]12"),
            ("{{ # yes }}1{{ / yes }}", "1"),
        ] {
            assert_eq!(render(template, data.clone()), expected, "{template}");
        }
    }

    #[test]
    fn every_character_that_html_could_read_is_escaped() {
        let data = serde_json::json!({ "x": "&<>\"'/`=é" });
        let escaped = "&amp;&lt;&gt;&quot;&#39;&#x2F;&#x60;&#x3D;é";
        assert_eq!(render("{{x}}", data), escaped);
    }

    #[test]
    fn a_line_with_nothing_but_tags_vanishes() {
        let data = serde_json::json!({ "list": [1, 2] });
        for (template, expected) in [
            ("<\n  {{#list}}\n- {{.}}\n  {{/list}}\n>", "<\n- 1\n- 2\n>"),
            ("a\r\n{{! c }}\r\nb", "a\r\nb"),
            ("{{#list}} {{/list}}\n", ""),
            ("  {{.list.x}}  \n", "    \n"),
            ("x {{! inline }} y", "x  y"),
            ("{{=| |=}}\nx", "x"),
        ] {
            assert_eq!(render(template, data.clone()), expected, "{template:?}");
        }
    }

    #[test]
    fn syntax_errors_name_the_line() {
        for (template, error) in [
            ("a\n{{b", SyntaxError::UnclosedTag { line: 2 }),
            ("{{{b}}", SyntaxError::UnclosedTag { line: 1 }),
            (
                "a\n\n{{#b}}",
                SyntaxError::UnclosedSection {
                    name: "b".into(),
                    line: 3,
                },
            ),
            (
                "{{#a}}\n{{/b}}",
                SyntaxError::UnexpectedClose {
                    name: "b".into(),
                    line: 2,
                },
            ),
            (
                "{{/b}}",
                SyntaxError::UnexpectedClose {
                    name: "b".into(),
                    line: 1,
                },
            ),
            ("{{=a=}}", SyntaxError::BadDelimiters { line: 1 }),
        ] {
            assert_eq!(Template::parse(template).unwrap_err(), error, "{template}");
        }
        let deep = "{{#a}}".repeat(MAX_DEPTH + 1);
        assert_eq!(
            Template::parse(&deep),
            Err(SyntaxError::TooDeep { line: 1 })
        );
    }

    #[test]
    fn sections_within_sections_are_bounded() {
        let items: Vec<u8> = vec![0; 100];
        let data = Json(serde_json::json!({ "a": items }).into());
        let template = "{{#a}}".repeat(10) + &"{{/a}}".repeat(10);
        let template = Template::parse(&template).unwrap();
        assert_eq!(template.render(&data, Escape::Html), Err(TooLarge));
    }
}
