//! Real servers: `weft serve` on free ports, each in a data directory.
//!
//! A server is killed when it is dropped; a test program that ends otherwise
//! takes its servers with it, too.

use crate::api::Api;
use crate::http::{Request, Response};
use crate::{Flow, artifact, cli};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value as Json, json};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server that is not ready, or has not ended, by then has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file or a process can only be looked at again and again; this often.
const GLANCE: Duration = Duration::from_millis(1);

/// How to start a server.
#[derive(Clone)]
pub struct Launch {
    home: Arc<TempDir>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Default for Launch {
    fn default() -> Self {
        Launch::new()
    }
}

impl Launch {
    /// In a data directory of its own, that does not exist yet.
    pub fn new() -> Self {
        let home = tempfile::Builder::new().prefix("weft-").tempdir();
        Launch {
            home: Arc::new(home.expect("a temporary directory")),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Add an argument of `weft serve`.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Set an environment variable. There are no others.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// A file beside the data directory.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Start a server and wait until it is ready.
    pub fn start(&self) -> Server {
        let log = self.beside("log");
        let child = self.spawn(&log);
        let mut server = Server {
            leash: Leash::on(child.id(), self.home.path()),
            child,
            launch: self.clone(),
            log,
            listen: SocketAddr::from(([0, 0, 0, 0], 0)),
            admin: SocketAddr::from(([0, 0, 0, 0], 0)),
        };
        (server.listen, server.admin) = server.wait_until_ready();
        server
    }

    /// Start a server that must refuse to run.
    pub fn refused(&self) -> Refused {
        let log = self.beside("refused-log");
        let mut child = self.spawn(&log);
        let status = wait(&mut child).unwrap_or_else(|| {
            let _killed = child.kill();
            panic!("the server runs, although it should not:\n{}", read(&log))
        });
        Refused {
            status,
            said: read(&log),
        }
    }

    /// Start a server and kill it after so long, ready or not.
    pub fn kill_while_starting(&self, after: Duration) {
        let mut child = self.spawn(&self.beside("log"));
        thread::sleep(after);
        child.kill().expect("the server is there to be killed");
        child.wait().expect("the server ends");
    }

    fn spawn(&self, log: &Path) -> Child {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("a log file");
        let mut command = Command::new(artifact::binary());
        command.args(["serve", "--data"]).arg(self.data());
        for (flag, variable) in [
            ("--listen", "WEFT_LISTEN"),
            ("--admin-listen", "WEFT_ADMIN_LISTEN"),
        ] {
            let chosen = self
                .arguments
                .iter()
                .any(|argument| argument.starts_with(flag))
                || self.environment.iter().any(|(name, _)| name == variable);
            if !chosen {
                command.args([flag, "127.0.0.1:0"]);
            }
        }
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a log file"))
            .stderr(output);
        command.spawn().expect("the server's binary starts")
    }
}

/// A server that would not run.
#[derive(Debug)]
pub struct Refused {
    /// How it ended.
    pub status: ExitStatus,
    /// What it said, on either output.
    pub said: String,
}

/// A running server.
pub struct Server {
    leash: Leash,
    child: Child,
    launch: Launch,
    log: PathBuf,
    /// Where flows are called.
    pub listen: SocketAddr,
    /// Where the management API is.
    pub admin: SocketAddr,
}

impl Server {
    /// Start one in a fresh data directory.
    pub fn start() -> Self {
        Launch::new().start()
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.launch.data()
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it was started, to start another one on the same directory.
    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// All that it has said so far.
    pub fn log(&self) -> String {
        read(&self.log)
    }

    /// Call a flow.
    pub fn call(&self, request: &Request) -> Response {
        request.send(self.listen)
    }

    /// Call a flow with `GET`.
    pub fn get(&self, target: &str) -> Response {
        self.call(&Request::get(target))
    }

    /// Call a flow with `POST` and a JSON body.
    pub fn post(&self, target: &str, body: &Json) -> Response {
        self.call(&Request::new("POST", target).json(body))
    }

    /// The management API, as the administrator.
    pub fn api(&self) -> Api {
        Api::new(self.admin, Some(self.admin_token()))
    }

    /// The administrator's token.
    pub fn admin_token(&self) -> String {
        let given = self
            .launch
            .environment
            .iter()
            .find(|(name, _)| name == "WEFT_ADMIN_TOKEN");
        match given {
            Some((_, token)) => token.clone(),
            None => read(&self.data().join("admin-token")).trim().to_owned(),
        }
    }

    /// Upload an example component into an instance, under its own name.
    #[track_caller]
    pub fn upload(&self, instance: &str, guest: &str) -> Json {
        let path = format!("/instances/{instance}/components/{guest}");
        let answer = self.api().put_bytes(&path, artifact::guest(guest));
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
        answer.json()
    }

    /// Save a flow and deploy it.
    #[track_caller]
    pub fn deploy(&self, instance: &str, flow: &Flow) -> Json {
        let path = format!("/instances/{instance}/flows/{}", flow.id());
        let saved = self.api().put(&path, &flow.document());
        assert!(matches!(saved.status, 200 | 201), "{}", saved.text());
        self.api()
            .post(&format!("{path}/deploy"), &json!({}))
            .expect(200)
            .json()
    }

    /// Run a subcommand of the binary against this server.
    pub fn cli(&self, arguments: &[&str]) -> cli::Output {
        cli::run(Some(&self.data()), arguments)
    }

    /// Kill it at once (SIGKILL) and wait until it is gone.
    pub fn kill(mut self) -> Launch {
        self.leash.slip();
        self.child.kill().expect("the server is there to be killed");
        self.child.wait().expect("the server ends");
        self.launch.clone()
    }

    /// Ask it to end (SIGTERM, or SIGINT for a Ctrl-C).
    pub fn ask_to_stop(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process id"), signal).expect("the server is there to be asked");
    }

    /// Wait until it has ended by itself.
    pub fn ended(mut self) -> ExitStatus {
        let status = wait(&mut self.child).expect("the server ends when it is asked to");
        self.leash.slip();
        status
    }

    /// Ask it to end, and wait until it has.
    pub fn stop(self) -> Launch {
        let launch = self.launch.clone();
        self.ask_to_stop(Signal::TERM);
        let log = self.log.clone();
        let status = self.ended();
        assert!(status.success(), "{status}\n{}", read(&log));
        launch
    }

    fn wait_until_ready(&mut self) -> (SocketAddr, SocketAddr) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(addresses) = self.addresses() {
                return addresses;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the server ended at once ({status}):\n{}", self.log());
            }
            thread::sleep(GLANCE);
        }
        panic!("the server is not ready:\n{}", self.log());
    }

    /// What `run.json` says, once it is this process's.
    fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        let text = fs::read(self.data().join("run.json")).ok()?;
        let run: Json = serde_json::from_slice(&text).ok()?;
        let address = |field: &str| run[field].as_str()?.parse().ok();
        let mine = run["pid"] == self.pid();
        Some((address("listen")?, address("adminListen")?)).filter(|_| mine)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.leash.slip();
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
        if thread::panicking() {
            // Shown by the test harness, with the test that failed.
            let log = self.log();
            let tail: Vec<_> = log.lines().rev().take(40).collect();
            let tail: Vec<_> = tail.into_iter().rev().collect();
            let _shown = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("--- the server said last:\n{}\n---\n", tail.join("\n")).as_bytes(),
            );
        }
    }
}

