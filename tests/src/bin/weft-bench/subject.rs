//! The servers that are measured.

use crate::{BenchError, memory};
use serde_json::json;
use std::env;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use weft_tests::{Flow, Launch, Request, Server};

/// What is posted: about a hundred bytes, one field of which is looked at.
pub(crate) const BODY: &str = r#"{"name":"Ada","id":4711,"tags":["red","green","blue"],"note":"as long as a small message usually is"}"#;

/// The bare axum server, as a process of its own.
pub(crate) struct Bare {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Bare {
    pub(crate) fn start(threads: usize) -> Result<Self, BenchError> {
        let io = |what| move |source| BenchError::Io { what, source };
        let program = env::current_exe().map_err(io("the path of this program"))?;
        let mut child = Command::new(program)
            .args(["bare-axum", "--threads", &threads.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(io("the bare axum server"))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            let read = BufReader::new(output).read_line(&mut line);
            read.map_err(io("the bare axum server's address"))?;
        }
        match line.trim().parse() {
            Ok(address) => Ok(Bare { child, address }),
            Err(_) => Err(BenchError::Silent("the bare axum server".into())),
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A host with flows of one function and of several in a row.
pub(crate) struct Flows {
    pub(crate) server: Server,
}

impl Flows {
    pub(crate) fn start(threads: usize, chains: &[usize]) -> Self {
        let server = launch(threads).start();
        for functions in chains {
            server.deploy("default", &chain(*functions));
        }
        Flows { server }
    }
}

fn launch(threads: usize) -> Launch {
    Launch::new()
        .arg("--worker-threads")
        .arg(threads.to_string())
        .arg("--log-level")
        .arg("warn")
}

pub(crate) fn flow_id(functions: usize) -> String {
    format!("bench-{functions}")
}

pub(crate) fn label(functions: usize) -> String {
    match functions {
        1 => "flow, 1 function".into(),
        n => format!("flow, {n} functions"),
    }
}

/// `http-in` → `hello`, so many times → `http-response`.
fn chain(functions: usize) -> Flow {
    let ids: Vec<_> = (0..functions).map(|n| format!("fn{n}")).collect();
    let node = |id| (id, "function", json!({ "component": "hello" }));
    let between: Vec<_> = ids.iter().map(|id| node(&**id)).collect();
    let id = flow_id(functions);
    Flow::http(&id, "POST", &format!("/{id}"), &between)
}

/// A start of the host with everything compiled.
pub(crate) struct Start {
    /// Time from starting the process to its first answer.
    pub(crate) took: Duration,
    /// Resident bytes after that answer.
    pub(crate) resident: Option<u64>,
}

/// Start the host so many times on a directory that it has used before.
pub(crate) fn time_starts(starts: usize, threads: usize) -> Vec<Start> {
    let launch = launch(threads).start().stop();
    let time = |_| {
        let begun = Instant::now();
        let server = launch.start();
        let answer = server.call(&Request::get("/default/hello?name=Ada"));
        let took = begun.elapsed();
        answer.expect(200);
        let resident = memory::resident(server.pid());
        server.stop();
        Start { took, resident }
    };
    (0..starts).map(time).collect()
}
