//! Signals, and requests that take their time.

use rustix::process::Signal;
use serde_json::json;
use std::thread;
use weft_tests::event_stream::EventStream;
use weft_tests::http::{Connection, assert_no_inside};
use weft_tests::{Flow, Launch, Request, Server};

/// A server with a request that is being served, until the closure has run.
fn while_busy(stop_with: Signal) {
    let server = Server::start();
    server.upload("default", "limits");
    server.deploy(
        "default",
        &Flow::function("slow", "POST", "/slow", "limits"),
    );
    let mut events = EventStream::watch(&server.api(), "default");
    let (listen, slow) = (
        server.listen,
        Request::new("POST", "/default/slow").json(&json!({ "action": "sleep", "n": 1_000 })),
    );
    let waiting = thread::spawn(move || slow.send(listen));
    events.until(|event| event.kind == "run-start" && event.data["flow"] == "slow");
    server.ask_to_stop(stop_with);
    while events.next_event().is_some() {}
    let answer = waiting.join().unwrap().expect(200);
    assert_eq!(answer.text(), "1000", "the open request is answered");
    let (listen, log) = (server.listen, server.data());
    let status = server.ended();
    assert_eq!(status.code(), Some(0));
    assert!(
        Request::get("/default/hello").try_send(listen).is_err(),
        "it listens on"
    );
    assert!(
        !log.join("run.json").exists(),
        "run.json says that it still runs"
    );
}

#[test]
fn sigterm_lets_an_open_request_end() {
    while_busy(Signal::TERM);
}

#[test]
fn ctrl_c_lets_an_open_request_end() {
    while_busy(Signal::INT);
}

#[test]
fn a_request_that_does_not_end_is_given_up_after_the_drain_time() {
    let server = Launch::new().arg("--drain-timeout").arg("200ms").start();
    server.upload("default", "limits");
    let flow = Flow::function("stuck", "POST", "/stuck", "limits").with(
        "fn",
        "limits",
        json!({ "deadlineMs": 60_000 }),
    );
    server.deploy("default", &flow);
    let mut events = EventStream::watch(&server.api(), "default");
    let (listen, stuck) = (
        server.listen,
        Request::new("POST", "/default/stuck").json(&json!({ "action": "sleep", "n": 50_000 })),
    );
    let waiting = thread::spawn(move || {
        stuck
            .try_send(listen)
            .is_ok_and(|answer| answer.status == 200)
    });
    events.until(|event| event.kind == "run-start" && event.data["flow"] == "stuck");
    server.ask_to_stop(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    assert!(!waiting.join().unwrap());
}

#[test]
fn a_head_that_does_not_come_is_given_up() {
    let server = Launch::new().arg("--header-timeout").arg("300ms").start();
    let mut connection = std::net::TcpStream::connect(server.listen).unwrap();
    std::io::Write::write_all(&mut connection, b"GET /default/hello HT").unwrap();
    let mut answer = String::new();
    let read = std::io::Read::read_to_string(&mut connection, &mut answer);
    assert!(
        read.is_err() || answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer}"
    );
    assert_no_inside(&answer);
    server.get("/default/hello").expect(200);
}

#[test]
fn connections_over_the_cap_wait_until_one_closes() {
    let server = Launch::new().arg("--max-connections").arg("2").start();
    let greet = Request::get("/default/hello");
    let mut held = [0, 1].map(|_| Connection::open(server.listen).unwrap());
    for connection in &mut held {
        connection.send(&greet).unwrap().expect(200);
    }
    thread::scope(|scope| {
        let (greet, listen) = (&greet, server.listen);
        let waiting = scope.spawn(move || greet.send(listen));
        for connection in &mut held {
            connection.send(greet).unwrap().expect(200);
        }
        assert!(!waiting.is_finished(), "the cap does not hold");
        drop(held);
        waiting.join().unwrap().expect(200);
    });
}
