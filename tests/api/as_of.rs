//! What was known then: every reading asked later as of an instant is what it was at that instant.

use jiff::SignedDuration;
use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::support::asking::{acts, reason};
use super::support::histories::{Histories, Raising};
use super::support::past::{Past, assert_random_questions};
use super::support::people::raise_body;
use super::support::recount::Raw;
use super::support::{TestApp, thorough};

/// What is read at each instant, but for the escalations one by one.
const READINGS: [&str; 9] = [
    "/v1/themes/weekly?group_by=theme",
    "/v1/themes/weekly?group_by=stage&from_week=2025-W50&to_week=2026-W20",
    "/v1/themes/weekly?group_by=raised_with_agency&theme=icpc_late",
    "/v1/escalations?limit=200",
    "/v1/escalations?limit=200&sort=next_due",
    "/v1/escalations?limit=200&overdue=true&raised_by_agency=valeshire_police",
    "/v1/episodes?limit=200&resolved=true",
    "/v1/clocks?limit=200&in_time=false",
    "/v1/practice-records?limit=200",
];

/// The same question about the past.
fn as_of(path: &str, at: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}as_of={at}")
}

/// Rounded answers differ from the earlier ones in nothing but the question that they repeat.
fn without_question(text: &str, at: &str) -> String {
    text.replace(&format!("&as_of={at}"), "").replace(&format!("?as_of={at}"), "")
}

/// Leaves out where to go on, which repeats the question, and the acts, of which the past permits none.
fn without_asking(shown: &mut Value) {
    let members = shown.as_object_mut().unwrap();
    members.remove("possible_acts");
    members.remove("links");
}

