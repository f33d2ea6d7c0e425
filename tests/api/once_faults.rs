//! A key still stands for one request when the service dies, or its database is away, in the middle of it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use super::outage::{allow_connections, cut};
use super::support::TestApp;
use super::support::people::raise_body;
use super::support::program::{DataDir, Program, run};

const SERVE: &[&str] = &["serve", "--mode", "development", "--listen", "127.0.0.1:0"];

fn serve(data_dir: &Path) -> (Program, String) {
    let program = Program::start(SERVE, data_dir);
    let url = program.url();
    (program, url)
}

/// Sends the request and waits until the answer begins to come, which it does after the commit. The caller reads none
/// of it.
fn post_without_reading(url: &str, token: &str, key: &str, body: &str) -> TcpStream {
    let host = url.trim_start_matches("http://");
    let mut connection = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        connection,
        "POST /v1/escalations HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\nidempotency-key: {key}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    assert_eq!(connection.peek(&mut [0]).unwrap(), 1, "an answer is there");
    connection
}

/// T-ID5.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_before_the_service_was_killed_is_replayed_by_the_next_one() {
    let dir = DataDir::new("once");
    let setup = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/partnership.json");
    run(&["setup", setup], &dir.0);
    let body = raise_body(json!({}));

    let (program, url) = serve(&dir.0);
    let token = run(&["token", "--client", "example-police"], &dir.0);
    let mut unread = post_without_reading(&url, &token, "key-5", &body.to_string());
    program.kill();
    // Some bytes may have been under way; the sender of this test is taken not to have read them.
    let _ = unread.read(&mut [0]);
    drop(unread);

    let (program, url) = serve(&dir.0);
    let http = reqwest::Client::new();
    let ask = async |path: &str| -> Value {
        let answer = http.get(format!("{url}{path}")).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    };
    let mut places = Vec::new();
    for _ in 0..2 {
        let again = http
            .post(format!("{url}/v1/escalations"))
            .bearer_auth(&token)
            .header("content-type", "application/json")
            .header("idempotency-key", "key-5")
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), 201);
        assert_eq!(again.headers().get("idempotent-replay").unwrap(), "true");
        places.push(again.headers().get("location").unwrap().to_str().unwrap().to_owned());
    }
    assert_eq!(places[0], places[1]);
    let stored = ask("/v1/escalations").await;
    assert_eq!(stored["items"].as_array().unwrap().len(), 1);
    assert_eq!(stored["items"][0]["href"], places[0]);
    let history = ask(&format!("{}/events", places[0])).await;
    assert_eq!(history["items"].as_array().unwrap().len(), 1);
    program.stop();
}

/// T-ID8.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_request_met_no_database_is_good_when_it_is_back() {
    let app = TestApp::start().await;
    let police = app.police();
    let body = raise_body(json!({})).to_string();
    let headers = [("content-type", "application/json"), ("idempotency-key", "key-8")];
    let posts = async || police.send(Method::POST, "/v1/escalations", &headers, body.clone()).await;
    // So that only storing it meets the outage, and not finding out who asks.
    police.get("/v1/escalations").await.expect(200);

    allow_connections(&app, false).await;
    cut(&app).await;
    for _ in 0..3 {
        let away = posts().await;
        assert_eq!(away.status, 503, "{}", away.text);
        assert!(!away.header("retry-after").is_empty());
    }
    allow_connections(&app, true).await;

    let first = posts().await.expect(201);
    assert_eq!(first.header("idempotent-replay"), "");
    let again = posts().await.expect(201);
    assert_eq!((again.header("idempotent-replay"), again.id()), ("true", first.id()));
    for table in ["escalation", "event", "idempotency_key"] {
        let sql = format!("select count(*) from {table}");
        let count: i64 = app.database.superuser().await.query_one(&sql, &[]).await.unwrap().get(0);
        assert_eq!(count, 1, "{table}");
    }
}
