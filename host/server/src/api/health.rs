//! What a supervisor and a metrics collector ask. No token: they live on the
//! private network of this listener, and nothing here is a content.

use super::access::open;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weft_store::{Health, HealthState};

/// A store that has not finished a write for so long hangs.
const STALLED: Duration = Duration::from_secs(10);

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::default()
        .routes(open(routes!(get_healthz)))
        .routes(open(routes!(get_readyz)))
        .routes(open(routes!(get_metrics)))
}

/// Whether the host can serve.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// All checks are well.
    ready: bool,
    /// What was checked.
    checks: Vec<Check>,
}

/// One thing that was checked.
#[derive(Serialize, ToSchema)]
struct Check {
    /// What.
    name: &'static str,
    /// It is well.
    ok: bool,
    /// How it is.
    detail: String,
}

/// The process is up.
#[utoipa::path(
    get, path = "/healthz", tag = "health",
    responses((status = 200, description = "It is.", content_type = "text/plain", body = String)),
)]
async fn get_healthz() -> &'static str {
    "ok"
}

/// Whether the host can serve.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses(
        (status = 200, description = "It can.", body = Readiness),
        (status = 503, description = "It cannot now; the checks say why.", body = Readiness),
    ),
)]
async fn get_readyz(State(state): State<Arc<AppState>>) -> (StatusCode, Json<Readiness>) {
    let stopping = state.stopping.is_cancelled();
    let process = Check {
        name: "process",
        ok: !stopping,
        detail: if stopping { "stopping" } else { "running" }.to_owned(),
    };
    let checks = vec![process, store_check(&state.host.store().health())];
    let ready = checks.iter().all(|check| check.ok);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Readiness { ready, checks }))
}

/// Counters of runs and activations (OpenMetrics 1.0 text).
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses(
        (
            status = 200, description = "The metrics.",
            content_type = "application/openmetrics-text", body = String,
        ),
    ),
)]
async fn get_metrics(State(state): State<Arc<AppState>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, OPENMETRICS)], state.host.metrics().encode())
}

fn store_check(health: &Health) -> Check {
    let stalled = health.stalled_for > STALLED;
    let (ok, detail) = match &health.state {
        HealthState::Ok if stalled => (
            false,
            format!(
                "no write has finished for {} s",
                health.stalled_for.as_secs()
            ),
        ),
        HealthState::Ok => (
            true,
            format!("reads and writes, {} waiting", health.waiting),
        ),
        // Why is in the log: the reason may name a path.
        HealthState::ReadOnly { .. } => (
            false,
            "reads only, after a failed write; the host's log says why".to_owned(),
        ),
        _ => (false, "closed".to_owned()),
    };
    Check {
        name: "store",
        ok,
        detail,
    }
}
