//! Who gets in, by role and by instance.

use super::*;
use crate::token::TokenRecord;
use axum::Router;
use axum::body::Body;
use http::header::WWW_AUTHENTICATE;
use tower::ServiceExt as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[utoipa::path(get, path = "/instances/{instance}/thing")]
async fn named() {}

#[utoipa::path(get, path = "/things")]
async fn some() {}

#[utoipa::path(get, path = "/host")]
async fn all() {}

fn routes_for(role: Role) -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(least(role, Reach::Named, routes!(named)))
        .routes(least(role, Reach::Some, routes!(some)))
        .routes(least(role, Reach::All, routes!(all)))
}

fn holder(role: Role, instances: Option<&[&str]>) -> Authentication {
    let record = serde_json::json!({
        "id": "0123456789abcdef", "name": "t", "role": role, "instances": instances,
        "createdAt": 0, "expiresAt": null, "secretHash": "0".repeat(64),
    });
    let record: TokenRecord = serde_json::from_value(record).unwrap();
    Authentication(Ok(Caller::Holder(Arc::new(record))))
}

/// The status, and the problem's code if there is one.
async fn get(least: Role, path: &str, who: Option<Authentication>) -> (u16, String) {
    let router: Router = routes_for(least).into();
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    if let Some(who) = who {
        request.extensions_mut().insert(who);
    }
    let response = router.oneshot(request).await.unwrap();
    let code = response
        .extensions()
        .get::<Problem>()
        .map(|problem| problem.code().to_owned());
    (response.status().as_u16(), code.unwrap_or_default())
}

#[tokio::test]
async fn each_role_may_what_lesser_roles_may_and_no_more() {
    for least in Role::ALL {
        for had in Role::ALL {
            let (status, code) = get(least, "/host", Some(holder(had, None))).await;
            if had >= least {
                assert_eq!(status, 200, "{had} where {least} is enough");
            } else {
                assert_eq!(
                    (status, &*code),
                    (403, "role-too-low"),
                    "{had} where {least} is needed"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_limited_token_reaches_its_instances_and_nothing_of_the_host() {
    let who = || Some(holder(Role::Admin, Some(&["mine"])));
    for (path, status, code) in [
        ("/instances/mine/thing", 200, ""),
        ("/instances/other/thing", 403, "wrong-instance"),
        ("/instances/m%69ne/thing", 200, ""),
        ("/instances/mine%2Fx/thing", 403, "wrong-instance"),
        ("/things", 200, ""),
        ("/host", 403, "wrong-instance"),
    ] {
        assert_eq!(
            get(Role::Viewer, path, who()).await,
            (status, code.to_owned()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_valid_token() {
    for (who, code) in [
        (None, "no-token"),
        (Some(Authentication(Err(NoCaller::NoToken))), "no-token"),
        (
            Some(Authentication(Err(NoCaller::Bad(BadToken::Unknown)))),
            "invalid-token",
        ),
        (
            Some(Authentication(Err(NoCaller::Bad(BadToken::Expired)))),
            "expired-token",
        ),
    ] {
        for path in ["/instances/mine/thing", "/things", "/host"] {
            assert_eq!(
                get(Role::Viewer, path, who.clone()).await,
                (401, code.to_owned())
            );
        }
    }
}

#[test]
fn every_refusal_for_want_of_a_token_asks_for_one() {
    let reasons = [
        NoCaller::NoToken,
        NoCaller::Bad(BadToken::Unknown),
        NoCaller::Bad(BadToken::Expired),
    ];
    for reason in reasons {
        let response = unauthorized(reason).into_response();
        let challenge = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.starts_with("Bearer "), "{challenge}");
    }
}

#[test]
fn a_token_comes_in_the_authorization_header_with_the_bearer_scheme() {
    let sent = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        bearer(&headers).map(str::to_owned)
    };
    assert_eq!(sent("Bearer abc"), Some("abc".to_owned()));
    assert_eq!(sent("bearer  abc "), Some("abc".to_owned()));
    for other in ["abc", "Basic abc", "Bearer"] {
        assert_eq!(sent(other), None, "{other}");
    }
}

#[test]
fn the_document_names_the_role_that_is_checked() {
    for role in Role::ALL {
        let document = routes_for(role).into_openapi();
        for item in document.paths.paths.values() {
            let operation = item.get.as_ref().unwrap();
            assert_eq!(operation.extensions.as_ref().unwrap()[ROLE], role.as_str());
            assert_eq!(operation.security.as_ref().unwrap().len(), 1);
        }
    }
}
