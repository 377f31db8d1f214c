//! Whether sources changed: a hash over names and contents of files.
//!
//! It decides only whether a build can be left out, so the standard library's
//! hasher is enough; a different answer after a compiler update costs one build.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A hash, as 16 hexadecimal digits, over everything below `sources` (files or
/// folders). `salt` is whatever else the result of a build depends on.
pub(crate) fn of(sources: &[PathBuf], salt: &str) -> Result<String, Failure> {
    let mut files = BTreeSet::new();
    for source in sources {
        collect(source, &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    write(&mut hasher, salt.as_bytes());
    for file in &files {
        let contents = fs::read(file).map_err(Failure::file("read", file))?;
        write(&mut hasher, file.as_os_str().as_encoded_bytes());
        write(&mut hasher, &contents);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// With its length before it, so that two fields never run into one another.
fn write(hasher: &mut DefaultHasher, bytes: &[u8]) {
    hasher.write_usize(bytes.len());
    hasher.write(bytes);
}

fn collect(path: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), Failure> {
    if path.is_file() {
        files.insert(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(Failure::file("list", path))? {
        let entry = entry.map_err(Failure::file("list", path))?.path();
        if !is_build_output(&entry) {
            collect(&entry, files)?;
        }
    }
    Ok(())
}

fn is_build_output(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "target") && path.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_contents_new_files_and_another_salt_change_the_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let sources = [folder.path().to_path_buf()];
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/lib.rs"), "one").unwrap();
        let first = of(&sources, "a").unwrap();
        assert_eq!(first, of(&sources, "a").unwrap());
        assert_ne!(first, of(&sources, "b").unwrap());

        fs::write(folder.path().join("src/lib.rs"), "two").unwrap();
        let second = of(&sources, "a").unwrap();
        assert_ne!(first, second);

        fs::write(folder.path().join("more.rs"), "").unwrap();
        assert_ne!(second, of(&sources, "a").unwrap());
    }

    #[test]
    fn build_output_is_not_a_source() {
        let folder = tempfile::tempdir().unwrap();
        let sources = [folder.path().to_path_buf()];
        let before = of(&sources, "").unwrap();
        fs::create_dir(folder.path().join("target")).unwrap();
        fs::write(folder.path().join("target/out.wasm"), "x").unwrap();
        assert_eq!(before, of(&sources, "").unwrap());
    }
}
