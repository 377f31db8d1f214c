//! Payload files: written once, kept while something refers to them, and no longer.

use weft_store::{
    Batch, CommitError, Fence, InstanceId, MAX_PAYLOAD_BYTES, PayloadError, PayloadId, Store,
};

use crate::place::{Place, note, put, with_instance};

async fn retain(store: &Store, instance: InstanceId, fence: Fence, content: &str) -> PayloadId {
    let payload = store
        .write_payload(instance, content.to_owned().into())
        .await
        .unwrap();
    let id = payload.id();
    let mut batch = Batch::new();
    batch.retain(payload);
    store.commit(instance, batch, fence).await.unwrap();
    id
}

async fn release(store: &Store, instance: InstanceId, fence: Fence, id: PayloadId) {
    let mut batch = Batch::new();
    batch.release(id);
    store.commit(instance, batch, fence).await.unwrap();
}

#[tokio::test]
async fn a_payload_reads_as_it_was_written_also_after_a_reopen() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let content: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    let payload = store
        .write_payload(instance, content.clone().into())
        .await
        .unwrap();
    let id = payload.id();
    let mut batch = Batch::new();
    batch.retain(payload);
    store.commit(instance, batch, fence).await.unwrap();
    assert!(store.disk_bytes().unwrap() > 3_000_000);
    store.close().await.unwrap();
    drop(store);
    let store = place.open();
    assert_eq!(store.read_payload(instance, id).await.unwrap(), content);
    let with_payload = store.disk_bytes().unwrap();
    assert!(with_payload > 3_000_000);
    let fence = store.open_writer(instance).unwrap();
    release(&store, instance, fence, id).await;
    assert!(store.disk_bytes().unwrap() < with_payload - 2_000_000);
    let text = id.to_string();
    assert_eq!(text.parse::<PayloadId>().unwrap(), id);
}

#[tokio::test]
async fn the_same_content_is_kept_once_until_every_reference_is_released() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let id = retain(&store, instance, fence, "a body").await;
    assert_eq!(retain(&store, instance, fence, "a body").await, id);
    assert_eq!(place.payload_files().len(), 1);
    let mut batch = Batch::new();
    batch.retain_again(id);
    store.commit(instance, batch, fence).await.unwrap();

    for _ in 0..2 {
        release(&store, instance, fence, id).await;
        assert_eq!(store.read_payload(instance, id).await.unwrap(), "a body");
    }
    release(&store, instance, fence, id).await;
    assert!(place.payload_files().is_empty());
    let error = store.read_payload(instance, id).await.unwrap_err();
    assert!(matches!(error, PayloadError::Missing { .. }), "{error}");
}

#[tokio::test]
async fn references_change_with_their_commit_or_not_at_all() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let id = retain(&store, instance, fence, "a body").await;
    store
        .commit(instance, put(note("taken"), "x"), fence)
        .await
        .unwrap();
    let mut batch = Batch::new();
    batch.expect_absent(note("taken")).release(id);
    let error = store.commit(instance, batch, fence).await.unwrap_err();
    assert!(matches!(error, CommitError::Conflict { .. }), "{error}");
    assert_eq!(store.read_payload(instance, id).await.unwrap(), "a body");
}

#[tokio::test]
async fn more_cannot_be_released_than_was_retained() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let id = retain(&store, instance, fence, "a body").await;
    let mut batch = put(note("a"), "one");
    batch.release(id).release(id);
    let error = store.commit(instance, batch, fence).await.unwrap_err();
    assert_eq!(error, CommitError::NotRetained { payload: id });
    assert_eq!(store.get(instance, &note("a")).unwrap(), None);

    release(&store, instance, fence, id).await;
    let mut batch = Batch::new();
    batch.retain_again(id);
    let error = store.commit(instance, batch, fence).await.unwrap_err();
    assert_eq!(error, CommitError::NotRetained { payload: id });
}

#[tokio::test]
async fn a_pending_payload_outlives_the_release_of_the_last_reference() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let id = retain(&store, instance, fence, "a body").await;
    // Somebody writes the same content and is about to commit, when the last reference goes.
    let pending = store
        .write_payload(instance, "a body".into())
        .await
        .unwrap();
    release(&store, instance, fence, id).await;
    assert_eq!(store.read_payload(instance, id).await.unwrap(), "a body");
    let mut batch = Batch::new();
    batch.retain(pending);
    store.commit(instance, batch, fence).await.unwrap();
    store.commit(instance, Batch::new(), fence).await.unwrap();
    assert_eq!(store.read_payload(instance, id).await.unwrap(), "a body");
}

#[tokio::test]
async fn a_payload_that_nobody_retains_goes_with_a_later_commit() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let pending = store
        .write_payload(instance, "a body".into())
        .await
        .unwrap();
    store.commit(instance, Batch::new(), fence).await.unwrap();
    assert_eq!(place.payload_files().len(), 1);
    drop(pending);
    store
        .commit(instance, put(note("a"), "x"), fence)
        .await
        .unwrap();
    assert!(place.payload_files().is_empty());
}

#[tokio::test]
async fn after_a_conflict_a_clone_of_the_pending_payload_can_be_committed() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    store
        .commit(instance, put(note("taken"), "x"), fence)
        .await
        .unwrap();
    let pending = store
        .write_payload(instance, "a body".into())
        .await
        .unwrap();
    let id = pending.id();
    let mut batch = Batch::new();
    batch.expect_absent(note("taken")).retain(pending.clone());
    store.commit(instance, batch, fence).await.unwrap_err();
    let mut batch = Batch::new();
    batch.retain(pending);
    store.commit(instance, batch, fence).await.unwrap();
    assert_eq!(store.read_payload(instance, id).await.unwrap(), "a body");
}

#[tokio::test]
async fn open_sweeps_what_nothing_refers_to_and_what_is_unfinished() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let kept = retain(&store, instance, fence, "kept").await;
    let kept_file = place.payload_files();
    let lost = store.write_payload(instance, "lost".into()).await.unwrap();
    let folder = kept_file[0].parent().unwrap();
    std::fs::write(folder.join("0123.unfinished"), "half").unwrap();
    assert_eq!(place.payload_files().len(), 3);
    drop(store);
    drop(lost);

    let store = place.open();
    assert_eq!(place.payload_files(), kept_file);
    assert_eq!(store.read_payload(instance, kept).await.unwrap(), "kept");
}

#[tokio::test]
async fn a_payload_over_the_limit_is_refused() {
    let place = Place::new();
    let store = place.open();
    let (instance, _) = with_instance(&store).await;
    let error = store
        .write_payload(instance, vec![0; MAX_PAYLOAD_BYTES + 1].into())
        .await
        .unwrap_err();
    assert!(matches!(error, PayloadError::TooLarge { .. }), "{error}");
    assert!(place.payload_files().is_empty());
}
