//! Compares what the service answers with the recount: every number, every table cell, every row behind a number.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio_postgres::Client;

use super::recount::{Raw, Week};
use super::recount_figures::{BESIDE, Figures};

/// The ways in which weeks can be divided.
pub const GROUPINGS: [&str; 6] =
    ["theme", "group", "raised_by_agency", "raised_with_agency", "stage", "urgency"];

/// What is asked of the aggregation.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The first week.
    pub from: &'a str,
    /// The last week, at most 52 later.
    pub to: &'a str,
    /// How weeks are divided.
    pub group_by: &'a str,
    /// `theme`, `raised_by_agency`, `raised_with_agency`, with a code each.
    pub filters: &'a [(&'a str, &'a str)],
    /// What was known at which instant; none for what is known now.
    pub as_of: Option<&'a str>,
}

impl Ask<'_> {
    /// The address that asks it.
    pub fn url(&self) -> String {
        let Self { from, to, group_by, filters, as_of } = self;
        let as_of = as_of.map(|at| ("as_of", at));
        let filters: String = (filters.iter().copied().chain(as_of))
            .map(|(name, code)| format!("&{name}={code}"))
            .collect();
        format!("/v1/themes/weekly?from_week={from}&to_week={to}&group_by={group_by}{filters}")
    }

    fn recounted(&self, raw: &Raw) -> Vec<Week> {
        raw.weeks(self.from, self.to, self.group_by, self.filters)
    }
}

/// The rows that stand behind an address, by the address.
pub type Links = BTreeMap<String, BTreeSet<String>>;

/// Compares every figure of the weeks `from` to `to` of a partnership (by its code), in every grouping, with the
/// recount, and every row behind a week's totals. `get` reads an address as somebody who may read the figures and
/// lists; `client` must see every row.
pub async fn assert_weekly_equals_recount(
    get: impl AsyncFn(&str) -> Value,
    client: &Client,
    partnership: &str,
    from: &str,
    to: &str,
) {
    let raw = Raw::read(client, partnership).await;
    for group_by in GROUPINGS {
        let ask = Ask { from, to, group_by, filters: &[], as_of: None };
        let links = assert_json(&get, &raw, &ask).await;
        if group_by == "stage" {
            assert_records(
                &get,
                links.into_iter().filter(|(url, _)| !url.contains("&stage=")).collect(),
            )
            .await;
        }
    }
}

/// Compares one JSON answer, and gives the rows that must stand behind each of its figures.
pub async fn assert_json(get: &impl AsyncFn(&str) -> Value, raw: &Raw, ask: &Ask<'_>) -> Links {
    let url = ask.url();
    let answer = get(&url).await;
    let weeks = answer["weeks"].as_array().unwrap_or_else(|| panic!("{url}: {answer}"));
    let expected = ask.recounted(raw);
    assert_eq!(weeks.len(), expected.len(), "{url}");
    assert_eq!(answer["group_by"], ask.group_by);
    let mut links = Links::new();
    for (week, expected) in weeks.iter().zip(&expected) {
        let place = format!("{url} {}", expected.week);
        assert_eq!(week["week"], expected.week.as_str(), "{place}");
        assert_eq!(week["starts_at"], expected.starts_at.to_string(), "{place}");
        assert_eq!(week["ends_at"], expected.ends_at.to_string(), "{place}");
        assert_figures(&week["total"], &expected.total, &place, &mut links);
        assert_beside(&week["beside"], expected, &place, &mut links);

        let line = &week["reconciliation"];
        let number = |name: &str| usize::try_from(line[name].as_u64().unwrap()).unwrap();
        assert_eq!(number("open_at_start"), expected.open_at_start, "{place}");
        for name in ["raised", "reopened", "ended", "open_at_end"] {
            assert_eq!(number(name), expected.total.count(name), "{place} {name}");
        }
        let came = number("open_at_start") + number("raised") + number("reopened");
        assert_eq!(came, number("ended") + number("open_at_end"), "{place}");
        assert_eq!(line["balances"], true, "{place}");

        let groups = week["groups"].as_array().unwrap();
        let keys: BTreeSet<_> = groups.iter().map(|group| group["key"].as_str().unwrap()).collect();
        assert_eq!(keys.len(), groups.len(), "{place}: a group twice");
        assert_eq!(keys, expected.groups.keys().map(String::as_str).collect(), "{place}");
        for group in groups {
            let key = group["key"].as_str().unwrap();
            assert_figures(
                &group["figures"],
                &expected.groups[key],
                &format!("{place} {key}"),
                &mut links,
            );
        }
    }
    links
}

