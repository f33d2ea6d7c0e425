//! Bad inputs that are only bad in their place: repeated references, old versions, states that do not allow an act.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use super::bad_input::{assert_fault, assert_problem, rows};
use super::bad_input_cases::{MARKER, valid, with};
use super::support::TestApp;
use super::support::people::resolve_body;

#[tokio::test(flavor = "multi_thread")]
async fn one_child_is_found_however_its_reference_was_typed() {
    let app = TestApp::start().await;
    // B77: full-width, blanks and hyphens of several kinds, lower case.
    let typed = [
        "SYN100234",
        "syn100234",
        "ＳＹＮ１００２３４",
        "SYN-100 234",
        "SYN\u{2011}100\u{A0}234",
        " SYN100234 ",
    ];
    let mut ids = BTreeSet::new();
    for value in typed {
        let children = json!([{"scheme": "la_child_id", "value": value}]);
        let raised = app
            .police()
            .post("/v1/escalations", &with("/child_references", children))
            .await
            .expect(201);
        assert_eq!(raised.json["child_references"][0]["value"], "SYN100234", "{value}");
        ids.insert(raised.id());
    }
    for value in typed {
        let search = json!({"child_reference": {"scheme": "la_child_id", "value": value}});
        let found = app.police().post("/v1/searches", &search).await.expect(200).json;
        let found = found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned());
        assert_eq!(found.collect::<BTreeSet<_>>(), ids, "{value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_use_of_an_external_reference_tells_where_the_first_one_is() {
    let app = TestApp::start().await;
    let client = app.database.superuser().await;
    let mut body = valid();
    body["source"] = json!("niche");
    body["external_reference"] = json!("OCC-2026-118");
    let first = app.police().post("/v1/escalations", &body).await.expect(201);
    let before = rows(&client).await;
    let second = app.police().post("/v1/escalations", &body).await.expect(409); // B93
    assert_problem(&second, "B93");
    assert_eq!(second.problem().0, "duplicate-external-reference");
    assert_eq!(second.header("location"), first.header("location"));
    assert_eq!(rows(&client).await, before);
    // Another agency's references, and those of another source, are their own.
    app.health().post("/v1/escalations", &body).await.expect(201);
    body["source"] = json!("niche2");
    app.police().post("/v1/escalations", &body).await.expect(201);
    body.as_object_mut().unwrap().remove("source");
    let answer = app.police().post("/v1/escalations", &body).await.expect(422);
    assert_fault(
        &answer,
        "validation-failed",
        "#/source",
        "required",
        "a reference without its source",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn corrections_need_the_present_version_and_right_members() {
    let app = TestApp::start().await;
    let client = app.database.superuser().await;
    let id = app.police().raises(json!({})).await;
    app.police()
        .patch(
            &format!("/v1/escalations/{id}"),
            1,
            &json!({"theme": "icpc_late", "reason": "Slip."}),
        )
        .await
        .expect(200);
    let before = rows(&client).await;
    let path = format!("/v1/escalations/{id}");
    let body = json!({"theme": "other", "reason": MARKER}).to_string();
    let patch = ("content-type", "application/merge-patch+json");
    for (tag, status, slug) in [
        (None, 428, "precondition-required"), // B94
        (Some("\"1\""), 412, "precondition-failed"),
        (Some("W/\"2\""), 412, "precondition-failed"),
        (Some("*"), 428, "precondition-required"),
        (Some("2"), 400, "invalid-header"), // B95
        (Some("\"2"), 400, "invalid-header"),
    ] {
        let mut headers = vec![patch];
        headers.extend(tag.map(|tag| ("if-match", tag)));
        let answer = app.police().send(Method::PATCH, &path, &headers, body.clone()).await;
        assert_eq!((answer.status, answer.problem().0.as_str()), (status, slug), "{tag:?}");
        assert_problem(&answer, slug);
    }
    for (body, pointer, code) in [
        (json!({"theme": "other", "reason": null}), "#/reason", "required"), // B96
        (json!({"theme": "other"}), "#/reason", "required"),
        (json!({"theme": null, "reason": "x"}), "#/theme", "required"),
        (json!({"urgency": null, "theme": "other", "reason": "x"}), "#/urgency", "required"),
        (json!({"delay": null, "theme": "other", "reason": "x"}), "#/delay", "not_permitted"),
        (json!({"theme": "icpc_late", "reason": "The same."}), "#", "required"),
        (json!({"status": "resolved", "reason": "x"}), "#/status", "read_only_field"),
        (
            json!({"raised_with_agency": "anyborough_cs", "reason": "x"}),
            "#/raised_with_agency",
            "unknown_field",
        ),
        (json!({"theme": MARKER, "reason": "x"}), "#/theme", "unknown_reference"),
        (
            json!({"delay": {"timescale": MARKER, "started_at": "2026-11-16T09:00:00Z"}, "reason": "x"}),
            "#/delay/timescale",
            "unknown_reference",
        ),
    ] {
        let answer = app.police().patch(&path, 2, &body).await.expect(422);
        assert_fault(&answer, "validation-failed", pointer, code, &body.to_string());
        assert_problem(&answer, pointer);
    }
    assert_eq!(rows(&client).await, before);
    // B95: a trace that cannot be read is nobody's error.
    let trace = [("traceparent", "nonsense"), ("tracestate", "=,=")];
    app.police().send(Method::GET, &path, &trace, "").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_state_does_not_allow_is_a_conflict_and_changes_nothing() {
    let app = TestApp::start().await;
    let client = app.database.superuser().await;
    let id = app.police().raises(json!({})).await;
    app.childrens_services().agrees(&id).await;
    app.police().accepts(&id).await;
    app.childrens_services().resolves(&id).await;
    let top = app.police().raises(json!({"stage": 4, "skip_reason": "Tried before."})).await;
    let accepted = app.police().raises(json!({})).await;
    app.childrens_services().agrees(&accepted).await;
    app.police().accepts(&accepted).await;
    let before = rows(&client).await;
    let reason = json!({"reason": MARKER});
    for (who, id, act, body) in [
        ("test-cs", &id, "acknowledgement", json!({})), // B97
        ("test-police", &id, "withdrawal", json!({"why": "other", "reason": "It is over."})),
        ("test-cs", &id, "resolution", resolve_body()),
        ("test-police", &accepted, "resolution", resolve_body()),
        ("test-police", &top, "advance", reason),
    ] {
        let answer =
            app.person(who).post(&format!("/v1/escalations/{id}/{act}"), &body).await.expect(409);
        assert_problem(&answer, act);
        assert_eq!(answer.problem().0, "invalid-transition");
        assert!(answer.json["possible_acts"].as_array().unwrap().contains(&json!("note")));
    }
    assert_eq!(rows(&client).await, before);
}

/// B129: neither what somebody else raised nor what they raised under a key.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_nothing_that_its_sender_may_not_see() {
    let app = TestApp::start().await;
    let client = app.database.superuser().await;
    let keyed = [("content-type", "application/json"), ("idempotency-key", "key-1")];
    let body = valid().to_string();
    let theirs =
        app.health().send(Method::POST, "/v1/escalations", &keyed, body.clone()).await.expect(201);
    let own = app.police().send(Method::POST, "/v1/escalations", &keyed, body).await.expect(201);
    assert_ne!(own.id(), theirs.id());
    let before = rows(&client).await;
    for (act, body) in [("notes", json!({"note": MARKER})), ("withdrawal", json!({"why": "other"}))]
    {
        for id in [theirs.id(), "01900000-0000-7000-8000-000000000000".to_owned()] {
            let path = format!("/v1/escalations/{id}/{act}");
            let answer =
                app.police().send(Method::POST, &path, &keyed, body.to_string()).await.expect(404);
            assert_eq!(answer.problem().0, "not-found");
            assert_problem(&answer, act);
        }
    }
    assert_eq!(rows(&client).await, before);
}
