//! Commit, get and scan: what callers build on.

use weft_store::{
    Batch, CommitError, InstanceId, Key, KeyPrefix, Kind, MAX_BATCH_ENTRIES, MAX_VALUE_BYTES,
    ReadError, ScanPosition, Version,
};

use crate::place::{NOTE, Place, note, put, value, with_instance};

#[tokio::test]
async fn what_was_put_can_be_read_with_the_version_of_its_commit() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let sequence = store
        .commit(instance, put(note("a"), "one"), fence)
        .await
        .unwrap();
    let record = store.get(instance, &note("a")).unwrap().unwrap();
    assert_eq!(record.value, "one");
    assert_eq!(record.version, Version::from(sequence));
    assert_eq!(store.get(instance, &note("b")).unwrap(), None);
}

#[tokio::test]
async fn a_deleted_record_is_gone() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    store
        .commit(instance, put(note("a"), "one"), fence)
        .await
        .unwrap();
    let mut batch = Batch::new();
    batch.delete(note("a")).delete(note("never was"));
    store.commit(instance, batch, fence).await.unwrap();
    assert_eq!(store.get(instance, &note("a")).unwrap(), None);
}

#[tokio::test]
async fn expect_absent_fails_when_there_is_a_record_and_then_nothing_is_written() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let first = store
        .commit(instance, put(note("a"), "one"), fence)
        .await
        .unwrap();
    let mut batch = Batch::new();
    batch
        .expect_absent(note("free"))
        .expect_absent(note("a"))
        .put(note("b"), "two");
    let error = store.commit(instance, batch, fence).await.unwrap_err();
    assert_eq!(
        error,
        CommitError::Conflict {
            index: 1,
            current: Some(first.into())
        }
    );
    assert_eq!(store.get(instance, &note("b")).unwrap(), None);
}

#[tokio::test]
async fn expect_version_holds_for_the_present_version_only() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let first = store
        .commit(instance, put(note("a"), "one"), fence)
        .await
        .unwrap();

    let over_the_first = |value: &str| {
        let mut batch = put(note("a"), value);
        batch.expect_version(note("a"), first);
        batch
    };
    let second = store
        .commit(instance, over_the_first("two"), fence)
        .await
        .unwrap();
    assert!(second > first);

    let error = store
        .commit(instance, over_the_first("three"), fence)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        CommitError::Conflict {
            index: 0,
            current: Some(second.into())
        }
    );

    let mut of_nothing = put(note("a"), "three");
    of_nothing.expect_version(note("never was"), first);
    let error = store.commit(instance, of_nothing, fence).await.unwrap_err();
    assert_eq!(
        error,
        CommitError::Conflict {
            index: 0,
            current: None
        }
    );
}

#[tokio::test]
async fn commits_in_one_group_see_each_other_in_order() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let mut claims = Vec::new();
    for claimant in 0..32 {
        let mut batch = put(note("owner"), claimant.to_string());
        batch.expect_absent(note("owner"));
        claims.push(store.commit(instance, batch, fence));
    }
    let (mut won, mut lost) = (Vec::new(), 0);
    for (claimant, answer) in join_all(claims).await.into_iter().enumerate() {
        match answer {
            Ok(sequence) => won.push((claimant, sequence)),
            Err(CommitError::Conflict {
                index: 0,
                current: Some(_),
            }) => lost += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((won.len(), lost), (1, 31));
    let owner = store.get(instance, &note("owner")).unwrap().unwrap();
    assert_eq!(owner.value, won[0].0.to_string());
    assert_eq!(owner.version, won[0].1.into());
}

#[tokio::test]
async fn of_two_writes_to_one_key_the_later_counts() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let mut batch = Batch::new();
    batch
        .put(note("a"), "one")
        .delete(note("a"))
        .put(note("a"), "two");
    batch.put(note("b"), "one").delete(note("b"));
    store.commit(instance, batch, fence).await.unwrap();
    assert_eq!(value(&store, instance, &note("a")).unwrap(), b"two");
    assert_eq!(value(&store, instance, &note("b")), None);
}

