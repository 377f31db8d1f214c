//! What is around every answer: the request id, the security headers, the log
//! span, and a problem document even if a handler panics.

use crate::problem::Problem;
use crate::request_id::{RequestId, X_REQUEST_ID};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;
use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue};
use std::panic::AssertUnwindSafe;
use std::time::Instant;
use tracing::Instrument as _;

pub(super) async fn envelop(request: Request, next: Next) -> Response {
    let id = RequestId::from_headers(request.headers());
    let span = tracing::info_span!(
        target: "weft::api", "request",
        request = %id, method = %request.method(), path = request.uri().path(),
    );
    let answered = async {
        let began = Instant::now();
        // Nothing is looked at again after a panic but what the handler shared
        // with others, and that is behind locks and atomic swaps.
        let response = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let response = response.unwrap_or_else(|_panic| Problem::internal().into_response_for(&id));
        let micros = began.elapsed().as_micros();
        tracing::debug!(target: "weft::api", status = response.status().as_u16(), micros, "answered");
        response
    };
    let mut response = named(answered.instrument(span).await, &id);
    add_headers(response.headers_mut(), &id);
    response
}

/// A problem document names the request.
fn named(mut response: Response, id: &RequestId) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let mut renamed = problem.into_response_for(id);
    // What layers in between have added, `Allow` for one.
    for (name, value) in response.headers() {
        if name != http::header::CONTENT_LENGTH && !renamed.headers().contains_key(name) {
            renamed.headers_mut().insert(name, value.clone());
        }
    }
    renamed
}

fn add_headers(headers: &mut HeaderMap, id: &RequestId) {
    headers.insert(&X_REQUEST_ID, id.header_value());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