/// What a line is about.
fn identity(item: &Value) -> Value {
    json!([item.get("id"), item.get("episode"), item["escalation"].get("id")])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_at_an_instant_is_read_again_as_of_that_instant() {
    let app = TestApp::start().await;
    app.clock.set("2026-01-05T09:00:00Z");
    let mut it = Histories::new(&app, 4_711).await;
    let mut seen: Vec<(String, String, String)> = Vec::new();
    let commend = json!({"about_agency": "anyborough_cs", "theme": "icpc_late"});
    for round in 0..thorough(6, 12) {
        for _ in 0..25 {
            app.clock.advance(SignedDuration::from_secs(it.rng.random_range(60..40_000)));
            if it.known.len() < 4 || it.rng.random_bool(0.2) {
                // Some are received long after they were raised: what is known late is known late.
                let earlier = SignedDuration::from_hours(it.rng.random_range(0..300));
                it.raise(Raising { earlier, urgency: None }).await;
            } else {
                it.act_on_any().await;
            }
        }
        app.police().post("/v1/commendations", &commend).await.expect(201);
        let now = app.deps.clock.now().to_string();
        let one = format!("/v1/escalations/{}", it.known.choose(&mut it.rng).unwrap().id);
        let person = if round % 3 == 0 { app.police() } else { app.director() };
        for path in READINGS.into_iter().map(str::to_owned).chain([one]) {
            if round % 3 == 0 && path.contains("weekly") {
                continue;
            }
            let answer = person.get(&path).await;
            // An agency knows nothing of what is not its own.
            if answer.status == 404 {
                continue;
            }
            seen.push((path, now.clone(), answer.expect(200).text));
        }
    }
    app.clock.advance(SignedDuration::from_secs(1));
    let last = app.deps.clock.now().to_string();
    let mut changed = 0;
    for (path, at, then) in &seen {
        // Whoever read it: the first of three rounds was read by the police.
        let police =
            seen.iter().filter(|(_, other, _)| other == at).all(|(it, ..)| !it.contains("weekly"));
        let person = if police { app.police() } else { app.director() };
        let again = person.get(&as_of(path, at)).await.expect(200);
        let (mut one, mut other): (Value, Value) =
            (then.parse().unwrap(), without_question(&again.text, at).parse().unwrap());
        for shown in [&mut one, &mut other] {
            without_asking(shown);
        }
        if police && let Some(items) = other.get_mut("items").and_then(Value::as_array_mut) {
            // Who is a party now reads what was before, too: what was passed to the police since is theirs to know.
            let known: Vec<Value> = one["items"].as_array().unwrap().iter().map(identity).collect();
            items.retain(|item| known.contains(&identity(item)));
        }
        assert_eq!(one, other, "{path} as of {at}");
        let mut now = person.get(path).await.expect(200).json;
        without_asking(&mut now);
        changed += usize::from(now != one);
        let also_now = person.get(&as_of(path, &last)).await.expect(200);
        let mut also_now: Value = without_question(&also_now.text, &last).parse().unwrap();
        without_asking(&mut also_now);
        assert_eq!(now, also_now, "{path} as of now");
    }
    assert!(changed > seen.len() / 2, "nothing changed since: the test shows nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_the_past_equal_a_recount_of_the_rows_as_they_were() {
    let app = TestApp::start().await;
    app.clock.set("2026-01-05T09:00:00Z");
    let client = app.database.superuser().await;
    let mut it = Histories::new(&app, 815).await;
    let mut pasts = Vec::new();
    for _ in 0..8 {
        for _ in 0..50 {
            app.clock.advance(SignedDuration::from_secs(it.rng.random_range(60..60_000)));
            if it.known.len() < 4 || it.rng.random_bool(0.2) {
                let earlier = SignedDuration::from_hours(it.rng.random_range(0..300));
                it.raise(Raising { earlier, urgency: None }).await;
            } else if it.rng.random_bool(0.15) {
                it.leave_out().await;
            } else {
                it.act_on_any().await;
            }
        }
        let at = app.deps.clock.now();
        pasts.push(Past { at, raw: Raw::read(&client, "ANY").await });
        app.clock.advance(SignedDuration::from_secs(1));
    }
    // From before the first to the weeks in which the last are still open.
    assert_random_questions(
        &app.director(),
        &pasts,
        ("2025-W52", 24),
        &mut it.rng,
        thorough(60, 200),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_leaves_both_values_readable_and_what_was_not_recorded_yet_is_not_found() {
    let app = TestApp::start().await;
    let late = raise_body(json!({"raised_at": "2026-11-10T09:00:00Z"}));
    let raised = app.police().post("/v1/escalations", &late).await.expect(201);
    let id = raised.id();
    app.clock.set("2026-11-18T12:00:00Z");
    let right = json!({"theme": "icpc_late", "reason": "It was the conference."});
    app.police().patch(&format!("/v1/escalations/{id}"), 1, &right).await.expect(200);
    app.clock.set("2026-11-18T13:00:00Z");
    acts(&app, "test-police", &id, "advance", &reason()).await;
    let path = format!("/v1/escalations/{id}");
    for (at, theme, stage) in [
        ("2026-11-18T10:00:00Z", "strategy_meeting_late", 1),
        ("2026-11-18T11:59:59.999999Z", "strategy_meeting_late", 1),
        ("2026-11-18T12:00:00Z", "icpc_late", 1),
        ("2026-11-18T13:00:00Z", "icpc_late", 2),
    ] {
        let then = app.director().get(&as_of(&path, at)).await.expect(200).json;
        assert_eq!((&then["theme"], &then["stage"]["number"]), (&json!(theme), &json!(stage)));
        assert_eq!(then["possible_acts"], json!([]), "{at}");
        let week = "/v1/themes/weekly?from_week=2026-W46&to_week=2026-W46";
        let week = app.director().get(&as_of(week, at)).await.expect(200).json;
        assert_eq!(week["weeks"][0]["groups"][0]["key"], theme, "{at}");
    }
    // It was raised on the tenth, and nobody knew before the eighteenth.
    let before = "2026-11-18T09:59:59Z";
    app.director().get(&as_of(&path, before)).await.expect(404);
    let list = app.director().get(&as_of("/v1/escalations", before)).await.expect(200).json;
    assert_eq!(list["items"], json!([]));
    // Nobody else sees it for asking about the past, and nobody knows the future.
    app.health().get(&as_of(&path, "2026-11-18T12:00:00Z")).await.expect(404);
    for path in ["/v1/escalations", "/v1/themes/weekly", "/v1/practice-records", path.as_str()] {
        let answer = app.director().get(&as_of(path, "2026-11-18T13:00:01Z")).await.expect(400);
        let expected = vec![("?as_of".to_owned(), "out_of_range".to_owned())];
        assert_eq!(answer.problem(), ("invalid-parameter".to_owned(), expected), "{path}");
    }
}
