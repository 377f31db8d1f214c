//! JavaScript's loose conversions and comparisons (ECMA-262 §7.1, §7.2), which
//! Node-RED's rules are made of. Absent stands for `undefined`.

use std::borrow::Cow;
use std::cmp::Ordering;
use weft_model::{Number, Value};

/// `a == b`.
pub fn equals(a: Option<&Value>, b: Option<&Value>) -> bool {
    use Value::{Bool, Null, Number as Num, String as Text};
    let (a, b) = match (a, b) {
        (None | Some(Null), None | Some(Null)) => return true,
        (None | Some(Null), _) | (_, None | Some(Null)) => return false,
        (Some(a), Some(b)) => (a, b),
    };
    match (a, b) {
        (Text(a), Text(b)) => a == b,
        (Num(a), Num(b)) => a == b,
        (Bool(a), Bool(b)) => a == b,
        // Objects are equal if they are the same object. Values have no
        // identity here, so the same means equal.
        _ if is_object(a) && is_object(b) => a == b,
        _ if is_object(a) && matches!(b, Text(_)) => *to_text(a) == *to_text(b),
        _ if is_object(b) && matches!(a, Text(_)) => *to_text(a) == *to_text(b),
        _ => to_number(Some(a)) == to_number(Some(b)),
    }
}

/// `a < b` is `Some(Less)`, and so on; none if no order holds between them.
pub fn compare(a: Option<&Value>, b: Option<&Value>) -> Option<Ordering> {
    if let (Some(Value::Number(a)), Some(Value::Number(b))) = (a, b) {
        return compare_numbers(*a, *b);
    }
    let text = |v: Option<&Value>| match v {
        Some(v @ (Value::String(_) | Value::Array(_) | Value::Object(_) | Value::Bytes(_))) => {
            Some(to_text(v).into_owned())
        }
        _ => None,
    };
    match (text(a), text(b)) {
        (Some(a), Some(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
        _ => to_number(a).partial_cmp(&to_number(b)),
    }
}

/// Whole numbers are compared exactly.
fn compare_numbers(a: Number, b: Number) -> Option<Ordering> {
    match (a, b) {
        (Number::I64(a), Number::I64(b)) => Some(a.cmp(&b)),
        (Number::U64(a), Number::U64(b)) => Some(a.cmp(&b)),
        (a, b) => a.as_f64().partial_cmp(&b.as_f64()),
    }
}

/// `Number(value)`.
pub fn to_number(value: Option<&Value>) -> f64 {
    match value {
        None => f64::NAN,
        Some(Value::Null) => 0.0,
        Some(Value::Bool(b)) => f64::from(u8::from(*b)),
        Some(Value::Number(n)) => n.as_f64(),
        Some(Value::Date(date)) => date.0 as f64,
        Some(Value::String(text)) => parse_number(text).as_f64(),
        Some(other) => parse_number(&to_text(other)).as_f64(),
    }
}

/// `Number(text)`; whole numbers stay exact. Blank text is 0, text that is no
/// number NaN.
pub fn parse_number(text: &str) -> Number {
    let text = text.trim();
    let radix = |prefix: [&str; 2], radix| {
        let digits = prefix.iter().find_map(|p| text.strip_prefix(p))?;
        Some(i64::from_str_radix(digits, radix).map_or(Number::F64(f64::NAN), Number::I64))
    };
    if let Some(number) = radix(["0x", "0X"], 16)
        .or_else(|| radix(["0o", "0O"], 8))
        .or_else(|| radix(["0b", "0B"], 2))
    {
        return number;
    }
    if let Ok(number) = text.parse() {
        return Number::I64(number);
    }
    let infinite = text.trim_start_matches(['+', '-']) == "Infinity";
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    match text {
        "" => Number::I64(0),
        _ if infinite || text.chars().all(plain) => Number::F64(text.parse().unwrap_or(f64::NAN)),
        _ => Number::F64(f64::NAN),
    }
}

/// `String(value)`; dates as ISO 8601, bytes as UTF-8.
pub fn to_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed("null"),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Number(number) => Cow::Owned(number_to_text(*number)),
        Value::String(text) => Cow::Borrowed(text),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes),
        Value::Date(date) => Cow::Owned(date.to_iso8601()),
        Value::Array(items) => {
            let text = |item: &Value| match item {
                Value::Null => String::new(),
                item => to_text(item).into_owned(),
            };
            Cow::Owned(items.iter().map(text).collect::<Vec<_>>().join(","))
        }
        Value::Object(_) => Cow::Borrowed("[object Object]"),
    }
}

