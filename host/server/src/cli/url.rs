//! Puts names and paths into URLs, percent-encoded (RFC 3986).

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the unreserved characters: safe in a segment and in a query.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What cannot stand in a path at all. What is encoded already stays so.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// One segment of a path, or one name or value of a query.
pub(crate) fn component(text: &str) -> String {
    // A segment of dots would be taken for a step up.
    match text {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => utf8_percent_encode(text, COMPONENT).to_string(),
    }
}

/// A path below the management API's root, from its segments.
pub(crate) fn api_path(segments: &[&str]) -> String {
    let segments = segments
        .iter()
        .map(|segment| format!("/{}", component(segment)));
    format!("/api/v1{}", segments.collect::<String>())
}

/// A path as the user wrote it, perhaps with a query; it begins with a slash.
pub(crate) fn path(text: &str) -> String {
    let slash = if text.starts_with('/') { "" } else { "/" };
    format!("{slash}{}", utf8_percent_encode(text, PATH))
}

/// Append a query to a URL that may have one.
pub(crate) fn with_query<'a>(
    url: String,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    pairs.into_iter().fold(url, |url, (name, value)| {
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}{}={}", component(name), component(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_cannot_leave_its_place() {
        let path = api_path(&["instances", "a/b?c#d", "flows", "..", "é%"]);
        assert_eq!(
            path,
            "/api/v1/instances/a%2Fb%3Fc%23d/flows/%2E%2E/%C3%A9%25"
        );
    }

    #[test]
    fn a_written_path_keeps_what_is_encoded() {
        assert_eq!(
            path("hello/a b%2Fc?x=1&y=ü"),
            "/hello/a%20b%2Fc?x=1&y=%C3%BC"
        );
    }

    #[test]
    fn a_query_is_appended_to_the_one_that_is_there() {
        let url = with_query("http://h/p".to_owned(), [("a b", "1&2"), ("c", "+")]);
        assert_eq!(url, "http://h/p?a%20b=1%262&c=%2B");
        assert_eq!(with_query("/p?x=1".to_owned(), [("y", "2")]), "/p?x=1&y=2");
    }
}
