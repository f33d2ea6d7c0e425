//! Files of escalations: what is wrong is told by line, what is right is stored once, and nothing that was sent is told again.

use std::sync::Arc;

use escalation_tracker::http::import_rows::ContractRows;
use escalation_tracker::usecases::import_work::{Importer, RowForm, work_all};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::people::{Answer, Person};

const HEAD: &str = "external_reference,raised_with_agency,theme,urgency,child_references,desired_outcome,raised_at";
const CSV: (&str, &str) = ("content-type", "text/csv");
const DO_IT: &str = "/v1/imports?source=niche&dry_run=false";

/// A good row.
pub fn row(name: &str) -> String {
    format!(
        "{name},anyborough_cs,strategy_meeting_late,urgent,la_child_id:SYN100234,Hold the meeting.,2026-11-16T09:30:00Z"
    )
}

pub fn file(rows: &[String]) -> String {
    format!("{HEAD}\r\n{}\r\n", rows.join("\r\n"))
}

/// Works on what waits.
pub async fn work(app: &TestApp) -> usize {
    let form: Arc<dyn RowForm> = Arc::new(ContractRows);
    work_all(&app.deps, &Importer::new(&app.deps), &form).await.unwrap()
}

async fn sends(by: &Person<'_>, path: &str, body: impl Into<reqwest::Body>) -> Answer {
    by.send(Method::POST, path, &[CSV], body).await
}

/// Sends a file, works on it and reads its report.
async fn report(app: &TestApp, path: &str, body: &str) -> Value {
    let sent = sends(&app.police(), path, body.to_owned()).await.expect(202);
    assert_eq!(sent.json["state"], "queued");
    assert_eq!(work(app).await, 1);
    app.police().get(sent.header("location")).await.expect(200).json
}

/// What came of the rows, in few words.
fn told(report: &Value) -> Vec<String> {
    let rows = report["rows"].as_array().unwrap().iter().map(|row| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = row["errors"].as_array().cloned().unwrap_or_default();
        let errors: Vec<String> = errors
            .iter()
            .map(|it| format!(" {} {}", text(&it["column"]), text(&it["code"])))
            .collect();
        format!("{} {}{}", row["line"], text(&row["status"]), errors.concat())
    });
    rows.collect()
}

async fn count(app: &TestApp, what: &str) -> i64 {
    let sql = format!("select count(*) from {what}");
    app.database.superuser().await.query_one(&sql, &[]).await.unwrap().get(0)
}

/// B145, B148, B149, B152, B154.
#[tokio::test(flavor = "multi_thread")]
async fn every_row_stands_for_itself_and_is_told_by_its_line() {
    let app = TestApp::start().await;
    let before = app.police().put("/v1/sources/niche/escalations/K-1", &json!({
        "raised_with_agency": "anyborough_cs", "theme": "strategy_meeting_late", "urgency": "urgent",
        "child_references": [{"scheme": "la_child_id", "value": "SYN100234"}],
        "desired_outcome": "Hold the meeting.", "raised_at": "2026-11-16T09:30:00Z"})).await;
    let known = before.expect(201).id();
    let damaged = |name: &str, at: &str| row(name).replace("2026-11-16T09:30:00Z", at);
    let body = [
        HEAD.to_owned(),
        row("A-1"),
        row("A-2").replace("Hold the meeting.", "\"Hold the meeting,\nand say \"\"when\"\".\""),
        String::new(),
        row("A-3").replace("strategy_meeting_late", "zq7marker"),
        damaged("A-4", "46082"),
        damaged("A-5", "5/6/2026"),
        row("1.23E+15"),
        row("A-1"),
        row("K-1"),
        row("K-1x").replace("SYN100234", "Zqmarker Name"),
        "A-8,anyborough_cs".to_owned(),
        row("A-9").replace("2026-11-16T", "2027-11-16T"),
    ];
    let sent = body.join("\n");
    let tried = report(&app, "/v1/imports?source=niche", &sent).await;
    assert_eq!((&tried["dry_run"], &tried["state"]), (&json!(true), &json!("succeeded")));
    let expected = [
        "2 created",
        "3 created",
        "6 rejected theme unknown_reference",
        "7 rejected raised_at invalid_datetime",
        "8 rejected raised_at invalid_datetime",
        "9 rejected external_reference pattern",
        "10 duplicate external_reference not_unique",
        "11 unchanged",
        "12 rejected child_references pattern",
        "13 rejected malformed_row",
        "14 rejected raised_at in_future",
    ];
    assert_eq!(told(&tried).iter().map(|it| it.replace("  ", " ")).collect::<Vec<_>>(), expected);
    assert_eq!(count(&app, "escalation").await, 1, "nothing is stored by trying");

    let done = report(&app, DO_IT, &sent).await;
    assert_eq!(told(&done), told(&tried));
    let counts = json!({"rows": 11, "waiting": 0, "created": 2, "updated": 0, "unchanged": 1, "stale_ignored": 0,
                        "rejected": 7, "duplicate": 1, "held_back": 0});
    assert_eq!(done["counts"], counts);
    assert_eq!(count(&app, "escalation").await, 3);
    let damage = &done["rows"][3]["errors"][0];
    assert!(damage["message"].as_str().unwrap().contains("made a number"), "{damage}");
    assert!(damage["fix"].as_str().unwrap().contains("as text"), "{damage}");
    for sent in ["zq7marker", "zqmarker", "SYN100234"] {
        assert!(!done.to_string().to_lowercase().contains(&sent.to_lowercase()), "{sent}");
    }
    assert_eq!(done["rows"][7]["escalation"]["id"], known.as_str());
    // Its original date is kept, and the text with the line break and the quotation marks is whole.
    let made = app.police().get(done["rows"][1]["escalation"]["href"].as_str().unwrap()).await;
    let made = made.expect(200).json;
    assert_eq!(made["raised_at"], "2026-11-16T09:30:00Z");
    assert_eq!(made["desired_outcome"], "Hold the meeting,\nand say \"when\".");
    assert_eq!(made["raised_by_agency"], "valeshire_police");
    assert_eq!(made["external_reference"], "A-2");
    // Sent again, what is there is known.
    let again = report(&app, DO_IT, &sent).await;
    assert_eq!(again["counts"]["unchanged"], 3);
    assert_eq!(count(&app, "escalation").await, 3);
    // Nobody else finds it.
    let path = done["links"]["self"].as_str().unwrap();
    for other in [app.health(), app.person("else-police")] {
        other.get(path).await.expect(404);
    }
    app.director().get(path).await.expect(403);
}

