//! What somebody sees who has the disk but not the key, and what they cannot change unseen.

use weft_store::{Batch, Key, PayloadError, ReadError};

use crate::place::{NOTE, Place, note, put, with_instance};

const SECRET_VALUE: &str = "the launch code is 7391";
const SECRET_NAME: &str = "customer Ada Lovelace";

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[tokio::test]
async fn neither_values_nor_names_nor_payloads_lie_on_disk_in_clear() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let payload = store
        .write_payload(instance, SECRET_VALUE.repeat(100).into())
        .await
        .unwrap();
    let mut batch = Batch::new();
    batch.put(note(SECRET_NAME), SECRET_VALUE).retain(payload);
    batch.put(Key::new(NOTE).name("long"), SECRET_VALUE.repeat(600));
    store.commit(instance, batch, fence).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let files = place.files();
    assert!(files.len() > 6, "the walk must see the store's files");
    for (path, content) in files {
        for secret in [SECRET_VALUE, SECRET_NAME] {
            assert!(
                !contains(&content, secret.as_bytes()),
                "{secret:?} in {path:?}"
            );
            assert!(!path.to_string_lossy().contains(secret));
        }
    }
}

#[tokio::test]
async fn a_changed_byte_in_a_record_is_noticed() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    store
        .commit(instance, put(note("a"), "one"), fence)
        .await
        .unwrap();
    store.close().await.unwrap();
    drop(store);

    let tree = place.raw_records();
    let (key, intact) = tree
        .scan_prefix(instance.as_uuid().as_bytes())
        .next()
        .unwrap()
        .unwrap();
    tree.flush().unwrap();
    drop(tree);
    for at in 0..intact.len() {
        let mut forged = intact.to_vec();
        forged[at] ^= 1;
        let tree = place.raw_records();
        tree.insert(&key, forged).unwrap();
        tree.flush().unwrap();
        drop(tree);
        let store = place.open();
        let error = store.get(instance, &note("a")).unwrap_err();
        assert!(
            matches!(error, ReadError::Damaged { .. }),
            "byte {at}: {error}"
        );
        let error = store.scan(instance, &NOTE.into(), None, 10).unwrap_err();
        assert!(
            matches!(error, ReadError::Damaged { .. }),
            "byte {at}: {error}"
        );
    }
}

#[tokio::test]
async fn a_record_moved_to_another_key_is_noticed() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let ordinal = |number| Key::new(NOTE).ordinal(number);
    let mut batch = put(ordinal(1), "rich");
    batch.put(ordinal(2), "poor");
    store.commit(instance, batch, fence).await.unwrap();
    store.close().await.unwrap();
    drop(store);

    let tree = place.raw_records();
    let entries: Vec<_> = tree
        .scan_prefix(instance.as_uuid().as_bytes())
        .map(Result::unwrap)
        .collect();
    tree.insert(&entries[1].0, &entries[0].1).unwrap();
    tree.flush().unwrap();
    drop(tree);

    let store = place.open();
    assert!(store.get(instance, &ordinal(1)).is_ok());
    let error = store.get(instance, &ordinal(2)).unwrap_err();
    assert!(matches!(error, ReadError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_changed_byte_in_a_payload_is_noticed() {
    let place = Place::new();
    let store = place.open();
    let (instance, _) = with_instance(&store).await;
    let payload = store
        .write_payload(instance, "a body".into())
        .await
        .unwrap();
    let path = place.payload_files().remove(0);
    let intact = std::fs::read(&path).unwrap();
    for at in 0..intact.len() {
        let mut forged = intact.clone();
        forged[at] ^= 1;
        std::fs::write(&path, forged).unwrap();
        let error = store
            .read_payload(instance, payload.id())
            .await
            .unwrap_err();
        assert!(
            matches!(error, PayloadError::Damaged { .. }),
            "byte {at}: {error}"
        );
    }
    std::fs::write(&path, intact).unwrap();
    assert_eq!(
        store.read_payload(instance, payload.id()).await.unwrap(),
        "a body"
    );
}

#[tokio::test]
async fn the_same_name_and_content_look_different_in_different_instances() {
    let place = Place::new();
    let store = place.open();
    let (one, _) = with_instance(&store).await;
    let (other, _) = with_instance(&store).await;
    let of_one = store.write_payload(one, "a body".into()).await.unwrap();
    let of_other = store.write_payload(other, "a body".into()).await.unwrap();
    assert_ne!(of_one.id(), of_other.id());
}

#[test]
fn a_key_or_record_in_a_log_line_shows_no_user_text() {
    let key = note(SECRET_NAME).ordinal(12);
    assert_eq!(format!("{key:?}"), "Key(kind 7, a name, 12)");
    let record = weft_store::Record {
        value: SECRET_VALUE.into(),
        version: weft_store::Version(3),
    };
    assert!(!format!("{record:?}").contains("launch"));
    let mut batch = Batch::new();
    batch.put(note(SECRET_NAME), SECRET_VALUE);
    assert!(!format!("{batch:?}").contains("launch"));
}
