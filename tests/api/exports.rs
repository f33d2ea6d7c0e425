//! Files of escalations that leave, what is recorded of them, and notes for case systems.

use escalation_tracker::domain::access::{Caller, Role};
use escalation_tracker::domain::export::{ExportFormat, ExportPurpose};
use escalation_tracker::domain::listing::EscalationFilter;
use escalation_tracker::usecases::exports::{self, Wanted};
use escalation_tracker::usecases::registry;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::people::{Answer, Person};
use super::support::tokens::ISSUER;

const EXPORT: &str = "/v1/exports/escalations";

async fn take(app: &TestApp, by: &Person<'_>, query: &str, kind: &str) -> Answer {
    // One after the other, so that their records have an order.
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    let path = format!("{EXPORT}?{query}");
    by.send(Method::POST, &path, &[("accept", kind)], "").await
}

/// B155.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_leaves_with_a_purpose_and_a_record_and_nobody_elses_rows() {
    let app = TestApp::start().await;
    let ours = app.police().raises(json!({})).await;
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    let theirs = app.health().raises(json!({"urgency": "urgent"})).await;
    let problem = app.police().send(Method::POST, EXPORT, &[], "").await.expect(400);
    assert_eq!(problem.problem().0, "purpose-required");
    assert!(problem.text.contains("performance_reporting"), "{}", problem.text);
    let problem = take(&app, &app.police(), "purpose=curiosity", "*/*").await.expect(400);
    assert_eq!(problem.problem().0, "invalid-parameter");
    take(&app, &app.police(), "purpose=inspection&limit=1", "*/*").await.expect(400);
    app.person("test-operator").send(Method::POST, EXPORT, &[], "").await.expect(403);
    assert_eq!(app.director().get("/v1/exports").await.expect(200).json["items"], json!([]));

    let ids = |answer: &Answer| -> Vec<String> {
        let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
        reader.records().map(|row| row.unwrap()[0].to_owned()).collect()
    };
    let file = take(&app, &app.police(), "purpose=inspection", "text/csv").await.expect(200);
    assert_eq!(ids(&file), [ours.as_str()]);
    assert!(file.header("content-disposition").contains("escalations_2026-11-18"));
    // The oldest first, as in the list but whole.
    let file = take(&app, &app.director(), "purpose=quality_audit", "*/*").await.expect(200);
    assert_eq!(ids(&file), [ours.as_str(), theirs.as_str()]);
    let file =
        take(&app, &app.director(), "purpose=quality_audit&urgency=urgent", "text/csv").await;
    assert_eq!(ids(&file.expect(200)), [theirs.as_str()]);
    let lines = take(&app, &app.police(), "purpose=system_transfer", "application/x-ndjson")
        .await
        .expect(200);
    let line: Value = serde_json::from_str(lines.text.trim_end()).unwrap();
    let listed = app.police().get("/v1/escalations").await.expect(200).json;
    assert_eq!(line, listed["items"][0]);
    let excel =
        take(&app, &app.police(), "purpose=inspection&excel=true", "text/csv").await.expect(200);
    assert!(excel.text.starts_with("\u{feff}\"id\""), "{}", excel.text);

    let records = app.director().get("/v1/exports").await.expect(200).json;
    let told: Vec<_> = records["items"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|it| {
            format!(
                "{} {} {} {} {}",
                it["role"], it["agency"], it["purpose"], it["format"], it["rows"]
            )
        })
        .map(|line| line.replace('"', ""))
        .collect();
    let expected = [
        "agency valeshire_police inspection csv 1",
        "director null quality_audit csv 2",
        "director null quality_audit csv 1",
        "agency valeshire_police system_transfer ndjson 1",
        "agency valeshire_police inspection csv 1",
    ];
    assert_eq!(told, expected);
    assert_eq!(records["items"][2]["filters"], "purpose=quality_audit&urgency=urgent");
    let own = app.police().get("/v1/exports").await.expect(200).json;
    assert_eq!(own["items"].as_array().unwrap().len(), 3);
    assert_eq!(app.health().get("/v1/exports").await.expect(200).json["items"], json!([]));
}

