//! How a call fails, and the fault that people see of it.

use crate::bindings::Error as FunctionError;
use crate::bindings::weft::function::types::ErrorKind as WitKind;
use crate::call_state::CallState;
use crate::config::CallLimits;
use crate::guest_log::presentable;
use crate::meter::OverBudget;
use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;
use weft_model::fault::ErrorKind;
use weft_model::value::Value;
use weft_model::{Fault, FaultCode, wire};

/// Longest text of a guest's or the engine's that a fault repeats.
const MOST_MESSAGE_BYTES: usize = 4_096;

/// How wasmtime begins the error about [`wasmtime::Store::set_hostcall_fuel`],
/// which has no public type.
const HANDOVER_TOO_LARGE: &str = "too much data is being copied";

/// Why a call did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The function says so itself.
    Function(FunctionError),
    /// What it returned is over the limits.
    Output(OverBudget),
    /// It trapped, or could not be instantiated.
    Engine(wasmtime::Error),
    /// Its time is up.
    Deadline,
    /// A host function panicked.
    HostPanic,
    /// Something that knows better which fault it is.
    Fault(Box<Fault>),
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Failure::Engine(error)
    }
}

impl From<OverBudget> for Failure {
    fn from(over: OverBudget) -> Self {
        Failure::Output(over)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure::Fault(Box::new(fault))
    }
}

impl Failure {
    /// The fault; what the call met on its way decides between codes.
    pub(crate) fn into_fault(self, state: &CallState, limits: &CallLimits) -> Fault {
        match self {
            Failure::Deadline => deadline(limits),
            Failure::HostPanic => {
                tracing::error!(node = %state.host.activation().node, "a host function panicked");
                Fault::new(
                    FaultCode::Internal,
                    "the host failed while it served this call; its log says more",
                )
            }
            Failure::Output(over) => over_budget(over, limits),
            Failure::Engine(error) => engine_fault(&error, state, limits),
            Failure::Fault(fault) => *fault,
            Failure::Function(_) if state.memory.refused() => memory(limits),
            Failure::Function(error) => function_fault(error, state),
        }
    }
}

fn deadline(limits: &CallLimits) -> Fault {
    let millis = limits.deadline.as_millis();
    let message = format!("the function ran longer than {millis} ms");
    Fault::new(FaultCode::DeadlineExceeded, message)
        .hint("raise `limits.deadlineMs` of the node, or let it do less for each message")
}

fn memory(limits: &CallLimits) -> Fault {
    let bytes = limits.memory_bytes;
    let message = format!("the function asked for more than {bytes} bytes of memory");
    Fault::new(FaultCode::MemoryLimit, message)
        .hint("raise `limits.memoryBytes` of the node, or let it hold less at a time")
}

fn fuel(limits: &CallLimits) -> Fault {
    let message = format!("the function used up its fuel of {}", limits.fuel);
    Fault::new(FaultCode::FuelExhausted, message)
        .hint("raise `limits.fuel` of the node, or let it do less for each message")
}

fn over_budget(over: OverBudget, limits: &CallLimits) -> Fault {
    let message = match over {
        OverBudget::Messages => format!(
            "the function sent more than {} messages",
            limits.output_messages
        ),
        OverBudget::Bytes => output_bytes_message(limits),
    };
    Fault::new(FaultCode::InvalidOutput, message).hint("send less in one call")
}

fn output_bytes_message(limits: &CallLimits) -> String {
    format!("the function sent more than {} bytes", limits.output_bytes)
}

/// The order matters: a refused allocation ends as a trap, and a denied call
/// often does.
fn engine_fault(error: &wasmtime::Error, state: &CallState, limits: &CallLimits) -> Fault {
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::OutOfFuel) {
        return fuel(limits);
    }
    if state.memory.refused() {
        return memory(limits);
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Fault::new(
            FaultCode::Overloaded,
            "the host has no memory or table left for the function: too many calls run",
        )
        .hint("try again a little later, or raise max_concurrent_calls of the host");
    }
    let text = cause(error);
    if text.starts_with(HANDOVER_TOO_LARGE) {
        return over_budget(OverBudget::Bytes, limits);
    }
    let message = format!("the function trapped: {text}");
    match state.denied() {
        Some(_) => denied(message, state),
        None => Fault::new(FaultCode::Trap, message)
            .hint("what the function wrote to standard error stands in the run's log"),
    }
}

/// The innermost cause, in the words of the guest's world: no host frames.
fn cause(error: &wasmtime::Error) -> String {
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return format!("it called exit({})", exit.0);
    }
    let text = match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    };
    let text = text.strip_prefix("wasm trap: ").unwrap_or(&text);
    presentable(text.to_owned(), MOST_MESSAGE_BYTES)
}

fn function_fault(error: FunctionError, state: &CallState) -> Fault {
    let message = presentable(error.message, MOST_MESSAGE_BYTES);
    let mut fault = match state.denied() {
        Some(_) => denied(message, state),
        None => Fault::new(FaultCode::FunctionError, message),
    };
    fault.kind = Some(match error.kind {
        WitKind::InvalidInput => ErrorKind::InvalidInput,
        WitKind::Retryable => ErrorKind::Retryable,
        WitKind::Failed => ErrorKind::Failed,
    });
    fault.data = error.data.map(details).map(Box::new);
    fault
}

/// Details that are not JSON are text.
fn details(text: String) -> Value {
    wire::decode_value(text.as_bytes(), &[]).unwrap_or(Value::String(text))
}

/// A failure after the host said no.
pub(crate) fn denied(message: String, state: &CallState) -> Fault {
    let fault = Fault::new(FaultCode::CapabilityDenied, message);
    match state.denied() {
        None => fault,
        Some(denied) => {
            let hint = format!("{}: add {} to the node", denied.message, denied.grant);
            fault.hint(presentable(hint, MOST_MESSAGE_BYTES))
        }
    }
}
