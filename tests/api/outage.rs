//! The database away and back again: the service says so, and goes on by itself.

use std::time::Duration;

use serde_json::json;

use super::contract::is_a_problem;
use super::support::TestApp;
use super::support::cluster::superuser;
use super::support::people::{Answer, raise_body};

const LIST: &str = "/v1/escalations";

/// Ends every connection to the test's database but the one that asks, and gives how many.
pub async fn cut(app: &TestApp) -> i64 {
    let sql = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1";
    superuser("postgres").await.query_one(sql, &[&app.database.name]).await.unwrap().get(0)
}

/// Lets connections in, or not.
pub async fn allow_connections(app: &TestApp, allow: bool) {
    let sql = format!("alter database {} allow_connections {allow}", app.database.name);
    superuser("postgres").await.batch_execute(&sql).await.unwrap();
}

/// Readiness compares clocks, so the test's must be the machine's.
pub async fn set_clock(app: &TestApp) {
    let sql = "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
    let now: String = app.database.superuser().await.query_one(sql, &[]).await.unwrap().get(0);
    app.clock.set(&now);
}

#[track_caller]
fn not_now(answer: &Answer, path: &str) {
    assert_eq!(answer.status, 503, "{path} {}", answer.text);
    is_a_problem(answer, path);
    let seconds: u32 = answer.header("retry-after").parse().unwrap();
    assert!((2..=30).contains(&seconds), "{seconds}");
}

/// How many requests are refused until one succeeds.
async fn refused_until_good(app: &TestApp) -> usize {
    for refused in 0..20 {
        let answer = app.director().get(LIST).await;
        if answer.status == 200 {
            return refused;
        }
        not_now(&answer, LIST);
    }
    panic!("it does not come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_connections_are_replaced_and_nobody_sees_a_fault_of_ours() {
    let app = TestApp::start().await;
    // Several at once, so that the pool holds several connections that will be dead.
    for round in 0..3 {
        let person = app.director();
        let many = (0..6).map(|_| person.get(LIST));
        for answer in futures_util::future::join_all(many).await {
            assert!(answer.status == 200 || round > 0, "{}", answer.text);
        }
        assert!(cut(&app).await > 0);
        let refused = refused_until_good(&app).await;
        assert!(refused <= 8, "as many as the pool holds, and no more: {refused}");
    }
    // A write that meets a dead connection is either stored or plainly not.
    app.director().get(LIST).await.expect(200);
    cut(&app).await;
    let mut stored = 0;
    for _ in 0..10 {
        let answer = app.police().post(LIST, &raise_body(json!({}))).await;
        match answer.status {
            201 => stored += 1,
            _ => not_now(&answer, LIST),
        }
    }
    let list = app.director().get(LIST).await.expect(200);
    assert_eq!(list.json["items"].as_array().unwrap().len(), stored);
    assert!(stored > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_the_service_lives_is_not_ready_and_says_when_to_come_again() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let one = format!("/v1/escalations/{id}");
    set_clock(&app).await;
    app.stranger().get("/readyz").await.expect(200);
    app.police().get(&one).await.expect(200);

    allow_connections(&app, false).await;
    cut(&app).await;
    for _ in 0..3 {
        app.stranger().get("/livez").await.expect(200);
        let ready = app.stranger().get("/readyz").await.expect(503);
        assert_eq!(ready.json["status"], "not_ready");
        assert_eq!(ready.json["checks"][0]["name"], "database");
        not_now(&app.police().get(&one).await, &one);
        not_now(&app.director().get(LIST).await, LIST);
        not_now(&app.police().post(LIST, &raise_body(json!({}))).await, LIST);
        let notes = format!("{one}/notes");
        not_now(&app.police().post(&notes, &json!({"note": "Still waiting."})).await, &notes);
    }
    // Also when the caller's registration is no longer remembered.
    tokio::time::sleep(Duration::from_millis(3_200)).await;
    not_now(&app.police().get(&one).await, &one);
    app.stranger().get(LIST).await.expect(401);

    allow_connections(&app, true).await;
    app.stranger().get("/readyz").await.expect(200);
    app.police().get(&one).await.expect(200);
    app.director().get(LIST).await.expect(200);
    assert_eq!(
        app.police().acts(&id, "notes", json!({"note": "It goes on."})).await.json["version"],
        2
    );
}
