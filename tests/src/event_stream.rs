//! Reads the live events of an instance (server-sent events, WHATWG HTML §9.2).

use crate::api::Api;
use crate::http::{Body, Connection};
use serde_json::Value as Json;

/// One event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name.
    pub kind: String,
    /// Its id, if it has one.
    pub id: Option<String>,
    /// Its data.
    pub data: Json,
}

/// A stream of events.
pub struct EventStream {
    body: Body,
    text: String,
}

impl EventStream {
    /// Watch an instance from now on.
    #[track_caller]
    pub fn watch(api: &Api, instance: &str) -> Self {
        let request = api.request("GET", &format!("/instances/{instance}/events"));
        let connection = Connection::open(api.address).expect("the API listens");
        let (head, body) = connection.open_stream(&request).expect("the stream opens");
        assert_eq!(head.status, 200);
        let content_type = head.header("content-type").unwrap_or_default();
        assert!(
            content_type.starts_with("text/event-stream"),
            "{content_type}"
        );
        EventStream {
            body,
            text: String::new(),
        }
    }

    /// The next event, without comments; none when the server ends the stream.
    pub fn next_event(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let rest = self.text.split_off(end + 2);
                let block = std::mem::replace(&mut self.text, rest);
                if let Some(event) = event(&block) {
                    return Some(event);
                }
            }
            let piece = self
                .body
                .next_piece()
                .expect("the stream goes on, or ends properly")?;
            self.text += &String::from_utf8(piece)
                .expect("events are text")
                .replace('\r', "");
        }
    }

    /// The next event that fits. A stream that ends before is a failure.
    #[track_caller]
    pub fn until(&mut self, fits: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self
                .next_event()
                .expect("the event comes before the stream ends");
            if fits(&event) {
                return event;
            }
        }
    }

    /// The events of one run, from the next `run-start` of a flow to its end.
    #[track_caller]
    pub fn run_of(&mut self, flow: &str) -> Vec<Event> {
        let start = self.until(|event| event.kind == "run-start" && event.data["flow"] == flow);
        let run = start.data["run"].clone();
        let mut events = vec![start];
        loop {
            let event = self.until(|event| event.data["run"] == run);
            let ended = event.kind == "run-end";
            events.push(event);
            if ended {
                return events;
            }
        }
    }
}

fn event(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let line = block
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(|value| value.strip_prefix(' ').unwrap_or(value).to_owned())
    };
    let data = field("data")?;
    let data = serde_json::from_str(&data).unwrap_or(Json::String(data));
    let kind = field("event").unwrap_or_else(|| "message".into());
    Some(Event {
        kind,
        id: field("id"),
        data,
    })
}
