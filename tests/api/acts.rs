//! What can be done to an escalation, by whom and when, as it is seen from outside; and the rules of each act.

use std::collections::BTreeSet;

use escalation_tracker::domain::escalation::Escalation;
use escalation_tracker::domain::ids::EscalationId;
use escalation_tracker::usecases::read;
use jiff::SignedDuration;
use rand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::histories::{Histories, Raising};
use super::support::people::{Answer, Person, resolve_body};

const OPEN: &[&str] = &["raised", "acknowledged", "answered", "accepted", "rejected"];
const ANY: &[&str] =
    &["raised", "acknowledged", "answered", "accepted", "rejected", "resolved", "withdrawn"];

/// The acts, in the order in which answers list them: code and path.
const ACTS: [(&str, &str); 11] = [
    ("acknowledge", "acknowledgement"),
    ("answer", "answers"),
    ("accept", "acceptance"),
    ("reject", "rejection"),
    ("advance", "advance"),
    ("extend", "extension"),
    ("resolve", "resolution"),
    ("withdraw", "withdrawal"),
    ("reopen", "reopening"),
    ("note", "notes"),
    ("correct", ""),
];

/// The table of transitions, written down once more: what is not here is refused.
const PERMITTED: &[(&str, &str, &[&str])] = &[
    ("acknowledge", "test-cs", &["raised"]),
    ("answer", "test-cs", &["raised", "acknowledged"]),
    ("accept", "test-police", &["answered"]),
    ("reject", "test-police", &["answered"]),
    ("advance", "test-police", &["raised", "acknowledged", "rejected"]),
    ("extend", "test-police", &["raised", "acknowledged"]),
    ("resolve", "test-cs", &["accepted"]),
    ("resolve", "test-director", OPEN),
    ("withdraw", "test-police", OPEN),
    ("reopen", "test-police", &["resolved", "withdrawn"]),
    ("note", "test-police", ANY),
    ("note", "test-cs", ANY),
    ("note", "test-director", ANY),
    ("note", "test-service_lead", ANY),
    ("correct", "test-police", ANY),
    ("correct", "test-director", ANY),
];

/// What a role may never do, whatever the state; agencies may try everything.
fn forbidden(act: &str, client: &str) -> bool {
    match client {
        "test-director" => !["note", "resolve", "correct"].contains(&act),
        "test-service_lead" => act != "note",
        "test-analyst" | "test-auditor" | "test-operator" => true,
        _ => false,
    }
}

fn possible(client: &str, status: &str, stage: u8) -> Vec<&'static str> {
    let listed = |act: &str| {
        PERMITTED
            .iter()
            .any(|(known, who, states)| *known == act && *who == client && states.contains(&status))
    };
    let at_stage = |act: &str| match (act, client) {
        ("advance", _) => stage < 4,
        ("resolve", "test-director") => stage == 4,
        _ => true,
    };
    ACTS.iter().map(|(act, _)| *act).filter(|act| listed(act) && at_stage(act)).collect()
}

/// Tries an act with a body that is right.
async fn tries(who: &Person<'_>, id: &str, act: &str, director: bool) -> Answer {
    let path = ACTS.iter().find(|(known, _)| *known == act).unwrap().1;
    let reason = json!({"reason": "There is a reason."});
    let body = match act {
        "acknowledge" | "accept" => json!({}),
        "answer" => json!({"position": "agreed", "answer": "It will be done."}),
        // The answer was due by the end of Friday 20 November.
        "extend" => {
            json!({"due_at": later_due(who, id).await, "reason": "Agreed with the team manager."})
        }
        "resolve" => {
            let mut body = resolve_body();
            if director {
                body["outcome"] = json!("decided_by_partners");
            }
            body
        }
        "note" => json!({"note": "A note."}),
        "correct" => {
            let shown = who.get(&format!("/v1/escalations/{id}")).await;
            let other = if shown.json["urgency"] == "urgent" { "standard" } else { "urgent" };
            let body = json!({"urgency": other, "reason": "It was wrong."});
            let version = shown.json["version"].as_i64().unwrap_or(1);
            return who.patch(&format!("/v1/escalations/{id}"), version, &body).await;
        }
        _ => reason,
    };
    who.post(&format!("/v1/escalations/{id}/{path}"), &body).await
}

