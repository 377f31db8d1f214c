//! What the commands on a flow say when they are done.

use crate::cli::answer::Answer;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::problem::Entry;
use serde::Deserialize as _;
use serde_json::Value;

/// A draft was saved.
pub(crate) fn saved(json: bool, id: &str, answer: &Answer) -> Result<(), Failure> {
    if json {
        return output::json(&answer.value);
    }
    let etag = answer
        .etag
        .as_ref()
        .map_or_else(String::new, |etag| format!(" (etag {etag})"));
    output::line(&format!("saved {id}{etag}"))?;
    problems(&answer.value, "/problems")
}

/// A document was checked.
///
/// # Errors
/// It could not be deployed.
pub(crate) fn validated(json: bool, id: &str, answer: &Answer) -> Result<(), Failure> {
    let valid = answer.value.pointer("/valid") == Some(&Value::Bool(true));
    if json {
        output::json(&answer.value)?;
    } else {
        problems(&answer.value, "/problems")?;
    }
    match valid {
        true if json => Ok(()),
        true => output::line(&format!("{id} can be deployed")),
        false => Err(Failure::failed(format!("{id} cannot be deployed"))),
    }
}

/// A revision went live.
pub(crate) fn deployed(json: bool, id: &str, answer: &Answer) -> Result<(), Failure> {
    if json {
        return output::json(&answer.value);
    }
    output::line(&format!(
        "deployed {id}, revision {}",
        answer.text("/revision")
    ))?;
    for url in list(&answer.value, "/urls") {
        let url = url.as_str().map_or_else(|| url.to_string(), str::to_owned);
        output::line(&format!("  {}", output::printable(&url)))?;
    }
    problems(&answer.value, "/warnings")
}

fn problems(answer: &Value, pointer: &str) -> Result<(), Failure> {
    list(answer, pointer).iter().try_for_each(|problem| {
        let entry = Entry::deserialize(problem).unwrap_or_default();
        output::line(&entry.to_string())
    })
}

fn list<'a>(answer: &'a Value, pointer: &str) -> &'a [Value] {
    answer
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
