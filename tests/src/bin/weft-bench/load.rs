//! The client: one thread, many connections that stay open, one request at a
//! time on each.

use crate::BenchError;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What one turn of a server came to.
pub(crate) struct Turn {
    /// Requests answered in a second.
    pub(crate) rate: f64,
    /// Median time of an answer in microseconds.
    pub(crate) p50: u32,
    /// Time of an answer in microseconds that 99 of 100 keep.
    pub(crate) p99: u32,
}

/// A request as it goes over the wire.
pub(crate) fn request(host: SocketAddr, path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// Send as many requests as are answered in `time`.
pub(crate) fn run(
    name: &str,
    address: SocketAddr,
    request: &[u8],
    connections: usize,
    time: Duration,
) -> Result<Turn, BenchError> {
    let io = |what| move |source| BenchError::Io { what, source };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let mut latencies = runtime.map_err(io("the client"))?.block_on(async {
        let begun = Instant::now();
        // A client that sleeps between answers has to be woken for each, and on
        // a virtual machine the server pays for that. So it never sleeps.
        let awake = tokio::spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
        let mut tasks = JoinSet::new();
        for _ in 0..connections {
            tasks.spawn(caller(
                name.to_owned(),
                address,
                request.to_vec(),
                begun + time,
            ));
        }
        let mut all = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            let ended = ended.map_err(|error| BenchError::Io {
                what: "a caller",
                source: error.into(),
            })?;
            all.extend(ended?);
        }
        awake.abort();
        Ok::<_, BenchError>(all)
    })?;
    if latencies.is_empty() {
        return Err(BenchError::Silent(name.to_owned()));
    }
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    Ok(Turn {
        rate: latencies.len() as f64 / time.as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
    })
}

/// One connection; the times of its answers in microseconds.
async fn caller(
    name: String,
    address: SocketAddr,
    request: Vec<u8>,
    end: Instant,
) -> Result<Vec<u32>, BenchError> {
    let io = |what| move |source| BenchError::Io { what, source };
    let mut stream = TcpStream::connect(address)
        .await
        .map_err(io("a connection"))?;
    stream.set_nodelay(true).map_err(io("a connection"))?;
    let mut buffer = vec![0; 64 << 10];
    let mut latencies = Vec::with_capacity(1 << 14);
    while Instant::now() < end {
        let sent = Instant::now();
        stream.write_all(&request).await.map_err(io("a request"))?;
        let mut filled = 0;
        loop {
            let read = stream
                .read(&mut buffer[filled..])
                .await
                .map_err(io("an answer"))?;
            if read == 0 {
                return Err(BenchError::Silent(name));
            }
            filled += read;
            if is_whole(&buffer[..filled]) {
                break;
            }
        }
        latencies.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
        check(&name, &buffer[..filled])?;
    }
    Ok(latencies)
}

/// True if the answer has ended; all answers here have a `Content-Length`.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|w| w == b"\r\n\r\n") else {
        return false;
    };
    let name = b"content-length:";
    let at = answer[..head]
        .windows(name.len())
        .position(|w| w.eq_ignore_ascii_case(name));
    let digits = at.map_or(&[][..], |at| &answer[at + name.len()..head]);
    let digits = digits
        .iter()
        .skip_while(|b| **b == b' ')
        .take_while(|b| b.is_ascii_digit());
    let length = digits.fold(0, |n, b| n * 10 + usize::from(b - b'0'));
    answer.len() >= head + 4 + length
}

fn check(name: &str, answer: &[u8]) -> Result<(), BenchError> {
    if answer.starts_with(b"HTTP/1.1 200") {
        return Ok(());
    }
    let text = String::from_utf8_lossy(answer);
    Err(BenchError::Answer {
        name: name.to_owned(),
        status: text
            .get(9..12)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0),
        body: text.lines().last().unwrap_or_default().to_owned(),
    })
}
