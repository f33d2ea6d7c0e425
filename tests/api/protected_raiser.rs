//! Who raised something, and why it was taken back, is shown to those who may know it and to nobody else.

use escalation_tracker::usecases::setup;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::{acts, can, events, impossible, posts, reason, shown};
use super::support::operations::another_policy;
use super::support::people::{anyborough, raise_body};

/// What gives the raiser away: code, name and alias, clients, subject, system and its reference.
const RAISER: [&str; 7] = [
    "valeshire_police",
    "Valeshire Police",
    "new_police",
    "test-police",
    "new-police",
    "niche-of-the-force",
    "OCC-2026-118",
];
const ROLE: &str = "detective sergeant of the night shift";

/// Raised with this protection, at a time that no other test data have.
async fn raised(app: &TestApp, visibility: &str) -> String {
    app.police()
        .raises(json!({
            "raiser_visibility": visibility, "raised_by_role": ROLE, "urgency": "urgent",
            "source": "niche-of-the-force", "external_reference": format!("OCC-2026-118-{visibility}"),
            "child_references": [{"scheme": "la_child_id", "value": "SYN100777"}],
        }))
        .await
}

/// Everything that a client can read about it, by the address at which it is found.
async fn all_answers(app: &TestApp, client: &str, id: &str) -> Vec<(String, String)> {
    let who = app.person(client);
    let mut found = Vec::new();
    for path in [format!("/v1/escalations/{id}"), format!("/v1/escalations/{id}/events")] {
        found.push((path.clone(), who.get(&path).await.expect(200).text));
    }
    for list in ["escalations", "episodes", "clocks"] {
        for query in ["", "?sort=oldest_first&limit=200", "?theme=strategy_meeting_late"] {
            let path = format!("/v1/{list}{query}");
            found.push((path.clone(), who.get(&path).await.expect(200).text));
            found.push((format!("{path} as CSV"), who.get_csv(&path).await.expect(200).text));
        }
    }
    for query in ["?sort=next_due", "?overdue=true", "?next_due_clock=feedback"] {
        let path = format!("/v1/escalations{query}");
        found.push((path.clone(), who.get(&path).await.expect(200).text));
    }
    if client.starts_with("test-director") || client == "test-service_lead" {
        return found;
    }
    let child = json!({"child_reference": {"scheme": "la_child_id", "value": "SYN100777"}});
    let search = who.post("/v1/searches", &child).await.expect(200).text;
    assert!(search.contains(id), "{search}");
    found.push(("/v1/searches".to_owned(), search));
    found
}

#[track_caller]
fn assert_silent(answers: &[(String, String)], words: &[&str], agency_id: &str) {
    for (place, text) in answers {
        for word in words.iter().copied().chain([agency_id]) {
            assert!(!text.contains(word), "{place} says {word:?}: {text}");
        }
    }
}

/// Every act that the two sides can do until somebody resolves it, with the answers that the responder gets.
async fn lives(app: &TestApp, id: &str) -> Vec<(String, String)> {
    let mut answers = Vec::new();
    let due_at = "2026-11-23T12:00:00Z";
    let proposal = json!({"due_at": due_at, "reason": "The consultant is away."});
    let pause =
        json!({"why": "legal_process", "until": "2026-11-19T12:00:00Z", "reason": "Court."});
    let (one, other) = ("test-police", "test-cs");
    for (client, path, body) in [
        (one, "notes", json!({"note": "A note."})),
        (other, "acknowledgement", json!({"held_by_role": "duty manager"})),
        (one, "urgency-change", json!({"urgency": "standard", "reason": "Less urgent."})),
        (one, "extension-proposal", proposal),
        (other, "extension", json!({"due_at": due_at})),
        (other, "pause", pause),
        (one, "resumption", json!({"reason": "It is here."})),
        (other, "answers", json!({"position": "not_agreed", "answer": "No."})),
        (one, "rejection", reason()),
        (one, "advance", reason()),
        (other, "declination", json!({"suggested_agency": "HV", "reason": "Not ours."})),
        (one, "redirection", json!({"agency": "HV", "reason": "Theirs."})),
        (other, "notes", json!({"note": "Not possible."})),
    ] {
        app.clock.advance(SignedDuration::from_secs(60));
        let answer = posts(app, client, id, path, &body).await;
        assert!(answer.status == 200 || path == "notes", "{path}: {}", answer.text);
        if client == other {
            answers.push((format!("the answer to {path}"), answer.text));
        }
    }
    let version = shown(app, one, id).await["version"].as_i64().unwrap();
    let corrected = json!({"theme": "strategy_meeting_quality", "reason": "That is it."});
    let path = format!("/v1/escalations/{id}");
    app.police().patch(&path, version, &corrected).await.expect(200);
    let corrected = json!({"theme": "strategy_meeting_late", "reason": "Rather that."});
    app.police().patch(&path, version + 1, &corrected).await.expect(200);
    answers
}

