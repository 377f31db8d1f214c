//! `template`: writes text, or JSON, from a message.

use crate::mustache::{self, Context, Escape};
use crate::node_type::{Definition, invalid_config, property_path};
use crate::property::PropertyPath;
use crate::typed_value::Surroundings;
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;
use weft_model::descriptor::{Descriptor, Port, Requests};
use weft_model::node::{Effects, LogLevel, Outcome};
use weft_model::problem::Problem;
use weft_model::validate::NodeFacts;
use weft_model::{Fault, FaultCode, Message, Value};

/// The config of a `template` node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The property of the message that gets the result.
    #[serde(default = "payload")]
    field: String,
    /// How the template is read.
    #[serde(default)]
    syntax: Syntax,
    /// The template. If it is empty, `msg.template` is used.
    #[serde(default)]
    template: String,
    /// What the result becomes.
    #[serde(default)]
    output: Output,
    /// The language that the editor highlights; it changes nothing else.
    #[serde(default)]
    #[expect(dead_code, reason = "for the editor")]
    format: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Syntax {
    /// Mustache.
    #[default]
    Mustache,
    /// As it is.
    Plain,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Output {
    /// Text.
    #[default]
    Str,
    /// The value that the text says as JSON.
    Json,
}

fn payload() -> String {
    "payload".into()
}

const DOCUMENTATION: &str = "\
Writes text from a message and puts it into a property of that message.

| field | default | meaning |
|---|---|---|
| `field` | `payload` | the property that gets the result |
| `syntax` | `mustache` | `mustache`, or `plain` to take the template as it is |
| `template` | empty | the template; empty takes `msg.template` |
| `output` | `str` | `str` for text, `json` to parse the result as JSON |
| `format` | none | the language that the editor highlights |

`{{payload.name}}` writes a value and escapes it for HTML (`& < > \" ' / ` =`), `{{{x}}}` writes it \
as it is; what is absent writes nothing. `{{#list}}…{{/list}}` repeats for each item (`{{.}}` is the item), \
or shows its content once if the value is neither false, 0, empty nor absent; `{{^list}}…{{/list}}` is the \
opposite. `{{! … }}` is a comment, `{{=<% %>=}}` changes the delimiters. `{{env.NAME}}` is a value of the \
flow's `env`, unless the message has a property `env`. With `output: json`, line breaks and backslashes in \
inserted text are escaped as JSON needs it.

The result has at most 16 MiB.";

/// A `template` node.
pub struct Template {
    field: PropertyPath,
    source: Source,
    syntax: Syntax,
    output: Output,
}

enum Source {
    Own(mustache::Template),
    OwnPlain(String),
    Message,
}

impl Definition for Template {
    type Config = Config;

    fn describe() -> Descriptor {
        Descriptor {
            node_type: "template".into(),
            name: "Template".into(),
            summary: "Writes text or JSON from a message.".into(),
            documentation: DOCUMENTATION.into(),
            category: "message".into(),
            icon: "braces".into(),
            color: "#7c5cbf".into(),
            input: Some(Port::labelled("message")),
            outputs: vec![Port::labelled("message")],
            config_schema: serde_json::Value::Null,
            requests: Requests::default(),
        }
    }

    fn compile(config: Config, _: &str) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let field = property_path("/config/field", &config.field);
        let field = field.map_err(|problem| problems.push(problem));
        let source =
            match (config.template.as_str(), config.syntax) {
                ("", _) => Ok(Source::Message),
                (_, Syntax::Plain) => Ok(Source::OwnPlain(config.template)),
                (text, Syntax::Mustache) => mustache::Template::parse(text)
                    .map(Source::Own)
                    .map_err(|error| {
                        let hint = "mend the template, or set syntax to plain";
                        let message = error.to_string();
                        problems.push(invalid_config("/config/template", message, hint));
                    }),
            };
        match (field, source) {
            (Ok(field), Ok(source)) => Ok(Template {
                field,
                source,
                syntax: config.syntax,
                output: config.output,
            }),
            _ => Err(problems),
        }
    }

    fn facts(&self) -> NodeFacts {
        NodeFacts {
            has_input: true,
            outputs: 1,
            ..NodeFacts::default()
        }
    }

    fn on_message(&self, mut message: Message, effects: &dyn Effects) -> Result<Outcome, Fault> {
        let text = self.text(&message, &effects)?;
        let value = match self.output {
            Output::Str => Value::String(text),
            Output::Json => weft_model::json::parse_plain(text.as_bytes()).map_err(|error| {
                Fault::new(
                    FaultCode::InvalidMessage,
                    format!("the template's result is not JSON: {error}"),
                )
                .hint("write {{{x}}} where a value is JSON already, or set output to str")
            })?,
        };
        if let Err(error) = self.field.set(&mut message, value) {
            effects.log(LogLevel::Warn, error.to_string());
        }
        Ok(Outcome::send(message))
    }
}

impl Template {
    fn text(&self, message: &Message, around: &dyn Surroundings) -> Result<String, Fault> {
        let invalid = |reason: String| Fault::new(FaultCode::InvalidMessage, reason);
        let escape = match self.output {
            Output::Str => Escape::Html,
            Output::Json => Escape::HtmlInJson,
        };
        let context = MessageContext { message, around };
        let render = |template: &mustache::Template| {
            template
                .render(&context, escape)
                .map_err(|error| invalid(error.to_string()))
        };
        match &self.source {
            Source::Own(template) => render(template),
            Source::OwnPlain(text) => Ok(text.clone()),
            Source::Message => {
                let text = message
                    .get("template")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                if self.syntax == Syntax::Plain {
                    return Ok(text.to_owned());
                }
                let template = mustache::Template::parse(text)
                    .map_err(|error| invalid(format!("msg.template: {error}")))?;
                render(&template)
            }
        }
    }
}

/// A message, and the flow's `env` behind it.
struct MessageContext<'a> {
    message: &'a Message,
    around: &'a dyn Surroundings,
}

impl Context for MessageContext<'_> {
    fn find(&self, first: &str, rest: &[String]) -> Option<Cow<'_, Value>> {
        let start = match (self.message.get(first), first) {
            (Some(value), _) => Cow::Borrowed(value),
            (None, "id") => Cow::Owned(Value::from(&**self.message.id())),
            (None, "env") if !rest.is_empty() => {
                return self.around.env(&rest.join(".")).map(Cow::Owned);
            }
            (None, _) => return None,
        };
        rest.iter()
            .try_fold(start, |at, name| crate::property::within(at, name))
    }
}
