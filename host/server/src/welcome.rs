//! What a new instance begins with: a component that greets, and the "Hello
//! world!" flow around it.

use bytes::Bytes;
use weft_runtime::Welcome;

/// The guest example `hello`, built by `cargo xtask guests`.
static HELLO: &[u8] = include_bytes!(env!("WEFT_HELLO_COMPONENT"));

static FLOW: &[u8] = include_bytes!("welcome.json");

/// The component and the flow.
pub fn welcome() -> Welcome {
    Welcome {
        component: "hello",
        wasm: Bytes::from_static(HELLO),
        flow: "hello",
        document: Bytes::from_static(FLOW),
    }
}
