//! What can be done to an escalation, by whom and when, as it is seen from outside.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::asking::{acts, reason, running, shown};
use super::support::operations::another_policy;
use super::support::people::{Answer, Person, resolve_body};
use super::support::{TestApp, thorough};

/// The acts, in the order in which answers list them: code and path.
pub const ACTS: [(&str, &str); 28] = [
    ("acknowledge", "acknowledgement"),
    ("decline", "declination"),
    ("redirect", "redirection"),
    ("answer", "answers"),
    ("state", "statements"),
    ("accept", "acceptance"),
    ("reject", "rejection"),
    ("advance", "advance"),
    ("change_urgency", "urgency-change"),
    ("propose_extension", "extension-proposal"),
    ("extend", "extension"),
    ("call_meeting", "meeting"),
    ("pause", "pause"),
    ("approve_pause", "pause-approval"),
    ("resume", "resumption"),
    ("resolve", "resolution"),
    ("withdraw", "withdrawal"),
    ("reroute", "rerouting"),
    ("mark_duplicate", "duplicate"),
    ("link", "links"),
    ("reopen", "reopening"),
    ("note", "notes"),
    ("correct", ""),
    ("give_feedback", "feedback"),
    ("record_learning", "learning"),
    ("check_impact", "impact-check"),
    ("propose_policy_migration", "policy-migration-proposal"),
    ("migrate_policy", "policy-migration"),
];

const OPEN: &[&str] = &["raised", "acknowledged", "answered", "declined", "accepted", "rejected"];
const ANY: &[&str] = &[
    "raised",
    "acknowledged",
    "answered",
    "declined",
    "accepted",
    "rejected",
    "resolved",
    "withdrawn",
];
/// An answer is awaited.
const AWAITED: &[&str] = &["raised", "acknowledged"];

/// The table of transitions, written down once more: what is not here is refused.
pub const PERMITTED: &[(&str, &[&str], &[&str])] = &[
    ("acknowledge", &["test-cs"], &["raised"]),
    ("decline", &["test-cs"], AWAITED),
    ("redirect", &["test-cs"], AWAITED),
    ("redirect", &["test-police"], &["declined"]),
    ("answer", &["test-cs"], AWAITED),
    ("state", &["test-cs"], ANY),
    ("accept", &["test-police"], &["answered"]),
    ("reject", &["test-police"], &["answered"]),
    ("advance", &["test-police"], &["raised", "acknowledged", "rejected", "declined", "accepted"]),
    ("change_urgency", &["test-police"], OPEN),
    ("propose_extension", &["test-police", "test-cs"], AWAITED),
    ("extend", &["test-police", "test-cs"], AWAITED),
    ("call_meeting", &["test-police", "test-cs"], AWAITED),
    ("pause", &["test-cs"], &["acknowledged"]),
    ("approve_pause", &["test-police", "test-service_lead", "test-director"], &["acknowledged"]),
    ("resume", &["test-police", "test-cs", "test-director"], &["acknowledged"]),
    ("resolve", &["test-cs"], &["accepted"]),
    ("resolve", &["test-director"], OPEN),
    ("withdraw", &["test-police"], OPEN),
    ("reroute", &["test-police", "test-director"], OPEN),
    ("mark_duplicate", &["test-police", "test-director"], OPEN),
    ("link", &["test-police", "test-director"], ANY),
    ("reopen", &["test-police"], &["resolved", "withdrawn"]),
    ("note", &["test-police", "test-cs", "test-director", "test-service_lead"], ANY),
    ("correct", &["test-police", "test-director"], ANY),
    ("give_feedback", &["test-cs", "test-director", "test-service_lead"], &["resolved"]),
    (
        "record_learning",
        &["test-police", "test-cs", "test-director", "test-service_lead"],
        &["resolved"],
    ),
    ("check_impact", &["test-police", "test-director"], &["resolved"]),
    ("propose_policy_migration", &["test-service_lead", "test-director"], AWAITED),
    ("migrate_policy", &["test-director"], AWAITED),
];

