//! Runs: begin one at an inject node, look at the recent ones.

use super::access::{Reach, least};
use super::body::{Sent, broken_json};
use super::change::complete;
use super::extract::{Asked, At, instance};
use super::instances::InstancePath;
use super::schema;
use crate::problem::Problem;
use crate::state::AppState;
use crate::token::Role;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weft_model::id::{FlowId, NodeId, RunId};
use weft_model::wire;
use weft_runtime::run::trace::{RunDetail, RunSummary};

/// Runs in an answer, if the request does not say.
const DEFAULT_LIMIT: usize = 50;

/// The most runs in an answer.
const MAX_LIMIT: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::default()
        .routes(least(Role::Editor, Reach::Named, routes!(inject)))
        .routes(least(Role::Viewer, Reach::Named, routes!(list_runs)))
        .routes(least(Role::Viewer, Reach::Named, routes!(get_run)))
}

/// A node in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct NodePath {
    /// The instance.
    instance: String,
    /// The flow's id.
    #[param(value_type = String)]
    flow: FlowId,
    /// The node's id.
    #[param(value_type = String)]
    node: NodeId,
}

/// A run in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct RunPath {
    /// The instance.
    instance: String,
    /// The run's id.
    #[param(value_type = String, format = "uuid")]
    run: RunId,
}

/// Which runs to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct RunsQuery {
    /// Runs of this flow only.
    #[param(value_type = Option<String>)]
    flow: Option<FlowId>,
    /// Runs that began before this one: for the next page.
    #[param(value_type = Option<String>, format = "uuid")]
    before: Option<RunId>,
    /// The most runs to list, 1 to 1000; 50 if left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// What to inject.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Injection {
    /// The payload, in the inline encoding of messages; if left out, the node's
    /// own.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<serde_json::Value>)]
    payload: Option<Box<RawValue>>,
}

/// `null` is a payload.
fn even_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::deserialize(deserializer).map(Some)
}

/// A run that has begun.
#[derive(Serialize, ToSchema)]
struct Begun {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    run: RunId,
}

/// Begin a run at an inject node of the live revision.
#[utoipa::path(
    post, path = "/instances/{instance}/flows/{flow}/nodes/{node}/inject", tag = "runs",
    params(NodePath),
    request_body = Option<Injection>,
    responses((status = 202, description = "The run has begun.", body = Begun)),
)]
async fn inject(
    State(state): State<Arc<AppState>>,
    At(path): At<NodePath>,
    sent: Sent,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let instance = instance(&state, &path.instance)?;
    let Injection { payload } = sent.json_if_any().await?.unwrap_or_default();
    let payload = payload.map(|text| wire::decode_value(text.get().as_bytes(), &[]));
    let payload = payload.transpose().map_err(|error| broken_json(&error))?;
    let NodePath { flow, node, .. } = path;
    let place = (flow.to_string(), node.to_string());
    let run = complete(async move { instance.inject(&flow, &node, payload).await }).await;
    let run = run.map_err(|problem| problem.flow(place.0).node(place.1))?;
    Ok((StatusCode::ACCEPTED, Json(Begun { run })))
}

/// The recent runs, the newest first.
#[utoipa::path(
    get, path = "/instances/{instance}/runs", tag = "runs",
    params(InstancePath, RunsQuery),
    responses((status = 200, description = "The runs.", body = Vec<schema::Run>)),
)]
async fn list_runs(
    State(state): State<Arc<AppState>>,
    At(path): At<InstancePath>,
    Asked(query): Asked<RunsQuery>,
) -> Result<Json<Vec<RunSummary>>, Problem> {
    let instance = instance(&state, &path.instance)?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    Ok(Json(instance.runs(
        query.flow.as_ref(),
        query.before,
        limit,
    )))
}

/// One run with its activations and log lines.
#[utoipa::path(
    get, path = "/instances/{instance}/runs/{run}", tag = "runs",
    params(RunPath),
    responses((status = 200, description = "The run.", body = schema::RunWithPath)),
)]
async fn get_run(
    State(state): State<Arc<AppState>>,
    At(path): At<RunPath>,
) -> Result<Json<RunDetail>, Problem> {
    Ok(Json(instance(&state, &path.instance)?.run(path.run)?))
}
