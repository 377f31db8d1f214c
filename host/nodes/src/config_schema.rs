//! A config checked against the JSON Schema of its type: every violation with
//! its place and a hint.
//!
//! Schemas come from here (built-in types) and from uploads, so patterns run in
//! linear time, and nothing is fetched.

use crate::components::nearest;
use crate::node_type::invalid_config;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use std::sync::OnceLock;
use weft_model::problem::Problem;

/// Most bytes of one compiled pattern of a schema.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// Longest part of a message that quotes a config.
const MAX_QUOTE_CHARS: usize = 300;

/// Deepest nesting of a schema, references followed.
const MAX_SCHEMA_DEPTH: usize = 64;

/// Most parts of a schema, references followed. Without it a short schema could
/// ask for more checks than anybody can wait for.
const MAX_SCHEMA_PARTS: usize = 20_000;

/// What Node-RED's configs may say and this version does not know yet.
const NOT_YET: [(&[&str], &str); 2] = [
    (
        &["flow", "global", "prev"],
        "this version has no flow, global or previous values: use msg or env",
    ),
    (
        &["jsonata", "jsonata_exp"],
        "this version has no JSONata: use a function node",
    ),
];

/// A JSON Schema of configs, compiled when it is first needed.
pub struct ConfigSchema {
    schema: Json,
    validator: OnceLock<Result<Validator, BadSchema>>,
}

/// A JSON Schema that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the config schema can't be used: {reason}")]
pub struct BadSchema {
    /// Why.
    pub reason: String,
}

impl ConfigSchema {
    /// A schema from outside.
    pub fn new(schema: Json) -> Self {
        ConfigSchema {
            schema,
            validator: OnceLock::new(),
        }
    }

    /// The schema of a Rust type.
    pub fn of<T: JsonSchema>() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
        let mut schema = settings.into_generator().into_root_schema_for::<T>();
        // The name of the Rust type says nothing to people.
        schema.remove("title");
        ConfigSchema::new(schema.into())
    }

    /// The schema.
    pub fn as_json(&self) -> &Json {
        &self.schema
    }

    /// See whether the schema can be used: call it on a component's descriptor
    /// at upload.
    ///
    /// # Errors
    /// It is no JSON Schema, refers to something outside, or goes round in
    /// circles.
    pub fn check_schema(&self) -> Result<(), BadSchema> {
        self.validator().map(|_| ()).map_err(BadSchema::clone)
    }

    /// Check a config. `at` is the config's place, such as `/config`.
    pub fn problems(&self, config: &Map<String, Json>, at: &str) -> Vec<Problem> {
        let validator = match self.validator() {
            Ok(validator) => validator,
            Err(bad) => {
                let hint = "upload a version of the component with another configSchema";
                return vec![invalid_config(at, bad.to_string(), hint)];
            }
        };
        let config = Json::Object(config.clone());
        let errors = validator.iter_errors(&config);
        errors.map(|error| self.problem(&error, at)).collect()
    }

    /// Check a config and read it.
    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        config: &Map<String, Json>,
    ) -> Result<T, Vec<Problem>> {
        let problems = self.problems(config, "/config");
        if !problems.is_empty() {
            return Err(problems);
        }
        serde_json::from_value(Json::Object(config.clone())).map_err(|error| {
            let hint = "compare it with the type's schema (GET node-types)";
            vec![invalid_config("/config", short(&error.to_string()), hint)]
        })
    }

    fn validator(&self) -> Result<&Validator, &BadSchema> {
        self.validator
            .get_or_init(|| {
                measure(&self.schema)?;
                let patterns = PatternOptions::regex().size_limit(MAX_PATTERN_BYTES);
                jsonschema::options()
                    .with_draft(jsonschema::Draft::Draft202012)
                    .with_pattern_options(patterns)
                    .build(&self.schema)
                    .map_err(|error| BadSchema {
                        reason: short(&error.to_string()),
                    })
            })
            .as_ref()
    }

    fn problem(&self, error: &ValidationError<'_>, at: &str) -> Problem {
        let mut pointer = format!("{at}{}", error.instance_path());
        let hint = match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let name = unexpected.first().map_or("", String::as_str);
                pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                let known = self.siblings(error.schema_path().as_str());
                match nearest(name, known.iter().map(String::as_str)) {
                    Some(like) => format!("did you mean {like:?}?"),
                    None if known.is_empty() => "remove it".to_owned(),
                    None => format!("remove it; known here are {}", known.join(", ")),
                }
            }
            ValidationErrorKind::Required { property } => format!("add {property}"),
            ValidationErrorKind::Enum { .. } | ValidationErrorKind::AnyOf { .. } => {
                let known = "use one of the values that the type's documentation lists";
                let asked = error.instance().as_str().unwrap_or_default();
                let not_yet = NOT_YET.iter().find(|(names, _)| names.contains(&asked));
                not_yet.map_or(known, |(_, hint)| hint).to_owned()
            }
            _ => "see the type's documentation (GET node-types)".to_owned(),
        };
        invalid_config(pointer, short(&error.to_string()), hint)
    }

    /// The names of the properties beside an `additionalProperties`.
    fn siblings(&self, keyword: &str) -> Vec<String> {
        let place = keyword.rsplit_once('/').map_or("", |(parent, _)| parent);
        let properties = self.schema.pointer(&format!("{place}/properties"));
        let names = properties.and_then(Json::as_object);
        names.map_or_else(Vec::new, |names| names.keys().cloned().collect())
    }
}

/// Refuse a schema that refers to something outside or to itself, or that is
/// too large with its references followed.
fn measure(schema: &Json) -> Result<(), BadSchema> {
    let mut left = MAX_SCHEMA_PARTS;
    let reason = match parts(schema, schema, MAX_SCHEMA_DEPTH, &mut left) {
        Ok(()) => return Ok(()),
        Err(Oversize::Reference(to)) => {
            format!("it refers to {to:?}; only \"#/…\" in the same schema is allowed")
        }
        Err(Oversize::Depth) => {
            format!("it refers to itself, or is nested deeper than {MAX_SCHEMA_DEPTH} levels")
        }
        Err(Oversize::Parts) => {
            format!("it has over {MAX_SCHEMA_PARTS} parts when its references are followed")
        }
    };
    Err(BadSchema { reason })
}

enum Oversize {
    Reference(String),
    Depth,
    Parts,
}

fn parts(part: &Json, root: &Json, depth: usize, left: &mut usize) -> Result<(), Oversize> {
    let depth = depth.checked_sub(1).ok_or(Oversize::Depth)?;
    *left = left.checked_sub(1).ok_or(Oversize::Parts)?;
    match part {
        Json::Array(items) => items
            .iter()
            .try_for_each(|item| parts(item, root, depth, left)),
        Json::Object(fields) => {
            fields
                .iter()
                .try_for_each(|(name, value)| match (name.as_str(), value) {
                    ("$ref" | "$dynamicRef" | "$recursiveRef", Json::String(to)) => {
                        let target = to.strip_prefix('#').and_then(|to| root.pointer(to));
                        let target = target.ok_or_else(|| Oversize::Reference(short(to)))?;
                        parts(target, root, depth, left)
                    }
                    _ => parts(value, root, depth, left),
                })
        }
        _ => Ok(()),
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
