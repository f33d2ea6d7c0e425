//! Webhooks: endpoints as their owners manage them, and messages as they arrive.

use std::sync::Arc;

use escalation_tracker::usecases::deliver::{Courier, deliver_due};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::people::{Answer, Person};
use super::support::receiver::{Receiver, outside};

pub const ENDPOINTS: &str = "/v1/webhook-endpoints";

/// Makes an endpoint that is told of everything.
pub async fn endpoint(by: &Person<'_>, url: &str) -> Answer {
    by.post(ENDPOINTS, &json!({"url": url})).await.expect(201)
}

/// Sequences what was recorded, and delivers what is due.
pub async fn deliver(app: &TestApp) -> usize {
    app.sequence().await;
    deliver_due(&app.deps, &Arc::new(Courier::default())).await.unwrap()
}

/// What was delivered to an endpoint, the first first.
pub async fn deliveries(by: &Person<'_>, id: &str) -> Vec<Value> {
    let shown = by.get(&format!("{ENDPOINTS}/{id}/deliveries?limit=200")).await.expect(200);
    let mut items = shown.json["items"].as_array().unwrap().clone();
    items.reverse();
    items
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_manages_its_own_endpoints_and_no_others() {
    let app = TestApp::start().await;
    let police = app.police();
    let url = "https://hooks.example.org/escalations";
    let tried =
        police.post(&format!("{ENDPOINTS}?dry_run=true"), &json!({"url": url})).await.expect(200);
    assert_eq!((&tried.json["valid"], &tried.json["would"]), (&json!(true), &json!("create")));
    assert_eq!(police.get(ENDPOINTS).await.expect(200).json["items"], json!([]));

    let made = endpoint(&police, url).await;
    let at = made.header("location").to_owned();
    assert_eq!(at, format!("{ENDPOINTS}/{}", made.id()));
    assert_eq!((made.header("etag"), &made.json["signing"]), ("\"1\"", &json!("ed25519")));
    assert!(made.json["keys"][0]["public_key"].as_str().unwrap().starts_with("whpk_"));
    assert!(made.json.get("secret").is_none() && made.json.get("event_types").is_none());
    assert_eq!(police.get(&at).await.expect(200).json, made.json);

    for other in [app.health(), app.director(), app.person("else-police")] {
        other.get(&at).await.expect(404);
        assert_eq!(other.get(ENDPOINTS).await.expect(200).json["items"], json!([]));
        other.patch(&at, 1, &json!({"url": url})).await.expect(404);
        other.send(Method::DELETE, &at, &[("if-match", "\"1\"")], "").await.expect(404);
        for act in ["secret-rotation", "enable", "test", "deliveries/1/replay"] {
            other.send(Method::POST, &format!("{at}/{act}"), &[], "").await.expect(404);
        }
        other.get(&format!("{at}/deliveries")).await.expect(404);
    }
    endpoint(&app.director(), "https://director.example.org/").await;
    assert_eq!(app.director().get(ENDPOINTS).await.json["items"].as_array().unwrap().len(), 1);
    app.person("test-auditor").get(ENDPOINTS).await.expect(403);
    app.person("test-operator").get(ENDPOINTS).await.expect(403);

    let types = json!(["escalation-tracker.escalation.raised.v1"]);
    let changed = police.patch(&at, 1, &json!({"event_types": types})).await.expect(200);
    assert_eq!((changed.header("etag"), &changed.json["event_types"]), ("\"2\"", &types));
    police.patch(&at, 1, &json!({"url": url})).await.expect(412);
    let all = police.patch(&at, 2, &json!({"event_types": null})).await.expect(200);
    assert!(all.json.get("event_types").is_none());
    let patch = [("content-type", "application/merge-patch+json")];
    police.send(Method::PATCH, &at, &patch, "{}").await.expect(428);
    police.send(Method::DELETE, &at, &[], "").await.expect(428);
    police.send(Method::DELETE, &at, &[("if-match", "\"2\"")], "").await.expect(412);
    police.send(Method::DELETE, &at, &[("if-match", "\"3\"")], "").await.expect(204);
    police.get(&at).await.expect(404);
    police.send(Method::POST, &format!("{at}/enable"), &[], "").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_an_endpoint_is_told_all_at_once() {
    let app = TestApp::start().await;
    let police = app.police();
    let kind = "escalation-tracker.escalation.raised.v1";
    let both = police
        .post(ENDPOINTS, &json!({"url": 1, "event_types": ["raised", kind], "signing": "rsa"}))
        .await;
    let (code, errors) = both.expect(422).problem();
    assert_eq!(code, "validation-failed");
    let expected = [
        ("#/event_types/0", "unknown_code"), // B143
        ("#/signing", "unknown_code"),
        ("#/url", "wrong_type"),
    ];
    assert_eq!(errors, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    let url = "https://hooks.example.org/";
    for (types, fault) in [
        (json!([kind, kind]), ("#/event_types/1", "not_unique")),
        (json!([]), ("#/event_types", "too_short")),
    ] {
        let refused =
            police.post(ENDPOINTS, &json!({"url": url, "event_types": types})).await.expect(422);
        assert_eq!(refused.problem().1, [(fault.0.to_owned(), fault.1.to_owned())]);
    }
    for _ in 0..100 {
        endpoint(&police, url).await;
    }
    let refused = police.post(ENDPOINTS, &json!({"url": url})).await.expect(422);
    assert_eq!(refused.problem().1, [("#".to_owned(), "too_many_items".to_owned())]); // B143
    endpoint(&app.health(), url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_thin_signed_and_says_where_to_read_on() {
    let receiver = Receiver::good().await;
    let app = TestApp::start_calling(outside(&[&receiver])).await;
    let before = app.police().raises(json!({})).await;
    app.sequence().await;
    let made = endpoint(&app.childrens_services(), &receiver.url()).await;
    let public = made.json["keys"][0]["public_key"].as_str().unwrap().to_owned();
    // Each of these must stay inside: T-WH12.
    let seeded = json!({
        "child_references": [{"scheme": "la_child_id", "value": "SYN777111"}],
        "desired_outcome": "MARKEROUTCOME", "concern": "MARKERCONCERN", "raised_by_role": "MARKERROLE",
        "source": "markersource", "external_reference": "MARKEREXTERNAL", "raiser_visibility": "role_only",
    });
    let id = app.police().raises(seeded).await;
    app.childrens_services()
        .acts(&id, "answers", json!({"position": "agreed", "answer": "MARKERANSWER"}))
        .await;
    assert_eq!(deliver(&app).await, 2);
    let got = receiver.got();
    let feed: Vec<Value> = got.iter().map(super::support::receiver::Got::json).collect();
    let kinds: Vec<&str> = feed.iter().map(|it| it["data"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["raised", "answered"], "nothing from before it was made: {before}");
    for (message, event) in got.iter().zip(&feed) {
        assert!(message.line.starts_with("POST /hook HTTP/1.1"), "{}", message.line);
        assert_eq!(message.header("content-type"), "application/cloudevents+json; charset=utf-8");
        message.verify(&[&public], app.deps.clock.now()).unwrap();
        assert_eq!(message.id(), event["id"]);
        assert!(!message.id().contains('.') && message.body.len() < 20_000);
        assert_eq!(
            (&event["specversion"], &event["source"]),
            (&json!("1.0"), &json!("/partnerships/ANY"))
        );
        assert_eq!((&event["subject"], &event["data"]["escalation_id"]), (&json!(id), &json!(id)));
        assert_eq!(event["data"]["href"], format!("/v1/escalations/{id}"));
        let text = String::from_utf8_lossy(&message.body).to_lowercase();
        let headers = format!("{:?}", message.headers).to_lowercase();
        for marker in ["marker", "777111", "syn", "police", "valeshire", "la_child", "role_only"] {
            assert!(!text.contains(marker) && !headers.contains(marker), "{marker}: {text}");
        }
        app.childrens_services().get(event["data"]["href"].as_str().unwrap()).await.expect(200);
    }
    let shown = deliveries(&app.childrens_services(), &made.id()).await;
    assert_eq!(shown[0]["event_id"], got[0].id());
    assert_eq!(
        (&shown[0]["state"], &shown[0]["attempts"][0]["status"]),
        (&json!("delivered"), &json!(200))
    );
    assert_eq!(shown[0]["sequence"], feed[0]["sequence"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_agency_is_told_of_what_it_may_see_and_wants() {
    let (police, health, lead, some) = (
        Receiver::good().await,
        Receiver::good().await,
        Receiver::good().await,
        Receiver::good().await,
    );
    let app = TestApp::start_calling(outside(&[&police, &health, &lead, &some])).await;
    endpoint(&app.police(), &police.url()).await;
    endpoint(&app.health(), &health.url()).await;
    endpoint(&app.director(), &lead.url()).await;
    let types =
        ["escalation-tracker.escalation.acknowledged.v1", "escalation-tracker.clock.overdue.v1"];
    let body = json!({"url": some.url(), "event_types": types});
    app.childrens_services().post(ENDPOINTS, &body).await.expect(201);
    let one = app.police().raises(json!({})).await;
    app.childrens_services().acknowledges(&one).await;
    let two = app.health().raises(json!({})).await;
    app.clock.advance(SignedDuration::from_hours(24 * 30));
    super::sweeper::sweep(&app).await;
    deliver(&app).await;
    let told = |of: &Receiver| -> Vec<(String, String)> {
        let of = of.got();
        of.iter()
            .map(|it| {
                (
                    it.json()["subject"].as_str().unwrap().to_owned(),
                    it.json()["type"].as_str().unwrap().to_owned(),
                )
            })
            .collect()
    };
    assert!(told(&police).iter().all(|(of, _)| *of == one) && told(&police).len() > 2);
    assert!(told(&health).iter().all(|(of, _)| *of == two) && told(&health).len() > 1);
    assert_eq!(told(&lead).len(), told(&police).len() + told(&health).len());
    let some = told(&some);
    assert!(
        some.iter().all(|(_, kind)| types.contains(&kind.as_str())) && some.len() >= 3,
        "{some:?}"
    );
}

/// T-WH8.
#[tokio::test(flavor = "multi_thread")]
async fn for_a_day_after_a_rotation_both_keys_verify() {
    let receiver = Receiver::good().await;
    let app = TestApp::start_calling(outside(&[&receiver])).await;
    for signing in ["hmac_sha256", "ed25519"] {
        let made = app
            .police()
            .post(ENDPOINTS, &json!({"url": receiver.url(), "signing": signing}))
            .await
            .expect(201);
        let at = format!("{ENDPOINTS}/{}", made.id());
        let key = |shown: &Value| {
            let public = shown["keys"][0]["public_key"].as_str();
            public.or(shown["secret"].as_str()).unwrap().to_owned()
        };
        let old = key(&made.json);
        assert_eq!(old.starts_with("whsec_"), signing == "hmac_sha256");
        assert!(app.police().get(&at).await.json.get("secret").is_none(), "it is told once");
        let sent = async |app: &TestApp| {
            app.police().raises(json!({})).await;
            deliver(app).await;
            receiver.got().pop().unwrap()
        };
        let now = || app.deps.clock.now();
        app.clock.advance(SignedDuration::from_secs(1));
        assert!(sent(&app).await.verify(&[&old], now()).is_ok());
        let rotated = app
            .police()
            .send(Method::POST, &format!("{at}/secret-rotation"), &[], "")
            .await
            .expect(200);
        let new = key(&rotated.json);
        assert_ne!(old, new);
        assert_eq!(rotated.json["keys"].as_array().unwrap().len(), 2);
        app.clock.advance(SignedDuration::from_secs(24 * 3600 - 1));
        let both = sent(&app).await;
        assert_eq!(both.header("webhook-signature").split(' ').count(), 2);
        assert!(both.verify(&[&old], now()).is_ok() && both.verify(&[&new], now()).is_ok());
        app.clock.advance(SignedDuration::from_secs(1));
        let one = sent(&app).await;
        assert!(one.verify(&[&old], now()).is_err() && one.verify(&[&new], now()).is_ok());
        app.police().send(Method::DELETE, &at, &[("if-match", "\"1\"")], "").await.expect(204);
    }
    // The database holds no key that can be read.
    let look = app.database.superuser().await;
    let sql = "select count(*) from webhook_key where encode(sealed, 'escape') ~ 'wh(sec|sk)_'";
    assert_eq!(look.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_or_a_range_is_delivered_again_under_the_same_id() {
    let receiver = Receiver::good().await;
    let app = TestApp::start_calling(outside(&[&receiver])).await;
    let id = app.police().raises(json!({})).await;
    app.sequence().await;
    let made = endpoint(&app.police(), &receiver.url()).await;
    let at = format!("{ENDPOINTS}/{}", made.id());
    app.childrens_services().acknowledges(&id).await;
    app.childrens_services().agrees(&id).await;
    deliver(&app).await;
    let first: Vec<String> = receiver.got().iter().map(|it| it.id().to_owned()).collect();
    assert_eq!(first.len(), 2);
    let again =
        async |path: &str, body: &Value| app.police().post(&format!("{at}/{path}"), body).await;
    // Also what happened before the endpoint was made.
    let range = json!({"from": "1", "to": "00000000000000000099"});
    assert_eq!(again("replay", &range).await.expect(202).json["added"], 3);
    deliver(&app).await;
    let got: Vec<String> = receiver.got().iter().skip(2).map(|it| it.id().to_owned()).collect();
    assert_eq!(got[1..], first[..]);
    let one = app
        .police()
        .send(Method::POST, &format!("{at}/deliveries/00000000000000000003/replay"), &[], "")
        .await;
    assert_eq!(one.expect(202).json["added"], 1);
    deliver(&app).await;
    assert_eq!(receiver.got().last().unwrap().id(), first[1]);
    for path in ["deliveries/99/replay", "deliveries/x/replay", "deliveries/0/replay"] {
        app.police().send(Method::POST, &format!("{at}/{path}"), &[], "").await.expect(404);
    }
    for (body, pointer) in [
        (json!({"from": "2", "to": "1"}), "#/to"),
        (json!({"from": "1", "to": "10001"}), "#/to"),
        (json!({"from": 1, "to": "x"}), "#/from"),
    ] {
        let refused = again("replay", &body).await.expect(422);
        assert_eq!(refused.problem().1[0].0, pointer);
    }
    let states = deliveries(&app.police(), &made.id()).await;
    assert_eq!(states.len(), 6);
    assert!(states.iter().all(|it| it["state"] == "delivered"));
    let page =
        app.police().get(&format!("{at}/deliveries?limit=4&state=delivered")).await.expect(200);
    let rest = app.police().get(page.json["links"]["next"].as_str().unwrap()).await.expect(200);
    assert_eq!(rest.json["items"].as_array().unwrap().len(), 2);
    assert!(rest.json["links"].get("next").is_none());
    app.police().get(&format!("{at}/deliveries?state=lost")).await.expect(400);
    app.police().get(&format!("{at}/deliveries?sequence=x")).await.expect(400);
    // The contract's numbers have 32 bits with their sign.
    app.police().get(&format!("{at}/deliveries?before=2147483647")).await.expect(200);
    app.police().get(&format!("{at}/deliveries?before=2147483648")).await.expect(400);
    let tested = app.police().send(Method::POST, &format!("{at}/test"), &[], "").await.expect(200);
    assert_eq!(
        (&tested.json["outcome"], &tested.json["status"]),
        (&json!("delivered"), &json!(200))
    );
    let test = receiver.got().pop().unwrap();
    assert_eq!(test.json()["type"], "escalation-tracker.webhook.test.v1");
    assert!(
        test.verify(&[made.json["keys"][0]["public_key"].as_str().unwrap()], app.deps.clock.now())
            .is_ok()
    );
}
