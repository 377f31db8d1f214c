//! `/tokens`: make, list, revoke.

use super::access::{Reach, least};
use super::body::Sent;
use super::change::complete;
use super::extract::At;
use crate::problem::{Code, Problem};
use crate::state::AppState;
use crate::token::{NewToken, Role, TokenId, TokenRecord, TokenText};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weft_model::id::InstanceName;

const MAX_NAME_CHARS: usize = 100;

pub(super) fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::default()
        .routes(least(Role::Admin, Reach::All, routes!(list_tokens)))
        .routes(least(Role::Admin, Reach::All, routes!(create_token)))
        .routes(least(Role::Admin, Reach::All, routes!(revoke_token)))
}

/// A token in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct TokenPath {
    /// The token's id.
    #[param(value_type = String)]
    token: TokenId,
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TokenRequest {
    /// What people call it; up to 100 characters.
    #[schema(max_length = 100)]
    name: String,
    /// What it may do.
    role: Role,
    /// The instances it is for; all if left out.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    instances: Option<Vec<InstanceName>>,
    /// When it ceases to be valid: milliseconds since 1970-01-01T00:00:00Z; never
    /// if left out.
    #[serde(default)]
    expires_at: Option<u64>,
}

/// A token without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Token)]
struct TokenView {
    /// The id.
    #[schema(value_type = String)]
    id: TokenId,
    /// What people call it.
    name: String,
    /// What it may do.
    role: Role,
    /// The instances it is for; null stands for all.
    #[schema(value_type = Option<Vec<String>>)]
    instances: Option<Vec<InstanceName>>,
    /// When it was made: milliseconds since 1970-01-01T00:00:00Z.
    created_at: u64,
    /// When it ceases to be valid; null stands for never.
    expires_at: Option<u64>,
}

impl From<&TokenRecord> for TokenView {
    fn from(record: &TokenRecord) -> Self {
        TokenView {
            id: record.id,
            name: record.name.clone(),
            role: record.role,
            instances: record.instances.clone(),
            created_at: record.created_at,
            expires_at: record.expires_at,
        }
    }
}

/// A new token.
#[derive(Serialize, ToSchema)]
struct CreatedToken {
    #[serde(flatten)]
    view: TokenView,
    /// The token itself. It is shown this once.
    #[schema(value_type = String)]
    token: TokenText,
}

/// The tokens, without their secrets; the operator's own is not among them.
#[utoipa::path(
    get, path = "/tokens", tag = "tokens",
    responses((status = 200, description = "The tokens.", body = Vec<TokenView>)),
)]
async fn list_tokens(State(state): State<Arc<AppState>>) -> Json<Vec<TokenView>> {
    Json(
        state
            .tokens
            .list()
            .iter()
            .map(|record| (&**record).into())
            .collect(),
    )
}

/// Make a token.
#[utoipa::path(
    post, path = "/tokens", tag = "tokens",
    request_body = TokenRequest,
    responses((status = 201, description = "The token, shown this once.", body = CreatedToken)),
)]
async fn create_token(
    State(state): State<Arc<AppState>>,
    sent: Sent,
) -> Result<(StatusCode, Json<CreatedToken>), Problem> {
    let TokenRequest {
        name,
        role,
        instances,
        expires_at,
    } = sent.json().await?;
    check_name(&name)?;
    check_instances(&state, instances.as_deref())?;
    let new = NewToken {
        name,
        role,
        instances,
        expires_at,
    };
    let (record, token) = complete(async move { state.tokens.create(new).await }).await?;
    Ok((
        StatusCode::CREATED,
        Json(CreatedToken {
            view: (&*record).into(),
            token,
        }),
    ))
}

/// Revoke a token: requests with it are refused from now on.
#[utoipa::path(
    delete, path = "/tokens/{token}", tag = "tokens",
    params(TokenPath),
    responses((status = 204, description = "It is revoked.")),
)]
async fn revoke_token(
    State(state): State<Arc<AppState>>,
    At(path): At<TokenPath>,
) -> Result<StatusCode, Problem> {
    complete(async move { state.tokens.revoke(path.token).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn check_name(name: &str) -> Result<(), Problem> {
    let chars = name.chars().count();
    if (1..=MAX_NAME_CHARS).contains(&chars) && !name.contains(char::is_control) {
        return Ok(());
    }
    let detail = format!("a token's name has 1 to {MAX_NAME_CHARS} characters");
    Err(
        Problem::new(StatusCode::BAD_REQUEST, Code::InvalidBody, detail)
            .hint("name what the token is for"),
    )
}

fn check_instances(state: &AppState, names: Option<&[InstanceName]>) -> Result<(), Problem> {
    let Some(names) = names else { return Ok(()) };
    let unknown = names
        .iter()
        .find(|name| state.host.instance(name.as_str()).is_none());
    let detail = match unknown {
        Some(name) => format!("there is no instance {name}"),
        None if names.is_empty() => "a token for no instance is of no use".to_owned(),
        None => return Ok(()),
    };
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        Code::UnknownInstance,
        detail,
    )
    .hint("name instances that exist, or leave `instances` out for all"))
}
