//! Regular expressions in configs and messages.
//!
//! The engine runs in linear time whatever the text, so JavaScript's look-around
//! and back-references are refused.

use regex::{Regex, RegexBuilder};

/// Most bytes of a compiled expression.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// An expression that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{input:?} is not a usable regular expression: {reason}")]
pub struct InvalidPattern {
    /// The expression, shortened to 200 characters.
    pub input: String,
    /// What is wrong.
    pub reason: String,
}

impl InvalidPattern {
    /// How to mend it.
    pub const HINT: &str = "look-around and back-references do not exist here; the syntax is that of https://docs.rs/regex/#syntax";
}

/// Compile an expression.
///
/// # Errors
/// Its syntax is wrong or unknown, or it is too large.
pub fn compile(text: &str, ignore_case: bool) -> Result<Regex, InvalidPattern> {
    let regex = RegexBuilder::new(text)
        .case_insensitive(ignore_case)
        .size_limit(MAX_COMPILED_BYTES)
        .build();
    regex.map_err(|error| {
        // The engine shows the place over several lines; its last says what.
        let text_of_error = error.to_string();
        let reason = text_of_error.lines().last().unwrap_or_default();
        InvalidPattern {
            input: text.chars().take(200).collect(),
            reason: reason.trim_start_matches("error: ").to_owned(),
        }
    })
}

/// Replace all matches; `$1`, `$&` and `$$` in `replacement` mean what they mean
/// in JavaScript.
pub fn replace_all(regex: &Regex, text: &str, replacement: &str) -> String {
    if !replacement.contains('$') {
        return regex
            .replace_all(text, regex::NoExpand(replacement))
            .into_owned();
    }
    let replace = |found: &regex::Captures<'_>| expand(replacement, text, found);
    regex.replace_all(text, replace).into_owned()
}

/// ECMA-262 §22.1.3.19.1, GetSubstitution.
fn expand(replacement: &str, text: &str, found: &regex::Captures<'_>) -> String {
    let mut out = String::with_capacity(replacement.len());
    let mut rest = replacement;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (range, matched) = found.get(0).map_or((0..0, ""), |m| (m.range(), m.as_str()));
        rest = match after.as_bytes().first() {
            Some(b'$') => {
                out.push('$');
                &after[1..]
            }
            Some(b'&') => {
                out.push_str(matched);
                &after[1..]
            }
            Some(b'`') => {
                out.push_str(&text[..range.start]);
                &after[1..]
            }
            Some(b'\'') => {
                out.push_str(&text[range.end..]);
                &after[1..]
            }
            _ => match group(after, found.len()) {
                Some((number, length)) => {
                    out.push_str(found.get(number).map_or("", |m| m.as_str()));
                    &after[length..]
                }
                None => {
                    out.push('$');
                    after
                }
            },
        };
    }
    out.push_str(rest);
    out
}

/// A group's number of one or two digits, and how many.
fn group(text: &str, groups: usize) -> Option<(usize, usize)> {
    [2, 1].into_iter().find_map(|length| {
        let digits = text.get(..length)?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit());
        let number: usize = digits.parse().ok().filter(|_| plain)?;
        (1..groups).contains(&number).then_some((number, length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_read_as_in_javascript() {
        let regex = compile("(b)(c)?", false).unwrap();
        for (replacement, result) in [
            ("[$1$2]", "a[bc]d[b]"),
            ("$1x", "abxdbx"),
            ("$&$&", "abcbcdbb"),
            ("$$1", "a$1d$1"),
            ("$3", "a$3d$3"),
            ("$0", "a$0d$0"),
            ("<$`>", "a<a>d<abcd>"),
            ("$", "a$d$"),
            ("$12", "ab2db2"),
            ("$01", "abdb"),
        ] {
            assert_eq!(
                replace_all(&regex, "abcdb", replacement),
                result,
                "{replacement}"
            );
        }
    }

    #[test]
    fn what_needs_backtracking_is_refused_with_a_reason() {
        for text in ["(?=a)", "(a)\\1", "("] {
            let error = compile(text, false).unwrap_err();
            assert!(!error.reason.is_empty() && error.input == text, "{error}");
        }
        assert!(compile(&"(a{1000}){1000}".repeat(9), false).is_err());
    }
}
