//! The calendars of the nations, and what happens where a calendar ends.

use escalation_tracker::domain::working_days::Nation;
use escalation_tracker::reference;
use escalation_tracker::store::calendars::dates_sha256;
use escalation_tracker::usecases::setup;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::people::{Answer, raise_body};

/// Each shipped version and what its dates add up to. Dates that change need another version, and another line here: a
/// partnership that has loaded a version has these dates under this name. Reckoned apart from the program with
/// `sha256sum`, from the text that `docs/policies.md` describes.
const SHIPPED: [(&str, &str); 3] = [
    (
        "england_and_wales-2026-1",
        "2f97296537521348b471606c37ce4e27cecd9010dd5ccfd1de40bd77e471d1ce",
    ),
    ("scotland-2026-1", "1ef0bc5c8c366e95dd6133546f133af77d1b70fb1ad9f796f44a86f520de11ef"),
    ("northern_ireland-2026-1", "7b26427156e957895eac3b081f4bb2636e5e2a59500b082b41c384a799e99836"),
];

async fn use_calendar_of(app: &TestApp, nation: Nation) {
    let file = reference::calendar_of(nation).unwrap();
    let calendar = file.calendar().unwrap();
    setup::add_calendar(&app.deps, app.partnership, &calendar, &file.source).await.unwrap();
}

fn delay(timescale: &str, started_at: &str) -> Value {
    json!({"delay": {"timescale": timescale, "started_at": started_at}})
}

