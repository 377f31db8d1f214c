//! The syntax of an `http-in` node's path.

/// Most parameters of a path.
const MAX_PARAMETERS: usize = 32;

/// How to mend a path.
pub(super) const HINT: &str = "write a path such as /users/:id or /files/*rest";

/// A path that can't be matched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("path {path:?} {reason}")]
pub(super) struct InvalidPath {
    path: String,
    reason: String,
}

/// Check a path.
pub(super) fn check(path: &str) -> Result<(), InvalidPath> {
    let invalid = |reason: &str| {
        Err(InvalidPath {
            path: path.to_owned(),
            reason: reason.to_owned(),
        })
    };
    let Some(below_root) = path.strip_prefix('/') else {
        return invalid("does not begin with a slash");
    };
    if path
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || "?#\\".contains(c))
    {
        return invalid("holds a blank, a control character, \"?\", \"#\" or a backslash");
    }
    let mut names = Vec::new();
    let mut parts = below_root.split('/').peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let name = match part.as_bytes() {
            // A slash at the end is a path of its own.
            [] if last => continue,
            [] => return invalid("has an empty part"),
            b"." | b".." => {
                return invalid("has a part \".\" or \"..\", which clients resolve themselves");
            }
            [b':', ..] => &part[1..],
            [b'*', ..] if last => &part[1..],
            [b'*', ..] => return invalid("has a wildcard that is not its last part"),
            _ if part.contains('*') => return invalid("has a \"*\" that does not begin its part"),
            _ => continue,
        };
        if !is_name(name) {
            let reason = format!("has {part:?}: a name follows, of letters, digits and \"_\"");
            return invalid(&reason);
        }
        if names.contains(&name) {
            return invalid(&format!("names {name:?} twice"));
        }
        names.push(name);
    }
    if names.len() > MAX_PARAMETERS {
        return invalid(&format!("has over {MAX_PARAMETERS} parameters"));
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_parameters_and_one_wildcard_at_the_end() {
        for good in [
            "/",
            "/a",
            "/a/",
            "/users/:id/posts/:post_id",
            "/files/*rest",
            "/:a/*b",
            "/a:b",
            "/a%20b",
            "/ä",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "", "a", "//", "/a//b", "/a b", "/a?b", "/a#b", "/:", "/:1", "/:a-b", "/*", "/*a/b",
            "/a*b", "/:a/:a", "/:a/*a", "/..", "/a/./b", "/a\\b", "/a\nb",
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        assert!(check(&(0..33).map(|i| format!("/:p{i}")).collect::<String>()).is_err());
    }
}
