//! A component of the standard world `wasi:http/proxy`, as `wasmtime serve` and
//! other hosts run it, without a word of Weft: it echoes the request.
//!
//! The answer's text is the method, the path and some headers, a line each, a
//! blank line, and the body as it came. A path of `/fail` answers with an error.

// Only a host calls it, and there is none natively.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]

use std::io::{self, Read, Write};
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

/// The headers that the answer repeats.
const SHOWN: [&str; 3] = ["content-type", "user-agent", "x-echo"];

struct Echo;

#[cfg(target_arch = "wasm32")]
wasip2::http::proxy::export!(Echo);

impl Guest for Echo {
    fn handle(request: IncomingRequest, reply: ResponseOutparam) {
        if request.path_with_query().as_deref() == Some("/fail") {
            let error = ErrorCode::InternalError(Some("It was asked to fail.".to_owned()));
            return ResponseOutparam::set(reply, Err(error));
        }
        let mut answer = head(&request).into_bytes();
        if let Err(error) = read_body(&request, &mut answer) {
            let error = ErrorCode::InternalError(Some(error.to_string()));
            return ResponseOutparam::set(reply, Err(error));
        }
        send(reply, &answer);
    }
}

fn head(request: &IncomingRequest) -> String {
    let path = request.path_with_query().unwrap_or_default();
    let mut head = format!("{} {path}\n", method(&request.method()));
    let headers = request.headers();
    for name in SHOWN {
        for value in headers.get(name) {
            head += &format!("{name}: {}\n", String::from_utf8_lossy(&value));
        }
    }
    head + "\n"
}

fn method(method: &Method) -> &str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => name,
    }
}

fn read_body(request: &IncomingRequest, into: &mut Vec<u8>) -> io::Result<()> {
    let taken = |()| io::Error::other("the request's body was already taken");
    let body = request.consume().map_err(taken)?;
    let mut stream = body.stream().map_err(taken)?;
    stream.read_to_end(into)?;
    Ok(())
}

fn send(reply: ResponseOutparam, content: &[u8]) {
    let headers = Fields::new();
    let content_type = b"text/plain; charset=utf-8".to_vec();
    let named = headers.append("content-type", &content_type);
    let response = OutgoingResponse::new(headers);
    let Ok(body) = response.body() else {
        return;
    };
    ResponseOutparam::set(reply, Ok(response));
    // A caller that has gone away is no fault of ours: the rest is for nobody.
    let written = named.is_ok() && body.write().is_ok_and(|mut out| write(&mut out, content));
    if written {
        let _ = OutgoingBody::finish(body, None);
    }
}

fn write(out: &mut impl Write, content: &[u8]) -> bool {
    out.write_all(content).is_ok() && out.flush().is_ok()
}
