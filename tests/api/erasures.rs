//! Legal holds and erasure: two people, a hold that wins, and a record that still holds when what identified somebody is gone.

use escalation_tracker::usecases::chain::link_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::Client;

use super::support::TestApp;
use super::support::people::Answer;

const HOLDS: &str = "/v1/privacy/legal-holds";
const ERASURES: &str = "/v1/privacy/erasures";
const CHILD: &str = "SYN100777";
const OTHER: &str = "SYN100778";

fn children(values: &[&str]) -> Value {
    let named = values.iter().map(|value| json!({"scheme": "la_child_id", "value": value}));
    json!({"child_references": named.collect::<Vec<_>>()})
}

fn child(value: &str) -> Value {
    json!({"scheme": "la_child_id", "value": value})
}

/// Raised by the police about these children, answered, accepted and resolved.
async fn ended(app: &TestApp, about: &[&str]) -> String {
    let id = app.police().raises(children(about)).await;
    app.childrens_services().agrees(&id).await;
    app.police().accepts(&id).await;
    app.childrens_services().resolves(&id).await;
    id
}

async fn propose(app: &TestApp, what: Value) -> Answer {
    let mut body = json!({"ground": "ordered", "authority": "Order 7"});
    body.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    app.person("test-privacy_officer").post(ERASURES, &body).await
}

async fn approve(app: &TestApp, id: &str) -> Answer {
    let path = format!("{ERASURES}/{id}/approval");
    app.director().send(Method::POST, &path, &[], String::new()).await
}

async fn erase(app: &TestApp, what: Value) -> Value {
    let id = propose(app, what).await.expect(201).id();
    approve(app, &id).await.expect(200).json
}

async fn hold(app: &TestApp, what: Value) -> Answer {
    let mut body = json!({"reason": "public_inquiry", "authority": "Notice 14"});
    body.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    app.person("test-privacy_officer").post(HOLDS, &body).await
}

async fn found(app: &TestApp, value: &str) -> usize {
    let body = json!({"child_reference": child(value)});
    let found = app.police().post("/v1/searches", &body).await.expect(200);
    found.json["items"].as_array().unwrap().len()
}

async fn number(database: &Client, sql: &str) -> i64 {
    database.query_one(sql, &[]).await.unwrap().get(0)
}

/// What a check of the record finds, in words.
async fn missed(app: &TestApp) -> Vec<String> {
    link_all(&app.deps).await.unwrap();
    let report = super::tampers::verify(&app.deps, app, &[]).await;
    report.findings.iter().map(ToString::to_string).collect()
}

