//! Webhooks when receivers fail: the ladder, what counts as an answer, giving up, and catching up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::receiver::{Receiver, Reply, ok, outside};
use super::webhooks::{ENDPOINTS, deliver, deliveries, endpoint};

/// The waits between attempts, in seconds.
const LADDER: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// What the one delivery of an endpoint says.
async fn delivery(app: &TestApp, id: &str) -> Value {
    deliveries(&app.police(), id).await.pop().unwrap()
}

fn instant(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// T-WH4.
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_by_the_ladder_under_the_same_id() {
    let failures = 6;
    let script =
        move |_: &_, before| if before < failures { Reply::Status(500, vec![]) } else { ok() };
    let receiver = Receiver::start(script).await;
    let app = TestApp::start_calling(outside(&[&receiver])).await;
    let id = endpoint(&app.police(), &receiver.url()).await.id();
    app.police().raises(json!({})).await;
    for wait in LADDER.iter().take(failures) {
        assert_eq!(deliver(&app).await, 1);
        let shown = delivery(&app, &id).await;
        assert_eq!(shown["state"], "waiting");
        let next = instant(&shown["next_attempt_at"]);
        let waits = next.duration_since(app.deps.clock.now()).as_millis();
        assert!(
            (wait * 800..=wait * 1_200).contains(&i64::try_from(waits).unwrap()),
            "{wait}: {waits}"
        );
        let early = next.checked_sub(SignedDuration::from_millis(1)).unwrap();
        app.clock.set(&early.to_string());
        assert_eq!(deliver(&app).await, 0, "not before its time");
        app.clock.set(&next.to_string());
    }
    assert_eq!(deliver(&app).await, 1);
    let shown = delivery(&app, &id).await;
    assert_eq!(
        (&shown["state"], shown["attempts"].as_array().unwrap().len()),
        (&json!("delivered"), failures + 1)
    );
    assert_eq!(shown["attempts"][0]["outcome"], "refused");
    assert!(shown.get("next_attempt_at").is_none());
    let got = receiver.got();
    assert!(got.iter().all(|it| it.id() == got[0].id() && it.body == got[0].body));
    let times: std::collections::BTreeSet<&str> =
        got.iter().map(|it| it.header("webhook-timestamp")).collect();
    assert_eq!(times.len(), failures + 1, "each attempt has its own time");
    let shown = app.police().get(&format!("{ENDPOINTS}/{id}")).await.json;
    assert!(shown.get("failing_since").is_none() && shown.get("last_delivered_at").is_some());
}

/// Moves the clock to the next attempt, and makes it.
async fn next_attempt(app: &TestApp, id: &str) {
    let next = delivery(app, id).await["next_attempt_at"].clone();
    app.clock.set(next.as_str().unwrap());
    assert_eq!(deliver(app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ten_attempts_a_message_is_given_up_and_can_be_replayed() {
    let status = Arc::new(AtomicU16::new(503));
    let answers = Arc::clone(&status);
    let receiver =
        Receiver::start(move |_, _| Reply::Status(answers.load(Ordering::Relaxed), vec![])).await;
    let app = TestApp::start_calling(outside(&[&receiver])).await;
    let id = endpoint(&app.police(), &receiver.url()).await.id();
    app.police().raises(json!({})).await;
    assert_eq!(deliver(&app).await, 1);
    let began = app.deps.clock.now();
    for _ in LADDER {
        next_attempt(&app, &id).await;
    }
    let hours = app.deps.clock.now().duration_since(began).as_hours();
    assert!((60..=91).contains(&hours), "{hours}");
    let shown = delivery(&app, &id).await;
    assert_eq!(
        (&shown["state"], shown["attempts"].as_array().unwrap().len()),
        (&json!("given_up"), 10)
    );
    app.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(deliver(&app).await, 0);
    status.store(204, Ordering::Relaxed);
    let replay = format!("{ENDPOINTS}/{id}/deliveries/1/replay");
    app.police().send(Method::POST, &replay, &[], "").await.expect(202);
    assert_eq!(deliver(&app).await, 1);
    assert_eq!(delivery(&app, &id).await["state"], "delivered");
}

/// T-WH5 and B139, T-WH7, and B140.
#[tokio::test(flavor = "multi_thread")]
async fn only_2xx_is_an_answer_and_nothing_is_followed_or_read_to_an_end() {
    let elsewhere = Receiver::good().await;
    let to = elsewhere.url();
    let moved = move |status| Reply::Status(status, vec![("location", to.clone())]);
    let large = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n".to_vec();
    let bomb =
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let chunk = [b"1000\r\n".to_vec(), vec![0x1f; 4096], b"\r\n".to_vec()].concat();
    let replies = [
        (moved(301), "redirected"),
        (moved(302), "redirected"),
        (moved(307), "redirected"),
        (Reply::Status(404, vec![]), "refused"),
        (Reply::Status(429, vec![]), "refused"),
        (Reply::Hang, "timeout"),
        (Reply::Bytes(b"SSH-2.0-OpenSSH_9\r\n".to_vec()), "invalid_reply"),
        (Reply::Bytes(Vec::new()), "invalid_reply"),
        (
            Reply::Bytes(
                b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"
                    .to_vec(),
            ),
            "refused",
        ),
        (Reply::Endless(large, vec![b'x'; 8192], Duration::ZERO), "reply_too_large"),
        (Reply::Endless(bomb, chunk, Duration::ZERO), "reply_too_large"),
        (
            Reply::Endless(
                b"HTTP/1.1 200 OK\r\n".to_vec(),
                b"a: b\r\n".repeat(2_000),
                Duration::ZERO,
            ),
            "invalid_reply",
        ),
        (
            Reply::Endless(
                b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n".to_vec(),
                b"x".to_vec(),
                Duration::from_millis(50),
            ),
            "timeout",
        ),
    ];
    for (reply, outcome) in replies {
        let said = format!("{reply:?}").chars().take(60).collect::<String>();
        let receiver = Receiver::start(move |_, _| reply.clone()).await;
        let app = TestApp::start_calling(outside(&[&receiver, &elsewhere])).await;
        let id = endpoint(&app.police(), &receiver.url()).await.id();
        app.police().raises(json!({})).await;
        assert_eq!(deliver(&app).await, 1);
        let shown = delivery(&app, &id).await;
        assert_eq!(
            (&shown["state"], &shown["attempts"][0]["outcome"]),
            (&json!("waiting"), &json!(outcome)),
            "{said}"
        );
    }
    assert_eq!(elsewhere.connections(), 0);
    let app = TestApp::start().await;
    let id = endpoint(&app.police(), "http://127.0.0.1:9/").await.id();
    app.police().raises(json!({})).await;
    assert_eq!(deliver(&app).await, 1);
    assert_eq!(delivery(&app, &id).await["attempts"][0]["outcome"], "connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_asks_for_an_hour_gets_it() {
    let receiver =
        Receiver::start(|_, _| Reply::Status(429, vec![("retry-after", "3600".to_owned())])).await;
    let app = TestApp::start_calling(outside(&[&receiver])).await;
    let id = endpoint(&app.police(), &receiver.url()).await.id();
    app.police().raises(json!({})).await;
    deliver(&app).await;
    let next = instant(&delivery(&app, &id).await["next_attempt_at"]);
    assert_eq!(next.duration_since(app.deps.clock.now()), SignedDuration::from_hours(1));
}

/// T-WH6.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_gone_gets_nothing_more_until_enabled_again() {
    let status = Arc::new(AtomicU16::new(410));
    let answers = Arc::clone(&status);
    let receiver =
        Receiver::start(move |_, _| Reply::Status(answers.load(Ordering::Relaxed), vec![])).await;
    let app = TestApp::start_calling(outside(&[&receiver])).await;
    let made = endpoint(&app.police(), &receiver.url()).await;
    let at = format!("{ENDPOINTS}/{}", made.id());
    let first = app.police().raises(json!({})).await;
    assert_eq!(deliver(&app).await, 1);
    let shown = app.police().get(&at).await.json;
    assert_eq!((&shown["state"], &shown["disabled_because"]), (&json!("disabled"), &json!("gone")));
    assert_eq!(shown["version"], 2);
    app.childrens_services().acknowledges(&first).await;
    app.clock.advance(SignedDuration::from_hours(100));
    assert_eq!(deliver(&app).await, 0);
    assert_eq!(receiver.got().len(), 1);
    status.store(200, Ordering::Relaxed);
    let enabled =
        app.police().send(Method::POST, &format!("{at}/enable"), &[], "").await.expect(200);
    assert_eq!((&enabled.json["state"], &enabled.json["version"]), (&json!("active"), &json!(3)));
    assert_eq!(deliver(&app).await, 2);
    let kinds: Vec<Value> =
        receiver.got().iter().skip(1).map(|it| it.json()["data"]["kind"].clone()).collect();
    assert_eq!(kinds, ["raised", "acknowledged"]);
}

/// F39 in small, and E13: six days of failures, then everything that was missed, in order.
#[tokio::test(flavor = "multi_thread")]
async fn after_five_days_of_failures_an_endpoint_is_disabled_and_catches_up_when_enabled() {
    let status = Arc::new(AtomicU16::new(500));
    let answers = Arc::clone(&status);
    let receiver =
        Receiver::start(move |_, _| Reply::Status(answers.load(Ordering::Relaxed), vec![])).await;
    let app = TestApp::start_calling(outside(&[&receiver])).await;
    let made = endpoint(&app.police(), &receiver.url()).await;
    let at = format!("{ENDPOINTS}/{}", made.id());
    let mut all = Vec::new();
    let mut disabled_after = None;
    for day in 0..6 {
        all.push(app.police().raises(json!({})).await);
        for _ in 0..12 {
            app.clock.advance(SignedDuration::from_hours(2));
            deliver(&app).await;
            let shown = app.police().get(&at).await.json;
            if shown["state"] == "disabled" && disabled_after.is_none() {
                assert_eq!(shown["disabled_because"], "failing");
                disabled_after = Some(day);
            }
        }
    }
    assert!(disabled_after.is_some_and(|day| day >= 4), "{disabled_after:?}");
    let tried = receiver.got().len();
    app.childrens_services().acknowledges(&all[0]).await;
    deliver(&app).await;
    assert_eq!(receiver.got().len(), tried, "nobody calls it now");
    status.store(200, Ordering::Relaxed);
    app.police().send(Method::POST, &format!("{at}/enable"), &[], "").await.expect(200);
    deliver(&app).await;
    let arrived: Vec<(Value, Value)> = receiver
        .got()
        .iter()
        .skip(tried)
        .map(|it| it.json())
        .map(|it| (it["subject"].clone(), it["data"]["kind"].clone()))
        .collect();
    for id in &all {
        let raised = arrived.iter().filter(|it| **it == (json!(id), json!("raised"))).count();
        assert_eq!(raised, 1, "{id}");
    }
    let of_first: Vec<&Value> =
        arrived.iter().filter(|it| it.0 == json!(all[0])).map(|it| &it.1).collect();
    assert_eq!(of_first, ["raised", "acknowledged"]);
}
