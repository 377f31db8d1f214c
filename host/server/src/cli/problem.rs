//! Problem details (RFC 9457) as the user reads them.

use crate::cli::output::printable;
use serde::Deserialize;
use std::fmt;

/// What stands before a request's id.
const REQUEST: &str = "urn:weft:request:";

/// What the host says when it refuses.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Problem {
    code: Option<String>,
    title: Option<String>,
    detail: Option<String>,
    hint: Option<String>,
    #[serde(flatten)]
    place: Place,
    run_id: Option<String>,
    instance: Option<String>,
    problems: Vec<Entry>,
}

/// One of several problems of a flow.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Entry {
    severity: Option<String>,
    code: Option<String>,
    message: Option<String>,
    hint: Option<String>,
    #[serde(flatten)]
    place: Place,
}

/// Where in a flow.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    flow: Option<String>,
    node: Option<String>,
    port: Option<u64>,
    pointer: Option<String>,
}

impl Problem {
    /// The problem of an answer's body; nothing if it holds none.
    pub(crate) fn read(body: &[u8]) -> Option<Problem> {
        let problem: Problem = serde_json::from_slice(body).ok()?;
        let says_something = problem.detail.is_some() || problem.title.is_some();
        says_something.then_some(problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        head(f, "error", self.code.as_deref())?;
        let text = self.detail.as_deref().or(self.title.as_deref());
        write!(f, ": {}", printable(text.unwrap_or("the host refused")))?;
        let place = self.place.to_string();
        if !place.is_empty() {
            write!(f, "\n  at {place}")?;
        }
        if let Some(run) = &self.run_id {
            write!(f, "\n  run {}", printable(run))?;
        }
        if let Some(request) = self
            .instance
            .as_deref()
            .and_then(|urn| urn.strip_prefix(REQUEST))
        {
            write!(f, "\n  request {}", printable(request))?;
        }
        for entry in &self.problems {
            write!(f, "\n  {}", entry.to_string().replace('\n', "\n  "))?;
        }
        hint(f, self.hint.as_deref())
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        head(
            f,
            self.severity.as_deref().unwrap_or("error"),
            self.code.as_deref(),
        )?;
        let place = self.place.to_string();
        if !place.is_empty() {
            write!(f, " at {place}")?;
        }
        write!(
            f,
            ": {}",
            printable(self.message.as_deref().unwrap_or_default())
        )?;
        hint(f, self.hint.as_deref())
    }
}

fn head(f: &mut fmt::Formatter<'_>, severity: &str, code: Option<&str>) -> fmt::Result {
    write!(f, "{}", printable(severity))?;
    code.map_or(Ok(()), |code| write!(f, "[{}]", printable(code)))
}

fn hint(f: &mut fmt::Formatter<'_>, hint: Option<&str>) -> fmt::Result {
    let hint = hint.filter(|hint| !hint.is_empty());
    hint.map_or(Ok(()), |hint| write!(f, "\nhint: {}", printable(hint)))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.port.map(|port| port.to_string());
        let named = [("flow", &self.flow), ("node", &self.node), ("port", &port)];
        let named = named
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let mut parts: Vec<String> = named
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        let pointer = self.pointer.as_ref().filter(|pointer| !pointer.is_empty());
        parts.extend(pointer.map(|pointer| format!("({pointer})")));
        f.write_str(&printable(&parts.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(problem: serde_json::Value) -> String {
        Problem::read(problem.to_string().as_bytes())
            .unwrap()
            .to_string()
    }

    #[test]
    fn a_problem_shows_code_detail_place_run_and_hint() {
        let shown = shown(json!({
            "title": "Function failed", "status": 500, "code": "trap", "detail": "node count trapped",
            "flow": "hello", "node": "count", "runId": "r1",
            "instance": "urn:weft:request:q1", "hint": "see the run's log"
        }));
        let expected = "error[trap]: node count trapped\n  at flow hello node count\n  run r1\n  \
                        request q1\nhint: see the run's log";
        assert_eq!(shown, expected);
    }

    #[test]
    fn every_problem_of_a_flow_is_listed_with_its_place() {
        let shown = shown(json!({
            "code": "invalid-flow", "detail": "2 problems", "problems": [
                {"severity": "error", "code": "dangling-wire", "message": "no node b", "hint": "add it",
                 "node": "a", "port": 1, "pointer": "/wires/0/to"},
                {"severity": "warning", "code": "unreachable-node", "message": "alone", "pointer": ""}
            ]
        }));
        let expected = "error[invalid-flow]: 2 problems\n  \
                        error[dangling-wire] at node a port 1 (/wires/0/to): no node b\n  hint: add it\n  \
                        warning[unreachable-node]: alone";
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_the_host_says_cannot_steer_the_terminal() {
        let shown = shown(json!({"code": "x", "detail": "a\u{1b}[2Jb"}));
        assert_eq!(shown, "error[x]: a\u{fffd}[2Jb");
    }

    #[test]
    fn another_servers_answer_is_no_problem_document() {
        assert!(Problem::read(b"<html>not found</html>").is_none());
        assert!(Problem::read(b"{\"message\":\"nope\"}").is_none());
    }
}
