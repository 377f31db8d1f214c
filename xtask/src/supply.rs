//! The dependencies: licences, sources, bans and known vulnerabilities, by
//! `cargo deny` with the rules in `deny.toml`.
//!
//! The advisories are a database on the network. Where it cannot be fetched the
//! other three checks still hold, and the advisories are reported as skipped.

use std::time::Duration;

use crate::failure::Failure;
use crate::parts::Outcome;
use crate::repository::Repository;
use crate::step::Step;

/// Installed when no other version is there.
const VERSION: &str = "0.20.2";
/// Fetching the advisories takes seconds where it works at all.
const FETCH_LIMIT: Duration = Duration::from_secs(60);

/// Checks the dependencies of the server and of the guests.
pub(crate) fn check(repository: &Repository) -> Result<Outcome, Failure> {
    ensure_cargo_deny(repository)?;
    let manifests = [
        ("the server's", repository.path("Cargo.toml")),
        ("the guests'", repository.rust_guests().join("Cargo.toml")),
    ];
    let checks = |what: &str, words: &str| -> Result<(), Failure> {
        for (whose, manifest) in &manifests {
            Step::cargo(
                repository,
                format!("{what} of {whose} dependencies"),
                "deny",
            )
            .arg("--manifest-path")
            .arg(manifest)
            .arg("--config")
            .arg(repository.path("deny.toml"))
            .arg("check")
            .args(words.split_whitespace())
            .run()?;
        }
        Ok(())
    };
    checks("licences, bans and sources", "licenses bans sources")?;
    match Step::cargo(repository, "fetch the advisories", "deny fetch db").run_within(FETCH_LIMIT) {
        Ok(()) => checks("advisories", "advisories").map(|()| Outcome::Done),
        Err(_) => Ok(Outcome::Skipped(
            "advisories only: their database cannot be fetched from here".to_owned(),
        )),
    }
}

fn ensure_cargo_deny(repository: &Repository) -> Result<(), Failure> {
    if Step::cargo(repository, "look for cargo-deny", "deny --version").succeeds() {
        return Ok(());
    }
    let install = format!("install --locked cargo-deny --version {VERSION}");
    Step::cargo(
        repository,
        "install cargo-deny (once, some minutes)",
        &install,
    )
    .run()
}
