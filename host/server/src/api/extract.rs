//! Paths, queries and preconditions of requests, with problems for answers.

use crate::problem::{Code, Problem};
use crate::state::AppState;
use axum::extract::{FromRequestParts, Path, Query};
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use weft_runtime::Instance;
use weft_runtime::flows::IfMatch;

/// The parameters of the path.
pub(super) struct At<T>(pub(super) T);

/// The parameters of the query.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(path)) => Ok(At(path)),
            Err(rejection) => Err(invalid_path(rejection.body_text())),
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(query)) => Ok(Asked(query)),
            Err(rejection) => Err(invalid_query(&rejection.body_text())),
        }
    }
}

fn invalid_query(reason: &str) -> Problem {
    // The beginning that axum gives it names nothing that a client knows.
    let detail = reason.trim_start_matches("Failed to deserialize query string: ");
    Problem::new(StatusCode::BAD_REQUEST, Code::InvalidQuery, detail)
        .hint("GET /api/v1/openapi.json lists the parameters of each operation")
}

pub(super) fn invalid_path(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, Code::InvalidPath, detail)
        .hint("check the names and ids in the address")
}

/// The instance of a name.
pub(super) fn instance(state: &AppState, name: &str) -> Result<Arc<Instance>, Problem> {
    state.host.instance(name).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            Code::NotFound,
            "there is no such instance",
        )
        .hint("GET /api/v1/instances lists what there is")
    })
}

/// What `If-Match` and `If-None-Match` (RFC 9110 §13.1) want a draft to be.
pub(super) fn precondition(headers: &HeaderMap) -> Result<IfMatch, Problem> {
    match (one(headers, IF_MATCH)?, one(headers, IF_NONE_MATCH)?) {
        (None, None) => Ok(IfMatch::Anything),
        (Some("*"), None) => Ok(IfMatch::Something),
        (None, Some("*")) => Ok(IfMatch::Nothing),
        (Some(tag), None) if !tag.contains(',') => Ok(IfMatch::Etag(unquoted(tag).to_owned())),
        _ => Err(invalid_precondition()),
    }
}

fn one(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.to_str().map(str::trim));
    match (first.transpose(), values.next()) {
        (Ok(first), None) => Ok(first),
        _ => Err(invalid_precondition()),
    }
}

/// A tag without quotes is what one copies from an answer's body. A weak tag
/// never matches (RFC 9110 §13.1.1), nor does what is left of one here.
fn unquoted(tag: &str) -> &str {
    tag.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(tag)
}

fn invalid_precondition() -> Problem {
    let detail = "If-Match takes one entity tag or *, If-None-Match takes *, and only one of them";
    Problem::new(StatusCode::BAD_REQUEST, Code::InvalidHeader, detail)
        .hint("send the ETag of the draft that you have read as If-Match")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(headers: &[(HeaderName, &str)]) -> Result<IfMatch, Problem> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()));
        precondition(&headers.collect())
    }

    #[test]
    fn a_precondition_is_one_tag_or_a_star() {
        assert_eq!(wants(&[]).unwrap(), IfMatch::Anything);
        assert_eq!(wants(&[(IF_MATCH, "*")]).unwrap(), IfMatch::Something);
        assert_eq!(wants(&[(IF_NONE_MATCH, "*")]).unwrap(), IfMatch::Nothing);
        for tag in ["\"1f\"", "1f"] {
            assert_eq!(
                wants(&[(IF_MATCH, tag)]).unwrap(),
                IfMatch::Etag("1f".into())
            );
        }
        let weak = wants(&[(IF_MATCH, "W/\"1f\"")]).unwrap();
        assert_ne!(weak, IfMatch::Etag("1f".into()));
    }

    #[test]
    fn a_precondition_that_cannot_be_kept_is_refused() {
        for headers in [
            &[(IF_MATCH, "\"1\", \"2\"")][..],
            &[(IF_MATCH, "*"), (IF_NONE_MATCH, "*")],
            &[(IF_NONE_MATCH, "\"1\"")],
        ] {
            let refused = wants(headers).unwrap_err();
            assert_eq!(
                (refused.status(), refused.code()),
                (StatusCode::BAD_REQUEST, "invalid-header")
            );
        }
    }
}
