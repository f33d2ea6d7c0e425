//! Who must answer can change: declined, redirected, or taken over by an agency that succeeds another.

use escalation_tracker::domain::access::Role;
use escalation_tracker::usecases::setup::{self, SetupPlan};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::{
    acts, can, clocks, events, impossible, parts, reason, refused, running, shown,
};
use super::support::people::{Person, anyborough, raise_body, resolve_body};

fn to(agency: &str) -> Value {
    json!({"agency": agency, "reason": "They hold the plan."})
}

async fn listed(who: &Person<'_>, path: &str) -> Vec<String> {
    let page = who.get(path).await.expect(200).json;
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn found_by_child(who: &Person<'_>) -> Vec<String> {
    let body = json!({"child_reference": {"scheme": "la_child_id", "value": "SYN100234"}});
    let found = who.post("/v1/searches", &body).await.expect(200).json;
    let items = found["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_declines_says_whose_it_is_and_the_raiser_chooses() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let place = ("test-cs", id.as_str(), "declination");
    let required = ("#/suggested_agency", "required");
    refused(&app, place, &reason(), required).await;
    let declines = |agency: &str| json!({"suggested_agency": agency, "reason": "Not ours."});
    for (agency, code) in [("anyborough_cs", "inconsistent"), ("nobody", "unknown_reference")] {
        refused(&app, place, &declines(agency), ("#/suggested_agency", code)).await;
    }
    let without = json!({"suggested_agency": "HV"});
    refused(&app, place, &without, ("#/reason", "required")).await;
    let unknown = json!({"suggested_procedure": "elsewhere", "reason": "Not ours."});
    refused(&app, place, &unknown, ("#/suggested_procedure", "unknown_code")).await;
    app.clock.advance(SignedDuration::from_hours(3));
    let declined = acts(&app, "test-cs", &id, "declination", &declines("HV")).await;
    // Nothing ends by it: the raiser has two working days to choose, and the child still waits.
    assert_eq!(declined["status"], "declined");
    assert_eq!(declined["raised_with_agency"], "anyborough_cs");
    assert!(declined["times"]["child"].get("ended_at").is_none());
    for kind in ["acknowledgement", "answer"] {
        assert_eq!(clocks(&declined, kind)[0]["stop_reason"], "declined");
    }
    assert_eq!(declined["next_due_clock"]["kind"], "judgement");
    assert_eq!(declined["next_due_at"], "2026-11-20T23:59:59.999Z");
    impossible(&app, "test-cs", &id, "redirection", &to("HV")).await;
    impossible(&app, "test-cs", &id, "answers", &json!({"position": "agreed", "answer": "Yes."}))
        .await;
    app.clock.advance(SignedDuration::from_hours(1));
    let place = ("test-police", id.as_str(), "redirection");
    for agency in ["CSC", "Police"] {
        refused(&app, place, &to(agency), ("#/agency", "inconsistent")).await;
    }
    let after = acts(&app, "test-police", &id, "redirection", &to("HV")).await;
    assert_eq!(after["raised_with_agency"], "health_community");
    assert_eq!((&after["status"], &after["stage"]["number"]), (&json!("raised"), &json!(1)));
    assert_eq!(parts(&after), [("responder".into(), 10_800), ("raiser".into(), 3_600)]);
    let told = &events(&app, "test-cs", &id).await[1];
    assert_eq!((&told["type"], &told["agency"]), (&json!("declined"), &json!("anyborough_cs")));
    // A procedure is suggestion enough.
    let id = app.police().raises(json!({})).await;
    let body = json!({"suggested_procedure": "iro_dispute", "reason": "The reviewing officer's."});
    let declined = acts(&app, "test-cs", &id, "declination", &body).await;
    assert!(can(&declined, "state") && !can(&declined, "answer"));
    let told = &events(&app, "test-police", &id).await[1];
    assert_eq!(told["change"]["suggested_procedure"], "iro_dispute");
    assert_eq!(told["texts"][0]["text"], "The reviewing officer's.");
}

#[tokio::test(flavor = "multi_thread")]
async fn redirected_it_is_the_other_agencys_and_the_child_waits_on() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let health = "test-health";
    app.person(health).get(&format!("/v1/escalations/{id}")).await.expect(404);
    app.childrens_services().acknowledges(&id).await;
    app.clock.advance(SignedDuration::from_hours(26));
    let place = ("test-cs", id.as_str(), "redirection");
    for (agency, code) in [
        ("anyborough_cs", "inconsistent"),
        ("valeshire_police", "inconsistent"),
        ("business_unit", "not_permitted"),
        ("elsewhere_cs", "unknown_reference"),
    ] {
        refused(&app, place, &to(agency), ("#/agency", code)).await;
    }
    impossible(&app, "test-police", &id, "redirection", &to("HV")).await;
    let after = acts(&app, "test-cs", &id, "redirection", &to("hv")).await;
    // Who passed it on reads on, and does nothing more.
    assert_eq!((&after["status"], &after["possible_acts"]), (&json!("raised"), &json!([])));
    let waits = clocks(&after, "answer");
    assert_eq!(waits[0]["stop_reason"], "redirected");
    assert_eq!(waits[0]["stopped_at"], "2026-11-19T12:00:00Z");
    assert_eq!(waits[1]["started_at"], "2026-11-19T12:00:00Z");
    assert_eq!(waits[1]["due_at"], "2026-11-23T23:59:59.999Z");
    assert!(waits[1].get("extends").is_none());
    assert!(running(&after, "acknowledgement").is_some());
    let cs = app.childrens_services();
    assert_eq!(listed(&cs, "/v1/escalations").await, std::slice::from_ref(&id));
    assert!(listed(&cs, "/v1/escalations?raised_with_agency=CSC").await.is_empty());
    assert_eq!(found_by_child(&cs).await, std::slice::from_ref(&id));
    assert_eq!(events(&app, "test-cs", &id).await.len(), 3);
    for (path, body) in [
        ("notes", json!({"note": "A note."})),
        ("statements", json!({"statement": "We see it otherwise."})),
        ("acknowledgement", json!({})),
        ("answers", json!({"position": "agreed", "answer": "Yes."})),
        ("redirection", to("HV")),
    ] {
        impossible(&app, "test-cs", &id, path, &body).await;
    }
    // Nor does it come back by this way: two agencies would pass a child to and fro.
    let place = (health, id.as_str(), "redirection");
    refused(&app, place, &to("CSC"), ("#/agency", "not_unique")).await;
    refused(&app, place, &to("Police"), ("#/agency", "inconsistent")).await;
    app.clock.advance(SignedDuration::from_hours(2));
    app.person(health).acknowledges(&id).await;
    app.person(health).agrees(&id).await;
    let judged = acts(&app, "test-police", &id, "acceptance", &json!({})).await;
    app.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(judged["times"]["child"]["from"], "2026-11-18T10:00:00Z");
    assert_eq!(parts(&judged), [("responder".into(), 93_600), ("responder".into(), 7_200)]);
    let held = judged["times"]["agencies"]["held"].clone();
    assert_eq!(
        (&held[0]["agency"], &held[0]["seconds"]),
        (&json!("anyborough_cs"), &json!(93_600))
    );
    assert_eq!(
        (&held[1]["agency"], &held[1]["seconds"]),
        (&json!("health_community"), &json!(7_200))
    );
    let ended = acts(&app, health, &id, "resolution", &resolve_body()).await;
    assert_eq!(ended["status"], "resolved");
    // A past responder sees what came after, and only of this one.
    assert_eq!(shown(&app, "test-cs", &id).await["status"], "resolved");
    let other = app.health().raises(json!({"raised_with_agency": "Police"})).await;
    app.childrens_services().get(&format!("/v1/escalations/{other}")).await.expect(404);
}

/// One redirection does not get rid of a matter for good: what is declined the raiser gives to whom it chooses.
#[tokio::test(flavor = "multi_thread")]
async fn the_raiser_gives_a_declined_matter_back_to_who_passed_it_on() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    acts(&app, "test-cs", &id, "redirection", &to("HV")).await;
    let place = ("test-health", id.as_str(), "redirection");
    refused(&app, place, &to("CSC"), ("#/agency", "not_unique")).await;
    let declines = json!({"suggested_agency": "CSC", "reason": "Not ours."});
    acts(&app, "test-health", &id, "declination", &declines).await;
    let place = ("test-police", id.as_str(), "redirection");
    for agency in ["HV", "Police"] {
        refused(&app, place, &to(agency), ("#/agency", "inconsistent")).await;
    }
    let back = acts(&app, "test-police", &id, "redirection", &to("CSC")).await;
    assert_eq!(back["raised_with_agency"], "anyborough_cs");
    assert!(can(&shown(&app, "test-cs", &id).await, "answer"));
    assert!(!can(&shown(&app, "test-health", &id).await, "answer"));
    // It cannot be passed to and fro by those who have to answer.
    let place = ("test-cs", id.as_str(), "redirection");
    refused(&app, place, &to("HV"), ("#/agency", "not_unique")).await;
    app.childrens_services().agrees(&id).await;
}

