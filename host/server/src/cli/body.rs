//! Bodies from the command line: the text itself, `@file`, or `@-` for standard
//! input. Files that a command takes by name are read here too.

use crate::cli::failure::Failure;
use serde::de::IgnoredAny;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

/// What `--data` or `--payload` says.
pub(crate) fn read(argument: &str) -> Result<Vec<u8>, Failure> {
    match argument.strip_prefix('@') {
        Some(file) => read_file(Path::new(file)),
        None => Ok(argument.as_bytes().to_vec()),
    }
}

/// The content of a file; `-` is standard input.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() != "-" {
        return fs::read(path).map_err(|error| Failure::file(path, &error));
    }
    let mut content = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut content);
    read.map_err(|error| Failure::failed(format!("standard input cannot be read: {error}")))?;
    Ok(content)
}

/// A body that must be JSON, as it is; `what` names it in the error.
pub(crate) fn json(what: &str, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
    match serde_json::from_slice::<IgnoredAny>(&body) {
        Ok(IgnoredAny) => Ok(body),
        Err(error) => Err(Failure::usage(format!("{what} is not JSON: {error}"))
            .hint("texts are written in double quotes: '\"hello\"'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_the_text_or_what_the_named_file_holds() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("body.txt");
        fs::write(&file, b"from\xfffile").unwrap();
        assert_eq!(read("as it is").unwrap(), b"as it is");
        assert_eq!(
            read(&format!("@{}", file.display())).unwrap(),
            b"from\xfffile"
        );
    }

    #[test]
    fn json_is_checked_and_stays_as_it_is() {
        let numbers = b"[1e400, 123456789012345678901234567890]".to_vec();
        assert_eq!(json("the payload", numbers.clone()).unwrap(), numbers);
        let failure = json("the payload", b"hello".to_vec())
            .unwrap_err()
            .to_string();
        assert!(failure.contains("the payload is not JSON"), "{failure}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let failure = read("@absent.json").unwrap_err().to_string();
        assert!(failure.contains("absent.json"), "{failure}");
    }
}
