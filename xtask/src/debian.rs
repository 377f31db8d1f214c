//! Guests by Debian's packaged Rust, for machines where rustup cannot fetch.
//!
//! Debian has no ready standard library for `wasm32-wasip2`, but it has the
//! sources, so cargo builds it with `-Z build-std` (which a stable compiler
//! allows under `RUSTC_BOOTSTRAP`). Two linkers must be on PATH: `wasm-ld`,
//! which lld brings, and `wasm-component-ld`, which rustup's toolchains carry
//! and crates.io has.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::repository::Repository;
use crate::step::Step;
use crate::toolchain::TARGET;

/// What `apt-get install` is asked for.
pub(crate) const PACKAGES: [&str; 5] = [
    "cargo-web",
    "rustc-web",
    "rust-web-src",
    "wasi-libc",
    "lld-22",
];

const CARGO: &str = "/usr/bin/cargo";
const RUSTC: &str = "/usr/bin/rustc";
const STANDARD_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
const LIBC_FOLDER: &str = "/usr/lib/wasm32-wasi";
const LLD_FOLDER: &str = "/usr/lib/llvm-22/bin";
const COMPONENT_LINKER: &str = "wasm-component-ld";

/// Set by the cargo or the rustup that runs this program, and meant for them.
const OTHERS_SETTINGS: [&str; 12] = [
    "CARGO",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "LD_LIBRARY_PATH",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTDOCFLAGS",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "RUST_RECURSION_COUNT",
];

/// Whether everything is installed; asks no network.
pub(crate) fn is_ready(repository: &Repository) -> bool {
    Path::new(CARGO).is_file()
        && Path::new(STANDARD_LIBRARY).is_file()
        && Path::new(LIBC_FOLDER).join("libc.a").is_file()
        && wasm_linker_folder(repository).is_some()
        && component_linker_folder(repository).is_some()
        && knows_target(repository)
}

/// Installs the packages, and the one linker that Debian lacks.
pub(crate) fn install(repository: &Repository) -> Result<(), Failure> {
    apt_get(repository, "refresh the list of packages", &["update"])
        // One unreachable third-party source must not stop the others.
        .or_else(|failure| {
            println!("    {failure}; going on with the packages already known");
            Ok(())
        })?;
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(PACKAGES);
    apt_get(repository, "install Debian's Rust for guests", &install)?;
    if component_linker_folder(repository).is_some() {
        return Ok(());
    }
    Step::cargo(
        repository,
        format!("install {COMPONENT_LINKER}"),
        "install --locked wasm-component-ld --root",
    )
    .arg(own_tools(repository))
    .run()
}

/// The `cargo build` for a guest workspace, without target and folders.
pub(crate) fn build(repository: &Repository, title: String) -> Result<Step, Failure> {
    let mut step = Step::new(repository, title, CARGO);
    for name in OTHERS_SETTINGS {
        step = step.without_env(name);
    }
    Ok(step
        .env("RUSTC", RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", format!("-L native={LIBC_FOLDER}"))
        .env("PATH", path_with_linkers(repository)?)
        .args(["build", "--release", "-Z", "build-std=std,panic_abort"]))
}

fn apt_get(repository: &Repository, title: &str, words: &[&str]) -> Result<(), Failure> {
    let step = if is_root(repository) {
        Step::new(repository, title, "apt-get")
    } else {
        // Without a terminal to ask on, sudo must not wait for a password.
        Step::new(repository, title, "sudo").args([
            "-n",
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
        ])
    };
    step.env("DEBIAN_FRONTEND", "noninteractive")
        .args(words)
        .run()
}

fn is_root(repository: &Repository) -> bool {
    Step::new(repository, "who am I", "id")
        .arg("-u")
        .answer()
        .is_ok_and(|answer| answer.trim_ascii() == b"0")
}

fn knows_target(repository: &Repository) -> bool {
    Step::new(repository, "list targets", RUSTC)
        .args(["--print", "target-list"])
        .answer()
        .is_ok_and(|answer| {
            String::from_utf8_lossy(&answer)
                .lines()
                .any(|line| line == TARGET)
        })
}

fn path_with_linkers(repository: &Repository) -> Result<OsString, Failure> {
    let missing = |linker: &str| {
        Failure::NoGuestToolchain(format!(
            "the linker {linker} is gone; run `cargo xtask guests` again to install it"
        ))
    };
    let mut folders = vec![
        component_linker_folder(repository).ok_or_else(|| missing(COMPONENT_LINKER))?,
        wasm_linker_folder(repository).ok_or_else(|| missing("wasm-ld"))?,
    ];
    folders.extend(folders_on_path());
    env::join_paths(folders).map_err(|problem| Failure::Unreadable {
        what: "PATH".to_owned(),
        problem: problem.to_string(),
    })
}

fn component_linker_folder(repository: &Repository) -> Option<PathBuf> {
    toolchain_folders(repository)
        .into_iter()
        .chain([own_tools(repository).join("bin")])
        .chain(folders_on_path())
        .find(|folder| folder.join(COMPONENT_LINKER).is_file())
}

fn wasm_linker_folder(repository: &Repository) -> Option<PathBuf> {
    let beside_lld = toolchain_folders(repository)
        .into_iter()
        .map(|folder| folder.join("gcc-ld"));
    [PathBuf::from(LLD_FOLDER)]
        .into_iter()
        .chain(beside_lld)
        .chain(folders_on_path())
        .find(|folder| folder.join("wasm-ld").is_file())
}

/// `lib/rustlib/<host>/bin` of the rustc in use, for every host it has.
fn toolchain_folders(repository: &Repository) -> Vec<PathBuf> {
    let Ok(answer) = Step::new(repository, "find the toolchain", "rustc")
        .args(["--print", "sysroot"])
        .answer()
    else {
        return Vec::new();
    };
    let rustlib = Path::new(String::from_utf8_lossy(&answer).trim()).join("lib/rustlib");
    let Ok(hosts) = fs::read_dir(rustlib) else {
        return Vec::new();
    };
    hosts
        .flatten()
        .map(|host| host.path().join("bin"))
        .collect()
}

/// Where a linker installed by this program lies.
fn own_tools(repository: &Repository) -> PathBuf {
    repository.path("target/guest-tools")
}

fn folders_on_path() -> Vec<PathBuf> {
    env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default()
}
