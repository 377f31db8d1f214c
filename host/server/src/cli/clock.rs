//! Times and durations as they stand in tables. Times are in UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

/// `2026-11-22 08:01:59.123` from milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn date_and_time(unix_ms: u64) -> String {
    let (year, month, day) = date(unix_ms / DAY);
    format!("{year:04}-{month:02}-{day:02} {}", time_of_day(unix_ms))
}

/// `08:01:59.123` from milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn time_of_day(unix_ms: u64) -> String {
    let ms = unix_ms % DAY;
    let (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60);
    format!(
        "{hours:02}:{minutes:02}:{:02}.{:03}",
        ms / 1_000 % 60,
        ms % 1_000
    )
}

/// `1.234 ms` from microseconds.
pub(crate) fn duration(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{}.{:03} ms", micros / 1_000, micros % 1_000),
        _ => format!("{}.{:03} s", micros / 1_000_000, micros / 1_000 % 1_000),
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z, some time from now.
pub(crate) fn unix_ms_after(duration: Duration) -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.saturating_add(duration).as_millis()).unwrap_or(u64::MAX)
}

/// Year, month and day of a day after 1970-01-01 in the Gregorian calendar.
fn date(day: u64) -> (u64, u64, u64) {
    // A year that begins in March has its leap day at the end, and its months
    // follow one formula. 400 years have 146_097 days.
    let day = day + 719_468;
    let era = day / 146_097;
    let of_era = day % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (era * 400 + year + u64::from(month <= 2), month, of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates_of_the_calendar() {
        let cases = [
            (0, "1970-01-01 00:00:00.000"),
            (951_782_400_000, "2000-02-29 00:00:00.000"),
            (1_709_251_199_999, "2024-02-29 23:59:59.999"),
            (1_767_225_600_000, "2026-01-01 00:00:00.000"),
            (4_107_542_400_000, "2100-03-01 00:00:00.000"),
        ];
        for (ms, text) in cases {
            assert_eq!(date_and_time(ms), text);
        }
    }

    #[test]
    fn durations_have_a_unit_that_fits() {
        assert_eq!(duration(999), "999 µs");
        assert_eq!(duration(1_234), "1.234 ms");
        assert_eq!(duration(61_002_999), "61.002 s");
    }
}
