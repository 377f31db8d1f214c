//! `weft serve`: opens what lasts, binds both listeners, serves until it is told
//! to stop, and lets open requests and runs end.

use crate::api;
use crate::listener::{self, Answer, Limits};
use crate::settings::Settings;
use crate::state::AppState;
use crate::token::Tokens;
use crate::traffic::Traffic;
use crate::welcome;
use axum::response::Response;
use hyper::body::Incoming;
use serde::Serialize;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use weft_builder::Builder;
use weft_runtime::{Host, Parts, Refusal};
use weft_sandbox::cache::CacheError;
use weft_sandbox::{CompiledCache, Sandbox, SandboxError};
use weft_store::{MasterKey, MasterKeyError, OpenError, Store, StoreOptions};

/// The instance that a new data directory begins with.
const FIRST_INSTANCE: &str = "default";

/// Why the host does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message says it")]
pub enum ServeError {
    #[error("the data directory {dir} cannot be used: {source}")]
    Data { dir: PathBuf, source: io::Error },
    #[error("the master key in {file}: {source}")]
    MasterKey {
        file: PathBuf,
        source: MasterKeyError,
    },
    #[error("signals cannot be received: {0}")]
    Signals(io::Error),
    #[error("{0}")]
    Store(#[from] OpenError),
    #[error("{0}")]
    Sandbox(#[from] SandboxError),
    #[error("{0}")]
    Cache(#[from] CacheError),
    #[error("the store stopped while it was opened; the log says more")]
    StoreStopped,
    #[error("{what} cannot listen on {address}: {source}")]
    Listen {
        what: &'static str,
        address: SocketAddr,
        source: io::Error,
    },
    #[error("the admin token: {0}")]
    Token(String),
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("{file} cannot be written: {source}")]
    RunFile { file: PathBuf, source: io::Error },
}

/// Where a running host listens; `DIR/run.json` holds it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// The flow listener.
    pub listen: SocketAddr,
    /// The listener of the management API.
    pub admin_listen: SocketAddr,
    /// The process.
    pub pid: u32,
}

/// Serve until SIGINT or SIGTERM. `started` is told where, once everything
/// answers.
///
/// # Errors
/// Whatever keeps the host from starting.
pub async fn run(settings: Settings, started: impl FnOnce(&Running)) -> Result<(), ServeError> {
    let settings = Arc::new(settings);
    // Bind first: a port that is taken is the commonest mistake, and costs nothing to find.
    let flow_listener = bind("the flow listener", settings.listen).await?;
    let admin_listener = bind("the management API", settings.admin_listen).await?;
    let running = Running {
        listen: flow_listener.local_addr().unwrap_or(settings.listen),
        admin_listen: admin_listener.local_addr().unwrap_or(settings.admin_listen),
        pid: std::process::id(),
    };
    let state = Arc::new(open(settings.clone(), &running).await?);
    let stopping = state.stopping.clone();
    let flow_limits = Limits {
        connections: settings.max_connections,
        header_timeout: settings.header_timeout,
    };
    let admin_limits = Limits {
        connections: settings.admin_max_connections,
        ..flow_limits
    };
    let flows = state.clone();
    let flows = listener::serve(flow_listener, flow_limits, stopping.clone(), move |peer| {
        Traffic::new(flows.clone(), peer)
    });
    let router = Admin(api::router(state.clone()));
    let admin = listener::serve(
        admin_listener,
        admin_limits,
        stopping.clone(),
        move |_peer| router.clone(),
    );
    let listeners = tokio::spawn(async move { tokio::join!(flows, admin) });

    // Before anybody knows where we are: whoever knows may want us to stop.
    let signals = StopSignals::listen().map_err(ServeError::Signals)?;
    let run_file = settings.data.join("run.json");
    write_run_file(&run_file, &running)?;
    started(&running);
    tracing::info!(listen = %running.listen, admin_listen = %running.admin_listen, "ready");
    signals.first().await;
    tracing::info!("stopping: open requests and runs may end");
    stopping.cancel();
    let drained = tokio::time::timeout(settings.drain_timeout, listeners).await;
    if drained.is_err() {
        tracing::warn!(
            "some requests had not ended after {:?}",
            settings.drain_timeout
        );
    }
    state.host.stop(settings.drain_timeout).await;
    if let Err(error) = std::fs::remove_file(&run_file) {
        tracing::debug!(%error, "run.json was not removed");
    }
    tracing::info!("stopped");
    Ok(())
}

async fn bind(what: &'static str, address: SocketAddr) -> Result<TcpListener, ServeError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| ServeError::Listen {
        what,
        address,
        source,
    })
}

async fn open(settings: Arc<Settings>, running: &Running) -> Result<AppState, ServeError> {
    let dir = &settings.data;
    private_dir(dir)?;
    let master_key = match settings.master_key() {
        Some(given) => given,
        None => {
            let file = settings.master_key_file();
            MasterKey::read_or_create(&file)
                .map_err(|source| ServeError::MasterKey { file, source })?
        }
    };
    let cache_key = master_key.derive("weft compiled cache");
    let store = {
        let options = StoreOptions::new(dir, master_key);
        // Opening reads the whole log: not for a thread that others wait for.
        let opened = tokio::task::spawn_blocking(move || Store::open(options)).await;
        opened.map_err(|_| ServeError::StoreStopped)??
    };
    let cache = CompiledCache::open(&dir.join("compiled"), cache_key)?;
    let sandbox = Sandbox::new(settings.sandbox(), cache)?;
    let builder = Builder::new(settings.builder());
    let limits = settings.runtime();
    let parts = Parts {
        store,
        sandbox,
        builder,
        limits,
        welcome: welcome::welcome(),
    };
    let host = Arc::new(Host::open(parts).await?);
    let tokens = Tokens::open(&host, settings.admin_token(), dir).await;
    let tokens = tokens.map_err(|error| ServeError::Token(error.to_string()))?;
    host.activate_first(FIRST_INSTANCE.parse().map_err(Refusal::internal)?)
        .await?;
    let flow_url = format!("http://{}", running.listen);
    Ok(AppState {
        host,
        tokens,
        settings,
        flow_url,
        stopping: CancellationToken::new(),
    })
}

fn private_dir(dir: &Path) -> Result<(), ServeError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let created = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir);
    created.map_err(|source| ServeError::Data {
        dir: dir.to_owned(),
        source,
    })
}

fn write_run_file(file: &Path, running: &Running) -> Result<(), ServeError> {
    let write = || {
        let text = serde_json::to_vec(running)?;
        let fresh = file.with_extension("json.new");
        std::fs::write(&fresh, text)?;
        // A reader sees the whole file, or none.
        std::fs::rename(&fresh, file)
    };
    write().map_err(|source| ServeError::RunFile {
        file: file.to_owned(),
        source,
    })
}

/// SIGINT (Ctrl-C) and SIGTERM.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// From now on they no longer end the process by themselves.
    fn listen() -> io::Result<Self> {
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(StopSignals {
            interrupt: signal(interrupt)?,
            terminate: signal(terminate)?,
        })
    }

    async fn first(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The management API as an [`Answer`].
#[derive(Clone)]
struct Admin(axum::Router);

impl Answer for Admin {
    async fn answer(&self, request: http::Request<Incoming>) -> Response {
        let answered = self
            .0
            .clone()
            .oneshot(request.map(axum::body::Body::new))
            .await;
        answered.unwrap_or_else(|never| match never {})
    }
}
