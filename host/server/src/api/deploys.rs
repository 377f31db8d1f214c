//! Deploys, and what came of them: revisions of a flow.

use super::access::{Reach, least};
use super::body::Sent;
use super::change::complete;
use super::extract::{At, instance};
use super::flows::FlowPath;
use super::{instances, schema};
use crate::problem::Problem;
use crate::state::AppState;
use crate::token::Role;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weft_model::id::FlowId;
use weft_model::problem::Problem as Finding;
use weft_runtime::deploy::Deployed;
use weft_runtime::flows::{ComponentUse, FlowRecord, Revision};

pub(super) fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::default()
        .routes(least(Role::Deployer, Reach::Named, routes!(deploy_flow)))
        .routes(least(Role::Viewer, Reach::Named, routes!(list_revisions)))
        .routes(least(Role::Viewer, Reach::Named, routes!(get_revision)))
        .routes(least(Role::Deployer, Reach::Named, routes!(roll_back_flow)))
        .routes(least(Role::Deployer, Reach::Named, routes!(enable_flow)))
        .routes(least(Role::Deployer, Reach::Named, routes!(disable_flow)))
}

/// A revision in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct RevisionPath {
    /// The instance.
    instance: String,
    /// The flow's id.
    #[param(value_type = String)]
    flow: FlowId,
    /// The number of the revision.
    revision: u64,
}

/// A revision that has gone live.
#[derive(Serialize, ToSchema)]
#[schema(as = Deployed)]
struct DeployedView {
    /// Its number.
    revision: u64,
    /// Where the flow answers: under the instance's path, then at its own hosts.
    urls: Vec<String>,
    /// The same, one for each entry point.
    routes: Vec<RouteView>,
    /// What may not be as it was meant.
    #[schema(value_type = Vec<schema::Finding>)]
    warnings: Vec<Finding>,
}

/// An entry point.
#[derive(Serialize, ToSchema)]
#[schema(as = Route)]
struct RouteView {
    /// The method; `*` is any.
    method: String,
    /// The path pattern, below the instance.
    path: String,
    /// Where it answers.
    url: String,
}

/// A revision to go back to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RollBack {
    /// The number of a kept revision.
    revision: u64,
}

/// A kept revision in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RevisionSummary {
    /// The number.
    revision: u64,
    /// It is the one that answers to events.
    live: bool,
    /// When it was deployed: milliseconds since 1970-01-01T00:00:00Z.
    deployed_at: u64,
    /// The versions of components it uses.
    #[schema(value_type = Vec<schema::ComponentUse>)]
    components: Vec<ComponentUse>,
}

/// Deploy the draft of a flow as a new revision.
///
/// It is checked, compiled and started beside the live one, and then takes its
/// place at once: every request meets the old one or the new one.
#[utoipa::path(
    post, path = "/instances/{instance}/flows/{flow}/deploy", tag = "flows",
    params(FlowPath),
    responses((status = 200, description = "It is live.", body = DeployedView)),
)]
async fn deploy_flow(
    State(state): State<Arc<AppState>>,
    At(path): At<FlowPath>,
) -> Result<Json<DeployedView>, Problem> {
    let instance = instance(&state, &path.instance)?;
    let id = path.flow.clone();
    let deployed = complete(async move { instance.deploy(&id).await }).await;
    let deployed = deployed.map_err(|problem| problem.flow(path.flow.as_str()))?;
    Ok(Json(view(&state, &path.instance, deployed)))
}

/// Deploy the document of an earlier revision, as a new revision.
///
/// The draft stays as it is.
#[utoipa::path(
    post, path = "/instances/{instance}/flows/{flow}/rollback", tag = "flows",
    params(FlowPath),
    request_body = RollBack,
    responses((status = 200, description = "It is live.", body = DeployedView)),
)]
async fn roll_back_flow(
    State(state): State<Arc<AppState>>,
    At(path): At<FlowPath>,
    sent: Sent,
) -> Result<Json<DeployedView>, Problem> {
    let instance = instance(&state, &path.instance)?;
    let RollBack { revision } = sent.json().await?;
    let id = path.flow.clone();
    let deployed = complete(async move { instance.roll_back(&id, revision).await }).await;
    let deployed = deployed.map_err(|problem| problem.flow(path.flow.as_str()))?;
    Ok(Json(view(&state, &path.instance, deployed)))
}

