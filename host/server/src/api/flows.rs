//! `/flows` of an instance: drafts.

use super::access::{Reach, least};
use super::body::Sent;
use super::change::complete;
use super::extract::{At, instance, precondition};
use super::instances::InstancePath;
use super::schema;
use crate::problem::Problem;
use crate::state::AppState;
use crate::token::Role;
use axum::Json;
use axum::extract::State;
use http::header::ETAG;
use http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weft_model::document::FlowDocument;
use weft_model::id::FlowId;
use weft_model::problem::Problem as Finding;
use weft_runtime::flows::{Etag, FlowRecord};
use weft_runtime::instance::Saved;

pub(super) fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::default()
        .routes(least(Role::Viewer, Reach::Named, routes!(list_flows)))
        .routes(least(Role::Viewer, Reach::Named, routes!(get_flow)))
        .routes(least(Role::Editor, Reach::Named, routes!(put_flow)))
        .routes(least(Role::Deployer, Reach::Named, routes!(delete_flow)))
        .routes(least(Role::Editor, Reach::Named, routes!(validate_flow)))
}

/// A flow in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct FlowPath {
    /// The instance.
    pub(super) instance: String,
    /// The flow's id.
    #[param(value_type = String)]
    pub(super) flow: FlowId,
}

/// A saved draft.
#[derive(Serialize, ToSchema)]
struct SavedFlow {
    /// The flow's id.
    #[schema(value_type = String)]
    id: FlowId,
    /// The draft's entity tag, without quotes.
    etag: String,
    /// It is the first draft of the flow.
    created: bool,
    /// What is wrong with the draft; a deploy refuses errors.
    #[schema(value_type = Vec<schema::Finding>)]
    problems: Vec<Finding>,
    /// The draft as it was saved.
    #[schema(value_type = schema::FlowDocument)]
    draft: FlowDocument,
}

/// What is wrong with a flow document.
#[derive(Serialize, ToSchema)]
struct Validation {
    /// It can be deployed: none of the problems is an error.
    valid: bool,
    /// All problems, errors first.
    #[schema(value_type = Vec<schema::Finding>)]
    problems: Vec<Finding>,
}

type WithEtag<T> = ([(HeaderName, String); 1], Json<T>);

fn with_etag<T>(etag: &Etag, body: T) -> WithEtag<T> {
    ([(ETAG, format!("\"{}\"", etag.as_str()))], Json(body))
}

/// How each flow stands.
#[utoipa::path(
    get, path = "/instances/{instance}/flows", tag = "flows",
    params(InstancePath),
    responses((status = 200, description = "The flows.", body = Vec<schema::Flow>)),
)]
async fn list_flows(
    State(state): State<Arc<AppState>>,
    At(path): At<InstancePath>,
) -> Result<Json<Vec<FlowRecord>>, Problem> {
    Ok(Json(instance(&state, &path.instance)?.list_flows().await?))
}

/// The draft of a flow: its document, as a `PUT` takes it.
#[utoipa::path(
    get, path = "/instances/{instance}/flows/{flow}", tag = "flows",
    params(FlowPath),
    responses(
        (
            status = 200, description = "The flow document.", body = schema::FlowDocument,
            headers(("ETag" = String, description = "For the next If-Match.")),
        ),
    ),
)]
async fn get_flow(
    State(state): State<Arc<AppState>>,
    At(path): At<FlowPath>,
) -> Result<WithEtag<FlowDocument>, Problem> {
    let flow = instance(&state, &path.instance)?.flow(&path.flow).await?;
    Ok(with_etag(&flow.etag, flow.draft))
}

/// Save the draft of a flow.
///
/// It may be incomplete: it is saved, and its problems come back with it. What
/// is live does not change before a deploy.
#[utoipa::path(
    put, path = "/instances/{instance}/flows/{flow}", tag = "flows",
    params(
        FlowPath,
        (
            "If-Match" = Option<String>, Header,
            description = "Save only if the draft has this tag; `*`: only if there is one.",
        ),
        (
            "If-None-Match" = Option<String>, Header,
            description = "`*`: save only if there is no draft.",
        ),
    ),
    request_body = schema::FlowDocument,
    responses(
        (
            status = 201, description = "The flow is new.", body = SavedFlow,
            headers(("ETag" = String)),
        ),
        (status = 200, description = "It was there.", body = SavedFlow, headers(("ETag" = String))),
    ),
)]
async fn put_flow(
    State(state): State<Arc<AppState>>,
    At(path): At<FlowPath>,
    sent: Sent,
) -> Result<(StatusCode, WithEtag<SavedFlow>), Problem> {
    let instance = instance(&state, &path.instance)?;
    let wanted = precondition(&sent.headers)?;
    let text = sent.json_text().await?.unwrap_or_default();
    let id = path.flow.clone();
    let saving = complete(async move { instance.save_draft(&id, &text, &wanted).await });
    let saved = saving
        .await
        .map_err(|problem| problem.flow(path.flow.as_str()))?;
    let Saved {
        created,
        etag,
        draft,
        problems,
    } = saved;
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let view = SavedFlow {
        id: path.flow,
        etag: etag.as_str().to_owned(),
        created,
        problems,
        draft,
    };
    Ok((status, with_etag(&etag, view)))
}

/// Remove a flow with its draft and all its revisions.
///
/// Runs that go on come to their end.
#[utoipa::path(
    delete, path = "/instances/{instance}/flows/{flow}", tag = "flows",
    params(FlowPath),
    responses((status = 204, description = "It is gone.")),
)]
async fn delete_flow(
    State(state): State<Arc<AppState>>,
    At(path): At<FlowPath>,
) -> Result<StatusCode, Problem> {
    let instance = instance(&state, &path.instance)?;
    complete(async move { instance.delete_flow(&path.flow).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Check a flow document without saving it; without a body, the draft.
#[utoipa::path(
    post, path = "/instances/{instance}/flows/{flow}/validate", tag = "flows",
    params(FlowPath),
    request_body = Option<schema::FlowDocument>,
    responses((status = 200, description = "What is wrong with it.", body = Validation)),
)]
async fn validate_flow(
    State(state): State<Arc<AppState>>,
    At(path): At<FlowPath>,
    sent: Sent,
) -> Result<Json<Validation>, Problem> {
    let instance = instance(&state, &path.instance)?;
    let checked = match sent.json_text().await? {
        Some(text) => instance.validate_text(&path.flow, &text),
        None => instance.flow(&path.flow).await.map(|flow| flow.problems),
    };
    let problems = checked.map_err(|refusal| Problem::from(refusal).flow(path.flow.as_str()))?;
    let valid = !problems.iter().any(Finding::is_error);
    Ok(Json(Validation { valid, problems }))
}
