//! API tokens: who may do what, in which instances.
//!
//! [`Tokens::authenticate`] turns the text of a bearer token into a [`Caller`].
//! All tokens are in memory; the store is asked only when they change.

mod caller;
mod operator;
mod record;
mod role;
mod secret;

pub use caller::Caller;
pub use operator::OperatorTokenError;
pub use record::TokenRecord;
pub use role::Role;
pub use secret::{NoRandomness, NoTokenId, TokenId, TokenText};

use arc_swap::ArcSwap;
use secret::SecretHash;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;
use weft_model::id::InstanceName;
use weft_runtime::records::{Records, Stored};
use weft_runtime::{Host, Refusal, RefusalKind, kind};
use weft_store::Key;

/// All tokens of the host.
pub struct Tokens {
    operator: SecretHash,
    records: Records,
    known: ArcSwap<HashMap<TokenId, Arc<TokenRecord>>>,
    changing: Mutex<()>,
}

/// Why the tokens cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says it")]
pub enum TokensError {
    #[error(transparent)]
    Operator(#[from] OperatorTokenError),
    #[error("the tokens cannot be read: {0}")]
    Store(#[from] Refusal),
}

/// Why a text is no valid token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadToken {
    /// It is malformed, was never given, or was revoked.
    Unknown,
    /// Its time is over.
    Expired,
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The instances it is for; none stands for all.
    pub instances: Option<Vec<InstanceName>>,
    /// When it ceases to be valid: milliseconds since 1970-01-01T00:00:00Z.
    pub expires_at: Option<u64>,
}

impl Tokens {
    /// Read the tokens of a host. The operator's is `given`, or lies in `dir`,
    /// where it is made if it is missing.
    ///
    /// # Errors
    /// The operator's token is not usable, or the store cannot be read.
    pub async fn open(host: &Host, given: Option<String>, dir: &Path) -> Result<Self, TokensError> {
        let operator = operator::open(given.as_deref(), dir)?;
        Ok(Tokens::load(host.records().clone(), operator).await?)
    }

    async fn load(records: Records, operator: SecretHash) -> Result<Self, Refusal> {
        let all = records
            .list::<TokenRecord>(&Key::new(kind::TOKEN).into_prefix())
            .await?;
        let known = all
            .into_iter()
            .map(|stored| (stored.value.id, Arc::new(stored.value)));
        let known = ArcSwap::from_pointee(known.collect());
        Ok(Tokens {
            operator,
            records,
            known,
            changing: Mutex::default(),
        })
    }

    /// Who presents this text.
    ///
    /// # Errors
    /// It is no valid token. That it has expired is said only to its holder.
    pub fn authenticate(&self, presented: &str) -> Result<Caller, BadToken> {
        if self.operator.is_of(presented) {
            return Ok(Caller::Operator);
        }
        let (id, secret) = secret::split(presented).ok_or(BadToken::Unknown)?;
        let token = self
            .known
            .load()
            .get(&id)
            .cloned()
            .ok_or(BadToken::Unknown)?;
        if !token.secret_hash.is_of(secret) {
            return Err(BadToken::Unknown);
        }
        if token.has_expired(unix_ms()) {
            return Err(BadToken::Expired);
        }
        Ok(Caller::Holder(token))
    }

    /// True while the token that made this caller is valid. For answers without
    /// an end.
    pub fn still_valid(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Operator => true,
            Caller::Holder(token) => match self.known.load().get(&token.id) {
                // Another record: what it reaches has changed.
                Some(current) => Arc::ptr_eq(current, token) && !token.has_expired(unix_ms()),
                None => false,
            },
        }
    }

    /// All tokens, the oldest first.
    pub fn list(&self) -> Vec<Arc<TokenRecord>> {
        let mut tokens: Vec<_> = self.known.load().values().cloned().collect();
        tokens.sort_by_key(|token| (token.created_at, token.id));
        tokens
    }

    /// Make a token. Its text is not kept.
    ///
    /// # Errors
    /// `invalid-expiry`, or the store's.
    pub async fn create(&self, new: NewToken) -> Result<(Arc<TokenRecord>, TokenText), Refusal> {
        let now = unix_ms();
        if new.expires_at.is_some_and(|end| end <= now) {
            let message = "expiresAt is in the past";
            let hint = "give milliseconds since 1970-01-01T00:00:00Z, or leave it out";
            return Err(Refusal::new(
                RefusalKind::Invalid,
                "invalid-expiry",
                message,
                hint,
            ));
        }
        let (id, secret_hash, text) = TokenText::generate().map_err(no_randomness)?;
        let NewToken {
            name,
            role,
            instances,
            expires_at,
        } = new;
        let token = TokenRecord {
            id,
            name,
            role,
            instances,
            created_at: now,
            expires_at,
            secret_hash,
        };
        let token = Arc::new(token);
        let _changing = self.changing.lock().await;
        let mut change = self.records.change();
        change.put(key(id), &*token, None).await?;
        change.commit().await?;
        self.know(|known| drop(known.insert(id, token.clone())));
        Ok((token, text))
    }

    /// Revoke a token; requests that come from now on are refused.
    ///
    /// # Errors
    /// `not-found`, or the store's.
    pub async fn revoke(&self, id: TokenId) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let stored: Option<Stored<TokenRecord>> = self.records.read(&key(id)).await?;
        let Some(stored) = stored else {
            let hint = "list the tokens; the operator's is not among them";
            let message = format!("there is no token {id}");
            return Err(Refusal::new(
                RefusalKind::NotFound,
                "not-found",
                message,
                hint,
            ));
        };
        let mut change = self.records.change();
        change.delete(key(id), stored.version)?;
        change.commit().await?;
        self.know(|known| drop(known.remove(&id)));
        Ok(())
    }

    /// Take an instance out of all tokens before it is removed: a later one of
    /// the same name is another. Tokens for nothing else are revoked.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget_instance(&self, instance: &InstanceName) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        for token in self.list() {
            let Some(instances) = &token.instances else {
                continue;
            };
            if !instances.contains(instance) {
                continue;
            }
            let stored: Option<Stored<TokenRecord>> = self.records.read(&key(token.id)).await?;
            let Some(Stored {
                value: mut record,
                version,
            }) = stored
            else {
                continue;
            };
            let rest: Vec<_> = instances
                .iter()
                .filter(|name| *name != instance)
                .cloned()
                .collect();
            let mut change = self.records.change();
            if rest.is_empty() {
                change.delete(key(token.id), version)?;
                change.commit().await?;
                self.know(|known| drop(known.remove(&token.id)));
            } else {
                record.instances = Some(rest);
                change.put(key(token.id), &record, Some(version)).await?;
                change.commit().await?;
                let record = Arc::new(record);
                self.know(|known| drop(known.insert(token.id, record)));
            }
        }
        Ok(())
    }

    /// The caller holds the lock for changes.
    fn know(&self, change: impl FnOnce(&mut HashMap<TokenId, Arc<TokenRecord>>)) {
        let mut known = HashMap::clone(&self.known.load());
        change(&mut known);
        self.known.store(Arc::new(known));
    }
}

fn key(id: TokenId) -> Key {
    Key::new(kind::TOKEN).name(id.to_string())
}

fn no_randomness(error: NoRandomness) -> Refusal {
    tracing::error!(%error, "no token was made");
    let message = "a fault of the host; its log says more";
    Refusal::new(
        RefusalKind::Internal,
        "internal-error",
        message,
        "try again, or ask the operator",
    )
}

fn unix_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
