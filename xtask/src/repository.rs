//! Where things are: the one place that knows the repository's folders.

use std::env;
use std::path::{Path, PathBuf};

/// The checkout this program was built from.
pub(crate) struct Repository {
    root: PathBuf,
}

impl Repository {
    pub(crate) fn of_this_program() -> Repository {
        let manifest_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest_dir.parent().unwrap_or(manifest_dir);
        Repository {
            root: root.to_path_buf(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside the repository, given with forward slashes.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The server's binary, where the release build puts it.
    pub(crate) fn weft(&self) -> PathBuf {
        match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => self.root.join(folder),
            None => self.path("target"),
        }
        .join("release/weft")
    }

    /// The data directory of a server started by `up`; ignored by git.
    pub(crate) fn default_data(&self) -> PathBuf {
        self.path("data")
    }

    /// The workspace of the example functions in Rust.
    pub(crate) fn rust_guests(&self) -> PathBuf {
        self.path("guest-examples/rust")
    }

    /// The built components, one `<name>.wasm` each.
    pub(crate) fn built_guests(&self) -> PathBuf {
        self.path("target/guests")
    }
}
