//! Keeps the cookies of instances apart that share a host name.
//!
//! Under `/<instance>/` every cookie is for that path only and for no other
//! host, whatever the flow says; an instance at a host of its own sets what it
//! likes.

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

/// Force `Path=/<instance>/` on every cookie, and drop `Domain`.
pub(super) fn keep_below(headers: &mut HeaderMap, instance: &str) {
    if !headers.contains_key(SET_COOKIE) {
        return;
    }
    let kept: Vec<_> = headers
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|cookie| confine(cookie, instance))
        .collect();
    headers.remove(SET_COOKIE);
    for cookie in kept {
        headers.append(SET_COOKIE, cookie);
    }
}

/// RFC 6265 §5.2: attributes follow the pair, split by `;`, names in any case.
fn confine(cookie: &HeaderValue, instance: &str) -> Option<HeaderValue> {
    let cookie = cookie.to_str().ok()?;
    let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
    let named = |attribute: &str, name: &str| {
        attribute
            .split('=')
            .next()
            .is_some_and(|n| n.trim().eq_ignore_ascii_case(name))
    };
    let kept = attributes.split(';').filter(|a| !a.trim().is_empty());
    let kept = kept.filter(|a| !named(a, "path") && !named(a, "domain"));
    let mut confined = pair.trim().to_owned();
    for attribute in kept {
        confined.push_str("; ");
        confined.push_str(attribute.trim());
    }
    confined.push_str(&format!("; Path=/{instance}/"));
    HeaderValue::from_str(&confined).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_and_domain_are_replaced_and_the_rest_kept() {
        let mut headers = HeaderMap::new();
        headers.append(
            SET_COOKIE,
            HeaderValue::from_static("a=1; path=/; HttpOnly; DOMAIN=x.org"),
        );
        headers.append(SET_COOKIE, HeaderValue::from_static("b=2"));
        keep_below(&mut headers, "one");
        let cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1; HttpOnly; Path=/one/", "b=2; Path=/one/"]);
    }
}