/// Those who are party to the escalation, or oversee it.
const INVOLVED: &[&str] = &["test-police", "test-cs", "test-director", "test-service_lead"];
/// Those who are not.
const OTHERS: &[&str] = &[
    "test-health",
    "else-police",
    "else-director",
    "test-analyst",
    "test-auditor",
    "test-operator",
];

/// An escalation somewhere in its life.
#[derive(Debug, Clone, Copy)]
struct Scene {
    status: &'static str,
    stage: u8,
    /// What is under way besides.
    under_way: &'static str,
}

/// What a role may never do, whatever the state; agencies may try nearly everything.
fn forbidden(act: &str, client: &str) -> bool {
    let listed =
        |who: &str| PERMITTED.iter().any(|(known, by, _)| *known == act && by.contains(&who));
    match client {
        "test-service_lead" | "test-director" => !listed(client),
        "else-director" => !listed("test-director"),
        "test-analyst" | "test-auditor" | "test-operator" => true,
        _ => ["propose_policy_migration", "migrate_policy"].contains(&act),
    }
}

fn possible(client: &str, scene: Scene) -> Vec<&'static str> {
    let listed = |act: &str| {
        PERMITTED.iter().any(|(known, who, states)| {
            *known == act && who.contains(&client) && states.contains(&scene.status)
        })
    };
    // What a state alone does not tell.
    let now = |act: &str| match (act, client) {
        ("advance", _) => scene.stage < 4,
        ("resolve", "test-director") => scene.stage == 4,
        ("call_meeting", _) => scene.stage == 2,
        ("propose_extension" | "pause", _) => scene.under_way != "a pause",
        ("extend", "test-police") => scene.under_way == "more time for test-cs",
        ("extend", _) => scene.under_way == "more time for test-police",
        ("approve_pause", _) => scene.under_way == "a longer pause",
        ("resume", _) => scene.under_way == "a pause",
        ("migrate_policy", _) => scene.under_way == "another policy",
        _ => true,
    };
    ACTS.iter().map(|(act, _)| *act).filter(|act| listed(act) && now(act)).collect()
}

/// Tries an act with a body that is right.
async fn tries(who: &Person<'_>, id: &str, act: &str, client: &str, other: &str) -> Answer {
    let path = ACTS.iter().find(|(known, _)| *known == act).unwrap().1;
    let body = match act {
        "acknowledge" | "accept" | "resume" => json!({}),
        "answer" => json!({"position": "agreed", "answer": "It will be done."}),
        "decline" => {
            json!({"suggested_agency": "health_community", "reason": "The nurse holds the plan."})
        }
        "redirect" => json!({"agency": "health_community", "reason": "The nurse holds the plan."}),
        "state" => json!({"statement": "We see it otherwise."}),
        "change_urgency" => json!({"urgency": "urgent", "reason": "The child came to harm."}),
        "propose_extension" | "extend" | "approve_pause" => {
            let shown = who.get(&format!("/v1/escalations/{id}")).await.json;
            proposed(act, &shown)
        }
        "call_meeting" => json!({"meeting_at": "2026-11-19T14:00:00Z"}),
        "pause" => {
            json!({"why": "legal_process", "until": "2026-11-19T10:00:00Z", "reason": "The court."})
        }
        "resolve" => {
            let mut body = resolve_body();
            if client.ends_with("director") {
                body["outcome"] = json!("decided_by_partners");
            }
            body
        }
        "withdraw" => json!({"why": "raised_in_error"}),
        "reroute" => json!({"procedure": "lado_allegation"}),
        "mark_duplicate" => json!({"duplicate_of": other}),
        "link" => json!({"kind": "related_to", "escalation": other}),
        "note" => json!({"note": "A note."}),
        "correct" => {
            let shown = who.get(&format!("/v1/escalations/{id}")).await;
            let body = json!({"theme": "icpc_late", "reason": "It was wrong."});
            let version = shown.json["version"].as_i64().unwrap_or(1);
            return who.patch(&format!("/v1/escalations/{id}"), version, &body).await;
        }
        "give_feedback" => json!({"feedback": "Told by phone."}),
        "record_learning" => json!({"kind": "none"}),
        "check_impact" => json!({"result": "same"}),
        "propose_policy_migration" => {
            json!({"policy_version": "any-next", "reason": "Agreed for open matters too."})
        }
        "migrate_policy" => json!({"policy_version": "any-next"}),
        _ => reason(),
    };
    who.post(&format!("/v1/escalations/{id}/{path}"), &body).await
}

