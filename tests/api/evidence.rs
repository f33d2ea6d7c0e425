//! The evidence: what `docs` says of ASVS, hazards and personal data names tests that exist and columns that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::support::cluster::TestDatabase;

/// How many requirements each chapter of ASVS 5.0.0 has. Chapter 17 is about WebRTC, which is not here.
const CHAPTERS: [(&str, usize); 16] = [
    ("V1", 30),
    ("V2", 13),
    ("V3", 31),
    ("V4", 16),
    ("V5", 13),
    ("V6", 47),
    ("V7", 19),
    ("V8", 13),
    ("V9", 7),
    ("V10", 36),
    ("V11", 24),
    ("V12", 12),
    ("V13", 21),
    ("V14", 13),
    ("V15", 21),
    ("V16", 17),
];
/// Where level 3 is aimed at, besides level 2 everywhere.
const LEVEL_THREE: [&str; 5] = ["V8.", "V9.", "V10.3.", "V14.", "V16."];
const STATUSES: [&str; 4] = ["met", "partly", "open", "not_applicable"];
const FROM: &str = "<!-- counted: UPDATE_EVIDENCE=1 cargo test --test api evidence -->\n";
const TO: &str = "<!-- to here -->\n";

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rows of a table, each with the columns that it must have.
fn table(path: &str, columns: &[&str]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(at(path)).unwrap();
    let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(head, columns, "{path}");
    let rows = reader.records().map(|row| {
        let row = row.unwrap_or_else(|error| panic!("{path}: {error}"));
        head.iter().cloned().zip(row.iter().map(str::to_owned)).collect()
    });
    rows.collect()
}

/// Whether `path::name` is a test, or a rule of a linter: `Cargo.toml::unsafe_code`.
fn exists(reference: &str) -> Result<(), String> {
    let (path, name) = reference.split_once("::").ok_or("no path::name")?;
    let text = fs::read_to_string(at(path)).map_err(|_| format!("there is no file {path}"))?;
    if !path.ends_with(".rs") {
        return if text.contains(name) { Ok(()) } else { Err(format!("{path} has no {name}")) };
    }
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let begins = [format!("fn {name}("), format!("async fn {name}(")];
    let found = lines.iter().position(|line| begins.iter().any(|it| line.starts_with(it)));
    let found = found.ok_or_else(|| format!("{path} has no function {name}"))?;
    let above = lines[..found].iter().rev().take_while(|line| line.starts_with("#["));
    let is_test = above.into_iter().any(|line| line.contains("test]") || line.contains("test("));
    if is_test { Ok(()) } else { Err(format!("{name} in {path} is no test")) }
}

fn tests_of(row: &BTreeMap<String, String>) -> Vec<&str> {
    row["test"].split_whitespace().collect()
}

/// `V1.2.10` as what it is sorted by.
fn order(id: &str) -> Vec<u32> {
    id.trim_start_matches('V').split('.').map(|part| part.parse().unwrap()).collect()
}

fn asvs() -> Vec<BTreeMap<String, String>> {
    table("docs/asvs.csv", &["id", "level", "requirement", "applies", "test", "status", "note"])
}

fn aimed_at(row: &BTreeMap<String, String>) -> bool {
    row["level"] != "3" || LEVEL_THREE.iter().any(|part| row["id"].starts_with(part))
}

