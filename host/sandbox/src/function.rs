//! A loaded component, ready to be called.

use crate::bindings::FunctionPre;
use crate::call::{Call, CallEvent, Completed};
use crate::call_state::CallState;
use crate::describing;
use crate::digest::Digest;
use crate::inspection::FunctionKind;
use crate::invocation::{self, Answer};
use crate::sandbox::Shared;
use std::fmt;
use std::sync::Arc;
use wasmtime::Result as WasmResult;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use weft_model::descriptor::Descriptor;
use weft_model::{Fault, FaultCode};

/// A loaded component. Cloning shares it.
#[derive(Clone)]
pub struct Function(Arc<Loaded>);

/// A component, linked: all that can be done before a call is done.
pub(crate) struct Loaded {
    digest: Digest,
    pub(crate) ready: Ready,
    pub(crate) sandbox: Arc<Shared>,
}

/// The exports to call.
pub(crate) enum Ready {
    Function(FunctionPre<CallState>),
    HttpHandler(ProxyPre<CallState>),
}

impl Ready {
    /// Link a component, and find its exports.
    ///
    /// # Errors
    /// An import or export is missing, or has another type.
    pub(crate) fn new(component: &Component, linker: &Linker<CallState>) -> WasmResult<Self> {
        let linked = linker.instantiate_pre(component)?;
        let exports_handle = component.get_export_index(None, "handle").is_some();
        match exports_handle {
            true => FunctionPre::new(linked).map(Ready::Function),
            false => ProxyPre::new(linked).map(Ready::HttpHandler),
        }
    }
}

impl Loaded {
    pub(crate) fn new(
        digest: Digest,
        component: &Component,
        linker: &Linker<CallState>,
        sandbox: Arc<Shared>,
    ) -> WasmResult<Self> {
        Ok(Loaded {
            digest,
            ready: Ready::new(component, linker)?,
            sandbox,
        })
    }
}

impl Function {
    pub(crate) fn new(loaded: Arc<Loaded>) -> Self {
        Function(loaded)
    }

    /// Its digest.
    pub fn digest(&self) -> &Digest {
        &self.0.digest
    }

    /// How it is called.
    pub fn kind(&self) -> FunctionKind {
        match &self.0.ready {
            Ready::Function(_) => FunctionKind::Function,
            Ready::HttpHandler(_) => FunctionKind::HttpHandler,
        }
    }

    /// Ask it what it is, with a small budget and no grants. A component of
    /// another kind gets a descriptor of the host's making.
    ///
    /// # Errors
    /// It failed, or what it says is not a descriptor (`invalid-output`).
    pub async fn describe(&self) -> Result<Descriptor, Fault> {
        match &self.0.ready {
            Ready::HttpHandler(_) => Ok(describing::http_handler()),
            Ready::Function(_) => describing::ask(&self.0).await,
        }
    }

    /// Call it once, in a fresh instance, within a Tokio runtime that has its
    /// timer enabled. Dropping the future ends the call.
    ///
    /// # Errors
    /// See [`FaultCode`]; what it had used is filled in.
    pub async fn call(&self, call: Call) -> Result<Completed, Fault> {
        if let (Ready::HttpHandler(_), CallEvent::Start | CallEvent::Stop) =
            (&self.0.ready, &call.event)
        {
            return Ok(Completed::default());
        }
        let entry = invocation::Entry::Event(call.event);
        let ended = invocation::run(&self.0, entry, &call.limits, call.host).await?;
        match ended.answer {
            Answer::Outputs(outputs) => Ok(Completed {
                outputs,
                usage: ended.usage,
                memory_grows: ended.memory_grows,
            }),
            Answer::Descriptor(_) => Err(Fault::new(
                FaultCode::Internal,
                "a description answered an event",
            )
            .used(ended.usage)),
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("digest", self.digest())
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}