/// The kept revisions of a flow, the newest first.
#[utoipa::path(
    get, path = "/instances/{instance}/flows/{flow}/revisions", tag = "flows",
    params(FlowPath),
    responses((status = 200, description = "The revisions.", body = Vec<RevisionSummary>)),
)]
async fn list_revisions(
    State(state): State<Arc<AppState>>,
    At(path): At<FlowPath>,
) -> Result<Json<Vec<RevisionSummary>>, Problem> {
    let instance = instance(&state, &path.instance)?;
    let revisions = instance.revisions(&path.flow).await?;
    let flow = instance.flow(&path.flow).await?.record;
    let summary = |Revision {
                       revision,
                       deployed_at,
                       components,
                       ..
                   }| RevisionSummary {
        live: flow.enabled && flow.revision == Some(revision),
        revision,
        deployed_at,
        components,
    };
    Ok(Json(revisions.into_iter().map(summary).collect()))
}

/// One revision with its document.
#[utoipa::path(
    get, path = "/instances/{instance}/flows/{flow}/revisions/{revision}", tag = "flows",
    params(RevisionPath),
    responses((status = 200, description = "The revision.", body = schema::Revision)),
)]
async fn get_revision(
    State(state): State<Arc<AppState>>,
    At(path): At<RevisionPath>,
) -> Result<Json<Revision>, Problem> {
    let instance = instance(&state, &path.instance)?;
    Ok(Json(instance.revision(&path.flow, path.revision).await?))
}

/// Let the deployed revision answer again.
#[utoipa::path(
    post, path = "/instances/{instance}/flows/{flow}/enable", tag = "flows",
    params(FlowPath),
    responses((status = 200, description = "How the flow stands.", body = schema::Flow)),
)]
async fn enable_flow(
    state: State<Arc<AppState>>,
    path: At<FlowPath>,
) -> Result<Json<FlowRecord>, Problem> {
    set_enabled(state, path, true).await
}

/// Let the deployed revision no longer answer; runs that go on come to their end.
#[utoipa::path(
    post, path = "/instances/{instance}/flows/{flow}/disable", tag = "flows",
    params(FlowPath),
    responses((status = 200, description = "How the flow stands.", body = schema::Flow)),
)]
async fn disable_flow(
    state: State<Arc<AppState>>,
    path: At<FlowPath>,
) -> Result<Json<FlowRecord>, Problem> {
    set_enabled(state, path, false).await
}

async fn set_enabled(
    State(state): State<Arc<AppState>>,
    At(path): At<FlowPath>,
    enabled: bool,
) -> Result<Json<FlowRecord>, Problem> {
    let instance = instance(&state, &path.instance)?;
    let id = path.flow.clone();
    let changed = complete(async move { instance.set_enabled(&id, enabled).await }).await;
    changed
        .map(Json)
        .map_err(|problem| problem.flow(path.flow.as_str()))
}

fn view(state: &AppState, instance: &str, deployed: Deployed) -> DeployedView {
    let Deployed {
        revision,
        routes,
        warnings,
    } = deployed;
    let hosts = instances::record(state, instance)
        .map(|record| record.hosts)
        .unwrap_or_default();
    let port = state.flow_url.rsplit_once(':').map_or("", |(_, port)| port);
    let bases = std::iter::once(format!("{}/{instance}", state.flow_url))
        .chain(hosts.iter().map(|host| format!("http://{host}:{port}")));
    let bases: Vec<_> = bases.collect();
    let mut urls = Vec::new();
    for url in bases
        .iter()
        .flat_map(|base| routes.iter().map(move |(_, path)| format!("{base}{path}")))
    {
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    let routes = routes.into_iter().map(|(method, path)| RouteView {
        url: format!("{}/{instance}{path}", state.flow_url),
        method,
        path,
    });
    DeployedView {
        revision,
        urls,
        routes: routes.collect(),
        warnings,
    }
}
