//! Compiled components on disk, authenticated.
//!
//! A file is named by a hash of the component's digest and of the engine's
//! settings, so another wasmtime finds nothing and compiles again. Beside it lies
//! a keyed hash of name and contents. What does not fit is reported, removed and
//! taken for absent.

use crate::digest::Digest;
use crate::{deserialize, engine};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use std::fmt;
use std::fs::{DirBuilder, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use wasmtime::Engine;
use wasmtime::component::Component;
use zeroize::Zeroizing;

/// The folder of compiled components.
pub struct CompiledCache {
    dir: Dir,
    /// wasmtime maps a file by its path.
    path: PathBuf,
    key: Zeroizing<[u8; 32]>,
    fingerprint: [u8; 32],
    /// Makes names of unfinished files differ.
    writes: AtomicU64,
}

impl CompiledCache {
    /// Open the folder, and make it (mode 0700) if it is not there. `key`
    /// authenticates the files; with another key they are compiled anew.
    ///
    /// # Errors
    /// The folder can't be made or opened.
    pub fn open(path: &Path, key: [u8; 32]) -> Result<Self, CacheError> {
        let failed = |source| CacheError::new("opening", &path.display(), source);
        let key = Zeroizing::new(key);
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(path).map_err(failed)?;
        std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(failed)?;
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(failed)?;
        let engine = engine::compiling().map_err(|e| failed(io::Error::other(e.to_string())))?;
        Ok(CompiledCache {
            dir,
            path: path.to_owned(),
            key,
            fingerprint: engine::fingerprint(&engine),
            writes: AtomicU64::new(0),
        })
    }

    /// Keep what [`crate::compiler::compile`] made of the component.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn insert(&self, digest: &Digest, compiled: &[u8]) -> Result<(), CacheError> {
        let name = self.name(digest);
        let mut hasher = self.authenticator(&name);
        hasher.update(compiled);
        let code = hasher.finalize();
        self.replace(&name.compiled, compiled)
            .and_then(|()| self.replace(&name.code, code.to_hex().as_bytes()))
            .and_then(|()| self.dir.open(".")?.sync_all())
            .map_err(|source| CacheError::new("writing", digest, source))
    }

    /// Whether the component lies here, compiled for this engine. It does not
    /// check the contents.
    pub fn contains(&self, digest: &Digest) -> bool {
        self.dir.exists(self.name(digest).compiled)
    }

    /// Forget a component.
    ///
    /// # Errors
    /// The file can't be removed.
    pub fn remove(&self, digest: &Digest) -> Result<(), CacheError> {
        let name = self.name(digest);
        [&name.compiled, &name.code]
            .into_iter()
            .try_for_each(|file| absent_is_fine(self.dir.remove_file(file)))
            .map_err(|source| CacheError::new("removing", digest, source))
    }

    /// The component, mapped; none if it has to be compiled.
    pub(crate) fn load(
        &self,
        engine: &Engine,
        digest: &Digest,
    ) -> Result<Option<Component>, CacheError> {
        let name = self.name(digest);
        let distrust = match self.authenticate(&name) {
            Ok(None) => return Ok(None),
            Ok(Some(authentic)) => match deserialize::map(engine, &authentic) {
                Ok(component) => return Ok(Some(component)),
                Err(error) => format!("{error:#}"),
            },
            Err(CheckError::Io(source)) => return Err(CacheError::new("reading", digest, source)),
            Err(CheckError::Forged(reason)) => reason.to_owned(),
        };
        tracing::warn!(%digest, reason = distrust, "compiled component is not authentic: removed, to be compiled again");
        self.remove(digest)?;
        Ok(None)
    }

    fn authenticate(&self, name: &Name) -> Result<Option<Authentic<'_>>, CheckError> {
        let file = match self.dir.open(&name.compiled) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let code = match self.dir.read(&name.code) {
            Ok(code) => code,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(CheckError::Forged("its authentication is missing"));
            }
            Err(error) => return Err(error.into()),
        };
        let mut hasher = self.authenticator(name);
        hasher.update_reader(file)?;
        let stated = blake3::Hash::from_hex(&code)
            .map_err(|_| CheckError::Forged("its authentication is not readable"))?;
        // blake3 compares in constant time.
        match stated == hasher.finalize() {
            true => Ok(Some(Authentic {
                path: self.path.join(&name.compiled),
                _cache: self,
            })),
            false => Err(CheckError::Forged("its authentication does not fit")),
        }
    }

    fn name(&self, digest: &Digest) -> Name {
        let mut hasher = blake3::Hasher::new();
        hasher.update(digest.as_bytes()).update(&self.fingerprint);
        let stem = hasher.finalize().to_hex();
        Name {
            compiled: format!("{stem}.cwasm"),
            code: format!("{stem}.mac"),
        }
    }

    fn authenticator(&self, name: &Name) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(name.compiled.as_bytes());
        hasher
    }

    /// Write a file as a whole: nobody ever sees a part of it.
    fn replace(&self, name: &str, contents: &[u8]) -> io::Result<()> {
        let unfinished = format!("{name}.{}", self.writes.fetch_add(1, Ordering::Relaxed));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let mut file = self.dir.open_with(&unfinished, &options)?;
        file.write_all(contents)?;
        file.sync_all()?;
        self.dir.rename(&unfinished, &self.dir, name)
    }
}

impl fmt::Debug for CompiledCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompiledCache").finish_non_exhaustive()
    }
}

struct Name {
    compiled: String,
    code: String,
}

/// A file whose contents this host wrote. Only the cache makes one.
pub(crate) struct Authentic<'a> {
    path: PathBuf,
    _cache: &'a CompiledCache,
}

impl Authentic<'_> {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

enum CheckError {
    Io(io::Error),
    Forged(&'static str),
}

impl From<io::Error> for CheckError {
    fn from(error: io::Error) -> Self {
        CheckError::Io(error)
    }
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The cache can't be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{what} in the folder of compiled components failed: {source}")]
pub struct CacheError {
    /// What was tried.
    pub what: String,
    /// Why it failed.
    pub source: io::Error,
}

impl CacheError {
    fn new(tried: &str, subject: &dyn fmt::Display, source: io::Error) -> Self {
        CacheError {
            what: format!("{tried} {subject}"),
            source,
        }
    }
}
