//! A request with a key is done once, however often it comes.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::people::{Answer, Person, raise_body};

async fn posts(by: &Person<'_>, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    by.send(Method::POST, "/v1/escalations", &headers, body.to_string()).await
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let sql = format!("select count(*) from {table}");
    app.database.superuser().await.query_one(&sql, &[]).await.unwrap().get(0)
}

#[track_caller]
fn replayed(answer: &Answer, of: &Answer) {
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("idempotent-replay"), "true");
    assert_eq!(answer.id(), of.id());
    assert_eq!(answer.header("location"), of.header("location"));
}

/// T-ID1.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_with_one_key_store_one() {
    let app = TestApp::start().await;
    let police = app.police();
    let body = raise_body(json!({}));
    let all = futures_util::future::join_all((0..50).map(|_| posts(&police, "key-1", &body))).await;
    let first: Vec<_> = all
        .iter()
        .filter(|it| it.status == 201 && it.header("idempotent-replay").is_empty())
        .collect();
    assert_eq!(first.len(), 1);
    for answer in &all {
        if answer.status == 409 {
            assert_eq!(answer.problem().0, "idempotency-in-progress");
            assert_eq!(answer.header("retry-after"), "1");
        } else {
            assert_eq!((answer.status, answer.id()), (201, first[0].id()), "{}", answer.text);
        }
    }
    replayed(&posts(&police, "key-1", &body).await, first[0]);
    for table in ["escalation", "event", "idempotency_key"] {
        assert_eq!(count(&app, table).await, 1, "{table}");
    }
}

/// B91: the first one waits for a lock that somebody else has.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_first_request_of_a_key_runs_a_second_one_is_told_so() {
    let app = TestApp::start().await;
    let police = app.police();
    let body = raise_body(json!({}));
    let somebody = app.database.superuser().await;
    somebody.batch_execute("begin; lock table escalation in exclusive mode").await.unwrap();
    let second = async {
        // Until the first one waits.
        let look = app.database.superuser().await;
        let sql = "select count(*) from pg_locks where locktype = 'advisory' and granted
                   and database = (select oid from pg_database where datname = current_database())";
        while look.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let answer = posts(&police, "key-1", &body).await;
        somebody.batch_execute("rollback").await.unwrap();
        answer
    };
    let (first, second) = tokio::join!(posts(&police, "key-1", &body), second);
    let first = first.expect(201);
    assert_eq!(second.status, 409, "{}", second.text);
    assert_eq!(second.problem().0, "idempotency-in-progress");
    assert_eq!(second.header("retry-after"), "1");
    replayed(&posts(&police, "key-1", &body).await, &first);
    assert_eq!(count(&app, "escalation").await, 1);
}

/// T-ID2 to T-ID4 and T-ID7.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_stands_for_one_meaning_of_one_caller() {
    let app = TestApp::start().await;
    let police = app.police();
    let body = raise_body(json!({"concern": "Seen twice."}));
    // What is refused uses no key up.
    let bad = raise_body(json!({"concern": "Seen twice.", "theme": "nonsense"}));
    posts(&police, "key-1", &bad).await.expect(422);
    posts(&police, "key-1", &json!({})).await.expect(422);
    assert_eq!(count(&app, "idempotency_key").await, 0);
    let first = posts(&police, "key-1", &body).await.expect(201);
    assert_eq!(first.header("idempotent-replay"), "");
    // The same meaning, written otherwise: another order, and blanks.
    let members: Vec<String> = body
        .as_object()
        .unwrap()
        .iter()
        .rev()
        .map(|(name, value)| format!("{name:?} : {value}"))
        .collect();
    let written = format!("{{\n {} }}", members.join(" ,\n"));
    let headers = [("content-type", "application/json"), ("idempotency-key", "key-1")];
    let again = police.send(Method::POST, "/v1/escalations", &headers, written).await;
    replayed(&again, &first);
    // One member otherwise.
    let other = raise_body(json!({"concern": "Seen three times."}));
    let answer = posts(&police, "key-1", &other).await.expect(422);
    assert_eq!(answer.problem().0, "idempotency-key-reused");
    assert_eq!(count(&app, "escalation").await, 1);
    // What happened to it since is told as it stands.
    app.childrens_services().acknowledges(&first.id()).await;
    let later = posts(&police, "key-1", &body).await;
    replayed(&later, &first);
    assert_eq!((later.header("etag"), &later.json["status"]), ("\"2\"", &json!("acknowledged")));
    // Somebody else's key of the same name is another one.
    let theirs = posts(&app.health(), "key-1", &body).await.expect(201);
    assert_ne!(theirs.id(), first.id());
    assert_eq!(theirs.header("idempotent-replay"), "");
    // Tried: it would do nothing.
    let tried =
        police.send(Method::POST, "/v1/escalations?dry_run=true", &headers, body.to_string());
    assert_eq!(tried.await.expect(200).json["would"], "nothing");
    let fresh = [("content-type", "application/json"), ("idempotency-key", "key-2")];
    let tried = police.send(Method::POST, "/v1/escalations?dry_run=true", &fresh, body.to_string());
    assert_eq!(tried.await.expect(200).json["would"], "create");
    assert_eq!(count(&app, "idempotency_key").await, 2, "and keeps no key");
    for key in ["", "a b", &"k".repeat(256)] {
        let answer = posts(&police, key, &body).await.expect(400);
        assert_eq!(answer.problem().0, "idempotency-key-invalid", "{key:?}");
    }
    let twice =
        [("content-type", "application/json"), ("idempotency-key", "a"), ("idempotency-key", "b")];
    police.send(Method::POST, "/v1/escalations", &twice, body.to_string()).await.expect(400);
    posts(&police, &"k".repeat(255), &body).await.expect(201);
    // Neither the key nor what was sent can be read from what is kept.
    let sql = "select count(*) from idempotency_key where position('key-1'::bytea in key_hash || meaning) > 0";
    let database = app.database.superuser().await;
    assert_eq!(database.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);
}

/// T-ID6 and T-ID9.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_month_only_the_senders_reference_is_known() {
    let app = TestApp::start().await;
    let named = raise_body(json!({"source": "niche", "external_reference": "OCC-1"}));
    let plain = raise_body(json!({}));
    let first = posts(&app.police(), "key-1", &named).await.expect(201);
    let other = posts(&app.police(), "key-2", &plain).await.expect(201);
    app.clock.advance(SignedDuration::from_hours(30 * 24 - 1));
    replayed(&posts(&app.police(), "key-1", &named).await, &first);
    app.clock.advance(SignedDuration::from_hours(2));
    let answer = posts(&app.police(), "key-1", &named).await.expect(409);
    assert_eq!(answer.problem().0, "duplicate-external-reference");
    assert_eq!(answer.header("location"), first.header("location"));
    // The clock steps back: it is the same request still.
    app.clock.advance(SignedDuration::from_hours(-2));
    replayed(&posts(&app.police(), "key-2", &plain).await, &other);
    // A key whose time is over stands for a new request, and the old one is forgotten.
    app.clock.advance(SignedDuration::from_hours(2));
    let anew = posts(&app.police(), "key-2", &plain).await.expect(201);
    assert_ne!(anew.id(), other.id());
    assert_eq!((count(&app, "escalation").await, count(&app, "idempotency_key").await), (3, 1));
}
