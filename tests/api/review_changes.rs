//! What changed since a week was signed: exactly the records that change it, and not a byte of what was signed.

use reqwest::Method;
use serde_json::{Value, json};

use super::review::signs;
use super::sessions::{signed_in, start};
use super::support::TestApp;
use super::support::people::{Person, resolve_body};

const WEEK: &str = "/v1/reviews/2026-W47";

async fn sign(app: &TestApp) -> String {
    let draft = app.director().get(WEEK).await.expect(200);
    signs(app, "test-director", &draft, json!({})).await.expect(201);
    draft.text
}

async fn changes(app: &TestApp) -> Value {
    app.director().get(&format!("{WEEK}/changes")).await.expect(200).json
}

/// The kinds of record that are listed, with the last part of their references' order of raising.
fn listed(changes: &Value) -> Vec<(String, String)> {
    let records = changes["records"].as_array().unwrap().iter();
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    records.map(|it| (text(&it["escalation"]), text(&it["what"]))).collect()
}

fn figure<'a>(changes: &'a Value, name: &str) -> Option<&'a Value> {
    changes["figures"].as_array().unwrap().iter().find(|it| it["figure"] == name)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_late_record_is_listed_with_what_it_changes_and_nothing_else_is() {
    let app = start().await;
    app.clock.set("2026-11-16T09:00:00Z");
    let corrected = app.police().raises(json!({})).await;
    let resolved = app.police().raises(json!({})).await;
    app.childrens_services().agrees(&resolved).await;
    app.police().accepts(&resolved).await;
    let redirected = app.police().raises(json!({})).await;
    let later = app.police().raises(json!({})).await;
    app.police().raises(json!({})).await;
    app.director().get(&format!("{WEEK}/changes")).await.expect(404);
    app.clock.set("2026-11-23T09:00:00Z");
    let signed = sign(&app).await;
    let none = changes(&app).await;
    assert_eq!((&none["records"], &none["figures"]), (&json!([]), &json!([])));
    assert_eq!(none["signed_data_to"], "2026-11-23T06:00:00Z");

    app.clock.set("2026-11-24T09:00:00Z");
    // What goes on after the week changes nothing of it.
    app.childrens_services().agrees(&later).await;
    app.police().accepts(&later).await;
    app.childrens_services().acts(&later, "resolution", resolve_body()).await;
    app.police().raises(json!({})).await;
    app.police().acts(&corrected, "notes", json!({"note": "Rang again."})).await;
    assert_eq!(listed(&changes(&app).await), []);

    // A record that arrives late.
    let late = app.police().raises(json!({"raised_at": "2026-11-19T10:00:00Z"})).await;
    // Another theme.
    let right = json!({"theme": "icpc_late", "reason": "It was the conference."});
    let version = app.police().get(&format!("/v1/escalations/{corrected}")).await.json["version"]
        .as_i64()
        .unwrap();
    app.police().patch(&format!("/v1/escalations/{corrected}"), version, &right).await.expect(200);
    // An ending that happened in the week and was written down after it.
    let mut ended = resolve_body();
    ended["occurred_at"] = json!("2026-11-20T15:00:00Z");
    app.childrens_services().acts(&resolved, "resolution", ended).await;
    // Another agency that must answer.
    let other = json!({"agency": "health_community", "reason": "It is theirs."});
    app.childrens_services().acts(&redirected, "redirection", other).await;
    let found = changes(&app).await;
    let mut all = listed(&found);
    all.sort();
    let mut expected = vec![
        (late, "raised"),
        (corrected, "corrected"),
        (resolved.clone(), "resolved"),
        (redirected, "redirected"),
    ]
    .into_iter()
    .map(|(id, what)| (id, what.to_owned()))
    .collect::<Vec<_>>();
    expected.sort();
    assert_eq!(all, expected, "{found}");
    for (name, signed, now) in [
        ("tiles.new.value", 5.0, 6.0),
        ("tiles.open.value", 5.0, 5.0),
        ("reconciliation.ended", 0.0, 1.0),
        ("tiles.median_days.n", 0.0, 1.0),
        ("asked.total", 5.0, 6.0),
    ] {
        match figure(&found, name) {
            None => assert_eq!(json!(signed), json!(now), "{name} {found}"),
            Some(it) => {
                assert_eq!((&it["signed"], &it["now"]), (&json!(signed), &json!(now)), "{name}");
                assert_eq!(it["difference"], json!(now - signed), "{name}");
            }
        }
    }
    // What is now is what the review says when it is asked what is known now.
    let now = found["known_at"].as_str().unwrap();
    let known = app.director().get(&format!("{WEEK}?as_of={now}")).await.expect(200).json;
    assert_eq!(known["tiles"]["new"]["value"], 6);
    // Opened again, as of the week.
    app.clock.set("2026-11-25T09:00:00Z");
    let again = json!({"reason": "It was not done.", "occurred_at": "2026-11-21T09:00:00Z"});
    app.police().acts(&resolved, "reopening", again).await;
    let found = changes(&app).await;
    assert!(listed(&found).contains(&(resolved, "reopened".to_owned())), "{found}");
    assert_eq!(figure(&found, "reconciliation.reopened").unwrap()["now"], 1.0);
    // Not a byte of what was signed moved by any of it, however it is asked for.
    for path in [WEEK.to_owned(), format!("{WEEK}/sign-offs/1")] {
        assert_eq!(app.director().get(&path).await.expect(200).text, signed, "{path}");
    }

    // The page says so, and leads to the list.
    let mut director = signed_in(&app, "test-director").await;
    let page = director.get(&format!("{}/review/2026-W47", app.url)).await.expect(200).text;
    assert!(page.contains("5 records changed since sign-off."), "{page}");
    assert!(page.contains("1 record arrived since"), "{page}");
    let list = director.get(&format!("{}/review/2026-W47/changes", app.url)).await.expect(200).text;
    for part in ["raised, and received late", "corrected", "resolved", "reopened", "New this week"]
    {
        assert!(list.contains(part), "{part}: {list}");
    }
    // Restated: both versions stay readable, and the page says which is which.
    let draft = app.director().get(&format!("{WEEK}?as_of=2026-11-25T09:00:00Z")).await.expect(200);
    let again = json!({"reason": "Five records came late."});
    signs(&app, "test-director", &draft, again).await.expect(201);
    let path = format!("{WEEK}/sign-offs");
    assert_eq!(listed(&changes(&app).await), [], "nothing since the second signature");
    assert_eq!(app.director().get(&format!("{path}/1")).await.expect(200).text, signed);
    assert_eq!(app.director().get(&format!("{path}/2")).await.expect(200).text, draft.text);
    for wrong in ["0", "3", "01", "x"] {
        app.director().get(&format!("{path}/{wrong}")).await.expect(404);
    }
    let page = director.get(&format!("{}/review/2026-W47", app.url)).await.expect(200).text;
    assert!(page.contains("Restatement") && page.contains("Five records came late."), "{page}");
    assert!(page.contains("/review/2026-W47?version=1"), "{page}");
    let first =
        director.get(&format!("{}/review/2026-W47?version=1", app.url)).await.expect(200).text;
    assert!(first.contains("Earlier version"), "{first}");
    let json =
        director.get(&format!("{}/review/2026-W47.json?version=1", app.url)).await.expect(200);
    assert_eq!(json.text, signed);
    director.get(&format!("{}/review/2026-W47?version=3", app.url)).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_after_the_signature_is_listed_like_a_record() {
    let app = start().await;
    app.clock.set("2026-11-16T09:00:00Z");
    let id = app.police().raises(json!({})).await;
    app.police().raises(json!({})).await;
    let why = json!({"why": "raised_in_error", "reason": "Twice."});
    app.police().acts(&id, "withdrawal", why).await;
    app.clock.set("2026-11-23T09:00:00Z");
    let signed = sign(&app).await;

    app.clock.set("2026-11-24T09:00:00Z");
    let (lead, director) = (app.person("test-service_lead"), app.director());
    let decides = async |by: &Person<'_>, step: &str, body: &str| {
        let path = format!("/v1/escalations/{id}/{step}");
        let json = [("content-type", "application/json")];
        let headers = if body.is_empty() { &[][..] } else { &json[..] };
        by.send(Method::POST, &path, headers, body.to_owned()).await.expect(200);
    };
    decides(&lead, "exclusion-proposal", r#"{"reason": "recorded_twice"}"#).await;
    assert_eq!(listed(&changes(&app).await), [], "proposed is not decided");
    decides(&director, "exclusion", "").await;
    let found = changes(&app).await;
    assert_eq!(listed(&found), [(id.clone(), "left_out".to_owned())]);
    let record = &found["records"][0];
    assert_eq!((&record["version"], &record["changes_figures"]), (&Value::Null, &json!(true)));
    assert_eq!(record["occurred_at"], record["recorded_at"]);
    for (name, signed, now) in [
        ("tiles.new.value", 2.0, 1.0),
        ("excluded", 0.0, 1.0),
        ("reconciliation.ended", 1.0, 0.0),
        ("asked.total", 2.0, 1.0),
    ] {
        let it = figure(&found, name).unwrap_or_else(|| panic!("{name}: {found}"));
        assert_eq!((&it["signed"], &it["now"]), (&json!(signed), &json!(now)), "{name}");
    }
    assert_eq!(app.director().get(WEEK).await.expect(200).text, signed);
    let mut browser = signed_in(&app, "test-director").await;
    let list = browser.get(&format!("{}/review/2026-W47/changes", app.url)).await.expect(200).text;
    assert!(list.contains("left out of the figures"), "{list}");

    // Taken back, both decisions are told, and every figure is as it was signed.
    app.clock.set("2026-11-24T10:00:00Z");
    decides(&director, "inclusion", "").await;
    let found = changes(&app).await;
    let expected = ["left_out", "counted_again"].map(|what| (id.clone(), what.to_owned()));
    assert_eq!((listed(&found), &found["figures"]), (expected.to_vec(), &json!([])));
}
