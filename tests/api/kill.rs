//! What was acknowledged is there, once, whatever is killed; and the next start works by itself.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::support::people::raise_body;
use super::support::program::{DataDir, Program, run};

// One sender asks more in a minute here than a client usually may.
const SERVE: &[&str] = &[
    "serve",
    "--mode",
    "development",
    "--listen",
    "127.0.0.1:0",
    "--client-requests-per-minute",
    "1000000",
    "--agency-requests-per-minute",
    "1000000",
];
const SENDERS: usize = 8;

fn start(data_dir: &Path) -> (Program, String) {
    let program = Program::start(SERVE, data_dir);
    let url = program.url();
    (program, url)
}

fn body(reference: usize) -> Value {
    raise_body(json!({"source": "kill-test", "external_reference": format!("OCC-{reference}")}))
}

/// Posts `references` with several senders at once, and calls `strike` when `after` of them are acknowledged.
/// Gives those that were acknowledged.
async fn post_until_struck(
    url: &str,
    token: &str,
    references: std::ops::Range<usize>,
    after: usize,
    strike: impl FnOnce() + Send + 'static,
) -> BTreeSet<usize> {
    let next = Arc::new(AtomicUsize::new(references.start));
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (next, acknowledged) = (Arc::clone(&next), Arc::clone(&acknowledged));
            let (url, token) = (format!("{url}/v1/escalations"), token.to_owned());
            tokio::spawn(async move {
                let http = reqwest::Client::new();
                loop {
                    let reference = next.fetch_add(1, Ordering::SeqCst);
                    if reference >= references.end {
                        return;
                    }
                    let sent = http
                        .post(&url)
                        .bearer_auth(&token)
                        .timeout(Duration::from_secs(5))
                        .header("content-type", "application/json")
                        .body(body(reference).to_string())
                        .send()
                        .await;
                    match sent {
                        Ok(answer) if answer.status() == 201 => {
                            acknowledged.lock().unwrap().insert(reference);
                        }
                        Ok(answer) => assert_eq!(answer.status(), 503),
                        // The connection broke: nothing was acknowledged.
                        Err(_) => {}
                    }
                }
            })
        })
        .collect();
    while acknowledged.lock().unwrap().len() < after {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::task::spawn_blocking(strike).await.unwrap();
    for sender in senders {
        sender.await.unwrap();
    }
    std::mem::take(&mut *acknowledged.lock().unwrap())
}

/// How often each reference is stored.
async fn stored(url: &str, token: &str) -> Vec<usize> {
    let http = reqwest::Client::new();
    let mut found = Vec::new();
    let mut path = "/v1/escalations?source=kill-test&limit=200".to_owned();
    loop {
        let page: Value = {
            let answer = http.get(format!("{url}{path}")).bearer_auth(token).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            serde_json::from_str(&answer.text().await.unwrap()).unwrap()
        };
        for item in page["items"].as_array().unwrap() {
            let href = item["href"].as_str().unwrap();
            let one = http.get(format!("{url}{href}")).bearer_auth(token).send().await.unwrap();
            let one: Value = serde_json::from_str(&one.text().await.unwrap()).unwrap();
            let reference = one["external_reference"].as_str().unwrap();
            found.push(reference.trim_start_matches("OCC-").parse().unwrap());
        }
        match page["links"]["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => return found,
        }
    }
}

fn assert_each_once(acknowledged: &BTreeSet<usize>, stored: &[usize]) {
    let unique: BTreeSet<usize> = stored.iter().copied().collect();
    assert_eq!(unique.len(), stored.len(), "stored twice");
    let lost: Vec<_> = acknowledged.difference(&unique).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_doubled_when_the_service_and_then_postgresql_is_killed() {
    let dir = DataDir::new("kill");
    let data_dir = dir.0.clone();
    let setup = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/partnership.json");
    run(&["setup", setup], &data_dir);

    // The service is killed in the middle of 1,000 posts.
    let (program, url) = start(&data_dir);
    let token = run(&["token", "--client", "example-police"], &data_dir);
    let mut acknowledged =
        post_until_struck(&url, &token, 0..1_000, 400, move || program.kill()).await;
    assert!((400..1_000).contains(&acknowledged.len()), "{}", acknowledged.len());

    // PostgreSQL is killed in the middle of 1,000 more.
    let (program, url) = start(&data_dir);
    let found = stored(&url, &token).await;
    assert_each_once(&acknowledged, &found);
    let pid_file = data_dir.join("postgres/data/postmaster.pid");
    acknowledged.extend(
        post_until_struck(&url, &token, 1_000..2_000, 300, move || {
            let pid = std::fs::read_to_string(pid_file).unwrap();
            let pid = pid.lines().next().unwrap().to_owned();
            let killed = std::process::Command::new("kill").args(["-9", &pid]).status();
            assert!(killed.unwrap().success());
        })
        .await,
    );
    assert!((700..1_900).contains(&acknowledged.len()), "{}", acknowledged.len());
    // A service without its database ends, so that whoever watches over it starts it again.
    program.wait_for("PostgreSQL ended");
    drop(program);

    // The next start needs no help, and a sender that repeats everything doubles nothing.
    let (program, url) = start(&data_dir);
    let found = stored(&url, &token).await;
    assert_each_once(&acknowledged, &found);
    let http = reqwest::Client::new();
    for reference in acknowledged.iter().take(50) {
        let again = http
            .post(format!("{url}/v1/escalations"))
            .bearer_auth(&token)
            .header("content-type", "application/json")
            .body(body(*reference).to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), 409);
        assert!(again.headers().contains_key("location"));
    }
    assert_eq!(stored(&url, &token).await.len(), found.len());
    program.stop();
}
