//! Who is not heard: silence by chance, silence that wants asking, a word on record, and a connection that broke.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;

/// Weeks in which the health trust raises: 0.6 a week for 30 weeks from 2026-W02 on, the last of them not empty.
const PATTERN: [bool; 5] = [true, false, true, false, true];

/// 30 weeks as they were, up to the Sunday of 2026-W31.
async fn thirty_weeks(app: &TestApp) {
    for week in 0..30_i64 {
        if PATTERN[usize::try_from(week % 5).unwrap()] {
            app.clock.set("2026-01-07T10:00:00Z");
            app.clock.advance(jiff::SignedDuration::from_hours(week * 7 * 24));
            app.health().raises(json!({})).await;
        }
    }
}

/// What the review of a week says of an agency, and whether a notice is about it.
async fn said(app: &TestApp, week: &str, agency: &str) -> (Value, bool) {
    let review = app.director().get(&format!("/v1/reviews/{week}")).await.expect(200).json;
    let lines = review["agencies"].as_array().unwrap();
    let line = lines.iter().find(|it| it["code"] == agency).unwrap().clone();
    let notices = review["notices"].as_array().unwrap();
    (line, notices.iter().any(|it| it["agency"] == agency))
}

async fn states(app: &TestApp, week: &str) -> (String, bool) {
    let (line, noticed) = said(app, week, "health_community").await;
    assert_eq!(line["ask"], noticed, "{week} {line}");
    (line["hearing"].as_str().unwrap().to_owned(), noticed)
}

