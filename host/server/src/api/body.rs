//! Bodies of requests: read within limits of size and time, then understood.

use crate::problem::{Code, Problem};
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::time::Duration;
use weft_model::json::JsonError;
use weft_model::limit::MAX_DOCUMENT_BYTES;

/// Bytes of a JSON body. A flow document that is a little over its own limit
/// still gets the document's own problem, which says more.
pub(super) const MAX_JSON_BYTES: usize = MAX_DOCUMENT_BYTES + (64 << 10);

/// A client that sends nothing for so long is given up.
const IDLE: Duration = Duration::from_secs(30);

/// Of a body that is too large, so much is read and dropped: most clients look
/// at the answer only when they have sent all.
const MAX_DROPPED_BYTES: usize = 64 << 20;
const MAX_DROP_TIME: Duration = Duration::from_secs(10);

/// What a client has sent, not yet read.
pub(super) struct Sent {
    pub(super) headers: HeaderMap,
    body: Body,
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Infallible;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        Ok(Sent {
            headers: parts.headers,
            body,
        })
    }
}

impl Sent {
    /// The body as it is, up to `limit` bytes.
    pub(super) async fn bytes(self, limit: usize) -> Result<Bytes, Problem> {
        let announced = self.headers.get(CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > limit as u64) {
            // Who waits for "100 Continue" has not sent anything yet.
            if !self.headers.contains_key(EXPECT) {
                drop_rest(self.body).await;
            }
            return Err(too_large(limit));
        }
        read(self.body, limit).await
    }

    /// A JSON document as text; none if the body is empty.
    pub(super) async fn json_text(self) -> Result<Option<Bytes>, Problem> {
        check_type(&self.headers)?;
        let text = self.bytes(MAX_JSON_BYTES).await?;
        Ok((!text.is_empty()).then_some(text))
    }

    /// A JSON document of a known form; none if the body is empty.
    pub(super) async fn json_if_any<T: DeserializeOwned>(self) -> Result<Option<T>, Problem> {
        match self.json_text().await? {
            Some(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(not_understood),
            None => Ok(None),
        }
    }

    /// A JSON document of a known form.
    pub(super) async fn json<T: DeserializeOwned>(self) -> Result<T, Problem> {
        self.json_if_any().await?.ok_or_else(missing)
    }
}

async fn read(mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut all = BytesMut::new();
    loop {
        let Ok(frame) = tokio::time::timeout(IDLE, body.frame()).await else {
            return Err(timed_out());
        };
        match frame {
            None => return Ok(all.freeze()),
            Some(Err(_)) => return Err(broken()),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else {
                    continue;
                };
                if data.len() > limit - all.len() {
                    drop(all);
                    drop_rest(body).await;
                    return Err(too_large(limit));
                }
                all.extend_from_slice(&data);
            }
        }
    }
}

async fn drop_rest(mut body: Body) {
    let dropping = async {
        let mut dropped = 0;
        while let Some(Ok(frame)) = body.frame().await {
            dropped += frame.data_ref().map_or(0, Bytes::len);
            if dropped > MAX_DROPPED_BYTES {
                break;
            }
        }
    };
    // Not all of it, if it takes too long.
    let _late = tokio::time::timeout(MAX_DROP_TIME, dropping).await;
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(given) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let given = given.to_str().unwrap_or("?");
    let essence = given
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    // What curl says if nobody has told it.
    let is_unsaid = essence == "application/x-www-form-urlencoded";
    if is_json || is_unsaid {
        return Ok(());
    }
    let detail = format!("this takes JSON, not {essence}");
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::UnsupportedMediaType,
        detail,
    )
    .hint("send JSON with content-type: application/json"))
}

/// Broken JSON, or JSON that is something else than expected, with its place.
pub(super) fn not_understood(error: serde_json::Error) -> Problem {
    let code = if error.is_data() {
        Code::InvalidBody
    } else {
        Code::InvalidJson
    };
    let error = JsonError::from(error);
    Problem::new(StatusCode::BAD_REQUEST, code, error.to_string())
        .hint("GET /api/v1/openapi.json describes what this operation takes")
}

