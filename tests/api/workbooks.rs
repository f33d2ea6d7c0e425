//! Workbooks: every number in them is that of the same answer as JSON, and nothing in them can be mistaken.

use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use jiff::SignedDuration;
use rand::Rng;
use serde_json::{Value, json};

use super::sessions::{signed_in, start};
use super::support::TestApp;
use super::support::histories::{Histories, Raising};
use super::support::people::Person;

const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

type Book = Xlsx<Cursor<Vec<u8>>>;

async fn bytes(by: &Person<'_>, path: &str) -> Vec<u8> {
    let (status, headers, bytes) = by.get_file(path, KIND).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, KIND), "{path}");
    assert!(headers["content-disposition"].to_str().unwrap().ends_with(".xlsx\""));
    assert_eq!(headers["vary"], "accept");
    bytes
}

fn opened(bytes: Vec<u8>) -> Book {
    let mut book: Book = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
    book.load_tables().unwrap();
    for sheet in book.sheet_names() {
        assert!(book.worksheet_formula(&sheet).unwrap().is_empty(), "a formula in {sheet}");
        assert!(book.merge_cells_by_sheet_name(&sheet).unwrap().is_empty(), "{sheet}");
        let tables = book.table_names_in_sheet(&sheet);
        assert_eq!(tables.len(), 1, "one table in {sheet}");
        let range = book.worksheet_range(&sheet).unwrap();
        assert_eq!(range.start(), Some((0, 0)), "{sheet} begins in its first cell");
    }
    book
}

/// A cell as JSON has it.
fn value(cell: &Data) -> Value {
    match cell {
        Data::Empty => Value::Null,
        Data::String(text) => json!(text),
        Data::Float(number) if number.fract() == 0.0 => {
            json!(format!("{number:.0}").parse::<i64>().unwrap())
        }
        Data::Float(number) => json!(number),
        other => panic!("{other:?}"),
    }
}

/// The rows as objects.
fn rows(range: &Range<Data>) -> Vec<Value> {
    let mut rows = range.rows();
    let heads: Vec<String> = rows.next().unwrap().iter().map(|it| it.to_string()).collect();
    rows.map(|row| heads.iter().cloned().zip(row.iter().map(value)).collect()).collect()
}

fn sheet(book: &mut Book, name: &str) -> Vec<Value> {
    rows(&book.worksheet_range(name).unwrap())
}

#[track_caller]
fn same(told: &Value, wanted: &Value, what: &str) {
    match (told.as_f64(), wanted.as_f64()) {
        (Some(told), Some(wanted)) => {
            assert!((told - wanted).abs() < 1e-9, "{what}: {told} {wanted}")
        }
        _ => assert_eq!(told, wanted, "{what}"),
    }
}