#[tokio::test(flavor = "multi_thread")]
async fn at_0_6_a_week_the_review_tells_the_fifth_empty_week_and_a_nil_return_answers_it() {
    let app = TestApp::start().await;
    thirty_weeks(&app).await;
    app.clock.set("2026-08-31T09:00:00Z");
    assert_eq!(states(&app, "2026-W35").await, ("too_few_to_tell".to_owned(), false), "the fourth");
    app.clock.set("2026-09-07T09:00:00Z");
    assert_eq!(states(&app, "2026-W35").await.0, "too_few_to_tell");
    assert_eq!(states(&app, "2026-W36").await, ("quiet".to_owned(), true), "the fifth");
    let (line, _) = said(&app, "2026-W36", "health_community").await;
    assert_eq!((&line["agreed_hours"], &line["nil_returns_in_a_row"]), (&Value::Null, &json!(0)));
    // Who never raised anything is told apart from who fell silent.
    let (police, _) = said(&app, "2026-W36", "valeshire_police").await;
    assert_eq!(police["hearing"], "never_reported");

    // Its word, given on the Friday, is known on the Monday; the fourth in a row is asked about.
    let path = "/v1/agencies/health_community/nil-returns";
    for (week, friday, monday, asked) in [
        (37, "2026-09-11", "2026-09-14", false),
        (38, "2026-09-18", "2026-09-21", false),
        (39, "2026-09-25", "2026-09-28", false),
        (40, "2026-10-02", "2026-10-05", true),
    ] {
        app.clock.set(&format!("{friday}T15:00:00Z"));
        let body = json!({"week": format!("2026-W{week}"), "signed_as": "Named nurse"});
        let given = app.health().post(path, &body).await.expect(201).json;
        assert_eq!(given["recorded_at"], format!("{friday}T15:00:00Z"));
        app.clock.set(&format!("{monday}T09:00:00Z"));
        let week = format!("2026-W{week}");
        assert_eq!(states(&app, &week).await, ("nil_return".to_owned(), asked), "{week}");
        assert_eq!(given["week"], week);
    }
    let (line, _) = said(&app, "2026-W40", "health_community").await;
    assert_eq!(line["nil_returns_in_a_row"], 4);
    assert!(line["meaning"].as_str().unwrap().contains("4 weeks in a row"), "{line}");
    // One that comes after the data were taken is known in none of its figures, and changes no earlier week.
    app.clock.set("2026-10-12T09:00:00Z");
    let late = json!({"week": "2026-W41", "signed_as": "Named nurse"});
    app.health().post(path, &late).await.expect(201);
    assert_eq!(states(&app, "2026-W41").await.0, "quiet");
    assert_eq!(states(&app, "2026-W36").await.0, "quiet");
    let listed = app.person("test-analyst").get(path).await.expect(200).json;
    let weeks: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|it| it["week"].as_str().unwrap()).collect();
    assert_eq!(weeks, ["2026-W41", "2026-W40", "2026-W39", "2026-W38", "2026-W37"]);
    assert_eq!(listed["items"][0]["agency"], "health_community");
    // What it raises later for such a week counts before its word.
    let raised = json!({"raised_at": "2026-10-08T10:00:00Z"});
    app.health().raises(raised).await;
    app.clock.set("2026-10-19T09:00:00Z");
    assert_eq!(said(&app, "2026-W42", "health_community").await.0["nil_returns_in_a_row"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_stopped_is_never_called_silent_and_only_an_agreed_one_can_stop() {
    let app = TestApp::start().await;
    thirty_weeks(&app).await;
    // Months of silence cut nobody off who never agreed to be heard.
    app.clock.set("2026-10-09T12:00:00Z");
    let path = "/v1/agencies/health_community/feed-agreements";
    let agreed = json!({"state": "agreed", "reason": "A nightly transfer was agreed."});
    let stated = app.director().post(path, &agreed).await.expect(201).json;
    assert_eq!(
        (&stated["version"], &stated["every_hours"], &stated["recorded_by_role"]),
        (&json!(1), &json!(24), &json!("director"))
    );
    app.clock.set("2026-10-12T09:00:00Z");
    assert_eq!(
        states(&app, "2026-W41").await.0,
        "quiet",
        "less than three days after it was agreed"
    );
    app.clock.set("2026-10-19T09:00:00Z");
    assert_eq!(states(&app, "2026-W42").await, ("not_connected".to_owned(), true));
    let (line, _) = said(&app, "2026-W42", "health_community").await;
    assert_eq!(line["agreed_hours"], 24);
    assert!(!line["meaning"].as_str().unwrap().contains("Nothing raised"), "{line}");
    // A nil return is a person's word: the connection is as broken as before.
    let nil = json!({"week": "2026-W43", "signed_as": "Named nurse"});
    app.clock.set("2026-10-23T12:00:00Z");
    app.health().post("/v1/agencies/Health visiting/nil-returns", &nil).await.expect(404);
    app.health().post("/v1/agencies/health_community/nil-returns", &nil).await.expect(201);
    app.clock.set("2026-10-26T09:00:00Z");
    assert_eq!(states(&app, "2026-W43").await.0, "not_connected");
    // One heartbeat, and it is what it was without any: silent. Said twice within an hour it is kept once.
    app.clock.set("2026-10-30T12:00:00Z");
    for minutes in [0, 5] {
        app.clock.advance(jiff::SignedDuration::from_mins(minutes));
        let heard = app.health().send(Method::POST, "/v1/heartbeat", &[], "").await.expect(200);
        assert_eq!(heard.json["heard_at"], app.deps.clock.now().to_string());
    }
    let database = app.database.superuser().await;
    let kept = database.query_one("select count(*) from heartbeat", &[]).await.unwrap();
    assert_eq!(kept.get::<_, i64>(0), 1);
    app.clock.set("2026-11-02T09:00:00Z");
    assert_eq!(states(&app, "2026-W44").await.0, "quiet", "heard less than three days ago");
    assert_eq!(states(&app, "2026-W42").await.0, "not_connected", "as it was known then");
    assert_eq!(
        said(&app, "2026-W44", "health_community").await.0["last_contact"],
        "2026-10-30T12:00:00Z"
    );
    // A commendation is a contact like any other call that records something.
    app.clock.set("2026-11-08T12:00:00Z");
    let body = json!({"about_agency": "anyborough_cs", "theme": "icpc_late"});
    app.health().post("/v1/commendations", &body).await.expect(201);
    app.clock.set("2026-11-16T09:00:00Z");
    assert_eq!(states(&app, "2026-W45").await.0, "quiet");
    assert_eq!(states(&app, "2026-W46").await.0, "not_connected");
    // A week's patience, and then the agreement ends: its people use the pages.
    let weekly = json!({"state": "agreed", "every_hours": 168, "reason": "Weekly is enough."});
    app.person("test-service_lead").post(path, &weekly).await.expect(201);
    let now = "/v1/reviews/2026-W46?as_of=2026-11-16T09:00:00Z";
    let review = app.director().get(now).await.expect(200).json;
    let line = |review: &Value| {
        let lines = review["agencies"].as_array().unwrap();
        lines.iter().find(|it| it["code"] == "health_community").unwrap()["hearing"].clone()
    };
    assert_eq!(line(&review), "quiet");
    app.clock.set("2026-12-21T09:00:00Z");
    assert_eq!(states(&app, "2026-W51").await.0, "not_connected");
    let ended = json!({"state": "ended", "reason": "They type."});
    app.director().post(path, &ended).await.expect(201);
    app.clock.set("2026-12-28T09:00:00Z");
    assert_eq!(states(&app, "2026-W52").await.0, "quiet");
    let all = app.health().get(path).await.expect(200).json;
    let told: Vec<(&Value, &Value)> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["state"], &it["every_hours"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("agreed"), &json!(24)),
            (&json!("agreed"), &json!(168)),
            (&json!("ended"), &Value::Null)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nil_return_is_the_agencys_own_once_for_a_week_and_against_no_fact() {
    let app = TestApp::start().await;
    let path = "/v1/agencies/valeshire_police/nil-returns";
    let body = json!({"week": "2026-W46", "signed_as": "Detective sergeant"});
    let first = app.police().post(path, &body).await.expect(201).json;
    // Sent again, also by somebody else, the first word stands.
    let other = json!({"week": "2026-W46", "signed_as": "Inspector"});
    assert_eq!(app.colleague("test-police").post(path, &other).await.expect(200).json, first);
    // An alias is the same agency.
    assert_eq!(
        app.police().post("/v1/agencies/Police/nil-returns", &body).await.expect(200).json,
        first
    );
    for (client, path, status) in [
        ("test-health", path, 404),
        ("test-police", "/v1/agencies/health_community/nil-returns", 404),
        ("test-police", "/v1/agencies/nobody/nil-returns", 404),
        ("test-director", path, 403),
        ("test-service_lead", path, 403),
    ] {
        app.person(client).post(path, &body).await.expect(status);
    }
    app.health().get(path).await.expect(404);
    app.person("test-operator").get(path).await.expect(403);
    app.person("else-police").get(path).await.expect(404);

    app.police().raises(json!({"raised_at": "2026-11-05T10:00:00Z"})).await;
    for (changed, wanted, advice) in [
        (json!({"week": "2026-W45"}), ("#/week", "inconsistent"), "raised something in this week"),
        (json!({"week": "2026-W47"}), ("#/week", "in_future"), "from 2026-11-20 on"),
        (json!({"week": "2027-W60"}), ("#/week", "invalid_week"), "2026-W14"),
        (
            json!({"signed_as": "Ring NHS number 999 000 0018"}),
            ("#/signed_as", "personal_data"),
            "reference",
        ),
    ] {
        let mut wrong = json!({"week": "2026-W44", "signed_as": "Inspector"});
        for (name, value) in changed.as_object().unwrap() {
            wrong[name] = value.clone();
        }
        let answer = app.police().post(path, &wrong).await.expect(422);
        assert_eq!(answer.problem().1, [(wanted.0.to_owned(), wanted.1.to_owned())], "{changed}");
        assert!(answer.text.contains(advice) && !answer.text.contains("999"), "{}", answer.text);
    }
    let both = json!({"week": "2026-W45", "signed_as": "NHS number 999 000 0018"});
    assert_eq!(app.police().post(path, &both).await.expect(422).problem().1.len(), 2);

    // Agreements: by those who review, and an end has no interval.
    let path = "/v1/agencies/valeshire_police/feed-agreements";
    let wrong = json!({"state": "ended", "every_hours": 24, "reason": "NHS number 999 000 0018"});
    let answer = app.director().post(path, &wrong).await.expect(422);
    assert_eq!(answer.problem().1.len(), 2, "{}", answer.text);
    let agreed = json!({"state": "agreed", "reason": "Agreed."});
    for client in ["test-police", "test-analyst", "test-auditor"] {
        app.person(client).post(path, &agreed).await.expect(403);
    }
    app.director().post("/v1/agencies/nobody/feed-agreements", &agreed).await.expect(404);
    app.health().get(path).await.expect(404);
    app.director().send(Method::POST, "/v1/heartbeat", &[], "").await.expect(403);
}
