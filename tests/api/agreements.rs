//! No agreement, no data: an agency without a sharing agreement in force adds nothing new, and everything that is there
//! goes on.

use escalation_tracker::domain::sharing_agreement::{AgreementRule, LawfulBasis};
use escalation_tracker::usecases::agreements::look_at_all;
use escalation_tracker::usecases::metrics;
use escalation_tracker::usecases::setup::{self, PlannedAgreement, SetupPlan};
use reqwest::Method;
use serde_json::{Value, json};

use super::imports::{file, row, work};
use super::sessions;
use super::support::TestApp;
use super::support::people::{self, Answer, raise_body};
use super::webhooks::ENDPOINTS;

const PLACE: &str = "/v1/sources/niche/escalations/K-1";
const LAPSED: &str = "agreement-lapsed";

fn agreement(reference: &str, from: &str, until: &str) -> PlannedAgreement {
    PlannedAgreement {
        reference: reference.to_owned(),
        lawful_basis: LawfulBasis::PublicTask,
        from: from.parse().unwrap(),
        until: until.parse().unwrap(),
        replaces: None,
    }
}

/// The usual partnership: the police share under these agreements, the others for years.
fn plan(police: Vec<PlannedAgreement>) -> SetupPlan {
    let mut plan = people::anyborough();
    for agency in &mut plan.agencies {
        agency.agreements = match agency.code.as_str() {
            "valeshire_police" => police.clone(),
            "business_unit" => Vec::new(),
            _ => vec![agreement("Long", "2020-01-01", "2030-12-31")],
        };
    }
    plan
}

async fn start(police: Vec<PlannedAgreement>) -> TestApp {
    TestApp::start_with(async |deps| setup::apply(deps, &plan(police)).await.unwrap()).await
}

/// What the police's system sends under a reference of its own.
fn record(urgency: &str) -> Value {
    json!({"raised_with_agency": "anyborough_cs", "theme": "strategy_meeting_late", "urgency": urgency,
        "child_references": [{"scheme": "la_child_id", "value": "SYN100234"}],
        "desired_outcome": "Hold the meeting.", "raised_at": "2026-11-16T09:30:00Z"})
}

