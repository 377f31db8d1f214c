//! Deploys, revisions, rollback, enabling.

use crate::{flow_path, server};
use serde_json::json;
use weft_tests::Flow;

fn versioned(text: &str) -> Flow {
    let set = json!({ "rules": [{ "t": "set", "p": "payload", "to": text }] });
    Flow::http("versioned", "GET", "/versioned", &[("set", "change", set)])
}

#[test]
fn revisions_count_up_and_a_rollback_is_a_new_one() {
    let server = server();
    let (api, path) = (server.api(), flow_path("versioned"));
    assert_eq!(server.deploy("default", &versioned("one"))["revision"], 1);
    assert_eq!(server.deploy("default", &versioned("two"))["revision"], 2);
    assert_eq!(server.get("/default/versioned").expect(200).text(), "two");
    let back = api
        .post(&format!("{path}/rollback"), &json!({ "revision": 1 }))
        .expect(200)
        .json();
    assert_eq!(back["revision"], 3);
    assert_eq!(server.get("/default/versioned").expect(200).text(), "one");
    let draft = api.get(&path).expect(200).json();
    assert_eq!(
        draft["nodes"][1]["config"]["rules"][0]["to"], "two",
        "the draft stays as it is"
    );

    let revisions = api.get(&format!("{path}/revisions")).expect(200).json();
    let numbers: Vec<_> = revisions
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["revision"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    let live: Vec<_> = revisions
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["live"] == true)
        .collect();
    assert_eq!(
        (live.len(), &live[0]["revision"]),
        (1, &json!(3)),
        "{revisions}"
    );
    let first = api.get(&format!("{path}/revisions/1")).expect(200).json();
    assert_eq!(
        first["document"]["nodes"][1]["config"]["rules"][0]["to"],
        "one"
    );
    api.get(&format!("{path}/revisions/9"))
        .problem(404, "not-found");
    api.post(&format!("{path}/rollback"), &json!({ "revision": 9 }))
        .problem(404, "not-found");
}

#[test]
fn a_saved_draft_changes_nothing_before_its_deploy() {
    let server = server();
    let text = |text: &str| {
        Flow::http(
            "lived",
            "GET",
            "/lived",
            &[(
                "set",
                "change",
                json!({ "rules": [{ "t": "set", "p": "payload", "to": text }] }),
            )],
        )
    };
    server.deploy("default", &text("live"));
    server
        .api()
        .put(&flow_path("lived"), &text("draft").document())
        .expect(200);
    assert_eq!(server.get("/default/lived").expect(200).text(), "live");
    let listed = server
        .api()
        .get("/instances/default/flows")
        .expect(200)
        .json();
    let flow = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["id"] == "lived")
        .unwrap();
    assert_eq!(
        (&flow["draftDiffers"], &flow["revision"], &flow["enabled"]),
        (&json!(true), &json!(1), &json!(true))
    );
}

#[test]
fn a_disabled_flow_does_not_answer_until_it_is_enabled() {
    let server = server();
    let (api, path) = (server.api(), flow_path("switched"));
    server.deploy("default", &Flow::http("switched", "GET", "/switched", &[]));
    let off = api
        .post(&format!("{path}/disable"), &json!({}))
        .expect(200)
        .json();
    assert_eq!(off["enabled"], false);
    server.get("/default/switched").problem(404, "not-found");
    let on = api
        .post(&format!("{path}/enable"), &json!({}))
        .expect(200)
        .json();
    assert_eq!(on["enabled"], true);
    server.get("/default/switched").expect(200);
    api.put(&flow_path("never"), &Flow::new("never").document())
        .expect(201);
    api.post(&format!("{}/enable", flow_path("never")), &json!({}))
        .problem(409, "not-deployed");
}

#[test]
fn a_deleted_flow_is_gone_with_its_revisions() {
    let server = server();
    let (api, path) = (server.api(), flow_path("gone"));
    server.deploy("default", &Flow::http("gone", "GET", "/gone", &[]));
    api.delete(&path).expect(204);
    server.get("/default/gone").problem(404, "not-found");
    for path in [
        path.clone(),
        format!("{path}/revisions"),
        format!("{path}/revisions/1"),
    ] {
        api.get(&path).problem(404, "not-found");
    }
    api.delete(&path).problem(404, "not-found");
}
