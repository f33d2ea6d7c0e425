//! What becomes of somebody's details in a free text: refused or told of, as the agency's setting says, and never repeated.

use escalation_tracker::domain::free_text_policy::FreeTextPolicy;
use escalation_tracker::usecases::setup::{self, SetupPlan};
use reqwest::Method;
use serde_json::{Value, json};

use super::imports;
use super::support::TestApp;
use super::support::people::{self, Answer, raise_body};

const PHONE: &str = "Ring 07700 900123 before four.";
const NAME: &str = "Mother Anna Testwood agrees.";
const BOTH: &str = "Father Callum O'Fenn, NHS 999 000 0018.";
/// What learning is written like, week after week.
const OF_THE_WORK: &str =
    "The Strategy Meeting waits for Valeshire Police; the Named Nurse tells the Team Manager.";

fn with_policy(policy: FreeTextPolicy) -> SetupPlan {
    let mut plan = people::anyborough();
    for agency in plan.agencies.iter_mut().filter(|it| it.code == "valeshire_police") {
        agency.free_text = policy;
    }
    plan
}

async fn app_that_warns() -> TestApp {
    let plan = with_policy(FreeTextPolicy::Warn);
    TestApp::start_with(async |deps| setup::apply(deps, &plan).await.unwrap()).await
}

fn warning(code: &str, pointer: &str, start: u32, length: u32) -> Value {
    json!({"code": code, "pointer": pointer, "start": start, "length": length})
}

#[track_caller]
fn warned(answer: &Answer, status: u16, expected: Value) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.json["warnings"], expected, "{}", answer.text);
}

