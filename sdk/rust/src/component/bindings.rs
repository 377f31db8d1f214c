//! What wit-bindgen generates from `wit/function.wit`, and nothing else.

// Generated code: it passes values over the component boundary by raw pointers.
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "function",
    pub_export_macro: true,
    export_macro_name: "__export_component",
    default_bindings_module: "weft::component::bindings",
});
