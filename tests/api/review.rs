//! The weekly review: its numbers are those of the weekly figures and of the lists, and they can be read again.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use rand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::{acts, reason};
use super::support::histories::{Histories, Raising};
use super::support::people::Answer;
use super::support::recount_check::rows_behind;

/// Compares a review with the answers of the aggregation and of the lists, asked as of the same instant.
pub async fn assert_review_agrees(get: &impl AsyncFn(&str) -> Value, week: &str) -> Value {
    let review = get(&format!("/v1/reviews/{week}")).await;
    let at = review["data_to"].as_str().unwrap().to_owned();
    let weekly = get(&format!(
        "/v1/themes/weekly?group_by=group&from_week={week}&to_week={week}&as_of={at}"
    ))
    .await;
    let figures = &weekly["weeks"][0];
    let (total, tiles) = (&figures["total"], &review["tiles"]);
    assert_eq!(review["reconciliation"], figures["reconciliation"], "{week}");
    assert_eq!(review["received_late"], total["received_late"]["value"], "{week}");
    for (tile, told, figure) in [
        ("new", "value", &total["raised"]["value"]),
        ("open", "value", &total["open_at_end"]["value"]),
        ("in_time", "in_time", &total["answered_in_time"]["in_time"]),
        ("in_time", "due", &total["answered_in_time"]["due"]),
        ("median_days", "n", &total["resolved"]["value"]),
    ] {
        assert_eq!(&tiles[tile][told], figure, "{week} {tile} {told}");
    }
    for (told, measure, part) in [
        ("median", "working_days_to_resolve", "median"),
        ("p90", "working_days_to_resolve", "p90"),
        ("child_median", "child_days_to_resolve", "median"),
    ] {
        let figure = total[measure].get(part).unwrap_or(&Value::Null);
        assert_eq!(&tiles["median_days"][told], figure, "{week} {told}");
    }
    // What is late: exactly the clocks that the list has, the longest first.
    let late =
        rows_behind(get, &format!("/v1/clocks?kind=answer&overdue_at={at}&as_of={at}")).await;
    let lines = review["overdue"].as_array().unwrap();
    assert_eq!(tiles["overdue"]["value"], lines.len(), "{week}");
    assert_eq!(lines.len(), late.len(), "{week}");
    let due: Vec<&str> = lines.iter().map(|it| it["due_at"].as_str().unwrap()).collect();
    assert!(due.is_sorted() && due.iter().all(|due| *due < at.as_str()), "{week} {due:?}");
    let open = rows_behind(get, &format!("/v1/episodes?open_at={at}&as_of={at}")).await;
    assert_eq!(review["ages"]["open"], open.len(), "{week}");
    // The table: cell by cell what the list of escalations has.
    let ends = figures["ends_at"].as_str().unwrap();
    let from = review["asked"]["from"].as_str().unwrap();
    let first = get(&format!("/v1/themes/weekly?from_week={from}&to_week={from}")).await;
    let starts = first["weeks"][0]["starts_at"].as_str().unwrap();
    let list = format!("/v1/escalations?raised_from={starts}&raised_to={ends}&as_of={at}");
    assert_eq!(review["asked"]["total"], rows_behind(get, &list).await.len(), "{week}");
    for (table, filter) in [("asked", "raised_with_agency"), ("raised_by", "raised_by_agency")] {
        let table = &review[table];
        let columns = table["columns"].as_array().unwrap();
        let mut sums: BTreeMap<usize, i64> = BTreeMap::new();
        for row in table["rows"].as_array().unwrap() {
            let group = row["group"].as_str().unwrap();
            let cells = row["cells"].as_array().unwrap();
            assert_eq!(cells.len(), columns.len());
            let mut sum = 0;
            for (place, (cell, column)) in cells.iter().zip(columns).enumerate() {
                let mut number = 0;
                for agency in column["agencies"].as_array().unwrap() {
                    let url = format!("{list}&group={group}&{filter}={}", agency.as_str().unwrap());
                    number += rows_behind(get, &url).await.len();
                }
                assert_eq!(cell["value"], number, "{week} {filter} {group} {column}");
                sum += cell["value"].as_i64().unwrap();
                *sums.entry(place).or_default() += cell["value"].as_i64().unwrap();
            }
            assert_eq!(row["total"], sum);
            let weeks: Vec<i64> =
                row["weeks"].as_array().unwrap().iter().map(|it| it.as_i64().unwrap()).collect();
            assert_eq!((weeks.len(), weeks[9..].iter().sum::<i64>()), (13, sum), "{week} {group}");
        }
        let totals: Vec<i64> = sums.into_values().collect();
        assert_eq!(table["totals"], json!(totals), "{week} {filter}");
    }
    // The last point of each chart is the tile.
    let last =
        |chart: &str| review[chart]["points"].as_array().unwrap().last().unwrap()["value"].clone();
    if review["part"] == false {
        assert_eq!(last("raised").as_f64(), tiles["new"]["value"].as_f64(), "{week}");
        assert_eq!(last("median_days"), tiles["median_days"]["median"], "{week}");
    }
    review
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_says_what_the_figures_and_the_lists_say() {
    let app = TestApp::start().await;
    app.clock.set("2026-01-05T09:00:00Z");
    let mut it = Histories::new(&app, 31).await;
    let mut kept: Vec<(String, Value)> = Vec::new();
    let mut next = 5;
    for _ in 0..400 {
        app.clock.advance(SignedDuration::from_secs(it.rng.random_range(600..26_000)));
        if it.known.len() < 4 || it.rng.random_bool(0.3) {
            it.raise(Raising::default()).await;
        } else {
            it.act_on_any().await;
        }
        // "Open before" leaves out what is opened at the very instant.
        app.clock.advance(SignedDuration::from_secs(1));
        let week = format!("2026-W{next:02}");
        let director = app.director();
        let get = async |path: &str| director.get(path).await.expect(200).json;
        let present =
            get("/v1/themes/weekly").await["weeks"][12]["week"].as_str().unwrap().to_owned();
        if present > week {
            kept.push((week.clone(), assert_review_agrees(&get, &week).await));
            next += 2;
        }
    }
    assert!(kept.len() >= 3, "{}", kept.len());
    let director = app.director();
    let get = async |path: &str| director.get(path).await.expect(200).json;
    for (week, mut then) in kept {
        // What was taken on Monday at 06:00 is the same whenever it is read; only what came since is told anew.
        let mut now = get(&format!("/v1/reviews/{week}")).await;
        for review in [&mut then, &mut now] {
            review.as_object_mut().unwrap().remove("arrived_since");
        }
        // In the week itself the data reach to now.
        if then["data_to"] == now["data_to"] {
            assert_eq!(then, now, "{week}");
        }
    }
    assert_review_agrees(&get, "2026-W03").await;
}

/// Every check; what is met already may be answered as well.
const CHECKS: [&str; 5] = [
    "quiet_agencies_contacted",
    "overdue_owned",
    "themes_set",
    "actions_updated",
    "late_records_seen",
];

/// What is needed to sign a review as it was read.
pub async fn signs(app: &TestApp, client: &str, read: &Answer, changed: Value) -> Answer {
    let mut body = json!({
        "data_to": read.json["data_to"],
        "answers": read.json["notices"].as_array().unwrap().iter().map(|it| json!({
            "key": it["key"], "disposition": "watch", "reason": "Asked in the meeting."
        })).collect::<Vec<_>>(),
        "decisions": ["Health joins the duty rota."],
        "checks": CHECKS.map(|check| json!({"check": check, "reason": "Seen in the meeting."})),
    });
    for (name, value) in changed.as_object().unwrap() {
        body[name] = value.clone();
    }
    let path = format!("/v1/reviews/{}/sign-offs", read.json["week"].as_str().unwrap());
    let tag = read.header("etag");
    let headers = [("content-type", "application/json"), ("if-match", tag)];
    app.person(client).send(Method::POST, &path, &headers, body.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_stays_to_the_byte_and_signing_again_keeps_both() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({"urgency": "urgent"})).await;
    let week = "/v1/reviews/2026-W47";
    let part = app.director().get(week).await.expect(200);
    let refused = signs(&app, "test-director", &part, json!({})).await.expect(409);
    assert_eq!(refused.problem().0, "invalid-transition", "the week is not over");
    app.clock.set("2026-11-23T09:00:00Z");
    let draft = app.director().get(week).await.expect(200);
    // An answer is late and nobody holds it: that wants an answer.
    assert_eq!(draft.json["notices"][0]["key"], "overdue_without_owner:all");
    for (client, changed, pointer, code) in [
        ("test-director", json!({"answers": []}), "#/answers", "required"),
        ("test-director", json!({"reason": "Again."}), "#/reason", "inconsistent"),
        ("test-director", json!({"as_deputy": true}), "#/as_deputy", "inconsistent"),
        ("test-service_lead", json!({}), "#/as_deputy", "inconsistent"),
        ("test-director", json!({"data_to": "2026-11-23T09:00:01Z"}), "#/data_to", "in_future"),
    ] {
        let answer = signs(&app, client, &draft, changed.clone()).await.expect(422);
        assert_eq!(answer.problem().1, [(pointer.to_owned(), code.to_owned())], "{changed}");
    }
    // No text may name a person, and all that do are told of at once.
    let mut answers: Vec<Value> = draft.json["notices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!({"key": it["key"], "disposition": "act", "reason": "Fine."}))
        .collect();
    answers[0]["reason"] = json!("Ring 07700 900123.");
    let personal = json!({"answers": answers, "decisions": ["Fine.", "Write to someone@example.org."],
                          "reason": "RG1 3EZ knows."});
    let refused = signs(&app, "test-director", &draft, personal).await.expect(422);
    let told = |pointer: &str| (pointer.to_owned(), "personal_data".to_owned());
    let all = ["#/answers/0/reason", "#/decisions/1", "#/reason"].map(told);
    assert_eq!(refused.problem().1, all);
    assert!(
        !refused.text.contains("07700") && !refused.text.contains("someone@"),
        "{}",
        refused.text
    );
    let named = signs(&app, "test-director", &draft, json!({"answers": []})).await;
    assert!(named.text.contains("overdue_without_owner:all"), "{}", named.text);
    signs(&app, "test-police", &draft, json!({})).await.expect(403);
    signs(&app, "test-analyst", &draft, json!({})).await.expect(403);
    // What would be signed is not what was read.
    let other = json!({"data_to": "2026-11-20T10:00:00Z"});
    signs(&app, "test-director", &part, other).await.expect(409);
    let moved = app.director().get(&format!("{week}?as_of=2026-11-23T01:00:00Z")).await.expect(200);
    let other = json!({"data_to": draft.json["data_to"]});
    signs(&app, "test-director", &moved, other).await.expect(412);
    let path = "/v1/reviews/2026-W47/sign-offs";
    let body = json!({"data_to": draft.json["data_to"], "answers": []});
    app.director().post(path, &body).await.expect(428);
    assert_eq!(app.director().get(path).await.expect(200).json["items"], json!([]));

    let signed = signs(&app, "test-director", &draft, json!({})).await.expect(201).json;
    assert_eq!((&signed["version"], &signed["signed_by_role"]), (&json!(1), &json!("director")));
    assert_eq!(draft.header("etag"), format!("\"{}\"", signed["sha256"].as_str().unwrap()));
    // Late records, corrections and another theme: not a byte of what was signed moves.
    app.clock.set("2026-11-25T09:00:00Z");
    app.police().raises(json!({"raised_at": "2026-11-19T10:00:00Z"})).await;
    let right = json!({"theme": "icpc_late", "reason": "It was the conference."});
    app.police().patch(&format!("/v1/escalations/{id}"), 1, &right).await.expect(200);
    app.childrens_services().agrees(&id).await;
    let after = app.director().get(week).await.expect(200);
    assert_eq!((&after.text, after.header("etag")), (&draft.text, draft.header("etag")));
    // What is known now can be read beside it, and signed as another version, with a reason.
    let known = app.director().get(&format!("{week}?as_of=2026-11-25T09:00:00Z")).await.expect(200);
    assert_eq!(known.json["tiles"]["new"]["value"], 2);
    signs(&app, "test-director", &known, json!({})).await.expect(422);
    let restated = json!({"reason": "Two records came late.", "as_deputy": true});
    let again = signs(&app, "test-service_lead", &known, restated).await.expect(201).json;
    assert_eq!((&again["version"], &again["as_deputy"]), (&json!(2), &json!(true)));
    let versions = app.person("test-auditor").get(path).await.expect(200).json["items"].clone();
    assert_eq!(versions[0], signed);
    assert_eq!(versions[1], again);
    assert_eq!(app.director().get(week).await.expect(200).text, known.text);
    // Nobody changes what was signed, not even the owner of the tables.
    let owner = app.database.superuser().await;
    for statement in ["update review_sign_off set pack = '{}'", "delete from review_sign_off"] {
        assert!(owner.batch_execute(statement).await.is_err(), "{statement}");
    }
}

/// Of two who sign at once one does.
#[tokio::test(flavor = "multi_thread")]
async fn two_who_sign_at_once_do_not_sign_twice() {
    let app = TestApp::start().await;
    app.clock.set("2026-11-23T09:00:00Z");
    let draft = app.director().get("/v1/reviews/2026-W47").await.expect(200);
    let deputy = json!({"as_deputy": true});
    let (one, other) = tokio::join!(
        signs(&app, "test-director", &draft, json!({})),
        signs(&app, "test-service_lead", &draft, deputy)
    );
    let mut both = [one.status, other.status];
    both.sort_unstable();
    assert!(both == [201, 412] || both == [201, 422], "{} {}", one.text, other.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_of_a_week_reach_to_monday_morning_and_what_comes_later_is_told_apart() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({"urgency": "urgent"})).await;
    app.childrens_services()
        .acts(&id, "acknowledgement", json!({"held_by_role": "duty team manager"}))
        .await;
    // Monday in winter, before the cut-off: the answer was due on Thursday.
    app.clock.set("2026-11-23T05:00:00Z");
    let week = "/v1/reviews/2026-W47";
    let draft = app.director().get(week).await.expect(200).json;
    assert_eq!(
        (&draft["data_to"], &draft["part"]),
        (&json!("2026-11-23T05:00:00Z"), &json!(false))
    );
    assert_eq!(draft["overdue"][0]["owner"], "duty team manager");
    let step = "Answer; raiser can take it up to stage 2";
    assert_eq!(draft["overdue"][0]["next_step"], step);
    assert_eq!(
        (&draft["overdue"][0]["working_days_late"], &draft["overdue"][0]["due_on"]),
        (&json!(2), &json!("2026-11-19"))
    );
    assert_eq!(draft["tiles"]["overdue"]["without_owner"], 0);
    app.clock.set("2026-11-23T09:00:00Z");
    let late = json!({"raised_at": "2026-11-20T10:00:00Z"});
    app.police().raises(late).await;
    acts(&app, "test-police", &id, "advance", &reason()).await;
    let review = app.director().get(week).await.expect(200).json;
    assert_eq!(review["data_to"], "2026-11-23T06:00:00Z");
    assert_eq!(
        (&review["tiles"]["new"]["value"], &review["arrived_since"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(review["overdue"][0]["stage"], 1, "it went up after the cut-off");
    let known_now =
        app.director().get(&format!("{week}?as_of=2026-11-23T09:00:00Z")).await.expect(200).json;
    assert_eq!(
        (&known_now["tiles"]["new"]["value"], &known_now["arrived_since"]),
        (&json!(2), &json!(0))
    );
    // In summer 06:00 is 05:00 UTC; a week that has not begun has no review; what is no week is not found.
    app.clock.set("2027-07-01T09:00:00Z");
    let summer = app.director().get("/v1/reviews/2027-W25").await.expect(200).json;
    assert_eq!(summer["data_to"], "2027-06-28T05:00:00Z");
    for path in ["/v1/reviews/2027-W27", "/v1/reviews/2027-W54", "/v1/reviews/now"] {
        app.director().get(path).await.expect(404);
    }
    for (client, status) in [
        ("test-service_lead", 200),
        ("test-analyst", 200),
        ("test-auditor", 200),
        ("test-police", 403),
        ("test-operator", 403),
    ] {
        app.person(client).get(week).await.expect(status);
    }
}