/// What is proposed, or one hour more than the answer that is awaited has.
fn proposed(act: &str, shown: &Value) -> Value {
    let proposal = &shown["proposal"]["what"];
    match act {
        "approve_pause" => {
            json!({"until": proposal.get("until").unwrap_or(&json!("2026-11-27T10:00:00Z"))})
        }
        "extend" if proposal.get("due_at").is_some() => json!({"due_at": proposal["due_at"]}),
        _ => {
            let due_at = shown.get("clocks").and_then(|_| running(shown, "answer"));
            let due_at = due_at.map_or("2026-11-30T10:00:00Z", |it| it["due_at"].as_str().unwrap());
            let due_at: jiff::Timestamp = due_at.parse().unwrap();
            json!({"due_at": due_at + SignedDuration::from_hours(1), "reason": "The nurse is away."})
        }
    }
}

/// A new escalation that has come to this scene.
async fn staged(app: &TestApp, scene: Scene) -> String {
    let Scene { status, stage, under_way } = scene;
    app.clock.set("2026-11-18T10:00:00Z");
    let skip = if stage > 1 { json!("Agreed with all agencies.") } else { Value::Null };
    let id = app.police().raises(json!({"stage": stage, "skip_reason": skip})).await;
    let (police, cs) = (app.police(), app.childrens_services());
    match status {
        "raised" => {}
        "acknowledged" => drop(cs.acknowledges(&id).await),
        "withdrawn" => drop(police.withdraws(&id).await),
        "declined" => {
            let body = json!({"reason": "Not ours.", "suggested_agency": "health_community"});
            cs.acts(&id, "declination", body).await;
        }
        _ => {
            cs.agrees(&id).await;
            match status {
                "answered" => {}
                "rejected" => drop(police.acts(&id, "rejection", reason()).await),
                _ => {
                    police.accepts(&id).await;
                    if status == "resolved" {
                        cs.resolves(&id).await;
                        // Only from the next day on somebody can say whether it holds.
                        app.clock.advance(SignedDuration::from_hours(24));
                    }
                }
            }
        }
    }
    let (client, path, body) = match under_way {
        "" => ("test-police", "", json!({})),
        "more time for test-police" | "more time for test-cs" => {
            let shown = shown(app, "test-police", &id).await;
            let client = under_way.strip_prefix("more time for ").unwrap();
            (client, "extension-proposal", proposed("propose_extension", &shown))
        }
        "a pause" | "a longer pause" => {
            let day = if under_way == "a pause" { "19" } else { "27" };
            let until = format!("2026-11-{day}T10:00:00Z");
            (
                "test-cs",
                "pause",
                json!({"why": "legal_process", "until": until, "reason": "The court."}),
            )
        }
        "another policy" => {
            let body = json!({"policy_version": "any-next", "reason": "Agreed."});
            ("test-service_lead", "policy-migration-proposal", body)
        }
        unknown => panic!("{unknown}"),
    };
    if !path.is_empty() {
        acts(app, client, &id, path, &body).await;
    }
    assert_eq!(shown(app, "test-police", &id).await["status"], status);
    // An escalation cannot be opened again at the very instant at which it was opened.
    app.clock.advance(SignedDuration::from_micros(1));
    id
}

