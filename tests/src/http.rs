//! A small HTTP/1.1 client over a plain socket.
//!
//! It sends exactly what it is told, also what a well-behaved client would not,
//! and shows exactly what came back.

use crate::artifact;
use serde_json::Value as Json;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer that takes longer is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request: the head as it will stand on the wire, and a body.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A request without a body. The target is not changed in any way.
    pub fn new(method: &str, target: impl Into<String>) -> Self {
        Request {
            method: method.into(),
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// `GET`.
    pub fn get(target: impl Into<String>) -> Self {
        Request::new("GET", target)
    }

    /// `POST` with a body, without a content type.
    pub fn post(target: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Request::new("POST", target).body(body)
    }

    /// Add a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.headers.push((name.into(), value.to_string()));
        self
    }

    /// Set the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Set a JSON body and its content type.
    #[must_use]
    pub fn json(self, body: &Json) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    /// Set a text body and its content type.
    #[must_use]
    pub fn text(self, body: impl Into<Vec<u8>>) -> Self {
        self.header("content-type", "text/plain; charset=utf-8")
            .body(body)
    }

    /// Send it on a connection of its own.
    pub fn send(&self, to: SocketAddr) -> Response {
        self.try_send(to).unwrap_or_else(|error| {
            panic!("{} {} was not answered: {error}", self.method, self.target)
        })
    }

    /// Send it on a connection of its own, to a server that may be gone.
    ///
    /// # Errors
    /// The socket's, or an answer that is not HTTP.
    pub fn try_send(&self, to: SocketAddr) -> io::Result<Response> {
        Connection::open(to)?.send_once(self)
    }

    fn head(&self, host: SocketAddr, close: bool) -> String {
        let given = |name: &str| {
            self.headers
                .iter()
                .any(|(n, _)| n.eq_ignore_ascii_case(name))
        };
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !given("host") {
            head += &format!("Host: {host}\r\n");
        }
        let bodiless = self.body.is_empty() && matches!(&*self.method, "GET" | "HEAD" | "DELETE");
        if !bodiless && !given("content-length") && !given("transfer-encoding") {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        if close && !given("connection") {
            head += "Connection: close\r\n";
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head + "\r\n"
    }
}

/// A connection, kept alive between requests.
pub struct Connection {
    peer: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connect.
    ///
    /// # Errors
    /// The socket's.
    pub fn open(peer: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&peer, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let stream = BufReader::new(stream);
        Ok(Connection { peer, stream })
    }

    /// Send a request and read the whole answer; the connection stays open.
    ///
    /// # Errors
    /// The socket's, or an answer that is not HTTP.
    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        self.write(request, false)?;
        let head = self.read_head()?;
        self.read_response(request, head)
    }

    /// Send a request and read only the head of the answer.
    ///
    /// # Errors
    /// The socket's, or an answer that is not HTTP.
    pub fn open_stream(mut self, request: &Request) -> io::Result<(Response, Body)> {
        self.write(request, false)?;
        let head = self.read_head()?;
        let framing = head.framing(request);
        let body = Body {
            stream: self.stream,
            framing,
        };
        Ok((head, body))
    }

    /// Send the head and a part of the body, and leave it at that.
    ///
    /// # Errors
    /// The socket's.
    pub fn begin(&mut self, request: &Request, bytes_of_body: usize) -> io::Result<()> {
        let head = request.head(self.peer, false);
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(&request.body[..bytes_of_body])
    }

    fn send_once(mut self, request: &Request) -> io::Result<Response> {
        self.write(request, true)?;
        let head = self.read_head()?;
        self.read_response(request, head)
    }

    /// A server may answer and close before it has read all of the body: then
    /// writing fails, and the answer is there to be read.
    fn write(&mut self, request: &Request, close: bool) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(request.head(self.peer, close).as_bytes())?;
        match stream.write_all(&request.body) {
            Err(error) if gone(&error) => Ok(()),
            written => written,
        }
    }

    fn read_head(&mut self) -> io::Result<Response> {
        let mut status_line = self.line()?;
        // Interim answers are none.
        while status_line.starts_with("HTTP/1.1 1") {
            while !self.line()?.is_empty() {}
            status_line = self.line()?;
        }
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| invalid(format!("no status line: {status_line:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| invalid(format!("no header: {line:?}")))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Response {
            status,
            headers,
            body: Vec::new(),
        })
    }

    fn read_response(&mut self, request: &Request, mut head: Response) -> io::Result<Response> {
        let framing = head.framing(request);
        read_body(&mut self.stream, framing, &mut head.body)?;
        Ok(head)
    }

    fn line(&mut self) -> io::Result<String> {
        line(&mut self.stream)
    }
}