fn assert_beside(beside: &Value, expected: &Week, place: &str, links: &mut Links) {
    let mut count = |it: &Value, expected: &Figures, place: &str| {
        for name in BESIDE {
            assert_eq!(it[name]["value"], expected.count(name), "{place} {name}");
            let url = it[name]["records_url"].as_str().unwrap().to_owned();
            let known = links.insert(url, expected.rows(name));
            let same = known.is_none_or(|known| known == expected.rows(name));
            assert!(same, "{place}: one address for two counts");
        }
    };
    count(beside, &expected.beside, place);
    let keys = |groups: &Vec<Value>| -> Vec<String> {
        groups.iter().map(|group| group["key"].as_str().unwrap().to_owned()).collect()
    };
    let groups = beside.get("groups").map(|groups| groups.as_array().unwrap());
    let wanted = expected.beside_groups.as_ref();
    let wanted_keys = wanted.map(|groups| groups.keys().cloned().collect::<Vec<_>>());
    assert_eq!(groups.map(keys), wanted_keys, "{place}");
    for (group, (key, figures)) in groups.into_iter().flatten().zip(wanted.into_iter().flatten()) {
        count(group, figures, &format!("{place} {key}"));
    }
}

fn assert_figures(figures: &Value, expected: &Figures, place: &str, links: &mut Links) {
    let mut link = |url: &Value, rows: &str| {
        let rows = expected.rows(rows);
        let known = links.insert(url.as_str().unwrap().to_owned(), rows.clone());
        assert!(known.is_none_or(|known| known == rows), "{place}: one address for two figures");
    };
    let names = figures.as_object().unwrap().len();
    assert_eq!(names, 12, "{place}: a figure that is not compared");
    for name in [
        "raised",
        "received_late",
        "excluded",
        "reopened",
        "resolved",
        "resolved_same_day",
        "ended",
        "open_at_end",
        "overdue_at_end",
    ] {
        let figure = &figures[name];
        assert_eq!(figure["value"], expected.count(name), "{place} {name}");
        link(&figure["records_url"], name);
    }
    let share = &figures["answered_in_time"];
    for name in ["in_time", "due"] {
        assert_eq!(share[name], expected.count(name), "{place} {name}");
    }
    assert_near(share["value"].as_f64(), expected.share(), &format!("{place} share"));
    link(&share["in_time_records_url"], "in_time");
    link(&share["records_url"], "due");
    for (name, [median, p90]) in [
        ("working_days_to_resolve", expected.working_days()),
        ("child_days_to_resolve", expected.child_days()),
    ] {
        let took = &figures[name];
        assert_near(took["median"].as_f64(), median, &format!("{place} {name} median"));
        assert_near(took["p90"].as_f64(), p90, &format!("{place} {name} p90"));
        assert_eq!(took["n"], expected.count("resolved"), "{place} {name} n");
        link(&took["records_url"], "resolved");
    }
}

/// Both absent, or as near as two ways of interpolating can be.
#[track_caller]
fn assert_near(answered: Option<f64>, expected: Option<f64>, place: &str) {
    let near = match (answered, expected) {
        (Some(one), Some(other)) => (one - other).abs() <= 1e-9 * other.abs().max(1.0),
        (one, other) => one == other,
    };
    assert!(near, "{place}: {answered:?} is not {expected:?}");
}

