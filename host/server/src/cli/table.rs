//! Lists of JSON objects as tables.

use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::output::{self, printable};
use serde_json::Value;

/// Most characters of a cell; the rest is cut.
const MAX_CELL: usize = 80;

/// A column: its title, where its value lies in each object (JSON Pointer), and
/// how it is shown.
pub(crate) type Column = (&'static str, &'static str, Show);

/// How a value is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Show {
    /// As text; lists with commas.
    Text,
    /// Milliseconds since 1970 as date and time.
    Time,
    /// Microseconds as a duration.
    Micros,
    /// A number of bytes, with a unit.
    Bytes,
    /// Names; null stands for all there are.
    NamesOrAll,
    /// Names with versions.
    Versions,
}

/// Print a table, or `nothing` if there are no rows.
pub(crate) fn print(rows: &[Value], columns: &[Column], nothing: &str) -> Result<(), Failure> {
    match rows.is_empty() {
        true => output::line(nothing),
        false => output::line(&layout(rows, columns)),
    }
}

/// The rows of a list: the array itself, or the one array in an object.
pub(crate) fn rows(answer: &Value) -> &[Value] {
    let array = match answer {
        Value::Object(fields) => fields.values().find_map(Value::as_array),
        other => other.as_array(),
    };
    array.map_or(&[], Vec::as_slice)
}

/// Print an object: a line for each of the columns that it has.
pub(crate) fn print_object(object: &Value, columns: &[Column]) -> Result<(), Failure> {
    let present = columns
        .iter()
        .filter(|(_, pointer, _)| !matches!(object.pointer(pointer), None | Some(Value::Null)));
    let width = columns
        .iter()
        .map(|(title, ..)| title.chars().count())
        .max()
        .unwrap_or(0);
    let lines = present.map(|(title, pointer, show)| {
        let value = object
            .pointer(pointer)
            .map_or_else(String::new, |value| text(value, *show));
        format!("{title:width$}  {}", printable(&value))
    });
    output::line(&lines.collect::<Vec<_>>().join("\n"))
}

fn layout(rows: &[Value], columns: &[Column]) -> String {
    let titles = columns
        .iter()
        .map(|(title, ..)| (*title).to_owned())
        .collect();
    let cells = rows
        .iter()
        .map(|row| columns.iter().map(|column| cell(row, column)).collect());
    let lines: Vec<Vec<String>> = std::iter::once(titles).chain(cells).collect();
    let width = |index: usize| {
        let cells = lines.iter().filter_map(|line| line.get(index));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let padded = lines.iter().map(|line| {
        let cells = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    padded.collect::<Vec<_>>().join("\n")
}

fn cell(row: &Value, (_, pointer, show): &Column) -> String {
    let text = row
        .pointer(pointer)
        .map_or_else(|| "-".to_owned(), |value| text(value, *show));
    let text = printable(&text).replace(['\n', '\t'], " ");
    match text.chars().count() {
        0..=MAX_CELL => text,
        _ => text.chars().take(MAX_CELL - 1).chain(['…']).collect(),
    }
}

fn text(value: &Value, show: Show) -> String {
    match (value, show) {
        (Value::Null, Show::NamesOrAll) => "all".to_owned(),
        (Value::Null, _) => "-".to_owned(),
        (Value::Bool(true), _) => "yes".to_owned(),
        (Value::Bool(false), _) => "no".to_owned(),
        (Value::Number(number), Show::Time) => number
            .as_u64()
            .map_or(number.to_string(), clock::date_and_time),
        (Value::Number(number), Show::Micros) => {
            number.as_u64().map_or(number.to_string(), clock::duration)
        }
        (Value::Number(number), Show::Bytes) => number.as_u64().map_or(number.to_string(), bytes),
        (Value::Object(fields), Show::Versions) => {
            let parts = ["name", "version"].map(|field| fields.get(field).and_then(Value::as_str));
            parts.map(Option::unwrap_or_default).join(" ")
        }
        (Value::String(text), _) => text.clone(),
        (Value::Array(items), _) if items.is_empty() => "-".to_owned(),
        (Value::Array(items), _) => {
            let items: Vec<String> = items.iter().map(|item| text(item, show)).collect();
            items.join(", ")
        }
        (other, _) => other.to_string(),
    }
}

/// `1.2 MiB` from bytes.
fn bytes(count: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match count {
        0..KIB => format!("{count} B"),
        KIB..MIB => format!("{}.{} KiB", count / KIB, count % KIB * 10 / KIB),
        _ => format!("{}.{} MiB", count / MIB, count % MIB * 10 / MIB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COLUMNS: &[Column] = &[
        ("NAME", "/name", Show::Text),
        ("LIVE", "/live", Show::Text),
        ("SAVED", "/saved", Show::Time),
        ("TOOK", "/took", Show::Micros),
    ];

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            json!({"name": "a", "live": true, "saved": 0, "took": 5}),
            json!({"name": "größer", "live": null}),
        ];
        let expected = "NAME    LIVE  SAVED                    TOOK\n\
                        a       yes   1970-01-01 00:00:00.000  5 µs\n\
                        größer  -     -                        -";
        assert_eq!(layout(&rows, COLUMNS), expected);
    }

    #[test]
    fn a_cell_stays_on_its_line_and_is_cut() {
        let row = json!({"name": format!("a\nb\u{7}{}", "x".repeat(100))});
        let cell = cell(&row, &COLUMNS[0]);
        assert_eq!(cell.chars().count(), 80);
        assert!(
            cell.starts_with("a b\u{fffd}x") && cell.ends_with('…'),
            "{cell}"
        );
    }

    #[test]
    fn a_list_is_found_with_and_without_an_envelope() {
        assert_eq!(rows(&json!([1, 2])).len(), 2);
        assert_eq!(rows(&json!({"total": 1, "items": [1]})).len(), 1);
        assert!(rows(&json!("text")).is_empty());
    }
}
