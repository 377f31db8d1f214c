//! Reads the settings file: TOML, every value with its line.
//!
//! A table only groups: `[fuel] default = 5` is `fuel_default = 5`.

use crate::settings::error::{SettingsError, Source};
use crate::settings::secret::Secrets;
use crate::settings::setting::Setting;
use crate::settings::table::TABLE;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A spelling this close to a setting's name is taken for a slip.
const NEAR: f64 = 0.8;

/// A value of the file.
#[derive(Debug)]
pub(super) struct FileValue {
    pub(super) key: &'static str,
    pub(super) text: String,
    pub(super) place: Source,
}

/// Read the text of a file. What is wrong goes to `errors`; the rest is read.
pub(super) fn parse(path: &Path, text: &str, errors: &mut Vec<SettingsError>) -> Vec<FileValue> {
    let mut reader = Reader {
        path: path.into(),
        text,
        values: Vec::new(),
        errors,
    };
    match DeTable::parse(text) {
        Ok(table) => reader.table("", table.get_ref()),
        Err(error) => {
            let place = reader.place(error.span().map_or(0, |span| span.start));
            let message = error.message().to_owned();
            reader
                .errors
                .push(SettingsError::NotToml { place, message });
        }
    }
    reader.values
}

struct Reader<'a> {
    path: Arc<Path>,
    text: &'a str,
    values: Vec<FileValue>,
    errors: &'a mut Vec<SettingsError>,
}

impl Reader<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            match value.get_ref() {
                DeValue::Table(inner) => self.table(&format!("{name}_"), inner),
                _ => self.value(name, key.span().start, value),
            }
        }
    }

    fn value(&mut self, name: String, at: usize, value: &Spanned<DeValue<'_>>) {
        let place = self.place(at);
        let Some(setting) = TABLE.iter().find(|setting| setting.key == name) else {
            self.errors.push(unknown(name, place));
            return;
        };
        let key = setting.key;
        if self.values.iter().any(|earlier| earlier.key == key) {
            self.errors.push(SettingsError::GivenTwice { place, key });
            return;
        }
        match scalar(value.get_ref()) {
            Some(text) => self.values.push(FileValue { key, text, place }),
            None => {
                let given = self.text.get(value.span()).unwrap_or_default().to_owned();
                let expected = setting.expected;
                self.errors.push(SettingsError::BadValue {
                    place,
                    key,
                    given,
                    expected,
                });
            }
        }
    }

    fn place(&self, at: usize) -> Source {
        let before = self.text.get(..at).unwrap_or(self.text);
        Source::File(self.path.clone(), before.matches('\n').count() + 1)
    }
}

/// The text of a value as it would stand on the command line.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn unknown(key: String, place: Source) -> SettingsError {
    if let Some(variable) = Secrets::variable(&key) {
        return SettingsError::SecretInFile {
            place,
            key,
            variable,
        };
    }
    let likeness = |setting: &&Setting| strsim::jaro_winkler(setting.key, &key);
    let nearest = TABLE
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let nearest = nearest
        .filter(|setting| likeness(setting) >= NEAR)
        .map(|setting| setting.key);
    SettingsError::UnknownKey {
        place,
        key,
        nearest,
    }
}
