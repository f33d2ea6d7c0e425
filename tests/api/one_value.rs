//! The page, the JSON, the table, the workbook and the signed text of a week are one value: number by number.

use serde_json::{Value, json};

use super::review::signs;
use super::sessions::{signed_in, start};
use super::support::TestApp;
use super::support::browser::{Browser, between};
use super::workbooks::some_history;

/// What stands between the tags of a piece of HTML.
fn text(html: &str) -> String {
    let mut said = String::new();
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            other if !inside => said.push(other),
            _ => {}
        }
    }
    said.replace("&#38;", "&").trim().to_owned()
}

/// A number as pages write it: with one decimal, if any.
fn written(number: &Value) -> String {
    number.as_f64().map_or("none".to_owned(), |it| {
        let text = format!("{it:.1}");
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    })
}

/// The member of a review that a line of its table tells; none where it tells a word or one of the record.
fn member<'a>(review: &'a Value, line: &csv::StringRecord) -> Option<&'a Value> {
    let (section, row, column) = (&line[4], &line[5], &line[6]);
    let row_of = |list: &'a Value, name: &str, key: &str| {
        list.as_array().unwrap().iter().find(|it| it[name] == key).unwrap()
    };
    Some(match section {
        "reconciliation" => &review["reconciliation"][row],
        "late" => &review[row],
        "tiles" if column == "variation" => &review["tiles"][row]["reading"]["variation"],
        "tiles" => &review["tiles"][row][column],
        "raised_by_week" => &row_of(&review["raised"]["points"], "week", row)["value"],
        "median_days_by_week" => &row_of(&review["median_days"]["points"], "week", row)["value"],
        "agencies" => &row_of(&review["agencies"], "code", row)[column],
        "asked" | "raised_by" => {
            let table = &review[section];
            let place = || {
                let columns = table["columns"].as_array().unwrap();
                columns.iter().position(|it| it["code"] == column).unwrap()
            };
            match (row, column) {
                ("all", "all") => &table["total"],
                ("all", _) => &table["totals"][place()],
                (_, "all") => &row_of(&table["rows"], "group", row)["total"],
                (_, "median_days") => &row_of(&table["rows"], "group", row)["median_days"],
                _ => &row_of(&table["rows"], "group", row)["cells"][place()]["value"],
            }
        }
        "overdue" | "urgent" | "high_stages" | "oldest" => {
            &row_of(&review[section], "reference", row)[column]
        }
        "actions" => {
            let place: usize = row.parse().unwrap();
            &review["record"]["actions"][place - 1][column]
        }
        "learning" | "decided_last" => return None,
        other => panic!("{other}"),
    })
}

fn assert_table(review: &Value, table: &str) {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let mut numbers = 0;
    for line in reader.records().map(Result::unwrap) {
        let Some(wanted) = member(review, &line) else { continue };
        let told = &line[7];
        match wanted {
            Value::Number(number) => {
                let (told, wanted): (f64, f64) = (told.parse().unwrap(), number.as_f64().unwrap());
                assert!((told - wanted).abs() <= 1e-9 * wanted.abs().max(1.0), "{line:?} {number}");
                numbers += 1;
            }
            Value::Null => assert_eq!(told, "", "{line:?}"),
            Value::Bool(flag) => assert_eq!(told, flag.to_string(), "{line:?}"),
            wanted => assert_eq!(told, wanted.as_str().unwrap(), "{line:?}"),
        }
    }
    assert!(numbers > 120, "{numbers}");
}

