//! The places a value can come from, the first that has one wins: flags, the
//! environment, the settings file, the default.

use crate::settings::error::{SettingsError, Source};
use crate::settings::file::FileValue;
use crate::settings::kind::Kind;
use crate::settings::setting::Setting;
use std::ffi::OsString;

/// The environment; a function, so that tests need not change the real one.
pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// All places.
pub(super) struct Layers<'a> {
    /// Values of flags, by the setting's key.
    pub(super) flags: &'a [(&'static str, String)],
    pub(super) env: Env<'a>,
    pub(super) file: Vec<FileValue>,
}

impl Layers<'_> {
    /// Find a setting's value and read it.
    pub(super) fn read<K: Kind>(
        &self,
        setting: &Setting,
        errors: &mut Vec<SettingsError>,
    ) -> Option<K::Value> {
        let found = self.find(setting);
        let read = found.and_then(|found| match found {
            None => Ok(K::absent()),
            Some((text, place)) => read::<K>(setting, text, place).map(Some),
        });
        read.unwrap_or_else(|error| {
            errors.push(error);
            None
        })
    }

    /// The text of a setting's value, and where it stands.
    pub(super) fn find(
        &self,
        setting: &Setting,
    ) -> Result<Option<(String, Source)>, SettingsError> {
        let key = setting.key;
        if let Some((_, text)) = self.flags.iter().find(|(flag, _)| *flag == key) {
            return Ok(Some((
                text.clone(),
                Source::Flag(format!("--{}", setting.flag())),
            )));
        }
        if let Some(text) = variable(self.env, &setting.variable())? {
            return Ok(Some((text, Source::Env(setting.variable()))));
        }
        if let Some(value) = self.file.iter().find(|value| value.key == key) {
            return Ok(Some((value.text.clone(), value.place.clone())));
        }
        Ok(setting
            .default
            .map(|default| (default.to_owned(), Source::Default(key))))
    }

    /// Where a setting's value stands.
    pub(super) fn place(&self, key: &'static str) -> Source {
        let setting = super::TABLE.iter().find(|setting| setting.key == key);
        let found = setting.and_then(|setting| self.find(setting).ok().flatten());
        found.map_or(Source::Default(key), |(_, place)| place)
    }
}

/// A variable of the environment; one that is set to nothing is not set.
pub(super) fn variable(env: Env<'_>, name: &str) -> Result<Option<String>, SettingsError> {
    let given = env(name).filter(|value| !value.is_empty());
    let text = given.map(OsString::into_string).transpose();
    text.map_err(|_| SettingsError::NotText {
        name: name.to_owned(),
    })
}

fn read<K: Kind>(
    setting: &Setting,
    given: String,
    place: Source,
) -> Result<K::Value, SettingsError> {
    let key = setting.key;
    let Some(value) = K::parse(&given) else {
        return Err(SettingsError::BadValue {
            place,
            key,
            given,
            expected: setting.expected,
        });
    };
    if let Some((least, most)) = setting.range {
        let below = K::parse(least).is_some_and(|least| value < least);
        let above = K::parse(most).is_some_and(|most| value > most);
        if below || above {
            return Err(SettingsError::OutOfRange {
                place,
                key,
                given,
                least,
                most,
            });
        }
    }
    Ok(value)
}