/// B144 and B154: columns are told before any row.
#[tokio::test(flavor = "multi_thread")]
async fn columns_are_matched_or_told_before_any_row() {
    let app = TestApp::start().await;
    let good = file(&[row("A-1")]).replace(
        HEAD,
        "\u{feff}External Reference,raised-with-agency,THEME,Urgency,\
        pers_person_id, Desired Outcome,Raised At",
    );
    for (at, body) in [(1, good.clone()), (2, good.replace("A-1", "A-2").replace(',', ";"))] {
        let report = report(&app, DO_IT, &body).await;
        assert_eq!(told(&report), ["2 created"], "{report}");
        assert_eq!(report["columns"][6]["column"], "raised_at");
        let note = report["columns"][6]["note"].as_str().unwrap();
        assert!(note.contains("We expected raised_at"), "{note}");
        assert!(report["columns"][4]["note"].as_str().unwrap().contains("Standard Safeguarding"));
        assert_eq!(count(&app, "escalation").await, at);
    }
    let bad = file(&[row("A-3")])
        .replace("urgency,", "urgncy,")
        .replace(",raised_at\r", ",secret_name\r");
    let problem = sends(&app.police(), DO_IT, bad.clone()).await.expect(422);
    let told = problem.problem().1;
    let expected = [
        ("#/columns/4", "unknown_field"),
        ("#/columns/7", "unknown_field"),
        ("#/columns/urgency", "required"),
    ];
    assert_eq!(told, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    assert!(problem.text.contains("Did you mean urgency?"), "{}", problem.text);
    assert!(!problem.text.contains("secret_name"), "{}", problem.text);
    sends(&app.police(), "/v1/imports?dry_run=false", good).await.expect(422);
    // A row of another agency (B152).
    let others = format!("{HEAD},raised_by_agency\n{},anyborough_cs\n", row("A-4"));
    assert_eq!(
        self::told(&report(&app, DO_IT, &others).await),
        ["2 rejected raised_by_agency read_only_field"]
    );
    // Header only, and nothing at all.
    let empty = report(&app, DO_IT, &format!("{HEAD}\n")).await;
    assert_eq!((&empty["counts"]["rows"], &empty["state"]), (&json!(0), &json!("succeeded")));
    sends(&app.police(), DO_IT, "").await.expect(422);
}

/// B146, B147, B150.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_whole() {
    let app = TestApp::start().await;
    let police = app.police();
    let wrong = [file(&[]).into_bytes(), b"A-1,caf\xe9".to_vec()].concat();
    let problem = sends(&police, DO_IT, wrong).await.expect(400);
    assert_eq!(problem.problem().0, "invalid-encoding");
    assert!(problem.text.contains("CSV UTF-8"), "{}", problem.text);
    let many = file(&[]) + &"x\n".repeat(50_001);
    let long = file(&["x".repeat(5 * 1024 * 1024)]);
    for body in [many, long] {
        assert_eq!(sends(&police, DO_IT, body).await.expect(413).problem().0, "payload-too-large");
    }
    let all = "/v1/imports?mode=all_or_nothing";
    sends(&police, &format!("{all}&source=a"), file(&[]) + &"x\n".repeat(5_001)).await.expect(413);
    let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for kind in [sheet, "application/zip", "application/json", "text/csv; charset=windows-1252"] {
        let answer =
            police.send(Method::POST, DO_IT, &[("content-type", kind)], "a").await.expect(415);
        assert_eq!(answer.problem().0, "unsupported-media-type");
    }
    // Compressed, also when it would be too large unpacked.
    let packed = |text: &[u8]| {
        use std::io::Write;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    };
    let gzip = [CSV, ("content-encoding", "gzip")];
    let good = packed(file(&[row("A-1")]).as_bytes());
    let sent = police.send(Method::POST, DO_IT, &gzip, good.clone()).await.expect(202);
    assert_eq!(sent.json["counts"]["rows"], 1);
    police.send(Method::POST, DO_IT, &gzip, good[..20].to_vec()).await.expect(400);
    let bomb = packed(&vec![b'x'; 51 * 1024 * 1024]);
    police.send(Method::POST, DO_IT, &gzip, bomb).await.expect(413);
    police.send(Method::POST, DO_IT, &[CSV, ("content-encoding", "br")], good).await.expect(415);
    assert_eq!(count(&app, "import_job").await, 1);
}

