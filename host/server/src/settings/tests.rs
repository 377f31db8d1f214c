//! Where settings come from, which comes first, and what is said of bad ones.

use super::*;
use std::collections::HashMap;
use std::time::Duration;

/// Settings from flags, variables, and the text of a settings file.
struct Case {
    given: Given,
    env: HashMap<&'static str, &'static str>,
    dir: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        Case {
            given: Given::default(),
            env: HashMap::new(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn flag(mut self, key: &'static str, value: &str) -> Self {
        self.given.flags.push((key, value.to_owned()));
        self
    }

    fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.env.insert(name, value);
        self
    }

    fn file(mut self, text: &str) -> Self {
        let path = self.dir.path().join("settings.toml");
        fs::write(&path, text).unwrap();
        self.given.config = Some(path);
        self
    }

    fn load(&self) -> Result<Settings, SettingsErrors> {
        Settings::load(&self.given, &|name| self.env.get(name).map(OsString::from))
    }

    fn fails_with(&self, parts: &[&str]) {
        let text = self.load().unwrap_err().to_string();
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in: {text}");
        }
    }
}

#[test]
fn every_default_is_valid() {
    let settings = Case::new().load().unwrap();
    assert_eq!(settings.data, Path::new("./data"));
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.admin_listen.to_string(), "127.0.0.1:8081");
    assert_eq!(settings.header_timeout, Duration::from_secs(10));
    assert_eq!(settings.max_component_bytes, 64 << 20);
    assert_eq!(settings.master_key_file(), Path::new("./data/master-key"));
    assert!(settings.master_key().is_none());
    assert!(settings.admin_token().is_none());
}

#[test]
fn a_flag_wins_over_the_environment_and_this_over_the_file() {
    let file = "listen = '127.0.0.1:1'\nadmin_listen = '127.0.0.1:1'\nslot_wait = '1ms'";
    let case = Case::new()
        .file(file)
        .env("WEFT_LISTEN", "127.0.0.1:2")
        .env("WEFT_ADMIN_LISTEN", "127.0.0.1:2")
        .flag("listen", "127.0.0.1:3");
    let settings = case.load().unwrap();
    assert_eq!(settings.listen.port(), 3);
    assert_eq!(settings.admin_listen.port(), 2);
    assert_eq!(settings.slot_wait, Duration::from_millis(1));
    assert_eq!(settings.max_connections, 10_000);
}

#[test]
fn a_table_only_groups() {
    let case = Case::new().file("[fuel]\ndefault = 5_000\nmax = '6_000'\n[slot]\nwait = 0.5");
    let settings = case.load().unwrap();
    assert_eq!((settings.fuel_default, settings.fuel_max), (5_000, 6_000));
    assert_eq!(settings.slot_wait, Duration::from_millis(500));
}

#[test]
fn the_file_of_the_data_directory_is_read_without_being_named() {
    let case = Case::new();
    fs::write(case.dir.path().join("weft.toml"), "kept_runs = 7").unwrap();
    let data = case.dir.path().to_str().unwrap().to_owned();
    let settings = case.flag("data", &data).load().unwrap();
    assert_eq!(settings.kept_runs, 7);
}

#[test]
fn the_file_of_the_data_directory_cannot_name_another_one() {
    let case = Case::new();
    fs::write(case.dir.path().join("weft.toml"), "\ndata = '/elsewhere'").unwrap();
    let data = case.dir.path().to_str().unwrap().to_owned();
    case.flag("data", &data)
        .fails_with(&["weft.toml:2", "cannot name another"]);
}

#[test]
fn a_named_file_may_set_the_data_directory() {
    let settings = Case::new().file("data = '/srv/weft'").load().unwrap();
    assert_eq!(settings.data, Path::new("/srv/weft"));
    assert_eq!(
        settings.master_key_file(),
        Path::new("/srv/weft/master-key")
    );
}

