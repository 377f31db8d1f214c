//! How the values of settings are written: a duration, a size, a count, ...
//! One [`Kind`] for each way; a setting names its kind in the table.

use crate::settings::log::{LogFilter, LogFormat};
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A way to write a value.
pub trait Kind {
    /// What it is once it is read.
    type Value: PartialOrd;

    /// What help and documentation call it.
    const NAME: &'static str;

    /// What an error says was expected; the unit of a plain number with it.
    const EXPECTED: &'static str;

    /// Read it; nothing if it is not written so.
    fn parse(text: &str) -> Option<Self::Value>;

    /// The value of a setting without a default that nobody sets.
    fn absent() -> Option<Self::Value> {
        None
    }
}

/// A path.
#[derive(Debug)]
pub struct FilePath;

impl Kind for FilePath {
    type Value = PathBuf;
    const NAME: &'static str = "PATH";
    const EXPECTED: &'static str = "a path";

    fn parse(text: &str) -> Option<PathBuf> {
        (!text.is_empty()).then(|| PathBuf::from(text))
    }
}

/// A setting that may have no value.
#[derive(Debug)]
pub struct Maybe<K>(PhantomData<K>);

impl<K: Kind> Kind for Maybe<K> {
    type Value = Option<K::Value>;
    const NAME: &'static str = K::NAME;
    const EXPECTED: &'static str = K::EXPECTED;

    fn parse(text: &str) -> Option<Self::Value> {
        K::parse(text).map(Some)
    }

    fn absent() -> Option<Self::Value> {
        Some(None)
    }
}

/// An IP address and a port.
#[derive(Debug)]
pub struct Address;

impl Kind for Address {
    type Value = SocketAddr;
    const NAME: &'static str = "ADDRESS";
    const EXPECTED: &'static str = "an IP address and a port, like 127.0.0.1:8080 or [::1]:8080";

    fn parse(text: &str) -> Option<SocketAddr> {
        text.parse().ok()
    }
}

/// A length of time.
#[derive(Debug)]
pub struct Time;

impl Kind for Time {
    type Value = Duration;
    const NAME: &'static str = "DURATION";
    const EXPECTED: &'static str =
        "a duration, like 500ms, 5s, 2min, 1h or 30d; a plain number is in seconds";

    fn parse(text: &str) -> Option<Duration> {
        let (number, unit) = number_and_unit(text);
        let seconds = match unit {
            "ms" => 0.001,
            "" | "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        let number: f64 = number.parse().ok()?;
        Duration::try_from_secs_f64(number * seconds).ok()
    }
}

/// A number of bytes.
#[derive(Debug)]
pub struct Size<T = u64>(PhantomData<T>);

impl<T: PartialOrd + TryFrom<u64>> Kind for Size<T> {
    type Value = T;
    const NAME: &'static str = "SIZE";
    const EXPECTED: &'static str = "a size, like 64MiB, 10MB or 4KiB; a plain number is in bytes";

    fn parse(text: &str) -> Option<T> {
        let (number, unit) = number_and_unit(text);
        let bytes: u64 = match unit {
            "" | "B" => 1,
            "kB" | "KB" => 1_000,
            "KiB" => 1 << 10,
            "MB" => 1_000_000,
            "MiB" => 1 << 20,
            "GB" => 1_000_000_000,
            "GiB" => 1 << 30,
            _ => return None,
        };
        let number: u64 = number.parse().ok()?;
        T::try_from(number.checked_mul(bytes)?).ok()
    }
}

/// A count of something.
#[derive(Debug)]
pub struct Count<T = u64>(PhantomData<T>);

impl<T: PartialOrd + TryFrom<u64>> Kind for Count<T> {
    type Value = T;
    const NAME: &'static str = "COUNT";
    const EXPECTED: &'static str = "a whole number, like 1000 or 1_000";

    fn parse(text: &str) -> Option<T> {
        let (number, unit) = number_and_unit(text);
        let number: u64 = number.parse().ok()?;
        T::try_from(number).ok().filter(|_| unit.is_empty())
    }
}

/// A number of threads.
#[derive(Debug)]
pub struct Threads;

impl Kind for Threads {
    type Value = usize;
    const NAME: &'static str = "COUNT";
    const EXPECTED: &'static str =
        "a whole number, or `cores` for one thread for each processor core";

    fn parse(text: &str) -> Option<usize> {
        match text {
            "cores" => Some(std::thread::available_parallelism().map_or(1, usize::from)),
            _ => Count::parse(text),
        }
    }
}

impl Kind for LogFormat {
    type Value = LogFormat;
    const NAME: &'static str = "FORMAT";
    const EXPECTED: &'static str = "`human` or `json`";

    fn parse(text: &str) -> Option<LogFormat> {
        match text {
            "human" => Some(LogFormat::Human),
            "json" => Some(LogFormat::Json),
            _ => None,
        }
    }
}

impl Kind for LogFilter {
    type Value = LogFilter;
    const NAME: &'static str = "FILTER";
    const EXPECTED: &'static str =
        "a level (error, warn, info, debug, trace, off), or a list like `info,weft_runtime=debug`";

    fn parse(text: &str) -> Option<LogFilter> {
        LogFilter::new(text)
    }
}

/// `"64 MiB"` is `"64"` and `"MiB"`. Underscores between digits are for readers.
fn number_and_unit(text: &str) -> (String, &str) {
    let text = text.trim();
    let end = text
        .find(|c: char| !matches!(c, '0'..='9' | '.' | '_'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number.replace('_', ""), unit.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit_or_is_in_seconds() {
        let cases = [
            ("500ms", 500),
            ("5s", 5_000),
            ("5", 5_000),
            ("0.25", 250),
            ("1.5 s", 1_500),
            ("2min", 120_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("1d", 86_400_000),
            ("1_000ms", 1_000),
        ];
        for (text, milliseconds) in cases {
            assert_eq!(
                Time::parse(text),
                Some(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "s",
            "-1s",
            "5 lightyears",
            "1e3s",
            "1.2.3s",
            "99999999999999999999d",
            "NaN",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_size_has_a_unit_or_is_in_bytes() {
        let cases = [
            ("0", 0),
            ("4096", 4_096),
            ("1_024 B", 1_024),
            ("10kB", 10_000),
            ("10MB", 10_000_000),
            ("64MiB", 64 << 20),
            ("2 GiB", 2 << 30),
        ];
        for (text, bytes) in cases {
            assert_eq!(Size::<u64>::parse(text), Some(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in [
            "",
            "MiB",
            "1.5MiB",
            "-1",
            "64 mib",
            "64Mib",
            "18446744073709551615KiB",
        ] {
            assert_eq!(Size::<u64>::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_count_fits_its_type_and_has_no_unit() {
        assert_eq!(Count::<u32>::parse("10_000"), Some(10_000));
        assert_eq!(Count::<u32>::parse("4294967296"), None);
        assert_eq!(Count::<u64>::parse("4294967296"), Some(4_294_967_296));
        assert_eq!(Count::<u64>::parse("5s"), None);
        assert_eq!(Count::<u64>::parse("1.5"), None);
    }

    #[test]
    fn threads_are_a_number_or_as_many_as_cores() {
        assert_eq!(Threads::parse("3"), Some(3));
        assert!(Threads::parse("cores").is_some_and(|threads| threads >= 1));
        assert_eq!(Threads::parse("many"), None);
    }
}
