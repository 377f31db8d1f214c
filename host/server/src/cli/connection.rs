//! How a command finds its host and its instance, and by what right it asks.

use crate::cli::address::Running;
use crate::cli::api_client::Client;
use crate::cli::failure::Failure;
use crate::cli::url;
use http::{HeaderValue, Uri};
use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

/// Where a host listens if nothing else is known.
const DEFAULT_URL: &str = "http://127.0.0.1:8081";

/// The flags by which a command finds its host.
#[derive(clap::Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ApiArgs {
    /// URL of the management API [default: that of the host which runs in the data directory,
    /// else http://127.0.0.1:8081]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "WEFT_ADMIN_URL",
        hide_env_values = true
    )]
    admin_url: Option<String>,
    /// Token of the management API [default: for a host on this machine, what the file
    /// admin-token in the data directory holds]
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        env = "WEFT_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// The host's data directory
    #[arg(
        long,
        visible_alias = "data-dir",
        global = true,
        value_name = "DIR",
        env = "WEFT_DATA",
        hide_env_values = true,
        default_value = "./data"
    )]
    data: PathBuf,
    /// Print what the API answers, as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// Without the token.
impl fmt::Debug for ApiArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ApiArgs");
        shown
            .field("admin_url", &self.admin_url)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

/// The flag by which a command finds its instance.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct InstanceArg {
    /// The instance
    #[arg(
        short,
        long,
        global = true,
        value_name = "NAME",
        env = "WEFT_INSTANCE",
        hide_env_values = true,
        default_value = "default"
    )]
    instance: String,
}

impl InstanceArg {
    /// The path of something in the instance.
    pub(crate) fn path(&self, segments: &[&str]) -> String {
        url::api_path(&[&["instances", &self.instance], segments].concat())
    }
}

impl ApiArgs {
    /// The host that the flags, the environment or the data directory name.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let base = match self.given_url() {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => Running::in_directory(&self.data)
                .map_or_else(|| DEFAULT_URL.to_owned(), Running::admin_url),
        };
        let authorization = self
            .token(&base)
            .map(|token| authorization(&token))
            .transpose()?;
        Ok(Client::new(base, authorization, self.hint()))
    }

    fn given_url(&self) -> Option<&str> {
        self.admin_url.as_deref().filter(|url| !url.is_empty())
    }

    fn token(&self, base: &str) -> Option<String> {
        let given = self.token.clone().filter(|token| !token.is_empty());
        // The directory's token is for its own host: it is not sent anywhere else.
        let kept = || fs::read_to_string(self.data.join("admin-token")).ok();
        given.or_else(|| is_this_machine(base).then(kept).flatten())
    }

    /// What to do if the host does not answer.
    fn hint(&self) -> String {
        match self.given_url() {
            Some(_) => "check the URL, and that the host runs".to_owned(),
            None => format!(
                "start the host with `weft serve`, or say where it is: by --admin-url, or by --data \
                 (now {})",
                self.data.display()
            ),
        }
    }
}

fn is_this_machine(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let ip: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost" || ip.is_some_and(|ip| ip.is_loopback())
}

fn authorization(token: &str) -> Result<HeaderValue, Failure> {
    let value = HeaderValue::from_str(&format!("Bearer {}", token.trim()));
    let mut value = value.map_err(|_| {
        Failure::usage("the token has characters that no token has").hint("copy it again")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(admin_url: Option<&str>, data: PathBuf) -> ApiArgs {
        ApiArgs {
            admin_url: admin_url.map(str::to_owned),
            token: None,
            data,
            json: false,
        }
    }

    #[test]
    fn the_directorys_token_goes_to_this_machine_only() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("admin-token"), "kept\n").unwrap();
        let args = args(None, dir.path().to_owned());
        for here in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"] {
            assert_eq!(args.token(here).as_deref(), Some("kept\n"), "{here}");
        }
        for elsewhere in [
            "http://10.0.0.1:1",
            "https://localhost.example.org",
            "nonsense",
        ] {
            assert_eq!(args.token(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn a_given_token_goes_wherever_it_was_meant_for() {
        let mut args = args(Some("https://weft.example.org"), PathBuf::from("absent"));
        args.token = Some("given".into());
        assert_eq!(
            args.token("https://weft.example.org").as_deref(),
            Some("given")
        );
        assert!(!format!("{args:?}").contains("given"));
    }

    #[test]
    fn a_token_is_one_line_of_a_header() {
        assert_eq!(
            authorization("abc\n").unwrap().to_str().unwrap(),
            "Bearer abc"
        );
        assert!(authorization("a\nb").is_err());
    }
}
