//! `cargo xtask openapi [--check]`: the API's description, from the code.

use std::fs;
use std::path::PathBuf;

use crate::failure::Failure;
use crate::host;
use crate::repository::Repository;
use crate::step::Step;

/// Writes docs/openapi.json from the server's code.
#[derive(clap::Args)]
pub(crate) struct Openapi {
    /// Compare with the file and fail on a difference; write nothing.
    #[arg(long)]
    check: bool,
}

impl Openapi {
    pub(crate) fn run(&self, repository: &Repository) -> Result<(), Failure> {
        host::ensure(repository)?;
        let described = Step::new(repository, "describe the API", repository.weft())
            .arg("openapi")
            .answer()?;
        let path = repository.path("docs/openapi.json");
        if self.check {
            return compare(path, &described);
        }
        fs::write(&path, &described).map_err(Failure::file("write", &path))?;
        println!("    docs/openapi.json written");
        Ok(())
    }
}

fn compare(path: PathBuf, described: &[u8]) -> Result<(), Failure> {
    let written = fs::read(&path).map_err(Failure::file("read", &path))?;
    match first_difference(&written, described) {
        None => {
            println!("    docs/openapi.json is up to date");
            Ok(())
        }
        Some(line) => Err(Failure::StaleOpenapi { path, line }),
    }
}

/// The number of the first line (from 1) in which two texts differ.
fn first_difference(left: &[u8], right: &[u8]) -> Option<usize> {
    if left == right {
        return None;
    }
    let newline = |byte: &u8| *byte == b'\n';
    let same = left
        .split(newline)
        .zip(right.split(newline))
        .take_while(|(left, right)| left == right)
        .count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_different_line_is_named() {
        assert_eq!(first_difference(b"a\nb\n", b"a\nb\n"), None);
        assert_eq!(first_difference(b"a\nb\n", b"a\nc\n"), Some(2));
        assert_eq!(first_difference(b"a\n", b"a\nb\n"), Some(2));
        assert_eq!(first_difference(b"", b"a"), Some(1));
    }
}
