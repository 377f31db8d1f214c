//! The data directory: what lies in it, and for whom.

use crate::{files, mode};
use serde_json::{Value as Json, json};
use std::fs;
use weft_tests::{Flow, Request, Server};

#[test]
fn the_first_start_makes_private_files_and_says_where_it_listens() {
    let server = Server::start();
    let data = server.data();
    assert_eq!(mode(&data), 0o700);
    for file in ["master-key", "admin-token"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    let run: Json = serde_json::from_slice(&fs::read(data.join("run.json")).unwrap()).unwrap();
    assert_eq!(
        run,
        json!({ "listen": server.listen.to_string(), "adminListen": server.admin.to_string(), "pid": server.pid() })
    );
    assert_ne!((server.listen.port(), server.admin.port()), (0, 0));
    let said = server.log();
    for shown in [
        server.listen.to_string(),
        server.admin.to_string(),
        "admin-token".into(),
        "curl".into(),
    ] {
        assert!(said.contains(&shown), "{shown}: {said}");
    }
    // The curl that it shows works.
    assert!(
        said.contains(&format!(
            "curl 'http://{}/default/hello?name=Ada'",
            server.listen
        )),
        "{said}"
    );
}

#[test]
fn a_second_start_keeps_keys_token_and_flows() {
    let server = Server::start();
    let token = server.admin_token();
    let key = fs::read(server.data().join("master-key")).unwrap();
    server.deploy("default", &Flow::http("kept", "GET", "/kept", &[]));
    let server = server.stop().start();
    assert_eq!(server.admin_token(), token);
    assert_eq!(fs::read(server.data().join("master-key")).unwrap(), key);
    server.get("/default/kept").expect(200);
}

#[test]
fn a_deleted_greeting_does_not_come_back() {
    let server = Server::start();
    server
        .api()
        .delete("/instances/default/flows/hello")
        .expect(204);
    let server = server.stop().start();
    server.get("/default/hello").problem(404, "not-found");
    let server = {
        server.api().delete("/instances/default").expect(204);
        server.stop().start()
    };
    let names = server.api().get("/instances").expect(200).json();
    assert_eq!(
        names,
        json!([]),
        "an instance that was deleted stays deleted"
    );
}

#[test]
fn a_compiled_file_that_was_tampered_with_is_compiled_again() {
    let server = Server::start();
    server.upload("default", "word-count");
    server.deploy(
        "default",
        &Flow::function("count", "POST", "/count", "word-count"),
    );
    let launch = server.stop();
    let compiled: Vec<_> = files(&launch.data().join("compiled"))
        .into_iter()
        .filter(|f| f.extension().is_some_and(|e| e == "cwasm"))
        .collect();
    assert!(compiled.len() >= 2, "{compiled:?}");
    for file in &compiled {
        let mut bytes = fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(file, bytes).unwrap();
    }
    let server = launch.start();
    let text = Request::new("POST", "/default/count").text("one two two");
    assert_eq!(server.call(&text).expect(200).json()["total"], 3);
    assert_eq!(
        server.get("/default/hello").expect(200).text(),
        "Hello, world!"
    );
    assert!(
        server.log().to_lowercase().contains("warn"),
        "nobody is told: {}",
        server.log()
    );
}

#[test]
fn a_lost_cache_is_made_again() {
    let server = Server::start();
    let launch = server.stop();
    fs::remove_dir_all(launch.data().join("compiled")).unwrap();
    assert_eq!(
        launch.start().get("/default/hello").expect(200).text(),
        "Hello, world!"
    );
}

#[test]
fn nothing_that_users_store_lies_on_disk_in_clear() {
    let server = Server::start();
    server.upload("default", "counter");
    let marker = "a-marker-that-nobody-else-writes";
    let flow = Flow::function("count", "POST", "/count", "counter")
        .with("fn", "grants", json!({ "buckets": ["counters"] }))
        .set("documentation", json!(marker.repeat(300)));
    server.deploy("default", &flow);
    server
        .post("/default/count", &json!({ "key": marker }))
        .expect(200);
    let token = server.api().make_token("admin", None)["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let data = server.data();
    let _home = server.stop();
    for file in files(&data) {
        let bytes = fs::read(&file).unwrap();
        for secret in [marker, token.rsplit('_').next().unwrap()] {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{} shows {secret}", file.display());
        }
    }
}

#[test]
fn files_of_the_directory_are_for_the_owner_alone() {
    let server = Server::start();
    server.upload("default", "counter");
    for file in files(&server.data()) {
        let open_to_others = mode(&file) & 0o077 != 0;
        // The directory itself keeps others out; secrets say so themselves.
        let secret = file.to_string_lossy().contains("key") || file.ends_with("admin-token");
        assert!(
            !(open_to_others && secret),
            "{} {:o}",
            file.display(),
            mode(&file)
        );
    }
}