#[test]
fn a_named_file_that_is_missing_is_an_error() {
    let mut case = Case::new();
    case.given.config = Some(case.dir.path().join("absent.toml"));
    case.fails_with(&["absent.toml", "cannot be read"]);
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest() {
    let case = Case::new().file("kept_runs = 1\nheader_timout = '1s'\nzzz = 1");
    case.fails_with(&[
        "settings.toml:2",
        "\"header_timout\"",
        "did you mean \"header_timeout\"?",
    ]);
    case.fails_with(&["settings.toml:3", "\"zzz\"", "weft serve --help"]);
}

#[test]
fn a_bad_value_names_where_it_came_from_and_what_was_expected() {
    let flag = Case::new().flag("header_timeout", "soon");
    flag.fails_with(&["flag --header-timeout", "\"soon\"", "500ms"]);
    let env = Case::new().env("WEFT_MAX_COMPONENT_BYTES", "64 bushels");
    env.fails_with(&["environment variable WEFT_MAX_COMPONENT_BYTES", "64MiB"]);
    let file = Case::new().file("\n\nlog_format = 'xml'");
    file.fails_with(&["settings.toml:3", "\"xml\"", "`human` or `json`"]);
    let kind = Case::new().file("listen = ['127.0.0.1:1']");
    kind.fails_with(&["settings.toml:1", "listen", "an IP address and a port"]);
}

#[test]
fn a_value_out_of_range_is_told_the_range() {
    let case = Case::new().flag("max_concurrent_calls", "1_000_000");
    case.fails_with(&[
        "flag --max-concurrent-calls",
        "1_000_000",
        "from 1 to 4_096",
    ]);
}

#[test]
fn a_default_above_its_maximum_is_refused() {
    let case = Case::new().flag("deadline_max", "1s");
    case.fails_with(&["deadline_default", "above deadline_max"]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let case = Case::new()
        .flag("listen", "here")
        .env("WEFT_KEPT_RUNS", "some")
        .file("nothing = 1");
    assert_eq!(case.load().unwrap_err().0.len(), 3);
}

#[test]
fn a_key_that_is_given_twice_in_the_file_is_refused() {
    let case = Case::new().file("fuel_default = 1_000\n[fuel]\ndefault = 2_000");
    case.fails_with(&["fuel_default", "twice"]);
}

#[test]
fn broken_toml_is_refused_with_its_line() {
    Case::new()
        .file("kept_runs = 1\nlisten = ")
        .fails_with(&["settings.toml:2", "not TOML"]);
}

#[test]
fn a_variable_set_to_nothing_is_not_set() {
    let settings = Case::new().env("WEFT_KEPT_RUNS", "").load().unwrap();
    assert_eq!(settings.kept_runs, 1_000);
}

#[test]
fn secrets_come_from_the_environment_and_are_not_shown() {
    let key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let case = Case::new()
        .env(MASTER_KEY, key)
        .env(ADMIN_TOKEN, "correct-horse-battery");
    let settings = case.load().unwrap();
    assert!(settings.master_key().is_some());
    assert_eq!(
        settings.admin_token().as_deref(),
        Some("correct-horse-battery")
    );
    let shown = format!("{settings:?}");
    assert!(
        !shown.contains("00112233") && !shown.contains("horse"),
        "{shown}"
    );
}

#[test]
fn a_bad_secret_is_refused_without_showing_it() {
    let case = Case::new()
        .env(MASTER_KEY, "hunter2")
        .env(ADMIN_TOKEN, "hunter2");
    case.fails_with(&[MASTER_KEY, ADMIN_TOKEN, "16 to 512"]);
    let text = case.load().unwrap_err().to_string();
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_secret_in_the_file_is_refused_without_showing_it() {
    let case = Case::new().file("admin_token = 'hunter2'");
    case.fails_with(&["settings.toml:1", "WEFT_ADMIN_TOKEN"]);
    assert!(!case.load().unwrap_err().to_string().contains("hunter2"));
}

#[test]
fn the_master_key_is_given_once() {
    let key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let case = Case::new()
        .env(MASTER_KEY, key)
        .flag("master_key_file", "/run/key");
    case.fails_with(&["twice", "flag --master-key-file"]);
}

#[test]
fn the_documentation_lists_every_setting_as_it_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let documented = fs::read_to_string(path).unwrap();
    let expected = documentation();
    assert!(
        documented.contains(&expected),
        "docs/configuration.md should have:\n{expected}"
    );
}

/// The tables of `docs/configuration.md`.
fn documentation() -> String {
    let mut text = String::new();
    let mut heading = "";
    for setting in TABLE {
        if setting.heading != heading {
            heading = setting.heading;
            text += &format!(
                "\n### {heading}\n\n| setting | value | default | least | most | what it does |\n"
            );
            text += "|---|---|---|---|---|---|\n";
        }
        let (least, most) = setting.range.unwrap_or_default();
        let default = setting.default.unwrap_or_default();
        let cells = [setting.key, setting.value_name, default, least, most];
        let cells = cells.map(|cell| {
            if cell.is_empty() {
                String::new()
            } else {
                format!("`{cell}`")
            }
        });
        text += &format!("| {} | {} |\n", cells.join(" | "), setting.summary());
    }
    text
}
