//! A function that imports an interface no host has. It exists for the tests
//! of a host, which must name the import when it refuses the component.

use weft::Message;

// Generated code: it passes values over the component boundary by raw pointers.
#[allow(missing_docs, unreachable_pub)]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package example:weather@1.0.0;
            interface forecast { today: func() -> string; }
            world asks { import forecast; }
        ",
    });
}

/// Tells the weather, if somebody knew it.
#[weft::function]
fn unknown_import(message: Message) -> Message {
    message.with_payload(bindings::example::weather::forecast::today())
}
