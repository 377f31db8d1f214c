//! Tells the crate two things of its surroundings: where the component of the
//! "Hello world!" flow lies, and which wasmtime is built in.

use std::path::Path;

fn main() {
    hello_component();
    wasmtime_version();
}

/// `cargo xtask guests` builds it.
fn hello_component() {
    let hello = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/guests/hello.wasm");
    println!("cargo::rerun-if-changed={}", hello.display());
    if hello.exists() {
        println!("cargo::rustc-env=WEFT_HELLO_COMPONENT={}", hello.display());
    } else {
        println!(
            "cargo::error=target/guests/hello.wasm is missing: run `cargo xtask guests` first"
        );
    }
}

fn wasmtime_version() {
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
    println!("cargo::rerun-if-changed={lock}");
    let text = std::fs::read_to_string(lock).unwrap_or_default();
    let version = locked_version(&text, "wasmtime").unwrap_or("unknown");
    println!("cargo::rustc-env=WEFT_WASMTIME_VERSION={version}");
}

/// The version that follows a package's name.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?;
    version.strip_suffix('"')
}