#[tokio::test]
async fn a_scan_gives_ordinals_in_order_and_goes_on_behind_a_position() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let log = || Key::new(NOTE).name("log");
    let mut batch = Batch::new();
    for ordinal in [300, 2, u64::MAX, 256, 0, 1, 255] {
        batch.put(log().ordinal(ordinal), ordinal.to_string());
    }
    batch.put(
        Key::new(NOTE).name("another log").ordinal(5),
        "not this one",
    );
    batch.put(Key::new(Kind(8)).name("log").ordinal(5), "nor this one");
    store.commit(instance, batch, fence).await.unwrap();

    let prefix = log().into_prefix();
    let mut seen = Vec::new();
    let mut after: Option<ScanPosition> = None;
    loop {
        let page = store.scan(instance, &prefix, after.as_ref(), 3).unwrap();
        assert!(page.len() <= 3);
        let Some((last, _)) = page.last() else { break };
        // A position outlives its trip through a text, as in an API's cursor.
        after = Some(last.to_string().parse().unwrap());
        for (position, record) in &page {
            assert_eq!(
                position.ordinals(),
                [std::str::from_utf8(&record.value)
                    .unwrap()
                    .parse::<u64>()
                    .unwrap()]
            );
        }
        seen.extend(page.into_iter().map(|(position, _)| position.ordinals()[0]));
    }
    assert_eq!(seen, [0, 1, 2, 255, 256, 300, u64::MAX]);
    assert_eq!(
        store
            .scan(instance, &KeyPrefix::from(NOTE), None, 100)
            .unwrap()
            .len(),
        8
    );
}

#[tokio::test]
async fn a_record_found_by_a_scan_can_be_deleted_by_its_position() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    for name in ["a", "b", "c"] {
        store
            .commit(instance, put(note(name), name), fence)
            .await
            .unwrap();
    }
    let mut batch = Batch::new();
    for (position, record) in store.scan(instance, &NOTE.into(), None, 10).unwrap() {
        batch
            .expect_version(position.key(), record.version)
            .delete(position.key());
    }
    store.commit(instance, batch, fence).await.unwrap();
    assert_eq!(store.scan(instance, &NOTE.into(), None, 10).unwrap(), []);
}

#[tokio::test]
async fn a_text_that_is_no_position_is_refused() {
    for text in ["", "zz", "07ff", "0701", "070200"] {
        assert!(text.parse::<ScanPosition>().is_err(), "{text:?}");
    }
}

#[tokio::test]
async fn values_up_to_the_limit_are_kept_and_longer_ones_refused() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    for bytes in [0, 1, 6_000, 6_144, 6_145, 12_288, MAX_VALUE_BYTES, 10] {
        let content: Vec<u8> = (0..bytes).map(|at| at as u8).collect();
        store
            .commit(instance, put(note("a"), content.clone()), fence)
            .await
            .unwrap();
        assert_eq!(value(&store, instance, &note("a")), Some(content));
    }
    let error = store
        .commit(
            instance,
            put(note("a"), vec![0; MAX_VALUE_BYTES + 1]),
            fence,
        )
        .await
        .unwrap_err();
    let CommitError::ValueTooLarge { bytes, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(bytes, MAX_VALUE_BYTES + 1);
    assert_eq!(value(&store, instance, &note("a")).unwrap().len(), 10);
}

#[tokio::test]
async fn the_longest_values_leave_no_leaking_files_and_no_remains() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    for round in 0..3 {
        let mut batch = Batch::new();
        for ordinal in 0..200 {
            batch.put(
                Key::new(NOTE).ordinal(ordinal),
                vec![round; MAX_VALUE_BYTES],
            );
        }
        store.commit(instance, batch, fence).await.unwrap();
    }
    let scanned = store.scan(instance, &NOTE.into(), None, 500).unwrap();
    assert_eq!(scanned.len(), 200);
    assert!(
        scanned
            .iter()
            .all(|(_, record)| *record.value == vec![2; MAX_VALUE_BYTES][..])
    );
    let mut batch = Batch::new();
    for ordinal in 0..200 {
        batch.delete(Key::new(NOTE).ordinal(ordinal));
    }
    store.commit(instance, batch, fence).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let blobs = std::fs::read_dir(place.dir().join("records/blobs"))
        .unwrap()
        .count();
    assert_eq!(blobs, 0, "sled never removes these");
    let entries = place.raw_records().len();
    assert_eq!(
        entries, 1,
        "only the store's own ceiling of sequences may be left"
    );
}

