//! Components that are none, or that cannot run here.

use crate::server;
use weft_tests::artifact;

#[track_caller]
fn refused_component(wasm: Vec<u8>, status: u16, code: &str) -> String {
    let api = server().api();
    let problem = api
        .put_bytes("/instances/default/components/bad", wasm)
        .problem(status, code);
    api.get("/instances/default/components/bad")
        .problem(404, "not-found");
    format!(
        "{} {}",
        problem["detail"].as_str().unwrap(),
        problem["hint"].as_str().unwrap()
    )
}

#[test]
fn what_is_no_wasm_is_no_component() {
    refused_component(b"#!/bin/sh\necho hello\n".to_vec(), 422, "not-wasm");
    refused_component(Vec::new(), 422, "not-wasm");
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    refused_component(noise, 422, "not-wasm");
}

#[test]
fn a_truncated_or_damaged_component_is_refused() {
    let whole = artifact::guest("hello");
    for kept in [9, 100, whole.len() / 2, whole.len() - 1] {
        refused_component(whole[..kept].to_vec(), 422, "invalid-component");
    }
    let mut damaged = whole;
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xff);
    refused_component(damaged, 422, "invalid-component");
}

#[test]
fn a_component_over_the_limit_is_refused_by_its_length_or_its_bytes() {
    let large = vec![0_u8; (1 << 20) + 1];
    refused_component(large.clone(), 413, "body-too-large");
    let mut chunked = format!("{:x}\r\n", large.len()).into_bytes();
    chunked.extend(&large);
    chunked.extend(b"\r\n0\r\n\r\n");
    let api = server().api();
    let request = api
        .request("PUT", "/instances/default/components/bad")
        .header("transfer-encoding", "chunked")
        .body(chunked);
    api.send(&request).problem(413, "body-too-large");
}

#[test]
fn a_core_module_gets_told_how_to_become_a_component() {
    let said = refused_component(b"\0asm\x01\0\0\0".to_vec(), 422, "core-module");
    assert!(
        said.contains("wasm32-wasip2") || said.contains("wasm-tools component new"),
        "{said}"
    );
}

#[test]
fn a_component_for_another_world_gets_told_what_it_lacks() {
    let said = refused_component(artifact::guest("not-a-function"), 422, "wrong-world");
    assert!(said.contains("weft:function"), "{said}");
}

#[test]
fn unknown_imports_are_listed_by_name() {
    let said = refused_component(artifact::guest("unknown-import"), 422, "unknown-import");
    assert!(
        said.contains(':') && said.contains('/'),
        "an interface's name is missing: {said}"
    );
}

#[test]
fn a_bad_component_name_or_version_is_refused() {
    let api = server().api();
    let hello = artifact::guest("hello");
    for path in ["UPPER", "a%2Fb", "..%2Fup", "%00", "sp%20ace"] {
        let path = format!("/instances/default/components/{path}");
        api.put_bytes(&path, hello.clone())
            .problem(400, "invalid-path");
    }
    let path = "/instances/default/components/versions?version=one";
    api.put_bytes(path, hello).problem(400, "invalid-query");
}
