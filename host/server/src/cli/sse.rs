//! Reads a stream of server-sent events (WHATWG HTML §9.2).

use std::io::{self, BufRead};

/// Most bytes of a line. A line above it is an error: no host of ours sends it.
const MAX_LINE: u64 = 64 << 20;

/// An event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerEvent {
    /// Its type; `message` if the stream does not say.
    pub(crate) kind: String,
    /// Its data, lines joined.
    pub(crate) data: String,
}

/// The events of a stream, as they come.
pub(crate) struct EventReader<R>(R);

impl<R: BufRead> EventReader<R> {
    pub(crate) fn new(stream: R) -> Self {
        EventReader(stream)
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let read = io::Read::take(&mut self.0, MAX_LINE).read_line(&mut line)?;
        match read {
            0 => Ok(None),
            _ if line.ends_with('\n') => Ok(Some(line.trim_end_matches(['\n', '\r']).to_owned())),
            _ => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
        }
    }

    /// Nothing at the end of the stream; an event that is cut off is dropped.
    fn event(&mut self) -> io::Result<Option<ServerEvent>> {
        let mut kind = String::new();
        let mut data: Vec<String> = Vec::new();
        while let Some(line) = self.line()? {
            if line.is_empty() {
                if data.is_empty() {
                    kind.clear();
                    continue;
                }
                let kind = if kind.is_empty() {
                    "message".to_owned()
                } else {
                    kind
                };
                return Ok(Some(ServerEvent {
                    kind,
                    data: data.join("\n"),
                }));
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut kind),
                "data" => data.push(value.to_owned()),
                // Comments keep the connection open; ids are for reconnecting.
                _ => {}
            }
        }
        Ok(None)
    }
}

impl<R: BufRead> Iterator for EventReader<R> {
    type Item = io::Result<ServerEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        self.event().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(stream: &str) -> Vec<(String, String)> {
        let events = EventReader::new(stream.as_bytes()).map(Result::unwrap);
        events.map(|event| (event.kind, event.data)).collect()
    }

    #[test]
    fn events_have_a_kind_and_data() {
        let stream = "event: debug\ndata: {\"a\":1}\nid: 7\n\ndata:x\n\n";
        let expected = [("debug", "{\"a\":1}"), ("message", "x")];
        assert_eq!(
            events(stream),
            expected.map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
    }

    #[test]
    fn comments_and_empty_events_are_passed_over() {
        assert_eq!(events(": keep alive\n\n: again\n\nevent: x\n\n").len(), 0);
    }

    #[test]
    fn data_of_several_lines_is_joined_and_line_ends_may_be_windows() {
        assert_eq!(events("data: a\r\ndata: b\r\n\r\n")[0].1, "a\nb");
    }

    #[test]
    fn an_event_that_is_cut_off_is_dropped() {
        assert_eq!(events("data: a\n\ndata: b\n").len(), 1);
    }
}