/// A service with two months of random histories.
pub async fn some_history(app: &TestApp) {
    app.clock.set("2026-01-05T09:00:00Z");
    let mut it = Histories::new(app, 11).await;
    for _ in 0..160 {
        app.clock.advance(SignedDuration::from_secs(it.rng.random_range(600..40_000)));
        if it.known.len() < 6 || it.rng.random_bool(0.4) {
            it.raise(Raising::default()).await;
        } else {
            it.act_on_any().await;
        }
    }
    app.clock.advance(SignedDuration::from_hours(24 * 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workbook_of_a_review_has_every_number_of_its_json() {
    let app = TestApp::start().await;
    some_history(&app).await;
    let week = "/v1/reviews/2026-W06";
    let director = app.director();
    let review = director.get(week).await.expect(200);
    let first = bytes(&director, week).await;
    assert_eq!(first, bytes(&director, week).await, "the same review, the same bytes");
    let mut book = opened(first);
    let told = &review.json;
    let figures = sheet(&mut book, "Figures");
    assert!(figures.len() > 35);
    for row in &figures {
        let (figure, member) = (row["figure"].as_str().unwrap(), row["member"].as_str().unwrap());
        let wanted = match (figure, member) {
            ("reconciliation", _) => &told["reconciliation"][member],
            ("late", _) => &told[member],
            ("ages", _) => &told["ages"][member],
            (_, "usual_lower") => &told["tiles"][figure]["reading"]["lower"],
            (_, "usual_upper") => &told["tiles"][figure]["reading"]["upper"],
            (_, "variation") => continue,
            _ => &told["tiles"][figure][member],
        };
        same(&row["value"], wanted, &format!("{figure} {member}"));
    }
    for (name, table) in
        [("Themes asked", &told["asked"]), ("Themes raised by", &told["raised_by"])]
    {
        let lines = sheet(&mut book, name);
        let (wanted, columns) =
            (table["rows"].as_array().unwrap(), table["columns"].as_array().unwrap());
        assert!(!wanted.is_empty() && lines.len() == wanted.len() + 1, "{name}");
        for (line, row) in lines.iter().zip(wanted) {
            assert_eq!(line["theme_group"], row["group"]);
            for (column, cell) in columns.iter().zip(row["cells"].as_array().unwrap()) {
                same(&line[column["code"].as_str().unwrap()], &cell["value"], name);
            }
            same(&line["all"], &row["total"], name);
            same(&line["median_days"], &row["median_days"], name);
        }
        let last = lines.last().unwrap();
        for (column, total) in columns.iter().zip(table["totals"].as_array().unwrap()) {
            same(&last[column["code"].as_str().unwrap()], total, name);
        }
        same(&last["all"], &table["total"], name);
    }
    let weeks = sheet(&mut book, "Weeks");
    let points: Vec<&Value> = ["raised", "median_days"]
        .iter()
        .flat_map(|series| told[*series]["points"].as_array().unwrap())
        .collect();
    assert_eq!(weeks.len(), points.len());
    for (line, point) in weeks.iter().zip(points) {
        for (column, member) in [
            ("week", "week"),
            ("value", "value"),
            ("average", "centre"),
            ("usual_lower", "lower"),
            ("usual_upper", "upper"),
        ] {
            same(&line[column], &point[member], column);
        }
    }
    let agencies = sheet(&mut book, "Agencies");
    for (line, agency) in agencies.iter().zip(told["agencies"].as_array().unwrap()) {
        for (column, member) in [
            ("agency", "code"),
            ("raised", "raised"),
            ("usual", "usual"),
            ("last_contact", "last_contact"),
        ] {
            same(&line[column], &agency[member], column);
        }
    }
    let open = sheet(&mut book, "Escalations");
    let lists = ["overdue", "urgent", "high_stages", "oldest"];
    let wanted: Vec<&Value> =
        lists.iter().flat_map(|list| told[*list].as_array().unwrap()).collect();
    assert!(!wanted.is_empty() && open.len() == wanted.len());
    for (line, escalation) in open.iter().zip(wanted) {
        for member in [
            "reference",
            "id",
            "theme",
            "stage",
            "raised_at",
            "due_at",
            "working_days_late",
            "child_days",
            "owner",
        ] {
            same(&line[member], &escalation[member], member);
        }
        assert!(line["id"].is_string() && line["raised_at"].as_str().unwrap().ends_with('Z'));
    }
    // What it is, and what its words mean.
    let read_me = sheet(&mut book, "Read me");
    let line = |what: &str| read_me.iter().find(|it| it["what"] == what).unwrap()["text"].clone();
    assert_eq!(format!("\"{}\"", line("sha256").as_str().unwrap()), review.header("etag"));
    assert_eq!((line("data_to"), line("state")), (told["data_to"].clone(), json!("not signed")));
    let definitions = sheet(&mut book, "Definitions");
    let metrics = director.get("/v1/metrics").await.expect(200).json["items"].clone();
    let metrics = metrics.as_array().unwrap();
    assert_eq!(definitions.len(), metrics.len());
    for (line, metric) in definitions.iter().zip(metrics) {
        assert_eq!(
            (&line["metric"], &line["definition"]),
            (&metric["code"], &metric["definition"])
        );
    }
    let codes = sheet(&mut book, "Codes");
    for row in told["asked"]["rows"].as_array().unwrap() {
        assert!(codes.iter().any(|it| it["code"] == row["group"] && it["words"] == row["label"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workbooks_of_the_aggregation_and_of_the_list_are_their_csv() {
    let app = TestApp::start().await;
    some_history(&app).await;
    let director = app.director();
    for (path, name) in [
        ("/v1/themes/weekly?group_by=group", "Weekly themes"),
        ("/v1/escalations?limit=40", "Escalations"),
    ] {
        let mut book = opened(bytes(&director, path).await);
        let lines = sheet(&mut book, name);
        let table = director.get_csv(path).await.expect(200).text;
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let heads = reader.headers().unwrap().clone();
        let wanted: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert!(lines.len() > 10 && lines.len() == wanted.len(), "{path}");
        for (line, record) in lines.iter().zip(&wanted) {
            for (head, text) in heads.iter().zip(record) {
                match &line[head] {
                    Value::Null => assert_eq!(text, "", "{head}"),
                    Value::String(told) => assert_eq!(text, told, "{head}"),
                    number => same(number, &json!(text.parse::<f64>().unwrap()), head),
                }
            }
        }
        assert!(book.sheet_names().contains(&"Codes".to_owned()));
    }
    let (_, headers, _) = director.get_file("/v1/escalations?limit=5", KIND).await;
    assert!(headers["link"].to_str().unwrap().contains("rel=\"next\""));
    // What has no workbook says so.
    let (status, ..) = director.get_file("/v1/episodes", KIND).await;
    assert_eq!(status, 406);
    let (status, headers, _) = director.get_file("/v1/reviews/2026-W06", "text/csv").await;
    assert_eq!(
        (status, headers["content-type"].to_str().unwrap()),
        (200, "text/csv; charset=utf-8; header=present")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_has_a_link_to_the_workbook_for_those_who_may_review() {
    let app = start().await;
    app.police().raises(json!({})).await;
    app.clock.set("2026-11-23T09:00:00Z");
    let mut browser = signed_in(&app, "test-director").await;
    let page = browser.get(&format!("{}/review/2026-W47", app.url)).await.expect(200).text;
    assert!(page.contains("href=\"/review/2026-W47.xlsx\">Excel</a>"), "{page}");
    let file = browser.get(&format!("{}/review/2026-W47.xlsx", app.url)).await.expect(200);
    assert_eq!(
        (
            file.header("content-type"),
            file.header("content-disposition"),
            file.header("cache-control")
        ),
        (KIND, "attachment; filename=\"review-2026-W47.xlsx\"", "no-store")
    );
    let mut police = signed_in(&app, "test-police").await;
    police.get(&format!("{}/review/2026-W47.xlsx", app.url)).await.expect(403);
}
