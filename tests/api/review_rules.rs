//! What people decide about the review: changes that are declared, targets, and how charts are computed; and what every
//! figure means.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::support::TestApp;

/// 40 weeks from 2026-W02 on: one a week, from the 21st on six.
async fn two_regimes(app: &TestApp) {
    for week in 0..40_i64 {
        for each in 0..if week < 20 { 1_i64 } else { 6 } {
            app.clock.set("2026-01-07T10:00:00Z");
            app.clock.advance(jiff::SignedDuration::from_hours(week * 7 * 24 + each));
            app.police().raises(json!({})).await;
        }
    }
}

async fn review(app: &TestApp, path: &str) -> Value {
    app.director().get(&format!("/v1/reviews/{path}")).await.expect(200).json
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_change_breaks_the_lines_drops_no_point_and_is_known_from_then_on() {
    let app = TestApp::start().await;
    two_regimes(&app).await;
    // Monday after 2026-W41, the 40th week.
    app.clock.set("2026-10-12T09:00:00Z");
    let before = review(&app, "2026-W41").await;
    assert_eq!(before["tiles"]["new"]["reading"]["variation"], "neutral_high");
    assert_eq!(before["raised"]["rebases"], json!([]));

    let said = json!({
        "charts": ["raised", "open"],
        "first_week": "2026-W22",
        "reason": "The policy was relaunched.",
    });
    for (client, status) in
        [("test-analyst", 403), ("test-auditor", 403), ("test-police", 403), ("test-operator", 403)]
    {
        app.person(client).post("/v1/rebases", &said).await.expect(status);
    }
    let declared = app.director().post("/v1/rebases", &said).await.expect(201).json;
    assert_eq!(
        (&declared["recorded_by_role"], &declared["recorded_at"]),
        (&json!("director"), &json!("2026-10-12T09:00:00Z"))
    );
    let again = app.person("test-service_lead").post("/v1/rebases", &said).await.expect(422);
    assert_eq!(again.problem().1, [("#/first_week".to_owned(), "not_unique".to_owned())]);

    // The week was read at 06:00, before anybody declared anything; from the instant on it is known.
    assert_eq!(review(&app, "2026-W41").await, before);
    let after = review(&app, "2026-W41?as_of=2026-10-12T09:00:00Z").await;
    assert_eq!(after["tiles"]["new"]["reading"]["variation"], "common_cause");
    assert_eq!(
        after["raised"]["rebases"],
        json!([{
            "week": "2026-W22",
            "reason": "The policy was relaunched.",
            "by": "Director",
            "declared_at": "2026-10-12T09:00:00Z",
        }])
    );
    let values = |review: &Value| -> Vec<Value> {
        let points = review["raised"]["points"].as_array().unwrap();
        points.iter().map(|it| it["value"].clone()).collect()
    };
    assert_eq!(values(&after), values(&before), "no point is dropped");
    let centre = |place: usize| after["raised"]["points"][place]["centre"].as_f64().unwrap();
    assert!((centre(19) - 1.0).abs() < 1e-9 && (centre(20) - 6.0).abs() < 1e-9, "the line breaks");
    // Each figure has its own: this one was not named.
    let overdue = |review: &Value| review["tiles"]["overdue"]["reading"].clone();
    assert_eq!(overdue(&after), overdue(&before));
    assert_ne!(
        after["tiles"]["open"]["reading"]["basis"],
        Value::Null,
        "open was named, and is still judged"
    );

    // Withdrawn, it no longer holds, and is known to have held.
    let path = format!("/v1/rebases/{}/withdrawal", declared["id"].as_str().unwrap());
    app.clock.set("2026-10-13T09:00:00Z");
    let why = json!({"reason": "It was another week."});
    app.person("test-analyst").post(&path, &why).await.expect(403);
    let gone = app.person("test-service_lead").post(&path, &why).await.expect(200).json;
    assert_eq!(gone["withdrawn"]["recorded_by_role"], "service_lead");
    let other = json!({"reason": "Another word."});
    assert_eq!(app.director().post(&path, &other).await.expect(200).json, gone, "the first word");
    let unknown = "/v1/rebases/0198c000-0000-7000-8000-000000000001/withdrawal";
    app.director().post(unknown, &why).await.expect(404);
    app.person("else-director").post(&path, &why).await.expect(404);
    let now = review(&app, "2026-W41?as_of=2026-10-13T09:00:00Z").await;
    assert_eq!(now["raised"]["rebases"], json!([]));
    let then = review(&app, "2026-W41?as_of=2026-10-12T09:00:00Z").await;
    assert_eq!(then["raised"], after["raised"]);
    let all = app.person("test-auditor").get("/v1/rebases").await.expect(200).json;
    assert_eq!(all["items"], json!([gone]));
    app.police().get("/v1/rebases").await.expect(403);
    // It can be declared anew, with the right week.
    app.director().post("/v1/rebases", &said).await.expect(201);
    let wrong =
        json!({"charts": [], "first_week": "2026-W50", "reason": "NHS number 999 000 0018"});
    let refused = app.director().post("/v1/rebases", &wrong).await.expect(422);
    let pointers: Vec<String> = refused.problem().1.into_iter().map(|it| it.0).collect();
    assert_eq!(pointers, ["#/charts", "#/first_week", "#/reason"], "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_and_charts_are_set_from_a_week_on_and_known_from_then_on() {
    let app = TestApp::start().await;
    two_regimes(&app).await;
    app.clock.set("2026-10-12T09:00:00Z");
    let path = "/v1/review-settings";
    let at_first = app.director().get(path).await.expect(200).json;
    assert_eq!(
        (&at_first["at_first"]["target_in_time"], &at_first["at_first"]["lock_after"]),
        (&json!(0.9), &json!(20))
    );
    assert_eq!(at_first["items"], json!([]));
    let target = json!({"effective_from": "2026-W41", "target_in_time": 0.8, "reason": "Agreed."});
    for client in ["test-service_lead", "test-analyst", "test-auditor", "test-police"] {
        app.person(client).post(path, &target).await.expect(403);
    }
    let set = app.director().post(path, &target).await.expect(201).json;
    assert_eq!((&set["version"], &set["settings"]["target_days"]), (&json!(1), &json!(2.0)));
    let later = json!({"effective_from": "2026-W42", "target_days": 3, "lock_after": 26, "reason": "Agreed."});
    let set = app.director().post(path, &later).await.expect(201).json;
    assert_eq!(
        (&set["settings"]["target_in_time"], &set["settings"]["lock_after"]),
        (&json!(0.8), &json!(26)),
        "what is left out stays"
    );
    let targets = |review: &Value| {
        (
            review["tiles"]["in_time"]["target"].as_f64().unwrap(),
            review["tiles"]["median_days"]["target"].as_f64().unwrap(),
            review["median_days"]["target"].as_f64().unwrap(),
        )
    };
    // Not known when the data were taken; known since; not meant for the week before.
    assert_eq!(targets(&review(&app, "2026-W41").await), (0.9, 2.0, 2.0));
    let now = "as_of=2026-10-12T09:00:00Z";
    assert_eq!(targets(&review(&app, &format!("2026-W41?{now}")).await), (0.8, 2.0, 2.0));
    assert_eq!(targets(&review(&app, &format!("2026-W40?{now}")).await), (0.9, 2.0, 2.0));
    app.clock.set("2026-10-19T09:00:00Z");
    let week = review(&app, "2026-W42").await;
    assert_eq!(targets(&week), (0.8, 3.0, 3.0));
    assert!(
        week["raised"]["method"].as_str().unwrap().contains("first 26 weeks"),
        "{}",
        week["raised"]
    );
    for (wrong, pointer, code) in [
        (json!({}), "#/target_in_time", "required"),
        (json!({"target_in_time": 1.2}), "#/target_in_time", "out_of_range"),
        (json!({"target_in_time": 0}), "#/target_in_time", "out_of_range"),
        (json!({"target_days": "two"}), "#/target_days", "wrong_type"),
        (json!({"run_length": 5}), "#/run_length", "out_of_range"),
        (json!({"enough_points": 30}), "#/lock_after", "inconsistent"),
        (json!({"rules": []}), "#/rules", "required"),
        (json!({"rules": ["shift", "hunch"]}), "#/rules/1", "unknown_code"),
    ] {
        let mut body = json!({"effective_from": "2026-W45", "reason": "Agreed."});
        for (name, value) in wrong.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = app.director().post(path, &body).await.expect(422);
        assert_eq!(answer.problem().1, [(pointer.to_owned(), code.to_owned())], "{wrong}");
    }
    let rules =
        json!({"effective_from": "2026-W42", "rules": ["outside"], "reason": "One rule only."});
    app.director().post(path, &rules).await.expect(201);
    let all = app.person("test-analyst").get(path).await.expect(200).json;
    let versions: Vec<&Value> =
        all["items"].as_array().unwrap().iter().map(|it| &it["version"]).collect();
    assert_eq!(versions, [1, 2, 3]);
    assert_eq!(all["items"][2]["settings"]["rules"], json!(["outside"]));
    app.police().get(path).await.expect(403);
}

/// The numbers of an answer, by the path of their members; lists and links left out of the path.
fn numbers(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Number(_) => drop(found.insert(path.to_owned())),
        Value::Array(all) => all.iter().for_each(|it| numbers(it, path, found)),
        Value::Object(all) => {
            for (name, it) in all {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                numbers(it, &path, found);
            }
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_that_is_answered_is_in_the_dictionary_under_the_version_that_is_named() {
    let app = TestApp::start().await;
    two_regimes(&app).await;
    app.clock.set("2026-10-12T09:00:00Z");
    let dictionary = app.police().get("/v1/metrics").await.expect(200).json;
    let items = dictionary["items"].as_array().unwrap();
    let members: BTreeSet<&str> = items
        .iter()
        .flat_map(|it| it["shown_in"].as_array().unwrap())
        .map(|it| it.as_str().unwrap())
        .collect();
    let week = review(&app, "2026-W41").await;
    let weekly = app.director().get("/v1/themes/weekly?from_week=2026-W22").await.expect(200).json;
    for answer in [&week, &weekly] {
        assert_eq!(answer["definitions_version"], dictionary["definitions_version"]);
    }
    let mut found = BTreeSet::new();
    numbers(&week, "", &mut found);
    assert!(found.len() > 40, "{found:?}");
    let lines = ["reading.", "points.centre", "points.lower", "points.upper"];
    for path in &found {
        let is_figure = !lines.iter().any(|it| path.contains(it))
            && !path.ends_with("_version")
            && !path.ends_with(".target")
            && !path.ends_with(".stage");
        assert!(!is_figure || members.contains(format!("review:{path}").as_str()), "{path}");
    }
    for it in items {
        assert!(
            it["since_definitions_version"].as_i64() <= dictionary["definitions_version"].as_i64()
        );
    }
    let share = items.iter().find(|it| it["code"] == "answered_in_time").unwrap();
    assert_eq!((&share["unit"], &share["better"]), (&json!("share"), &json!("higher")));
    assert_eq!(share["shown_from"], 5);
    app.stranger().get("/v1/metrics").await.expect(401);
}
