//! Outbound HTTP, as `wasi:http/outgoing-handler` asks for it. There is no grant
//! for it yet, so every request is denied: [`Egress::send_request`] is the one
//! place where one would be let out.

use crate::host_calls::Denied;
use wasmtime::Result;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// The gate of one call.
#[derive(Debug, Default)]
pub(crate) struct Egress {
    denied: Option<Denied>,
}

impl Egress {
    /// The request that was denied last.
    pub(crate) fn denied(&self) -> Option<&Denied> {
        self.denied.as_ref()
    }
}

type Sending = Box<
    dyn Future<
            Output = Result<
                (
                    http::Response<WasiBody>,
                    Box<dyn Future<Output = Result<(), Error>> + Send>,
                ),
                Error,
            >,
        > + Send,
>;

impl WasiHttpHooks for Egress {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _done: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Sending {
        let uri = request.uri();
        let scheme = uri.scheme_str().unwrap_or("https");
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        self.denied = Some(Denied {
            grant: format!("grants.http: [\"{scheme}://{authority}\"]"),
            message: format!("the node has no grant for requests to {scheme}://{authority}"),
        });
        Box::new(std::future::ready(Err(Error::HttpRequestDenied)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt as _, Empty};

    #[tokio::test]
    async fn every_request_is_denied_and_the_grant_is_named() {
        let mut egress = Egress::default();
        let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        let request = http::Request::get("https://api.test:8443/secret?k=v").body(body);
        let sending = egress.send_request(request.unwrap(), None, Box::new(async { Ok(()) }));
        let refused = Box::into_pin(sending).await.err().unwrap();
        assert!(matches!(refused, Error::HttpRequestDenied));
        let denied = egress.denied().unwrap();
        assert_eq!(denied.grant, r#"grants.http: ["https://api.test:8443"]"#);
        assert!(!denied.message.contains("secret"), "{denied}");
    }
}
