//! An upload made into machine code. It takes seconds and hundreds of megabytes
//! for a large component, so it belongs in a process of its own.

use crate::function::Ready;
use crate::guest_log::presentable;
use crate::rejection::{Rejection, RejectionCode};
use crate::{engine, imports};
use wasmtime::Error;
use wasmtime::component::Component;

/// Errors repeat the guest's own names, so they are cut.
const MOST_MESSAGE_BYTES: usize = 2_048;

/// Linux: `ENOMEM`, as wasmtime's errors show it.
const OUT_OF_MEMORY: &str = "os error 12";

/// Why there is no machine code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The component can't be used.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The process has no memory left.
    #[error("there is not enough memory to compile the component")]
    OutOfMemory,
}

/// Compile a component, and check that this host can link it.
///
/// # Errors
/// It is not a valid component, asks for something in another form than the host
/// has it, or needs more memory than there is.
pub fn compile(wasm: &[u8]) -> Result<Vec<u8>, CompileError> {
    let engine = engine::compiling().map_err(invalid)?;
    let linker = imports::linker(&engine).map_err(invalid)?;
    let component = Component::new(&engine, wasm).map_err(invalid)?;
    Ready::new(&component, &linker).map_err(unfit)?;
    component.serialize().map_err(invalid)
}

fn invalid(error: Error) -> CompileError {
    let text = format!("{error:#}");
    if text.contains(OUT_OF_MEMORY) {
        return CompileError::OutOfMemory;
    }
    rejection(
        RejectionCode::InvalidComponent,
        "the component can't be compiled",
        &text,
        "build it again with current tools; threads, garbage collection and WASI 0.3 are not supported",
    )
}

fn unfit(error: Error) -> CompileError {
    rejection(
        RejectionCode::WrongWorld,
        "the component was built against other interfaces of the same name",
        &format!("{error:#}"),
        "build it against the interfaces in wit/ and released WASI 0.2",
    )
}

fn rejection(code: RejectionCode, what: &str, error: &str, hint: &str) -> CompileError {
    let message = presentable(format!("{what}: {error}"), MOST_MESSAGE_BYTES);
    Rejection::new(code, message, hint).into()
}
