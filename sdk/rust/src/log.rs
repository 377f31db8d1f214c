//! Lines for the run's log.
//!
//! ```
//! weft::log::info!("counted {} words", 3);
//! ```

use crate::host;

/// How important a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// For finding faults.
    Debug,
    /// What a reader of the run wants to know.
    Info,
    /// Odd, but handled.
    Warn,
    /// Something failed.
    Error,
}

/// Writes one line. Needs no grant; lines over the node's limit are dropped.
pub fn write(level: Level, line: &str) {
    host::log(level, line);
}

macro_rules! levels {
    ($($(#[$doc:meta])* $name:ident $hidden:ident $level:ident;)*) => {$(
        levels!(@one ($) $(#[$doc])* $name $hidden $level);
    )*};
    (@one ($d:tt) $(#[$doc:meta])* $name:ident $hidden:ident $level:ident) => {
        $(#[$doc])*
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $hidden {
            ($d($d part:tt)*) => {
                $crate::log::write($crate::log::Level::$level, &::std::format!($d($d part)*))
            };
        }
        #[doc(inline)]
        pub use $hidden as $name;
    };
}

levels! {
    /// Writes a line of level trace, formatted as by `format!`.
    trace __weft_trace Trace;
    /// Writes a line of level debug, formatted as by `format!`.
    debug __weft_debug Debug;
    /// Writes a line of level info, formatted as by `format!`.
    info __weft_info Info;
    /// Writes a line of level warn, formatted as by `format!`.
    warn __weft_warn Warn;
    /// Writes a line of level error, formatted as by `format!`.
    error __weft_error Error;
}