async fn figures(app: &TestApp) -> String {
    let weeks = "/v1/themes/weekly?from_week=2026-W40&to_week=2026-W47";
    let answer = app.director().get(weeks).await.expect(200).json;
    answer["weeks"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_is_erased_and_what_was_done_stays() {
    let app = TestApp::start().await;
    let database = app.database.superuser().await;
    let (first, second) = (ended(&app, &[CHILD]).await, ended(&app, &[CHILD]).await);
    let other = ended(&app, &[OTHER]).await;
    let name = json!({"system": "mosaic", "type": "referral", "value": "R-77"});
    let path = format!("/v1/escalations/{first}/external-ids");
    app.police().post(&path, &name).await.expect(201);
    app.sequence().await;
    let before = figures(&app).await;

    let done = erase(&app, json!({"child_reference": child(CHILD)})).await;
    let certificate = &done["certificate"];
    assert_eq!((&done["status"], &certificate["keys_destroyed"]), (&json!("approved"), &json!(1)));
    assert_eq!(certificate["backups_until"], "2026-12-23", "35 days");
    let each = certificate["escalations"].as_array().unwrap();
    assert_eq!(each.len(), 2);
    for it in each {
        assert_eq!((&it["whole"], &it["child_references"]), (&json!(true), &json!(1)), "{it}");
        assert!(it["texts"].as_i64().unwrap() > 0, "{it}");
    }
    let names: i64 = each.iter().map(|it| it["external_ids"].as_i64().unwrap()).sum();
    assert_eq!(names, 1);

    // Nobody reads it, acts on it or finds it, and who may not know of it is told nothing.
    for id in [&first, &second] {
        for path in ["", "/events", "/case-note", "/external-ids"] {
            for who in ["test-police", "test-cs", "test-director"] {
                let read = app.person(who).get(&format!("/v1/escalations/{id}{path}")).await;
                assert_eq!(read.expect(410).problem().0, "erased", "{who} {path}");
            }
        }
        let note = json!({"note": "One more thing."});
        app.police().post(&format!("/v1/escalations/{id}/notes"), &note).await.expect(410);
        app.person("test-health").get(&format!("/v1/escalations/{id}")).await.expect(404);
    }
    assert_eq!((found(&app, CHILD).await, found(&app, OTHER).await), (0, 1));
    app.police().get(&format!("/v1/escalations/{other}")).await.expect(200);

    // What is gone is gone from the tables too.
    for (what, sql) in [
        ("texts", "select count(*) from event_text t join erased_escalation x using (partnership_id, escalation_id)"),
        ("names", "select count(*) from external_id"),
        ("references", "select count(*) from escalation_child c join erased_escalation x
                        using (partnership_id, escalation_id) where c.child_key is not null or c.ciphertext is not null"),
        ("hashes", "select count(*) from erasure where child_key is not null"),
    ] {
        assert_eq!(number(&database, sql).await, 0, "{what}");
    }
    let destroyed =
        "select count(*) from child_data_key where destroyed_at is not null and wrapped is null";
    assert_eq!(number(&database, destroyed).await, 1);

    // What stays is what was done.
    assert_eq!(figures(&app).await, before);
    let listed = app.police().get("/v1/escalations").await.expect(200).json;
    let line = |id: &String| {
        let items = listed["items"].as_array().unwrap();
        items.iter().find(|it| it["id"] == **id).cloned().unwrap()
    };
    assert_eq!(line(&first)["erased"], true);
    assert!(line(&other).get("erased").is_none());

    // Both agencies are told, and the record holds.
    app.sequence().await;
    for who in ["test-police", "test-cs"] {
        let feed = app.person(who).get("/v1/events?limit=500").await.expect(200).json;
        let told = feed["items"].as_array().unwrap().iter();
        let told = told.filter(|it| it["type"] == "escalation-tracker.escalation.erased.v1");
        assert_eq!(told.count(), 2, "{who}");
    }
    let checked = missed(&app).await;
    assert_eq!(checked, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_wins_also_between_proposal_and_approval_and_stops_no_work() {
    let app = TestApp::start().await;
    let id = ended(&app, &[CHILD, OTHER]).await;
    let open = app.police().raises(children(&[OTHER])).await;
    for held in [
        json!({"scope": "escalation", "escalation_id": id}),
        json!({"scope": "child", "child_reference": child(CHILD)}),
        // The same record is about this child as well.
        json!({"scope": "child", "child_reference": child(OTHER)}),
        json!({"scope": "partnership"}),
    ] {
        let proposed = propose(&app, json!({"escalation_id": id})).await.expect(201).id();
        let hold = hold(&app, held).await.expect(201);
        assert_eq!(hold.json["in_force"], true);
        assert_eq!(approve(&app, &proposed).await.expect(409).problem().0, "legal-hold");
        let again = propose(&app, json!({"escalation_id": id})).await.expect(409);
        assert_eq!(again.problem().0, "legal-hold");
        // Children come first: what is held is worked on.
        let note = json!({"note": "Seen today."});
        app.police().post(&format!("/v1/escalations/{open}/notes"), &note).await.expect(200);
        app.police().post(&format!("/v1/escalations/{id}/notes"), &note).await.expect(200);
        let lift = format!("{HOLDS}/{}/lift", hold.id());
        let officer = app.person("test-privacy_officer");
        let why = json!({"reason": "It has reported."});
        let lifted = officer.post(&lift, &why).await.expect(200).json;
        assert_eq!((&lifted["in_force"], &lifted["lift_reason"]), (&json!(false), &why["reason"]));
        officer.post(&lift, &why).await.expect(409);
        let decline = format!("{ERASURES}/{proposed}/refusal");
        app.director().post(&decline, &why).await.expect(200);
        assert_eq!(approve(&app, &proposed).await.expect(409).problem().0, "invalid-transition");
    }
    let holds = app.person("test-auditor").get(HOLDS).await.expect(200).json;
    assert_eq!(holds["items"].as_array().unwrap().len(), 4);
    assert!(!holds.to_string().contains(CHILD));
    // Lifted, they hold nothing.
    erase(&app, json!({"escalation_id": id})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_and_an_end_are_needed() {
    let app = TestApp::start().await;
    let id = app.police().raises(children(&[CHILD])).await;
    let open = propose(&app, json!({"escalation_id": id})).await.expect(409);
    assert!(open.text.contains("is open"), "{}", open.text);
    propose(&app, json!({"child_reference": child(CHILD)})).await.expect(409);
    propose(&app, json!({"child_reference": child(OTHER)})).await.expect(422);
    propose(&app, json!({})).await.expect(422);
    let both = json!({"escalation_id": id, "child_reference": child(CHILD)});
    propose(&app, both).await.expect(422);
    app.childrens_services().agrees(&id).await;
    app.police().accepts(&id).await;
    app.childrens_services().resolves(&id).await;

    let proposed = propose(&app, json!({"escalation_id": id})).await.expect(201).id();
    let path = format!("{ERASURES}/{proposed}/approval");
    for who in ["test-privacy_officer", "test-police", "test-auditor", "test-service_lead"] {
        app.person(who).send(Method::POST, &path, &[], String::new()).await.expect(403);
    }
    // Who has two registrations is one person still.
    let subject = json!("person-at-test-privacy_officer");
    let now = app.deps.clock.now();
    let same = app.bearer(
        super::support::tokens::Token::of("test-director").at(now).with("sub", subject).signed(),
    );
    let refused = same.send(Method::POST, &path, &[], String::new()).await.expect(409);
    assert_eq!(refused.problem().0, "second-person-required");
    app.police().get(&format!("/v1/escalations/{id}")).await.expect(200);

    // Opened again meanwhile, it is somebody's work again.
    app.clock.advance(jiff::SignedDuration::from_secs(1));
    let again = json!({"reason": "It happened again."});
    let reopened = app.police().post(&format!("/v1/escalations/{id}/reopening"), &again).await;
    assert!(reopened.status == 200, "{}", reopened.text);
    assert!(approve(&app, &proposed).await.expect(409).text.contains("is open"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_also_about_another_child_keeps_its_texts_until_both_are_erased() {
    let app = TestApp::start().await;
    let id = ended(&app, &[CHILD, OTHER]).await;
    let done = erase(&app, json!({"child_reference": child(CHILD)})).await;
    let it = &done["certificate"]["escalations"][0];
    assert_eq!(
        (&it["whole"], &it["texts"], &it["child_references"]),
        (&json!(false), &json!(0), &json!(1))
    );
    let shown = app.police().get(&format!("/v1/escalations/{id}")).await.expect(200).json;
    assert_eq!(shown["child_references"], json!([child(OTHER)]));
    assert!(!shown["desired_outcome"].is_null());
    assert_eq!((found(&app, CHILD).await, found(&app, OTHER).await), (0, 1));

    let done = erase(&app, json!({"child_reference": child(OTHER)})).await;
    assert_eq!(done["certificate"]["escalations"][0]["whole"], true);
    app.police().get(&format!("/v1/escalations/{id}")).await.expect(410);
    // Approved again by the same person, it is answered as it was.
    let again = approve(&app, done["id"].as_str().unwrap()).await.expect(200).json;
    assert_eq!(again, done);
    app.sequence().await;
    assert_eq!(missed(&app).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_is_raised_again_is_somebody_new() {
    let app = TestApp::start().await;
    let database = app.database.superuser().await;
    let id = ended(&app, &[CHILD]).await;
    erase(&app, json!({"child_reference": child(CHILD)})).await;
    let new = app.police().raises(children(&[CHILD])).await;
    assert_ne!(new, id);
    assert_eq!(found(&app, CHILD).await, 1);
    let shown = app.police().get(&format!("/v1/escalations/{new}")).await.expect(200).json;
    assert_eq!(shown["child_references"], json!([child(CHILD)]));
    assert_eq!(number(&database, "select count(*) from child_data_key").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn raising_and_erasing_at_once_leave_a_whole_record_either_way() {
    let app = TestApp::start().await;
    for round in 0..8 {
        let value = format!("SYN2007{round:02}");
        let old = ended(&app, &[&value]).await;
        let proposed =
            propose(&app, json!({"child_reference": child(&value)})).await.expect(201).id();
        let police = app.police();
        let (erased, new) =
            tokio::join!(approve(&app, &proposed), police.raises(children(&[value.as_str()])),);
        // Either it was raised first, and what is open is not erased, or afterwards, under another key.
        assert!([200, 409].contains(&erased.status), "{}", erased.text);
        let shown = app.police().get(&format!("/v1/escalations/{new}")).await.expect(200).json;
        assert_eq!(shown["child_references"], json!([child(&value)]), "{round}");
        let first = app.police().get(&format!("/v1/escalations/{old}")).await;
        assert_eq!(first.status, if erased.status == 200 { 410 } else { 200 });
    }
    app.sequence().await;
    assert_eq!(missed(&app).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_fails_half_way_has_not_happened() {
    let app = TestApp::start().await;
    let database = app.database.superuser().await;
    let ids = [ended(&app, &[CHILD]).await, ended(&app, &[CHILD]).await];
    let proposed = propose(&app, json!({"child_reference": child(CHILD)})).await.expect(201).id();
    // The last thing that is done: by then texts and references of both are gone.
    database
        .batch_execute(
            "create function fail() returns trigger language plpgsql as $$ begin raise exception 'power cut'; end $$;
             create trigger fail before update on erasure for each row execute function fail();",
        )
        .await
        .unwrap();
    approve(&app, &proposed).await.expect(500);
    for id in &ids {
        let shown = app.police().get(&format!("/v1/escalations/{id}")).await.expect(200).json;
        assert_eq!(shown["child_references"], json!([child(CHILD)]));
        assert!(!shown["desired_outcome"].is_null());
    }
    database.batch_execute("drop trigger fail on erasure; drop function fail();").await.unwrap();
    approve(&app, &proposed).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_no_erasure_tells_of_is_missed_and_the_service_deletes_none_by_itself() {
    let app = TestApp::start().await;
    let database = app.database.superuser().await;
    let id = ended(&app, &[CHILD]).await;
    ended(&app, &[OTHER]).await;
    erase(&app, json!({"escalation_id": id})).await;
    app.sequence().await;
    assert_eq!(missed(&app).await, Vec::<String>::new());
    let one =
        "delete from event_text t where version = 1 and field = 'desired_outcome' and not exists (
                   select from erased_escalation x where x.escalation_id = t.escalation_id)";
    assert_eq!(database.execute(one, &[]).await.unwrap(), 1);
    assert_eq!(missed(&app).await, ["event_text: 1 rows are missing of which the record tells"]);
    // A reference that was blanked by hand is missed too.
    database
        .execute("update escalation_child set child_key = null, ciphertext = null where child_key is not null", &[])
        .await
        .unwrap();
    assert_eq!(missed(&app).await.len(), 2);
    // Without an approved erasure nothing is destroyed, whatever the service asks for.
    let sql = format!(
        "set role escalation_app;
         select set_config('app.partnership_id', '{}', false), set_config('app.reach', 'partnership', false);
         select * from carry_out_erasure(gen_random_uuid(), '{id}');",
        app.partnership
    );
    let refused = database.batch_execute(&sql).await.unwrap_err();
    assert!(refused.as_db_error().unwrap().message().contains("no approved erasure"), "{refused}");
}
