//! The server's side of a build.

use crate::report::Report;
use crate::worker;
use bytes::Bytes;
use std::collections::HashMap;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;
use weft_sandbox::{Digest, Inspection, Rejection, RejectionCode};

/// Most bytes of compiled code, and of the worker's complaints, that are kept.
const MOST_COMPILED_BYTES: u64 = 1 << 30;
const MOST_COMPLAINT_BYTES: u64 = 16 << 10;

/// Linux: the signal to a process that has used up its `RLIMIT_CPU`.
const SIGXCPU: i32 = 24;

/// How builds are run.
#[derive(Clone, Debug)]
pub struct BuilderConfig {
    /// The program that calls [`worker::main`]; usually this one.
    pub worker: PathBuf,
    /// How long a build may take, in time on the clock and of the processor.
    pub timeout: Duration,
    /// Address space of the worker, in bytes.
    pub memory_bytes: u64,
    /// Bytes of an upload.
    pub max_wasm_bytes: u64,
}

impl BuilderConfig {
    /// The usual limits.
    pub fn new(worker: PathBuf) -> Self {
        BuilderConfig {
            worker,
            timeout: Duration::from_secs(60),
            memory_bytes: 2 << 30,
            max_wasm_bytes: 64 << 20,
        }
    }

    /// The usual limits, with this program as the worker.
    ///
    /// # Errors
    /// The system does not tell this program's path.
    pub fn this_program() -> io::Result<Self> {
        Ok(BuilderConfig::new(std::env::current_exe()?))
    }
}

/// Builds uploads, one at a time. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Builder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: BuilderConfig,
    turn: Semaphore,
    /// Builds under way: who asks for the same waits for the same.
    running: Mutex<HashMap<Digest, Arc<Shareable>>>,
}

type Shareable = OnceCell<Result<Built, BuildError>>;

/// A component, ready to be stored.
#[derive(Clone, Debug)]
pub struct Built {
    /// Its name.
    pub digest: Digest,
    /// What it is.
    pub inspection: Inspection,
    /// What [`weft_sandbox::CompiledCache::insert`] takes.
    pub compiled: Bytes,
}

/// Why there is nothing to store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The upload can't be used.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// It took too long.
    #[error("compiling the component took longer than {} s: make it smaller", .0.as_secs_f32())]
    TimedOut(Duration),
    /// It needed too much memory.
    #[error("compiling the component needs more than {0} bytes of memory: make it smaller")]
    OutOfMemory(u64),
    /// The compiler failed; the log says more.
    #[error("the compiler failed on the component ({0}); the host's log says more")]
    Crashed(String),
    /// The worker could not be run at all.
    #[error("the build worker can't be run ({0}); check the installation of the host")]
    NoWorker(String),
}

impl Builder {
    /// A builder that has not begun anything yet.
    pub fn new(config: BuilderConfig) -> Self {
        Builder(Arc::new(Shared {
            config,
            turn: Semaphore::new(1),
            running: Mutex::default(),
        }))
    }

    /// Inspect and compile an upload. Calls with the same bytes at the same time
    /// share one build; dropping the last of them ends it.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub async fn build(&self, wasm: Bytes) -> Result<Built, BuildError> {
        let limit = self.0.config.max_wasm_bytes;
        if wasm.len() as u64 > limit {
            return Err(too_large(wasm.len(), limit).into());
        }
        let (digest, wasm) = digest_of(wasm).await?;
        let shared = self.join(digest);
        let _leave = Leave {
            builder: &self.0,
            digest,
            shared: &shared,
        };
        shared.get_or_init(|| self.run(digest, wasm)).await.clone()
    }

    fn join(&self, digest: Digest) -> Arc<Shareable> {
        self.0.running().entry(digest).or_default().clone()
    }

    async fn run(&self, digest: Digest, wasm: Bytes) -> Result<Built, BuildError> {
        let turn = self.0.turn.acquire().await;
        let _turn = turn.map_err(|closed| BuildError::NoWorker(closed.to_string()))?;
        let config = &self.0.config;
        let Ok(done) = timeout(config.timeout, converse(config, &wasm)).await else {
            return Err(BuildError::TimedOut(config.timeout));
        };
        let done = done.map_err(|error| BuildError::NoWorker(error.to_string()))?;
        done.into_built(digest, config)
    }
}