#[test]
fn every_requirement_says_how_it_stands_and_names_tests_that_exist() {
    let rows = asvs();
    let mut wrong = Vec::new();
    for row in &rows {
        let (id, status) = (&row["id"], row["status"].as_str());
        let mut say = |what: String| wrong.push(format!("{id}: {what}"));
        if !["1", "2", "3"].contains(&row["level"].as_str()) || row["requirement"].is_empty() {
            say("no level or no requirement".to_owned());
        }
        if !STATUSES.contains(&status) {
            say(format!("{status:?} is no status"));
        }
        if (row["applies"] == "yes") == (status == "not_applicable")
            || !["yes", "no"].contains(&row["applies"].as_str())
        {
            say("applies and status contradict each other".to_owned());
        }
        if status != "met" && row["note"].len() < 5 {
            say(format!("{status} without a word why"));
        }
        if status == "met" && tests_of(row).is_empty() {
            say("met without a test".to_owned());
        }
        for reference in tests_of(row) {
            if let Err(why) = exists(reference) {
                say(why);
            }
        }
    }
    let ids: Vec<_> = rows.iter().map(|row| order(&row["id"])).collect();
    let rising = ids.windows(2).filter(|pair| pair[0] >= pair[1]);
    wrong.extend(rising.map(|pair| format!("{:?} comes after {:?}", pair[1], pair[0])));
    for (chapter, count) in CHAPTERS {
        let of = rows.iter().filter(|row| row["id"].starts_with(&format!("{chapter}."))).count();
        if of != count {
            wrong.push(format!("{chapter} has {of} rows and the standard has {count}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What `docs/security.md` says in numbers.
fn counted() -> String {
    let rows = asvs();
    let of = |which: &dyn Fn(&BTreeMap<String, String>) -> bool| {
        STATUSES
            .map(|status| rows.iter().filter(|row| row["status"] == status && which(row)).count())
    };
    let mut text = String::from(FROM);
    text.push_str("| | met | partly | open | not applicable |\n|---|---|---|---|---|\n");
    let mut line = |name: &str, [met, partly, open, not]: [usize; 4]| {
        writeln!(text, "| {name} | {met} | {partly} | {open} | {not} |").unwrap();
    };
    line("**Aimed at** (level 2; level 3 for V8, V9, V10.3, V14, V16)", of(&aimed_at));
    line("Level 3 elsewhere", of(&|row| !aimed_at(row)));
    for (chapter, _) in CHAPTERS {
        line(chapter, of(&|row| row["id"].starts_with(&format!("{chapter}."))));
    }
    text.push_str(TO);
    text
}

#[test]
fn the_summary_counts_the_table_and_every_test_that_it_names_exists() {
    let (path, made) = ("docs/security.md", counted());
    let kept = read(path);
    let (before, rest) = kept.split_once(FROM).expect("where it is counted from");
    let (_, after) = rest.split_once(TO).expect("where it is counted to");
    let whole = format!("{before}{made}{after}");
    if std::env::var_os("UPDATE_EVIDENCE").is_some() {
        fs::write(at(path), &whole).unwrap();
    } else {
        assert!(
            kept == whole,
            "{path} counts otherwise; run UPDATE_EVIDENCE=1 cargo test --test api evidence"
        );
    }
    let mut named = 0;
    let mut wrong = Vec::new();
    for reference in whole.split('`').filter(|it| it.contains(".rs::") && !it.contains(' ')) {
        named += 1;
        wrong.extend(exists(reference).err());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(named > 30, "the walk has lost the tests: {named}");
    assert!(exists("tests/api/evidence.rs::exists").is_err(), "a helper is no test");
    assert!(exists("tests/api/evidence.rs::nothing").is_err());
}

#[test]
fn every_hazard_has_a_control_that_is_tested_or_says_what_is_left() {
    let columns = ["id", "hazard", "cause", "effect", "control", "test", "residual"];
    let mut ids = BTreeSet::new();
    let mut wrong = Vec::new();
    for row in table("docs/hazards.csv", &columns) {
        let id = row["id"].clone();
        for column in ["hazard", "cause", "effect", "control", "residual"] {
            if row[column].trim().len() < 4 {
                wrong.push(format!("{id}: no {column}"));
            }
        }
        let tests = tests_of(&row);
        if tests.is_empty() && !row["residual"].starts_with("open: ") {
            wrong.push(format!("{id}: neither tested nor open"));
        }
        wrong
            .extend(tests.iter().filter_map(|it| exists(it).err()).map(|it| format!("{id}: {it}")));
        if !ids.insert(id.clone()) {
            wrong.push(format!("{id} twice"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(ids.len() >= 12, "{ids:?}");
}

/// One column of the schema, as the catalogue knows it.
struct Column {
    kind: String,
    /// Whether the service may not change it, and delete no row.
    fixed: bool,
    secured: bool,
}

async fn schema() -> BTreeMap<(String, String), Column> {
    let sql = "select c.relname::text, a.attname::text, t.typname::text,
                      not has_column_privilege('escalation_app', c.oid, a.attnum, 'update')
                          and not has_table_privilege('escalation_app', c.oid, 'delete'),
                      c.relrowsecurity and c.relforcerowsecurity
               from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
               where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
                     and c.relname <> '__diesel_schema_migrations' and a.attnum > 0 and not a.attisdropped";
    let database = TestDatabase::create().await;
    let rows = database.superuser().await.query(sql, &[]).await.unwrap();
    let column = |row: &tokio_postgres::Row| {
        let (kind, fixed, secured) = (row.get(2), row.get(3), row.get(4));
        ((row.get(0), row.get(1)), Column { kind, fixed, secured })
    };
    rows.iter().map(column).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_map_of_data_has_every_column_and_says_of_none_what_is_not_so() {
    let columns = [
        "table",
        "column",
        "holds",
        "about",
        "special",
        "child_reference",
        "from",
        "seen_by",
        "retention",
        "protection",
    ];
    let rows = table("docs/dpia/data-map.csv", &columns);
    let kept =
        table("docs/dpia/retention.csv", &["class", "what", "begins", "period", "today", "source"]);
    let classes: BTreeSet<_> = kept.iter().map(|row| row["class"].clone()).collect();
    let schema = schema().await;
    let mut wrong = Vec::new();
    let mut said = BTreeSet::new();
    for row in &rows {
        let place = (row["table"].clone(), row["column"].clone());
        let name = format!("{}.{}", place.0, place.1);
        let mut say = |what: &str| wrong.push(format!("{name}: {what}"));
        if !said.insert(place.clone()) {
            say("twice");
        }
        let Some(column) = schema.get(&place) else {
            say("there is no such column");
            continue;
        };
        let parts = |of: &str| -> Vec<String> { row[of].split('+').map(str::to_owned).collect() };
        for (of, known) in [
            ("about", ["child", "raiser", "staff", "none"].as_slice()),
            ("special", &["possible", "no"]),
            ("child_reference", &["no", "sealed", "keyed_hash"]),
            ("from", &["agency", "partnership", "provider", "service"]),
            (
                "seen_by",
                &[
                    "both_agencies",
                    "own_agency",
                    "partnership",
                    "auditor",
                    "privacy",
                    "everybody",
                    "nobody",
                ],
            ),
            ("protection", &["row_security", "sealed", "hashed", "append_only"]),
        ] {
            for part in parts(of).iter().filter(|it| !known.contains(&it.as_str())) {
                say(&format!("{part:?} is none of {known:?}"));
            }
        }
        if row["holds"].len() < 4 {
            say("it is not said what it holds");
        }
        if !classes.contains(&row["retention"]) {
            say("its class of retention is not in retention.csv");
        }
        let protected = |by: &str| parts("protection").iter().any(|it| it == by);
        if protected("sealed") && column.kind != "bytea" {
            say("called sealed, and not of bytes");
        }
        if protected("hashed") && !["bytea", "text", "jsonb"].contains(&column.kind.as_str()) {
            say("called a hash, and cannot be one");
        }
        if protected("append_only") && !column.fixed {
            say("called append-only, and the service may change or delete it");
        }
        if protected("row_security") && !column.secured {
            say("its table has no forced row security");
        }
        match row["child_reference"].as_str() {
            "sealed" if !protected("sealed") => say("a child's reference that is not sealed"),
            "keyed_hash" if !protected("hashed") || column.kind != "bytea" => {
                say("a child's reference that is not hashed");
            }
            _ => {}
        }
        if row["child_reference"] != "no" && !parts("about").contains(&"child".to_owned()) {
            say("a child's reference is about a child");
        }
    }
    let missing = schema.keys().filter(|place| !said.contains(*place));
    wrong.extend(missing.map(|(table, column)| format!("{table}.{column} has no row")));
    let used: BTreeSet<_> = rows.iter().map(|row| row["retention"].clone()).collect();
    wrong.extend(classes.difference(&used).map(|class| format!("nothing is of class {class}")));
    assert!(wrong.is_empty(), "{wrong:#?}");
    let holders = rows.iter().filter(|row| row["child_reference"] != "no");
    let holders: Vec<_> =
        holders.map(|row| (row["table"].as_str(), row["column"].as_str())).collect();
    for needed in [
        ("escalation_child", "ciphertext"),
        ("escalation_child", "child_key"),
        ("import_row", "payload"),
    ] {
        assert!(holders.contains(&needed), "{needed:?} of {holders:?}");
    }
    table("docs/dpia/processors.csv", &["party", "role", "what_it_gets", "where", "agreement"]);
}
