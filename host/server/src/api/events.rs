//! What happens in an instance, as server-sent events.

use super::access::{Reach, least};
use super::extract::{At, instance};
use super::instances::InstancePath;
use crate::problem::Problem;
use crate::state::AppState;
use crate::token::{Caller, Role};
use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use http::HeaderMap;
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weft_runtime::event::{Watched, Watcher};

/// A comment comes this often, so that proxies keep the connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) fn routes() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::default().routes(least(Role::Viewer, Reach::Named, routes!(watch_events)))
}

/// Watch what happens, from now on.
///
/// Server-sent events: `run-start`, `run-end`, `error`, `debug`, `log`, `deploy`,
/// each with a JSON object as data; `missed` when the reader was too slow. While
/// somebody watches, all messages of runs are captured.
#[utoipa::path(
    get, path = "/instances/{instance}/events", tag = "runs",
    params(
        InstancePath,
        (
            "Last-Event-ID" = Option<String>, Header,
            description = "Sent by a reader that connects again; it gets `missed` first.",
        ),
    ),
    responses(
        (
            status = 200, description = "The stream.", content_type = "text/event-stream",
            body = String,
        ),
    ),
)]
async fn watch_events(
    State(state): State<Arc<AppState>>,
    Extension(caller): Extension<Caller>,
    At(path): At<InstancePath>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let watcher = instance(&state, &path.instance)?.watch();
    let last = headers
        .get("last-event-id")
        .map(|id| id.to_str().ok()?.parse().ok());
    let watch = Watch {
        watcher,
        caller,
        state,
        sent: last.flatten().unwrap_or(0),
        gap: last.is_some(),
    };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok(event), watch))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Somebody's view of an instance's events.
struct Watch {
    watcher: Watcher,
    caller: Caller,
    state: Arc<AppState>,
    /// The id of the last event sent.
    sent: u64,
    /// Nobody knows what happened since the reader was last here.
    gap: bool,
}

impl Watch {
    async fn next(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.gap) {
            return self.event("missed", &json!({ "type": "missed", "missed": null }));
        }
        let watched = tokio::select! {
            watched = self.watcher.next() => watched?,
            () = self.state.stopping.cancelled() => return None,
        };
        if !self.state.tokens.still_valid(&self.caller) {
            return None;
        }
        match watched {
            Watched::Event(timed) => self.event(timed.event.kind(), &*timed),
            Watched::Missed(missed) => {
                self.event("missed", &json!({ "type": "missed", "missed": missed }))
            }
        }
    }

    fn event(&mut self, kind: &str, data: &impl serde::Serialize) -> Option<Event> {
        self.sent = self.sent.wrapping_add(1);
        // Events are plain data; should one not be JSON, the stream ends.
        Event::default()
            .id(self.sent.to_string())
            .event(kind)
            .json_data(data)
            .ok()
    }
}