async fn police_id(app: &TestApp) -> String {
    let client = app.database.superuser().await;
    let sql = "select id::text from agency where code = 'valeshire_police'";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_raiser_is_in_no_answer_that_the_other_side_ever_gets() {
    for visibility in ["named", "role_only", "protected"] {
        let app = TestApp::start().await;
        let agency_id = police_id(&app).await;
        let id = raised(&app, visibility).await;
        let mut told = lives(&app, &id).await;
        told.extend(all_answers(&app, "test-cs", &id).await);
        app.health().agrees(&id).await;
        app.police().accepts(&id).await;
        let mut ending = super::support::people::resolve_body();
        ending["owner_agency"] = json!("HV");
        let ended = posts(&app, "test-health", &id, "resolution", &ending).await.expect(200);
        told.push(("the answer to resolution".to_owned(), ended.text));
        // The past responder and the present one, while it runs and after its end.
        told.extend(all_answers(&app, "test-cs", &id).await);
        told.extend(all_answers(&app, "test-health", &id).await);
        let whole: String = told.iter().map(|(_, text)| text.as_str()).collect();
        if visibility == "named" {
            for word in ["valeshire_police", "niche-of-the-force", "OCC-2026-118", ROLE] {
                assert!(whole.contains(word), "{word} is not told at all");
            }
        } else {
            assert_silent(&told, &RAISER, &agency_id);
            assert_eq!(whole.contains(ROLE), visibility == "role_only");
        }
        // What is hidden is who, not that: the side, the times and the turns stay.
        let seen = shown(&app, "test-health", &id).await;
        assert_eq!(seen["raiser_visibility"], visibility);
        let held = seen["times"]["agencies"]["held"].as_array().unwrap();
        let raisers: Vec<_> = held.iter().filter(|it| it["holder"] == "raiser").collect();
        assert_eq!(raisers.len(), 1);
        assert_eq!(raisers[0].get("agency").is_some(), visibility == "named");
        let events = events(&app, "test-health", &id).await;
        let by_raiser = events.iter().filter(|event| event["type"] == "rejected").count();
        assert_eq!(by_raiser, 1);
        // The raiser and those who oversee see all of it.
        for client in ["test-police", "test-director", "test-service_lead", "test-auditor"] {
            let seen = shown(&app, client, &id).await;
            assert_eq!(seen["raised_by_agency"], "valeshire_police", "{client}");
            assert_eq!(seen["raised_by_role"], ROLE, "{client}");
            assert_eq!(seen["source"], "niche-of-the-force", "{client}");
            let first = &super::support::asking::events(&app, client, &id).await[0];
            assert_eq!(first["agency"], "valeshire_police", "{client}");
            assert_eq!(first["change"]["facts"]["raised_by"], json!(agency_id), "{client}");
            let list = app.person(client).get("/v1/escalations").await.expect(200).json;
            assert_eq!(list["items"][0]["raised_by_agency"], "valeshire_police", "{client}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_filter_tells_who_raised_what_is_hidden() {
    let app = TestApp::start().await;
    let named = raised(&app, "named").await;
    let hidden = [raised(&app, "role_only").await, raised(&app, "protected").await];
    // The responder's own, so that it is not the absence of everything that hides them.
    let own = app.childrens_services().raises(json!({"raised_with_agency": "Police"})).await;
    let ids = async |client: &str, path: &str| -> Vec<String> {
        let page = app.person(client).get(path).await.expect(200).json;
        let mut ids: Vec<String> = Vec::new();
        for item in page["items"].as_array().unwrap() {
            let it = item.get("escalation").unwrap_or(item);
            ids.push(it["id"].as_str().unwrap().to_owned());
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    for list in ["escalations", "episodes", "clocks"] {
        let asks = async |client: &str, query: &str| {
            let found = ids(client, &format!("/v1/{list}?{query}")).await;
            (found.contains(&named), hidden.iter().filter(|id| found.contains(id)).count())
        };
        assert_eq!(asks("test-cs", "urgency=urgent").await, (true, 2), "{list}");
        for query in [
            "raised_by_agency=valeshire_police",
            "raised_by_agency=Police",
            "source=niche-of-the-force",
            "raised_by_agency=valeshire_police&urgency=urgent",
        ] {
            assert_eq!(asks("test-cs", query).await, (true, 0), "{list}?{query}");
            for client in ["test-police", "test-director", "test-service_lead", "test-analyst"] {
                assert_eq!(asks(client, query).await, (true, 2), "{list}?{query} {client}");
            }
        }
        // Nor does asking for all the others tell it by what is left.
        for query in ["raised_by_agency=HV", "raised_by_agency=CSC"] {
            assert_eq!(asks("test-cs", query).await, (false, 0), "{list}?{query}");
        }
        for (at, visibility) in ["role_only", "protected"].iter().enumerate() {
            let query = format!("external_reference=OCC-2026-118-{visibility}");
            assert_eq!(asks("test-cs", &query).await, (false, 0), "{list}?{query}");
            let found = ids("test-police", &format!("/v1/{list}?{query}")).await;
            assert_eq!(found, [hidden[at].clone()], "{list}?{query}");
        }
        let mine = ids("test-cs", &format!("/v1/{list}?raised_by_agency=CSC")).await;
        assert_eq!(mine, std::slice::from_ref(&own));
    }
}

/// To be told that it cannot go to the agency that raised it would tell which one that is.
#[tokio::test(flavor = "multi_thread")]
async fn trying_to_pass_it_on_tells_nothing_about_the_raiser() {
    let app = TestApp::start().await;
    let agencies = ["Police", "HV", "CSC", "Unit"];
    for visibility in ["role_only", "protected"] {
        let id = raised(&app, visibility).await;
        assert!(!can(&shown(&app, "test-cs", &id).await, "redirect"));
        for agency in agencies {
            for words in ["They hold the plan.", "Call 0118 496 0123."] {
                let body = json!({"agency": agency, "reason": words});
                impossible(&app, "test-cs", &id, "redirection", &body).await;
            }
        }
        // Declining with a suggestion is answered alike whoever is suggested.
        let body = json!({"suggested_agency": "Police", "reason": "Theirs."});
        acts(&app, "test-cs", &id, "declination", &body).await;
    }
    // An escalation inside one agency has nobody to hide from.
    let body = raise_body(json!({"raiser_visibility": "protected"}));
    let answer = app.childrens_services().post("/v1/escalations", &body).await.expect(422);
    assert_eq!(answer.problem().1, [("#/raiser_visibility".into(), "inconsistent".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_raisers_successor_does_not_give_it_away() {
    let app = TestApp::start().await;
    let agency_id = police_id(&app).await;
    let id = raised(&app, "protected").await;
    let mut plan = anyborough();
    let mut new = plan.agencies[0].clone();
    plan.agencies[0].valid_to = Some("2026-11-18".parse().unwrap());
    plan.agencies[0].successor = Some("new_police".to_owned());
    (new.code, new.name, new.aliases) = ("new_police".into(), "New Police".into(), vec![]);
    plan.agencies.push(new);
    let mut client = plan.clients[0].clone();
    (client.client_id, client.agency) = ("new-police".into(), Some("new_police".into()));
    plan.clients.push(client);
    setup::apply(&app.deps, &plan).await.unwrap();
    app.clock.set("2026-11-19T09:00:00Z");
    let new = app.person("new-police");
    new.acts(&id, "notes", json!({"note": "We took this over."})).await;
    new.acts(&id, "advance", reason()).await;
    assert_eq!(events(&app, "new-police", &id).await[2]["agency"], "new_police");
    assert_silent(&all_answers(&app, "test-cs", &id).await, &RAISER, &agency_id);
}

/// Why something was taken back: a code or text for each reason, and whether somebody may see it.
#[tokio::test(flavor = "multi_thread")]
async fn why_it_was_withdrawn_is_not_for_the_other_side_and_pressure_for_the_director_alone() {
    let reasons = [
        "resolved_informally",
        "concern_no_longer_held",
        "raised_in_error",
        "pursued_elsewhere",
        "pressured",
        "other",
    ];
    let words = "Said in confidence to the safeguarding lead.";
    for why in reasons {
        let app = TestApp::start().await;
        another_policy(&app).await;
        let id = raised(&app, "named").await;
        let body = json!({"why": why, "reason": words});
        let answer = posts(&app, "test-police", &id, "withdrawal", &body).await.expect(200);
        assert_eq!(answer.text.contains(why), why != "pressured", "{why}: {}", answer.text);
        for client in
            ["test-police", "test-cs", "test-director", "test-service_lead", "test-auditor"]
        {
            let place = format!("{why} for {client}");
            let sees = match client {
                "test-cs" => false,
                "test-director" => true,
                _ => why != "pressured",
            };
            let told = shown(&app, client, &id).await["resolution"].clone();
            assert_eq!(told["outcome"], "withdrawn_by_raiser", "{place}");
            let code = told.get("withdrawal_reason").and_then(Value::as_str);
            assert_eq!(code, sees.then_some(why), "{place}");
            let event = events(&app, client, &id).await.pop().unwrap();
            let code = event["change"]["ending"].get("withdrawal_reason").and_then(Value::as_str);
            assert_eq!(code, sees.then_some(why), "{place}");
            let texts = if sees { json!([{"field": "reason", "text": words}]) } else { json!([]) };
            assert_eq!(event["texts"], texts, "{place}");
            if client == "test-auditor" {
                continue;
            }
            // In no list, whoever asks; and for the other side nowhere at all.
            for (path, text) in all_answers(&app, client, &id).await {
                if !sees || !path.starts_with("/v1/escalations/") {
                    assert!(!text.contains(&format!("\"{why}\"")), "{place}: {path} {text}");
                    assert!(!text.contains(words), "{place}: {path} {text}");
                }
            }
        }
    }
}
