//! What the handlers of both listeners share.

use crate::settings::Settings;
use crate::token::Tokens;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use weft_runtime::Host;

/// Shared by all handlers.
pub struct AppState {
    /// The instances.
    pub host: Arc<Host>,
    /// The API tokens.
    pub tokens: Tokens,
    /// The settings.
    pub settings: Arc<Settings>,
    /// Where flows answer, without a path: `http://127.0.0.1:8080`.
    pub flow_url: String,
    /// Cancelled when the process begins to stop: streams that have no end of
    /// their own end then.
    pub stopping: CancellationToken,
}
