//! What the management API answered.

use crate::cli::failure::Failure;
use crate::cli::problem::Problem;
use http::Response;
use http::header::ETAG;
use serde_json::Value;
use ureq::Body;

/// Most bytes of an answer.
const MAX_ANSWER: u64 = 256 << 20;

/// An answer that says that it was done.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The body; null if there is none.
    pub(crate) value: Value,
    /// The version of what was answered, as it goes into `--if-match`.
    pub(crate) etag: Option<String>,
    /// True if something was made that was not there before.
    pub(crate) is_new: bool,
}

impl Answer {
    /// Read the whole answer.
    ///
    /// # Errors
    /// The host's refusal, or an answer that is not of this API.
    pub(crate) fn read(response: Response<Body>) -> Result<Answer, Failure> {
        let status = response.status();
        let etag = response
            .headers()
            .get(ETAG)
            .and_then(|etag| etag.to_str().ok());
        let etag = etag.map(|etag| etag.trim_matches('"').to_owned());
        let body = response
            .into_body()
            .into_with_config()
            .limit(MAX_ANSWER)
            .read_to_vec();
        let body =
            body.map_err(|error| Failure::unreachable(format!("the answer broke off: {error}")))?;
        if !status.is_success() {
            return Err(match Problem::read(&body) {
                Some(problem) => Failure::Refused(Box::new(problem)),
                None => not_the_api(&format!(
                    "the answer has status {status} and does not say why"
                )),
            });
        }
        let value = match body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&body)
                .map_err(|error| not_the_api(&format!("the answer is not JSON: {error}")))?,
        };
        Ok(Answer {
            value,
            etag,
            is_new: status == http::StatusCode::CREATED,
        })
    }

    /// A text in the body; empty if it is not there.
    pub(crate) fn text(&self, pointer: &str) -> String {
        match self.value.pointer(pointer) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }
}

fn not_the_api(message: &str) -> Failure {
    let hint = "check that the URL is that of the management API; flows answer at another one";
    Failure::failed(message).hint(hint)
}
