//! Everything that belongs to one call and is dropped with it.

use crate::config::CallLimits;
use crate::egress::Egress;
use crate::guest_log::{GuestLog, LineCapture};
use crate::host_calls::{Denied, HostCalls};
use crate::meter::{MemoryMeter, OutputBudget};
use std::sync::Arc;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};
use weft_model::node::LogLevel;

/// Most handles that a guest holds at a time, and most bytes of randomness and of
/// HTTP headers in one call into the host.
const MOST_HANDLES: usize = 10_000;
const MOST_RANDOM_BYTES: u64 = 1 << 20;
const MOST_HEADER_BYTES: usize = 128 << 10;

/// The data of a call's store.
pub(crate) struct CallState {
    pub(crate) host: Arc<dyn HostCalls>,
    pub(crate) log: Arc<GuestLog>,
    pub(crate) memory: MemoryMeter,
    pub(crate) output: OutputBudget,
    pub(crate) table: ResourceTable,
    denied: Option<Denied>,
    egress: Egress,
    http: WasiHttpCtx,
    wasi: Option<Box<Wasi>>,
}

/// Made when the guest first uses WASI; many import it and few use it.
struct Wasi {
    ctx: WasiCtx,
    stdout: LineCapture,
    stderr: LineCapture,
}

impl CallState {
    pub(crate) fn new(host: Arc<dyn HostCalls>, limits: &CallLimits) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MOST_HANDLES);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(MOST_HEADER_BYTES);
        CallState {
            log: Arc::new(GuestLog::new(host.clone(), limits)),
            host,
            memory: MemoryMeter::new(limits),
            output: OutputBudget::new(limits),
            table,
            denied: None,
            egress: Egress::default(),
            http,
            wasi: None,
        }
    }

    /// Remember that the host said no.
    pub(crate) fn note(&mut self, denied: &Denied) {
        self.denied = Some(denied.clone());
    }

    /// What the host last said no to.
    pub(crate) fn denied(&self) -> Option<&Denied> {
        self.denied.as_ref().or(self.egress.denied())
    }

    /// Drop every handle the guest holds, and with them the ends of its streams.
    pub(crate) fn close_handles(&mut self) {
        self.table = ResourceTable::new();
    }

    /// Pass on what the guest said and nothing has ended yet.
    pub(crate) fn finish_log(&self) {
        if let Some(wasi) = &self.wasi {
            wasi.stdout.finish();
            wasi.stderr.finish();
        }
        self.log.finish();
    }
}

impl Wasi {
    /// Clocks and randomness; no arguments, no environment, no files, no sockets.
    fn new(log: &Arc<GuestLog>) -> Self {
        let stdout = LineCapture::new(log.clone(), LogLevel::Info);
        let stderr = LineCapture::new(log.clone(), LogLevel::Warn);
        let ctx = WasiCtx::builder()
            .stdout(stdout.clone())
            .stderr(stderr.clone())
            .max_random_size(MOST_RANDOM_BYTES)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        Wasi {
            ctx,
            stdout,
            stderr,
        }
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self
            .wasi
            .get_or_insert_with(|| Box::new(Wasi::new(&self.log)));
        WasiCtxView {
            ctx: &mut wasi.ctx,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.egress,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
