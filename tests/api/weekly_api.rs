//! The weekly aggregation as it is asked for: its parameters, its weeks, its words and its table.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::support::TestApp;

const COLUMNS: [&str; 25] = [
    "definitions_version",
    "week",
    "week_starts",
    "week_ends",
    "group_by",
    "key",
    "label",
    "raised",
    "received_late",
    "reopened",
    "resolved",
    "resolved_same_day",
    "ended",
    "open_at_end",
    "overdue_at_end",
    "answers_due",
    "answers_in_time",
    "share_in_time",
    "median_working_days",
    "p90_working_days",
    "informal_resolutions",
    "commendations",
    "median_child_days",
    "p90_child_days",
    "excluded",
];

fn names(answer: &Value) -> Vec<String> {
    let weeks = answer["weeks"].as_array().unwrap();
    weeks.iter().map(|week| week["week"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_held_to_their_bounds_and_the_answer_says_which_one_is_wrong() {
    let app = TestApp::start().await;
    for (query, weeks) in [
        ("from_week=2025-W47&to_week=2026-W47", 53),
        ("from_week=2026-W01&to_week=2026-W53", 53),
        ("from_week=2026-W53&to_week=2026-W53", 1),
        ("from_week=2026-W52&to_week=2027-W01", 3),
        ("to_week=2026-W05", 13),
        ("from_week=2026-W40", 8),
        ("", 13),
        ("theme=icpc_late&raised_by_agency=valeshire_police&raised_with_agency=anyborough_cs", 13),
        ("raised_with_agency=csc", 13),
    ] {
        let answer =
            app.director().get(&format!("/v1/themes/weekly?{query}")).await.expect(200).json;
        assert_eq!(names(&answer).len(), weeks, "{query}");
    }
    for (query, pointer, code) in [
        ("from_week=2025-W46&to_week=2026-W47", "?from_week", "out_of_range"),
        ("from_week=2025-W53&to_week=2026-W20", "?from_week", "invalid_week"),
        ("to_week=2026-W54", "?to_week", "invalid_week"),
        ("from_week=2026-W00&to_week=2026-W10", "?from_week", "invalid_week"),
        ("to_week=2026-w10", "?to_week", "invalid_week"),
        ("to_week=2026-10", "?to_week", "invalid_week"),
        ("from_week=&to_week=2026-W10", "?from_week", "invalid_week"),
        ("from_week=2026-W11&to_week=2026-W10", "?to_week", "inconsistent"),
        ("group_by=child", "?group_by", "unknown_code"),
        ("group_by=Theme", "?group_by", "unknown_code"),
        ("group_by=theme&group_by=stage", "?group_by", "repeated_parameter"),
        ("theme=nonsense", "?theme", "unknown_reference"),
        ("raised_by_agency=elsewhere_police", "?raised_by_agency", "unknown_reference"),
        ("raised_with_agency=", "?raised_with_agency", "unknown_reference"),
        ("stage=1", "?stage", "unknown_parameter"),
        ("as_of=2026-11-18T10:00:01Z", "?as_of", "out_of_range"),
        ("known_at=2026-11-18T10:00:00Z", "?known_at", "unknown_parameter"),
    ] {
        let answer = app.director().get(&format!("/v1/themes/weekly?{query}")).await.expect(400);
        let expected = (pointer.to_owned(), code.to_owned());
        assert_eq!(answer.problem(), ("invalid-parameter".to_owned(), vec![expected]), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_see_the_figures() {
    let app = TestApp::start().await;
    for client in ["test-director", "test-service_lead", "test-analyst", "test-auditor"] {
        app.person(client).get("/v1/themes/weekly").await.expect(200);
    }
    for client in ["test-police", "test-cs", "test-operator"] {
        assert_eq!(
            app.person(client).get("/v1/themes/weekly").await.expect(403).problem().0,
            "forbidden"
        );
    }
    app.stranger().get("/v1/themes/weekly").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_parameters_it_is_the_thirteen_weeks_up_to_now_by_theme_with_those_without_data() {
    let app = TestApp::start().await;
    app.police().raises(json!({})).await;
    let answer = app.director().get("/v1/themes/weekly").await.expect(200);
    assert_eq!(answer.header("vary"), "accept");
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = answer.json;
    let weeks: Vec<String> = (35..=47).map(|number| format!("2026-W{number}")).collect();
    assert_eq!(names(&answer), weeks);
    assert_eq!(answer["group_by"], "theme");
    assert_eq!(answer["timezone"], "Europe/London");
    assert_eq!(answer["as_at"], "2026-11-18T10:00:00Z");
    assert_eq!(answer["definitions_version"], 4);
    assert_eq!(answer["links"]["self"], "/v1/themes/weekly");
    for week in answer["weeks"].as_array().unwrap() {
        let last = week["week"] == "2026-W47";
        assert_eq!(week["part"], last, "{}", week["week"]);
        assert_eq!(week["total"]["raised"]["value"], i64::from(last));
        assert_eq!(week["groups"].as_array().unwrap().len(), usize::from(last));
        assert_eq!(week["reconciliation"]["balances"], true);
    }
    // A week that is still to come is part of one, too; what is open now is open at its end.
    let url = "/v1/themes/weekly?from_week=2026-W48&to_week=2026-W48";
    let next = &app.director().get(url).await.expect(200).json["weeks"][0];
    assert_eq!((&next["part"], &next["total"]["open_at_end"]["value"]), (&json!(true), &json!(1)));
    app.clock.set("2026-11-23T00:00:00Z");
    let url = "/v1/themes/weekly?from_week=2026-W47&to_week=2026-W48";
    let answer = app.director().get(url).await.expect(200).json;
    assert_eq!([&answer["weeks"][0]["part"], &answer["weeks"][1]["part"]], [false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_measure_has_its_definition_and_every_figure_is_a_measure() {
    let app = TestApp::start().await;
    let answer = app.director().get("/v1/themes/weekly").await.expect(200).json;
    let definitions = answer["definitions"].as_array().unwrap();
    let mut measures: Vec<&str> =
        definitions.iter().map(|definition| definition["measure"].as_str().unwrap()).collect();
    for definition in definitions {
        assert!(definition["definition"].as_str().unwrap().len() > 40, "{definition}");
    }
    let figures = answer["weeks"][0]["total"].as_object().unwrap();
    let beside = answer["weeks"][0]["beside"].as_object().unwrap();
    let mut shown: Vec<&str> = figures.keys().map(String::as_str).collect();
    shown.extend(beside.keys().map(String::as_str).filter(|name| *name != "groups"));
    measures.sort_unstable();
    shown.sort_unstable();
    assert_eq!(measures, shown);
    // Nothing fell due and nothing was resolved: a share and a median of nothing are absent, not nought.
    let total = &answer["weeks"][0]["total"];
    assert!(total["answered_in_time"].get("value").is_none());
    assert!(total["working_days_to_resolve"].get("median").is_none());
    assert_eq!(total["working_days_to_resolve"]["n"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn weeks_with_a_clock_change_have_167_or_169_hours() {
    let app = TestApp::start().await;
    for (week, starts, ends, hours) in [
        ("2025-W13", "2025-03-24T00:00:00Z", "2025-03-30T23:00:00Z", 167),
        ("2025-W43", "2025-10-19T23:00:00Z", "2025-10-27T00:00:00Z", 169),
        ("2026-W13", "2026-03-23T00:00:00Z", "2026-03-29T23:00:00Z", 167),
        ("2026-W43", "2026-10-18T23:00:00Z", "2026-10-26T00:00:00Z", 169),
        ("2026-W27", "2026-06-28T23:00:00Z", "2026-07-05T23:00:00Z", 168),
        ("2026-W53", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z", 168),
        ("2025-W01", "2024-12-30T00:00:00Z", "2025-01-06T00:00:00Z", 168),
    ] {
        let url = format!("/v1/themes/weekly?from_week={week}&to_week={week}");
        let answer = app.director().get(&url).await.expect(200).json;
        let it = &answer["weeks"][0];
        assert_eq!((&it["starts_at"], &it["ends_at"]), (&json!(starts), &json!(ends)), "{week}");
        let (starts, ends): (Timestamp, Timestamp) =
            (starts.parse().unwrap(), ends.parse().unwrap());
        assert_eq!(ends.duration_since(starts).as_hours(), hours, "{week}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_have_words_and_are_only_those_with_figures() {
    let app = TestApp::start().await;
    app.police().raises(json!({"urgency": "immediate"})).await;
    for (group_by, key, label) in [
        ("theme", "strategy_meeting_late", "Strategy meeting late"),
        ("group", "strategy", "Strategy meetings"),
        ("raised_by_agency", "valeshire_police", "Valeshire Police"),
        ("raised_with_agency", "anyborough_cs", "Anyborough Children's Services"),
        ("stage", "1", "Stage 1"),
        ("urgency", "immediate", "immediate"),
    ] {
        let url = format!("/v1/themes/weekly?to_week=2026-W47&group_by={group_by}");
        let answer = app.director().get(&url).await.expect(200).json;
        assert_eq!(answer["group_by"], group_by);
        let groups = answer["weeks"][12]["groups"].as_array().unwrap();
        assert_eq!(groups.len(), 1, "{group_by}");
        assert_eq!((&groups[0]["key"], &groups[0]["label"]), (&json!(key), &json!(label)));
        assert_eq!(groups[0]["figures"]["raised"]["value"], 1);
        assert_eq!(answer["links"]["self"], url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_has_fixed_columns_a_line_for_all_of_a_week_and_one_for_each_group() {
    let app = TestApp::start().await;
    app.police().raises(json!({})).await;
    let url = "/v1/themes/weekly?from_week=2026-W46&to_week=2026-W47";
    let answer = app.director().get_csv(url).await.expect(200);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"weekly-themes.csv\"");
    assert_eq!(answer.header("vary"), "accept");
    assert_eq!(answer.text.matches("\r\n").count(), 4);
    let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), COLUMNS);
    let lines: Vec<csv::StringRecord> = reader.records().map(|line| line.unwrap()).collect();
    let start = |line: usize| lines[line].iter().take(8).collect::<Vec<_>>();
    assert_eq!(start(0), ["4", "2026-W46", "2026-11-09", "2026-11-15", "theme", "", "All", "0"]);
    assert_eq!(start(1), ["4", "2026-W47", "2026-11-16", "2026-11-22", "theme", "", "All", "1"]);
    let theme = ["4", "2026-W47", "2026-11-16", "2026-11-22", "theme", "strategy_meeting_late"];
    assert_eq!(start(2)[..6], theme);
    assert_eq!(&lines[2][6], "Strategy meeting late");
    assert_eq!(lines.len(), 3);
    // Absent is empty, not nought.
    for column in [17, 18, 19, 22, 23] {
        assert_eq!(&lines[0][column], "");
    }
    let json = app.director().get(url).await.expect(200);
    assert_eq!(json.header("content-type"), "application/json");
    app.director()
        .send(reqwest::Method::GET, url, &[("accept", "image/png")], "")
        .await
        .expect(406);
}
