//! Which requests start which flows: an immutable table for each instance,
//! replaced whole at every deploy.

use crate::live::LiveFlow;
use http::Method;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::collections::HashMap;
use std::sync::Arc;
use weft_model::plan::NodeIndex;
use weft_model::problem::{Problem, ProblemCode};
use weft_model::validate::{Route, Source};
use weft_nodes::http_in::HttpIn;
use weft_nodes::node_type::compile;

/// An `http-in` node of a live flow.
pub struct Endpoint {
    /// The flow.
    pub flow: Arc<LiveFlow>,
    /// The node.
    pub node: NodeIndex,
    /// How the node takes requests.
    pub http_in: HttpIn,
    route: Route,
    params: Box<[Arc<str>]>,
}

/// The table.
#[derive(Default)]
pub struct RouteTable {
    paths: matchit::Router<Vec<Arc<Endpoint>>>,
}

/// What a request meets.
pub enum Matched {
    /// This node, with the path's parameters decoded.
    Endpoint(Arc<Endpoint>, Vec<(Arc<str>, String)>),
    /// The path exists, for other methods.
    OtherMethods(Vec<Method>),
    /// Nothing.
    Nothing,
}

impl RouteTable {
    /// Make the table of the enabled flows.
    ///
    /// # Errors
    /// A problem for each node whose route another flow has already; `new` is
    /// the flow that comes last and gets the blame.
    pub fn build(
        flows: &[Arc<LiveFlow>],
        new: Option<&Arc<LiveFlow>>,
    ) -> Result<RouteTable, Vec<Problem>> {
        let mut by_path: HashMap<String, Vec<Arc<Endpoint>>> = HashMap::new();
        let mut problems = Vec::new();
        for flow in flows.iter().chain(new) {
            for node in flow.plan.indexes() {
                let Some(endpoint) = endpoint(flow, node) else {
                    continue;
                };
                let same_path = by_path.entry(to_matchit(&endpoint.route.path)).or_default();
                let other = same_path
                    .iter()
                    .find(|other| other.route.method == endpoint.route.method);
                match other {
                    Some(other) => problems.push(taken(&endpoint, other)),
                    None => same_path.push(Arc::new(endpoint)),
                }
            }
        }
        let mut table = RouteTable::default();
        for (path, endpoints) in by_path {
            let first = endpoints.first().cloned();
            if let (Err(error), Some(first)) = (table.paths.insert(path, endpoints), first) {
                problems.push(conflicting(&first, &error));
            }
        }
        if problems.is_empty() {
            Ok(table)
        } else {
            Err(problems)
        }
    }

    /// Find what a request meets. `path` is percent-encoded, as it came.
    pub fn find(&self, method: &Method, path: &str) -> Matched {
        let Ok(found) = self.paths.at(path) else {
            return Matched::Nothing;
        };
        let endpoints = found.value;
        let with = |wanted: &Method| {
            endpoints
                .iter()
                .find(|e| e.route.method.as_ref() == Some(wanted))
        };
        let head_as_get = || {
            if method == Method::HEAD {
                with(&Method::GET)
            } else {
                None
            }
        };
        let any = || endpoints.iter().find(|e| e.route.method.is_none());
        let Some(endpoint) = with(method).or_else(head_as_get).or_else(any) else {
            let mut allowed: Vec<_> = endpoints
                .iter()
                .filter_map(|e| e.route.method.clone())
                .collect();
            if allowed.contains(&Method::GET) && !allowed.contains(&Method::HEAD) {
                allowed.push(Method::HEAD);
            }
            return Matched::OtherMethods(allowed);
        };
        let decode = |value: &str| percent_decode_str(value).decode_utf8_lossy().into_owned();
        let values = found.params.iter().map(|(_, value)| decode(value));
        let params = endpoint.params.iter().cloned().zip(values).collect();
        Matched::Endpoint(endpoint.clone(), params)
    }
}

fn endpoint(flow: &Arc<LiveFlow>, node: NodeIndex) -> Option<Endpoint> {
    let planned = flow.plan.node(node);
    let Some(Source::Http(route)) = &planned.source else {
        return None;
    };
    let http_in = compile::<HttpIn>(&planned.spec).ok()?;
    let params = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix([':', '*']));
    let params = params.map(Arc::from).collect();
    Some(Endpoint {
        flow: flow.clone(),
        node,
        http_in,
        route: route.clone(),
        params,
    })
}

/// `/users/:id/*rest` as matchit writes it: `/users/{p0}/{*p1}`. Parameters are
/// numbered, so that flows may name the same place differently.
fn to_matchit(path: &str) -> String {
    const KEEP: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');
    let mut count = 0;
    let mut number = || {
        count += 1;
        count - 1
    };
    let part = |part: &str| match part.as_bytes().first() {
        Some(b':') => format!("{{p{}}}", number()),
        Some(b'*') => format!("{{*p{}}}", number()),
        _ => utf8_percent_encode(part, KEEP)
            .to_string()
            .replace('{', "{{")
            .replace('}', "}}"),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn taken(endpoint: &Endpoint, other: &Endpoint) -> Problem {
    let method = endpoint
        .route
        .method
        .as_ref()
        .map_or("any method", Method::as_str);
    let message = format!(
        "{method} {} is answered by node {} of flow {} already",
        endpoint.route.path,
        other.flow.path(other.node),
        other.flow.flow(),
    );
    route_problem(endpoint, message)
}

fn conflicting(endpoint: &Endpoint, error: &matchit::InsertError) -> Problem {
    let message = format!(
        "the path {} cannot stand beside another: {error}",
        endpoint.route.path
    );
    route_problem(endpoint, message)
}

fn route_problem(endpoint: &Endpoint, message: String) -> Problem {
    let hint = "give one of them another path or method, or disable the other flow";
    let mut problem = Problem::new(ProblemCode::DuplicateRoute, "/nodes", message, hint);
    problem.node = Some(endpoint.flow.path(endpoint.node).to_string());
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_numbered_and_escaped() {
        assert_eq!(to_matchit("/users/:id/*rest"), "/users/{p0}/{*p1}");
        assert_eq!(to_matchit("/a{b}/é"), "/a{{b}}/%C3%A9");
    }
}