/// What was raised inside one agency can turn out to be another one's.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_redirected_out_of_an_agency_runs_between_two() {
    let app = TestApp::start().await;
    let id = app.childrens_services().raises(json!({})).await;
    assert_eq!(shown(&app, "test-cs", &id).await["scope"], "intra_agency");
    let after = acts(&app, "test-cs", &id, "redirection", &to("HV")).await;
    assert_eq!(after["scope"], "inter_agency");
    assert!(!can(&after, "answer") && can(&after, "withdraw"));
    assert_eq!(shown(&app, "test-health", &id).await["scope"], "inter_agency");
    app.health().agrees(&id).await;
    app.childrens_services().accepts(&id).await;
    app.health().resolves(&id).await;
}

/// The same partnership, in which children's services and health have ended on 20 November.
fn succeeded() -> SetupPlan {
    let mut plan = anyborough();
    for (old, new, client) in
        [("anyborough_cs", "new_cs", "new-cs"), ("health_community", "new_health", "new-health")]
    {
        let ended = plan.agencies.iter_mut().find(|agency| agency.code == old).unwrap();
        ended.valid_to = Some("2026-11-20".parse().unwrap());
        ended.successor = Some(new.to_owned());
        let mut agency = ended.clone();
        (agency.code, agency.name) = (new.to_owned(), format!("{} Trust", agency.name));
        (agency.aliases, agency.successor, agency.valid_to) = (vec![], None, None);
        agency.valid_from = "2026-11-21".parse().unwrap();
        plan.agencies.push(agency);
        let mut caller = plan.clients.iter().find(|it| it.role == Role::Agency).unwrap().clone();
        (caller.client_id, caller.agency) = (client.to_owned(), Some(new.to_owned()));
        plan.clients.push(caller);
    }
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_sees_and_does_what_its_predecessor_had_to() {
    let app = TestApp::start().await;
    let answers = app.police().raises(json!({})).await;
    let judges = app.health().raises(json!({"raised_with_agency": "Police"})).await;
    let both = app.health().raises(json!({})).await;
    setup::apply(&app.deps, &succeeded()).await.unwrap();
    // Until an agency has ended, its successor has nothing to do with what is its.
    app.clock.set("2026-11-20T23:59:59Z");
    for (client, id) in [("new-cs", &answers), ("new-health", &judges), ("new-cs", &both)] {
        app.person(client).get(&format!("/v1/escalations/{id}")).await.expect(404);
        assert!(listed(&app.person(client), "/v1/escalations").await.is_empty());
    }
    app.clock.set("2026-11-21T00:00:00Z");
    let (cs, health) = (app.person("new-cs"), app.person("new-health"));
    let sorted = |mut ids: Vec<String>| {
        ids.sort_unstable();
        ids
    };
    let mine = sorted(vec![answers.clone(), both.clone()]);
    assert_eq!(sorted(listed(&cs, "/v1/escalations").await), mine);
    assert_eq!(sorted(found_by_child(&cs).await), mine);
    let mine = sorted(vec![judges.clone(), both.clone()]);
    assert_eq!(sorted(listed(&health, "/v1/escalations").await), mine);
    cs.get(&format!("/v1/escalations/{judges}")).await.expect(404);
    // As the responding side.
    let seen = shown(&app, "new-cs", &answers).await;
    assert!(can(&seen, "answer") && !can(&seen, "accept") && !can(&seen, "withdraw"));
    assert_eq!(seen["raised_with_agency"], "anyborough_cs");
    assert_eq!(seen["child_references"][0]["value"], "SYN100234");
    cs.acknowledges(&answers).await;
    cs.agrees(&answers).await;
    app.police().accepts(&answers).await;
    cs.resolves(&answers).await;
    let told = events(&app, "test-police", &answers).await;
    assert_eq!(told[2]["agency"], "new_cs");
    // As the raising side, and between two successors.
    app.police().agrees(&judges).await;
    health.acts(&judges, "rejection", reason()).await;
    health.acts(&judges, "advance", reason()).await;
    cs.agrees(&both).await;
    impossible(&app, "new-cs", &both, "acceptance", &json!({})).await;
    health.accepts(&both).await;
    cs.resolves(&both).await;
    let told = events(&app, "new-cs", &both).await;
    let agencies: Vec<_> = told.iter().map(|event| event["agency"].clone()).collect();
    assert_eq!(agencies, ["health_community", "new_cs", "new_health", "new_cs"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_goes_to_an_agency_that_has_ended_or_does_not_answer() {
    let app = TestApp::start().await;
    setup::apply(&app.deps, &succeeded()).await.unwrap();
    let last_day = app.police().raises(json!({})).await;
    app.clock.set("2026-11-21T09:00:00Z");
    for (agency, code) in
        [("anyborough_cs", "retired_code"), ("csc", "retired_code"), ("Unit", "not_permitted")]
    {
        let body = raise_body(json!({"raised_with_agency": agency}));
        let answer = app.police().post("/v1/escalations", &body).await.expect(422);
        let expected = [("#/raised_with_agency".to_owned(), code.to_owned())];
        assert_eq!(answer.problem().1, expected, "{agency}");
    }
    // What was raised while it was there can still be recorded, and its successor answers.
    let before = json!({"raised_at": "2026-11-20T16:00:00Z"});
    let told_late = app.police().raises(before).await;
    app.person("new-cs").agrees(&told_late).await;
    // An agency that has ended raises nothing any more.
    let body = raise_body(json!({"raised_with_agency": "Police"}));
    let answer = app.health().post("/v1/escalations", &body).await.expect(422);
    assert_eq!(answer.problem().1, [("#/raised_at".to_owned(), "inconsistent".to_owned())]);
    let place = ("new-cs", last_day.as_str(), "redirection");
    for (agency, code) in [
        ("HV", "retired_code"),
        ("Unit", "not_permitted"),
        // It answers in its predecessor's place already, and would only start the clocks again.
        ("new_cs", "inconsistent"),
    ] {
        refused(&app, place, &to(agency), ("#/agency", code)).await;
    }
    let after = acts(&app, "new-cs", &last_day, "redirection", &to("new_health")).await;
    assert_eq!(after["raised_with_agency"], "new_health");
    // Whoever had it cannot get it back, nor under another name.
    let place = ("new-health", last_day.as_str(), "redirection");
    refused(&app, place, &to("new_cs"), ("#/agency", "not_unique")).await;
}

/// Whoever stands for the raiser must not be made to answer.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_agency_raised_is_not_redirected_to_its_successor() {
    let app = TestApp::start().await;
    let id = app.health().raises(json!({"raised_with_agency": "Police"})).await;
    setup::apply(&app.deps, &succeeded()).await.unwrap();
    app.clock.set("2026-11-21T09:00:00Z");
    let place = ("test-police", id.as_str(), "redirection");
    refused(&app, place, &to("new_health"), ("#/agency", "inconsistent")).await;
    let after = acts(&app, "test-police", &id, "redirection", &to("new_cs")).await;
    assert_eq!(after["raised_with_agency"], "new_cs");
}
