//! `/components` of an instance: upload, look at, delete.

use super::access::{Reach, least};
use super::body::Sent;
use super::change::complete;
use super::extract::{Asked, At, instance};
use super::instances::InstancePath;
use super::schema;
use crate::problem::{Code, Problem};
use crate::state::AppState;
use crate::token::Role;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use semver::Version;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weft_model::descriptor::Descriptor;
use weft_model::id::ComponentName;
use weft_runtime::Instance;
use weft_runtime::components::{ComponentKind, ComponentRecord, Uploaded};

pub(super) fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::default()
        .routes(least(Role::Viewer, Reach::Named, routes!(list_components)))
        .routes(least(Role::Viewer, Reach::Named, routes!(get_component)))
        .routes(least(Role::Deployer, Reach::Named, routes!(put_component)))
        .routes(least(
            Role::Deployer,
            Reach::Named,
            routes!(delete_component),
        ))
}

/// A component in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ComponentPath {
    /// The instance.
    instance: String,
    /// The component's name.
    #[param(value_type = String)]
    name: ComponentName,
}

/// A version in the query.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct VersionQuery {
    /// A version (Semantic Versioning 2.0.0).
    #[param(value_type = Option<String>, example = "1.2.0")]
    version: Option<Version>,
}

/// A version of a component.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Component)]
struct ComponentView {
    /// The name.
    #[schema(value_type = String)]
    name: ComponentName,
    /// The version.
    #[schema(value_type = String)]
    version: Version,
    /// SHA-256 of the component.
    digest: String,
    /// Bytes of the component.
    size: u64,
    /// How it is called: `function` or `http-handler`.
    #[schema(value_type = String)]
    kind: ComponentKind,
    /// What it says of itself.
    #[schema(value_type = schema::NodeType)]
    descriptor: Descriptor,
    /// The interfaces it imports.
    imports: Vec<String>,
    /// What it exports.
    exports: Vec<String>,
    /// When it was uploaded: milliseconds since 1970-01-01T00:00:00Z.
    uploaded_at: u64,
}

impl From<&ComponentRecord> for ComponentView {
    fn from(record: &ComponentRecord) -> Self {
        ComponentView {
            name: record.name.clone(),
            version: record.version.clone(),
            digest: record.digest.clone(),
            size: record.size,
            kind: record.kind,
            descriptor: record.descriptor.clone(),
            imports: record.imports.clone(),
            exports: record.exports.clone(),
            uploaded_at: record.uploaded_at,
        }
    }
}

/// A version of a component, and which others there are.
#[derive(Serialize, ToSchema)]
#[schema(as = ComponentWithVersions)]
struct ComponentWithVersions {
    #[serde(flatten)]
    component: ComponentView,
    /// All versions of the component, the newest first.
    #[schema(value_type = Vec<String>)]
    versions: Vec<Version>,
}

/// Every version of every component.
#[utoipa::path(
    get, path = "/instances/{instance}/components", tag = "components",
    params(InstancePath),
    responses((status = 200, description = "The components.", body = Vec<ComponentView>)),
)]
async fn list_components(
    State(state): State<Arc<AppState>>,
    At(path): At<InstancePath>,
) -> Result<Json<Vec<ComponentView>>, Problem> {
    let components = instance(&state, &path.instance)?.components().list();
    Ok(Json(
        components.iter().map(|record| (&**record).into()).collect(),
    ))
}

/// One component, in the version named or the latest.
#[utoipa::path(
    get, path = "/instances/{instance}/components/{name}", tag = "components",
    params(ComponentPath, VersionQuery),
    responses((status = 200, description = "The component.", body = ComponentWithVersions)),
)]
async fn get_component(
    State(state): State<Arc<AppState>>,
    At(path): At<ComponentPath>,
    Asked(query): Asked<VersionQuery>,
) -> Result<Json<ComponentWithVersions>, Problem> {
    let instance = instance(&state, &path.instance)?;
    let record = instance
        .components()
        .get(&path.name, query.version.as_ref())?;
    let versions = versions(&instance, &path.name);
    Ok(Json(ComponentWithVersions {
        component: (&*record).into(),
        versions,
    }))
}

/// Upload a component.
///
/// It is inspected, compiled and asked to describe itself before it is kept.
/// A version never changes: the same bytes again are 200, others are 409.
/// Without a version it gets the one after the newest, 0.1.0 at first.
#[utoipa::path(
    put, path = "/instances/{instance}/components/{name}", tag = "components",
    params(ComponentPath, VersionQuery),
    request_body(
        content = Vec<u8>,
        content_type = "application/wasm",
        description = "The component.",
    ),
    responses(
        (status = 201, description = "A new version.", body = ComponentView),
        (
            status = 200, description = "The very same was there; nothing has changed.",
            body = ComponentView,
        ),
    ),
)]
async fn put_component(
    State(state): State<Arc<AppState>>,
    At(path): At<ComponentPath>,
    Asked(query): Asked<VersionQuery>,
    sent: Sent,
) -> Result<(StatusCode, Json<ComponentView>), Problem> {
    let instance = instance(&state, &path.instance)?;
    let limit = usize::try_from(state.settings.max_component_bytes).unwrap_or(usize::MAX);
    let wasm = sent.bytes(limit).await?;
    let upload = async move { instance.upload(path.name, query.version, wasm).await };
    Ok(match complete(upload).await? {
        Uploaded::Created(record) => (StatusCode::CREATED, Json((&*record).into())),
        Uploaded::Unchanged(record) => (StatusCode::OK, Json((&*record).into())),
    })
}

/// Delete a version of a component.
///
/// It has to be named if there are several. Revisions that use it keep it: the
/// answer is then 409 and names them.
#[utoipa::path(
    delete, path = "/instances/{instance}/components/{name}", tag = "components",
    params(ComponentPath, VersionQuery),
    responses((status = 204, description = "It is gone.")),
)]
async fn delete_component(
    State(state): State<Arc<AppState>>,
    At(path): At<ComponentPath>,
    Asked(query): Asked<VersionQuery>,
) -> Result<StatusCode, Problem> {
    let ComponentPath {
        instance: owner,
        name,
    } = path;
    let instance = instance(&state, &owner)?;
    let version = match query.version {
        Some(version) => version,
        None => only_version(&instance, &name)?,
    };
    complete(async move { instance.delete_component(&name, &version).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn only_version(instance: &Instance, name: &ComponentName) -> Result<Version, Problem> {
    let versions = versions(instance, name);
    if versions.len() > 1 {
        let names: Vec<_> = versions.iter().map(Version::to_string).collect();
        let detail = format!("there are several versions of {name}: {}", names.join(", "));
        return Err(
            Problem::new(StatusCode::CONFLICT, Code::VersionNeeded, detail)
                .hint("name one: ?version=…"),
        );
    }
    Ok(instance.components().get(name, None)?.version.clone())
}

/// The newest first.
fn versions(instance: &Instance, name: &ComponentName) -> Vec<Version> {
    let all = instance.components().list();
    let mut versions: Vec<_> = all
        .iter()
        .filter(|record| record.name == *name)
        .map(|r| r.version.clone())
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions
}
