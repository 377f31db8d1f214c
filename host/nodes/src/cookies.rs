//! `msg.cookies` as `Set-Cookie` headers (RFC 6265 §4.1), as Express writes
//! them.

use crate::loose;
use cookie::time::format_description::well_known::{Rfc2822, Rfc3339};
use cookie::time::{Duration, OffsetDateTime};
use cookie::{Cookie, SameSite};
use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use weft_model::{Object, Value};

/// What `encodeURIComponent` leaves as it is.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// A cookie that can't be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cookie {name:?} {reason}")]
pub(crate) struct BadCookie {
    name: String,
    reason: &'static str,
}

/// The header for one cookie: a value, `{value, path, domain, maxAge, expires,
/// httpOnly, secure, sameSite}`, or null to clear it.
pub(crate) fn set_cookie(name: &str, value: &Value) -> Result<HeaderValue, BadCookie> {
    let bad = |reason| BadCookie {
        name: name.chars().take(64).collect(),
        reason,
    };
    if !is_token(name) {
        return Err(bad("has a name that is no token of RFC 9110 §5.6.2"));
    }
    let none = Object::new();
    let (content, options) = match value {
        Value::Object(options) => (options.get("value"), options),
        Value::Null => (None, &none),
        value => (Some(value), &none),
    };
    let content = content.filter(|content| **content != Value::Null);
    let encoded =
        content.map(|content| utf8_percent_encode(&loose::to_text(content), COMPONENT).to_string());
    let mut cookie = Cookie::new(name.to_owned(), encoded.clone().unwrap_or_default());
    cookie.set_path(
        attribute(options, "path")
            .map_err(bad)?
            .unwrap_or_else(|| "/".into()),
    );
    if let Some(domain) = attribute(options, "domain").map_err(bad)? {
        cookie.set_domain(domain);
    }
    set_life(&mut cookie, options).map_err(bad)?;
    set_flags(&mut cookie, options).map_err(bad)?;
    if encoded.is_none() {
        cookie.set_max_age(None);
        cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
    }
    HeaderValue::from_str(&cookie.to_string())
        .map_err(|_| bad("has a character that no header can hold"))
}

/// `maxAge` in milliseconds, as Express counts, and `expires`.
fn set_life(cookie: &mut Cookie<'_>, options: &Object) -> Result<(), &'static str> {
    if let Some(age) = present(options, "maxAge") {
        let age = loose::to_number(Some(age));
        if !age.is_finite() {
            return Err("has a maxAge that is no number of milliseconds");
        }
        cookie.set_max_age(Duration::seconds((age / 1000.0) as i64));
    }
    if let Some(expires) = present(options, "expires") {
        let from_ms = |ms: i64| OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).ok();
        let time = match expires {
            Value::Date(date) => from_ms(date.0),
            Value::Number(n) => n.as_i64().and_then(from_ms),
            Value::String(text) => OffsetDateTime::parse(text, &Rfc3339)
                .or_else(|_| OffsetDateTime::parse(text, &Rfc2822))
                .ok(),
            _ => None,
        };
        cookie.set_expires(time.ok_or("has an expires that is no date")?);
    }
    Ok(())
}

fn set_flags(cookie: &mut Cookie<'_>, options: &Object) -> Result<(), &'static str> {
    if loose::is_truthy(options.get("httpOnly")) {
        cookie.set_http_only(true);
    }
    if loose::is_truthy(options.get("secure")) {
        cookie.set_secure(true);
    }
    let same_site = match present(options, "sameSite") {
        None | Some(Value::Bool(false)) => return Ok(()),
        Some(Value::Bool(true)) => SameSite::Strict,
        Some(value) => match loose::to_text(value).to_ascii_lowercase().as_str() {
            "strict" => SameSite::Strict,
            "lax" => SameSite::Lax,
            "none" => SameSite::None,
            _ => return Err("has a sameSite that is neither strict, lax nor none"),
        },
    };
    cookie.set_same_site(same_site);
    Ok(())
}

/// An attribute's text, which must not end the attribute.
fn attribute(options: &Object, name: &str) -> Result<Option<String>, &'static str> {
    let Some(value) = present(options, name) else {
        return Ok(None);
    };
    let text = loose::to_text(value).into_owned();
    if text
        .chars()
        .any(|c| c == ';' || c.is_control() || !c.is_ascii())
    {
        return Err("has a path or domain with a semicolon, control or non-ASCII character");
    }
    Ok(Some(text))
}

fn present<'a>(options: &'a Object, name: &str) -> Option<&'a Value> {
    options.get(name).filter(|value| **value != Value::Null)
}

fn is_token(name: &str) -> bool {
    let special = b"!#$%&'*+-.^_`|~";
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || special.contains(&b))
}
