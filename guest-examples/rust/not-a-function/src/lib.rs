//! A component of another world: it exports an interface that Weft does not
//! know. It exists for the tests of a host.

// Generated code: it passes values over the component boundary by raw pointers.
#[allow(missing_docs, unreachable_pub, unused_macros)]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package example:greeter@1.0.0;
            interface greeting { greet: func(name: string) -> string; }
            world greeter { export greeting; }
        ",
        default_bindings_module: "crate::bindings",
    });
}

#[cfg(target_arch = "wasm32")]
#[allow(unreachable_pub)]
const _: () = {
    struct Greeter;

    impl bindings::exports::example::greeter::greeting::Guest for Greeter {
        fn greet(name: String) -> String {
            format!("Hello, {name}!")
        }
    }

    bindings::export!(Greeter with_types_in bindings);
};