/// Hashing megabytes takes too long for a thread that serves requests.
async fn digest_of(wasm: Bytes) -> Result<(Digest, Bytes), BuildError> {
    let hashing = tokio::task::spawn_blocking(move || (Digest::of(&wasm), wasm));
    let failed = |error: tokio::task::JoinError| BuildError::NoWorker(error.to_string());
    hashing.await.map_err(failed)
}

impl Shared {
    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Arc<Shareable>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a build when the last one who waited for it leaves.
struct Leave<'a> {
    builder: &'a Shared,
    digest: Digest,
    shared: &'a Arc<Shareable>,
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let mut running = self.builder.running();
        // One holder is the table, one is the caller.
        if self.shared.initialized() || Arc::strong_count(self.shared) <= 2 {
            running.remove(&self.digest);
        }
    }
}

/// What is left of a worker.
struct Done {
    status: ExitStatus,
    output: Vec<u8>,
    complaint: String,
}

/// Run the worker once. Dropping the future kills it.
async fn converse(config: &BuilderConfig, wasm: &[u8]) -> io::Result<Done> {
    let cpu_seconds = config.timeout.as_secs() + 1;
    let mut child = Command::new(&config.worker)
        .arg(worker::SUBCOMMAND)
        .arg(config.memory_bytes.to_string())
        .arg(cpu_seconds.to_string())
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A worker that dies early stops reading: its end tells more.
            let _ = stdin.write_all(wasm).await;
        }
    };
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let ((), output, complaint) = tokio::join!(
        feed,
        collect(stdout, MOST_COMPILED_BYTES),
        collect(stderr, MOST_COMPLAINT_BYTES)
    );
    Ok(Done {
        status: child.wait().await?,
        output: output?,
        complaint: String::from_utf8_lossy(&complaint?).trim().to_owned(),
    })
}

/// The first bytes of a pipe. The rest is read and thrown away, so that the
/// other end need not wait.
async fn collect(pipe: Option<impl AsyncRead + Unpin>, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        (&mut pipe).take(most).read_to_end(&mut bytes).await?;
        tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

impl Done {
    fn into_built(self, digest: Digest, config: &BuilderConfig) -> Result<Built, BuildError> {
        if !self.status.success() {
            return Err(self.into_crash(config));
        }
        let mut rest = self.output.as_slice();
        match Report::read(&mut rest) {
            Ok(Report::Built(inspection)) => {
                let report_bytes = self.output.len() - rest.len();
                Ok(Built {
                    digest,
                    inspection,
                    compiled: Bytes::from(self.output).split_off(report_bytes),
                })
            }
            Ok(Report::Rejected(rejection)) => Err(rejection.into()),
            Ok(Report::OutOfMemory) => Err(BuildError::OutOfMemory(config.memory_bytes)),
            Err(error) => Err(BuildError::Crashed(format!(
                "its report is broken: {error}"
            ))),
        }
    }

    fn into_crash(self, config: &BuilderConfig) -> BuildError {
        if self.status.signal() == Some(SIGXCPU) {
            return BuildError::TimedOut(config.timeout);
        }
        if says_out_of_memory(&self.complaint) {
            return BuildError::OutOfMemory(config.memory_bytes);
        }
        tracing::warn!(status = %self.status, complaint = self.complaint, "the build worker failed");
        BuildError::Crashed(self.status.to_string())
    }
}

/// What Rust says when it can't allocate, in code that can't and that can report
/// it, and when it can't start a thread.
fn says_out_of_memory(complaint: &str) -> bool {
    const SIGNS: [&str; 4] = [
        "memory allocation of",
        "out of memory",
        "os error 12",
        "kind: WouldBlock",
    ];
    SIGNS.iter().any(|sign| complaint.contains(sign))
}

fn too_large(bytes: usize, limit: u64) -> Rejection {
    Rejection::new(
        RejectionCode::TooLarge,
        format!("the component has {bytes} bytes, and this host takes at most {limit}"),
        "leave out what the function does not need, build in release mode, strip debug information",
    )
}
