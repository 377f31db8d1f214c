//! A component that exports `wasi:http/incoming-handler`, called with a message:
//! the message becomes a request, the response becomes the message.

use crate::bindings::Error as FunctionError;
use crate::bindings::weft::function::types::ErrorKind;
use crate::call_state::CallState;
use crate::config::CallLimits;
use crate::failure::Failure;
use crate::http_message;
use crate::meter::OverBudget;
use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, select};
use http::response;
use http_body_util::{BodyExt as _, Full};
use std::pin::pin;
use tokio::sync::oneshot;
use wasmtime::Store;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::{Error as BodyError, WasiHttpView as _};
use weft_model::message::{Encoded, Message};
use weft_model::{Fault, FaultCode};

/// Call the handler once.
pub(crate) async fn call(
    ready: &ProxyPre<CallState>,
    store: &mut Store<CallState>,
    message: Encoded,
    limits: &CallLimits,
) -> Result<Encoded, Failure> {
    let mut message = Message::decode(message, &"".into())
        .map_err(|error| Fault::new(FaultCode::InvalidMessage, error.to_string()))?;
    let request = http_message::request(&message)
        .map_err(|error| Fault::new(FaultCode::InvalidMessage, error.to_string()))?;
    let (head, body) = exchange(ready, store, request, limits).await?;
    http_message::set_response(&mut message, &head, body);
    let message = message.encode();
    store.data_mut().output.spend(message.len())?;
    Ok(message)
}

async fn exchange(
    ready: &ProxyPre<CallState>,
    store: &mut Store<CallState>,
    request: http::Request<Bytes>,
    limits: &CallLimits,
) -> Result<(response::Parts, Bytes), Failure> {
    let handler = ready.instantiate_async(&mut *store).await?;
    let (sender, receiver) = oneshot::channel();
    let request =
        request.map(|body| Full::new(body).map_err(|never| -> BodyError { match never {} }));
    let mut http = store.data_mut().http();
    let request = http.new_incoming_request(Scheme::Http, request)?;
    let outparam = http.new_response_outparam(sender)?;

    // The guest writes the body while it is read here, and may go on after that.
    let mut receiving = pin!(receive(receiver, limits.output_bytes));
    let received = {
        let handling = handler.wasi_http_incoming_handler();
        let handling = pin!(handling.call_handle(&mut *store, request, outparam));
        match select(handling, receiving.as_mut()).await {
            Either::Left((handled, _)) => {
                handled?;
                None
            }
            Either::Right((Ok(received), handling)) => {
                handling.await?;
                Some(received)
            }
            Either::Right((Err(failure), _)) => return Err(failure),
        }
    };
    match received {
        Some(received) => Ok(received),
        None => {
            // What the guest left open would keep the body waiting for more.
            store.data_mut().close_handles();
            receiving.await
        }
    }
}

type Answer = Result<http::Response<HyperOutgoingBody>, ErrorCode>;

async fn receive(
    answer: oneshot::Receiver<Answer>,
    most_bytes: u64,
) -> Result<(response::Parts, Bytes), Failure> {
    let (head, mut body) = match answer.await {
        Ok(Ok(response)) => response.into_parts(),
        Ok(Err(code)) => {
            return Err(Failure::Function(FunctionError {
                kind: ErrorKind::Failed,
                message: format!("the handler answered with an error: {code:?}"),
                data: None,
            }));
        }
        Err(_dropped) => return Err(invalid("the handler returned without a response").into()),
    };
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            invalid(format!("the handler did not finish its response: {error}"))
        })?;
        // Trailers are dropped: a message has no place for them.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if (bytes.len() + data.len()) as u64 > most_bytes {
            return Err(OverBudget::Bytes.into());
        }
        bytes.extend_from_slice(&data);
    }
    Ok((head, bytes.freeze()))
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(FaultCode::InvalidOutput, message)
}
