//! Making and destroying instances.

use weft_store::{CommitError, InstanceError, InstanceId, Key, PayloadError, ReadError};

use crate::place::{NOTE, Place, note, put, value, with_instance};

#[tokio::test]
async fn instances_are_listed_after_a_reopen_too() {
    let place = Place::new();
    let store = place.open();
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(with_instance(&store).await.0);
    }
    made.sort();
    assert_eq!(store.instances().unwrap(), made);
    drop(store);
    assert_eq!(place.open().instances().unwrap(), made);
}

#[tokio::test]
async fn an_instance_is_made_once() {
    let place = Place::new();
    let store = place.open();
    let (instance, _) = with_instance(&store).await;
    let error = store.create_instance(instance).await.unwrap_err();
    assert!(
        matches!(error, InstanceError::AlreadyExists { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn nothing_of_a_destroyed_instance_can_be_read_or_is_left() {
    let place = Place::new();
    let store = place.open();
    let (doomed, fence) = with_instance(&store).await;
    let (neighbour, neighbours_fence) = with_instance(&store).await;
    store
        .commit(neighbour, put(note("a"), "stays"), neighbours_fence)
        .await
        .unwrap();
    let payload = store.write_payload(doomed, "a body".into()).await.unwrap();
    let id = payload.id();
    let mut batch = put(note("a"), vec![1; 16_000]);
    batch.retain(payload);
    store.commit(doomed, batch, fence).await.unwrap();
    for page in 0..3 {
        let mut batch = weft_store::Batch::new();
        for number in 0..900 {
            batch.put(Key::new(NOTE).ordinal(page * 900 + number), "x");
        }
        store.commit(doomed, batch, fence).await.unwrap();
    }

    store.destroy_instance(doomed).await.unwrap();

    assert_eq!(store.instances().unwrap(), [neighbour]);
    let error = store.get(doomed, &note("a")).unwrap_err();
    assert_eq!(error, ReadError::UnknownInstance { instance: doomed });
    let error = store
        .commit(doomed, put(note("a"), "two"), fence)
        .await
        .unwrap_err();
    assert_eq!(error, CommitError::UnknownInstance { instance: doomed });
    let error = store.read_payload(doomed, id).await.unwrap_err();
    assert!(
        matches!(error, PayloadError::UnknownInstance { .. }),
        "{error}"
    );
    assert_eq!(place.payload_files(), Vec::<std::path::PathBuf>::new());
    assert!(!place.dir().join("keys").join(doomed.to_string()).exists());
    store.close().await.unwrap();
    drop(store);

    let tree = place.raw_records();
    assert_eq!(tree.scan_prefix(doomed.as_uuid().as_bytes()).count(), 0);
    drop(tree);
    let store = place.open();
    assert_eq!(value(&store, neighbour, &note("a")).unwrap(), b"stays");
}

#[tokio::test]
async fn destroying_that_was_cut_short_is_finished_at_open() {
    let place = Place::new();
    let store = place.open();
    let (doomed, fence) = with_instance(&store).await;
    store
        .commit(doomed, put(note("a"), "one"), fence)
        .await
        .unwrap();
    let payload = store.write_payload(doomed, "a body".into()).await.unwrap();
    let mut batch = put(note("b"), "two");
    batch.retain(payload);
    store.commit(doomed, batch, fence).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    // The first thing that destroying does.
    let keys = place.dir().join("keys").join(doomed.to_string());
    std::fs::write(keys.join("destroyed"), "").unwrap();

    let store = place.open();
    assert_eq!(store.instances().unwrap(), []);
    assert!(store.get(doomed, &note("a")).is_err());
    assert!(!keys.exists());
    assert!(place.payload_files().is_empty());
    drop(store);
    let tree = place.raw_records();
    assert_eq!(tree.scan_prefix(doomed.as_uuid().as_bytes()).count(), 0);
}

#[tokio::test]
async fn an_instance_whose_key_was_lost_harms_no_other() {
    let place = Place::new();
    let store = place.open();
    let (keyless, fence) = with_instance(&store).await;
    store
        .commit(keyless, put(note("a"), "one"), fence)
        .await
        .unwrap();
    let (neighbour, fence) = with_instance(&store).await;
    store
        .commit(neighbour, put(note("a"), "two"), fence)
        .await
        .unwrap();
    store.close().await.unwrap();
    drop(store);
    let key = place
        .dir()
        .join("keys")
        .join(keyless.to_string())
        .join("key-1");
    let wrapped = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();

    let store = place.open();
    assert!(store.get(keyless, &note("a")).is_err());
    assert_eq!(value(&store, neighbour, &note("a")).unwrap(), b"two");
    drop(store);

    // Whoever finds the key again has everything again.
    std::fs::write(&key, wrapped).unwrap();
    assert_eq!(value(&place.open(), keyless, &note("a")).unwrap(), b"one");
}

#[tokio::test]
async fn a_key_of_one_instance_does_not_open_another() {
    let place = Place::new();
    let store = place.open();
    let (one, _) = with_instance(&store).await;
    let (other, _) = with_instance(&store).await;
    drop(store);
    let file = |id: InstanceId| place.dir().join("keys").join(id.to_string()).join("key-1");
    std::fs::copy(file(one), file(other)).unwrap();
    let error = place.open().get(other, &note("a")).unwrap_err();
    assert!(matches!(error, ReadError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn the_hosts_own_instance_cannot_be_destroyed_and_unknown_ones_are_unknown() {
    let place = Place::new();
    let store = place.open();
    let error = store
        .destroy_instance(InstanceId::SYSTEM)
        .await
        .unwrap_err();
    assert!(matches!(error, InstanceError::System), "{error}");
    let error = store
        .destroy_instance(InstanceId::generate().unwrap())
        .await
        .unwrap_err();
    assert!(matches!(error, InstanceError::Unknown { .. }), "{error}");
}
