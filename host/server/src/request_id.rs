//! The id of a request: the client's if it sent a usable one, else ours. It
//! stands in every answer, in every problem document and in the log.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The header that carries it, in requests and answers.
pub static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MAX_BYTES: usize = 64;

/// The id of a request: 1 to 64 of `[A-Za-z0-9._-]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id that the client sent; a new one if it sent none, or one that could
    /// not be written into a log as it is.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        match headers.get(&X_REQUEST_ID) {
            Some(given) if is_usable(given.as_bytes()) => RequestId(given.clone()),
            _ => RequestId::fresh(),
        }
    }

    /// An id that this process has not given before: 16 hexadecimal digits. It
    /// costs no system call, and does not tell how many requests there were.
    pub fn fresh() -> Self {
        static START: LazyLock<u64> = LazyLock::new(|| getrandom::u64().unwrap_or_default());
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = START.wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed));
        let text = format!("{:016x}", scattered(number));
        // Digits always make a header value.
        RequestId(HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("0")))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The value for the answer's header.
    pub fn header_value(&self) -> HeaderValue {
        self.0.clone()
    }

    /// The URN under which problem documents name the request.
    pub fn urn(&self) -> String {
        format!("urn:weft:request:{}", self.as_str())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_usable(id: &[u8]) -> bool {
    (1..=MAX_BYTES).contains(&id.len())
        && id
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b))
}

/// The mixing function of SplitMix64: one-to-one, so no two numbers meet.
fn scattered(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn from(sent: &[u8]) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(&X_REQUEST_ID, HeaderValue::from_bytes(sent).unwrap());
        RequestId::from_headers(&headers)
    }

    #[test]
    fn a_usable_id_of_the_client_is_kept() {
        let longest = "a".repeat(64);
        for id in ["7", "trace-1.2_x", &longest] {
            assert_eq!(from(id.as_bytes()).as_str(), id);
        }
    }

    #[test]
    fn an_id_that_could_harm_a_log_is_replaced() {
        let too_long = "a".repeat(65);
        for id in ["", "a b", "a\tb", "ä", "<x>", &too_long] {
            let replaced = from(id.as_bytes());
            assert_ne!(replaced.as_str(), id);
            assert!(is_usable(replaced.as_str().as_bytes()), "{replaced}");
        }
    }

    #[test]
    fn no_two_fresh_ids_are_equal() {
        let ids: HashSet<_> = (0..10_000)
            .map(|_| RequestId::fresh().to_string())
            .collect();
        assert_eq!(ids.len(), 10_000);
    }
}
