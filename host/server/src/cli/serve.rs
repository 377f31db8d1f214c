//! `weft serve`: runs a host in this process.

use crate::cli::address::url_of;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::serve_args::ServeArgs;
use crate::logging;
use crate::serve::{self, Running, ServeError};
use crate::settings::Settings;
use std::io;

/// Run a host until Ctrl-C or SIGTERM.
///
/// Every setting can be given by flag, by environment variable, or in the
/// settings file under its name with underscores (`header_timeout = "10s"`);
/// the first of these that is there counts. Durations are written 500ms, 5s,
/// 2min, 1h (plain numbers are seconds), sizes 4KiB, 64MiB, 10MB (plain numbers
/// are bytes). Two secrets come from the environment alone: WEFT_MASTER_KEY and
/// WEFT_ADMIN_TOKEN.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Serve {
    #[command(flatten)]
    args: ServeArgs,
}

impl Serve {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let settings = Settings::load(&self.args.0, &|name| std::env::var_os(name));
        let settings = settings.map_err(|errors| Failure::usage(errors.to_string()))?;
        let started = logging::start(settings.log_format, &settings.log_level);
        started.map_err(|error| Failure::failed(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(settings.worker_threads)
            .thread_name("weft")
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("no threads can be started: {error}")))?;
        let greeting = Greeting::of(&settings);
        let served = runtime.block_on(serve::run(settings, |running| greeting.print(running)));
        // What still computes has had its time to end.
        runtime.shutdown_background();
        served.map_err(failure)
    }
}

/// What a started host says to the person who started it.
struct Greeting {
    data: String,
    token: String,
}

impl Greeting {
    fn of(settings: &Settings) -> Self {
        let token = match settings.admin_token() {
            Some(_) => format!("as given in {}", crate::settings::ADMIN_TOKEN),
            None => settings.data.join("admin-token").display().to_string(),
        };
        Greeting {
            data: settings.data.display().to_string(),
            token,
        }
    }

    fn print(&self, running: &Running) {
        // It runs, whether or not somebody reads this.
        let _unseen = output::line(&self.text(running));
    }

    fn text(&self, running: &Running) -> String {
        let (flows, admin) = (url_of(running.listen), url_of(running.admin_listen));
        format!(
            "weft {} is ready\n  \
               flows        {flows}/<instance>/<path>\n  \
               management   {admin}/api/v1\n  \
               data         {}\n  \
               admin token  {}\n\
             Try:   curl '{flows}/default/hello?name=Ada'\n\
             Stop:  Ctrl-C",
            env!("CARGO_PKG_VERSION"),
            self.data,
            self.token,
        )
    }
}

fn failure(error: ServeError) -> Failure {
    let failure = Failure::failed(error.to_string());
    match hint(&error) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn hint(error: &ServeError) -> Option<String> {
    match error {
        ServeError::Listen { source, .. } => match source.kind() {
            io::ErrorKind::AddrInUse => Some(
                "another program listens there, perhaps another host; stop it, or choose another \
                 address with --listen and --admin-listen (port 0 takes a free one)"
                    .to_owned(),
            ),
            io::ErrorKind::PermissionDenied => {
                Some("ports below 1024 need a privilege; choose a higher one".to_owned())
            }
            io::ErrorKind::AddrNotAvailable => {
                Some("this machine does not have that address; 0.0.0.0 is all it has".to_owned())
            }
            _ => None,
        },
        ServeError::Data { .. } => {
            Some("choose a directory that you may write to, with --data".to_owned())
        }
        ServeError::Refused(refusal) => Some(refusal.hint.clone()).filter(|hint| !hint.is_empty()),
        _ => None,
    }
}
