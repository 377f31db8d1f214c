//! The attribute of the `weft` crate, which documents and re-exports it.

mod attributes;
mod expansion;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

/// Makes a Weft function from an ordinary Rust function.
///
/// The function takes a `weft::Message` or a `weft::Json<T>`, and as an optional
/// second argument the node's config (`serde::Deserialize` and
/// `schemars::JsonSchema`). It returns a `Message`, a `Json<T>`, an `Option` or
/// `Vec` of these, `weft::Outputs` or nothing, plain or in a `Result` whose error
/// converts into `weft::Error`. Its documentation comment becomes the node
/// type's; the first sentence is the summary.
///
/// | argument | meaning | if left out |
/// | --- | --- | --- |
/// | `name = "word-count"` | the name as a node type | the Rust name, `_` as `-` |
/// | `icon = "…"`, `color = "…"`, `category = "…"` | how the editor shows it | the editor's own choice |
/// | `input = "text"` | the label of the input port | `"input"` |
/// | `outputs("valid", "invalid" = "When …")` | the output ports in order, perhaps with documentation | one, `"output"` |
/// | `env("…")`, `secrets("…")`, `buckets("…")`, `http("…")` | the grants it asks for | none |
/// | `on_start = path`, `on_stop = path` | functions, of nothing or the config, called when the node comes and goes | nothing happens |
///
/// Beside `fn word_count` it makes `fn word_count_function() -> weft::Function`,
/// which `weft::testing::Host` can call; in a WebAssembly build it also exports
/// the component's interface, so a component crate holds exactly one.
#[proc_macro_attribute]
pub fn function(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as attributes::Attributes);
    let item = parse_macro_input!(item as ItemFn);
    expansion::expand(&arguments, &item)
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}
