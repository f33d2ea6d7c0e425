//! One matter on two records, a matter of another procedure, and one that came back: linked, never merged.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::{acts, events, posts, refused, shown};
use super::support::people::raise_body;

const NOBODYS: &str = "01900000-0000-7000-8000-000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn of_what_belongs_to_another_procedure_only_the_code_and_the_time_are_kept() {
    let app = TestApp::start().await;
    for client in ["test-police", "test-director"] {
        app.clock.set("2026-11-18T10:00:00Z");
        let id = app.police().raises(json!({})).await;
        let place = (client, id.as_str(), "rerouting");
        refused(&app, place, &json!({}), ("#/procedure", "required")).await;
        refused(&app, place, &json!({"procedure": "police"}), ("#/procedure", "unknown_code"))
            .await;
        for member in ["reason", "note"] {
            let body = json!({"procedure": "lado_allegation", member: "What happened there."});
            refused(&app, place, &body, (&format!("#/{member}"), "unknown_field")).await;
        }
        app.clock.advance(SignedDuration::from_hours(2));
        let body = json!({"procedure": "lado_allegation"});
        let ended = acts(&app, client, &id, "rerouting", &body).await;
        assert_eq!(ended["status"], "resolved");
        assert_eq!(ended["resolution"]["outcome"], "not_escalation_rerouted");
        assert_eq!(ended["resolution"]["procedure"], "lado_allegation");
        assert_eq!(ended["resolution"]["ended_at"], "2026-11-18T12:00:00Z");
        assert_eq!(ended["times"]["child"]["ended_because"], "record_closed");
        let event = events(&app, client, &id).await.pop().unwrap();
        assert_eq!((&event["type"], &event["texts"]), (&json!("rerouted"), &json!([])));
        assert_eq!(event["change"]["ending"]["reroute"], "lado_allegation");
    }
    let url = "/v1/themes/weekly?from_week=2026-W47&to_week=2026-W47";
    let total = app.director().get(url).await.expect(200).json["weeks"][0]["total"].clone();
    assert_eq!((&total["ended"]["value"], &total["resolved"]["value"]), (&json!(2), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_ends_and_nothing_is_merged() {
    let app = TestApp::start().await;
    let first = app.police().raises(json!({"concern": "The first words."})).await;
    app.clock.advance(SignedDuration::from_hours(1));
    let before = shown(&app, "test-police", &first).await;
    let history = events(&app, "test-police", &first).await;
    for client in ["test-police", "test-director"] {
        let id = app.police().raises(json!({"concern": "The same again."})).await;
        let place = (client, id.as_str(), "duplicate");
        let of = |other: &str| json!({"duplicate_of": other});
        refused(&app, place, &json!({}), ("#/duplicate_of", "required")).await;
        refused(&app, place, &of("that one"), ("#/duplicate_of", "pattern")).await;
        refused(&app, place, &of(&id), ("#/duplicate_of", "self_reference")).await;
        refused(&app, place, &of(NOBODYS), ("#/duplicate_of", "unknown_reference")).await;
        let body = json!({"duplicate_of": first, "reason": "One meeting, reported twice."});
        let ended = acts(&app, client, &id, "duplicate", &body).await;
        assert_eq!(ended["status"], "resolved");
        assert_eq!(ended["resolution"]["outcome"], "duplicate");
        assert_eq!(ended["concern"], "The same again.");
        let link = &ended["links_to_others"][0];
        assert_eq!((&link["kind"], &link["escalation"]), (&json!("duplicate_of"), &json!(first)));
        let event = events(&app, client, &id).await.pop().unwrap();
        assert_eq!(event["change"]["of"], json!(first));
        assert_eq!(event["texts"][0]["text"], "One meeting, reported twice.");
        // What is a duplicate itself leads nowhere.
        let third = app.police().raises(json!({})).await;
        let place = (client, third.as_str(), "duplicate");
        refused(&app, place, &of(&id), ("#/duplicate_of", "inconsistent")).await;
        app.clock.advance(SignedDuration::from_secs(1));
        // Opened again it is one of its own, and its link stays.
        let again =
            acts(&app, "test-police", &id, "reopening", &json!({"reason": "Not the same."})).await;
        assert_eq!(again["links_to_others"][0]["kind"], "duplicate_of");
        acts(&app, client, &third, "duplicate", &of(&id)).await;
    }
    // Nor does it go on in what has ended, or in what is about another child; and a pattern has none.
    let another = json!([{"scheme": "la_child_id", "value": "SYN100999"}]);
    let sibling = app.police().raises(json!({"child_references": another})).await;
    let withdrawn = app.police().raises(json!({})).await;
    app.police().withdraws(&withdrawn).await;
    let id = app.police().raises(json!({})).await;
    for (other, words) in [(&sibling, "another child"), (&withdrawn, "has ended")] {
        for client in ["test-police", "test-director"] {
            let body = json!({"duplicate_of": other});
            let place = (client, id.as_str(), "duplicate");
            refused(&app, place, &body, ("#/duplicate_of", "inconsistent")).await;
            let answer = posts(&app, client, &id, "duplicate", &body).await;
            assert!(answer.text.contains(words), "{}", answer.text);
        }
    }
    let none = json!({"scope": "thematic", "child_references": []});
    let pattern = app.police().raises(none).await;
    acts(&app, "test-police", &id, "duplicate", &json!({"duplicate_of": pattern})).await;
    // The one that goes on is as it was, at the instant at which it was read first.
    app.clock.set("2026-11-18T11:00:00Z");
    let after = shown(&app, "test-police", &first).await;
    assert_eq!((&after["version"], &after["clocks"]), (&before["version"], &before["clocks"]));
    assert_eq!(after["links_to_others"], json!([]));
    assert_eq!(events(&app, "test-police", &first).await, history);
}

/// Nobody learns from a link that a record exists which they may not see.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_names_only_what_its_author_can_see() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let theirs = app.health().raises(json!({})).await;
    let elsewhere =
        app.person("else-police").raises(json!({"raised_with_agency": "elsewhere_cs"})).await;
    for other in [&theirs, &elsewhere, &NOBODYS.to_owned()] {
        let place = ("test-police", id.as_str(), "duplicate");
        let body = json!({"duplicate_of": other});
        refused(&app, place, &body, ("#/duplicate_of", "unknown_reference")).await;
        let place = ("test-police", id.as_str(), "links");
        let body = json!({"kind": "related_to", "escalation": other});
        refused(&app, place, &body, ("#/escalation", "unknown_reference")).await;
    }
    // The Director sees across agencies, and not across partnerships.
    let place = ("test-director", id.as_str(), "links");
    let body = json!({"kind": "related_to", "escalation": elsewhere});
    refused(&app, place, &body, ("#/escalation", "unknown_reference")).await;
    let body = json!({"kind": "related_to", "escalation": theirs});
    let after = acts(&app, "test-director", &id, "links", &body).await;
    assert_eq!(after["links_to_others"][0]["escalation"], json!(theirs));
    app.police().get(&format!("/v1/escalations/{theirs}")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_say_what_came_back_and_what_was_looked_at() {
    let app = TestApp::start().await;
    let first = app.police().raises(json!({})).await;
    let id = app.police().raises(json!({})).await;
    let place = ("test-police", id.as_str(), "links");
    let link = |kind: &str| json!({"kind": kind, "escalation": first});
    refused(&app, place, &link("duplicate_of"), ("#/kind", "not_permitted")).await;
    refused(&app, place, &link("same_as"), ("#/kind", "unknown_code")).await;
    refused(&app, place, &link("not_duplicate_of"), ("#/reason", "required")).await;
    let own = json!({"kind": "recurs_from", "escalation": id});
    refused(&app, place, &own, ("#/escalation", "self_reference")).await;
    let mut looked = link("not_duplicate_of");
    looked["reason"] = json!("Another meeting of the same week.");
    acts(&app, "test-police", &id, "links", &looked).await;
    app.police().withdraws(&id).await;
    // A link needs no open escalation, and each is said once.
    let after = acts(&app, "test-police", &id, "links", &link("recurs_from")).await;
    let kinds: Vec<_> =
        after["links_to_others"].as_array().unwrap().iter().map(|it| it["kind"].clone()).collect();
    assert_eq!(kinds, ["not_duplicate_of", "recurs_from"]);
    assert_eq!(after["status"], "withdrawn");
    refused(&app, place, &link("recurs_from"), ("#/escalation", "not_unique")).await;
    let answer = posts(&app, "test-cs", &id, "links", &link("related_to")).await.expect(409);
    assert_eq!(answer.problem().0, "invalid-transition");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_raises_is_told_what_may_be_the_same_matter() {
    let app = TestApp::start().await;
    let child = |value: &str| json!([{"scheme": "la_child_id", "value": value}]);
    let with = |changes: &[(&str, Value)]| {
        let mut body = raise_body(json!({}));
        for (name, value) in changes {
            body[*name] = value.clone();
        }
        body
    };
    let raises = async |client: &str, body: &Value| {
        app.person(client).post("/v1/escalations", body).await.expect(201).json
    };
    let first = raises("test-police", &with(&[("raised_at", json!("2026-10-21T10:00:00Z"))])).await;
    assert!(first.get("possible_duplicates").is_none());
    // None of these is one: another theme, agency or child; a little more than 28 days before; another agency's.
    for (client, body) in [
        ("test-police", with(&[("theme", json!("icpc_late"))])),
        ("test-police", with(&[("raised_with_agency", json!("HV"))])),
        ("test-police", with(&[("child_references", child("SYN100999"))])),
        ("test-police", with(&[("raised_at", json!("2026-09-23T09:59:59Z"))])),
        ("test-health", with(&[])),
    ] {
        let raised = raises(client, &body).await;
        assert!(raised.get("possible_duplicates").is_none(), "{client} {body}");
    }
    // One of two children is enough, and 28 days to the second are within 28 days.
    let mut siblings = child("SYN100234");
    siblings.as_array_mut().unwrap().push(child("SYN100235")[0].clone());
    let raised = raises("test-police", &with(&[("child_references", siblings)])).await;
    let told = raised["possible_duplicates"].as_array().unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["id"], &told[0]["reference"]), (&first["id"], &first["reference"]));
    assert_eq!(told[0]["href"], format!("/v1/escalations/{}", first["id"].as_str().unwrap()));
    // It is told when it is raised and at no other time, and both stay as they are.
    let id = raised["id"].as_str().unwrap();
    assert!(shown(&app, "test-police", id).await.get("possible_duplicates").is_none());
    assert_eq!((&raised["status"], &raised["links_to_others"]), (&json!("raised"), &json!([])));
    // One that has ended is told, too.
    app.police().withdraws(first["id"].as_str().unwrap()).await;
    let raised = raises("test-police", &with(&[])).await;
    assert_eq!(raised["possible_duplicates"].as_array().unwrap().len(), 2);
}
