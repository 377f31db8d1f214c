//! The function world as Rust sees it, made from `wit/function.wit`. What goes in
//! is borrowed, so that a message is copied once: into the guest.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::all,
    reason = "generated"
)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "function",
    imports: {
        "weft:function/secrets": trappable,
    },
    exports: { default: async },
    ownership: Borrowing { duplicate_if_necessary: true },
    with: {
        "weft:function/secrets.secret": crate::imports::Secret,
    },
});