/// A number as JavaScript writes it.
pub fn number_to_text(number: Number) -> String {
    let n = match number {
        Number::I64(n) => return n.to_string(),
        Number::U64(n) => return n.to_string(),
        Number::F64(n) => n,
    };
    let size = n.abs();
    if n.is_nan() {
        "NaN".into()
    } else if n.is_infinite() {
        if n > 0.0 { "Infinity" } else { "-Infinity" }.into()
    } else if n == 0.0 {
        "0".into()
    } else if (1e-6..1e21).contains(&size) {
        n.to_string()
    } else {
        let text = format!("{n:e}");
        if size >= 1.0 {
            text.replace('e', "e+")
        } else {
            text
        }
    }
}

/// False for absent, null, false, 0, NaN and empty text.
pub fn is_truthy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(b)) => *b,
        Some(Value::Number(n)) => n.as_f64() != 0.0 && !n.as_f64().is_nan(),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

fn is_object(value: &Value) -> bool {
    matches!(
        value,
        Value::Array(_) | Value::Object(_) | Value::Bytes(_) | Value::Date(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_model::Date;

    fn json(text: &str) -> Value {
        weft_model::json::parse_plain(text.as_bytes()).unwrap()
    }

    #[test]
    fn loose_equality_is_javascripts() {
        let yes = [
            ("1", "\"1\""),
            ("0", "\"\""),
            ("1", "true"),
            ("\"1\"", "true"),
            ("0", "false"),
            ("[1]", "1"),
            ("[1,2]", "\"1,2\""),
            ("10", "\"0xA\""),
            ("1.5", "\" 1.5 \""),
            ("{}", "\"[object Object]\""),
            ("[]", "0"),
            ("[]", "false"),
        ];
        for (a, b) in yes {
            assert!(equals(Some(&json(a)), Some(&json(b))), "{a} == {b}");
            assert!(equals(Some(&json(b)), Some(&json(a))), "{b} == {a}");
        }
        for (a, b) in [
            ("\"1\"", "\"01\""),
            ("null", "0"),
            ("null", "false"),
            ("\"a\"", "0"),
            ("true", "\"true\""),
        ] {
            assert!(!equals(Some(&json(a)), Some(&json(b))), "{a} == {b}");
        }
        assert!(equals(None, Some(&Value::Null)) && equals(None, None));
        assert!(!equals(Some(&f64::NAN.into()), Some(&f64::NAN.into())));
    }

    #[test]
    fn order_is_by_text_only_between_texts() {
        let order = |a: &str, b: &str| compare(Some(&json(a)), Some(&json(b)));
        assert_eq!(order("\"10\"", "\"9\""), Some(Ordering::Less));
        assert_eq!(order("\"10\"", "9"), Some(Ordering::Greater));
        assert_eq!(order("null", "1"), Some(Ordering::Less));
        assert_eq!(order("\"a\"", "1"), None);
        assert_eq!(compare(None, Some(&json("1"))), None);
        let exact = ("9007199254740993", "9007199254740992");
        assert_eq!(order(exact.0, exact.1), Some(Ordering::Greater));
        let date = Value::Date(Date(5));
        assert_eq!(
            compare(Some(&date), Some(&json("4"))),
            Some(Ordering::Greater)
        );
    }

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (n, text) in [
            (1.0, "1"),
            (-0.0, "0"),
            (0.1, "0.1"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (1.5e-7, "1.5e-7"),
            (0.000001, "0.000001"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number_to_text(Number::F64(n)), text);
        }
    }

    #[test]
    fn text_that_is_no_number_is_nan() {
        for text in [
            "x", "1x", "inf", "nan", "infinity", "1_000", "0xZ", "--1", "1 2",
        ] {
            assert!(parse_number(text).as_f64().is_nan(), "{text}");
        }
        for (text, n) in [
            ("", 0.0),
            (" 12 ", 12.0),
            ("-1.5e3", -1500.0),
            (".5", 0.5),
            ("0b11", 3.0),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(parse_number(text).as_f64(), n, "{text}");
        }
    }
}