/// A server that the tests of one file share: started by the first that needs
/// it, and gone when the test program is.
pub struct SharedServer(Mutex<Option<Arc<Server>>>);

impl SharedServer {
    /// One that is not started yet.
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Self {
        SharedServer(Mutex::new(None))
    }

    /// The server; `launch` and `prepare` run once.
    pub fn get(
        &self,
        launch: impl FnOnce() -> Launch,
        prepare: impl FnOnce(&Server),
    ) -> Arc<Server> {
        let mut server = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        server
            .get_or_insert_with(|| {
                let server = launch().start();
                prepare(&server);
                Arc::new(server)
            })
            .clone()
    }
}

/// Kills the server and removes its files when this program ends in whatever
/// way: a shell waits for the end of its input, which is held here.
struct Leash(Option<Child>);

impl Leash {
    fn on(server: u32, home: &Path) -> Self {
        const SCRIPT: &str = r#"read _
            kill -9 "$1"; for _ in 1 2 3 4 5 6 7 8 9; do rm -rf "$2" && exit; sleep 0.1; done"#;
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "leash", &server.to_string()])
            .arg(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Leash(Some(shell.expect("a shell")))
    }

    fn slip(&mut self) {
        if let Some(mut shell) = self.0.take() {
            let _ended = shell.kill();
            let _status = shell.wait();
        }
    }
}

fn wait(child: &mut Child) -> Option<ExitStatus> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        thread::sleep(GLANCE);
    }
    None
}

fn read(path: &Path) -> String {
    fs::read(path).map_or_else(
        |error| format!("({}: {error})", path.display()),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}