/// Broken JSON inside a body, with its place.
pub(super) fn broken_json(error: &JsonError) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        Code::InvalidJson,
        error.to_string(),
    )
    .hint("see the encoding of messages in wit/function.wit")
}

fn missing() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        Code::MissingBody,
        "the body is empty",
    )
    .hint("GET /api/v1/openapi.json describes what this operation takes")
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("the body is larger than {limit} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, Code::BodyTooLarge, detail)
        .hint("send less, or ask the operator for a higher limit")
}

fn broken() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        Code::BodyBroken,
        "the body ended early",
    )
    .hint("send as many bytes as Content-Length says")
}

fn timed_out() -> Problem {
    let detail = format!("nothing of the body came for {} s", IDLE.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, Code::BodyTimeout, detail).hint("send it again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Wanted {
        #[serde(rename = "revision")]
        _revision: u64,
    }

    fn sent(kind: Option<&str>, body: impl Into<Body>) -> Sent {
        let mut headers = HeaderMap::new();
        if let Some(kind) = kind {
            headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        }
        Sent {
            headers,
            body: body.into(),
        }
    }

    /// A body of chunks whose length nobody has announced.
    fn chunked(chunks: usize, size: usize) -> Body {
        let chunk = Bytes::from(vec![b'x'; size]);
        let chunks = (0..chunks).map(move |_| Ok::<_, Infallible>(chunk.clone()));
        Body::from_stream(stream::iter(chunks))
    }

    #[tokio::test]
    async fn a_body_of_exactly_the_limit_is_taken_and_one_byte_more_refused() {
        assert_eq!(
            sent(None, chunked(10, 10)).bytes(100).await.unwrap().len(),
            100
        );
        let refused = sent(None, chunked(10, 10)).bytes(99).await.unwrap_err();
        assert_eq!(
            (refused.status(), refused.code()),
            (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large")
        );
    }

    #[tokio::test]
    async fn an_announced_length_over_the_limit_is_refused() {
        let mut announced = sent(None, "x");
        announced.headers.insert(CONTENT_LENGTH, 101.into());
        assert_eq!(announced.bytes(100).await.unwrap_err().status(), 413);
    }

    #[tokio::test]
    async fn json_may_go_unnamed_and_anything_else_is_refused() {
        let json = r#"{"revision":1}"#;
        let form = "application/x-www-form-urlencoded";
        for kind in [
            None,
            Some("application/json; charset=utf-8"),
            Some("application/x+json"),
            Some(form),
        ] {
            assert!(sent(kind, json).json::<Wanted>().await.is_ok(), "{kind:?}");
        }
        for kind in ["text/plain", "application/xml", "application/wasm"] {
            assert_eq!(
                sent(Some(kind), json)
                    .json::<Wanted>()
                    .await
                    .unwrap_err()
                    .status(),
                415,
                "{kind}"
            );
        }
    }

    #[tokio::test]
    async fn json_that_is_broken_or_wrong_is_refused_with_its_place() {
        for (text, code, place) in [
            ("{\n \"revision\":", "invalid-json", "line 2"),
            ("{\"revision\":\"one\"}", "invalid-body", "line 1 column 17"),
            ("{}", "invalid-body", "revision"),
        ] {
            let refused = sent(None, text).json::<Wanted>().await.unwrap_err();
            assert_eq!(
                (refused.status(), refused.code()),
                (StatusCode::BAD_REQUEST, code)
            );
            assert!(refused.to_string().contains(place), "{refused}");
        }
        let not_utf8 = sent(None, &b"{\"a\":\"\xff\"}"[..])
            .json::<Wanted>()
            .await
            .unwrap_err();
        assert_eq!(not_utf8.status(), 400);
        assert_eq!(
            sent(None, "").json::<Wanted>().await.unwrap_err().code(),
            "missing-body"
        );
    }
}
