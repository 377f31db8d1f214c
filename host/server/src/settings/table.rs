//! All settings of the host, in one list. The struct, the flags, the variables,
//! the settings file, the help and the table in `docs/configuration.md` come
//! from it: a new setting is a new entry, and nothing else.

use crate::settings::error::SettingsError;
use crate::settings::kind::{Address, Count, FilePath, Kind, Maybe, Size, Threads, Time};
use crate::settings::layers::Layers;
use crate::settings::log::{LogFilter, LogFormat};
use crate::settings::secret::Secrets;
use crate::settings::setting::Setting;

macro_rules! settings {
    ($($heading:literal {$(
        $(#[doc = $doc:literal])+
        $name:ident: $kind:ty $(= $default:literal)? $(, $least:literal to $most:literal)?;
    )*})*) => {
        /// The settings of a host. Secrets are not shown by `Debug`.
        #[derive(Clone, Debug)]
        pub struct Settings {
            $($($(#[doc = $doc])+ pub $name: <$kind as Kind>::Value,)*)*
            pub(super) secrets: Secrets,
        }

        /// All settings.
        pub const TABLE: &[Setting] = &[$($(Setting {
            heading: $heading,
            key: stringify!($name),
            value_name: <$kind as Kind>::NAME,
            expected: <$kind as Kind>::EXPECTED,
            default: optional!($($default)?),
            range: optional!($(($least, $most))?),
            help: concat!($($doc),+),
        },)*)*];

        impl Settings {
            /// Find and read every value; what is wrong goes to `errors`.
            pub(super) fn read(
                layers: &Layers<'_>,
                secrets: Secrets,
                errors: &mut Vec<SettingsError>,
            ) -> Option<Settings> {
                let mut rows = TABLE.iter();
                $($(let $name = layers.read::<$kind>(rows.next()?, errors);)*)*
                Some(Settings { $($($name: $name?,)*)* secrets })
            }
        }
    };
}

macro_rules! optional {
    () => {
        None
    };
    ($given:expr) => {
        Some($given)
    };
}

settings! {
    "Data" {
        /// Directory of everything that lasts; made, for its owner alone, if it is not there.
        data: FilePath = "./data";
        /// File of the master key, made if it is not there. Without it: DIR/master-key.
        /// WEFT_MASTER_KEY gives the key itself (64 hexadecimal digits).
        master_key_file: Maybe<FilePath>;
    }
    "Listeners" {
        /// Address of the flows' HTTP entry points; port 0 takes a free one.
        listen: Address = "127.0.0.1:8080";
        /// Address of the management API; port 0 takes a free one.
        admin_listen: Address = "127.0.0.1:8081";
        /// Open connections to flows; more wait.
        max_connections: Count<usize> = "10_000", "1" to "1_000_000";
        /// Open connections to the management API; more wait.
        admin_max_connections: Count<usize> = "1_000", "1" to "100_000";
        /// Time for the head of a request, and for the wait between two requests on a connection.
        header_timeout: Time = "10s", "100ms" to "10min";
        /// Time that open requests and runs have to end when the host stops.
        drain_timeout: Time = "30s", "0s" to "1h";
        /// Threads that serve.
        worker_threads: Threads = "cores", "1" to "1_024";
    }
    "Log" {
        /// How the log looks on standard error: human or json.
        log_format: LogFormat = "human";
        /// What is logged: a level, or a list of directives like info,weft_runtime=debug.
        log_level: LogFilter = "info";
    }
    "Components" {
        /// Size of an uploaded component.
        max_component_bytes: Size = "64MiB", "1KiB" to "1GiB";
        /// Time for the compilation of a component.
        build_timeout: Time = "60s", "1s" to "1h";
        /// Memory for the compilation of a component.
        build_memory: Size = "2GiB", "256MiB" to "64GiB";
    }
    "Functions" {
        /// Function calls at the same time. Each takes some GiB of address space, not of memory.
        max_concurrent_calls: Count<u32> = "256", "1" to "4_096";
        /// Time that a call waits for its turn before it fails as overloaded.
        slot_wait: Time = "1s", "0s" to "1min";
        /// Memories that stay ready for the component they served last.
        warm_slots: Count<u32> = "200", "0" to "4_096";
        /// Bytes of each such memory that are kept and cleaned in place.
        keep_resident_bytes: Size<usize> = "1MiB", "0" to "64MiB";
        /// Fuel of a call: about one unit for each WebAssembly instruction.
        fuel_default: Count = "1_000_000_000", "1_000" to "1_000_000_000_000_000";
        /// The most fuel that a node may ask for.
        fuel_max: Count = "100_000_000_000", "1_000" to "1_000_000_000_000_000";
        /// Wall-clock time of a call.
        deadline_default: Time = "5s", "1ms" to "1h";
        /// The longest time that a node may ask for.
        deadline_max: Time = "60s", "1ms" to "1h";
        /// Memory of a call.
        memory_default: Size = "64MiB", "64KiB" to "4GiB";
        /// The most memory that a node may ask for.
        memory_max: Size = "512MiB", "64KiB" to "4GiB";
        /// Messages that a call may send.
        output_messages: Count<u32> = "1_000", "1" to "10_000";
        /// Bytes that a call may send, all messages together.
        output_bytes: Size = "16MiB", "1KiB" to "64MiB";
        /// Log lines that a call may write; those above are counted and dropped.
        log_lines: Count<u32> = "200", "0" to "2_000";
        /// Bytes of a log line; the rest is cut.
        log_line_bytes: Size<usize> = "4KiB", "64" to "16KiB";
    }
    "Runs" {
        /// Activations of a run whose flow does not say.
        activations_default: Count<u32> = "10_000", "1" to "100_000_000";
        /// The most activations that a flow may ask for.
        activations_max: Count<u32> = "1_000_000", "1" to "100_000_000";
        /// Recent runs that are kept in memory for each instance.
        kept_runs: Count<usize> = "1_000", "0" to "1_000_000";
        /// Bytes of captured messages that are kept in memory for each instance.
        capture_bytes: Size<usize> = "16MiB", "0" to "16GiB";
    }
}
