//! The measure of all things: axum, a JSON body in, a line of text out, and
//! nothing in between.

use crate::BenchError;
use axum::Json;
use axum::routing::post;
use serde_json::Value;
use std::io::Write as _;

/// Serve until killed. The address is the first line of standard output.
pub(crate) fn serve(threads: usize) -> Result<(), BenchError> {
    let io = |what| move |source| BenchError::Io { what, source };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(io("threads"))?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.map_err(io("a port for axum"))?;
        let address = listener.local_addr().map_err(io("axum's address"))?;
        println!("{address}");
        std::io::stdout().flush().map_err(io("standard output"))?;
        let router = axum::Router::new().route("/", post(greet));
        axum::serve(listener, router).await.map_err(io("axum"))
    })
}

/// What the function `hello` does.
async fn greet(Json(body): Json<Value>) -> String {
    match body.get("name").and_then(Value::as_str) {
        Some(name) => format!("Hello, {name}!"),
        None => "Hello, world!".to_owned(),
    }
}
