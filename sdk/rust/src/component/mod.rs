//! The component's door: what the host calls, and how a [`Function`] answers.
//! Used by the code that `#[weft::function]` writes.

pub mod bindings;
pub use bindings::Guest;

use crate::{
    Error, ErrorKind, Event, Function, Message, component::bindings::weft::function::types as wit,
    message::Encoded,
};

/// Answers one call of the host.
///
/// # Errors
/// The function's own.
pub fn handle(function: &Function, event: wit::Event) -> Result<Vec<wit::Output>, wit::Error> {
    answer(function, event).map_err(|error| {
        let (kind, message, data) = error.into_parts();
        let kind = match kind {
            ErrorKind::InvalidInput => wit::ErrorKind::InvalidInput,
            ErrorKind::Retryable => wit::ErrorKind::Retryable,
            ErrorKind::Failed => wit::ErrorKind::Failed,
        };
        wit::Error {
            kind,
            message,
            data,
        }
    })
}

fn answer(function: &Function, event: wit::Event) -> Result<Vec<wit::Output>, Error> {
    let event = match event {
        wit::Event::Message(wit::Message { head, blobs }) => {
            Event::Message(Message::decode(Encoded { head, blobs })?)
        }
        wit::Event::Start => Event::Start,
        wit::Event::Stop => Event::Stop,
    };
    let outputs = function.handle(event)?.into_iter();
    outputs
        .map(|(port, message)| {
            let Encoded { head, blobs } = message.encode()?;
            let message = wit::Message { head, blobs };
            Ok(wit::Output { port, message })
        })
        .collect()
}

/// Exports the function that `$function()` makes as this component's.
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($function:path) => {
        const _: () = {
            struct Component;

            impl $crate::component::Guest for Component {
                fn describe() -> ::std::string::String {
                    $function().describe()
                }

                fn handle(
                    event: $crate::component::bindings::weft::function::types::Event,
                ) -> ::std::result::Result<
                    ::std::vec::Vec<$crate::component::bindings::weft::function::types::Output>,
                    $crate::component::bindings::weft::function::types::Error,
                > {
                    $crate::component::handle(&$function(), event)
                }
            }

            $crate::component::bindings::__export_component!(
                Component with_types_in $crate::component::bindings
            );
        };
    };
}
