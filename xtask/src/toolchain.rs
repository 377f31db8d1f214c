//! The compiler for guests: found, installed or explained.
//!
//! 1. The cargo in use can already build for `wasm32-wasip2`: use it.
//! 2. `rustup target add wasm32-wasip2` works: use it.
//! 3. apt-get can install Debian's Rust, which builds the target's standard
//!    library from source (see `debian`): use that.
//! 4. Otherwise say exactly what to install.
//!
//! The outcome is written to `target/guests/toolchain.json`, so that the next
//! run does not ask the network again.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::debian;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::step::Step;

/// The target every guest is built for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Long enough to load some 30 MB; a machine without network fails in seconds.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);

/// Which compiler builds the guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GuestToolchain {
    /// The cargo in use, with rustup's standard library for the target.
    Rustup,
    /// Debian's cargo in /usr/bin, which builds the standard library itself.
    Debian,
}

impl GuestToolchain {
    /// The toolchain to use: `wanted` if given, else the one that worked last
    /// time, else the first that works or can be installed.
    pub(crate) fn ensure(
        repository: &Repository,
        wanted: Option<GuestToolchain>,
    ) -> Result<GuestToolchain, Failure> {
        let order = match wanted {
            Some(wanted) => vec![wanted],
            None => vec![GuestToolchain::Rustup, GuestToolchain::Debian],
        };
        let remembered = remembered(repository).filter(|toolchain| order.contains(toolchain));
        let ready = remembered
            .into_iter()
            .chain(order.iter().copied())
            .find(|toolchain| toolchain.is_ready(repository));
        let chosen = match ready {
            Some(toolchain) => toolchain,
            None => install_first(repository, &order)?,
        };
        if remembered != Some(chosen) {
            remember(repository, chosen)?;
        }
        Ok(chosen)
    }

    /// The name used in files and messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            GuestToolchain::Rustup => "rustup",
            GuestToolchain::Debian => "debian",
        }
    }

    /// A `cargo build` of a guest workspace, in release, for the target.
    pub(crate) fn build(
        self,
        repository: &Repository,
        manifest: &Path,
        target_dir: &Path,
    ) -> Result<Step, Failure> {
        let title = format!("build guests ({} toolchain)", self.name());
        let step = match self {
            GuestToolchain::Rustup => Step::cargo(repository, title, "build --release"),
            GuestToolchain::Debian => debian::build(repository, title)?,
        };
        Ok(step
            .args(["--target", TARGET])
            .arg("--manifest-path")
            .arg(manifest)
            .arg("--target-dir")
            .arg(target_dir))
    }

    fn is_ready(self, repository: &Repository) -> bool {
        match self {
            GuestToolchain::Rustup => has_standard_library(repository),
            GuestToolchain::Debian => debian::is_ready(repository),
        }
    }

    fn install(self, repository: &Repository) -> Result<(), Failure> {
        match self {
            GuestToolchain::Rustup => Step::new(
                repository,
                format!("add the compiler target {TARGET}"),
                "rustup",
            )
            .args(["target", "add", TARGET])
            .run_within(RUSTUP_LIMIT),
            GuestToolchain::Debian => debian::install(repository),
        }
    }
}

fn install_first(
    repository: &Repository,
    order: &[GuestToolchain],
) -> Result<GuestToolchain, Failure> {
    let mut reasons = Vec::new();
    for &toolchain in order {
        match toolchain.install(repository) {
            Ok(()) if toolchain.is_ready(repository) => return Ok(toolchain),
            Ok(()) => reasons.push(format!("{}: installed, but incomplete", toolchain.name())),
            Err(failure) => reasons.push(format!("{}: {failure}", toolchain.name())),
        }
        if let Some(reason) = reasons.last() {
            println!("    {reason}");
        }
    }
    Err(Failure::NoGuestToolchain(how_to_install(&reasons)))
}

fn how_to_install(reasons: &[String]) -> String {
    let tried = reasons.join("\n    ");
    let packages = debian::PACKAGES.join(" ");
    format!(
        "no compiler for {TARGET}, which the example functions are built for\n\
         \x20 tried\n\
         \x20   {tried}\n\
         \x20 install by one of these lines, then run the command again\n\
         \x20   with rustup     rustup target add {TARGET}\n\
         \x20   Debian 12       sudo apt-get install {packages}\n\
         \x20   Ubuntu 24.04    sudo apt-get install rustup && rustup default stable && rustup target add {TARGET}\n\
         \x20   Fedora          sudo dnf install rustup && rustup-init -y && rustup target add {TARGET}\n\
         \x20   macOS           brew install rustup && rustup default stable && rustup target add {TARGET}"
    )
}

/// Whether the rustc beside the cargo in use has the target's standard library.
fn has_standard_library(repository: &Repository) -> bool {
    let Ok(answer) = Step::new(repository, "look for the target", "rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .answer()
    else {
        return false;
    };
    let folder = PathBuf::from(String::from_utf8_lossy(&answer).trim());
    fs::read_dir(folder).is_ok_and(|mut files| {
        files.any(|file| {
            file.is_ok_and(|file| is_standard_library(&file.file_name().to_string_lossy()))
        })
    })
}

fn is_standard_library(file: &str) -> bool {
    file.starts_with("libstd-") && file.ends_with(".rlib")
}

#[derive(Serialize, Deserialize)]
struct Memory {
    toolchain: GuestToolchain,
}

fn memory_file(repository: &Repository) -> PathBuf {
    repository.built_guests().join("toolchain.json")
}

/// Anything unreadable counts as nothing remembered.
fn remembered(repository: &Repository) -> Option<GuestToolchain> {
    let text = fs::read(memory_file(repository)).ok()?;
    let memory: Memory = serde_json::from_slice(&text).ok()?;
    Some(memory.toolchain)
}

fn remember(repository: &Repository, toolchain: GuestToolchain) -> Result<(), Failure> {
    let folder = repository.built_guests();
    fs::create_dir_all(&folder).map_err(Failure::file("make", &folder))?;
    let file = memory_file(repository);
    let text = serde_json::json!({ "toolchain": toolchain }).to_string();
    fs::write(&file, text).map_err(Failure::file("write", &file))
}
