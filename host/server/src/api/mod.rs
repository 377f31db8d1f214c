//! The management API: `/api/v1`, and what a supervisor asks the process.
//!
//! Routes are declared once, at their handlers (`#[utoipa::path]`), and mounted
//! with [`access::least`]: from that come the router, the check of the token and
//! the OpenAPI document, so they cannot differ.
//!
//! | module | holds |
//! |---|---|
//! | `access` | which role a route takes, and the check |
//! | `envelope` | what is around every answer: request id, headers, problems |
//! | `body`, `extract` | what comes in, checked |
//! | `change` | changes that end even if the client goes away |
//! | `instances`, `tokens` | the routes of the host |
//! | `components`, `flows`, `deploys`, `runs`, `events`, `node_types` | the routes of an instance |
//! | `health`, `documents` | the routes that need no token |
//! | `schema` | what the OpenAPI document says of the types of lower crates |

mod access;
mod body;
mod change;
mod components;
mod deploys;
mod documents;
mod envelope;
mod events;
mod extract;
mod flows;
mod health;
mod instances;
mod node_types;
mod runs;
pub(crate) mod schema;
mod tokens;

use crate::problem::{Code, Problem};
use crate::state::AppState;
use access::BearerToken;
use axum::{Router, middleware};
use http::StatusCode;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Where the API is mounted.
const PREFIX: &str = "/api/v1";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Weft management API",
        description = "Instances, components, flows, runs and events of a Weft host. \
                       What holds for all routes is in docs/api.md."
    ),
    components(schemas(crate::problem::Details)),
    modifiers(&BearerToken),
)]
struct Api;

/// The router of the admin listener.
pub fn router(state: Arc<AppState>) -> Router {
    let (router, _document) = routes().split_for_parts();
    let authentication = middleware::from_fn_with_state(state.clone(), access::authenticate);
    router
        .fallback(not_found)
        .method_not_allowed_fallback(other_method)
        .layer(authentication)
        .layer(middleware::from_fn(envelope::envelop))
        .with_state(state)
}

/// The OpenAPI 3.1 document of the API.
pub fn openapi() -> OpenApi {
    routes().into_openapi()
}

fn routes() -> OpenApiRouter<Arc<AppState>> {
    let api = OpenApiRouter::default()
        .merge(instances::routes())
        .merge(components::routes())
        .merge(flows::routes())
        .merge(deploys::routes())
        .merge(runs::routes())
        .merge(events::routes())
        .merge(node_types::routes())
        .merge(tokens::routes())
        .merge(documents::routes());
    let document = <Api as utoipa::OpenApi>::openapi();
    OpenApiRouter::with_openapi(document)
        .merge(health::routes())
        .nest(PREFIX, api)
}

async fn not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        Code::NotFound,
        "there is nothing at this address",
    )
    .hint("GET /api/v1/openapi.json lists what there is")
}

async fn other_method() -> Problem {
    Problem::other_method()
}

#[cfg(test)]
mod tests;
