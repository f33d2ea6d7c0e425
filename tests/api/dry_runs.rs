//! What is only tried is checked as the real call is, and leaves nothing in any table.

use reqwest::Method;
use serde_json::{Value, json};

use super::audit::rows_but_of_reads as rows;
use super::support::TestApp;
use super::support::people::{Answer, Person, raise_body};

type Call<'a> = (Method, &'a str, &'a [(&'a str, &'a str)]);

/// Tries it and then does it: refused in the same way, or done as was foretold.
async fn foretold(
    app: &TestApp,
    by: &Person<'_>,
    (method, path, headers): Call<'_>,
    body: &Value,
    would: Option<(&str, u16)>,
) -> Answer {
    let database = app.database.superuser().await;
    let before = rows(&database).await;
    let dry = format!("{path}?dry_run=true");
    let tried = by.send(method.clone(), &dry, headers, body.to_string()).await;
    assert_eq!(rows(&database).await, before, "{path} {body}");
    let done = by.send(method, path, headers, body.to_string()).await;
    match would {
        Some((would, status)) => {
            assert_eq!((tried.status, done.status), (200, status), "{} {}", tried.text, done.text);
            assert_eq!((&tried.json["valid"], &tried.json["would"]), (&json!(true), &json!(would)));
            assert_eq!(tried.json.get("result"), done.json.get("result"));
            assert_eq!(tried.json.get("possible_duplicates"), done.json.get("possible_duplicates"));
            assert_eq!((tried.header("etag"), tried.header("location")), ("", ""));
        }
        None => {
            assert!(done.status >= 400, "{}", done.text);
            assert_eq!(tried.status, done.status, "{}", tried.text);
            assert_eq!(tried.problem(), done.problem());
            assert_eq!(tried.header("location"), done.header("location"));
        }
    }
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_tried_is_foretold_and_leaves_nothing() {
    let app = TestApp::start().await;
    let kind = [("content-type", "application/json")];
    let police = app.police();
    // A partnership's own keys are made by whatever needs them first, once; from here on a trial leaves nothing at all.
    police.raises(json!({"theme": "icpc_late"})).await;
    let named = json!({"source": "niche", "external_reference": "OCC-7"});
    let delay = json!({"timescale": "strategy_meeting", "started_at": "2026-11-16T15:10:00Z"});
    for (body, would) in [
        (raise_body(json!({"delay": delay})), Some(("create", 201))),
        (raise_body(json!({})), Some(("create", 201))),
        (raise_body(named.clone()), Some(("create", 201))),
        (raise_body(named), None),
        (raise_body(json!({"theme": "nonsense"})), None),
        (raise_body(json!({"desired_outcome": "Her number is 943 476 5919."})), None),
        (json!({}), None),
    ] {
        let post = (Method::POST, "/v1/escalations", kind.as_slice());
        foretold(&app, &police, post, &body, would).await;
    }
    let place = "/v1/sources/niche/escalations/OCC-1";
    for (changed, would) in [
        (json!({"source_version": 2}), Some(("create", 201))),
        (json!({"source_version": 2}), Some(("nothing", 200))),
        (json!({"source_version": 1, "theme": "icpc_late"}), Some(("nothing", 200))),
        (json!({"source_version": 3, "theme": "icpc_late"}), Some(("update", 200))),
        (json!({"concern": "Something else."}), None),
    ] {
        let put = (Method::PUT, place, kind.as_slice());
        foretold(&app, &police, put, &raise_body(changed), would).await;
    }
    let absent = [("content-type", "application/json"), ("if-none-match", "*")];
    let taken = (Method::PUT, place, absent.as_slice());
    foretold(&app, &police, taken, &raise_body(json!({})), None).await;
    let id = police.raises(json!({})).await;
    let one = format!("/v1/escalations/{id}");
    let patch =
        |tag: &'static str| [("content-type", "application/merge-patch+json"), ("if-match", tag)];
    let right = json!({"theme": "icpc_late", "reason": "That is what is late."});
    for (tag, body, would) in [
        ("\"1\"", &right, Some(("update", 200))),
        ("\"1\"", &right, None),
        ("\"2\"", &right, None),
        ("\"2\"", &json!({"theme": "other"}), None),
    ] {
        foretold(&app, &police, (Method::PATCH, &one, &patch(tag)), body, would).await;
    }
    // Neither who asks nor what they ask for is settled otherwise.
    for (client, status) in [("test-health", 404), ("test-auditor", 403)] {
        let by = app.person(client);
        let tag = patch("\"2\"");
        let done = foretold(&app, &by, (Method::PATCH, &one, &tag), &right, None).await;
        assert_eq!(done.status, status);
    }
    for query in ["dry_run=1", "dry_run", "dry_run=true&dry_run=true", "dryrun=true"] {
        let path = format!("/v1/escalations?{query}");
        let answer = police.post(&path, &raise_body(json!({}))).await.expect(400);
        assert_eq!(answer.problem().0, "invalid-parameter", "{query}");
    }
    police.post("/v1/escalations?dry_run=false", &raise_body(json!({}))).await.expect(201);
}
