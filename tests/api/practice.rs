//! Good practice: recorded with one small post, sent as often as one likes, read by whom it concerns, counted beside.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::people::{Answer, Person};
use super::support::recount_check::rows_behind;

const INFORMAL: &str = "/v1/informal-resolutions";
const COMMENDATIONS: &str = "/v1/commendations";
const LIST: &str = "/v1/practice-records";
/// What only those may read whom it concerns.
const NOTE: &str = "The duty manager rang back within the hour.";

/// A good body with some members changed; null removes.
fn with(changed: Value) -> Value {
    let mut body = json!({"about_agency": "anyborough_cs", "theme": "strategy_meeting_late"});
    for (name, value) in changed.as_object().unwrap() {
        body[name] = value.clone();
        if value.is_null() {
            body.as_object_mut().unwrap().remove(name);
        }
    }
    body
}

async fn records(by: &Person<'_>, path: &str, changed: Value) -> Answer {
    by.post(path, &with(changed)).await.expect(201)
}

/// All records that somebody sees.
async fn ids(by: &Person<'_>) -> Vec<String> {
    let get = async |url: &str| -> Value { by.get(url).await.expect(200).json };
    rows_behind(&get, &format!("{LIST}?sort=oldest_first")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_settled_it_is_recorded_and_moves_no_figure_of_escalations() {
    let app = TestApp::start().await;
    let sent = json!({
        "about_agency": "CSC", "urgency": "urgent", "note": format!("  {NOTE}\r\n"),
        "occurred_at": "2026-11-18T09:30:00+01:00", "source": "niche", "external_reference": "INF-1",
    });
    let answer = records(&app.police(), INFORMAL, sent).await;
    let id = answer.id();
    assert_eq!(answer.header("location"), format!("{LIST}/{id}"));
    let expected = json!({
        "id": id, "kind": "informal_resolution", "by_agency": "valeshire_police",
        "about_agency": "anyborough_cs", "theme": "strategy_meeting_late", "urgency": "urgent",
        "note": NOTE, "occurred_at": "2026-11-18T08:30:00Z", "recorded_at": "2026-11-18T10:00:00Z",
        "source": "niche", "external_reference": "INF-1",
    });
    assert_eq!(answer.json, expected);
    for client in ["test-police", "test-cs", "test-director", "test-service_lead", "test-auditor"] {
        let read = app.person(client).get(answer.header("location")).await.expect(200);
        assert_eq!(read.json, expected, "{client}");
    }

    let week = "/v1/themes/weekly?from_week=2026-W47&to_week=2026-W47";
    let week = app.director().get(week).await.expect(200).json["weeks"][0].clone();
    for (name, figure) in week["total"].as_object().unwrap() {
        let count = ["value", "due", "n"].iter().find_map(|it| figure.get(it)).unwrap();
        assert_eq!(count.as_f64(), Some(0.0), "{name}");
    }
    assert_eq!(week["groups"], json!([]));
    assert_eq!(week["beside"]["informal_resolutions"]["value"], 1);
    assert_eq!(week["beside"]["commendations"]["value"], 0);
    let group = &week["beside"]["groups"][0];
    assert_eq!(group["key"], "strategy_meeting_late");
    assert_eq!(group["label"], "Strategy meeting late");
    assert_eq!(group["informal_resolutions"]["value"], 1);
    let escalations = app.director().get("/v1/escalations").await.expect(200).json;
    assert_eq!(escalations["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_the_weeks_has_what_stands_beside_them_for_whole_weeks_only() {
    let app = TestApp::start().await;
    app.police().raises(json!({})).await;
    records(&app.police(), INFORMAL, json!({})).await;
    records(&app.police(), COMMENDATIONS, json!({})).await;
    records(&app.police(), COMMENDATIONS, json!({"theme": "icpc_late"})).await;
    let url = "/v1/themes/weekly?from_week=2026-W47&to_week=2026-W47";
    let table = app.director().get_csv(url).await.expect(200).text;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let lines: Vec<csv::StringRecord> = reader.records().map(|line| line.unwrap()).collect();
    let last: Vec<Vec<&str>> =
        lines.iter().map(|line| vec![&line[5], &line[7], &line[20], &line[21]]).collect();
    assert_eq!(last, [["", "1", "1", "2"], ["strategy_meeting_late", "1", "", ""]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_again_stores_nothing_and_says_where_it_is() {
    let app = TestApp::start().await;
    let named = json!({"source": "niche", "external_reference": "INF-1"});
    // Another agency's record of the same name, which the police see, is another record.
    let about_police =
        json!({"about_agency": "Police", "source": "niche", "external_reference": "INF-1"});
    let of_health = records(&app.health(), INFORMAL, about_police).await.id();
    let first = records(&app.police(), INFORMAL, named.clone()).await;
    // The reference counts, not what else is sent, nor as what.
    for (path, other) in [(INFORMAL, json!({})), (COMMENDATIONS, json!({"theme": "icpc_late"}))] {
        let mut body = with(named.clone());
        body.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        let again = app.police().post(path, &body).await.expect(409);
        assert_eq!(again.problem().0, "duplicate-external-reference", "{path}");
        assert_eq!(again.header("location"), first.header("location"), "{path}");
    }
    let seen: BTreeSet<String> = ids(&app.police()).await.into_iter().collect();
    assert_eq!(seen, [of_health, first.id()].into());

    // Another source and another reference name something else; no reference names nothing.
    let police = app.police();
    records(&police, INFORMAL, json!({"source": "niche", "external_reference": "INF-2"})).await;
    records(&police, INFORMAL, json!({"source": "other", "external_reference": "INF-1"})).await;
    records(&police, INFORMAL, json!({})).await;
    records(&police, INFORMAL, json!({})).await;
    assert_eq!(ids(&police).await.len(), 6);

    let at_once = with(json!({"source": "niche", "external_reference": "INF-3"}));
    let (one, other) =
        tokio::join!(police.post(INFORMAL, &at_once), police.post(INFORMAL, &at_once));
    let mut answers = [one, other];
    answers.sort_by_key(|answer| answer.status);
    assert_eq!([answers[0].status, answers[1].status], [201, 409]);
    assert_eq!(answers[0].header("location"), answers[1].header("location"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_by_its_place_and_nothing_is_stored() {
    let app = TestApp::start().await;
    let sql = "update theme set valid_to = '2026-11-17' where code = 'governance_gap';
               update agency set valid_to = '2026-11-17' where code = 'health_community'";
    app.database.superuser().await.batch_execute(sql).await.unwrap();
    app.deps.forget();
    let nhs = "See NHS number 999 000 0018.";
    let either = [
        (json!({"about_agency": null, "theme": null}), "#/about_agency required, #/theme required"),
        (json!({"about_agency": "nobody"}), "#/about_agency unknown_reference"),
        (json!({"about_agency": "elsewhere_cs"}), "#/about_agency unknown_reference"),
        (json!({"about_agency": "business_unit"}), "#/about_agency retired_code"),
        (json!({"about_agency": "health_community"}), "#/about_agency retired_code"),
        (json!({"about_agency": 7}), "#/about_agency wrong_type"),
        (json!({"theme": "no_such_theme"}), "#/theme unknown_reference"),
        (json!({"theme": "governance_gap"}), "#/theme retired_code"),
        (json!({"theme": "icpc late"}), "#/theme pattern"),
        (json!({"note": nhs}), "#/note personal_data"),
        (json!({"note": "x".repeat(501)}), "#/note too_long"),
        (json!({"note": " \n"}), "#/note too_short"),
        (json!({"note": "a\u{1}"}), "#/note control_character"),
        (json!({"note": "a\rb"}), "#/note control_character"),
        (json!({"occurred_at": "2026-11-18T10:05:01Z"}), "#/occurred_at in_future"),
        (json!({"occurred_at": "2026-11-18T10:00:00"}), "#/occurred_at offset_required"),
        (
            json!({"occurred_at": "2008-11-18T09:59:59Z"}),
            "#/about_agency retired_code, #/occurred_at inconsistent, #/occurred_at too_old",
        ),
        (json!({"source": "niche"}), "#/external_reference required"),
        (json!({"external_reference": "1"}), "#/source required"),
        (json!({"source": "a b", "external_reference": "1"}), "#/source pattern"),
        (json!({"by_agency": "anyborough_cs"}), "#/by_agency unknown_field"),
        (json!({"kind": "commendation"}), "#/kind unknown_field"),
        (json!({"child_references": []}), "#/child_references unknown_field"),
        (
            json!({"about_agency": "nobody", "theme": "nothing", "note": nhs}),
            "#/about_agency unknown_reference, #/note personal_data, #/theme unknown_reference",
        ),
    ];
    let own = json!({"about_agency": "valeshire_police"});
    let cases = either
        .iter()
        .flat_map(|(body, fault)| [(INFORMAL, body, *fault), (COMMENDATIONS, body, *fault)]);
    let hurried = json!({"urgency": "very"});
    let urgent = json!({"urgency": "urgent"});
    let cases = cases.chain([
        (INFORMAL, &hurried, "#/urgency unknown_code"),
        (COMMENDATIONS, &urgent, "#/urgency unknown_field"),
        (COMMENDATIONS, &own, "#/about_agency self_reference"),
    ]);
    for (path, changed, expected) in cases {
        let answer = app.police().post(path, &with(changed.clone())).await;
        let what = format!("{path} {changed}: {}", answer.text);
        assert_eq!(answer.status, 422, "{what}");
        let (code, mut faults) = answer.problem();
        faults.sort();
        let faults: Vec<_> =
            faults.iter().map(|(pointer, code)| format!("{pointer} {code}")).collect();
        assert_eq!(
            (code.as_str(), faults.join(", ").as_str()),
            ("validation-failed", expected),
            "{what}"
        );
    }
    // An agency that has ended says nothing any more of the time since.
    let late = app.health().post(INFORMAL, &with(json!({}))).await.expect(422);
    assert_eq!(late.problem().1, [("#/occurred_at".to_owned(), "inconsistent".to_owned())]);
    assert_eq!(ids(&app.director()).await, Vec::<String>::new());

    // What is close to these is accepted.
    records(&app.health(), INFORMAL, json!({"occurred_at": "2026-11-17T23:59:59Z"})).await;
    for body in [
        json!({"occurred_at": "2026-11-18T10:05:00Z", "note": "x".repeat(500)}),
        json!({"occurred_at": "2026-11-17T12:00:00Z", "theme": "governance_gap"}),
        json!({"about_agency": "HV", "occurred_at": "2026-11-17T12:00:00Z"}),
    ] {
        records(&app.police(), COMMENDATIONS, body.clone()).await;
        records(&app.police(), INFORMAL, body).await;
    }
    records(&app.police(), INFORMAL, own).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_caller_sees_what_concerns_it_and_notes_are_in_no_list() {
    let app = TestApp::start().await;
    let note = json!({"note": NOTE});
    let to_services = records(&app.police(), INFORMAL, note.clone()).await.id();
    let by_services =
        json!({"about_agency": "valeshire_police", "note": NOTE, "theme": "icpc_late"});
    let to_police = records(&app.childrens_services(), COMMENDATIONS, by_services).await.id();
    let health = records(&app.health(), COMMENDATIONS, note.clone()).await.id();
    let elsewhere = json!({"about_agency": "elsewhere_cs", "note": NOTE});
    let elsewhere = records(&app.person("else-police"), INFORMAL, elsewhere).await.id();

    let of_partnership = vec![&to_services, &to_police, &health];
    for (client, seen, reads_notes) in [
        ("test-police", vec![&to_services, &to_police], true),
        ("test-cs", of_partnership.clone(), true),
        ("test-health", vec![&health], true),
        ("test-director", of_partnership.clone(), true),
        ("test-service_lead", of_partnership.clone(), true),
        ("test-auditor", of_partnership.clone(), true),
        ("test-analyst", of_partnership, false),
        ("else-police", vec![&elsewhere], true),
        ("else-cs", vec![&elsewhere], true),
        ("else-director", vec![&elsewhere], true),
    ] {
        let by = app.person(client);
        let listed: BTreeSet<String> = ids(&by).await.into_iter().collect();
        assert_eq!(listed, seen.iter().map(|id| (*id).clone()).collect(), "{client}");
        for text in [by.get(LIST).await.expect(200).text, by.get_csv(LIST).await.expect(200).text] {
            assert!(!text.contains("duty manager") && text.contains(seen[0]), "{client}: {text}");
        }
        for id in [&to_services, &to_police, &health, &elsewhere] {
            let answer = by.get(&format!("{LIST}/{id}")).await;
            let status = match (reads_notes, seen.contains(&id)) {
                (false, _) => 403,
                (true, true) => 200,
                (true, false) => 404,
            };
            assert_eq!(answer.status, status, "{client} {}", answer.text);
            assert_eq!(answer.text.contains(NOTE), status == 200, "{client}");
        }
    }
    app.person("test-operator").get(LIST).await.expect(403);
    for client in ["test-director", "test-service_lead", "test-analyst", "test-auditor"] {
        for path in [INFORMAL, COMMENDATIONS] {
            app.person(client).post(path, &with(json!({}))).await.expect(403);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_give_exactly_their_rows_on_pages_that_miss_none() {
    let app = TestApp::start().await;
    let mut rng = StdRng::seed_from_u64(3);
    let start: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
    let mut known: Vec<Value> = Vec::new();
    for _ in 0..60 {
        let client = *["test-police", "test-health"].choose(&mut rng).unwrap();
        let path = *[INFORMAL, COMMENDATIONS].choose(&mut rng).unwrap();
        let theme = *["strategy_meeting_late", "icpc_late"].choose(&mut rng).unwrap();
        // Some at the same instant, so that pages end between equals.
        let at = start + SignedDuration::from_hours(24 * rng.random_range(0..20));
        let body = json!({
            "about_agency": "anyborough_cs",
            "theme": theme,
            "occurred_at": at.to_string(),
        });
        known.push(records(&app.person(client), path, body).await.json);
    }
    let director = app.director();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let (from, to) = ("2026-10-05T00:00:00Z", "2026-10-12T00:00:00Z");
    let since = |row: &Value| text(row, "occurred_at").as_str() >= from;
    let until = |row: &Value| text(row, "occurred_at").as_str() < to;
    type Fits<'a> = &'a dyn Fn(&Value) -> bool;
    let filters: [(String, Fits<'_>); 9] = [
        (String::new(), &|_| true),
        ("kind=commendation".to_owned(), &|row| row["kind"] == "commendation"),
        ("theme=icpc_late".to_owned(), &|row| row["theme"] == "icpc_late"),
        ("group=strategy".to_owned(), &|row| row["theme"] == "strategy_meeting_late"),
        ("group=strategy&theme=icpc_late".to_owned(), &|_| false),
        ("by_agency=health_community".to_owned(), &|row| row["by_agency"] == "health_community"),
        ("about_agency=valeshire_police".to_owned(), &|_| false),
        (format!("occurred_from={from}"), &since),
        (format!("occurred_from={from}&occurred_to={to}&by_agency=Police"), &|row| {
            since(row) && until(row) && row["by_agency"] == "valeshire_police"
        }),
    ];
    for (query, fits) in &filters {
        for order in ["newest_first", "oldest_first"] {
            let mut expected: Vec<(String, String)> = known
                .iter()
                .filter(|row| fits(row))
                .map(|row| (text(row, "occurred_at"), text(row, "id")))
                .collect();
            expected.sort();
            if order == "newest_first" {
                expected.reverse();
            }
            let mut found = Vec::new();
            let joint = if query.is_empty() { "" } else { "&" };
            let mut next = Some(format!("{LIST}?{query}{joint}sort={order}&limit=7"));
            while let Some(url) = next {
                let page = director.get(&url).await.expect(200).json;
                let items = page["items"].as_array().unwrap();
                assert!(items.len() == 7 || page["links"].get("next").is_none(), "{url}");
                found.extend(items.iter().map(|row| (text(row, "occurred_at"), text(row, "id"))));
                next = page["links"]["next"].as_str().map(str::to_owned);
            }
            assert_eq!(found, expected, "{query} {order}");
        }
    }
    // A cursor goes on where it was made for, and nowhere else.
    let page = director.get(&format!("{LIST}?limit=7")).await.expect(200).json;
    let next = page["links"]["next"].as_str().unwrap();
    let cursor = next.split("cursor=").nth(1).unwrap();
    for url in [
        format!("{LIST}?kind=commendation&cursor={cursor}"),
        format!("/v1/escalations?cursor={cursor}"),
    ] {
        assert_eq!(director.get(&url).await.expect(400).problem().0, "invalid-cursor", "{url}");
    }
    assert_eq!(app.police().get(next).await.expect(400).problem().0, "invalid-cursor");
    for (query, pointer, code) in [
        ("kind=praise", "?kind", "unknown_code"),
        ("theme=nothing", "?theme", "unknown_reference"),
        ("group=nothing", "?group", "unknown_reference"),
        ("by_agency=elsewhere_cs", "?by_agency", "unknown_reference"),
        ("about_agency=", "?about_agency", "unknown_reference"),
        ("occurred_from=2026-10-05", "?occurred_from", "invalid_datetime"),
        ("raised_by_agency=valeshire_police", "?raised_by_agency", "unknown_parameter"),
        ("urgency=urgent", "?urgency", "unknown_parameter"),
        ("limit=201", "?limit", "out_of_range"),
    ] {
        let answer = director.get(&format!("{LIST}?{query}")).await.expect(400);
        assert_eq!(answer.problem().1, [(pointer.to_owned(), code.to_owned())], "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_has_the_lines_of_the_list() {
    let app = TestApp::start().await;
    let urgent = json!({"urgency": "urgent", "note": NOTE, "occurred_at": "2026-11-18T09:00:00Z"});
    let one = records(&app.police(), INFORMAL, urgent).await.id();
    let two = records(&app.police(), COMMENDATIONS, json!({})).await.id();
    let answer = app.police().get_csv(&format!("{LIST}?limit=1")).await.expect(200);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"practice-records.csv\""
    );
    let head = "\"id\",\"kind\",\"by_agency\",\"about_agency\",\"theme\",\"urgency\",\"occurred_at\",\"recorded_at\"";
    let line = |id: &str, kind: &str, urgency: &str, at: &str| {
        format!(
            "\"{id}\",\"{kind}\",\"valeshire_police\",\"anyborough_cs\",\"strategy_meeting_late\",\
             \"{urgency}\",\"{at}\",\"2026-11-18T10:00:00Z\""
        )
    };
    let newest = line(&two, "commendation", "", "2026-11-18T10:00:00Z");
    assert_eq!(answer.text, format!("{head}\r\n{newest}\r\n"));
    let next = answer.header("link");
    let next = next.strip_prefix('<').and_then(|it| it.strip_suffix(">; rel=\"next\"")).unwrap();
    let older = line(&one, "informal_resolution", "urgent", "2026-11-18T09:00:00Z");
    let answer = app.police().get_csv(next).await.expect(200);
    assert_eq!(answer.text, format!("{head}\r\n{older}\r\n"));
    assert_eq!(answer.header("link"), "");
}
