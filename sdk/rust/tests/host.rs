//! What the host offers, and what it refuses without a grant.

#![allow(clippy::unwrap_used, missing_docs)]

use weft::log::Level;
use weft::state::{Bucket, StateError, Swap};
use weft::testing::Host;
use weft::{EmitError, Error, ErrorKind, Message};

fn bucket() -> (Host, Bucket) {
    (Host::new().with_bucket("b"), Bucket::open("b"))
}

#[test]
fn without_a_grant_every_refusal_names_what_is_missing() {
    Host::new().run(|| {
        assert!(
            weft::env::get("MODE")
                .unwrap_err()
                .to_string()
                .contains("grants.env")
        );
        let refused = weft::secrets::get("key").unwrap_err().to_string();
        assert!(refused.contains("grants.secrets") && refused.contains("key"));
        let refused = Bucket::open("b").get("k").unwrap_err();
        assert!(matches!(&refused, StateError::Denied(text) if text.contains("grants.buckets")));
        assert!(Bucket::open("b").set("k", "v").is_err());
    });
}

#[test]
fn a_value_may_be_granted_and_not_set() {
    let host = Host::new()
        .with_env("SET", Some("on"))
        .with_env("UNSET", None);
    host.run(|| {
        assert_eq!(weft::env::get("SET").unwrap().as_deref(), Some("on"));
        assert_eq!(weft::env::get("UNSET").unwrap(), None);
    });
}

#[test]
fn a_secret_shows_itself_only_when_revealed() {
    let host = Host::new().with_secret("key", "hunter2");
    host.run(|| {
        let secret = weft::secrets::get("key").unwrap();
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(secret.reveal(), b"hunter2");
    });
}

#[test]
fn what_is_set_can_be_read_and_deleted() {
    let (host, bucket) = bucket();
    host.run(|| {
        assert_eq!(bucket.get("k").unwrap(), None);
        bucket.set("k", "v").unwrap();
        assert_eq!(bucket.get("k").unwrap().unwrap().value, b"v");
        bucket.delete("k").unwrap();
        assert_eq!(bucket.get("k").unwrap(), None);
    });
}

#[test]
fn increment_begins_at_zero_and_refuses_what_is_no_number() {
    let (host, bucket) = bucket();
    host.run(|| {
        assert_eq!(bucket.increment("n", 5).unwrap(), 5);
        assert_eq!(bucket.increment("n", -7).unwrap(), -2);
        bucket.set("n", "many").unwrap();
        assert!(matches!(
            bucket.increment("n", 1),
            Err(StateError::Invalid(_))
        ));
    });
}

#[test]
fn a_swap_needs_the_version_that_was_read() {
    let (host, bucket) = bucket();
    host.run(|| {
        assert_eq!(
            bucket.compare_and_swap("k", None, "1").unwrap(),
            Swap::Swapped
        );
        let entry = bucket.get("k").unwrap();
        let lost = bucket.compare_and_swap("k", None, "2").unwrap();
        assert_eq!(lost, Swap::Conflict(entry.clone()));
        let version = entry.map(|entry| entry.version);
        assert_eq!(
            bucket.compare_and_swap("k", version, "3").unwrap(),
            Swap::Swapped
        );
        assert_eq!(bucket.get("k").unwrap().unwrap().value, b"3");
    });
}

#[test]
fn an_update_tries_again_after_a_conflict() {
    let (host, bucket) = bucket();
    let host = host.with_rival_write("b", "k", "theirs");
    let stored = host.run(|| {
        bucket.update("k", |old| {
            Ok::<_, Error>([old.unwrap_or(b"nothing"), b"+mine"].concat())
        })
    });
    assert_eq!(stored.unwrap(), b"theirs+mine");
    assert_eq!(host.stored("b", "k").unwrap(), b"theirs+mine");
}

#[test]
fn an_update_that_always_loses_ends_as_retryable() {
    let (mut host, bucket) = bucket();
    for round in 0..200 {
        host = host.with_rival_write("b", "k", format!("{round}"));
    }
    let lost = host.run(|| bucket.update("k", |_| Ok::<_, Error>(b"mine".to_vec())));
    assert_eq!(lost.unwrap_err().kind(), ErrorKind::Retryable);
}

#[test]
fn keys_are_listed_over_many_pages() {
    let (host, bucket) = bucket();
    for number in 0..2500 {
        host.store("b", &format!("key{number:04}"), "");
    }
    host.store("other", "key", "");
    let keys: Vec<String> = host
        .run(|| bucket.keys().collect::<Result<_, _>>())
        .unwrap();
    assert_eq!(keys.len(), 2500);
    assert!(host.run(|| bucket.page(None, 0)).is_err());
}

#[test]
fn lines_are_logged_with_their_level() {
    let host = Host::new();
    host.run(|| {
        weft::log::debug!("{} and {:?}", 1, "two");
        weft::log::error!("three");
    });
    let expected = [
        (Level::Debug, "1 and \"two\"".to_owned()),
        (Level::Error, "three".to_owned()),
    ];
    assert_eq!(host.logs(), expected);
}

#[weft::function]
fn chatty(message: Message) -> Result<(), Error> {
    weft::emit(0, message)?;
    assert_eq!(weft::emit(1, Message::new(1)), Err(EmitError::NoSuchPort));
    Ok(())
}

#[test]
fn emitted_messages_are_recorded_and_their_ports_checked() {
    let host = Host::new();
    host.call(&chatty_function(), Message::new("now")).unwrap();
    let emitted = host.emitted().unwrap();
    assert_eq!(emitted.len(), 1);
    assert_eq!(emitted[0].1.payload_text().unwrap(), "now");
}

#[test]
fn hosts_in_force_one_inside_the_other_stay_apart() {
    let (outer, inner) = (Host::new(), Host::new());
    outer.run(|| {
        inner.run(|| weft::log::info!("inner"));
        weft::log::info!("outer");
    });
    assert_eq!(inner.logs()[0].1, "inner");
    assert_eq!(outer.logs()[0].1, "outer");
}
