//! The management API, as the tests call it. Paths are below `/api/v1`.

use crate::http::{Request, Response};
use serde_json::{Value as Json, json};
use std::net::SocketAddr;

/// Somebody who calls the API: with a token, or without.
#[derive(Clone)]
pub struct Api {
    /// Where the API is.
    pub address: SocketAddr,
    token: Option<String>,
}

impl Api {
    /// A caller.
    pub fn new(address: SocketAddr, token: Option<String>) -> Self {
        Api { address, token }
    }

    /// The same API called with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Api::new(self.address, Some(token.into()))
    }

    /// The same API called without a token.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Api::new(self.address, None)
    }

    /// A request to `/api/v1<path>`, for headers and bodies of one's own.
    pub fn request(&self, method: &str, path: &str) -> Request {
        let request = Request::new(method, format!("/api/v1{path}"));
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    /// Send a request that [`Api::request`] began.
    pub fn send(&self, request: &Request) -> Response {
        request.send(self.address)
    }

    /// `GET`.
    pub fn get(&self, path: &str) -> Response {
        self.send(&self.request("GET", path))
    }

    /// `POST` with JSON.
    pub fn post(&self, path: &str, body: &Json) -> Response {
        self.send(&self.request("POST", path).json(body))
    }

    /// `PUT` with JSON.
    pub fn put(&self, path: &str, body: &Json) -> Response {
        self.send(&self.request("PUT", path).json(body))
    }

    /// `PUT` with bytes, as a component is uploaded.
    pub fn put_bytes(&self, path: &str, body: Vec<u8>) -> Response {
        let request = self
            .request("PUT", path)
            .header("content-type", "application/wasm");
        self.send(&request.body(body))
    }

    /// `DELETE`.
    pub fn delete(&self, path: &str) -> Response {
        self.send(&self.request("DELETE", path))
    }

    /// Activate an instance.
    #[track_caller]
    pub fn activate(&self, name: &str) -> Json {
        self.post("/instances", &json!({ "name": name }))
            .expect(201)
            .json()
    }

    /// Make a token; the answer has it in `token` and its id in `id`.
    #[track_caller]
    pub fn make_token(&self, role: &str, instances: Option<&[&str]>) -> Json {
        let mut wanted = json!({ "name": format!("a {role}"), "role": role });
        if let Some(instances) = instances {
            wanted["instances"] = json!(instances);
        }
        self.post("/tokens", &wanted).expect(201).json()
    }

    /// What the run with this id did.
    #[track_caller]
    pub fn run(&self, instance: &str, run: &str) -> Json {
        self.get(&format!("/instances/{instance}/runs/{run}"))
            .expect(200)
            .json()
    }
}