/// One hour after the running answer clock is due.
async fn later_due(who: &Person<'_>, id: &str) -> String {
    let shown = who.get(&format!("/v1/escalations/{id}")).await.json;
    let clocks = shown["clocks"].as_array().cloned().unwrap_or_default();
    let running = clocks.iter().find(|it| it["kind"] == "answer" && it.get("stopped_at").is_none());
    let due: jiff::Timestamp = running
        .map_or("2026-11-30T10:00:00Z", |it| it["due_at"].as_str().unwrap())
        .parse()
        .unwrap();
    (due + SignedDuration::from_hours(1)).to_string()
}

/// A new escalation that has come to this state at this stage, 1 or 4.
async fn in_state(app: &TestApp, status: &str, stage: u8) -> String {
    let skip = if stage > 1 { json!("Agreed with all agencies.") } else { Value::Null };
    let id = app.police().raises(json!({"stage": stage, "skip_reason": skip})).await;
    let (police, cs) = (app.police(), app.childrens_services());
    let reason = json!({"reason": "There is a reason."});
    match status {
        "raised" => {}
        "acknowledged" => drop(cs.acknowledges(&id).await),
        "withdrawn" => drop(police.acts(&id, "withdrawal", reason).await),
        _ => {
            cs.agrees(&id).await;
            match status {
                "answered" => {}
                "rejected" => drop(police.acts(&id, "rejection", reason).await),
                _ => {
                    police.accepts(&id).await;
                    if status == "resolved" {
                        cs.resolves(&id).await;
                    }
                }
            }
        }
    }
    assert_eq!(police.get(&format!("/v1/escalations/{id}")).await.json["status"], status);
    // An escalation cannot be opened again at the very instant at which it was opened.
    app.clock.advance(SignedDuration::from_micros(1));
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_in_every_state_by_everybody_is_answered_as_the_table_says() {
    let app = TestApp::start().await;
    for (status, stage) in ANY.iter().flat_map(|status| [(*status, 1), (*status, 4)]) {
        let mut id = in_state(&app, status, stage).await;
        for client in [
            "test-police",
            "test-cs",
            "test-director",
            "test-service_lead",
            "test-health",
            "else-police",
            "else-director",
            "test-analyst",
            "test-auditor",
            "test-operator",
        ] {
            let who = app.person(client);
            let mut expected = possible(client, status, stage);
            let mut succeeded = BTreeSet::new();
            let mut listed: Option<Value> = None;
            for (act, _) in ACTS {
                let place = format!("{act} by {client} when {status} at stage {stage}");
                let answer = tries(&who, &id, act, client.ends_with("director")).await;
                let right = if forbidden(act, client)
                    || (client == "else-director" && forbidden(act, "test-director"))
                {
                    assert_eq!(answer.problem().0, "forbidden", "{place}");
                    403
                } else if ["test-health", "else-police", "else-director"].contains(&client) {
                    assert_eq!(answer.problem().0, "not-found", "{place}");
                    404
                } else if expected.contains(&act) {
                    200
                } else {
                    409
                };
                assert_eq!(answer.status, right, "{place}: {}", answer.text);
                if right == 409 {
                    assert_eq!(answer.problem().0, "invalid-transition", "{place}");
                    assert_eq!(answer.json["possible_acts"], json!(expected), "{place}");
                    listed = Some(answer.json["possible_acts"].clone());
                }
                if right == 200 {
                    succeeded.insert(act);
                    id = in_state(&app, status, stage).await;
                }
            }
            expected.sort_unstable();
            assert_eq!(succeeded.into_iter().collect::<Vec<_>>(), expected);
            let shown = who.get(&format!("/v1/escalations/{id}")).await;
            if shown.status == 200 {
                let shown = shown.json["possible_acts"].clone();
                assert_eq!(
                    shown,
                    json!(possible(client, status, stage)),
                    "{client} {status} {stage}"
                );
                assert!(listed.is_none_or(|listed| listed == shown));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inside_one_agency_it_has_both_parts() {
    let app = TestApp::start().await;
    let cs = app.childrens_services();
    let id = cs.raises(json!({"raised_with_agency": "CSC"})).await;
    let shown = cs.get(&format!("/v1/escalations/{id}")).await.json;
    assert_eq!(shown["scope"], "intra_agency");
    let both = ["acknowledge", "answer", "advance", "extend", "withdraw", "note", "correct"];
    assert_eq!(shown["possible_acts"], json!(both));
    cs.agrees(&id).await;
    cs.accepts(&id).await;
    cs.resolves(&id).await;
    app.police().get(&format!("/v1/escalations/{id}")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_acts_on_one_version_exactly_one_succeeds() {
    let app = TestApp::start().await;
    for round in 0..8 {
        let id = in_state(&app, "answered", 1).await;
        let (one, other) = (app.police(), app.police());
        let tag = [("content-type", "application/json"), ("if-match", "\"2\"")];
        // Half of the rounds say which version they have read; the others leave it to the table.
        let headers = if round % 2 == 0 { &tag[..] } else { &tag[..1] };
        let accept = format!("/v1/escalations/{id}/acceptance");
        let reject = format!("/v1/escalations/{id}/rejection");
        let (accepted, rejected) = tokio::join!(
            one.send(Method::POST, &accept, headers, "{}"),
            other.send(Method::POST, &reject, headers, r#"{"reason": "Not enough."}"#),
        );
        let mut both = [accepted.status, rejected.status];
        both.sort_unstable();
        let refused = if round % 2 == 0 { 412 } else { 409 };
        assert_eq!(both, [200, refused], "{}\n{}", accepted.text, rejected.text);
        let shown = one.get(&format!("/v1/escalations/{id}")).await.json;
        assert_eq!(shown["version"], 3);
        assert_eq!(shown["status"], if accepted.status == 200 { "accepted" } else { "rejected" });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_on_an_old_version_is_refused_before_anything_else_is_judged() {
    let app = TestApp::start().await;
    let id = in_state(&app, "acknowledged", 1).await;
    let path = format!("/v1/escalations/{id}/answers");
    let body = r#"{"position": "agreed", "answer": "It will be done."}"#;
    for (tag, status, code) in [
        ("\"1\"", 412, "precondition-failed"),
        ("\"3\"", 412, "precondition-failed"),
        ("W/\"2\"", 412, "precondition-failed"),
        ("\"two\"", 412, "precondition-failed"),
        ("*", 428, "precondition-required"),
        ("2", 400, "invalid-header"),
        ("\"1\", \"2\"", 400, "invalid-header"),
    ] {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        let answer = app.childrens_services().send(Method::POST, &path, &headers, body).await;
        assert_eq!((answer.status, answer.problem().0.as_str()), (status, code), "{tag}");
    }
    let headers = [("content-type", "application/json"), ("if-match", "\"2\"")];
    let answer =
        app.childrens_services().send(Method::POST, &path, &headers, body).await.expect(200);
    assert_eq!(answer.header("etag"), "\"3\"");
}

/// 60 random histories: what is stored is what the events make, and the events are without gaps and in order.
#[tokio::test(flavor = "multi_thread")]
async fn the_stored_state_is_the_fold_of_the_events() {
    let app = TestApp::start().await;
    app.clock.set("2026-01-05T09:00:00Z");
    let mut it = Histories::new(&app, 60).await;
    for _ in 0..60 {
        it.raise(Raising::default()).await;
    }
    for _ in 0..700 {
        app.clock.advance(SignedDuration::from_secs(it.rng.random_range(1..50_000)));
        it.act_on_any().await;
    }
    assert_eq!(it.done.len(), ACTS.len(), "acts that never happened: {:?}", it.done);
    let mut events = 0;
    for known in &it.known {
        let by = it.caller(known.raiser);
        let stored = read::one(&app.deps, by, known.id).await.unwrap().escalation;
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
    assert_eq!(events, 60 + it.done.values().sum::<usize>());
}