/// B151 and T-ID10.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_under_the_same_key_is_the_same_import() {
    let app = TestApp::start().await;
    let police = app.police();
    let body = file(&[row("A-1"), row("A-2").replace("urgent", "zq7")]);
    let headers = [CSV, ("idempotency-key", "file-1")];
    let first = police.send(Method::POST, DO_IT, &headers, body.clone()).await.expect(202);
    work(&app).await;
    let told = police.get(first.header("location")).await.expect(200);
    app.clock.advance(SignedDuration::from_hours(1));
    let again = police.send(Method::POST, DO_IT, &headers, body.clone()).await.expect(202);
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("idempotent-replay"), "true");
    assert_eq!(work(&app).await, 0);
    assert_eq!(police.get(first.header("location")).await.expect(200).text, told.text);
    let other = police.send(Method::POST, DO_IT, &headers, file(&[row("A-3")])).await.expect(422);
    assert_eq!(other.problem().0, "idempotency-key-reused");
    let tried =
        police.send(Method::POST, "/v1/imports?source=niche", &headers, body).await.expect(422);
    assert_eq!(tried.problem().0, "idempotency-key-reused");
    assert_eq!((count(&app, "import_job").await, count(&app, "escalation").await), (1, 1));
}

/// B145: an open quotation mark, NUL, and line ends of several kinds.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_can_have_wrong_in_its_form_is_told_by_the_line() {
    let app = TestApp::start().await;
    let nul = row("A-2").replace("Hold the", "Hold\0the");
    let open = row("A-4").replace("Hold the meeting.", "\"Hold the meeting.");
    let sent =
        format!("{HEAD}\r\n{}\n{nul}\r\n{}\n{open}\n{}\n", row("A-1"), row("A-3"), row("A-5"));
    let expected = [
        "2 created",
        "3 rejected desired_outcome control_character",
        "4 created",
        "5 rejected  malformed_row",
    ];
    assert_eq!(told(&report(&app, "/v1/imports?source=niche", &sent).await), expected);
    let whole = report(&app, &format!("{DO_IT}&mode=all_or_nothing"), &sent).await;
    assert_eq!(whole["failure"], json!("rows_refused"));
    assert_eq!(count(&app, "escalation").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_rows_are_stored_or_none() {
    let app = TestApp::start().await;
    let path = format!("{DO_IT}&mode=all_or_nothing");
    let bad = file(&[row("A-1"), row("A-2").replace("urgent", "zq7"), row("A-3")]);
    let refused = report(&app, &path, &bad).await;
    assert_eq!(told(&refused), ["2 held_back", "3 rejected urgency unknown_code", "4 held_back"]);
    assert_eq!(
        (&refused["state"], &refused["failure"]),
        (&json!("failed"), &json!("rows_refused"))
    );
    assert_eq!(count(&app, "escalation").await, 0);
    let good = report(&app, &path, &file(&[row("A-1"), row("A-2"), row("A-3")])).await;
    assert_eq!(told(&good), ["2 created", "3 created", "4 created"]);
    assert_eq!((&good["state"], count(&app, "event").await), (&json!("succeeded"), 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_can_be_corrected_and_sent_again_for_a_day() {
    let app = TestApp::start().await;
    let formula = row("A-2").replace("Hold the meeting.", "=Hold(it)").replace("urgent", "zq7");
    let first = report(&app, DO_IT, &file(&[row("A-1"), formula])).await;
    let path = first["links"]["self"].as_str().unwrap();
    let table = app.police().get_csv(path).await.expect(200).text;
    assert!(table.contains("\"'=Hold(it)\""), "{table}");
    assert!(table.contains("urgency: "), "{table}");
    let corrected = table.replace("zq7", "urgent");
    let again = report(&app, DO_IT, &corrected).await;
    assert_eq!(told(&again), ["2 unchanged", "3 created"]);
    let made = app.police().get(again["rows"][1]["escalation"]["href"].as_str().unwrap()).await;
    assert_eq!(made.expect(200).json["desired_outcome"], "=Hold(it)");
    // What was sent is unreadable where it is kept, and gone after a day.
    let readable = "import_row where position('SYN100234'::bytea in payload) > 0";
    assert_eq!(count(&app, readable).await, 0);
    assert_eq!(count(&app, "import_row where payload is not null").await, 4);
    app.clock.advance(SignedDuration::from_hours(25));
    work(&app).await;
    assert_eq!(count(&app, "import_row where payload is not null").await, 0);
    let table = app.police().get_csv(path).await.expect(200).text;
    assert!(!table.contains("SYN100234") && table.contains("unknown_code"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_json_pages_and_newer_versions() {
    let app = TestApp::start().await;
    let record = |name: &str, version: i64, theme: &str| {
        json!({"external_reference": name, "raised_with_agency": "anyborough_cs", "theme": theme, "urgency": "urgent",
               "child_references": [{"scheme": "la_child_id", "value": "SYN100234"}], "source_version": version,
               "desired_outcome": "Hold the meeting.", "raised_at": "2026-11-16T09:30:00Z"})
        .to_string()
    };
    let lines =
        [record("A-1", 2, "icpc_late"), "{\"a\": 1,".to_owned(), record("A-2", 1, "icpc_late")]
            .join("\n");
    let kind = [("content-type", "application/x-ndjson")];
    let sent = app.police().send(Method::POST, DO_IT, &kind, lines).await.expect(202);
    work(&app).await;
    let path = sent.header("location").to_owned();
    let report = app.police().get(&path).await.expect(200).json;
    assert_eq!(told(&report), ["1 created", "2 rejected  malformed-json", "3 created"]);
    let lines = [record("A-1", 1, "other"), record("A-2", 2, "strategy_meeting_late")].join("\n");
    let sent = app.police().send(Method::POST, DO_IT, &kind, lines).await.expect(202);
    work(&app).await;
    let later = app.police().get(sent.header("location")).await.expect(200).json;
    assert_eq!(told(&later), ["1 stale_ignored", "2 updated"]);
    let mut next = format!("{path}?limit=1");
    let mut seen = Vec::new();
    loop {
        let page = app.police().get(&next).await.expect(200).json;
        seen.extend(told(&page));
        let Some(link) = page["links"]["next"].as_str() else { break };
        next = link.to_owned();
    }
    assert_eq!(seen, told(&report));
    let only = app.police().get(&format!("{path}?status=rejected")).await.expect(200).json;
    assert_eq!(told(&only), ["2 rejected  malformed-json"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_send_any_more_has_nothing_taken_in() {
    let app = TestApp::start().await;
    let sent = sends(&app.police(), DO_IT, file(&[row("A-1")])).await.expect(202);
    let path = sent.header("location").to_owned();
    let switch = async |to: &str| {
        let sql = format!("update client set disabled_at = {to} where client_id = 'test-police'");
        app.database.superuser().await.batch_execute(&sql).await.unwrap();
        app.deps.forget();
    };
    switch("now()").await;
    work(&app).await;
    assert_eq!(count(&app, "escalation").await, 0);
    switch("null").await;
    let report = app.police().get(&path).await.expect(200).json;
    assert_eq!((&report["state"], &report["failure"]), (&json!("failed"), &json!("not_allowed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_templates_name_every_column_and_offer_the_codes() {
    let app = TestApp::start().await;
    let template = app.police().get_csv("/v1/imports/template.csv").await.expect(200).text;
    assert!(template.starts_with("\"external_reference\",\"raised_with_agency\",\"theme\""));
    // It can be sent as it is.
    sends(&app.police(), "/v1/imports", template).await.expect(202);
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let (status, _, bytes) = app.police().get_file("/v1/imports/template.xlsx", kind).await;
    assert_eq!(status, 200);
    use calamine::Reader;
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(book.sheet_names(), ["Escalations", "Read me", "Codes", "Lists"]);
    let lists = book.worksheet_range("Lists").unwrap();
    let cells: Vec<String> = lists.cells().map(|(_, _, cell)| cell.to_string()).collect();
    for code in ["anyborough_cs", "strategy_meeting_late", "urgent", "icpc"] {
        assert!(cells.iter().any(|it| it == code), "{code}");
    }
    assert!(!cells.iter().any(|it| it == "valeshire_police"), "nobody escalates to themselves");
}
