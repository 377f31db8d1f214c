//! `cargo xtask guests`: the example functions, built into components.
//!
//! Every folder of `guest-examples/rust` with a `Cargo.toml` is one guest; the
//! whole workspace is built at once and each guest lands in
//! `target/guests/<folder>.wasm`. Nothing is done while neither the sources
//! nor the compiler changed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::fingerprint;
use crate::repository::Repository;
use crate::toolchain::{GuestToolchain, TARGET};

/// A component's first eight bytes: magic number, version 13, layer 1.
const COMPONENT_HEADER: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// Builds every example function.
#[derive(clap::Args, Default)]
pub(crate) struct Guests {
    /// Build even when no source has changed.
    #[arg(long)]
    force: bool,
    /// Use this compiler instead of the first that works.
    #[arg(long, value_enum)]
    toolchain: Option<GuestToolchain>,
}

impl Guests {
    pub(crate) fn run(&self, repository: &Repository) -> Result<(), Failure> {
        let toolchain = GuestToolchain::ensure(repository, self.toolchain)?;
        let guests = names(repository)?;
        let stamp = Stamp::new(repository, toolchain)?;
        if !self.force
            && stamp.is_current()
            && guests
                .iter()
                .all(|guest| output(repository, guest).is_file())
        {
            println!("==> guests: {} built before, nothing changed", guests.len());
            return Ok(());
        }
        stamp.remove()?;
        let target_dir = repository.path("target/guest-build");
        toolchain
            .build(
                repository,
                &repository.rust_guests().join("Cargo.toml"),
                &target_dir,
            )?
            .run()?;
        let built = target_dir.join(TARGET).join("release");
        for guest in &guests {
            publish(repository, guest, &built)?;
        }
        remove_others(repository, &guests)?;
        stamp.write()
    }
}

/// Builds the guests unless they are built already.
pub(crate) fn ensure(repository: &Repository) -> Result<(), Failure> {
    Guests::default().run(repository)
}

fn names(repository: &Repository) -> Result<Vec<String>, Failure> {
    let workspace = repository.rust_guests();
    let mut names = Vec::new();
    for entry in fs::read_dir(&workspace).map_err(Failure::file("list", &workspace))? {
        let entry = entry.map_err(Failure::file("list", &workspace))?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn output(repository: &Repository, guest: &str) -> PathBuf {
    repository.built_guests().join(format!("{guest}.wasm"))
}

/// Copies a built guest beside its final place and renames it there, so that
/// nobody ever reads half a file.
fn publish(repository: &Repository, guest: &str, built: &Path) -> Result<(), Failure> {
    let source = built.join(format!("{}.wasm", guest.replace('-', "_")));
    let not_a_component = |problem| Failure::NotAComponent {
        guest: guest.to_owned(),
        path: source.clone(),
        problem,
    };
    let bytes = fs::read(&source).map_err(|_| not_a_component("was not built"))?;
    if !bytes.starts_with(&COMPONENT_HEADER) {
        return Err(not_a_component("is no component"));
    }
    let goal = output(repository, guest);
    let unfinished = goal.with_extension("wasm.new");
    fs::write(&unfinished, &bytes).map_err(Failure::file("write", &unfinished))?;
    fs::rename(&unfinished, &goal).map_err(Failure::file("write", &goal))?;
    println!(
        "    target/guests/{guest}.wasm  {} KB",
        bytes.len().div_ceil(1000)
    );
    Ok(())
}

/// A guest that was renamed or removed must not go on being tested.
fn remove_others(repository: &Repository, guests: &[String]) -> Result<(), Failure> {
    let folder = repository.built_guests();
    for entry in fs::read_dir(&folder).map_err(Failure::file("list", &folder))? {
        let path = entry.map_err(Failure::file("list", &folder))?.path();
        let known = guests.iter().any(|guest| output(repository, guest) == path);
        if path
            .extension()
            .is_some_and(|extension| extension == "wasm")
            && !known
        {
            fs::remove_file(&path).map_err(Failure::file("remove", &path))?;
        }
    }
    Ok(())
}

/// What the built guests were built from, kept beside them.
struct Stamp {
    file: PathBuf,
    fingerprint: String,
}

impl Stamp {
    fn new(repository: &Repository, toolchain: GuestToolchain) -> Result<Stamp, Failure> {
        let sources = [
            repository.rust_guests(),
            repository.path("sdk/rust"),
            repository.path("wit"),
            repository.path("Cargo.toml"),
        ];
        Ok(Stamp {
            file: repository.built_guests().join("sources.hash"),
            fingerprint: fingerprint::of(&sources, toolchain.name())?,
        })
    }

    fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|written| written == self.fingerprint)
    }

    fn write(&self) -> Result<(), Failure> {
        fs::write(&self.file, &self.fingerprint).map_err(Failure::file("write", &self.file))
    }

    fn remove(&self) -> Result<(), Failure> {
        match fs::remove_file(&self.file) {
            Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::file("remove", &self.file)(problem))
            }
            _ => Ok(()),
        }
    }
}
