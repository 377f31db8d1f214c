//! Opening: what is found again, and what is refused.

use std::os::unix::fs::PermissionsExt;

use weft_store::{
    HealthState, InstanceId, Key, MasterKey, MasterKeyError, OpenError, Sequence, Version,
};

use crate::place::{NOTE, Place, master_key, note, put, value, with_instance};

#[tokio::test]
async fn values_and_versions_survive_a_reopen_and_sequences_go_on() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    let mut last = Sequence::default();
    for number in 0..10 {
        let key = Key::new(NOTE).ordinal(number);
        let next = store.commit(instance, put(key, "x"), fence).await.unwrap();
        assert!(next > last);
        last = next;
    }
    store.close().await.unwrap();
    drop(store);

    let store = place.open();
    let record = store
        .get(instance, &Key::new(NOTE).ordinal(9))
        .unwrap()
        .unwrap();
    assert_eq!(record.version, Version::from(last));
    let fence = store.open_writer(instance).unwrap();
    let next = store
        .commit(instance, put(note("a"), "x"), fence)
        .await
        .unwrap();
    assert!(next > last);
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_drop_without_close() {
    let place = Place::new();
    let store = place.open();
    let (instance, fence) = with_instance(&store).await;
    store
        .commit(instance, put(note("a"), "one"), fence)
        .await
        .unwrap();
    drop(store);
    assert_eq!(value(&place.open(), instance, &note("a")).unwrap(), b"one");
}

#[test]
fn two_stores_cannot_have_one_directory() {
    let place = Place::new();
    let store = place.open();
    let error = place.try_open(master_key()).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    assert!(error.to_string().contains(place.dir().to_str().unwrap()));
    drop(store);
    place.open();
}

#[test]
fn another_master_key_is_recognised() {
    let place = Place::new();
    drop(place.open());
    let error = place.try_open(MasterKey::generate().unwrap()).unwrap_err();
    assert!(matches!(error, OpenError::WrongMasterKey { .. }), "{error}");
    place.open();
}

#[test]
fn a_newer_layout_is_refused_and_left_alone() {
    let place = Place::new();
    drop(place.open());
    let layout = place.dir().join("layout");
    assert_eq!(std::fs::read_to_string(&layout).unwrap(), r#"{"layout":1}"#);
    std::fs::write(&layout, r#"{"layout":2,"since":"later"}"#).unwrap();
    let before = place.files();
    let error = place.try_open(master_key()).unwrap_err();
    assert!(
        matches!(error, OpenError::NewerLayout { found: 2, .. }),
        "{error}"
    );
    assert_eq!(place.files(), before);
}

#[test]
fn a_missing_or_senseless_layout_is_damage() {
    for damage in [None, Some("{"), Some(r#"{"layout":0}"#)] {
        let place = Place::new();
        drop(place.open());
        let layout = place.dir().join("layout");
        match damage {
            None => std::fs::remove_file(&layout).unwrap(),
            Some(text) => std::fs::write(&layout, text).unwrap(),
        }
        let error = place.try_open(master_key()).unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    }
}

#[test]
fn lost_keys_and_lost_records_are_damage_and_not_a_new_store() {
    let systems_key = format!("keys/{}", InstanceId::SYSTEM);
    for lost in ["keys", &systems_key, "records"] {
        let place = Place::new();
        drop(place.open());
        std::fs::remove_dir_all(place.dir().join(lost)).unwrap();
        let error = place.try_open(master_key()).unwrap_err();
        assert!(
            matches!(error, OpenError::Damaged { .. }),
            "{lost}: {error}"
        );
    }
}

#[test]
fn records_that_are_overwritten_with_noise_are_damage() {
    let place = Place::new();
    drop(place.open());
    for noise in [Vec::new(), vec![0xa5; 3 << 20]] {
        std::fs::write(place.dir().join("records/db"), noise).unwrap();
        let error = place.try_open(master_key()).unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    }
}

#[test]
fn a_store_whose_making_was_cut_short_is_made_to_its_end() {
    let place = Place::new();
    drop(place.open());
    // The fingerprint is what making writes last.
    std::fs::remove_file(place.dir().join("keys/master")).unwrap();
    let error = place.try_open(MasterKey::generate().unwrap()).unwrap_err();
    assert!(matches!(error, OpenError::WrongMasterKey { .. }), "{error}");
    drop(place.open());
    assert!(place.dir().join("keys/master").exists());
}

#[test]
fn a_directory_that_cannot_be_made_is_named_in_the_error() {
    let place = Place::new();
    std::fs::write(place.dir(), "a file is in the way").unwrap();
    let error = place.try_open(master_key()).unwrap_err();
    assert!(matches!(error, OpenError::Io { .. }), "{error}");
    assert!(error.to_string().contains(place.dir().to_str().unwrap()));
}

#[test]
fn nobody_but_the_owner_gets_into_the_directory() {
    let place = Place::new();
    let store = place.open();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for folder in ["", "keys", "records", "payloads"] {
        assert_eq!(mode(place.dir().join(folder)), 0o700, "{folder:?}");
    }
    for file in ["lock", "layout", "keys/master"] {
        assert_eq!(mode(place.dir().join(file)), 0o600, "{file:?}");
    }
    assert_eq!(store.health().state, HealthState::Ok);
}

#[test]
fn a_new_store_has_no_instances_but_room_for_the_hosts_records() {
    let place = Place::new();
    let store = place.open();
    assert_eq!(store.instances().unwrap(), []);
    let fence = store.open_writer(InstanceId::SYSTEM).unwrap();
    store
        .commit_blocking(InstanceId::SYSTEM, put(note("a"), "one"), fence)
        .unwrap();
    assert_eq!(
        value(&store, InstanceId::SYSTEM, &note("a")).unwrap(),
        b"one"
    );
    assert!(store.disk_bytes().unwrap() > 0);
}

#[test]
fn the_master_key_file_is_made_once_and_for_the_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets/master-key");
    MasterKey::read_or_create(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.trim().len(), 64);
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    MasterKey::read_or_create(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_master_key_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master-key");
    MasterKey::read_or_create(&path).unwrap();
    for mode in [0o640, 0o604] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = MasterKey::read_or_create(&path).unwrap_err();
        assert!(
            matches!(error, MasterKeyError::ReadableByOthers { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("chmod 600"));
    }
}

#[test]
fn a_master_key_is_never_shown() {
    let hex = "ab".repeat(32);
    let key = MasterKey::from_hex(&hex).unwrap();
    assert!(!format!("{key:?}").contains("ab"));
    let almost = format!("{}zz", "ab".repeat(31));
    let error = MasterKey::from_hex(&almost).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("abab"));
}
