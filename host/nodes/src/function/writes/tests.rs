//! What one activation reads of its own writes, and what is left to commit.

use super::*;
use std::collections::BTreeMap;
use weft_model::Message;
use weft_model::Value;
use weft_model::node::{Activation, EmitRefused, LogLevel};

/// What is committed, in one bucket.
struct Committed(BTreeMap<&'static str, StateEntry>);

impl Effects for Committed {
    fn activation(&self) -> &Activation {
        panic!("state needs no activation")
    }

    fn log(&self, _: LogLevel, _: String) {}

    fn debug(&self, _: &str, _: Value) {}

    fn emit(&self, _: usize, _: Message) -> Result<(), EmitRefused> {
        Err(EmitRefused)
    }

    fn env(&self, _: &str) -> Option<Value> {
        None
    }

    fn state(&self, bucket: &str, key: &str) -> Result<Option<StateEntry>, StateUnavailable> {
        match bucket {
            "down" => Err(StateUnavailable("disk on fire".into())),
            _ => Ok(self.0.get(key).cloned()),
        }
    }

    fn state_keys(
        &self,
        _: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<KeyPage, StateUnavailable> {
        let rest: Vec<_> = self
            .0
            .keys()
            .filter(|k| cursor.is_none_or(|c| **k > c))
            .collect();
        let keys: Vec<String> = rest.iter().take(limit).map(|k| (**k).to_owned()).collect();
        let cursor = keys.last().filter(|_| rest.len() > limit).cloned();
        Ok(KeyPage { keys, cursor })
    }
}

fn committed() -> Committed {
    let entry = |value: &'static str, version| StateEntry {
        value: value.into(),
        version,
    };
    Committed(BTreeMap::from([
        ("a", entry("1", 10)),
        ("b", entry("2", 20)),
        ("c", entry("x", 30)),
    ]))
}

fn value(writes: &Writes, key: &str) -> Option<Bytes> {
    writes
        .get(&committed(), "k", key)
        .unwrap()
        .map(|entry| entry.value)
}

fn left(writes: Writes) -> Vec<(String, Option<Bytes>, Expect)> {
    let effects = writes.into_effects().into_iter();
    effects
        .map(
            |Effect::State {
                 key, value, expect, ..
             }| (key, value, expect),
        )
        .collect()
}

#[test]
fn an_activation_sees_its_own_writes() {
    let (mut writes, at) = (Writes::default(), committed());
    assert_eq!(value(&writes, "a").as_deref(), Some(&b"1"[..]));
    writes.set("k", "a", Some("9".into())).unwrap();
    writes.set("k", "b", None).unwrap();
    assert_eq!(writes.increment(&at, "k", "a", 1).unwrap(), 10);
    assert_eq!(value(&writes, "a").as_deref(), Some(&b"10"[..]));
    assert_eq!(value(&writes, "b"), None);
    assert_eq!(writes.increment(&at, "k", "b", -3).unwrap(), -3);
}

#[test]
fn several_writes_of_a_key_keep_what_the_first_had_to_expect() {
    let (mut writes, at) = (Writes::default(), committed());
    writes.increment(&at, "k", "a", 1).unwrap();
    writes.set("k", "a", None).unwrap();
    assert_eq!(
        writes.compare_and_swap(&at, "k", "a", None, "z".into()),
        Ok(Swap::Swapped)
    );
    writes.set("k", "b", Some("7".into())).unwrap();
    writes.increment(&at, "k", "b", 1).unwrap();
    let left = left(writes);
    assert_eq!(
        left,
        [
            ("a".into(), Some("z".into()), Expect::Version(10)),
            ("b".into(), Some("8".into()), Expect::Anything),
        ]
    );
}

#[test]
fn a_swap_compares_with_what_the_activation_wrote_last() {
    let (mut writes, at) = (Writes::default(), committed());
    assert_eq!(
        writes.compare_and_swap(&at, "k", "a", Some(10), "first".into()),
        Ok(Swap::Swapped)
    );
    let conflict = writes
        .compare_and_swap(&at, "k", "a", Some(10), "second".into())
        .unwrap();
    let Swap::Conflict(Some(now)) = conflict else {
        panic!("{conflict:?}")
    };
    assert_eq!(now.value, "first");
    assert_eq!(
        writes.compare_and_swap(&at, "k", "a", Some(now.version), "second".into()),
        Ok(Swap::Swapped)
    );
    assert_eq!(
        left(writes),
        [("a".into(), Some("second".into()), Expect::Version(10))]
    );
}

#[test]
fn keys_are_the_committed_ones_with_its_own_writes_applied_page_by_page() {
    let (mut writes, at) = (Writes::default(), committed());
    for key in ["n1", "a", "n2", "n3"] {
        writes.set("k", key, Some("v".into())).unwrap();
    }
    writes.set("other", "elsewhere", Some("v".into())).unwrap();
    writes.set("k", "b", None).unwrap();
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = writes.keys(&at, "k", cursor.as_deref(), 2).unwrap();
        assert!(page.keys.len() <= 2);
        all.extend(page.keys);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(all, ["a", "c", "n1", "n2", "n3"]);
    for bad in ["", "x", "w:", "w:x"] {
        assert!(
            matches!(
                writes.keys(&at, "k", Some(bad), 2),
                Err(StateError::Invalid(_))
            ),
            "{bad}"
        );
    }
}

#[test]
fn limits_and_faults_of_the_store_are_told_apart() {
    let (mut writes, at) = (Writes::default(), committed());
    let limit =
        |result: Result<(), StateError>| matches!(result, Err(StateError::LimitExceeded(_)));
    assert!(limit(writes.set("k", &"x".repeat(MAX_KEY_BYTES + 1), None)));
    assert!(limit(writes.set(
        "k",
        "x",
        Some(vec![0; MAX_VALUE_BYTES + 1].into())
    )));
    for i in 0..MAX_WRITES {
        writes.set("k", &i.to_string(), None).unwrap();
    }
    assert!(limit(writes.set("k", "one more", None)));
    assert!(writes.set("k", "0", Some("again".into())).is_ok());
    assert!(matches!(
        writes.set("k", "", None),
        Err(StateError::Invalid(_))
    ));
    assert!(matches!(
        Writes::default().increment(&at, "k", "c", 1),
        Err(StateError::Invalid(_))
    ));
    let full = i64::MAX;
    let mut writes = Writes::default();
    assert!(matches!(
        writes.increment(&at, "k", "a", full),
        Err(StateError::Invalid(_))
    ));
    match writes.get(&at, "down", "a") {
        Err(StateError::Unavailable(text)) => assert!(!text.contains("fire"), "{text}"),
        other => panic!("{other:?}"),
    }
}
