//! Many at once.

use std::collections::HashSet;

use weft_store::{Batch, CommitError, Key, Store};

use crate::place::{NOTE, Place, note, put, value, with_instance};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_committers_get_sequences_of_their_own_and_lose_nothing() {
    const COMMITTERS: u64 = 64;
    const EACH: u64 = 20;
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let mut tasks = tokio::task::JoinSet::new();
    for committer in 0..COMMITTERS {
        let store = store.clone();
        tasks.spawn(async move {
            let mut sequences = Vec::new();
            for number in 0..EACH {
                let key = Key::new(NOTE).ordinal(committer).ordinal(number);
                let batch = put(key, format!("{committer}/{number}"));
                sequences.push(store.commit(instance, batch, fence).await.unwrap());
            }
            assert!(sequences.is_sorted());
            sequences
        });
    }
    let all: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(
        all.iter().collect::<HashSet<_>>().len() as u64,
        COMMITTERS * EACH
    );
    assert_eq!(store.health().waiting, 0);
    store.close().await.unwrap();
    drop(store);

    let store = place.open();
    for committer in 0..COMMITTERS {
        for number in 0..EACH {
            let key = Key::new(NOTE).ordinal(committer).ordinal(number);
            let expected = format!("{committer}/{number}").into_bytes();
            assert_eq!(value(&store, instance, &key), Some(expected));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_counter_raised_by_compare_and_swap_counts_every_time() {
    const COMMITTERS: u64 = 8;
    const EACH: u64 = 25;
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    store
        .commit(instance, put(note("counter"), "0"), fence)
        .await
        .unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..COMMITTERS {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..EACH {
                loop {
                    let now = store.get(instance, &note("counter")).unwrap().unwrap();
                    let count: u64 = std::str::from_utf8(&now.value).unwrap().parse().unwrap();
                    let mut batch = put(note("counter"), (count + 1).to_string());
                    batch.expect_version(note("counter"), now.version);
                    match store.commit(instance, batch, fence).await {
                        Ok(_) => break,
                        Err(CommitError::Conflict { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        });
    }
    tasks.join_all().await;
    let expected = (COMMITTERS * EACH).to_string().into_bytes();
    assert_eq!(value(&store, instance, &note("counter")), Some(expected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_scan_sees_each_commit_whole() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let write = |round: u32| {
        let mut batch = Batch::new();
        for number in 0..40 {
            // Some of these are long enough to be split on disk.
            let value = [round.to_be_bytes().as_slice(), &vec![0; number * 300]].concat();
            batch.put(Key::new(NOTE).ordinal(number as u64), value);
        }
        batch
    };
    store.commit(instance, write(0), fence).await.unwrap();
    let reader = |store: Store| {
        move || {
            let mut rounds = HashSet::new();
            while !rounds.contains(&100) {
                let all = store.scan(instance, &NOTE.into(), None, 100).unwrap();
                let seen: HashSet<u32> = all
                    .iter()
                    .map(|(_, record)| u32::from_be_bytes(record.value[..4].try_into().unwrap()))
                    .collect();
                assert_eq!((all.len(), seen.len()), (40, 1), "{seen:?}");
                rounds.extend(seen);
            }
        }
    };
    let reading = tokio::task::spawn_blocking(reader(store.clone()));
    for round in 1..=100 {
        store.commit(instance, write(round), fence).await.unwrap();
    }
    reading.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn payloads_of_the_same_content_come_and_go_without_being_lost() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..15 {
                let pending = store
                    .write_payload(instance, "shared".into())
                    .await
                    .unwrap();
                let id = pending.id();
                let mut batch = Batch::new();
                batch.retain(pending);
                store.commit(instance, batch, fence).await.unwrap();
                assert_eq!(store.read_payload(instance, id).await.unwrap(), "shared");
                let mut batch = Batch::new();
                batch.release(id);
                store.commit(instance, batch, fence).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    assert!(place.payload_files().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_instance_can_be_destroyed_while_it_is_written() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let writing = tokio::spawn({
        let store = store.clone();
        async move {
            for number in 0.. {
                let content = format!("body {number}");
                let Ok(payload) = store.write_payload(instance, content.into()).await else {
                    break;
                };
                let mut batch = put(Key::new(NOTE).ordinal(number), "x");
                batch.retain(payload);
                if store.commit(instance, batch, fence).await.is_err() {
                    break;
                }
            }
        }
    });
    while store.scan(instance, &NOTE.into(), None, 5).unwrap().len() < 5 {
        tokio::task::yield_now().await;
    }
    store.destroy_instance(instance).await.unwrap();
    writing.await.unwrap();
    assert!(place.payload_files().is_empty());
    store.close().await.unwrap();
    drop(store);
    let tree = place.raw_records();
    assert_eq!(tree.scan_prefix(instance.as_uuid().as_bytes()).count(), 0);
}