/// Compares one CSV answer, cell by cell.
pub fn assert_csv(table: &str, raw: &Raw, ask: &Ask<'_>) {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let columns = reader.headers().unwrap().clone();
    let mut lines = reader.records().map(|line| line.unwrap());
    for week in ask.recounted(raw) {
        let groups = week.groups.iter().map(|(key, figures)| (key.as_str(), figures));
        // "All" comes first, then the groups by code.
        for (key, figures) in std::iter::once(("", &week.total)).chain(groups) {
            let line = lines.next().unwrap_or_else(|| panic!("no line for {} {key}", week.week));
            let cell = |name: &str| {
                let at = columns.iter().position(|column| column == name);
                &line[at.unwrap_or_else(|| panic!("no column {name}"))]
            };
            let place = format!("{} {} {key}", ask.url(), week.week);
            assert_eq!(
                (cell("week"), cell("group_by"), cell("key")),
                (week.week.as_str(), ask.group_by, key)
            );
            for (column, figure) in [
                ("raised", "raised"),
                ("received_late", "received_late"),
                ("excluded", "excluded"),
                ("reopened", "reopened"),
                ("resolved", "resolved"),
                ("resolved_same_day", "resolved_same_day"),
                ("ended", "ended"),
                ("open_at_end", "open_at_end"),
                ("overdue_at_end", "overdue_at_end"),
                ("answers_due", "due"),
                ("answers_in_time", "in_time"),
            ] {
                assert_eq!(cell(column), figures.count(figure).to_string(), "{place} {column}");
            }
            for column in BESIDE {
                let count = week.beside.count(column).to_string();
                assert_eq!(
                    cell(column),
                    if key.is_empty() { count } else { String::new() },
                    "{place}"
                );
            }
            for (column, expected) in [
                ("share_in_time", figures.share()),
                ("median_working_days", figures.working_days()[0]),
                ("p90_working_days", figures.working_days()[1]),
                ("median_child_days", figures.child_days()[0]),
                ("p90_child_days", figures.child_days()[1]),
            ] {
                let written = Some(cell(column)).filter(|cell| !cell.is_empty());
                assert_near(
                    written.map(|it| it.parse().unwrap()),
                    expected,
                    &format!("{place} {column}"),
                );
            }
        }
    }
    assert!(lines.next().is_none(), "{}: more lines than groups", ask.url());
}

/// Follows each address through its pages, and finds exactly the expected rows, each once.
pub async fn assert_records(get: &impl AsyncFn(&str) -> Value, links: Links) {
    stream::iter(links)
        .map(async |(url, expected)| {
            let found = rows_behind(get, &url).await;
            let unique: BTreeSet<_> = found.iter().cloned().collect();
            assert_eq!(unique.len(), found.len(), "{url}: a row twice");
            assert_eq!(unique, expected, "{url}");
            Ok::<_, ()>(())
        })
        .buffer_unordered(4)
        .try_collect::<Vec<()>>()
        .await
        .unwrap();
}

/// The rows of a list, page by page, as the recount names them.
pub async fn rows_behind(get: &impl AsyncFn(&str) -> Value, url: &str) -> Vec<String> {
    let text =
        |value: &Value| value.as_str().unwrap_or_else(|| panic!("{url}: {value}")).to_owned();
    let mut rows = Vec::new();
    // Some lists in small pages, so that they have several.
    let limit = if url.len().is_multiple_of(8) { 7 } else { 200 };
    let mut next = Some(format!("{url}&limit={limit}"));
    while let Some(page) = next {
        let answer = get(&page).await;
        for item in answer["items"].as_array().unwrap_or_else(|| panic!("{page}: {answer}")) {
            rows.push(if url.starts_with("/v1/episodes") {
                format!("{}/{}", text(&item["escalation"]["id"]), item["episode"])
            } else {
                text(&item["id"])
            });
        }
        next = answer["links"]["next"].as_str().map(str::to_owned);
    }
    rows
}
