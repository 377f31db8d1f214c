//! Who may do what: the least role of each route, declared where it is mounted,
//! shown in the OpenAPI document (`x-weft-role`) and checked before its handler.
//!
//! Nothing is read of a request's body before its token has been checked.

use crate::problem::{Code, Problem};
use crate::state::AppState;
use crate::token::{BadToken, Caller, Role};
use axum::extract::{FromRequestParts as _, OriginalUri, RawPathParams, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;
use utoipa::Modify;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, ResponseBuilder};
use utoipa_axum::router::UtoipaMethodRouter;

/// The extension of an operation that names its least role.
const ROLE: &str = "x-weft-role";

const SCHEME: &str = "token";

/// Which instances a token must reach for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The one that the path names.
    Named,
    /// Any: the answer shows only those that it reaches.
    Some,
    /// All: the route concerns the host.
    All,
}

/// What the token of a request says; there from [`authenticate`] on.
#[derive(Clone)]
struct Authentication(Result<Caller, NoCaller>);

#[derive(Clone, Copy)]
enum NoCaller {
    NoToken,
    Bad(BadToken),
}

/// Find out who makes the request; whether that matters, the route says.
pub(super) async fn authenticate(
    State(state): State<Arc<AppState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match bearer(request.headers()) {
        Some(token) => state.tokens.authenticate(token).map_err(NoCaller::Bad),
        None => Err(NoCaller::NoToken),
    };
    request.extensions_mut().insert(Authentication(caller));
    next.run(request).await
}

/// The token of an `Authorization: Bearer` header (RFC 6750 §2.1). Nowhere else:
/// addresses end up in logs.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Mount routes for callers who have at least this role.
pub(super) fn least<S: Clone + Send + Sync + 'static>(
    role: Role,
    reach: Reach,
    (schemas, mut paths, methods): UtoipaMethodRouter<S>,
) -> UtoipaMethodRouter<S> {
    for operation in paths.paths.values_mut().flat_map(operations) {
        describe(operation, role);
    }
    let guard = middleware::from_fn(move |request: Request, next: Next| async move {
        match admit(role, reach, request).await {
            Ok(request) => next.run(request).await,
            Err(problem) => problem.into_response(),
        }
    });
    (schemas, paths, methods.route_layer(guard))
}

/// Mount routes that take no token.
pub(super) fn open<S>(
    (schemas, mut paths, methods): UtoipaMethodRouter<S>,
) -> UtoipaMethodRouter<S> {
    for operation in paths.paths.values_mut().flat_map(operations) {
        operation.security = Some(Vec::new());
    }
    (schemas, paths, methods)
}

async fn admit(role: Role, reach: Reach, request: Request) -> Result<Request, Problem> {
    let caller = match request.extensions().get() {
        Some(Authentication(Ok(caller))) => caller.clone(),
        Some(Authentication(Err(reason))) => return Err(unauthorized(*reason)),
        None => return Err(unauthorized(NoCaller::NoToken)),
    };
    if caller.role() < role {
        return Err(role_too_low(role, caller.role()));
    }
    let (mut parts, body) = request.into_parts();
    let admitted = match reach {
        Reach::Some => true,
        Reach::All => caller.reaches_all(),
        Reach::Named => {
            let params = RawPathParams::from_request_parts(&mut parts, &()).await;
            let params = params.map_err(|error| super::extract::invalid_path(error.body_text()))?;
            let named = params.iter().find(|(name, _)| *name == "instance");
            named.is_some_and(|(_, instance)| caller.reaches(instance))
        }
    };
    if !admitted {
        return Err(wrong_instance(reach));
    }
    let mut request = Request::from_parts(parts, body);
    audit(role, &caller, &request);
    request.extensions_mut().insert(caller);
    Ok(request)
}

/// Written down before it is done: the client may be gone afterwards.
fn audit(role: Role, caller: &Caller, request: &Request) {
    if role > Role::Viewer {
        let whole = request.extensions().get::<OriginalUri>();
        let path = whole.map_or(request.uri().path(), |uri| uri.path());
        let method = request.method();
        tracing::info!(target: "weft::audit", by = %caller, %method, path, "admitted");
    }
}

fn unauthorized(reason: NoCaller) -> Problem {
    const BARE: &str = r#"Bearer realm="weft""#;
    const BAD: &str = r#"Bearer realm="weft", error="invalid_token""#;
    let (code, detail, hint, challenge) = match reason {
        NoCaller::NoToken => (
            Code::NoToken,
            "this needs a token",
            "send Authorization: Bearer <token>; the first token is in DIR/admin-token",
            BARE,
        ),
        NoCaller::Bad(BadToken::Unknown) => (
            Code::InvalidToken,
            "the token is not valid",
            "see that it is complete and was not revoked",
            BAD,
        ),
        NoCaller::Bad(BadToken::Expired) => (
            Code::ExpiredToken,
            "the token has expired",
            "ask an admin for another",
            BAD,
        ),
    };
    Problem::new(StatusCode::UNAUTHORIZED, code, detail)
        .hint(hint)
        .challenge(challenge)
}

fn role_too_low(needed: Role, had: Role) -> Problem {
    let detail = format!("this needs the role {needed}; the token has {had}");
    Problem::new(StatusCode::FORBIDDEN, Code::RoleTooLow, detail)
        .hint(format!(
            "use a token of role {needed}, or ask an admin for one"
        ))
        .challenge(r#"Bearer realm="weft", error="insufficient_scope""#)
}

/// The same for an instance that exists and for one that does not.
fn wrong_instance(reach: Reach) -> Problem {
    let detail = match reach {
        Reach::All => "this concerns the whole host; the token is for some instances only",
        Reach::Named | Reach::Some => "the token is not for this instance",
    };
    Problem::new(StatusCode::FORBIDDEN, Code::WrongInstance, detail)
        .hint("use a token for it, or ask an admin for one")
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn describe(operation: &mut Operation, role: Role) {
    let extensions = operation.extensions.get_or_insert_default();
    extensions.insert(ROLE.to_owned(), role.as_str().into());
    operation.security = Some(vec![SecurityRequirement::new(SCHEME, [""; 0])]);
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let problem = ResponseBuilder::new()
        .description("Why it was not done.")
        .content(crate::problem::PROBLEM_JSON, problem);
    operation
        .responses
        .responses
        .insert("default".to_owned(), problem.build().into());
}

/// Declares the bearer token in the OpenAPI document.
pub(super) struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(SCHEME, scheme);
    }
}

#[cfg(test)]
mod tests;