#[track_caller]
fn lacks(answer: Answer, year: &str) {
    let answer = answer.expect(422);
    assert_eq!(answer.problem(), ("no-calendar".to_owned(), vec![]));
    assert_eq!(answer.json["type"].as_str().unwrap().rsplit('/').next(), Some("no-calendar"));
    let detail = answer.json["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("covers the year {year}")), "{detail}");
}

async fn raise(app: &TestApp, changed: Value) -> Answer {
    app.police().post("/v1/escalations", &raise_body(changed)).await
}

#[test]
fn the_dates_of_a_shipped_version_never_change() {
    let versions: Vec<(String, String)> = Nation::ALL
        .iter()
        .map(|nation| reference::calendar_of(*nation).unwrap().calendar().unwrap())
        .map(|calendar| (calendar.version().to_owned(), dates_sha256(&calendar)))
        .collect();
    for (version, hash) in &versions {
        let pinned = SHIPPED.iter().find(|(known, _)| known == version);
        assert_eq!(pinned.map(|it| it.1), Some(hash.as_str()), "{version}");
    }
    assert_eq!(versions.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_year_without_a_calendar_is_refused_by_name() {
    let app = TestApp::start().await;
    // The last working day of 2028: what is due on it can be counted, what is due on the next cannot.
    app.clock.set("2028-12-29T10:00:00Z");
    lacks(raise(&app, json!({})).await, "2029");
    lacks(raise(&app, json!({"urgency": "immediate"})).await, "2029");
    let same_day = json!({"stage": 0, "urgency": "urgent"});
    let id = raise(&app, same_day).await.expect(201).id();
    let act = json!({"reason": "It cannot wait."});
    lacks(app.police().post(&format!("/v1/escalations/{id}/advance"), &act).await, "2029");

    app.clock.set("2028-12-20T10:00:00Z");
    raise(&app, json!({})).await.expect(201);
    lacks(raise(&app, delay("icpc", "2028-12-19T10:00:00Z")).await, "2029");
    let id = raise(&app, delay("icpc", "2028-11-29T10:00:00Z")).await.expect(201).id();
    let later = json!({"delay": {"timescale": "icpc", "started_at": "2028-12-19T10:00:00Z"},
        "reason": "The discussion was later."});
    lacks(app.police().patch(&format!("/v1/escalations/{id}"), 1, &later).await, "2029");
    // Nothing was stored of what was refused.
    let list = app.director().get("/v1/escalations").await.expect(200).json;
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    // Reading goes on when the calendar has ended.
    app.clock.set("2029-03-01T10:00:00Z");
    let shown = app.police().get(&format!("/v1/escalations/{id}")).await.expect(200).json;
    assert_eq!(shown["overdue"], true);
    app.director().get("/v1/escalations?overdue=true").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nation_counts_by_its_own_days_and_refuses_the_years_that_it_lacks() {
    let app = TestApp::start().await;
    let due = |answer: Answer| answer.expect(201).json["delay"]["due_at"].clone();
    let icpc = || delay("icpc", "2025-12-18T10:00:00Z");
    assert_eq!(due(raise(&app, icpc()).await), "2026-01-13T23:59:59.999Z");
    // The shipped English list begins in 2019, the Scottish one in 2024.
    raise(&app, delay("icpc", "2023-11-01T10:00:00Z")).await.expect(201);
    use_calendar_of(&app, Nation::Scotland).await;
    assert_eq!(due(raise(&app, icpc()).await), "2026-01-14T23:59:59.999Z");
    lacks(raise(&app, delay("icpc", "2023-11-01T10:00:00Z")).await, "2023");
    app.clock.set("2026-11-18T11:00:00Z");
    use_calendar_of(&app, Nation::NorthernIreland).await;
    assert_eq!(due(raise(&app, icpc()).await), "2026-01-13T23:59:59.999Z");
    app.clock.set("2028-12-29T10:00:00Z");
    lacks(raise(&app, json!({})).await, "2029");
}

/// How readiness sees the calendar; the machine's own clock is not the test's, which is another check.
async fn readiness(app: &TestApp, now: &str) -> (u16, Value) {
    app.clock.set(now);
    let answer = app.stranger().get("/readyz").await;
    let checks = answer.json["checks"].as_array().unwrap();
    (answer.status, checks.iter().find(|it| it["name"] == "calendar").unwrap().clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_warns_ahead_and_fails_when_no_calendar_covers_the_day() {
    let app = TestApp::start().await;
    let status = |seen: &(u16, Value)| seen.1["status"].as_str().unwrap().to_owned();
    assert_eq!(status(&readiness(&app, "2028-06-13T10:00:00Z").await), "ok");
    let seen = readiness(&app, "2028-06-14T10:00:00Z").await;
    assert_eq!(status(&seen), "warning");
    let words = seen.1["detail"].as_str().unwrap();
    assert!(words.contains("due dates from 2029-01-01 on cannot be counted"), "{words}");
    assert_eq!(status(&readiness(&app, "2028-12-31T23:59:59Z").await), "warning");
    let seen = readiness(&app, "2029-01-01T00:00:00Z").await;
    assert_eq!((seen.0, status(&seen)), (503, "failed".to_owned()));
    assert!(seen.1["detail"].as_str().unwrap().contains("covers 2029"), "{}", seen.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calendar_in_use_decides_readiness_and_not_the_longest() {
    let app = TestApp::start().await;
    let mut file = reference::calendar_of(Nation::Scotland).unwrap();
    file.version = "scotland-short".to_owned();
    file.last_year = 2026;
    file.holidays.retain(|it| it.date.year() <= 2026);
    let calendar = file.calendar().unwrap();
    assert_eq!(readiness(&app, "2026-11-18T11:00:00Z").await.1["status"], "ok");
    setup::add_calendar(&app.deps, app.partnership, &calendar, &file.source).await.unwrap();
    let seen = readiness(&app, "2026-11-18T12:00:00Z").await;
    assert_eq!(seen.1["status"], "warning");
    assert!(seen.1["detail"].as_str().unwrap().contains("from 2027-01-01 on"), "{}", seen.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_calendar_is_shown_with_its_hash_and_days_that_slip_in_are_found() {
    let app = TestApp::start().await;
    use_calendar_of(&app, Nation::Scotland).await;
    let shown = app.police().get("/v1/reference/calendar").await.expect(200).json;
    let hashes: Vec<(&str, &str)> = shown["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["version"].as_str().unwrap(), it["sha256"].as_str().unwrap()))
        .collect();
    assert_eq!(hashes, SHIPPED[..2]);
    assert_eq!(shown["items"][0]["loaded_at"], "2026-11-18T10:00:00Z");

    let look = app.database.superuser().await;
    let slip = "insert into calendar_day
                select partnership_id, version, '2026-11-20', 'Slipped in' from calendar
                where version = 'scotland-2026-1'";
    look.batch_execute(slip).await.unwrap();
    app.deps.forget();
    let answer = raise(&app, json!({})).await.expect(500);
    assert_eq!(answer.problem().0, "internal");
    look.batch_execute("delete from calendar_day where name = 'Slipped in'").await.unwrap();
    app.deps.forget();
    raise(&app, json!({})).await.expect(201);
}
