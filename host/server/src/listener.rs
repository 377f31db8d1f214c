//! Accepts connections and serves HTTP/1.1 on them.
//!
//! axum's own loop has neither a cap on connections nor a time limit on a
//! request's head; this one has both. TLS and HTTP/2 belong to a proxy in front.

use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Pause after a failed `accept`, which means that the process is out of file
/// descriptors: others must close some first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bounds of a listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections; more wait in the kernel's queue.
    pub connections: usize,
    /// Time for the head of a request, and for the wait between two requests.
    pub header_timeout: Duration,
}

/// What answers requests: one for each connection.
pub trait Answer: Clone + Send + Sync + 'static {
    /// Answer one request.
    fn answer(&self, request: http::Request<Incoming>) -> impl Future<Output = Response> + Send;
}

/// Serve until `stopping`; then let open requests end, as long as the caller
/// goes on waiting. `answer` makes what answers the requests of a connection.
pub async fn serve<A: Answer>(
    listener: TcpListener,
    limits: Limits,
    stopping: CancellationToken,
    answer: impl Fn(SocketAddr) -> A,
) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = async {
            let slot = slots.clone().acquire_owned().await;
            (listener.accept().await, slot)
        };
        let (accepted, slot) = tokio::select! {
            accepted = accepted => accepted,
            () = stopping.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = connection(stream, limits, answer(peer));
                let connection = graceful.watch(connection);
                tokio::spawn(async move {
                    // A client that breaks off is no event of ours.
                    if let Err(error) = connection.await {
                        tracing::debug!(%peer, %error, "connection ended early");
                    }
                    drop(slot);
                });
            }
            Err(error) => pause_after(&error).await,
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

fn connection<A: Answer>(
    stream: TcpStream,
    limits: Limits,
    answer: A,
) -> hyper::server::conn::http1::Connection<
    TokioIo<TcpStream>,
    impl hyper::service::Service<
        http::Request<Incoming>,
        Response = Response,
        Error = Infallible,
        Future: Send,
    > + Send,
> {
    // Answers are small and written at once: waiting to fill a packet only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no delay could not be set");
    }
    let service = hyper::service::service_fn(move |request| {
        let answer = answer.clone();
        async move { Ok::<_, Infallible>(answer.answer(request).await) }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .serve_connection(TokioIo::new(stream), service)
}

async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::warn!(%error, "a connection was not accepted");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
