//! One call from end to end: slot, store, instance, call, measurement.
//!
//! The store lives for one call only and is dropped in any case, so neither a
//! trap nor a time-out nor a panic of a host function leaves anything behind.

use crate::bindings::{Event, weft::function::types::MessageParam};
use crate::call::CallEvent;
use crate::call_state::CallState;
use crate::config::CallLimits;
use crate::engine::FUEL_BETWEEN_YIELDS;
use crate::failure::Failure;
use crate::function::{Loaded, Ready};
use crate::host_calls::HostCalls;
use crate::http_handler;
use crate::imports::encoded;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::time::timeout;
use wasmtime::{Engine, Store};
use weft_model::Fault;
use weft_model::fault::Usage;
use weft_model::message::Encoded;

/// What the guest copies to the host beside its messages: text of errors, names.
const HANDOVER_SLACK_BYTES: u64 = 1 << 20;

/// What to call.
pub(crate) enum Entry {
    Describe,
    Event(CallEvent),
}

/// What came back.
pub(crate) enum Answer {
    Descriptor(String),
    Outputs(Vec<(u32, Encoded)>),
}

/// A call that ended well.
pub(crate) struct Ended {
    pub(crate) answer: Answer,
    pub(crate) usage: Usage,
    pub(crate) memory_grows: u32,
}

/// Call a component once.
pub(crate) async fn run(
    loaded: &Loaded,
    entry: Entry,
    limits: &CallLimits,
    host: Arc<dyn HostCalls>,
) -> Result<Ended, Fault> {
    // Declared before the store, so given back after what the store holds of
    // the pool.
    let _slot = loaded.sandbox.slot().await?;
    let mut store = new_store(&loaded.sandbox.engine, host, limits);

    // A panic in a host function unwinds through the guest to here, and ends as
    // a fault of this call.
    let work = AssertUnwindSafe(enter(loaded, &mut store, entry, limits)).catch_unwind();
    let result = match timeout(limits.deadline, work).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(Failure::HostPanic),
        Err(_elapsed) => Err(Failure::Deadline),
    };

    let usage = Usage {
        fuel: limits.fuel.saturating_sub(store.get_fuel().unwrap_or(0)),
        memory_bytes: store.data().memory.peak(),
    };
    store.data().finish_log();
    match result {
        Ok(answer) => Ok(Ended {
            answer,
            usage,
            memory_grows: store.data().memory.grows(),
        }),
        Err(failure) => Err(failure.into_fault(store.data(), limits).used(usage)),
    }
}

fn new_store(engine: &Engine, host: Arc<dyn HostCalls>, limits: &CallLimits) -> Store<CallState> {
    let mut store = Store::new(engine, CallState::new(host, limits));
    store.limiter(|state| &mut state.memory);
    let handover = limits.output_bytes.saturating_add(HANDOVER_SLACK_BYTES);
    store.set_hostcall_fuel(usize::try_from(handover).unwrap_or(usize::MAX));
    store
}

async fn enter(
    loaded: &Loaded,
    store: &mut Store<CallState>,
    entry: Entry,
    limits: &CallLimits,
) -> Result<Answer, Failure> {
    // Before the instance is made: its start functions burn fuel too.
    store.set_fuel(limits.fuel)?;
    store.fuel_async_yield_interval(Some(FUEL_BETWEEN_YIELDS))?;
    let ready = match &loaded.ready {
        Ready::Function(ready) => ready,
        Ready::HttpHandler(ready) => {
            let outputs = match entry {
                Entry::Event(CallEvent::Message(message)) => {
                    vec![(0, http_handler::call(ready, store, message, limits).await?)]
                }
                Entry::Event(CallEvent::Start | CallEvent::Stop) | Entry::Describe => vec![],
            };
            return Ok(Answer::Outputs(outputs));
        }
    };
    let guest = ready.instantiate_async(&mut *store).await?;
    let returned = match &entry {
        Entry::Describe => {
            return Ok(Answer::Descriptor(guest.call_describe(&mut *store).await?));
        }
        Entry::Event(CallEvent::Start) => guest.call_handle(&mut *store, Event::Start).await?,
        Entry::Event(CallEvent::Stop) => guest.call_handle(&mut *store, Event::Stop).await?,
        Entry::Event(CallEvent::Message(message)) => {
            let blobs: Vec<&[u8]> = message.blobs.iter().map(|blob| &**blob).collect();
            let message = MessageParam {
                head: &message.head,
                blobs: &blobs,
            };
            guest
                .call_handle(&mut *store, Event::Message(message))
                .await?
        }
    };
    let budget = &mut store.data_mut().output;
    let mut outputs = Vec::new();
    for output in returned.map_err(Failure::Function)? {
        let message = encoded(output.message);
        budget.spend(message.len())?;
        outputs.push((output.port, message));
    }
    Ok(Answer::Outputs(outputs))
}
