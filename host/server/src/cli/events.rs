//! `weft events`: watches an instance.

use crate::cli::clock;
use crate::cli::connection::{ApiArgs, InstanceArg};
use crate::cli::failure::Failure;
use crate::cli::output::{self, printable};
use crate::cli::sse::{EventReader, ServerEvent};
use serde_json::Value;

/// Watch what happens in an instance, until Ctrl-C.
///
/// Runs that start while somebody watches keep their messages, whatever the
/// flow's capture says.
#[derive(Debug, clap::Args)]
pub(crate) struct Events {
    /// Show events of this flow only
    #[arg(long, value_name = "ID")]
    flow: Option<String>,
    /// Stop after this many events
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    instance: InstanceArg,
}

impl Events {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let client = self.api.client()?;
        let stream = client.get(&self.instance.path(&["events"])).stream()?;
        let wanted = |event: &ServerEvent| match &self.flow {
            None => true,
            Some(flow) => field(event, "flow").is_none_or(|of| of == **flow),
        };
        let mut left = self.limit;
        for event in EventReader::new(stream) {
            let event = event.map_err(|error| {
                Failure::unreachable(format!("the stream of events broke off: {error}"))
            })?;
            if wanted(&event) {
                output::line(&if self.api.json {
                    event.data
                } else {
                    human(&event)
                })?;
                left = left.map(|left| left - 1);
            }
            if left == Some(0) {
                break;
            }
        }
        Ok(())
    }
}

fn field(event: &ServerEvent, name: &str) -> Option<Value> {
    let data: Value = serde_json::from_str(&event.data).ok()?;
    data.get(name).filter(|value| !value.is_null()).cloned()
}

/// `08:01:59.123 run-end flow=hello run=…`
fn human(event: &ServerEvent) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(&event.data) else {
        return format!("{} {}", printable(&event.kind), printable(&event.data));
    };
    let time = fields.get("time").and_then(Value::as_u64);
    let time = time
        .map(|ms| format!("{} ", clock::time_of_day(ms)))
        .unwrap_or_default();
    let shown = fields
        .iter()
        .filter(|(name, value)| !value.is_null() && !matches!(name.as_str(), "time" | "type"));
    let shown: Vec<String> = shown
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    // JSON escapes what would steer the terminal.
    format!("{time}{} {}", printable(&event.kind), shown.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_with_its_time_and_fields() {
        let data =
            r#"{"time":1000,"type":"debug","flow":"hello","error":null,"value":{"a":"\u001b"}}"#;
        let event = ServerEvent {
            kind: "debug".into(),
            data: data.into(),
        };
        let expected = r#"00:00:01.000 debug flow="hello" value={"a":"\u001b"}"#;
        assert_eq!(human(&event), expected);
    }

    #[test]
    fn an_event_that_is_not_json_is_shown_as_it_is() {
        let event = ServerEvent {
            kind: "missed".into(),
            data: "7 events".into(),
        };
        assert_eq!(human(&event), "missed 7 events");
    }
}
