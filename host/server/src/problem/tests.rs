//! What clients see of errors.

use super::*;
use http_body_util::BodyExt as _;
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use weft_model::problem::ProblemCode;

async fn shown(response: Response) -> Json {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

fn refused(kind: RefusalKind, code: &str) -> Problem {
    Refusal::new(kind, code, "what", "how").into()
}

#[tokio::test]
async fn a_problem_document_names_kind_place_way_out_and_request() {
    let problem = Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "fuel-exhausted",
        "no fuel left",
    )
    .hint("allow more")
    .flow("orders")
    .node("count");
    let id = RequestId::fresh();
    let response = problem.into_response_for(&id);
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
    assert_eq!(
        shown(response).await,
        json!({
            "type": "/docs/problems#fuel-exhausted",
            "title": "Fuel exhausted",
            "status": 500,
            "code": "fuel-exhausted",
            "detail": "no fuel left",
            "hint": "allow more",
            "instance": id.urn(),
            "flow": "orders",
            "node": "count",
        })
    );
}

#[test]
fn each_kind_of_refusal_has_its_status() {
    for (kind, status) in [
        (RefusalKind::NotFound, 404),
        (RefusalKind::Conflict, 409),
        (RefusalKind::Changed, 412),
        (RefusalKind::Invalid, 422),
        (RefusalKind::TooLarge, 413),
        (RefusalKind::Unavailable, 503),
        (RefusalKind::Internal, 500),
    ] {
        assert_eq!(refused(kind, "some-code").status(), status, "{kind:?}");
    }
    assert_eq!(
        refused(RefusalKind::Invalid, "invalid-document").status(),
        400
    );
}

#[tokio::test]
async fn the_gravest_problem_of_a_document_gives_the_place_and_all_are_listed() {
    let warning = Finding::new(ProblemCode::UnreachableNode, "/nodes/0", "w", "h");
    let error = Finding::new(ProblemCode::PortOutOfRange, "/wires/2/from", "e", "h").at_port(3);
    let mut refusal = Refusal::new(RefusalKind::Invalid, "invalid-flow", "what", "how");
    refusal.problems = vec![warning, error];
    let shown = shown(Problem::from(refusal).into_response()).await;
    assert_eq!(shown["pointer"], "/wires/2/from");
    assert_eq!(shown["port"], 3);
    assert_eq!(shown["problems"].as_array().unwrap().len(), 2);
}

#[test]
fn headers_that_belong_to_a_problem_come_with_it() {
    let other = Problem::method_not_allowed(&[Method::GET, Method::PUT]).into_response();
    assert_eq!(other.status(), 405);
    assert_eq!(other.headers()[ALLOW], "GET, PUT");
    let later = refused(RefusalKind::Unavailable, "store-unavailable").into_response();
    assert_eq!(later.headers()[RETRY_AFTER], "5");
}

#[test]
fn codes_are_distinct_and_fit_into_an_anchor() {
    let own = Code::ALL.iter().map(|code| code.as_str());
    let faults = weft_model::FaultCode::ALL.iter().map(|code| code.as_str());
    let findings = ProblemCode::ALL.iter().map(|code| code.as_str());
    let mut seen = HashSet::new();
    for code in own.chain(faults).chain(findings) {
        assert!(seen.insert(code), "{code} is there twice");
        assert!(
            code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
            "{code}"
        );
    }
}
