//! Settings: where they come from, and what goes first.

use crate::{files, mode};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use weft_tests::Launch;

#[test]
fn the_master_key_may_come_from_the_environment_or_another_file() {
    let key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let by_environment = Launch::new().env("WEFT_MASTER_KEY", key);
    let server = by_environment.start();
    assert!(
        !server.data().join("master-key").exists(),
        "the key lies in the directory all the same"
    );
    let _home = server.stop();

    let launch = Launch::new();
    let file = launch.beside("elsewhere.key");
    let launch = launch.arg("--master-key-file").arg(file.to_str().unwrap());
    let server = launch.start();
    assert_eq!(mode(&file), 0o600);
    assert!(!server.data().join("master-key").exists());
    let _home = server.stop();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = launch.refused();
    assert!(
        refused.said.contains("elsewhere.key"),
        "others may read the key: {}",
        refused.said
    );
}

#[test]
fn flags_go_before_the_environment_before_the_file_before_the_defaults() {
    let launch = Launch::new();
    let config = launch.beside("weft.toml");
    fs::write(
        &config,
        "kept_runs = 16\nlog_level = \"debug\"\nmax_component_bytes = \"100KiB\"\n",
    )
    .unwrap();
    let launch = launch
        .arg("--config")
        .arg(config.to_str().unwrap())
        .env("WEFT_LOG_LEVEL", "warn")
        .env("WEFT_MAX_COMPONENT_BYTES", "200KiB")
        .arg("--max-component-bytes")
        .arg("100MiB");
    let server = launch.start();
    server.upload("default", "limits");
    assert!(
        !server.log().contains("INFO") && !server.log().contains("DEBUG"),
        "the environment goes before the file: {}",
        server.log()
    );
    for _ in 0..100 {
        server.get("/default/hello").expect(200);
    }
    let runs = server
        .api()
        .get("/instances/default/runs?limit=1000")
        .expect(200)
        .json();
    assert!(
        runs.as_array().unwrap().len() <= 32,
        "the file goes before the default"
    );
}

#[test]
fn a_setting_file_with_an_unknown_key_or_a_bad_value_is_refused_with_its_line() {
    let launch = Launch::new();
    let config = launch.beside("bad.toml");
    fs::write(
        &config,
        "listen = \"127.0.0.1:0\"\nheader_timout = \"5s\"\n",
    )
    .unwrap();
    let launch = launch.arg("--config").arg(config.to_str().unwrap());
    let refused = launch.refused();
    assert_eq!(refused.status.code(), Some(2), "{}", refused.said);
    for part in ["header_timout", "header_timeout", "bad.toml"] {
        assert!(refused.said.contains(part), "{part}: {}", refused.said);
    }
    fs::write(&config, "\n\ndrain_timeout = \"soon\"\n").unwrap();
    let refused = launch.refused();
    assert!(
        refused.said.contains("drain_timeout") && refused.said.contains("bad.toml:3"),
        "{}",
        refused.said
    );
    let refused = Launch::new().env("WEFT_KEPT_RUNS", "many").refused();
    assert!(refused.said.contains("WEFT_KEPT_RUNS"), "{}", refused.said);
}

#[test]
fn the_help_of_serve_shows_every_default() {
    let help = weft_tests::cli::run(None, &["serve", "--help"])
        .expect(0)
        .stdout;
    for shown in [
        "--listen",
        "127.0.0.1:8080",
        "127.0.0.1:8081",
        "--drain-timeout",
        "30s",
        "64MiB",
        "--fuel-default",
        "WEFT_LISTEN",
    ] {
        assert!(help.contains(shown), "{shown}: {help}");
    }
    assert!(
        !help.contains("--master-key ") && !help.contains("--admin-token"),
        "a secret would show in a list of processes"
    );
}

#[test]
fn an_admin_token_of_ones_own_works_and_is_not_written_down() {
    let token = "a-token-of-my-own-choice-42";
    let server = Launch::new().env("WEFT_ADMIN_TOKEN", token).start();
    server.api().get("/instances").expect(200);
    assert!(!server.data().join("admin-token").exists());
    assert!(!server.log().contains(token));
    let data = server.data();
    let _home = server.kill();
    for file in files(&data) {
        let bytes = fs::read(&file).unwrap();
        assert!(
            !bytes.windows(token.len()).any(|w| w == token.as_bytes()),
            "{} holds the token",
            file.display()
        );
    }
    let refused = Launch::new().env("WEFT_ADMIN_TOKEN", "short").refused();
    assert!(
        refused.said.contains("WEFT_ADMIN_TOKEN"),
        "{}",
        refused.said
    );
}