#[tokio::test]
async fn a_batch_of_the_most_entries_commits_and_one_more_is_refused() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let mut batch = Batch::new();
    for ordinal in 0..MAX_BATCH_ENTRIES as u64 {
        batch.put(Key::new(NOTE).ordinal(ordinal), "x");
    }
    store.commit(instance, batch, fence).await.unwrap();
    let mut batch = Batch::new();
    for ordinal in 0..=MAX_BATCH_ENTRIES as u64 {
        batch.delete(Key::new(NOTE).ordinal(ordinal));
    }
    let error = store.commit(instance, batch, fence).await.unwrap_err();
    assert_eq!(
        error,
        CommitError::TooManyEntries {
            entries: MAX_BATCH_ENTRIES + 1
        }
    );
}

#[tokio::test]
async fn a_new_writer_shuts_the_older_one_out() {
    let place = Place::new();
    let store = place.open();
    let (instance, old) = with_instance(&store).await;
    store
        .commit(instance, put(note("a"), "one"), old)
        .await
        .unwrap();
    let new = store.open_writer(instance).unwrap();
    let error = store
        .commit(instance, put(note("a"), "two"), old)
        .await
        .unwrap_err();
    assert_eq!(error, CommitError::Fenced { instance });
    store
        .commit(instance, put(note("a"), "three"), new)
        .await
        .unwrap();
    assert_eq!(value(&store, instance, &note("a")).unwrap(), b"three");
}

#[tokio::test]
async fn a_fence_is_good_for_its_own_instance_only() {
    let place = Place::new();
    let store = place.open();
    let (_, fence_of_one) = with_instance(&store).await;
    let (other, _) = with_instance(&store).await;
    let error = store
        .commit(other, put(note("a"), "one"), fence_of_one)
        .await
        .unwrap_err();
    assert_eq!(error, CommitError::Fenced { instance: other });
}

#[tokio::test]
async fn one_instance_sees_nothing_of_another() {
    let place = Place::new();
    let store = place.open();
    let (one, fence) = with_instance(&store).await;
    let (other, _) = with_instance(&store).await;
    store
        .commit(one, put(note("a"), "mine"), fence)
        .await
        .unwrap();
    assert_eq!(value(&store, other, &note("a")), None);
    assert_eq!(store.scan(other, &NOTE.into(), None, 10).unwrap(), []);
    let (position, _) = store.scan(one, &NOTE.into(), None, 10).unwrap().remove(0);
    assert_eq!(store.get(other, &position.key()).unwrap(), None);
}

#[tokio::test]
async fn an_unknown_instance_is_named_in_the_error() {
    let place = Place::new();
    let store = place.open();
    let unknown = InstanceId::generate().unwrap();
    let error = store.get(unknown, &note("a")).unwrap_err();
    assert_eq!(error, ReadError::UnknownInstance { instance: unknown });
    assert!(error.to_string().contains(&unknown.to_string()));
}

#[tokio::test]
async fn after_close_commits_fail_and_reads_go_on() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    store
        .commit(instance, put(note("a"), "one"), fence)
        .await
        .unwrap();
    store.close().await.unwrap();
    store.close().await.unwrap();
    let error = store
        .commit(instance, put(note("a"), "two"), fence)
        .await
        .unwrap_err();
    assert_eq!(error, CommitError::Closed);
    assert_eq!(value(&store, instance, &note("a")).unwrap(), b"one");
}

/// Polls all at once, so that they wait in the queue together.
async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<_> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        match outputs.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}