#[track_caller]
fn lapsed(answer: Answer) -> String {
    assert_eq!(answer.problem().0, LAPSED, "{}", answer.text);
    assert_eq!(answer.status, 403);
    answer.json["detail"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_last_day_in_london_nothing_new_comes_and_what_is_there_goes_on() {
    let app = start(vec![agreement("ISA 1", "2020-01-01", "2027-06-30")]).await;
    // British Summer Time: the last day ends at 23:00 UTC.
    app.clock.set("2027-06-30T22:50:00Z");
    let raised = app.police().raises(json!({})).await;
    let sent = app.police().put(PLACE, &record("standard")).await.expect(201).id();

    app.clock.set("2027-06-30T23:30:00Z");
    let police = app.police();
    let refused = police.post("/v1/escalations", &raise_body(json!({}))).await;
    assert_eq!(
        lapsed(refused),
        "Your agency's sharing agreement ended on 2027-06-30, so nothing new was stored for it. The partnership's \
         business manager registers a renewal with the command setup; send this again after that. What is there can \
         still be read, answered and resolved, and others can raise with you. If a child is in danger, telephone now."
    );
    lapsed(police.post("/v1/escalations?dry_run=true", &raise_body(json!({}))).await);
    lapsed(police.put("/v1/sources/niche/escalations/K-2", &record("urgent")).await);
    for path in ["/v1/commendations", "/v1/informal-resolutions"] {
        let body =
            json!({"about_agency": "anyborough_cs", "theme": "icpc_late", "note": "Well done."});
        lapsed(police.post(path, &body).await);
    }
    lapsed(police.post(ENDPOINTS, &json!({"url": "https://hooks.example.org/"})).await);
    let count = "select count(*) from escalation";
    let all = app.database.superuser().await;
    assert_eq!(all.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 2);

    // Everything that is there goes on, from both sides.
    police.get(&format!("/v1/escalations/{raised}")).await.expect(200);
    police.get("/v1/escalations").await.expect(200);
    let again = police.put(PLACE, &record("urgent")).await.expect(200);
    assert_eq!((again.id(), &again.json["urgency"]), (sent, &json!("urgent")));
    app.childrens_services().agrees(&raised).await;
    police.accepts(&raised).await;
    // A child comes before paper: others raise with it, and it answers.
    let body = json!({"raised_with_agency": "valeshire_police"});
    let with_police = app.childrens_services().raises(body).await;
    police.acknowledges(&with_police).await;
    police.agrees(&with_police).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_batch_each_record_gets_the_answer_by_itself() {
    let app = start(vec![agreement("ISA 1", "2020-01-01", "2026-11-18")]).await;
    app.clock.set("2026-11-19T00:00:00Z");
    let sent = |name: &str| raise_body(json!({"source": "niche", "external_reference": name}));
    let batch = json!({"items": [sent("N-1"), sent("N-2")]});
    let answer = app.police().post("/v1/escalations/batch", &batch).await.expect(200);
    let codes = answer.text.matches("\"agreement-lapsed\"").count();
    assert_eq!(codes, 2, "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_wait_when_it_lapses_are_refused_and_what_is_known_is_still_corrected() {
    let app = start(vec![agreement("ISA 1", "2020-01-01", "2026-11-18")]).await;
    app.police().put(PLACE, &record("standard")).await.expect(201);
    let csv = [("content-type", "text/csv")];
    let mut places = Vec::new();
    for mode in ["per_row", "all_or_nothing"] {
        let path = format!("/v1/imports?source=niche&dry_run=false&mode={mode}");
        let body = file(&[row("K-1"), row(&format!("N-{mode}"))]);
        let sent = app.police().send(Method::POST, &path, &csv, body).await.expect(202);
        places.push(sent.header("location").to_owned());
    }
    app.clock.set("2026-11-19T00:00:00Z");
    assert_eq!(work(&app).await, 2);
    let mut told = Vec::new();
    for place in &places {
        let report = app.police().get(place).await.expect(200).json;
        for it in report["rows"].as_array().unwrap() {
            told.push(format!("{} {}", it["status"], it["errors"][0]["code"]));
        }
    }
    assert_eq!(told[..2], ["\"updated\" null", "\"rejected\" \"agreement-lapsed\""]);
    assert_eq!(told[2..], ["\"held_back\" null", "\"rejected\" \"agreement-lapsed\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_opens_it_again_and_a_gap_stays_one() {
    let mut agreements = vec![agreement("ISA 1", "2020-01-01", "2026-11-17")];
    let app = start(agreements.clone()).await;
    let raises = async || app.police().post("/v1/escalations", &raise_body(json!({}))).await;
    lapsed(raises().await);
    agreements.push(agreement("ISA 2", "2026-11-20", "2027-11-19"));
    setup::apply(&app.deps, &plan(agreements.clone())).await.unwrap();
    let words = lapsed(raises().await);
    assert!(words.contains("The next one that is registered begins on 2026-11-20."), "{words}");
    app.clock.set("2026-11-20T00:00:00Z");
    raises().await.expect(201);
    // Said again, nothing changes.
    setup::apply(&app.deps, &plan(agreements)).await.unwrap();
    raises().await.expect(201);
    let all = app.database.superuser().await;
    let sql = "select count(*) from sharing_agreement where reference like 'ISA%'";
    assert_eq!(all.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_never_changes_and_a_refused_set_up_leaves_nothing() {
    let app = start(vec![agreement("ISA 1", "2020-01-01", "2062-06-30")]).await;
    let mut wrong = plan(vec![agreement("ISA 1", "2020-01-01", "2026-11-30")]);
    wrong.agencies[0].name = "Renamed".to_owned();
    let words = setup::apply(&app.deps, &wrong).await.unwrap_err().to_string();
    assert!(words.contains("the agreement \"ISA 1\" of \"valeshire_police\""), "{words}");
    assert!(words.contains("from 2020-01-01 to 2062-06-30"), "{words}");
    let all = app.database.superuser().await;
    let sql = "select count(*) from agency where name = 'Renamed'";
    assert_eq!(all.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);

    let right = PlannedAgreement {
        replaces: Some("ISA 1".to_owned()),
        ..agreement("ISA 1, ended early", "2020-01-01", "2026-11-17")
    };
    setup::apply(&app.deps, &plan(vec![right])).await.unwrap();
    lapsed(app.police().post("/v1/escalations", &raise_body(json!({}))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_agreements_are_recorded_only_nothing_is_refused() {
    let mut agreed = plan(vec![agreement("ISA 1", "2020-01-01", "2026-11-17")]);
    agreed.agreements = Some(AgreementRule::Recorded);
    let app = TestApp::start_with(async |deps| setup::apply(deps, &agreed).await.unwrap()).await;
    app.police().raises(json!({})).await;
    let own = |answer: Answer| {
        let items = answer.json["items"].as_array().unwrap().clone();
        items.into_iter().find(|it| it["code"] == "valeshire_police").unwrap()["agreement"].clone()
    };
    let shown = own(app.police().get("/v1/reference/agencies").await.expect(200));
    let expected = json!({"state": "lapsed", "required": false, "until": "2026-11-17",
        "reference": "ISA 1", "lawful_basis": "public_task"});
    assert_eq!(shown, expected);
    // A file that says nothing of it leaves it so; one that says it is obeyed.
    agreed.agreements = None;
    setup::apply(&app.deps, &agreed).await.unwrap();
    app.police().raises(json!({})).await;
    agreed.agreements = Some(AgreementRule::Required);
    setup::apply(&app.deps, &agreed).await.unwrap();
    lapsed(app.police().post("/v1/escalations", &raise_body(json!({}))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_warned_ahead_and_shown_to_whom_it_concerns() {
    // 60 days before its last day.
    let app = start(vec![agreement("ISA 1", "2020-01-01", "2027-01-17")]).await;
    let states = async |client: &str| {
        let answer = app.person(client).get("/v1/reference/agencies").await.expect(200).json;
        let items = answer["items"].as_array().unwrap().clone();
        let state = |it: Value| it["agreement"]["state"].as_str().unwrap_or("-").to_owned();
        items.into_iter().map(state).collect::<Vec<_>>()
    };
    // By code: anyborough_cs, business_unit, health_community, valeshire_police.
    assert_eq!(states("test-police").await, ["-", "-", "-", "ends_soon"]);
    assert_eq!(states("test-cs").await, ["in_force", "-", "-", "-"]);
    assert_eq!(states("test-operator").await, ["-"; 4]);
    for role in ["director", "service_lead", "analyst", "auditor", "privacy_officer"] {
        let all = states(&format!("test-{role}")).await;
        assert_eq!(all, ["in_force", "none", "in_force", "ends_soon"], "{role}");
    }
    let looked = look_at_all(&app.deps).await.unwrap();
    let to_see_to: Vec<(&str, i32)> = looked
        .iter()
        .flat_map(|it| it.to_see_to().map(|it| (it.code.as_str(), it.days_left)))
        .collect();
    assert_eq!(to_see_to, [("valeshire_police", 60)]);
    let text = metrics::text(&app.deps).await.unwrap();
    for line in [
        "escalation_tracker_agency_agreements{state=\"in_force\"} 2\n",
        "escalation_tracker_agency_agreements{state=\"ends_soon\"} 1\n",
        "escalation_tracker_agency_agreements{state=\"lapsed\"} 0\n",
        "escalation_tracker_agency_agreement_days_left 60.0\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_types_into_a_form_what_would_be_refused() {
    let app = sessions::start().await;
    let mut browser = sessions::signed_in(&app, "test-police").await;
    let form = format!("{}/raise", app.url);
    browser.get(&form).await.expect(200);
    let mut agreed = plan(vec![agreement("ISA 1", "2020-01-01", "2026-11-17")]);
    agreed.agreements = Some(AgreementRule::Required);
    setup::apply(&app.deps, &agreed).await.unwrap();
    let page = browser.get(&form).await.expect(403).text;
    assert!(page.contains("sharing agreement ended on 2026-11-17"), "{page}");
}
