//! The settings of a host: from flags, `WEFT_*` variables, a TOML file and
//! defaults, in this order of precedence.
//!
//! ```
//! use weft_server::settings::{Given, Settings};
//!
//! let given = Given { flags: vec![("header_timeout", "2s".into())], config: None };
//! let settings = Settings::load(&given, &|_variable| None)?;
//! assert_eq!(settings.header_timeout.as_secs(), 2);
//! assert_eq!(settings.max_connections, 10_000);
//! # Ok::<(), weft_server::settings::SettingsErrors>(())
//! ```

mod error;
mod file;
pub mod kind;
mod layers;
mod limits;
mod log;
mod secret;
mod setting;
mod table;

pub use error::{SettingsError, SettingsErrors, Source};
pub use log::{LogFilter, LogFormat};
pub use secret::{ADMIN_TOKEN, MASTER_KEY};
pub use setting::Setting;
pub use table::{Settings, TABLE};

use file::FileValue;
use layers::{Env, Layers, variable};
use secret::Secrets;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use weft_store::MasterKey;

/// The variable that names the settings file.
pub const CONFIG: &str = "WEFT_CONFIG";

/// The settings file of a data directory.
const FILE_IN_DATA: &str = "weft.toml";

/// What the command line gives.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Values of flags, by the setting's key (`header_timeout`).
    pub flags: Vec<(&'static str, String)>,
    /// The settings file.
    pub config: Option<PathBuf>,
}

impl Settings {
    /// Collect the settings. Without `config` and `WEFT_CONFIG`, the file is
    /// `weft.toml` in the data directory, if it is there.
    ///
    /// # Errors
    /// Everything that is wrong, each with the place it came from.
    pub fn load(
        given: &Given,
        env: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Settings, SettingsErrors> {
        let mut errors = Vec::new();
        let mut layers = Layers {
            flags: &given.flags,
            env,
            file: Vec::new(),
        };
        match read_file(given, &layers, &mut errors) {
            Ok(values) => layers.file = values,
            Err(error) => errors.push(error),
        }
        let secrets = Secrets::read(env, &mut errors);
        let settings = Settings::read(&layers, secrets, &mut errors);
        if let Some(settings) = &settings {
            settings.check(&layers, &mut errors);
        }
        settings
            .filter(|_| errors.is_empty())
            .ok_or(SettingsErrors(errors))
    }

    /// The master key from the environment.
    pub fn master_key(&self) -> Option<MasterKey> {
        self.secrets.master_key.clone()
    }

    /// The file of the master key, for when the environment gives none.
    pub fn master_key_file(&self) -> PathBuf {
        let given = self.master_key_file.clone();
        given.unwrap_or_else(|| self.data.join("master-key"))
    }

    /// The token of the built-in administrator from the environment.
    pub fn admin_token(&self) -> Option<String> {
        self.secrets.admin_token.clone()
    }

    /// Rules between settings.
    fn check(&self, layers: &Layers<'_>, errors: &mut Vec<SettingsError>) {
        let pairs = [
            (
                self.fuel_default > self.fuel_max,
                "fuel_default",
                "fuel_max",
            ),
            (
                self.deadline_default > self.deadline_max,
                "deadline_default",
                "deadline_max",
            ),
            (
                self.memory_default > self.memory_max,
                "memory_default",
                "memory_max",
            ),
            (
                self.activations_default > self.activations_max,
                "activations_default",
                "activations_max",
            ),
        ];
        let wrong = pairs.into_iter().filter(|(above, ..)| *above);
        errors.extend(wrong.map(|(_, key, maximum_key)| {
            let place = layers.place(key);
            SettingsError::DefaultAboveMaximum {
                place,
                key,
                maximum_key,
            }
        }));
        if self.secrets.master_key.is_some() && self.master_key_file.is_some() {
            errors.push(SettingsError::TwoMasterKeys {
                place: layers.place("master_key_file"),
            });
        }
    }
}

/// Read the settings file that was named, or the one in the data directory.
fn read_file(
    given: &Given,
    layers: &Layers<'_>,
    errors: &mut Vec<SettingsError>,
) -> Result<Vec<FileValue>, SettingsError> {
    if let Some(path) = named_file(given, layers.env)? {
        let text = fs::read_to_string(&path);
        let text = text.map_err(|source| SettingsError::File {
            path: path.clone(),
            source,
        })?;
        return Ok(file::parse(&path, &text, errors));
    }
    let path = data_directory(layers)?.join(FILE_IN_DATA);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(source) => return Err(SettingsError::File { path, source }),
    };
    let values = file::parse(&path, &text, errors);
    match values.iter().find(|value| value.key == "data") {
        None => Ok(values),
        Some(value) => Err(SettingsError::DataInItsOwnFile {
            place: value.place.clone(),
        }),
    }
}

fn named_file(given: &Given, env: Env<'_>) -> Result<Option<PathBuf>, SettingsError> {
    match &given.config {
        Some(path) => Ok(Some(path.clone())),
        None => Ok(variable(env, CONFIG)?.map(PathBuf::from)),
    }
}

/// The data directory, before the settings file is read.
fn data_directory(layers: &Layers<'_>) -> Result<PathBuf, SettingsError> {
    let setting = TABLE.iter().find(|setting| setting.key == "data");
    let found = setting
        .map(|setting| layers.find(setting))
        .transpose()?
        .flatten();
    Ok(found.map_or_else(
        || Path::new(".").to_owned(),
        |(path, _)| PathBuf::from(path),
    ))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[cfg(test)]
mod tests;
