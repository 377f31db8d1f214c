//! `cargo xtask up`: from a fresh clone to a running server.
//!
//! After the builds this program *becomes* the server (`exec`), so that Ctrl-C,
//! signals and the exit code are the server's own. Who says that the server is
//! ready is a second, short-lived process: see `announce`.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::repository::Repository;
use crate::{announce, guests, host};

/// Installs what is missing, builds guests and server, starts the server.
#[derive(clap::Args)]
pub(crate) struct Up {
    /// Data directory; made when it is not there [default: data/ in the repository].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address of the flows' HTTP entry points; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Address of the management API; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    admin_listen: SocketAddr,
}

impl Up {
    pub(crate) fn run(&self, repository: &Repository) -> Result<(), Failure> {
        guests::ensure(repository)?;
        host::ensure(repository)?;
        let data = self
            .data
            .clone()
            .unwrap_or_else(|| repository.default_data());
        println!("==> start the server, data in {}", data.display());
        announce::spawn(&data)?;
        Err(self.become_server(repository, data))
    }

    /// Returns only when the server could not be started.
    fn become_server(&self, repository: &Repository, data: PathBuf) -> Failure {
        let weft = repository.weft();
        let source = Command::new(&weft)
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(["--listen", &self.listen.to_string()])
            .args(["--admin-listen", &self.admin_listen.to_string()])
            .exec();
        Failure::Start {
            step: "start the server".to_owned(),
            command: weft.display().to_string(),
            source,
        }
    }
}
