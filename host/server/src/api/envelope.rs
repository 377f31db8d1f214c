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
        let (status, micros) = (response.status().as_u16(), began.elapsed().as_micros());
        tracing::debug!(target: "weft::api", status, micros, "answered");
        response
    };
    let mut response = named(answered.instrument(span).await, &id);
    add_headers(response.headers_mut(), &id);
    response
}

/// A problem document names the request.
fn named(mut response: Response, id: &RequestId) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
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
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::get;
    use axum::{Router, middleware};
    use http::header::{ALLOW, CONTENT_TYPE};
    use http::{Method, StatusCode};
    use http_body_util::BodyExt as _;
    use serde_json::Value as Json;
    use tower::ServiceExt as _;

    async fn panics() -> &'static str {
        panic!("as a bug would")
    }

    async fn ask(method: Method, path: &str) -> (Response, RequestId) {
        let router: Router = Router::new()
            .route("/fine", get(|| async { "fine" }).put(|| async { "fine" }))
            .route("/panics", get(panics))
            .fallback(super::super::not_found)
            .method_not_allowed_fallback(super::super::other_method)
            .layer(middleware::from_fn(envelop));
        let id = RequestId::fresh();
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header(&X_REQUEST_ID, id.header_value())
            .body(Body::empty())
            .unwrap();
        (router.oneshot(request).await.unwrap(), id)
    }

    #[tokio::test]
    async fn every_answer_carries_the_request_id_and_the_security_headers() {
        for (method, path, status) in [
            (Method::GET, "/fine", StatusCode::OK),
            (Method::GET, "/nowhere", StatusCode::NOT_FOUND),
            (Method::DELETE, "/fine", StatusCode::METHOD_NOT_ALLOWED),
            (Method::GET, "/panics", StatusCode::INTERNAL_SERVER_ERROR),
        ] {
            let (response, id) = ask(method, path).await;
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(response.headers()[&X_REQUEST_ID], id.as_str());
            assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        }
    }

    #[tokio::test]
    async fn every_error_is_a_problem_document_that_names_the_request() {
        for (method, path, code) in [
            (Method::GET, "/nowhere", "not-found"),
            (Method::DELETE, "/fine", "method-not-allowed"),
            (Method::GET, "/panics", "internal-error"),
        ] {
            let (response, id) = ask(method, path).await;
            assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let problem: Json = serde_json::from_slice(&body).unwrap();
            assert_eq!(problem["code"], code);
            assert_eq!(problem["instance"], id.urn());
        }
    }

    #[tokio::test]
    async fn a_wrong_method_is_answered_with_those_that_are_right() {
        let (response, _) = ask(Method::DELETE, "/fine").await;
        assert_eq!(response.headers()[ALLOW], "GET,HEAD,PUT");
    }
}
