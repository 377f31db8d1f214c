//! The API's own description, and the schema of flow documents. They name no
//! secret and take no token.

use super::access::open;
use crate::state::AppState;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use std::sync::{Arc, LazyLock};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weft_model::document::FlowDocument;

pub(super) fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::default()
        .routes(open(routes!(get_openapi)))
        .routes(open(routes!(get_flow_schema)))
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "documents",
    responses((status = 200, description = "OpenAPI 3.1.", body = Object)),
)]
async fn get_openapi() -> impl IntoResponse {
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| {
        serde_json::to_vec_pretty(&super::openapi())
            .unwrap_or_default()
            .into()
    });
    ([(CONTENT_TYPE, "application/json")], TEXT.clone())
}

/// The JSON Schema (2020-12) of flow documents.
#[utoipa::path(
    get, path = "/flow-schema.json", tag = "documents",
    responses(
        (
            status = 200, description = "JSON Schema.", content_type = "application/schema+json",
            body = Object,
        ),
    ),
)]
async fn get_flow_schema() -> impl IntoResponse {
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| {
        serde_json::to_vec_pretty(&FlowDocument::json_schema())
            .unwrap_or_default()
            .into()
    });
    ([(CONTENT_TYPE, "application/schema+json")], TEXT.clone())
}
