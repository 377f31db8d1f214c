//! Tells `weft version` which wasmtime is built in: the version in Cargo.lock.

fn main() {
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
