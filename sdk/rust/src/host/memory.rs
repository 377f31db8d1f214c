//! The host in memory: what a function gets when it runs natively.
//!
//! It is a thread's own, so that tests run side by side. Without a
//! [`testing::Host`](crate::testing::Host) in force nothing is granted, and
//! what is logged or emitted goes nowhere.

use crate::{
    Activation, EmitError, Encoded,
    log::Level,
    state::{Entry, Page, StateError, Swap},
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

thread_local! {
    static CURRENT: RefCell<Rc<RefCell<World>>> = RefCell::default();
}

/// All that a host in memory knows.
pub(crate) struct World {
    pub(crate) activation: Activation,
    pub(crate) config: String,
    pub(crate) outputs: Option<usize>,
    pub(crate) env: BTreeMap<String, Option<String>>,
    pub(crate) secrets: BTreeMap<String, Vec<u8>>,
    pub(crate) buckets: BTreeSet<String>,
    pub(crate) entries: BTreeMap<(String, String), Entry>,
    pub(crate) rival: Vec<(String, String, Vec<u8>)>,
    pub(crate) versions: u64,
    pub(crate) lines: Vec<(Level, String)>,
    pub(crate) emitted: Vec<(u32, Encoded)>,
}

impl Default for World {
    fn default() -> World {
        World {
            activation: Activation {
                instance: "test".to_owned(),
                flow: "test".to_owned(),
                revision: 1,
                run: "test-run".to_owned(),
                node: "node".to_owned(),
                id: "test-activation".to_owned(),
                attempt: 1,
            },
            config: "{}".to_owned(),
            outputs: None,
            env: BTreeMap::new(),
            secrets: BTreeMap::new(),
            buckets: BTreeSet::new(),
            entries: BTreeMap::new(),
            rival: Vec::new(),
            versions: 0,
            lines: Vec::new(),
            emitted: Vec::new(),
        }
    }
}

impl World {
    pub(crate) fn write(&mut self, bucket: &str, key: &str, value: &[u8]) {
        self.versions += 1;
        let entry = Entry {
            value: value.to_vec(),
            version: self.versions,
        };
        self.entries
            .insert((bucket.to_owned(), key.to_owned()), entry);
    }

    fn read(&self, bucket: &str, key: &str) -> Result<Option<&Entry>, StateError> {
        self.check(bucket)?;
        Ok(self.entries.get(&(bucket.to_owned(), key.to_owned())))
    }

    fn check(&self, bucket: &str) -> Result<(), StateError> {
        if self.buckets.contains(bucket) {
            return Ok(());
        }
        Err(StateError::Denied(format!(
            "The node has no grant for the bucket {bucket:?}; add it to grants.buckets."
        )))
    }
}

/// Puts `world` in force on this thread while `work` runs.
pub(crate) fn within<T>(world: &Rc<RefCell<World>>, work: impl FnOnce() -> T) -> T {
    struct Restore(Rc<RefCell<World>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.replace(Rc::clone(&self.0));
        }
    }
    let _restore = Restore(CURRENT.replace(Rc::clone(world)));
    work()
}

fn with<T>(work: impl FnOnce(&mut World) -> T) -> T {
    let world = CURRENT.with_borrow(Rc::clone);
    work(&mut world.borrow_mut())
}

pub(crate) struct SecretHandle(Vec<u8>);

pub(crate) fn log(level: Level, line: &str) {
    with(|world| world.lines.push((level, line.to_owned())));
}

pub(crate) fn activation() -> Activation {
    with(|world| world.activation.clone())
}

pub(crate) fn config() -> String {
    with(|world| world.config.clone())
}

pub(crate) fn emit(port: u32, message: Encoded) -> Result<(), EmitError> {
    with(|world| {
        if world.outputs.is_some_and(|count| port as usize >= count) {
            return Err(EmitError::NoSuchPort);
        }
        world.emitted.push((port, message));
        Ok(())
    })
}

pub(crate) fn env(name: &str) -> Result<Option<String>, String> {
    with(|world| {
        world.env.get(name).cloned().ok_or_else(|| {
            format!("The node has no grant for the value {name:?}; add it to grants.env.")
        })
    })
}

pub(crate) fn secret(name: &str) -> Result<SecretHandle, String> {
    with(|world| {
        let secret = world.secrets.get(name).cloned();
        secret.map(SecretHandle).ok_or_else(|| {
            format!("The node has no grant for the secret {name:?}; add it to grants.secrets.")
        })
    })
}

pub(crate) fn reveal(secret: &SecretHandle) -> Vec<u8> {
    secret.0.clone()
}

pub(crate) fn state_get(bucket: &str, key: &str) -> Result<Option<Entry>, StateError> {
    with(|world| world.read(bucket, key).map(Option::<&Entry>::cloned))
}

pub(crate) fn state_set(bucket: &str, key: &str, value: &[u8]) -> Result<(), StateError> {
    with(|world| {
        world.check(bucket)?;
        world.write(bucket, key, value);
        Ok(())
    })
}

pub(crate) fn state_delete(bucket: &str, key: &str) -> Result<(), StateError> {
    with(|world| {
        world.check(bucket)?;
        world.entries.remove(&(bucket.to_owned(), key.to_owned()));
        Ok(())
    })
}

pub(crate) fn state_increment(bucket: &str, key: &str, delta: i64) -> Result<i64, StateError> {
    with(|world| {
        let old = match world.read(bucket, key)? {
            None => 0,
            Some(entry) => std::str::from_utf8(&entry.value)
                .ok()
                .and_then(|text| text.parse::<i64>().ok())
                .ok_or_else(|| {
                    StateError::Invalid(format!(
                        "The value under {key:?} of bucket {bucket:?} is not a decimal number."
                    ))
                })?,
        };
        let new = old.checked_add(delta).ok_or_else(|| {
            StateError::Invalid(format!(
                "Adding {delta} to the value under {key:?} of bucket {bucket:?} overflows."
            ))
        })?;
        world.write(bucket, key, new.to_string().as_bytes());
        Ok(new)
    })
}

pub(crate) fn state_compare_and_swap(
    bucket: &str,
    key: &str,
    expected: Option<u64>,
    value: &[u8],
) -> Result<Swap, StateError> {
    with(|world| {
        let rival = world
            .rival
            .iter()
            .position(|(b, k, _)| b == bucket && k == key);
        if let Some(index) = rival {
            let (bucket, key, value) = world.rival.remove(index);
            world.write(&bucket, &key, &value);
        }
        let current = world.read(bucket, key)?;
        if current.map(|entry| entry.version) != expected {
            return Ok(Swap::Conflict(current.cloned()));
        }
        world.write(bucket, key, value);
        Ok(Swap::Swapped)
    })
}

pub(crate) fn state_keys(
    bucket: &str,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page, StateError> {
    if !(1..=1000).contains(&limit) {
        return Err(StateError::LimitExceeded(format!(
            "A page holds 1 to 1000 keys, not {limit}."
        )));
    }
    with(|world| {
        world.check(bucket)?;
        let mut keys = world
            .entries
            .keys()
            .filter(|(owner, key)| {
                owner == bucket && cursor.is_none_or(|after| key.as_str() > after)
            })
            .map(|(_, key)| key.clone());
        let page: Vec<String> = keys.by_ref().take(limit as usize).collect();
        let cursor = keys.next().and_then(|_| page.last().cloned());
        Ok(Page { keys: page, cursor })
    })
}
