//! A system sends its records again and again: each is there once, only what is new changes it, and nothing is lost.

use escalation_tracker::domain::access::Role;
use escalation_tracker::usecases::setup;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::{events, shown};
use super::support::people::{self, Answer, client, raise_body};

const PLACE: &str = "/v1/sources/niche/escalations/OCC-1";

const DELAY: &str = "2026-11-16T15:10:00Z";

/// What the system sends, with some members changed.
fn record(changed: Value) -> Value {
    let mut body = raise_body(json!({
        "delay": {"timescale": "strategy_meeting", "started_at": DELAY},
        "concern": "Seen twice at the station.",
        "raised_by_role": "Detective sergeant",
    }));
    for (name, value) in changed.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    body
}

async fn sends(app: &TestApp, changed: Value) -> Answer {
    app.police().put(PLACE, &record(changed)).await
}

/// The result of a sending that was understood.
#[track_caller]
fn result(answer: &Answer, status: u16, result: &str) -> i64 {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.json["result"], result, "{}", answer.text);
    let version = answer.json["version"].as_i64().unwrap();
    assert_eq!(answer.header("etag"), format!("\"{version}\""));
    version
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let sql = format!("select count(*) from {table}");
    app.database.superuser().await.query_one(&sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_record_is_stored_once_and_changes_nothing_again() {
    let app = TestApp::start().await;
    let first = sends(&app, json!({})).await;
    assert_eq!(result(&first, 201, "created"), 1);
    let id = first.id();
    assert_eq!(first.header("location"), format!("/v1/escalations/{id}"));
    assert_eq!(first.json["source"], "niche");
    assert_eq!(first.json["external_reference"], "OCC-1");
    // Named in the body too, in another order, with a plain repetition of what it means.
    let named = json!({"source": "niche", "external_reference": "OCC-1", "scope": "child", "stage": 1,
                       "raiser_visibility": "named", "raised_at": "2026-11-18T11:00:00+01:00"});
    for changed in [json!({}), named, json!({"raised_with_agency": "CSC"})] {
        app.clock.advance(jiff::SignedDuration::from_hours(1));
        let again = sends(&app, changed).await;
        assert_eq!(result(&again, 200, "unchanged"), 1);
        assert_eq!(again.id(), id);
        assert_eq!(again.header("location"), "");
    }
    assert_eq!(events(&app, "test-police", &id).await.len(), 1);
    assert_eq!(count(&app, "source_record").await, 0, "nothing new was said");
    // The address tells what came of it, to the agency that raised it only.
    let read = app.police().get(PLACE).await.expect(200);
    assert_eq!((read.id(), read.header("etag")), (id, "\"1\""));
    assert!(read.json.get("result").is_none());
    for client in ["test-cs", "test-health", "test-director", "else-police"] {
        app.person(client).get(PLACE).await.expect(404);
    }
    app.police().get("/v1/sources/niche/escalations/OCC-2").await.expect(404);
    app.police().get("/v1/sources/other/escalations/OCC-1").await.expect(404);
    // What was raised by POST is the same record.
    let posted = json!({"source": "niche", "external_reference": "a/b#c"});
    let id = app.police().raises(posted).await;
    let place = "/v1/sources/niche/escalations/a%2Fb%23c";
    let again = app.police().put(place, &raise_body(json!({}))).await;
    assert_eq!((result(&again, 200, "unchanged"), again.id()), (1, id.clone()));
    assert_eq!(app.police().get(place).await.expect(200).id(), id);
    // Another agency's record of that name is another one.
    let theirs = app.health().put(PLACE, &raise_body(json!({}))).await;
    result(&theirs, 201, "created");
    assert_ne!(theirs.id(), first.id());
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_store_one() {
    let app = TestApp::start().await;
    let police = app.police();
    let body = record(json!({"source_version": 1}));
    let all = (0..50).map(|_| police.put(PLACE, &body));
    let all = futures_util::future::join_all(all).await;
    let created: Vec<_> = all.iter().filter(|it| it.status == 201).collect();
    assert_eq!(created.len(), 1);
    for answer in &all {
        let expected = if answer.status == 201 { "created" } else { "unchanged" };
        assert_eq!(result(answer, answer.status, expected), 1);
        assert_eq!(answer.id(), created[0].id());
        // But for what it says of itself it is the same answer.
        let (mut one, mut other) = (answer.json.clone(), created[0].json.clone());
        one["result"].take();
        other["result"].take();
        assert_eq!(one, other);
    }
    for table in ["escalation", "event", "source_record"] {
        assert_eq!(count(&app, table).await, 1, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_is_a_correction_and_what_others_corrected_stays() {
    let app = TestApp::start().await;
    let id = sends(&app, json!({})).await.expect(201).id();
    // The Director knows better about the theme.
    let right = json!({"theme": "icpc_late", "reason": "The conference is what is late."});
    app.director().patch(&format!("/v1/escalations/{id}"), 1, &right).await.expect(200);
    assert_eq!(result(&sends(&app, json!({})).await, 200, "unchanged"), 2);
    assert_eq!(shown(&app, "test-police", &id).await["theme"], "icpc_late");
    let happened = json!({"timescale": "strategy_meeting", "started_at": DELAY,
                          "occurred_at": "2026-11-18T09:00:00Z"});
    let news = json!({"urgency": "urgent", "delay": happened});
    let updated = sends(&app, news.clone()).await;
    assert_eq!(result(&updated, 200, "updated"), 3);
    assert_eq!(updated.json["urgency"], "urgent");
    assert_eq!(updated.json["delay"]["occurred_at"], "2026-11-18T09:00:00Z");
    assert_eq!(updated.json["theme"], "icpc_late", "of that the system said nothing new");
    assert_eq!(result(&sends(&app, news.clone()).await, 200, "unchanged"), 3);
    let history = events(&app, "test-cs", &id).await;
    let event = &history[2];
    assert_eq!(event["type"], "corrected");
    let told = event["change"]["corrections"].as_array().unwrap();
    assert_eq!((&told[0]["from"], &told[0]["to"]), (&json!("standard"), &json!("urgent")));
    assert_eq!(told[1]["from"]["occurred_at"], Value::Null);
    let reason = event["texts"][0]["text"].as_str().unwrap();
    assert_eq!(reason, "The system that sent this escalation says so now.");
    // A rule that stands against a correction stands against this one; nothing of it is done.
    let earlier = json!({"timescale": "strategy_meeting", "started_at": DELAY,
                         "occurred_at": "2026-11-17T09:00:00Z"});
    let refused = sends(&app, json!({"urgency": "standard", "delay": earlier})).await.expect(422);
    assert_eq!(
        refused.problem().1,
        [("#/delay/occurred_at".to_owned(), "not_permitted".to_owned())]
    );
    let after = shown(&app, "test-police", &id).await;
    assert_eq!((&after["urgency"], &after["version"]), (&json!("urgent"), &json!(3)));
    assert_eq!(
        result(&sends(&app, news).await, 200, "unchanged"),
        3,
        "its last word is what counted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_correction_changes_is_refused_all_at_once() {
    let app = TestApp::start().await;
    let id = sends(&app, json!({})).await.expect(201).id();
    let other = json!({
        "raised_with_agency": "health_community",
        "child_references": [{"scheme": "la_child_id", "value": "SYN100235"}],
        "secondary_themes": ["icpc_late"],
        "concern_arose_at": "2026-11-01T00:00:00Z",
        "raised_at": "2026-11-17T10:00:00Z",
        "child_impact": "drift",
        "interim_safety": "in_place",
        "raised_by_role": "Inspector",
        "raiser_visibility": "protected",
        "stage": 2,
        "skip_reason": "Tried by phone.",
        "delay": null,
        "desired_outcome": "Something else.",
        "concern": null,
        "theme": "icpc_late",
    });
    let refused = sends(&app, other.clone()).await;
    let (code, errors) = refused.expect(422).problem();
    assert_eq!(code, "validation-failed");
    let expected: Vec<_> = [
        "child_impact",
        "child_references",
        "concern",
        "concern_arose_at",
        "delay",
        "desired_outcome",
        "interim_safety",
        "raised_at",
        "raised_by_role",
        "raised_with_agency",
        "raiser_visibility",
        "secondary_themes",
        "skip_reason",
        "stage",
    ]
    .map(|name| (format!("#/{name}"), "inconsistent".to_owned()))
    .into();
    assert_eq!(errors, expected);
    assert_eq!(events(&app, "test-police", &id).await.len(), 1, "nor was the theme corrected");
    // What happened to it here is no difference: it has another responder now, and has ended.
    let redirect = json!({"agency": "health_community", "reason": "It is theirs."});
    app.childrens_services().acts(&id, "redirection", redirect).await;
    app.police().withdraws(&id).await;
    result(&sends(&app, json!({})).await, 200, "unchanged");
    // Other names than the address says.
    let answer =
        sends(&app, json!({"source": "other", "external_reference": "x"})).await.expect(422);
    let both =
        ["#/external_reference", "#/source"].map(|at| (at.to_owned(), "inconsistent".to_owned()));
    assert_eq!(answer.problem().1, both);
    // What cannot be raised is refused as it is by POST, and what can be no name is nowhere.
    let bad = json!({"theme": "nonsense", "raised_at": "2027-01-01T00:00:00Z"});
    let elsewhere = "/v1/sources/niche/escalations/OCC-9";
    let put = app.police().put(elsewhere, &record(bad.clone())).await.expect(422).problem();
    let mut posted = record(bad);
    (posted["source"], posted["external_reference"]) = (json!("niche"), json!("OCC-9"));
    assert_eq!(put, app.police().post("/v1/escalations", &posted).await.problem());
    for name in ["a%20b", "%00", "a%ffb", "%E2%80%8B", &"a".repeat(65), "a;b", ""] {
        let place = format!("/v1/sources/niche/escalations/{name}");
        app.police().put(&place, &record(json!({}))).await.expect(404);
        app.police().get(&place).await.expect(404);
    }
    assert_eq!(count(&app, "escalation").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_is_ignored() {
    let app = TestApp::start().await;
    let at = |version: i64, theme: &str| json!({"source_version": version, "theme": theme});
    result(&sends(&app, at(5, "strategy_meeting_late")).await, 201, "created");
    // A message that was overtaken; whatever is in it.
    let stale = sends(&app, at(4, "icpc_late")).await;
    assert_eq!(result(&stale, 200, "stale_ignored"), 1);
    assert_eq!(stale.json["theme"], "strategy_meeting_late");
    result(
        &sends(&app, json!({"source_version": 4, "concern": "Other."})).await,
        200,
        "stale_ignored",
    );
    assert_eq!(count(&app, "source_record").await, 1);
    result(&sends(&app, at(5, "strategy_meeting_late")).await, 200, "unchanged");
    assert_eq!(result(&sends(&app, at(7, "icpc_late")).await, 200, "updated"), 2);
    result(&sends(&app, at(6, "strategy_meeting_late")).await, 200, "stale_ignored");
    // A newer number of the same word counts from then on, and is no event.
    assert_eq!(result(&sends(&app, at(9, "icpc_late")).await, 200, "unchanged"), 2);
    result(&sends(&app, at(8, "other")).await, 200, "stale_ignored");
    // Without a number it is taken as it comes, and numbers count on.
    assert_eq!(result(&sends(&app, json!({"theme": "other"})).await, 200, "updated"), 3);
    result(&sends(&app, at(8, "icpc_late")).await, 200, "stale_ignored");
    let posted = raise_body(json!({"source_version": 1}));
    let answer = app.police().post("/v1/escalations", &posted).await.expect(422);
    assert_eq!(answer.problem().1, [("#/source".to_owned(), "required".to_owned())]);
    let sent = json!({"source": "niche", "external_reference": "OCC-2", "source_version": 3});
    app.police().raises(sent).await;
    let place = "/v1/sources/niche/escalations/OCC-2";
    let older = app.police().put(place, &raise_body(json!({"source_version": 2}))).await;
    result(&older, 200, "stale_ignored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sending_counts_only_on_what_the_sender_expects() {
    let app = TestApp::start().await;
    let police = app.police();
    let send = async |name: &str, value: &str, theme: &str| {
        let headers = [("content-type", "application/json"), (name, value)];
        police.send(Method::PUT, PLACE, &headers, record(json!({"theme": theme})).to_string()).await
    };
    let theme = "strategy_meeting_late";
    for value in ["*", "\"1\""] {
        let answer = send("if-match", value, theme).await.expect(412);
        assert_eq!(answer.problem().0, "precondition-failed");
    }
    result(&send("if-none-match", "*", theme).await, 201, "created");
    send("if-none-match", "*", theme).await.expect(412);
    result(&send("if-match", "*", theme).await, 200, "unchanged");
    for value in ["\"2\"", "W/\"1\"", "\"x\""] {
        send("if-match", value, "icpc_late").await.expect(412);
    }
    assert_eq!(result(&send("if-match", "\"1\"", "icpc_late").await, 200, "updated"), 2);
    send("if-match", "\"1\"", "other").await.expect(412);
    for (name, value) in [
        ("if-match", "2"),
        ("if-match", "\"1\", \"2\""),
        ("if-none-match", "\"2\""),
        ("if-match", ""),
    ] {
        let answer = send(name, value, theme).await.expect(400);
        assert_eq!(answer.problem().0, "invalid-header", "{name} {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_agencies_send_and_a_successor_finds_what_was_sent_before_it() {
    let mut plan = people::anyborough();
    let old = plan.agencies.iter_mut().find(|it| it.code == "health_community").unwrap();
    let new = setup::PlannedAgency {
        code: "health_new".to_owned(),
        aliases: Vec::new(),
        valid_from: "2026-11-20".parse().unwrap(),
        ..old.clone()
    };
    old.valid_to = Some("2026-11-19".parse().unwrap());
    old.successor = Some("health_new".to_owned());
    plan.agencies.push(new);
    plan.clients.push(client("test-health-new", Role::Agency, Some("health_new")));
    let app = TestApp::start_with(async |deps| setup::apply(deps, &plan).await.unwrap()).await;
    for who in ["test-director", "test-service_lead", "test-auditor"] {
        app.person(who).put(PLACE, &record(json!({}))).await.expect(403);
    }
    let first = app.health().put(PLACE, &record(json!({}))).await.expect(201);
    app.clock.set("2026-11-23T10:00:00Z");
    let successor = app.person("test-health-new");
    let again = successor.put(PLACE, &record(json!({"urgency": "urgent"}))).await;
    assert_eq!(result(&again, 200, "updated"), 2);
    assert_eq!(again.id(), first.id());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_this_version_is_sent_no_other() {
    let app = TestApp::start().await;
    let id = sends(&app, json!({})).await.expect(201).id();
    let police = app.police();
    let one = format!("/v1/escalations/{id}");
    let asks = async |method: Method, path: &str, tags: &str| {
        police.send(method, path, &[("if-none-match", tags)], "").await
    };
    for path in [one.as_str(), PLACE] {
        for tags in ["\"1\"", "W/\"1\"", "*", "\"7\", \"1\""] {
            for method in [Method::GET, Method::HEAD] {
                let answer = asks(method, path, tags).await.expect(304);
                assert_eq!((answer.text.as_str(), answer.header("etag")), ("", "\"1\""), "{tags}");
                assert_eq!(answer.header("content-type"), "");
                assert!(!answer.header("x-request-id").is_empty());
            }
        }
        for tags in ["\"2\"", "\"11\"", "1", "W/1", "\"1", ""] {
            assert_eq!(asks(Method::GET, path, tags).await.expect(200).id(), id, "{tags}");
        }
    }
    sends(&app, json!({"theme": "icpc_late"})).await.expect(200);
    assert_eq!(asks(Method::GET, &one, "\"1\"").await.expect(200).header("etag"), "\"2\"");
    asks(Method::GET, &one, "\"2\"").await.expect(304);
    // Who may not see it is told nothing by it, and what is no reading is no business of it.
    app.health().send(Method::GET, &one, &[("if-none-match", "*")], "").await.expect(404);
    app.stranger().send(Method::GET, &one, &[("if-none-match", "*")], "").await.expect(401);
    let headers = [("content-type", "application/json"), ("if-none-match", "*")];
    let act = format!("{one}/acknowledgement");
    app.childrens_services().send(Method::POST, &act, &headers, "{}").await.expect(200);
    // A review has a tag of what it says.
    let review = "/v1/reviews/2026-W46?as_of=2026-11-16T06:00:00Z";
    let tag = app.director().get(review).await.expect(200).header("etag").to_owned();
    app.director().send(Method::GET, review, &[("if-none-match", &tag)], "").await.expect(304);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_each_record_stands_for_itself() {
    let app = TestApp::start().await;
    let police = app.police();
    let item = |reference: &str, changed: Value| {
        let mut body = record(changed);
        body["source"] = json!("niche");
        body["external_reference"] = json!(reference);
        body
    };
    let batch = json!({"items": [
        item("A", json!({})),
        item("B", json!({"theme": "nonsense", "raised_with_agency": "nobody"})),
        item("A", json!({"urgency": "urgent"})),
        item("a b", json!({"no_such_member": 1, "urgency": "soon"})),
        record(json!({})),
        item("A", json!({"urgency": "urgent", "desired_outcome": "Something else."})),
        item("C", json!({"source_version": 7})),
        item("C", json!({"source_version": 6})),
        item("A", json!({"urgency": "urgent"})),
    ]});
    let told = |answer: &Answer| -> Vec<(u64, String)> {
        let items = answer.json["items"].as_array().unwrap();
        for (index, item) in items.iter().enumerate() {
            assert_eq!(item["index"], json!(index));
            let refused = item["status"].as_u64().unwrap() >= 400;
            assert_eq!(item.get("problem").is_some(), refused, "{item}");
            if refused {
                assert_eq!(item["problem"]["status"], item["status"]);
            }
        }
        let word = |item: &Value| {
            let problem = item["problem"]["code"].as_str();
            problem.unwrap_or_else(|| item["result"].as_str().unwrap()).to_owned()
        };
        items.iter().map(|item| (item["status"].as_u64().unwrap(), word(item))).collect()
    };
    let expected = |all: &[(u64, &str)]| -> Vec<(u64, String)> {
        all.iter().map(|(status, word)| (*status, (*word).to_owned())).collect()
    };
    // Tried: nothing is stored, so that each record is the first of its name.
    let tried = police.post("/v1/escalations/batch?dry_run=true", &batch).await.expect(200);
    assert_eq!(count(&app, "escalation").await, 0);
    let first = &tried.json["items"][0];
    assert_eq!((&first["would"], first.get("id")), (&json!("create"), None));
    assert_eq!(told(&tried)[1], (422, "validation-failed".to_owned()));

    let answer = police.post("/v1/escalations/batch", &batch).await.expect(200);
    let bad = (422, "validation-failed");
    assert_eq!(
        told(&answer),
        expected(&[
            (201, "created"),
            bad,
            (200, "updated"),
            bad,
            bad,
            bad,
            (201, "created"),
            (200, "stale_ignored"),
            (200, "unchanged"),
        ])
    );
    let items = &answer.json["items"];
    let pointers = |index: usize| -> Vec<&str> {
        let errors = items[index]["problem"]["errors"].as_array().unwrap();
        errors.iter().map(|it| it["pointer"].as_str().unwrap()).collect()
    };
    assert_eq!(pointers(1), ["#/items/1/raised_with_agency", "#/items/1/theme"]);
    assert_eq!(
        pointers(3),
        ["#/items/3/external_reference", "#/items/3/no_such_member", "#/items/3/urgency"]
    );
    assert_eq!(pointers(4), ["#/items/4/external_reference", "#/items/4/source"]);
    assert_eq!(pointers(5), ["#/items/5/desired_outcome"]);
    assert_eq!(
        (&items[0]["external_reference"], items[3].get("external_reference")),
        (&json!("A"), None)
    );
    assert_eq!((&items[2]["id"], &items[2]["version"]), (&items[0]["id"], &json!(2)));
    police.get(items[0]["href"].as_str().unwrap()).await.expect(200);
    assert_eq!(count(&app, "escalation").await, 2);
    // Again: what is there is unchanged.
    let again = json!({"items": [item("C", json!({"source_version": 7}))]});
    let again = police.post("/v1/escalations/batch", &again).await.expect(200);
    assert_eq!(told(&again), expected(&[(200, "unchanged")]));
    let many = |count: usize| json!({"items": vec![json!({}); count]});
    let full = police.post("/v1/escalations/batch", &many(100)).await.expect(200);
    assert_eq!(told(&full), vec![(422, "validation-failed".to_owned()); 100]);
    for (body, error) in [
        (many(101), ("#/items", "too_many_items")),
        (json!({"items": [1]}), ("#/items/0", "wrong_type")),
        (json!({"items": {}}), ("#/items", "wrong_type")),
        (json!({}), ("#/items", "required")),
    ] {
        let answer = police.post("/v1/escalations/batch", &body).await.expect(422);
        assert_eq!(answer.problem().1, [(error.0.to_owned(), error.1.to_owned())]);
    }
    assert_eq!(
        police.post("/v1/escalations/batch", &many(0)).await.expect(200).json,
        json!({"items": []})
    );
    app.director().post("/v1/escalations/batch", &many(1)).await.expect(403);
    // Whatever parameters come with it.
    for path in ["/v1/escalations/batch", "/v1/escalations/batch?dry_run=true"] {
        assert_eq!(police.get(path).await.expect(405).header("allow"), "OPTIONS, POST");
    }
}
