//! What no operation may do: touch the child's time, end a matter in silence, or move a stage down.

use std::collections::BTreeSet;

use escalation_tracker::http::contract;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::{acts, events, parts, reason, shown};
use super::support::operations::{Operation, ready};
use super::support::people::resolve_body;
use super::sweeper::sweep;

/// The operations that end an episode, each because somebody says so.
const ENDS: [&str; 4] = ["mark_duplicate", "reroute", "resolve", "withdraw"];

/// How long it takes from looking to asking, and from asking to looking again.
const STEP: SignedDuration = SignedDuration::from_secs(37);

fn has_ended(shown: &Value) -> bool {
    shown["status"] == "resolved" || shown["status"] == "withdrawn"
}

fn child_seconds(shown: &Value) -> i64 {
    // Parts without a gap that add up to the whole, too.
    parts(shown).iter().map(|(_, seconds)| seconds).sum()
}

fn now(app: &TestApp) -> Timestamp {
    app.deps.clock.now()
}

fn stage(shown: &Value) -> i64 {
    shown["stage"]["number"].as_i64().unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Between two looks at one escalation the child's time went on, second by second, unless an ending stands there.
#[track_caller]
fn assert_time_went_on(before: &Value, after: &Value, elapsed: SignedDuration, place: &str) {
    let (then, now) = (&before["times"]["child"], &after["times"]["child"]);
    assert_eq!(then["from"], now["from"], "{place}: the child's time began anew");
    assert!(stage(after) >= stage(before), "{place}: a stage went down");
    let passed = child_seconds(after) - child_seconds(before);
    match (then.get("ended_at"), now.get("ended_at")) {
        (None, None) => {
            assert_eq!(passed, elapsed.as_secs(), "{place}: the child's time stood still")
        }
        (Some(then), Some(now)) => assert_eq!((then, passed), (now, 0), "{place}"),
        (None, Some(_)) => {
            assert!(now.get("ended_because").is_some(), "{place}");
            assert!((0..=elapsed.as_secs()).contains(&passed), "{place}: {passed}");
        }
        // What was thought to be over was not: the child has waited all the while.
        (Some(_), None) => assert!(passed >= elapsed.as_secs(), "{place}: {passed}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_operation_touches_the_childs_time_or_moves_a_stage_down_or_ends_a_matter_in_silence() {
    let app = TestApp::start().await;
    let director = "test-director";
    let witness = app.police().raises(json!({"stage": 2, "skip_reason": "Tried."})).await;
    let mut ended_by = BTreeSet::new();
    let mut still_open = vec![(witness.clone(), shown(&app, director, &witness).await)];
    let mut last_look = (now(&app), still_open[0].1.clone());
    for operation in Operation::all() {
        let place = operation.id.as_str();
        if place == "readyz" {
            continue;
        }
        let ready = ready(&app, &operation).await;
        let on = operation.names_an_escalation().then(|| ready.path.split('/').nth(3).unwrap());
        let before = match on {
            Some(id) => Some((id.to_owned(), shown(&app, director, id).await)),
            None => None,
        };
        app.clock.advance(STEP);
        let answer = ready.send(&operation).await;
        assert!((200..300).contains(&answer.status), "{place}: {}", answer.text);
        app.clock.advance(STEP);
        if let Some((id, before)) = before {
            let after = shown(&app, director, &id).await;
            assert_time_went_on(&before, &after, STEP * 2, place);
            if !operation.changes_something() {
                assert_eq!(before["version"], after["version"], "{place}: a reading changed it");
            }
            if has_ended(&after) && !has_ended(&before) {
                ended_by.insert(operation.id.clone());
            }
            if has_ended(&before) && !has_ended(&after) {
                assert_eq!(place, "reopen");
            }
            if !has_ended(&after) {
                still_open.push((id, after));
            }
        }
        // Whatever is done to others, or to none: this one is as it was, and its child waits on.
        let looked_at = now(&app);
        let seen = shown(&app, director, &witness).await;
        assert_time_went_on(&last_look.1, &seen, looked_at.duration_since(last_look.0), place);
        assert_eq!(seen["version"], 1, "{place} changed another escalation");
        last_look = (looked_at, seen);
    }
    assert_eq!(ended_by.iter().map(String::as_str).collect::<Vec<_>>(), ENDS);
    assert!(still_open.len() > 20, "{}", still_open.len());

    // A year of silence, in which nothing but the sweeper works.
    let looked_at = now(&app);
    for (_, seen) in &mut still_open {
        let id = seen["id"].as_str().unwrap().to_owned();
        *seen = shown(&app, director, &id).await;
    }
    for _ in 0..13 {
        app.clock.advance(SignedDuration::from_hours(28 * 24));
        sweep(&app).await;
    }
    let year = now(&app).duration_since(looked_at);
    for (id, before) in &still_open {
        let after = shown(&app, director, id).await;
        assert_time_went_on(before, &after, year, id);
        assert!(!has_ended(&after), "silence ended {id}: {after}");
        let service: Vec<Value> = events(&app, director, id)
            .await
            .into_iter()
            .filter(|event| event["actor"]["role"] == "system")
            .map(|event| event["type"].clone())
            .collect();
        assert!(service.iter().all(|kind| kind == "advanced"), "{id}: {service:?}");
    }
}

/// Redirected, paused over the autumn clock change, turned down, over Christmas, and opened again.
#[tokio::test(flavor = "multi_thread")]
async fn the_parts_of_the_childs_time_add_up_to_the_second_whatever_happens() {
    let app = TestApp::start().await;
    let hours = |from: &str, to: &str| instant(to).duration_since(instant(from)).as_secs();
    let delay = json!({"timescale": "icpc", "started_at": "2026-10-19T08:00:00Z"});
    let at = |to: &str| app.clock.set(to);
    at("2026-10-22T09:00:00Z");
    let id = app.police().raises(json!({"delay": delay})).await;
    at("2026-10-22T15:30:30Z");
    let redirect = json!({"agency": "health_community", "reason": "It is the paediatrician's."});
    acts(&app, "test-cs", &id, "redirection", &redirect).await;
    at("2026-10-23T08:00:00Z");
    app.health().acknowledges(&id).await;
    at("2026-10-23T11:00:00Z");
    // Until Tuesday noon: the week-end between them has 49 hours.
    let pause = json!({"why": "legal_process", "until": "2026-10-27T12:00:00Z", "reason": "The court sits."});
    acts(&app, "test-health", &id, "pause", &pause).await;
    at("2026-10-26T12:00:00Z");
    let paused = shown(&app, "test-police", &id).await;
    assert_eq!(
        parts(&paused).last().unwrap(),
        &("paused".into(), hours("2026-10-23T11:00:00Z", "2026-10-26T12:00:00Z"))
    );
    // It has ended by itself.
    at("2026-10-27T15:00:01Z");
    app.health().agrees(&id).await;
    at("2026-10-28T09:00:00Z");
    acts(&app, "test-police", &id, "rejection", &reason()).await;
    at("2026-10-28T10:00:00Z");
    acts(&app, "test-police", &id, "advance", &reason()).await;
    at("2026-10-29T10:00:00Z");
    app.health().agrees(&id).await;
    at("2026-10-29T12:00:00Z");
    app.police().accepts(&id).await;
    at("2026-12-24T12:00:00Z");
    let mut end = resolve_body();
    end["child_outcome"] = json!("unchanged");
    let ended = acts(&app, "test-health", &id, "resolution", &end).await;
    assert!(ended["times"]["child"].get("ended_at").is_none(), "the child still waits");
    at("2026-12-29T12:00:00Z");
    let reopened = acts(&app, "test-police", &id, "reopening", &reason()).await;
    assert_eq!(reopened["episode"], 2);
    at("2027-01-04T09:00:00Z");
    let seen = shown(&app, "test-police", &id).await;
    let expected = [
        ("nobody", "2026-10-19T08:00:00Z", "2026-10-22T09:00:00Z"),
        ("responder", "2026-10-22T09:00:00Z", "2026-10-22T15:30:30Z"),
        ("responder", "2026-10-22T15:30:30Z", "2026-10-23T11:00:00Z"),
        ("paused", "2026-10-23T11:00:00Z", "2026-10-27T12:00:00Z"),
        ("responder", "2026-10-27T12:00:00Z", "2026-10-27T15:00:01Z"),
        ("raiser", "2026-10-27T15:00:01Z", "2026-10-28T10:00:00Z"),
        ("responder", "2026-10-28T10:00:00Z", "2026-10-29T10:00:00Z"),
        ("raiser", "2026-10-29T10:00:00Z", "2026-10-29T12:00:00Z"),
        ("responder", "2026-10-29T12:00:00Z", "2026-12-24T12:00:00Z"),
        ("nobody", "2026-12-24T12:00:00Z", "2026-12-29T12:00:00Z"),
        ("responder", "2026-12-29T12:00:00Z", "2027-01-04T09:00:00Z"),
    ]
    .map(|(holder, from, to)| (holder.to_owned(), hours(from, to)));
    assert_eq!(parts(&seen), expected);
    let whole = hours("2026-10-19T08:00:00Z", "2027-01-04T09:00:00Z");
    assert_eq!(seen["times"]["child"]["seconds"], whole);
    // The agencies' time leaves out what nobody held and the pause, and counts working days alone.
    let agencies = &seen["times"]["agencies"];
    assert_eq!(agencies["paused_seconds"], expected[3].1);
    let held: i64 =
        agencies["held"].as_array().unwrap().iter().map(|it| it["seconds"].as_i64().unwrap()).sum();
    let others: i64 = expected
        .iter()
        .filter(|(holder, _)| holder == "nobody" || holder == "paused")
        .map(|(_, seconds)| seconds)
        .sum();
    assert_eq!(held + others, whole);
    assert!(agencies["working_seconds"].as_i64().unwrap() < held);
}

/// The names under which the agencies' time is shown, and what must stand beside each.
const BESIDE: [(&str, &str); 11] = [
    ("agencies", "child"),
    ("agency_working_seconds", "child_seconds"),
    ("working_days", "child_days"),
    ("working_days_to_resolve", "child_days_to_resolve"),
    ("median_working_days", "median_child_days"),
    ("p90_working_days", "p90_child_days"),
    ("working_days_late", "child_days"),
    ("longest_working_days", "longest_child_days"),
    ("over_ten_working_days", "longest_child_days"),
    // The members of the clock of a stage, and of the escalation that shows it.
    ("elapsed_working_seconds", "elapsed_seconds"),
    ("clocks", "times"),
];

/// Who shows the agencies' time without the child's shows half of the truth.
#[test]
fn no_answer_shows_the_agencies_time_without_the_childs() {
    let contract: Value = serde_json::from_str(&contract::text()).unwrap();
    let schemas = contract["components"]["schemas"].as_object().unwrap();
    // These occur inside others alone, which show the child's time.
    let inside = [
        ("AgenciesTime", "Times"),
        ("WholeTime", "Times"),
        ("AgencyTime", "AgenciesTime"),
        ("StageClock", "Escalation"),
    ];
    let mut pairs = BTreeSet::new();
    for (name, schema) in schemas {
        let Some(members) = schema["properties"].as_object() else { continue };
        for member in members.keys() {
            if name != "Times" && member == "agencies" {
                // Which agencies, and no time of theirs.
            } else if let Some((agency, child)) = BESIDE.iter().find(|(agency, _)| agency == member)
            {
                assert!(members.contains_key(*child), "{name}: {member} without {child}");
                pairs.insert(*agency);
            } else if member.contains("working") && !inside.iter().any(|(part, _)| part == name) {
                panic!("{name}.{member}: say here what shows the child's time beside it");
            }
        }
        let text = schema.to_string();
        for (part, whole) in inside {
            let refers = text.contains(&format!("\"#/components/schemas/{part}\""));
            assert!(!refers || name == whole, "{name} shows {part}");
        }
    }
    assert_eq!(pairs.len(), BESIDE.len() - 1, "all but one that only tables have: {pairs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_shows_the_agencies_time_without_the_childs() {
    let app = TestApp::start().await;
    let mut pairs = BTreeSet::new();
    for operation in Operation::all() {
        // A file that leaves has the columns of the list.
        let reads = operation.method == Method::GET;
        if !reads || operation.document["responses"]["200"]["content"].get("text/csv").is_none() {
            continue;
        }
        let ready = ready(&app, &operation).await;
        let table = ready.by.get_csv(&ready.path).await.expect(200).text;
        let header = table.lines().next().unwrap();
        let columns: BTreeSet<&str> = header.split(',').map(|it| it.trim_matches('"')).collect();
        for column in &columns {
            match BESIDE.iter().find(|(agency, _)| agency == column) {
                Some((agency, child)) => {
                    assert!(columns.contains(child), "{}: {agency} without {child}", operation.id);
                    pairs.insert(*agency);
                }
                None => assert!(!column.contains("working"), "{}: {column}", operation.id),
            }
        }
    }
    assert_eq!(pairs.len(), 4, "{pairs:?}");
}