async fn caller(app: &TestApp, client: &str) -> Caller {
    let found = registry::find(&app.deps, ISSUER, client).await.unwrap().unwrap();
    registry::caller(&app.deps, &found, "somebody".to_owned()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_would_be_too_large_does_not_leave_and_is_not_recorded() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        app.police().raises(json!({})).await;
    }
    let director = caller(&app, "test-director").await;
    assert_eq!(director.role, Role::Director);
    let wanted = |most| Wanted {
        purpose: ExportPurpose::Inspection,
        format: ExportFormat::Csv,
        filters: String::new(),
        filter: EscalationFilter::default(),
        most,
    };
    assert!(exports::escalations(&app.deps, &director, wanted(2)).await.unwrap().is_none());
    assert!(exports::list(&app.deps, &director).await.unwrap().is_empty());
    let found = exports::escalations(&app.deps, &director, wanted(3)).await.unwrap().unwrap();
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|it| it.standing.is_some()));
    assert_eq!(exports::list(&app.deps, &director).await.unwrap()[0].rows, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_says_what_it_is_and_keeps_texts() {
    use calamine::{Data, Reader};
    let app = TestApp::start().await;
    app.police().raises(json!({})).await;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let token = super::support::tokens::Token::of("test-police")
        .at(escalation_tracker::usecases::deps::Clock::now(&*app.clock))
        .signed();
    let answer = reqwest::Client::new()
        .post(format!("{}{EXPORT}?purpose=inspection", app.url))
        .bearer_auth(token)
        .header("accept", kind)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let bytes = answer.bytes().await.unwrap().to_vec();
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(book.sheet_names(), ["Read me", "Escalations", "Codes"]);
    let rows = book.worksheet_range("Escalations").unwrap();
    let head: Vec<String> = rows.rows().next().unwrap().iter().map(ToString::to_string).collect();
    let at = head.iter().position(|it| it == "raised_at").unwrap();
    assert!(matches!(rows.get_value((1, u32::try_from(at).unwrap())), Some(Data::String(_))));
    let told = book.worksheet_range("Read me").unwrap();
    assert!(told.cells().any(|(_, _, cell)| *cell == "inspection"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_note_says_what_its_reader_may_see_and_never_the_child() {
    let app = TestApp::start().await;
    let protected = json!({"raiser_visibility": "protected"});
    let id = app.police().raises(json!({})).await;
    let path = format!("/v1/escalations/{id}/case-note");
    let note = app.police().get(&path).await.expect(200).json;
    let reference = note["reference"].as_str().unwrap();
    assert_eq!(note["date"], "2026-11-18");
    assert!(note["title"].as_str().unwrap().starts_with(&format!("Escalation {reference}: ")));
    assert_eq!(note["link"], format!("{}/e/{reference}", app.url));
    let text = note["text"].as_str().unwrap();
    for part in [
        "Raised by Valeshire Police with Anyborough Children's Services on 18 November 2026, 10:00.",
        "Urgency: standard. Stage 1.",
        "Asked for: Hold a quorate strategy meeting.",
        "Due next: acknowledgement, by ",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!note.to_string().contains("SYN100234"));
    let plain =
        app.police().send(Method::GET, &path, &[("accept", "text/plain")], "").await.expect(200);
    assert_eq!(plain.header("content-type"), "text/plain; charset=utf-8");
    assert!(plain.text.contains(text), "{}", plain.text);
    app.health().get(&path).await.expect(404);
    app.person("test-analyst").get(&path).await.expect(403);
    app.childrens_services().agrees(&id).await;
    app.police().accepts(&id).await;
    app.childrens_services().resolves(&id).await;
    let ended = app.police().get(&path).await.expect(200).json;
    assert!(
        ended["text"].as_str().unwrap().contains("Ended: resolved as requested, on "),
        "{ended}"
    );
    assert_ne!(ended["version"], note["version"]);
    // Who raised it is not told to whom it is protected from.
    let id = app.police().raises(protected).await;
    let note =
        app.childrens_services().get(&format!("/v1/escalations/{id}/case-note")).await.expect(200);
    assert!(
        !note.text.contains("Valeshire Police") && note.text.contains("Raised with"),
        "{}",
        note.text
    );
}

/// The link of a note asks who somebody is, and leads to the record.
#[tokio::test(flavor = "multi_thread")]
async fn the_short_address_leads_to_the_record_of_whoever_may_see_it() {
    let app = super::sessions::start().await;
    let id = app.police().raises(json!({})).await;
    let note = app.police().get(&format!("/v1/escalations/{id}/case-note")).await.expect(200).json;
    let link = note["link"].as_str().unwrap();
    let mut stranger = super::support::browser::Browser::new();
    let asked = stranger.get(link).await.expect(303);
    assert!(
        asked.header("location").starts_with("/auth/login?return_to=%2Fe%2FESC-"),
        "{:?}",
        asked.headers
    );
    let mut police = super::sessions::signed_in(&app, "test-police").await;
    let led = police.get(link).await.expect(303);
    assert_eq!(led.header("location"), format!("/escalations/{id}"));
    police.get(&format!("{}/e/ESC-ANY-2026-99999", app.url)).await.expect(404);
    let mut health = super::sessions::signed_in(&app, "test-health").await;
    health.get(link).await.expect(404);
}
