//! What a token gives, and for how long.

use super::*;
use tempfile::TempDir;
use weft_store::{InstanceId, MasterKey, Store, StoreOptions};

const OPERATOR: &str = "the operator's own token";

struct Desk {
    tokens: Tokens,
    records: Records,
    _dir: TempDir,
}

impl Desk {
    async fn open() -> Desk {
        let dir = tempfile::tempdir().unwrap();
        let key = MasterKey::read_or_create(&dir.path().join("master-key")).unwrap();
        let store = Store::open(StoreOptions::new(dir.path(), key)).unwrap();
        let fence = store.open_writer(InstanceId::SYSTEM).unwrap();
        let records = Records::new(store, fence);
        let tokens = Tokens::load(records.clone(), SecretHash::of(OPERATOR))
            .await
            .unwrap();
        Desk {
            tokens,
            records,
            _dir: dir,
        }
    }

    /// As after a restart.
    async fn read_again(&mut self) {
        let operator = SecretHash::of(OPERATOR);
        self.tokens = Tokens::load(self.records.clone(), operator).await.unwrap();
    }

    async fn make(&self, role: Role, instances: Option<&[&str]>) -> (TokenId, String) {
        let instances = instances.map(|names| names.iter().map(|n| n.parse().unwrap()).collect());
        let new = NewToken {
            name: "t".into(),
            role,
            instances,
            expires_at: None,
        };
        let (record, text) = self.tokens.create(new).await.unwrap();
        (record.id, text.reveal().to_owned())
    }
}

fn name(text: &str) -> InstanceName {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_token_gives_its_role_in_its_instances_also_after_a_restart() {
    let mut desk = Desk::open().await;
    let (id, text) = desk.make(Role::Editor, Some(&["one", "two"])).await;
    desk.read_again().await;
    let caller = desk.tokens.authenticate(&text).unwrap();
    assert_eq!(caller.role(), Role::Editor);
    assert!(caller.reaches("one") && caller.reaches("two"));
    assert!(!caller.reaches("three") && !caller.reaches_all());
    assert_eq!(caller.to_string(), id.to_string());
}

#[tokio::test]
async fn the_operator_may_everything_everywhere() {
    let desk = Desk::open().await;
    let caller = desk.tokens.authenticate(OPERATOR).unwrap();
    assert_eq!(caller.role(), Role::Admin);
    assert!(caller.reaches("any") && caller.reaches_all());
}

#[tokio::test]
async fn a_wrong_secret_under_a_right_id_is_unknown() {
    let desk = Desk::open().await;
    let (_, text) = desk.make(Role::Admin, None).await;
    let last = if text.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("{}{last}", &text[..text.len() - 1]);
    for bad in ["", "nonsense", &forged, &OPERATOR[1..]] {
        assert_eq!(
            desk.tokens.authenticate(bad).unwrap_err(),
            BadToken::Unknown,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_revoked_token_is_unknown_at_once_and_after_a_restart() {
    let mut desk = Desk::open().await;
    let (id, text) = desk.make(Role::Viewer, None).await;
    let caller = desk.tokens.authenticate(&text).unwrap();
    assert!(desk.tokens.still_valid(&caller));
    desk.tokens.revoke(id).await.unwrap();
    assert!(!desk.tokens.still_valid(&caller));
    assert_eq!(
        desk.tokens.authenticate(&text).unwrap_err(),
        BadToken::Unknown
    );
    desk.read_again().await;
    assert_eq!(
        desk.tokens.authenticate(&text).unwrap_err(),
        BadToken::Unknown
    );
    assert_eq!(desk.tokens.revoke(id).await.unwrap_err().code, "not-found");
}

#[tokio::test]
async fn a_token_ends_at_its_time_and_must_begin_before_it() {
    let desk = Desk::open().await;
    let ends = |expires_at| NewToken {
        name: "t".into(),
        role: Role::Viewer,
        instances: None,
        expires_at: Some(expires_at),
    };
    let refused = desk.tokens.create(ends(unix_ms() - 1)).await.unwrap_err();
    assert_eq!(refused.code, "invalid-expiry");
    let (record, text) = desk
        .tokens
        .create(ends(unix_ms() + 3_600_000))
        .await
        .unwrap();
    assert!(desk.tokens.authenticate(text.reveal()).is_ok());
    // Move its end into the past, as time would.
    let ended = TokenRecord {
        expires_at: Some(1),
        ..TokenRecord::clone(&record)
    };
    desk.tokens
        .know(|known| drop(known.insert(record.id, Arc::new(ended))));
    assert_eq!(
        desk.tokens.authenticate(text.reveal()).unwrap_err(),
        BadToken::Expired
    );
}

#[tokio::test]
async fn a_removed_instance_is_taken_out_of_all_tokens() {
    let mut desk = Desk::open().await;
    let (_, only) = desk.make(Role::Viewer, Some(&["gone"])).await;
    let (_, both) = desk.make(Role::Viewer, Some(&["gone", "stays"])).await;
    let (_, all) = desk.make(Role::Viewer, None).await;
    desk.tokens.forget_instance(&name("gone")).await.unwrap();
    for _restart in 0..2 {
        assert_eq!(
            desk.tokens.authenticate(&only).unwrap_err(),
            BadToken::Unknown
        );
        let both = desk.tokens.authenticate(&both).unwrap();
        assert!(both.reaches("stays") && !both.reaches("gone"));
        assert!(desk.tokens.authenticate(&all).unwrap().reaches("gone"));
        desk.read_again().await;
    }
}

#[tokio::test]
async fn neither_records_nor_debug_output_hold_a_secret() {
    let desk = Desk::open().await;
    let (id, text) = desk.make(Role::Viewer, None).await;
    let (_, secret) = secret::split(&text).unwrap();
    let stored: Stored<TokenRecord> = desk.records.read(&key(id)).await.unwrap().unwrap();
    let kept = serde_json::to_string(&stored.value).unwrap();
    assert!(!kept.contains(secret), "{kept}");
    let shown = format!("{:?}", stored.value);
    assert!(
        !shown.contains(secret) && !shown.contains("secret_hash"),
        "{shown}"
    );
}