/// How the end of a body is known.
#[derive(Clone, Copy)]
enum Framing {
    Length(usize),
    Chunks,
    Close,
}

/// The body of an answer that goes on, a line at a time.
pub struct Body {
    stream: BufReader<TcpStream>,
    framing: Framing,
}

impl Body {
    /// The next piece as the server sent it; none at the end.
    ///
    /// # Errors
    /// The socket's, time-outs among them.
    pub fn next_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self.framing {
            Framing::Chunks => chunk(&mut self.stream),
            Framing::Length(0) => Ok(None),
            Framing::Length(_) | Framing::Close => {
                let piece = self.stream.fill_buf()?.to_vec();
                self.stream.consume(piece.len());
                Ok((!piece.is_empty()).then_some(piece))
            }
        }
    }
}

fn read_body(
    stream: &mut BufReader<TcpStream>,
    framing: Framing,
    body: &mut Vec<u8>,
) -> io::Result<()> {
    match framing {
        Framing::Length(length) => {
            body.resize(length, 0);
            stream.read_exact(body)
        }
        Framing::Close => stream.read_to_end(body).map(drop),
        Framing::Chunks => {
            while let Some(piece) = chunk(stream)? {
                body.extend(piece);
            }
            Ok(())
        }
    }
}

fn chunk(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let size = line(stream)?;
    let size = usize::from_str_radix(&size, 16)
        .map_err(|_| invalid(format!("no chunk size: {size:?}")))?;
    let mut piece = vec![0; size];
    stream.read_exact(&mut piece)?;
    line(stream)?;
    Ok((size > 0).then_some(piece))
}

fn line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = Vec::new();
    if stream.read_until(b'\n', &mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = String::from_utf8(line).map_err(|_| invalid("a line that is no UTF-8".into()))?;
    Ok(line.trim_end().to_owned())
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers in order; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All headers of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fits = move |(n, _): &&(String, String)| n == name;
        self.headers
            .iter()
            .filter(fits)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {} {}", self.status, self.text()))
    }

    /// Insist on a status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Insist on a problem document (RFC 9457) with this status and code, with
    /// all that each problem document has, and with a section in the docs.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Json {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        for field in ["type", "title", "detail", "hint"] {
            let text = problem[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{field} is missing: {problem}");
        }
        assert!(
            problem["type"].as_str().is_some_and(|t| t.contains(code)),
            "{problem}"
        );
        assert_no_inside(&problem.to_string());
        assert!(
            artifact::document("docs/problems.md").contains(&format!("\n### {code}\n")),
            "docs/problems.md has no section {code}"
        );
        assert!(self.header("x-request-id").is_some(), "{problem}");
        problem
    }

    fn framing(&self, request: &Request) -> Framing {
        let bodiless = request.method == "HEAD" || matches!(self.status, 204 | 304);
        let length = self.header("content-length").and_then(|n| n.parse().ok());
        match length {
            _ if bodiless => Framing::Length(0),
            Some(length) => Framing::Length(length),
            None if self.header("transfer-encoding").is_some() => Framing::Chunks,
            None => Framing::Close,
        }
    }
}

/// No answer shows where the host lies or how it is made inside.
#[track_caller]
pub fn assert_no_inside(text: &str) {
    for inside in [
        "/tmp/",
        "/root/",
        "/home/",
        "/usr/",
        ".cargo",
        "src/",
        ".rs:",
        "wasm backtrace",
        "wasmtime",
        "RUST_BACKTRACE",
        "panicked at",
    ] {
        assert!(
            !text.contains(inside),
            "{inside:?} is shown to the caller: {text}"
        );
    }
}
