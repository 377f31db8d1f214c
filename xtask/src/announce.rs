//! Says when a server started by `up` is ready, and how to call it.
//!
//! It runs as a child of the process that becomes the server. `DIR/run.json`
//! may be left over from an earlier run, so it counts only when it names the
//! parent's process id; when the parent has gone, the server has already said
//! why, and there is nothing to add.

use serde::Deserialize;
use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::step::seconds;

/// How often the server is asked.
const INTERVAL: Duration = Duration::from_millis(50);
/// After this a server that still runs is left to its own log.
const PATIENCE: Duration = Duration::from_secs(120);
/// One question to the server.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// Waits until the server is ready, then prints how to call it.
#[derive(clap::Args)]
pub(crate) struct Announce {
    /// The server's data directory.
    #[arg(long)]
    data: PathBuf,
    /// The server's process id.
    #[arg(long)]
    server: u32,
}

/// Starts the announcer for the server that this process is about to become.
pub(crate) fn spawn(data: &Path) -> Result<(), Failure> {
    let not_started = |source| Failure::Start {
        step: "wait for the server".to_owned(),
        command: "xtask announce".to_owned(),
        source,
    };
    let this_program = env::current_exe().map_err(not_started)?;
    Command::new(this_program)
        .arg("announce")
        .arg("--data")
        .arg(data)
        .args(["--server", &process::id().to_string()])
        .stdin(Stdio::null())
        .spawn()
        .map_err(not_started)?;
    Ok(())
}

impl Announce {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let start = Instant::now();
        while parent_id() == self.server && start.elapsed() < PATIENCE {
            if let Some(server) = self.running().filter(Server::is_ready) {
                print!("{}", server.how_to_call(&self.data, start.elapsed()));
                return Ok(());
            }
            thread::sleep(INTERVAL);
        }
        if parent_id() == self.server {
            println!(
                "The server is not ready after {}; its log above says why.",
                seconds(PATIENCE)
            );
        }
        Ok(())
    }

    /// What run.json says; `None` while it is missing, half written or another server's.
    fn running(&self) -> Option<Server> {
        let text = fs::read(self.data.join("run.json")).ok()?;
        let server: Server = serde_json::from_slice(&text).ok()?;
        (server.pid == self.server).then_some(server)
    }
}

/// `DIR/run.json`, as the server writes it once it has bound its addresses.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Server {
    listen: SocketAddr,
    admin_listen: SocketAddr,
    pid: u32,
}

impl Server {
    fn is_ready(&self) -> bool {
        status_of(reachable(self.admin_listen), "/readyz").is_ok_and(|status| status == 200)
    }

    fn how_to_call(&self, data: &Path, waited: Duration) -> String {
        let flows = reachable(self.listen);
        let management = reachable(self.admin_listen);
        let token = data.join("admin-token");
        format!(
            "\nWeft is ready ({}).\n\
             \x20 flows        http://{flows}/<instance>/<path>\n\
             \x20 management   http://{management}/api/v1\n\
             \x20 admin token  {}\n\
             \x20 try          curl 'http://{flows}/default/hello?name=Ada'\n\
             \x20 stop         Ctrl-C\n\n",
            seconds(waited),
            token.display(),
        )
    }
}

/// An address to connect to: a server bound to every address is reached by loopback.
fn reachable(bound: SocketAddr) -> SocketAddr {
    let ip = match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bound.port())
}

/// The status of a plain GET. An HTTP client would be a dependency for this one call.
fn status_of(address: SocketAddr, path: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_LIMIT)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut start = [0; 12];
    stream.read_exact(&mut start)?;
    std::str::from_utf8(&start)
        .ok()
        .and_then(|line| line.strip_prefix("HTTP/1.1 ")?.parse().ok())
        .ok_or_else(|| std::io::Error::other("not an HTTP/1.1 status line"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_addresses_can_be_called() {
        let server: Server = serde_json::from_str(
            r#"{"listen":"0.0.0.0:8080","adminListen":"[::]:8081","pid":7,"more":true}"#,
        )
        .unwrap();
        let text = server.how_to_call(Path::new("data"), Duration::ZERO);
        assert!(
            text.contains("curl 'http://127.0.0.1:8080/default/hello?name=Ada'"),
            "{text}"
        );
        assert!(text.contains("http://[::1]:8081/api/v1"), "{text}");
        assert!(text.contains("data/admin-token"), "{text}");
    }
}