/// Everybody tries everything in this scene.
async fn walks(app: &TestApp, scene: Scene, clients: &[&str], other: &str) {
    let mut id = staged(app, scene).await;
    for client in clients.iter().copied() {
        let who = app.person(client);
        let mut expected =
            if INVOLVED.contains(&client) { possible(client, scene) } else { vec![] };
        let mut succeeded = BTreeSet::new();
        for (act, _) in ACTS {
            let place = format!("{act} by {client} in {scene:?}");
            let answer = tries(&who, &id, act, client, other).await;
            let right = if forbidden(act, client) {
                assert_eq!(answer.problem().0, "forbidden", "{place}");
                403
            } else if !INVOLVED.contains(&client) {
                assert_eq!(answer.problem().0, "not-found", "{place}");
                404
            } else if expected.contains(&act)
                && act == "propose_policy_migration"
                && scene.under_way == "a pause"
            {
                // Somebody can, but not while a pause would be lost by it.
                assert_eq!(answer.problem().0, "validation-failed", "{place}");
                422
            } else if expected.contains(&act) {
                200
            } else {
                409
            };
            assert_eq!(answer.status, right, "{place}: {}", answer.text);
            if right == 409 {
                assert_eq!(answer.problem().0, "invalid-transition", "{place}");
                assert_eq!(answer.json["possible_acts"], json!(expected), "{place}");
            }
            if right == 200 || right == 422 {
                succeeded.insert(act);
            }
            if right == 200 {
                id = staged(app, scene).await;
            }
        }
        let seen = who.get(&format!("/v1/escalations/{id}")).await;
        if seen.status == 200 {
            assert_eq!(seen.json["possible_acts"], json!(expected), "{client} in {scene:?}");
        }
        expected.sort_unstable();
        assert_eq!(succeeded.into_iter().collect::<Vec<_>>(), expected, "{client} in {scene:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_in_every_state_by_everybody_is_answered_as_the_table_says() {
    let app = TestApp::start().await;
    another_policy(&app).await;
    let other = app.police().raises(json!({})).await;
    for (place, status) in ANY.iter().copied().enumerate() {
        // Of the stages usually one for each state, in turn.
        let stages = [1, 2, 4];
        let one = place % stages.len();
        for stage in stages.iter().copied().skip(thorough(one, 0)).take(thorough(1, 3)) {
            let scene = Scene { status, stage, under_way: "" };
            walks(&app, scene, INVOLVED, &other).await;
            if stage == 1 {
                walks(&app, scene, OTHERS, &other).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_permits_and_forbids_as_the_table_says() {
    let app = TestApp::start().await;
    another_policy(&app).await;
    let other = app.police().raises(json!({})).await;
    for status in ["raised", "acknowledged"] {
        for under_way in [
            "more time for test-police",
            "more time for test-cs",
            "another policy",
            "a pause",
            "a longer pause",
        ] {
            if status == "acknowledged" || !under_way.ends_with("pause") {
                walks(&app, Scene { status, stage: 1, under_way }, INVOLVED, &other).await;
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
    let (raiser, responder) = ("test-police", "test-cs");
    let new = Scene { status: "raised", stage: 1, under_way: "" };
    let both: Vec<_> = ACTS
        .iter()
        .map(|(act, _)| *act)
        .filter(|act| [raiser, responder].iter().any(|part| possible(part, new).contains(act)))
        .collect();
    assert_eq!(shown["possible_acts"], json!(both));
    app.police().get(&format!("/v1/escalations/{id}")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_on_an_old_version_is_refused_before_anything_else_is_judged() {
    let app = TestApp::start().await;
    let acknowledged = Scene { status: "acknowledged", stage: 1, under_way: "" };
    let id = staged(&app, acknowledged).await;
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