#[track_caller]
fn refused(answer: &Answer, pointer: &str) {
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(answer.problem().1, [(pointer.to_owned(), "personal_data".to_owned())]);
    for held in ["07700", "999 000 0018", "Anna", "Callum"] {
        assert!(!answer.text.contains(held), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sure_is_refused_and_a_name_only_told_of() {
    let app = TestApp::start().await;
    let police = app.police();
    let raises = async |changed| police.post("/v1/escalations", &raise_body(changed)).await;
    refused(&raises(json!({"concern": PHONE})).await, "#/concern");
    refused(&raises(json!({"desired_outcome": BOTH})).await, "#/desired_outcome");
    refused(&raises(json!({"stage": 2, "skip_reason": PHONE})).await, "#/skip_reason");
    let raised = raises(json!({"concern": format!("  {NAME}\r\n")})).await;
    warned(&raised, 201, json!([warning("person_name", "#/concern", 7, 13)]));
    let one = format!("/v1/escalations/{}", raised.id());
    // Whoever reads it later did not write it.
    warned(&police.get(&one).await, 200, Value::Null);
    warned(&raises(json!({"concern": OF_THE_WORK, "theme": "icpc_late"})).await, 201, Value::Null);

    let notes = format!("{one}/notes");
    refused(&police.post(&notes, &json!({"note": PHONE})).await, "#/note");
    let noted = police.post(&notes, &json!({"note": NAME})).await;
    warned(&noted, 200, json!([warning("person_name", "#/note", 7, 13)]));
    warned(&police.post(&notes, &json!({"note": OF_THE_WORK})).await, 200, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_that_wants_warnings_gets_them_and_nobody_else_does() {
    let app = app_that_warns().await;
    let police = app.police();
    let body = raise_body(json!({"concern": BOTH, "stage": 2, "skip_reason": PHONE}));
    let expected = json!([
        warning("person_name", "#/concern", 7, 13),
        warning("nhs_number", "#/concern", 26, 12),
        warning("phone", "#/skip_reason", 5, 12),
    ]);
    let tried = police.post("/v1/escalations?dry_run=true", &body).await;
    warned(&tried, 200, expected.clone());
    assert!(!tried.text.contains("999 000 0018"), "{}", tried.text);
    let headers = [("content-type", "application/json"), ("idempotency-key", "one")];
    for again in ["", "true"] {
        let raised = police.send(Method::POST, "/v1/escalations", &headers, body.to_string()).await;
        assert_eq!(raised.header("idempotent-replay"), again);
        warned(&raised, 201, expected.clone());
    }
    let id = police.raises(json!({"theme": "icpc_late"})).await;
    let notes = format!("/v1/escalations/{id}/notes");
    let noted = police.post(&notes, &json!({"note": PHONE})).await;
    warned(&noted, 200, json!([warning("phone", "#/note", 5, 12)]));
    // Another agency, and who acts for none, have not asked for that.
    refused(&app.childrens_services().post(&notes, &json!({"note": PHONE})).await, "#/note");
    refused(&app.director().post(&notes, &json!({"note": PHONE})).await, "#/note");
    // A role is no free text.
    let role = raise_body(json!({"raised_by_role": PHONE, "theme": "core_group_late"}));
    refused(&police.post("/v1/escalations", &role).await, "#/raised_by_role");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setting_is_changed_by_setting_up_again() {
    let app = app_that_warns().await;
    let body = raise_body(json!({"concern": PHONE}));
    let tries = async || app.police().post("/v1/escalations?dry_run=true", &body).await;
    warned(&tries().await, 200, json!([warning("phone", "#/concern", 5, 12)]));
    setup::apply(&app.deps, &with_policy(FreeTextPolicy::Refuse)).await.unwrap();
    refused(&tries().await, "#/concern");
    setup::apply(&app.deps, &with_policy(FreeTextPolicy::Warn)).await.unwrap();
    warned(&tries().await, 200, json!([warning("phone", "#/concern", 5, 12)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn systems_are_told_for_each_record_that_they_send() {
    let app = app_that_warns().await;
    let record = |name: &str, text: &str| {
        raise_body(json!({"source": "niche", "external_reference": name, "concern": text}))
    };
    let place = "/v1/sources/niche/escalations/W-1";
    let expected = json!([warning("phone", "#/concern", 5, 12)]);
    warned(&app.police().put(place, &record("W-1", PHONE)).await, 201, expected.clone());
    warned(&app.police().put(place, &record("W-1", PHONE)).await, 200, expected.clone());
    let batch = json!({"items": [record("W-2", PHONE), record("W-3", OF_THE_WORK)]});
    let answer = app.police().post("/v1/escalations/batch", &batch).await.expect(200);
    assert_eq!(answer.json["items"][0]["warnings"], expected);
    assert_eq!(answer.json["items"][1].get("warnings"), None);
}

/// What came of a file with a row for each of these texts.
async fn rows(app: &TestApp, texts: &[&str]) -> Value {
    let mut file =
        "external_reference,raised_with_agency,theme,urgency,child_references,desired_outcome\n"
            .to_owned();
    for (number, text) in texts.iter().enumerate() {
        let row = format!(
            "F-{number},anyborough_cs,strategy_meeting_late,urgent,la_child_id:SYN100234,\"{text}\"\n"
        );
        file.push_str(&row);
    }
    let path = "/v1/imports?source=niche&dry_run=false";
    let kind = [("content-type", "text/csv")];
    let sent = app.police().send(Method::POST, path, &kind, file).await.expect(202);
    assert_eq!(imports::work(app).await, 1);
    let report = app.police().get(sent.header("location")).await.expect(200);
    assert!(!report.text.contains("07700") && !report.text.contains("Anna"), "{}", report.text);
    report.json["rows"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_files_are_held_to_the_same_setting() {
    let texts = [PHONE, NAME, OF_THE_WORK];
    let name = json!([warning("person_name", "#/desired_outcome", 7, 13)]);

    let told = rows(&TestApp::start().await, &texts).await;
    assert_eq!(told[0]["status"], "rejected");
    assert_eq!(told[0]["errors"][0]["code"], "personal_data");
    assert_eq!(told[0].get("warnings"), None);
    assert_eq!((&told[1]["status"], &told[1]["warnings"]), (&json!("created"), &name));
    assert_eq!((&told[2]["status"], told[2].get("warnings")), (&json!("created"), None));

    let told = rows(&app_that_warns().await, &texts).await;
    assert_eq!(told[0]["status"], "created");
    assert_eq!(told[0]["warnings"], json!([warning("phone", "#/desired_outcome", 5, 12)]));
    assert_eq!(told[1]["warnings"], name);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_meeting_writes_is_refused_for_identifiers_only_whatever_an_agency_wants() {
    let app = app_that_warns().await;
    let learning =
        |text: &str| json!({"note": text, "about_agency": "anyborough_cs", "theme": "icpc_late"});
    let record = async |text| app.police().post("/v1/commendations", &learning(text)).await;
    refused(&record(PHONE).await, "#/note");
    record(NAME).await.expect(201);
    record(OF_THE_WORK).await.expect(201);
    let action = async |text: &str| {
        let body = json!({
            "title": text, "owner_agency": "health_community", "owner_role": "Designated nurse",
            "due_on": "2026-11-30",
        });
        app.director().post("/v1/reviews/2026-W46/actions", &body).await
    };
    refused(&action(PHONE).await, "#/title");
    action(OF_THE_WORK).await.expect(201);
    action(NAME).await.expect(201);
}
