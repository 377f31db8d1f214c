//! W3C Trace Context: a trace that comes in goes on through the flow.

use http::{HeaderMap, HeaderValue};

const TRACEPARENT: &str = "traceparent";

/// Put a new parent id, ours, into a valid `traceparent`; drop one that is not
/// valid, and then `tracestate` with it (Trace Context §3.2.2, §3.3).
pub(crate) fn hand_on(headers: &mut HeaderMap) {
    let Some(given) = headers.get(TRACEPARENT) else {
        return;
    };
    match given.to_str().ok().and_then(child_of) {
        Some(ours) => {
            headers.insert(TRACEPARENT, ours);
        }
        None => {
            headers.remove(TRACEPARENT);
            headers.remove("tracestate");
        }
    }
}

fn child_of(traceparent: &str) -> Option<HeaderValue> {
    let mut parts = traceparent.split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let set = |text: &str| text.bytes().any(|b| b != b'0');
    let valid = hex(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && hex(trace, 32)
        && set(trace)
        && hex(parent, 16)
        && set(parent)
        && hex(flags, 2);
    if !valid {
        return None;
    }
    let ours = fastrand::u64(1..);
    HeaderValue::from_str(&format!("00-{trace}-{ours:016x}-{flags}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn handed_on(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, value.parse().unwrap());
        hand_on(&mut headers);
        headers
            .get(TRACEPARENT)
            .map(|v| v.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_trace_stays_and_the_parent_is_ours() {
        let given = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let ours = handed_on(&given).unwrap();
        assert!(
            ours.starts_with(&format!("00-{TRACE}-")) && ours.ends_with("-01"),
            "{ours}"
        );
        assert_ne!(ours, given);
    }

    #[test]
    fn what_is_not_valid_is_dropped() {
        let zero = "0".repeat(32);
        for bad in [
            "",
            "00-x",
            &format!("00-{zero}-00f067aa0ba902b7-01"),
            &format!("ff-{TRACE}-00f067aa0ba902b7-01"),
        ] {
            assert_eq!(handed_on(bad), None, "{bad}");
        }
    }
}
