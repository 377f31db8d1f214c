//! The settings that are secrets. They come from the environment alone: flags
//! show in the list of processes, and files are copied about.

use crate::settings::error::SettingsError;
use std::ffi::OsString;
use std::fmt;
use weft_store::MasterKey;

/// The variable that holds the master key, in hexadecimal digits.
pub const MASTER_KEY: &str = "WEFT_MASTER_KEY";

/// The variable that holds the token of the built-in administrator.
pub const ADMIN_TOKEN: &str = "WEFT_ADMIN_TOKEN";

/// Fewest characters of an admin token.
const MIN_TOKEN: usize = 16;

/// Most characters of an admin token: it travels in a header.
const MAX_TOKEN: usize = 512;

/// The secrets that were given. Never shown by `Debug`.
#[derive(Clone, Default)]
pub(super) struct Secrets {
    pub(super) master_key: Option<MasterKey>,
    pub(super) admin_token: Option<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |given: bool| {
            if given {
                "given, not shown"
            } else {
                "not given"
            }
        };
        f.debug_struct("Secrets")
            .field("master_key", &shown(self.master_key.is_some()))
            .field("admin_token", &shown(self.admin_token.is_some()))
            .finish()
    }
}

impl Secrets {
    /// Take them from the environment.
    pub(super) fn read(
        env: &dyn Fn(&str) -> Option<OsString>,
        errors: &mut Vec<SettingsError>,
    ) -> Secrets {
        let mut read = |name| {
            let given = env(name).filter(|value| !value.is_empty())?;
            let text = given.into_string();
            text.map_err(|_| {
                errors.push(SettingsError::NotText {
                    name: name.to_owned(),
                })
            })
            .ok()
        };
        let (master_key, admin_token) = (read(MASTER_KEY), read(ADMIN_TOKEN));
        let mut bad = |name, reason| errors.push(SettingsError::BadSecret { name, reason });
        Secrets {
            master_key: master_key.and_then(|text| {
                let key = MasterKey::from_hex(&text);
                key.map_err(|error| bad(MASTER_KEY, error.to_string())).ok()
            }),
            admin_token: admin_token.and_then(|text| {
                let token = valid_token(text);
                token.map_err(|reason| bad(ADMIN_TOKEN, reason)).ok()
            }),
        }
    }

    /// The variable for a secret that somebody has written into a file.
    pub(super) fn variable(key: &str) -> Option<&'static str> {
        match key {
            "master_key" => Some(MASTER_KEY),
            "admin_token" => Some(ADMIN_TOKEN),
            _ => None,
        }
    }
}

fn valid_token(text: String) -> Result<String, String> {
    let length = text.chars().count();
    if !(MIN_TOKEN..=MAX_TOKEN).contains(&length) {
        return Err(format!(
            "it has {length} characters; use {MIN_TOKEN} to {MAX_TOKEN}"
        ));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("use visible ASCII characters only: it is sent in a header".to_owned());
    }
    Ok(text)
}
