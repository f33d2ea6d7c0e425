//! The catalogue of bad inputs and bad tokens: each number has a row, and each row names the tests that send it.

use std::collections::{BTreeMap, BTreeSet};

use super::bad_input::catalogue_cases;
use super::layers::root;

/// The test that sends everything that can be said as data.
const AS_DATA: &str =
    "bad_input::every_bad_input_is_answered_as_the_catalogue_says_and_stores_nothing";

/// A number of the catalogue.
struct Row {
    number: String,
    also: String,
    input: String,
    contract: String,
    /// `sent`: a test sends it, and the answer is the catalogue's. `sent_otherwise`: the answer is another one, by
    /// decision. `part`: what is built of it is sent. `not_applicable` and `open`: nothing is sent.
    state: String,
    here: String,
    why: String,
    tests: Vec<String>,
}

fn rows() -> Vec<Row> {
    let mut reader = csv::Reader::from_path(root().join("tests/api/catalogue.csv")).unwrap();
    let head: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(head, ["number", "also", "input", "contract", "state", "here", "why", "tests"]);
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        let cell = |at: usize| record[at].to_owned();
        let tests = record[7].split_whitespace().map(str::to_owned).collect();
        Row {
            number: cell(0),
            also: cell(1),
            input: cell(2),
            contract: cell(3),
            state: cell(4),
            here: cell(5),
            why: cell(6),
            tests,
        }
    });
    rows.collect()
}

/// Whether the sources have this test: a function under a line that makes it one.
fn exists(test: &str) -> bool {
    let (place, function) = test.split_once("::").unwrap_or_else(|| panic!("{test}: module::test"));
    let path =
        if place.ends_with(".rs") { place.to_owned() } else { format!("tests/api/{place}.rs") };
    let Ok(text) = std::fs::read_to_string(root().join(path)) else { return false };
    let mut above = "";
    for line in text.lines().map(str::trim_start) {
        let named = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if named.is_some_and(|it| it.strip_prefix(function).is_some_and(|it| it.starts_with("()")))
        {
            let marks = ["#[test]", "#[tokio::test", "#[actix_web::test]"];
            return marks.iter().any(|mark| above.starts_with(mark));
        }
        above = line;
    }
    false
}

#[test]
fn every_number_of_the_catalogue_has_its_row() {
    let rows = rows();
    let numbers: Vec<_> = rows.iter().map(|row| row.number.clone()).collect();
    assert_eq!(numbers, (1..=155).map(|n| format!("B{n}")).collect::<Vec<_>>());
    let tokens: Vec<_> =
        rows.iter().filter(|row| !row.also.is_empty()).map(|row| row.also.clone()).collect();
    assert_eq!(tokens, (1..=27).map(|n| format!("J{n}")).collect::<Vec<_>>());
    assert_eq!(rows[100].also, "J1", "B101 is J1");
    for row in &rows {
        assert!(row.input.len() > 3 && row.contract.len() > 2, "{}", row.number);
    }
}

#[test]
fn what_the_catalogue_says_is_sent_is_sent_by_tests_that_there_are() {
    let as_data: BTreeSet<&str> = catalogue_cases().iter().map(|case| case.number).collect();
    let mut states = BTreeMap::<String, Vec<String>>::new();
    for row in rows() {
        let place = &row.number;
        match row.state.as_str() {
            "sent" => assert!(row.why.is_empty() && row.here.is_empty(), "{place} deviates"),
            "sent_otherwise" | "part" => {
                assert!(row.why.len() > 10 && row.here.len() > 2, "{place} does not say why");
            }
            "not_applicable" | "open" => {
                assert!(row.tests.is_empty() && row.why.len() > 10, "{place} does not say why");
            }
            other => panic!("{place}: {other}"),
        }
        assert!(
            !row.state.starts_with("sent") || !row.tests.is_empty(),
            "{place} is sent by no test"
        );
        for test in &row.tests {
            assert!(exists(test), "{place} names {test}, which there is not");
        }
        let names_data = row.tests.iter().any(|test| test == AS_DATA);
        assert_eq!(names_data, as_data.contains(place.as_str()), "{place} and the cases as data");
        states.entry(row.state).or_default().push(row.number);
    }
    for (state, numbers) in &states {
        let listed = if state == "sent" { String::new() } else { numbers.join(" ") };
        eprintln!("{state}: {} of 155 {listed}", numbers.len());
    }
    // These lists may only become shorter.
    assert_eq!(states.get("part").map_or(&[][..], Vec::as_slice), ["B100"]);
    assert!(!states.contains_key("open") && !states.contains_key("not_applicable"));
}

#[test]
fn a_test_that_there_is_not_is_missed() {
    assert!(exists("catalogue::a_test_that_there_is_not_is_missed"));
    assert!(!exists("catalogue::a_test_that_there_is"));
    assert!(!exists("catalogue::exists"), "a function that is no test");
    assert!(!exists("nowhere::every_number_of_the_catalogue_has_its_row"));
}