fn assert_page(review: &Value, page: &str) {
    // The tiles, in their order.
    let tiles = &review["tiles"];
    let big: Vec<String> = page
        .split("<p class=\"big\">")
        .skip(1)
        .map(|it| text(between(it, "<a", "</a>").split_once('>').unwrap().1))
        .collect();
    let share = tiles["in_time"]["value"].as_f64().map_or_else(
        || tiles["in_time"]["in_time"].to_string(),
        |share| format!("{:.0}", (share * 100.0 + 1e-9).floor()),
    );
    let median = &tiles["median_days"]["median"];
    let days = if median.is_null() { big[4].clone() } else { written(median) };
    let count = |tile: &str| tiles[tile]["value"].to_string();
    assert_eq!(big, [count("new"), count("open"), count("overdue"), share, days, count("ask")]);
    // The table of themes by the agency that was asked.
    let table = &review["asked"];
    let body = between(page, "<table class=\"heat\">", "</table>");
    let numbers: Vec<Vec<i64>> = body
        .split("<tr>")
        .skip(2)
        .map(|row| {
            let cells = row.split("</th>").nth(1).unwrap().split("</td>");
            let cells = cells.filter(|it| !it.contains("spark13") && !it.contains("\"days\""));
            let digits = |it: &str| text(it).chars().take_while(char::is_ascii_digit).collect();
            cells.map(digits).filter_map(|it: String| it.parse().ok()).collect()
        })
        .collect();
    let mut wanted: Vec<Vec<i64>> = Vec::new();
    for row in table["rows"].as_array().unwrap() {
        let cells = row["cells"].as_array().unwrap().iter().map(|it| &it["value"]);
        wanted.push(cells.chain([&row["total"]]).map(|it| it.as_i64().unwrap()).collect());
    }
    let totals = table["totals"].as_array().unwrap().iter().chain([&table["total"]]);
    wanted.push(totals.map(|it| it.as_i64().unwrap()).collect());
    assert_eq!(numbers, wanted);
    // Each chart as a table, the latest week first.
    for chart in ["raised", "median_days"] {
        let points = review[chart]["points"].as_array().unwrap();
        let place = usize::from(chart == "median_days");
        let shown = page.split("Show as a table").nth(place + 1).unwrap();
        let body = between(shown, "<tbody>", "</tbody>");
        let values: Vec<String> = body
            .split("</th>")
            .skip(1)
            .map(|row| text(row.split("</td>").next().unwrap()))
            .collect();
        let wanted: Vec<String> = points.iter().rev().map(|it| written(&it["value"])).collect();
        assert_eq!(values, wanted, "{chart}");
    }
    for line in review["overdue"].as_array().unwrap() {
        let row = page.split(line["reference"].as_str().unwrap()).nth(1).unwrap();
        let late = format!("<strong>{}</strong>", line["working_days_late"]);
        assert!(row.split("</tr>").next().unwrap().contains(&late), "{line}");
    }
}

/// A week in each of its forms, read as the Director.
async fn assert_one_value(app: &TestApp, browser: &mut Browser, week: &str) {
    let director = app.director();
    let review = director.get(&format!("/v1/reviews/{week}")).await.expect(200);
    let table = director.get_csv(&format!("/v1/reviews/{week}")).await.expect(200).text;
    assert_table(&review.json, &table);
    let mut reads = async |path: String| {
        let answer = browser.get(&format!("{}{path}", app.url)).await;
        answer.expect(200).text
    };
    assert_eq!(reads(format!("/review/{week}.json")).await, review.text);
    assert_eq!(reads(format!("/review/{week}.csv")).await, table);
    assert_page(&review.json, &reads(format!("/review/{week}")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn page_text_table_and_what_is_signed_say_the_same_numbers() {
    let app = start().await;
    some_history(&app).await;
    let mut director = signed_in(&app, "test-director").await;
    let weeks = ["2026-W03", "2026-W05", "2026-W06", "2026-W07"];
    for week in weeks {
        assert_one_value(&app, &mut director, week).await;
    }
    for week in weeks {
        let draft = app.director().get(&format!("/v1/reviews/{week}")).await.expect(200);
        let signed = signs(&app, "test-director", &draft, json!({})).await.expect(201).json;
        assert_eq!(draft.header("etag"), format!("\"{}\"", signed["sha256"].as_str().unwrap()));
        let after = app.director().get(&format!("/v1/reviews/{week}")).await.expect(200);
        assert_eq!(after.text, draft.text, "{week}");
        assert_one_value(&app, &mut director, week).await;
    }
}
