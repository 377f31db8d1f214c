//! Write functions for Weft flows.
//!
//! A function is one item. `#[weft::function]` turns it into a WebAssembly
//! component that describes itself (name, ports, config, documentation) and
//! that the host calls once for each message; off WebAssembly the same item is
//! tested natively, against a host in memory ([`testing::Host`]).
//!
//! ```
//! use weft::{Error, Message};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Config {
//!     /// How often the text is repeated.
//!     times: usize,
//! }
//!
//! /// Repeats a text.
//! #[weft::function(name = "repeat", icon = "🔁", category = "text", outputs("repeated"))]
//! fn repeat(message: Message, config: Config) -> Result<Message, Error> {
//!     let text = message.payload_text()?.repeat(config.times);
//!     Ok(message.with_payload(text))
//! }
//!
//! let host = weft::testing::Host::new().with_config(&serde_json::json!({ "times": 2 }));
//! let outputs = host.call(&repeat_function(), Message::new("ha"))?;
//! assert_eq!(outputs[0].1.payload_text()?, "haha");
//! # Ok::<(), Error>(())
//! ```
//!
//! | part | what is there |
//! | --- | --- |
//! | [`macro@function`] | the attribute: descriptor, argument and answer types, start and stop |
//! | [`Message`], [`Json`], [`value`] | what comes in and goes out, raw or typed |
//! | [`Outputs`], [`emit`] | which port a message leaves by, and when |
//! | [`Error`] | a failure, and who is to blame |
//! | [`state`], [`mod@env`], [`secrets`], [`log`], [`activation()`] | what the host offers |
//! | [`testing`] | the host in memory |

mod activation;
mod descriptor;
mod error;
mod function;
mod handler;
mod host;
mod message;
mod outputs;

pub mod env;
pub mod log;
pub mod secrets;
pub mod state;
pub mod value;

pub use activation::{Activation, activation, config};
pub use descriptor::{Manifest, Port, Requests};
pub use error::{Error, ErrorKind};
pub use function::{Event, Function};
pub use handler::{EventHandler, FromMessage, MessageHandler};
pub use message::{Encoded, InvalidMessage, Message};
pub use outputs::{EmitError, IntoOutputs, Json, Outputs, emit};
pub use value::{Bytes, Date, Number, Object, Value};
pub use weft_macros::function;

#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

// Runs the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(all(target_arch = "wasm32", feature = "allocator"))]
mod allocator;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component;
