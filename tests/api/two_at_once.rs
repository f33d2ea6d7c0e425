//! Two acts at one moment: nothing is lost, nothing happens twice, and what is stored is what the events make.

use std::sync::atomic::{AtomicBool, Ordering};

use escalation_tracker::domain::escalation::Escalation;
use escalation_tracker::domain::ids::EscalationId;
use escalation_tracker::usecases::read;
use jiff::SignedDuration;
use rand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use super::acts::{ACTS, PERMITTED};
use super::support::TestApp;
use super::support::asking::{events, reason, shown};
use super::support::histories::{Histories, Raising, caller};
use super::support::people::{Answer, resolve_body};

/// Somebody's act: client, path and body.
type Try = (&'static str, &'static str, Value);

/// Two acts that contradict each other, and how it came to them.
struct Contest {
    before: &'static [&'static str],
    one: Try,
    other: Try,
    /// Whether the table permits both, one after the other, in some order.
    both: bool,
}

fn contests() -> Vec<Contest> {
    let (police, cs) = ("test-police", "test-cs");
    let answer = || json!({"position": "agreed", "answer": "It will be done."});
    let elsewhere = || json!({"agency": "health_community", "reason": "The nurse holds the plan."});
    let declined = || json!({"suggested_agency": "health_community", "reason": "Not ours."});
    let withdrawn = || json!({"why": "concern_no_longer_held"});
    let pause =
        || json!({"why": "legal_process", "until": "2026-11-19T12:00:00Z", "reason": "The court."});
    let contest = |before, one, other, both| Contest { before, one, other, both };
    vec![
        contest(&[], (police, "withdrawal", withdrawn()), (cs, "answers", answer()), true),
        contest(&[], (police, "advance", reason()), (police, "advance", reason()), true),
        contest(&[], (cs, "redirection", elsewhere()), (cs, "answers", answer()), false),
        contest(&[], (cs, "declination", declined()), (police, "advance", reason()), true),
        contest(
            &["answer"],
            (police, "acceptance", json!({})),
            (police, "rejection", reason()),
            false,
        ),
        contest(&["acknowledge"], (cs, "pause", pause()), (cs, "pause", pause()), false),
        contest(
            &["acknowledge"],
            (cs, "declination", declined()),
            (cs, "answers", answer()),
            false,
        ),
        contest(
            &["answer", "accept"],
            (cs, "resolution", resolve_body()),
            (police, "withdrawal", withdrawn()),
            false,
        ),
        contest(
            &["withdraw"],
            (police, "reopening", reason()),
            (police, "reopening", reason()),
            false,
        ),
        contest(
            &["answer", "accept", "resolve"],
            (police, "impact-check", json!({"result": "better"})),
            (police, "impact-check", json!({"result": "worse"})),
            false,
        ),
    ]
}

async fn prepared(app: &TestApp, before: &[&str]) -> String {
    app.clock.set("2026-11-18T10:00:00Z");
    let id = app.police().raises(json!({})).await;
    for step in before {
        match *step {
            "acknowledge" => app.childrens_services().acknowledges(&id).await,
            "answer" => app.childrens_services().agrees(&id).await,
            "accept" => app.police().accepts(&id).await,
            "resolve" => app.childrens_services().resolves(&id).await,
            _ => app.police().withdraws(&id).await,
        };
    }
    // Whether the child is better off is asked from the next day on.
    let hours = if before.contains(&"resolve") { 24 } else { 0 };
    app.clock.advance(SignedDuration::from_hours(hours) + SignedDuration::from_secs(1));
    id
}

async fn tries(app: &TestApp, id: &str, act: &Try, tag: Option<&str>) -> Answer {
    let (client, path, body) = act;
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(tag.map(|tag| ("if-match", tag)));
    let path = format!("/v1/escalations/{id}/{path}");
    app.person(client).send(Method::POST, &path, &headers, body.to_string()).await
}

/// What was read while others wrote must be how the escalation stood at that version.
async fn assert_folds(app: &TestApp, id: &str, seen: Vec<Escalation>) -> i32 {
    let by = caller(app, "test-police").await;
    let id = EscalationId(id.parse().unwrap());
    let history = read::history(&app.deps, &by, id).await.unwrap().events;
    let versions: Vec<i32> = history.iter().map(|event| event.version).collect();
    assert_eq!(versions, (1..=i32::try_from(history.len()).unwrap()).collect::<Vec<_>>());
    let mut folded = Escalation::from_first(app.partnership, &history[0]).unwrap();
    let stored = read::one(&app.deps, &by, id, None).await.unwrap().escalation;
    for event in &history {
        if event.version > 1 {
            folded.apply(event);
        }
        for read in seen.iter().filter(|read| read.version == folded.version) {
            assert_eq!(*read, folded, "read while others wrote");
        }
    }
    assert_eq!(stored, folded);
    stored.version
}

