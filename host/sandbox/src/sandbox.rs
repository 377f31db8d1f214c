//! The one engine of a process, and what it has loaded.

use crate::cache::{CacheError, CompiledCache};
use crate::call_state::CallState;
use crate::config::SandboxConfig;
use crate::digest::Digest;
use crate::function::{Function, Loaded};
use crate::{engine, imports};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use wasmtime::Engine;
use wasmtime::component::Linker;
use weft_model::{Fault, FaultCode};

/// Runs functions. Cloning shares it; a process has one.
#[derive(Clone)]
pub struct Sandbox(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) config: SandboxConfig,
    linker: Linker<CallState>,
    cache: CompiledCache,
    slots: Semaphore,
    loaded: Mutex<HashMap<Digest, Weak<Loaded>>>,
}

/// The sandbox can't work.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The pool does not fit the address space.
    #[error(
        "the sandbox can't reserve address space for {max_concurrent_calls} concurrent calls \
         ({reason}): lower max_concurrent_calls, or raise the limit on virtual memory (ulimit -v)"
    )]
    Pool {
        /// How many calls at once were asked for.
        max_concurrent_calls: u32,
        /// What the engine says.
        reason: String,
    },
    /// The interfaces of this host don't fit together; a fault of the build.
    #[error("the sandbox can't link its own interfaces: {0}")]
    Linking(String),
    /// A component compiled for this engine does not fit its interfaces.
    #[error("component {digest} does not fit this host: {reason}; upload it again")]
    Unfit {
        /// The component.
        digest: Digest,
        /// What the engine says.
        reason: String,
    },
    /// The cache can't be read.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

impl Sandbox {
    /// Set up the engine and reserve its pool.
    ///
    /// # Errors
    /// The pool does not fit the address space.
    pub fn new(config: SandboxConfig, cache: CompiledCache) -> Result<Self, SandboxError> {
        let engine = engine::running(&config)?;
        let linker =
            imports::linker(&engine).map_err(|e| SandboxError::Linking(format!("{e:#}")))?;
        Ok(Sandbox(Arc::new(Shared {
            slots: Semaphore::new(config.max_concurrent_calls as usize),
            engine,
            config,
            linker,
            cache,
            loaded: Mutex::default(),
        })))
    }

    /// The function of a digest, from the cache; none if it has to be compiled.
    /// It reads and checks a file: call it where blocking is allowed. One digest
    /// is in memory once, however many hold it.
    ///
    /// # Errors
    /// The cache can't be read.
    pub fn load(&self, digest: &Digest) -> Result<Option<Function>, SandboxError> {
        // Held while loading, so that nobody maps the same file beside us.
        let mut loaded = self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(function) = loaded.get(digest).and_then(Weak::upgrade) {
            return Ok(Some(Function::new(function)));
        }
        let Some(component) = self.0.cache.load(&self.0.engine, digest)? else {
            return Ok(None);
        };
        let function = Loaded::new(*digest, &component, &self.0.linker, self.0.clone());
        let function = function.map_err(|error| SandboxError::Unfit {
            digest: *digest,
            reason: format!("{error:#}"),
        })?;
        let function = Arc::new(function);
        loaded.retain(|_, other| other.strong_count() > 0);
        loaded.insert(*digest, Arc::downgrade(&function));
        Ok(Some(Function::new(function)))
    }

    /// The compiled components on disk.
    pub fn cache(&self) -> &CompiledCache {
        &self.0.cache
    }

    /// How it is set up.
    pub fn config(&self) -> &SandboxConfig {
        &self.0.config
    }

    /// How many more calls could run now.
    pub fn slots_available(&self) -> usize {
        self.0.slots.available_permits()
    }
}

impl Shared {
    /// A slot for one call.
    pub(crate) async fn slot(&self) -> Result<SemaphorePermit<'_>, Fault> {
        if let Ok(slot) = self.slots.try_acquire() {
            return Ok(slot);
        }
        match timeout(self.config.slot_wait, self.slots.acquire()).await {
            Ok(Ok(slot)) => Ok(slot),
            Ok(Err(_)) | Err(_) => Err(self.overloaded()),
        }
    }

    fn overloaded(&self) -> Fault {
        let message = format!(
            "no slot for running the function became free within {} ms: {} calls run already",
            self.config.slot_wait.as_millis(),
            self.config.max_concurrent_calls
        );
        Fault::new(FaultCode::Overloaded, message)
            .hint("try again a little later, or raise max_concurrent_calls of the host")
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("config", &self.0.config)
            .field("slots_available", &self.slots_available())
            .finish_non_exhaustive()
    }
}
