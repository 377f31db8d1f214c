//! One rule of a `switch` node.

use crate::loose;
use crate::pattern::{self, InvalidPattern};
use crate::typed_value::{Surroundings, TypedValue, ValueType};
use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::cmp::Ordering;
use weft_model::{Fault, FaultCode, Message, Value};

/// A rule as the config has it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct RuleConfig {
    /// The kind of the rule.
    t: Kind,
    /// The value to compare with.
    #[serde(default)]
    v: Json,
    /// The type of `v`; left out, a number if it looks like one, else text.
    vt: Option<OperandType>,
    /// The second value of `btwn`.
    #[serde(default)]
    v2: Json,
    /// The type of `v2`.
    v2t: Option<OperandType>,
    /// For `regex`: ignore case.
    #[serde(default)]
    case: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Kind {
    Eq,
    Neq,
    Lt,
    Lte,
    Gt,
    Gte,
    Btwn,
    Cont,
    Regex,
    True,
    False,
    Null,
    Nnull,
    Empty,
    Nempty,
    Istype,
    Hask,
    Else,
}

/// A rule, ready to be tried.
pub(super) enum Rule {
    Equal {
        to: TypedValue,
        negated: bool,
    },
    Ordered {
        to: TypedValue,
        orders: &'static [Ordering],
    },
    Between(TypedValue, TypedValue),
    Contains(TypedValue),
    Matches(Regex),
    MatchesGiven {
        pattern: TypedValue,
        ignore_case: bool,
    },
    Is(bool),
    Null {
        negated: bool,
    },
    Empty {
        negated: bool,
    },
    Type(TypeName),
    HasKey(TypedValue),
    Else,
}

#[derive(Clone, Copy)]
pub(super) enum TypeName {
    String,
    Number,
    Boolean,
    Array,
    Buffer,
    Object,
    Json,
    Undefined,
    Null,
}

/// The field of the rule that is wrong, what is wrong, and how to mend it.
type BadRule = (&'static str, String, &'static str);

/// The type of a rule's value. For `istype`, Node-RED saves the name of the type
/// that is asked for here too.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum OperandType {
    Value(ValueType),
    Asked(AskedType),
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum AskedType {
    String,
    Number,
    Boolean,
    Array,
    Buffer,
    Object,
    Undefined,
    Null,
}

/// The type of a value that is compared with.
fn value_type(
    field: &'static str,
    given: Option<OperandType>,
) -> Result<Option<ValueType>, BadRule> {
    match given {
        None => Ok(None),
        Some(OperandType::Value(value)) => Ok(Some(value)),
        Some(OperandType::Asked(asked)) => {
            let message = format!("{asked:?} is a type for istype rules only").to_lowercase();
            Err((
                field,
                message,
                "use str, num, bool, json, bin, date, msg or env",
            ))
        }
    }
}

impl Rule {
    pub(super) fn new(config: &RuleConfig) -> Result<Rule, BadRule> {
        use Ordering::{Equal, Greater, Less};
        if let Kind::Istype = config.t {
            return TypeName::new(&config.v).map(Rule::Type);
        }
        let (vt, v2t) = (value_type("vt", config.vt)?, value_type("v2t", config.v2t)?);
        let value = || typed("v", vt, &config.v);
        let ordered = |orders| {
            Ok(Rule::Ordered {
                to: value()?,
                orders,
            })
        };
        match config.t {
            Kind::Eq | Kind::Neq => Ok(Rule::Equal {
                to: value()?,
                negated: matches!(config.t, Kind::Neq),
            }),
            Kind::Lt => ordered(&[Less]),
            Kind::Lte => ordered(&[Less, Equal]),
            Kind::Gt => ordered(&[Greater]),
            Kind::Gte => ordered(&[Greater, Equal]),
            Kind::Btwn => Ok(Rule::Between(value()?, typed("v2", v2t, &config.v2)?)),
            Kind::Cont => value().map(Rule::Contains),
            Kind::Regex => regex(config, vt),
            Kind::True => Ok(Rule::Is(true)),
            Kind::False => Ok(Rule::Is(false)),
            Kind::Null | Kind::Nnull => Ok(Rule::Null {
                negated: matches!(config.t, Kind::Nnull),
            }),
            Kind::Empty | Kind::Nempty => Ok(Rule::Empty {
                negated: matches!(config.t, Kind::Nempty),
            }),
            Kind::Istype => TypeName::new(&config.v).map(Rule::Type),
            Kind::Hask => typed("v", vt.or(Some(ValueType::Str)), &config.v).map(Rule::HasKey),
            Kind::Else => Ok(Rule::Else),
        }
    }

