//! `/instances`: activate, list, remove.

use super::access::{Reach, least};
use super::body::Sent;
use super::change::complete;
use super::extract::{At, instance};
use crate::problem::{Code, Problem};
use crate::state::AppState;
use crate::token::{Caller, Role};
use axum::extract::State;
use axum::{Extension, Json};
use http::header::LOCATION;
use http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weft_model::id::InstanceName;
use weft_runtime::host::InstanceRecord;

pub(super) fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::default()
        .routes(least(Role::Viewer, Reach::Some, routes!(list_instances)))
        .routes(least(Role::Admin, Reach::All, routes!(activate_instance)))
        .routes(least(Role::Viewer, Reach::Named, routes!(get_instance)))
        .routes(least(Role::Admin, Reach::Named, routes!(delete_instance)))
}

/// An instance in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct InstancePath {
    /// The instance.
    pub(super) instance: String,
}

/// An instance.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Instance)]
struct InstanceView {
    /// The name.
    #[schema(value_type = String)]
    name: InstanceName,
    /// Host names at whose root the instance answers too.
    hosts: Vec<String>,
    /// When it was activated: milliseconds since 1970-01-01T00:00:00Z.
    activated_at: u64,
    /// Where its flows answer; their paths follow.
    url: String,
}

impl InstanceView {
    fn of(record: InstanceRecord, state: &AppState) -> Self {
        let InstanceRecord {
            name,
            hosts,
            activated_at,
            ..
        } = record;
        let url = format!("{}/{name}", state.flow_url);
        InstanceView {
            name,
            hosts,
            activated_at,
            url,
        }
    }
}

/// An instance to be activated.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInstance {
    /// The name: 1 to 63 lower-case letters, digits and hyphens.
    #[schema(value_type = String, example = "acme")]
    name: InstanceName,
    /// Host names at whose root the instance shall answer too.
    #[serde(default)]
    hosts: Vec<String>,
}

/// The instances that the token reaches.
#[utoipa::path(
    get, path = "/instances", tag = "instances",
    responses((status = 200, description = "The instances.", body = Vec<InstanceView>)),
)]
async fn list_instances(
    State(state): State<Arc<AppState>>,
    Extension(caller): Extension<Caller>,
) -> Json<Vec<InstanceView>> {
    let reached = state.host.instances().into_iter();
    let reached = reached.filter(|record| caller.reaches(record.name.as_str()));
    Json(
        reached
            .map(|record| InstanceView::of(record, &state))
            .collect(),
    )
}

/// Activate an instance.
///
/// It begins with a flow that greets, at `/hello`.
#[utoipa::path(
    post, path = "/instances", tag = "instances",
    request_body = NewInstance,
    responses((status = 201, description = "The instance.", body = InstanceView)),
)]
async fn activate_instance(
    State(state): State<Arc<AppState>>,
    sent: Sent,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<InstanceView>), Problem> {
    let NewInstance { name, hosts } = sent.json().await?;
    let location = format!("{}/instances/{name}", super::PREFIX);
    let host = state.host.clone();
    let record = complete(async move { host.activate(name, hosts).await }).await?;
    let view = Json(InstanceView::of(record, &state));
    Ok((StatusCode::CREATED, [(LOCATION, location)], view))
}

/// One instance.
#[utoipa::path(
    get, path = "/instances/{instance}", tag = "instances",
    params(InstancePath),
    responses((status = 200, description = "The instance.", body = InstanceView)),
)]
async fn get_instance(
    State(state): State<Arc<AppState>>,
    At(path): At<InstancePath>,
) -> Result<Json<InstanceView>, Problem> {
    let record = record(&state, &path.instance)?;
    Ok(Json(InstanceView::of(record, &state)))
}

/// Remove an instance with all it has.
///
/// Its data key is destroyed: nothing of it can be read again, and all that is
/// only for it is revoked.
#[utoipa::path(
    delete, path = "/instances/{instance}", tag = "instances",
    params(InstancePath),
    responses((status = 204, description = "It is gone.")),
)]
async fn delete_instance(
    State(state): State<Arc<AppState>>,
    At(path): At<InstancePath>,
) -> Result<StatusCode, Problem> {
    let name = instance(&state, &path.instance)?.name().clone();
    complete(async move {
        state.tokens.forget_instance(&name).await?;
        state.host.terminate(&name).await
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The record of an instance.
pub(super) fn record(state: &AppState, name: &str) -> Result<InstanceRecord, Problem> {
    let found = state
        .host
        .instances()
        .into_iter()
        .find(|record| record.name.as_str() == name);
    found.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            Code::NotFound,
            "there is no such instance",
        )
        .hint("GET /api/v1/instances lists what there is")
    })
}
