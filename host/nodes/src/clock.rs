//! The wall clock, for values of type `date`.

use std::time::{SystemTime, UNIX_EPOCH};
use weft_model::Date;

/// Now. A clock set before 1970 reads as 1970.
pub(crate) fn now() -> Date {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Date(since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
}
