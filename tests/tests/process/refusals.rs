//! What a server does not start with.

use serde_json::{Value as Json, json};
use std::fs;
use std::net::TcpListener;
use weft_tests::{Launch, Server};

#[test]
fn a_second_process_on_the_same_directory_is_refused() {
    let server = Server::start();
    let refused = server.launch().refused();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        refused.said.contains("use") && refused.said.contains("data"),
        "{}",
        refused.said
    );
    assert!(refused.said.lines().count() < 12, "{}", refused.said);
    assert_eq!(
        server.get("/default/hello").expect(200).text(),
        "Hello, world!"
    );
    let run: Json =
        serde_json::from_slice(&fs::read(server.data().join("run.json")).unwrap()).unwrap();
    assert_eq!(
        run["pid"],
        server.pid(),
        "run.json is still that of the first"
    );
}

#[test]
fn a_wrong_master_key_is_refused() {
    let launch = Server::start().stop();
    let key = launch.data().join("master-key");
    let right = fs::read_to_string(&key).unwrap();
    let wrong: String = right
        .trim()
        .chars()
        .map(|c| if c == '0' { '1' } else { '0' })
        .collect();
    let refused = launch.clone().env("WEFT_MASTER_KEY", &wrong).refused();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        refused.said.to_lowercase().contains("key"),
        "{}",
        refused.said
    );
    assert!(
        !refused.said.contains(&wrong) && !refused.said.contains(right.trim()),
        "a key is shown: {}",
        refused.said
    );
    fs::write(&key, "no key at all\n").unwrap();
    let refused = launch.refused();
    assert!(refused.said.contains("master-key"), "{}", refused.said);
    fs::write(&key, right).unwrap();
    launch.start().get("/default/hello").expect(200);
}

#[test]
fn a_newer_layout_is_refused() {
    let launch = Server::start().stop();
    let layout = launch.data().join("layout");
    let mut json: Json = serde_json::from_slice(&fs::read(&layout).unwrap()).unwrap();
    json["layout"] = json!(json["layout"].as_u64().unwrap() + 1);
    fs::write(&layout, json.to_string()).unwrap();
    let refused = launch.refused();
    assert_eq!(refused.status.code(), Some(1));
    let said = refused.said.to_lowercase();
    assert!(
        said.contains("layout 2") && said.contains("layouts up to 1"),
        "{said}"
    );
}

#[test]
fn a_port_in_use_is_refused_with_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flag in ["--listen", "--admin-listen"] {
        let refused = Launch::new().arg(flag).arg(&address).refused();
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            refused.said.contains(&address) && refused.said.contains("--listen"),
            "{}",
            refused.said
        );
    }
}
