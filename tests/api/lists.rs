//! Lists: every filter against a naive one over all rows, pages that miss nothing, cursors that cannot be moved.

use std::collections::{BTreeMap, BTreeSet};

use escalation_tracker::usecases::deps::Clock;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::lists_naive::{Filter, Row, Rows, clock_filters, episode_filters, escalation_filters};
use super::support::TestApp;
use super::support::histories::{Histories, Raising};
use super::support::people::{Person, raise_body};
use super::support::recount_check::rows_behind;

/// About 150 escalations over three months, and what was done to them.
async fn filled(app: &TestApp, seed: u64) {
    app.clock.set("2026-03-02T09:00:00Z");
    let mut it = Histories::new(app, seed).await;
    for _ in 0..700 {
        app.clock.advance(SignedDuration::from_secs(it.rng.random_range(60..22_000)));
        if it.known.len() < 10 || it.rng.random_bool(0.2) {
            let late = it.rng.random_bool(0.3);
            let earlier =
                SignedDuration::from_hours(if late { it.rng.random_range(1..300) } else { 0 });
            it.raise(Raising { earlier, urgency: None }).await;
        } else {
            it.act_on_any().await;
        }
    }
    let police = app.police();
    for (source, reference) in [("niche", "A-1"), ("niche", "A-2"), ("mosaic", "A-1")] {
        police.raises(json!({"source": source, "external_reference": reference})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_alone_and_with_others_gives_exactly_the_right_rows() {
    let app = TestApp::start().await;
    filled(&app, 7).await;
    let rows = Rows::read(&app.database.superuser().await, app.clock.now().to_string()).await;
    assert!(rows.escalations().len() > 100);
    let director = app.director();
    let get = async |url: &str| -> Value { director.get(url).await.expect(200).json };
    let mut rng = StdRng::seed_from_u64(1);
    for (path, all, filters) in [
        ("/v1/escalations", rows.escalations(), escalation_filters()),
        ("/v1/episodes", rows.episodes(), episode_filters()),
        ("/v1/clocks", rows.clocks(), clock_filters()),
    ] {
        let mut questions: Vec<Vec<&Filter>> = filters.iter().map(|filter| vec![filter]).collect();
        let alone = questions.len();
        for _ in 0..60 {
            // Some rows to start from, so that combinations are not all empty.
            let like = all.choose(&mut rng).unwrap();
            let fitting: Vec<&Filter> =
                filters.iter().filter(|filter| filter.fits(like, &rows)).collect();
            let mut chosen: BTreeMap<&str, &Filter> = BTreeMap::new();
            for filter in fitting.choose_multiple(&mut rng, 3) {
                chosen.insert(filter.name(), filter);
            }
            questions.push(chosen.into_values().collect());
        }
        let mut found = 0;
        for (number, question) in questions.iter().enumerate() {
            let query: Vec<&str> = question.iter().map(|filter| filter.query()).collect();
            let url = format!("{path}?{}", query.join("&"));
            let fits = |row: &&Row| question.iter().all(|filter| filter.fits(row, &rows));
            let expected: BTreeSet<String> =
                all.iter().filter(fits).map(|row| row.name.clone()).collect();
            let answered = rows_behind(&get, &url).await;
            assert_eq!(answered.len(), expected.len(), "{url}");
            assert_eq!(answered.into_iter().collect::<BTreeSet<_>>(), expected, "{url}");
            found += usize::from(!expected.is_empty());
            assert!(number < alone || !expected.is_empty(), "{url}: starts from a row that fits");
        }
        assert!(found * 10 > questions.len() * 8, "{path}: too many filters that fit nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_list_knows_is_refused_and_never_an_empty_list() {
    let app = TestApp::start().await;
    for (query, pointer, code) in [
        ("status=closed", "?status", "unknown_code"),
        ("urgency=Urgent", "?urgency", "unknown_code"),
        ("theme=nonsense", "?theme", "unknown_reference"),
        ("group=nonsense", "?group", "unknown_reference"),
        ("raised_by_agency=elsewhere_police", "?raised_by_agency", "unknown_reference"),
        ("raised_with_agency=nonsense", "?raised_with_agency", "unknown_reference"),
        ("stage=10", "?stage", "out_of_range"),
        ("stage=one", "?stage", "wrong_type"),
        ("received_late=yes", "?received_late", "wrong_type"),
        ("source=", "?source", "too_short"),
        ("external_reference=a%20b", "?external_reference", "pattern"),
        ("sort=raised_at", "?sort", "unknown_code"),
        ("limit=0", "?limit", "out_of_range"),
        ("limit=201", "?limit", "out_of_range"),
        ("limit=", "?limit", "wrong_type"),
        ("child_reference=SYN100234", "?child_reference", "unknown_parameter"),
        ("Status=raised", "?Status", "unknown_parameter"),
        ("status=raised&status=answered", "?status", "repeated_parameter"),
    ] {
        for path in ["/v1/escalations", "/v1/episodes", "/v1/clocks"] {
            let answer = app.director().get(&format!("{path}?{query}")).await.expect(400);
            let expected = vec![(pointer.to_owned(), code.to_owned())];
            assert_eq!(
                answer.problem(),
                ("invalid-parameter".to_owned(), expected),
                "{path}?{query}"
            );
        }
    }
    // Each list has its own parameters only.
    for (path, foreign) in [
        ("/v1/escalations", "opened_from=2026-01-01T00:00:00Z"),
        ("/v1/episodes", "raised_from=2026-01-01T00:00:00Z"),
        ("/v1/clocks", "overdue=true"),
        ("/v1/clocks", "kind=answers"),
        ("/v1/clocks", "due_from=2026-01-01"),
        ("/v1/episodes", "ended_from=2026-01-02T00:00:00Z&ended_to=2026-01-01T00:00:00Z"),
    ] {
        app.director().get(&format!("{path}?{foreign}")).await.expect(400);
    }
    for (limit, lines) in [("1", 1), ("2", 2), ("200", 3)] {
        if limit == "1" {
            for _ in 0..3 {
                app.police().raises(json!({})).await;
            }
        }
        let page =
            app.director().get(&format!("/v1/escalations?limit={limit}")).await.expect(200).json;
        assert_eq!(page["items"].as_array().unwrap().len(), lines);
        assert_eq!(page["links"].get("next").is_some(), lines < 3);
    }
}

/// Follows `next` to the end; `between` is called with the number of each page that was read.
async fn walk(who: &Person<'_>, url: &str, mut between: impl AsyncFnMut(usize)) -> Vec<Value> {
    let mut items = Vec::new();
    let mut next = Some(url.to_owned());
    let mut pages = 0;
    while let Some(page) = next {
        let answer = who.get(&page).await.expect(200);
        items.extend(answer.json["items"].as_array().unwrap().iter().cloned());
        next = answer.json["links"]["next"].as_str().map(str::to_owned);
        let links: Vec<_> =
            answer.headers.get_all("link").iter().map(|link| link.to_str().unwrap()).collect();
        let told = next.as_ref().map(|next| format!("<{next}>; rel=\"next\""));
        assert_eq!(links.iter().any(|link| link.contains("rel=\"next\"")), told.is_some());
        assert!(told.is_none_or(|told| links.contains(&told.as_str())));
        pages += 1;
        between(pages).await;
    }
    items
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_meets_every_row_that_was_there_throughout_exactly_once() {
    let app = TestApp::start().await;
    app.clock.set("2026-11-02T09:00:00Z");
    let mut it = Histories::new(&app, 500).await;
    for number in 0..500 {
        // Ten at each instant, so that the order has ties to settle.
        if number % 10 == 0 {
            app.clock.advance(SignedDuration::from_mins(7));
        }
        it.raise(Raising::default()).await;
    }
    app.clock.advance(SignedDuration::from_hours(1));
    let there: BTreeSet<String> = it.known.iter().map(|known| known.id.to_string()).collect();
    for (sort, limit) in [("newest_first", 17), ("oldest_first", 23)] {
        let url = format!("/v1/escalations?limit={limit}&sort={sort}");
        let director = app.director();
        let items = walk(&director, &url, async |page| {
            // New ones at both ends and in the middle; and the old ones change where they stand.
            if page % 2 == 0 {
                it.raise(Raising::default()).await;
                let earlier = SignedDuration::from_mins(it.rng.random_range(1..600));
                it.raise(Raising { earlier, urgency: None }).await;
            }
            let one = it.rng.random_range(0..500);
            it.act_on(one).await;
        })
        .await;
        let met = ids(&items);
        let unique: BTreeSet<String> = met.iter().cloned().collect();
        assert_eq!(unique.len(), met.len(), "{sort}: a row twice");
        assert!(there.is_subset(&unique), "{sort}: {} missed", there.difference(&unique).count());
        let keys: Vec<(Timestamp, String)> = items
            .iter()
            .map(|item| {
                (
                    item["raised_at"].as_str().unwrap().parse().unwrap(),
                    item["id"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        let mut sorted = keys.clone();
        sorted.sort();
        if sort == "newest_first" {
            sorted.reverse();
        }
        assert_eq!(keys, sorted, "{sort}");
    }
    // With a filter on what changes: those to which it applied all the time are met once.
    let url = "/v1/escalations?limit=19&status=raised";
    let director = app.director();
    let before: BTreeSet<String> =
        ids(&walk(&director, url, async |_| {}).await).into_iter().collect();
    let acting = async |_| {
        let one = it.rng.random_range(0..500);
        it.act_on(one).await;
    };
    let met = ids(&walk(&director, url, acting).await);
    let after: BTreeSet<String> =
        ids(&walk(&director, url, async |_| {}).await).into_iter().collect();
    let unique: BTreeSet<String> = met.iter().cloned().collect();
    assert_eq!(unique.len(), met.len());
    assert!(before.intersection(&after).all(|id| unique.contains(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_serves_its_own_caller_list_filter_and_order_for_a_day() {
    let app = TestApp::start().await;
    for _ in 0..6 {
        app.police().raises(json!({})).await;
    }
    let first = app.police().get("/v1/escalations?status=raised&limit=2").await.expect(200).json;
    let next = first["links"]["next"].as_str().unwrap().to_owned();
    let cursor = next.split_once("cursor=").unwrap().1.to_owned();
    app.police().get(&next).await.expect(200);
    // The page size may change on the way, and the order of parameters does not matter.
    let other_size = format!("/v1/escalations?cursor={cursor}&limit=3&status=raised");
    assert_eq!(
        app.police().get(&other_size).await.expect(200).json["items"].as_array().unwrap().len(),
        3
    );
    for url in [
        format!("/v1/escalations?cursor={cursor}"),
        format!("/v1/escalations?status=answered&cursor={cursor}"),
        format!("/v1/escalations?status=raised&urgency=standard&cursor={cursor}"),
        format!("/v1/escalations?status=raised&sort=oldest_first&cursor={cursor}"),
        format!("/v1/episodes?status=raised&limit=2&cursor={cursor}"),
        format!("/v1/clocks?status=raised&limit=2&cursor={cursor}"),
        next.replace("cursor=", "cursor=A"),
        next[..next.len() - 1].to_owned(),
        format!("{next}="),
        "/v1/escalations?status=raised&cursor=".to_owned(),
    ] {
        assert_eq!(app.police().get(&url).await.expect(400).problem().0, "invalid-cursor", "{url}");
    }
    for place in (0..cursor.len()).step_by(5) {
        let mut altered = cursor.clone();
        let other = if &cursor[place..=place] == "A" { "B" } else { "A" };
        altered.replace_range(place..=place, other);
        let answer = app.police().get(&next.replace(&cursor, &altered)).await.expect(400);
        assert_eq!(answer.problem().0, "invalid-cursor", "{place}");
    }
    for client in ["test-cs", "test-health", "test-director", "test-analyst", "else-police"] {
        assert_eq!(
            app.person(client).get(&next).await.expect(400).problem().0,
            "invalid-cursor",
            "{client}"
        );
    }
    app.clock.advance(SignedDuration::from_hours(24));
    app.police().get(&next).await.expect(200);
    app.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(app.police().get(&next).await.expect(410).problem().0, "cursor-expired");
    assert_eq!(app.childrens_services().get(&next).await.expect(400).problem().0, "invalid-cursor");
}

/// The member of a JSON line that a column shows.
fn member(item: &Value, list: &str, column: &str) -> String {
    let of = if list == "escalations" { item } else { &item["escalation"] };
    let value = match (list, column) {
        ("clocks", "escalation_id") | ("episodes", "escalation_id") => &of["id"],
        (_, name) if item.get(name).is_some() => &item[name],
        ("clocks", "stage" | "id") | ("escalations", _) => &item[column],
        (_, name) => of
            .get(name)
            .filter(|_| !["outcome", "ended_at", "stopped_at"].contains(&name))
            .unwrap_or(&Value::Null),
    };
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_has_the_same_rows_and_cells_and_none_can_become_a_formula() {
    let app = TestApp::start().await;
    filled(&app, 11).await;
    // Texts that would be formulas are stored, and are in no list.
    let formula =
        json!({"desired_outcome": "=HYPERLINK(1)", "concern": "@SUM(1)", "raised_by_role": "+44"});
    app.police().raises(formula).await;
    let director = app.director();
    for list in ["escalations", "episodes", "clocks"] {
        let url = format!("/v1/{list}?limit=40");
        let items = walk(&director, &url, async |_| {}).await;
        let mut lines: Vec<Vec<String>> = Vec::new();
        let mut columns = Vec::new();
        let mut next = Some(url);
        while let Some(page) = next {
            let answer = director.get_csv(&page).await.expect(200);
            assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
            assert_eq!(
                answer.header("content-disposition"),
                format!("attachment; filename=\"{list}.csv\"")
            );
            let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
            columns = reader.headers().unwrap().iter().map(str::to_owned).collect::<Vec<_>>();
            lines.extend(
                reader.records().map(|line| line.unwrap().iter().map(str::to_owned).collect()),
            );
            let link = answer.header("link");
            next = link
                .strip_prefix('<')
                .and_then(|link| link.strip_suffix(">; rel=\"next\""))
                .map(str::to_owned);
        }
        assert_eq!(lines.len(), items.len(), "{list}");
        for (line, item) in lines.iter().zip(&items) {
            for (column, cell) in columns.iter().zip(line) {
                let shown = member(item, list, column);
                let same = *cell == shown
                    || cell.parse::<f64>().ok().is_some_and(|cell| shown.parse() == Ok(cell));
                assert!(same, "{list} {column}: {cell} is not {shown}");
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']),
                    "{cell}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_sees_what_it_raised_and_what_it_must_answer_and_nothing_else() {
    let app = TestApp::start().await;
    filled(&app, 3).await;
    let elsewhere = json!({"raised_with_agency": "elsewhere_cs"});
    let foreign = app
        .person("else-police")
        .post("/v1/escalations", &raise_body(elsewhere))
        .await
        .expect(201)
        .id();
    let rows = Rows::read(&app.database.superuser().await, app.clock.now().to_string()).await;
    let all: BTreeSet<String> = rows.escalations().iter().map(|row| row.name.clone()).collect();
    for (client, agency) in [
        ("test-police", Some("valeshire_police")),
        ("test-cs", Some("anyborough_cs")),
        ("test-health", Some("health_community")),
        ("test-director", None),
        ("test-service_lead", None),
        ("test-analyst", None),
        ("test-auditor", None),
    ] {
        let person = app.person(client);
        let get = async |url: &str| -> Value { person.get(url).await.expect(200).json };
        for (path, rows) in [
            ("/v1/escalations?sort=oldest_first", rows.escalations()),
            ("/v1/episodes?sort=oldest_first", rows.episodes()),
            ("/v1/clocks?sort=oldest_first", rows.clocks()),
        ] {
            let own = |row: &&Row| agency.is_none_or(|agency| row.involves(agency));
            let expected: BTreeSet<String> =
                rows.iter().filter(own).map(|row| row.name.clone()).collect();
            assert!(agency.is_none() || expected.len() < rows.len());
            let seen: BTreeSet<String> = rows_behind(&get, path).await.into_iter().collect();
            assert_eq!(seen, expected, "{client} {path}");
        }
    }
    assert!(!all.contains(&foreign));
    let others = app.person("else-director").get("/v1/escalations").await.expect(200).json;
    assert_eq!(ids(others["items"].as_array().unwrap()), std::slice::from_ref(&foreign));
    app.police().get(&format!("/v1/escalations/{foreign}")).await.expect(404); // B57
    app.person("test-operator").get("/v1/escalations").await.expect(403);
    // What is in a line: neither words of a person nor a child.
    let page = app.police().get("/v1/escalations").await.expect(200).text;
    assert!(!page.contains("SYN") && !page.contains("meeting.\""), "{page}");
}