/// Every act that was done after the first `known` was permitted by the table when it was done.
async fn assert_permitted(app: &TestApp, id: &str, known: usize) {
    let told = events(app, "test-police", id).await;
    let mut status = "raised".to_owned();
    for (position, event) in told.iter().enumerate() {
        let kind = event["type"].as_str().unwrap();
        let (act, after) = match kind {
            "raised" => continue,
            "acknowledged" => ("acknowledge", kind),
            "answered" => ("answer", kind),
            "accepted" => ("accept", kind),
            "rejected" => ("reject", kind),
            "declined" => ("decline", kind),
            "resolved" => ("resolve", kind),
            "withdrawn" => ("withdraw", kind),
            "redirected" => ("redirect", "raised"),
            "advanced" => ("advance", "raised"),
            "reopened" => ("reopen", "raised"),
            "paused" => ("pause", status.as_str()),
            "impact_checked" => ("check_impact", status.as_str()),
            other => panic!("{other}"),
        };
        let client = match event["agency"].as_str().unwrap() {
            "valeshire_police" => "test-police",
            _ => "test-cs",
        };
        let permitted = PERMITTED.iter().any(|(known, who, states)| {
            *known == act && who.contains(&client) && states.contains(&status.as_str())
        });
        assert!(position < known || permitted, "{act} by {client} when {status}");
        status = after.to_owned();
    }
    assert_eq!(shown(app, "test-police", id).await["status"], json!(status));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_acts_at_once_one_succeeds_or_both_in_an_order_that_the_table_allows() {
    let app = TestApp::start().await;
    let by = caller(&app, "test-police").await;
    let contests = contests();
    let mut twice = 0;
    for round in 0..50 {
        let contest = &contests[round % contests.len()];
        // In every second pass both say which version they have read; in the others the table alone decides.
        let named = (round / contests.len()).is_multiple_of(2);
        let id = prepared(&app, contest.before).await;
        let before = shown(&app, "test-police", &id).await["version"].as_i64().unwrap();
        let tag = format!("\"{before}\"");
        let tag = named.then_some(tag.as_str());
        let over = AtomicBool::new(false);
        let known = EscalationId(id.parse().unwrap());
        let reads = async {
            let mut seen = Vec::new();
            while !over.load(Ordering::Relaxed) {
                seen.push(read::one(&app.deps, &by, known, None).await.unwrap().escalation);
            }
            seen
        };
        let acts = async {
            let both = tokio::join!(
                tries(&app, &id, &contest.one, tag),
                tries(&app, &id, &contest.other, tag)
            );
            over.store(true, Ordering::Relaxed);
            both
        };
        let (seen, (one, other)) = tokio::join!(reads, acts);
        let place = format!(
            "{} against {}, with a version: {named}\n{}\n{}",
            contest.one.1, contest.other.1, one.text, other.text
        );
        let mut succeeded = 0;
        for answer in [&one, &other] {
            match (answer.status, answer.problem().0.as_str()) {
                (200, _) => succeeded += 1,
                (412, "precondition-failed") => assert!(named, "{place}"),
                (409, "invalid-transition") => assert!(!named, "{place}"),
                _ => panic!("{place}"),
            }
        }
        assert!(succeeded == 1 || (succeeded == 2 && contest.both && !named), "{place}");
        twice += usize::from(succeeded == 2);
        assert_eq!(i64::from(assert_folds(&app, &id, seen).await), before + succeeded, "{place}");
        if succeeded == 2 {
            assert_ne!(one.json["version"], other.json["version"], "{place}");
        }
        assert_permitted(&app, &id, usize::try_from(before).unwrap()).await;
    }
    assert!(twice > 0, "both never succeeded: the table was not asked a second time");
}

/// Two records that each give way to the other would leave nobody with the matter.
#[tokio::test(flavor = "multi_thread")]
async fn two_records_never_become_duplicates_of_each_other() {
    let app = TestApp::start().await;
    for _ in 0..20 {
        let (a, b) = (app.police().raises(json!({})).await, app.police().raises(json!({})).await);
        app.clock.advance(SignedDuration::from_secs(1));
        let of = |id: &str| ("test-police", "duplicate", json!({"duplicate_of": id}));
        let (of_b, of_a) = (of(&b), of(&a));
        let (one, other) = tokio::join!(tries(&app, &a, &of_b, None), tries(&app, &b, &of_a, None));
        let mut both = [one.status, other.status];
        both.sort_unstable();
        assert_eq!(both, [200, 422], "{}\n{}", one.text, other.text);
        let open = if one.status == 200 { &b } else { &a };
        assert_eq!(shown(&app, "test-police", open).await["status"], "raised");
    }
}

/// Random histories in which every act occurs: what is stored is what the events make, and the events are without gaps and in order.
#[tokio::test(flavor = "multi_thread")]
async fn the_stored_state_is_the_fold_of_the_events() {
    let app = TestApp::start().await;
    app.clock.set("2026-01-05T09:00:00Z");
    let mut it = Histories::new(&app, 60).await;
    while it.known.len() < 60 || it.done.len() < ACTS.len() {
        app.clock.advance(SignedDuration::from_secs(it.rng.random_range(1..20_000)));
        if it.known.len() < 5 || it.rng.random_bool(0.08) {
            it.raise(Raising::default()).await;
        } else {
            it.act_on_any().await;
        }
        assert!(it.known.len() < 400, "an act that never happens: {:?}", it.done);
    }
    let mut events = 0;
    for known in &it.known {
        let by = it.caller(known.raiser);
        let stored = read::one(&app.deps, by, known.id, None).await.unwrap().escalation;
        let history = read::history(&app.deps, by, known.id).await.unwrap().events;
        events += history.len();
        let mut folded = Escalation::from_first(app.partnership, &history[0]).unwrap();
        let mut stage = folded.stage;
        for (event, version) in history.iter().zip(1..) {
            assert_eq!((event.version, event.escalation), (version, known.id));
            assert!(event.recorded_at >= event.occurred_at);
            if version > 1 {
                folded.apply(event);
            }
            assert!(folded.stage >= stage, "a stage never goes down");
            stage = folded.stage;
        }
        assert_eq!(folded, stored);
        assert_eq!(known.id, EscalationId(stored.id.0));
    }
    assert_eq!(events, it.known.len() + it.done.values().sum::<usize>());
}
