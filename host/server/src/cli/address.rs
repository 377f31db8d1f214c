//! Where the running host listens: `run.json` in its data directory.

use serde::Deserialize;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// The addresses that a host has bound.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Running {
    listen: SocketAddr,
    admin_listen: SocketAddr,
}

impl Running {
    /// The host that serves a data directory, if one does.
    pub(crate) fn in_directory(data: &Path) -> Option<Running> {
        let text = fs::read(data.join("run.json")).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// The base URL of the flow listener.
    pub(crate) fn flow_url(self) -> String {
        url_of(self.listen)
    }

    /// The base URL of the management API.
    pub(crate) fn admin_url(self) -> String {
        url_of(self.admin_listen)
    }
}

/// The URL at which a listener is reached from this machine.
pub(crate) fn url_of(listener: SocketAddr) -> String {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, listener.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_reached_on_the_loopback() {
        assert_eq!(url_of("0.0.0.0:80".parse().unwrap()), "http://127.0.0.1:80");
        assert_eq!(url_of("[::]:80".parse().unwrap()), "http://[::1]:80");
        assert_eq!(url_of("10.0.0.1:80".parse().unwrap()), "http://10.0.0.1:80");
    }

    #[test]
    fn the_running_host_is_found_by_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Running::in_directory(dir.path()).is_none());
        let text = r#"{"listen":"127.0.0.1:1","adminListen":"127.0.0.1:2","pid":3}"#;
        fs::write(dir.path().join("run.json"), text).unwrap();
        let running = Running::in_directory(dir.path()).unwrap();
        assert_eq!(running.flow_url(), "http://127.0.0.1:1");
        assert_eq!(running.admin_url(), "http://127.0.0.1:2");
    }
}