    /// Whether the rule holds for a property. [`Rule::Else`] depends on the
    /// other rules, and holds here.
    pub(super) fn holds(
        &self,
        property: Option<&Value>,
        message: &Message,
        around: &dyn Surroundings,
    ) -> Result<bool, Fault> {
        let get = |value: &TypedValue| value.get(message, around).map(Cow::into_owned);
        let text = || property.map_or(Cow::Borrowed("undefined"), loose::to_text);
        Ok(match self {
            Rule::Equal { to, negated } => {
                loose::equals(property, to.get(message, around).as_deref()) != *negated
            }
            Rule::Ordered { to, orders } => {
                let order = loose::compare(property, to.get(message, around).as_deref());
                order.is_some_and(|order| orders.contains(&order))
            }
            Rule::Between(a, b) => {
                let a = loose::compare(property, get(a).as_ref());
                let b = loose::compare(property, get(b).as_ref());
                let between = |low: Ordering, high: Ordering| low.is_ge() && high.is_le();
                matches!((a, b), (Some(a), Some(b)) if between(a, b) || between(b, a))
            }
            Rule::Contains(part) => match get(part) {
                Some(part) => text().contains(&*loose::to_text(&part)),
                None => text().contains("undefined"),
            },
            Rule::Matches(regex) => regex.is_match(&text()),
            Rule::MatchesGiven {
                pattern,
                ignore_case,
            } => {
                let pattern = get(pattern).map(|v| loose::to_text(&v).into_owned());
                let regex = pattern::compile(&pattern.unwrap_or_default(), *ignore_case);
                regex.map_err(bad_pattern)?.is_match(&text())
            }
            Rule::Is(wanted) => property == Some(&Value::Bool(*wanted)),
            Rule::Null { negated } => matches!(property, None | Some(Value::Null)) != *negated,
            Rule::Empty { negated } => is_empty(property).is_some_and(|empty| empty != *negated),
            Rule::Type(name) => name.fits(property),
            Rule::HasKey(key) => match (property, get(key)) {
                (Some(Value::Object(fields)), Some(key)) => {
                    fields.contains_key(&*loose::to_text(&key))
                }
                _ => false,
            },
            Rule::Else => true,
        })
    }
}

fn typed(
    field: &'static str,
    value_type: Option<ValueType>,
    value: &Json,
) -> Result<TypedValue, BadRule> {
    let looks_like_number = || match value {
        Json::Number(_) | Json::Null => true,
        Json::String(text) => !loose::parse_number(text).as_f64().is_nan(),
        _ => false,
    };
    let value_type = value_type.unwrap_or_else(|| match looks_like_number() {
        true => ValueType::Num,
        false => ValueType::Str,
    });
    TypedValue::new(value_type, value).map_err(|error| {
        (
            field,
            error.to_string(),
            "mend the value, or choose another type",
        )
    })
}

fn regex(config: &RuleConfig, vt: Option<ValueType>) -> Result<Rule, BadRule> {
    let text = typed("v", vt.or(Some(ValueType::Str)), &config.v)?;
    let TypedValue::Fixed(text) = &text else {
        return Ok(Rule::MatchesGiven {
            pattern: text,
            ignore_case: config.case,
        });
    };
    pattern::compile(&loose::to_text(text), config.case)
        .map(Rule::Matches)
        .map_err(|error| ("v", error.to_string(), InvalidPattern::HINT))
}

fn bad_pattern(error: InvalidPattern) -> Fault {
    Fault::new(FaultCode::InvalidMessage, error.to_string()).hint(InvalidPattern::HINT)
}

/// Whether something that can be empty is; none for everything else.
fn is_empty(property: Option<&Value>) -> Option<bool> {
    match property? {
        Value::String(text) => Some(text.is_empty()),
        Value::Bytes(bytes) => Some(bytes.is_empty()),
        Value::Array(items) => Some(items.is_empty()),
        Value::Object(fields) => Some(fields.is_empty()),
        _ => None,
    }
}

impl TypeName {
    fn new(name: &Json) -> Result<TypeName, BadRule> {
        Ok(match name.as_str().unwrap_or_default() {
            "string" => TypeName::String,
            "number" => TypeName::Number,
            "boolean" => TypeName::Boolean,
            "array" => TypeName::Array,
            "buffer" => TypeName::Buffer,
            "object" => TypeName::Object,
            "json" => TypeName::Json,
            "undefined" => TypeName::Undefined,
            "null" => TypeName::Null,
            _ => {
                let hint =
                    "use string, number, boolean, array, buffer, object, json, undefined or null";
                return Err(("v", format!("{name} is not the name of a type"), hint));
            }
        })
    }

    fn fits(self, property: Option<&Value>) -> bool {
        let Some(value) = property else {
            return matches!(self, TypeName::Undefined);
        };
        match self {
            TypeName::String => matches!(value, Value::String(_)),
            TypeName::Number => matches!(value, Value::Number(n) if !n.as_f64().is_nan()),
            TypeName::Boolean => matches!(value, Value::Bool(_)),
            TypeName::Array => matches!(value, Value::Array(_)),
            TypeName::Buffer => matches!(value, Value::Bytes(_)),
            TypeName::Object => matches!(value, Value::Object(_) | Value::Date(_)),
            TypeName::Json => {
                let text = loose::to_text(value);
                serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok()
            }
            TypeName::Undefined => false,
            TypeName::Null => matches!(value, Value::Null),
        }
    }
}
