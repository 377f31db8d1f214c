//! `/node-types`: what flows are made of.

use super::access::{Reach, least};
use super::extract::{At, instance};
use super::instances::InstancePath;
use super::schema;
use crate::problem::Problem;
use crate::state::AppState;
use crate::token::Role;
use axum::Json;
use axum::extract::State;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weft_model::descriptor::Descriptor;

pub(super) fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::default().routes(least(Role::Viewer, Reach::Named, routes!(list_node_types)))
}

/// Every node type: built in, and uploaded in its latest version.
#[utoipa::path(
    get, path = "/instances/{instance}/node-types", tag = "flows",
    params(InstancePath),
    responses((status = 200, description = "The node types.", body = Vec<schema::NodeType>)),
)]
async fn list_node_types(
    State(state): State<Arc<AppState>>,
    At(path): At<InstancePath>,
) -> Result<Json<Vec<Descriptor>>, Problem> {
    Ok(Json(instance(&state, &path.instance)?.node_types()))
}
