//! What holds for all answers.

use crate::server;
use weft_tests::Request;

#[test]
fn every_answer_has_the_request_id_it_was_given_or_one_of_its_own() {
    let server = server();
    let paths = [
        ("/api/v1/instances", server.admin),
        ("/nothing", server.admin),
        ("/default/hello", server.listen),
        ("/nothing", server.listen),
    ];
    for (path, address) in paths {
        let given = Request::get(path)
            .header("x-request-id", "Order-42_a.b")
            .send(address);
        assert_eq!(given.header("x-request-id"), Some("Order-42_a.b"), "{path}");
        let own = Request::get(path).send(address);
        let id = own.header("x-request-id").unwrap();
        assert!(id.len() >= 16, "{path}: {id}");
        let other = Request::get(path).send(address);
        assert_ne!(other.header("x-request-id"), Some(id), "{path}");
        for bad in ["has space", "x".repeat(65).as_str(), "<script>"] {
            let answer = Request::get(path).header("x-request-id", bad).send(address);
            assert_ne!(answer.header("x-request-id"), Some(bad), "{path}");
        }
    }
}

#[test]
fn answers_are_not_sniffed_and_not_stored() {
    for path in ["/instances", "/nothing"] {
        let answer = server().api().get(path);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn health_readiness_and_metrics_need_no_token() {
    let server = server();
    let healthy = Request::get("/healthz").send(server.admin).expect(200);
    assert_eq!(healthy.text().trim(), "ok");
    let ready = Request::get("/readyz")
        .send(server.admin)
        .expect(200)
        .json();
    assert_eq!(ready["ready"], true, "{ready}");
    let metrics = Request::get("/metrics").send(server.admin).expect(200);
    assert!(metrics.text().ends_with("# EOF\n"), "{}", metrics.text());
}

#[test]
fn an_unknown_address_is_404_and_a_wrong_method_405_with_allow() {
    let api = server().api();
    api.get("/nothing/here").problem(404, "not-found");
    Request::get("/")
        .send(api.address)
        .problem(404, "not-found");
    let answer = api.delete("/instances");
    let mut allowed: Vec<_> = answer
        .header("allow")
        .unwrap()
        .split(',')
        .map(str::trim)
        .collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    answer.problem(405, "method-not-allowed");
}
