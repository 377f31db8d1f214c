//! Where the things are that the tests use: the binary, the components, the
//! documents.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The top of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the repository")
}

/// The build directory: the program that runs now lies in `<profile>/` or
/// `<profile>/deps/` below it.
fn target() -> PathBuf {
    let program = env::current_exe().expect("this program has a path");
    let beside = program.parent().expect("this program lies in a directory");
    let profile = match beside.ends_with("deps") {
        true => beside.parent().unwrap_or(beside),
        false => beside,
    };
    profile.parent().unwrap_or(profile).to_owned()
}

/// The binary `weft`: `WEFT_BIN`, or the release build.
pub fn binary() -> PathBuf {
    let path = match env::var_os("WEFT_BIN") {
        Some(path) => PathBuf::from(path),
        None => target().join("release/weft"),
    };
    assert!(
        path.is_file(),
        "{} is missing: run `cargo build --release -p weft-server`",
        path.display()
    );
    path
}

/// An example component by name: `guest("word-count")`.
pub fn guest(name: &str) -> Vec<u8> {
    let path = guest_path(name);
    fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask guests`", path.display()))
}

/// Where an example component lies.
pub fn guest_path(name: &str) -> PathBuf {
    target().join("guests").join(format!("{name}.wasm"))
}

/// A file of the repository as text.
pub fn document(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
