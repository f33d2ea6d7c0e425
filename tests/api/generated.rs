//! Generated requests to every operation of the contract, good and broken in every part, from several actors at once: each is
//! answered, none by a fault of the service, and the service's memory stays as it is.
//!
//! The usual run sends a few thousand; `cargo test --release --test api -- --ignored a_million_requests --nocapture` sends a
//! million, or as many as `REQUESTS` says. `SEED` begins it otherwise.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::layers::root;
use super::support::operations::{Operation, body_of};
use super::support::people::raise_body;
use super::support::program::{DataDir, Program, command, run};

const PARTNERSHIP: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis/partnership.json");
const ACTORS: [&str; 9] = [
    "police",
    "cs",
    "health",
    "service_lead",
    "director",
    "analyst",
    "auditor",
    "privacy_officer",
    "operator",
];
/// How many requests are under way at once.
const AT_ONCE: usize = 12;
/// After how many the memory is what it should stay.
const SETTLED: usize = 100_000;
/// Texts that somebody stumbles over.
const ODD: [&str; 16] = [
    "",
    " ",
    "0",
    "-1",
    "1e400",
    "99999999999999999999",
    "null",
    "true",
    "%00",
    "%",
    "%FF",
    "..",
    "'; --",
    "<b>",
    "\u{202E}x",
    "\u{1F9D2}\u{0301}",
];

/// What is known of the service while it is asked.
struct World {
    operations: Vec<Operation>,
    tokens: Vec<String>,
    /// By operation, the places of those in [`ACTORS`] who may call it.
    may: BTreeMap<String, Vec<usize>>,
    /// Identifiers that were answered, of escalations, imports, endpoints, whatever has one; each with where it was made.
    ids: Mutex<Vec<(String, String)>>,
}

/// A request as it is sent.
struct Request {
    method: Method,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

fn odd_value(rng: &mut StdRng) -> Value {
    match rng.random_range(0..9) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(rng.random_range(-3_i64..400)),
        3 => json!(i64::MAX),
        4 => json!(1.5e300),
        5 => json!([]),
        6 => json!({"x": [1, {"y": null}]}),
        7 => json!("x".repeat(rng.random_range(0..3_000))),
        _ => json!(ODD.choose(rng).unwrap()),
    }
}

/// Changes something somewhere in a value.
fn broken(value: &mut Value, rng: &mut StdRng) {
    match value {
        Value::Object(members) if !members.is_empty() && rng.random_bool(0.9) => {
            let names: Vec<_> = members.keys().cloned().collect();
            let name = names.choose(rng).unwrap();
            match rng.random_range(0..4) {
                0 => drop(members.remove(name)),
                1 => drop(members.insert(format!("{name}_"), odd_value(rng))),
                _ => broken(&mut members[name], rng),
            }
        }
        Value::Array(items) if !items.is_empty() && rng.random_bool(0.7) => {
            let at = rng.random_range(0..items.len());
            if rng.random_bool(0.2) {
                let item = items[at].clone();
                items.extend(vec![item; rng.random_range(1..40)]);
            } else {
                broken(&mut items[at], rng);
            }
        }
        other => *other = odd_value(rng),
    }
}

/// Who may call what, as the matrix of access has it.
fn who_may() -> BTreeMap<String, Vec<usize>> {
    let mut reader = csv::Reader::from_path(root().join("tests/api/access_matrix.csv")).unwrap();
    let heads = reader.headers().unwrap().clone();
    let columns = ACTORS.map(|actor| heads.iter().position(|it| it == actor).unwrap());
    let rows = reader.records().map(|row| row.unwrap()).filter(|row| &row[1] == "existing");
    rows.map(|row| {
        let may = (0..ACTORS.len()).filter(|place| &row[columns[*place]] == "in");
        (row[0].to_owned(), may.collect())
    })
    .collect()
}

/// The address under which an operation's things lie, up to the first name.
fn collection(operation: &Operation) -> &str {
    operation.path.split_once("/{").map_or(operation.path.as_str(), |(before, _)| before)
}

impl World {
    /// What is there of the kind that the operation is about, or nothing.
    fn known(&self, operation: &Operation, rng: &mut StdRng) -> Option<String> {
        let ids = self.ids.lock().unwrap();
        let of_kind: Vec<_> = ids.iter().filter(|(at, _)| at == collection(operation)).collect();
        // What is new is in a state in which more can be done.
        let latest = &of_kind[of_kind.len().saturating_sub(20)..];
        latest.choose(rng).map(|(_, id)| id.clone())
    }

    fn word(&self, rng: &mut StdRng) -> String {
        const WORDS: [&str; 14] = [
            "2026-W46",
            "2026-11-18T10:00:00Z",
            "2026-Q3",
            "valeshire_police",
            "niche",
            "OCC-2026-119",
            "latest",
            "1",
            "50",
            "raised",
            "icpc_late",
            "acknowledgement",
            "performance_reporting",
            "true",
        ];
        let odd = (*ODD.choose(rng).unwrap()).to_owned();
        match rng.random_range(0..10) {
            0 => odd,
            1 => "a".repeat(rng.random_range(1..300)),
            2 | 3 => (*WORDS.choose(rng).unwrap()).to_owned(),
            _ => self.ids.lock().unwrap().choose(rng).map_or(odd, |(_, id)| id.clone()),
        }
    }

    fn path(&self, operation: &Operation, rng: &mut StdRng) -> String {
        let known = self.known(operation, rng).filter(|_| rng.random_bool(0.8));
        let id = known.unwrap_or_else(|| self.word(rng));
        let mut path = if rng.random_bool(0.85) {
            operation.at(&encoded(&id))
        } else {
            let parts = operation.path.split('/').map(|part| {
                if part.starts_with('{') { encoded(&self.word(rng)) } else { part.to_owned() }
            });
            parts.collect::<Vec<_>>().join("/")
        };
        let mut sign = if path.contains('?') { '&' } else { '?' };
        let known = operation.document["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in known.iter().filter(|it| it["in"] == "query") {
            // Waiting for what does not come is no request more.
            if rng.random_bool(0.1) && parameter["name"] != "wait" {
                let name = parameter["name"].as_str().unwrap();
                path.push_str(&format!("{sign}{name}={}", encoded(&self.word(rng))));
                sign = '&';
            }
        }
        if rng.random_bool(0.03) {
            path.push_str(&format!(
                "{sign}{}",
                ODD.choose(rng).unwrap().replace(['<', '>', ' '], "+")
            ));
        }
        path
    }

    fn body(&self, operation: &Operation, rng: &mut StdRng) -> Vec<u8> {
        let Some(mut example) = operation.example() else {
            return if rng.random_bool(0.1) { b"{}".to_vec() } else { Vec::new() };
        };
        if rng.random_bool(0.5) {
            for _ in 0..rng.random_range(1..4) {
                broken(&mut example, rng);
            }
        }
        let mut bytes = body_of(&example).into_bytes();
        match rng.random_range(0..20) {
            0 => bytes.truncate(rng.random_range(0..=bytes.len())),
            1 if !bytes.is_empty() => {
                let at = rng.random_range(0..bytes.len());
                bytes[at] = rng.random();
            }
            2 => bytes = vec![b'['; rng.random_range(1..5_000)],
            3 => bytes.clear(),
            _ => {}
        }
        bytes
    }

    /// A request, and where what it makes lies.
    fn request(&self, rng: &mut StdRng) -> (String, Request) {
        let mut operation = self.operations.choose(rng).unwrap();
        // Most things need an escalation first.
        if rng.random_bool(0.05) {
            operation = self.operations.iter().find(|it| it.id == "raise_escalation").unwrap();
        }
        let mut headers = Vec::new();
        let mut say =
            |name: &str, value: &str| headers.push((name.to_owned(), value.as_bytes().to_vec()));
        let may = self.may.get(&operation.id).filter(|_| rng.random_bool(0.9));
        let actor = may.and_then(|may| may.choose(rng).copied());
        let token = actor.map_or_else(|| self.tokens.choose(rng), |place| self.tokens.get(place));
        let token = token.unwrap();
        match rng.random_range(0..30) {
            0 => {}
            1 => say("authorization", "Bearer a.b.c"),
            2 => say("authorization", "Basic eDp5"),
            3 => say("authorization", &format!("Bearer {}", &token[..token.len() - 3])),
            _ => say("authorization", &format!("Bearer {token}")),
        }
        match operation.content_type() {
            Some(kind) if rng.random_bool(0.95) => say("content-type", kind),
            _ if rng.random_bool(0.1) => say("content-type", "text/plain; charset=utf-16"),
            _ => {}
        }
        if operation.needs_a_version() || rng.random_bool(0.1) {
            let tags = ["\"1\"", "\"2\"", "*", "W/\"1\"", "1", "\"", ""];
            say(
                "if-match",
                tags[if rng.random_bool(0.7) { 0 } else { rng.random_range(0..tags.len()) }],
            );
        }
        if rng.random_bool(0.1) {
            say("idempotency-key", &format!("k{}", rng.random_range(0..500)));
        }
        if rng.random_bool(0.1) {
            let purposes = ["direct_work", "urgent_safety", "none", ""];
            say("x-access-purpose", purposes.choose(rng).unwrap());
        }
        if rng.random_bool(0.05) {
            let kinds = [
                "text/csv",
                "application/json;q=0",
                "*/*",
                "a/b",
                "application/x-ndjson",
                ",;",
                "application/cloudevents-batch+json",
            ];
            say("accept", kinds.choose(rng).unwrap());
        }
        if rng.random_bool(0.05) {
            say("if-none-match", ["*", "\"1\"", "W/\"x\""].choose(rng).unwrap());
        }
        if rng.random_bool(0.03) {
            say("content-encoding", ["gzip", "br", "identity"].choose(rng).unwrap());
        }
        if rng.random_bool(0.02) {
            headers.push((
                "x-request-id".to_owned(),
                (0..rng.random_range(1..200)).map(|_| rng.random_range(0x21..0x7f)).collect(),
            ));
        }
        let methods = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
            Method::HEAD,
        ];
        let method = if rng.random_bool(0.03) {
            methods.choose(rng).unwrap().clone()
        } else {
            operation.method.clone()
        };
        let (path, body) = (self.path(operation, rng), self.body(operation, rng));
        (collection(operation).to_owned(), Request { method, path, headers, body })
    }
}

/// As it can stand in an address; what is percent-encoded already, good or bad, stays.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'%' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// Sends so many requests, and gives what was answered by status.
async fn send_all(
    program: &Program,
    url: &str,
    world: &Arc<World>,
    count: usize,
    seed: u64,
) -> BTreeMap<u16, usize> {
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let senders: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (next, world, url) = (Arc::clone(&next), Arc::clone(world), url.to_owned());
            tokio::spawn(async move {
                let http = Client::builder()
                    .pool_idle_timeout(Duration::from_secs(1))
                    .redirect(reqwest::redirect::Policy::none())
                    .build()
                    .unwrap();
                let mut seen: BTreeMap<u16, usize> = BTreeMap::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return seen;
                    }
                    // Each by its own number, so that one that fails can be sent alone.
                    let mut rng = StdRng::seed_from_u64(
                        seed.wrapping_mul(1_000_003) + u64::try_from(number).unwrap(),
                    );
                    let (made_at, Request { method, path, headers, body }) =
                        world.request(&mut rng);
                    let told = format!("request {number} of seed {seed}: {method} {path}");
                    let mut sent = http
                        .request(method, format!("{url}{path}"))
                        .timeout(Duration::from_secs(60));
                    for (name, value) in headers {
                        sent = sent.header(name, value);
                    }
                    let answer = sent.body(body).send().await;
                    let answer =
                        answer.unwrap_or_else(|error| panic!("{told} was not answered: {error:?}"));
                    let status = answer.status().as_u16();
                    let text = answer
                        .bytes()
                        .await
                        .unwrap_or_else(|error| panic!("{told} broke off: {error:?}"));
                    assert!(status < 500, "{told} {status} {}", String::from_utf8_lossy(&text));
                    *seen.entry(status).or_default() += 1;
                    if status < 300 {
                        let id = serde_json::from_slice::<Value>(&text).ok();
                        let id = id.and_then(|it| Some(it.get("id")?.as_str()?.to_owned()));
                        let mut ids = world.ids.lock().unwrap();
                        if let Some(id) = id.filter(|_| ids.len() < 2_000) {
                            ids.push((made_at, id));
                        }
                    }
                }
            })
        })
        .collect();
    let mut told = 0;
    let mut settled = None;
    while !senders.iter().all(tokio::task::JoinHandle::is_finished) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let done = next.load(Ordering::Relaxed).min(count);
        if done >= SETTLED && settled.is_none() {
            settled = Some(program.memory().1);
        }
        if done / 10_000 > told {
            told = done / 10_000;
            let (seconds, (_, now)) = (began.elapsed().as_secs().max(1), program.memory());
            let rate = u64::try_from(done).unwrap() / seconds;
            eprintln!("{done} requests, {rate} a second, {} MiB", now / 1_024);
        }
    }
    let mut seen = BTreeMap::new();
    for sender in senders {
        for (status, times) in sender.await.unwrap() {
            *seen.entry(status).or_default() += times;
        }
    }
    if let Some(settled) = settled.filter(|_| count >= 2 * SETTLED) {
        let now = program.memory().1;
        eprintln!("{settled} KiB after {SETTLED} requests, {now} KiB after {count}");
        assert!(now * 10 <= settled * 11, "memory grew from {settled} to {now} KiB");
    }
    seen
}

fn asked_for<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

async fn withstands(count: usize) {
    let seed = asked_for("SEED").unwrap_or(1);
    let dir = DataDir::new("generated");
    run(&["migrate"], &dir.0);
    run(&["setup", PARTNERSHIP], &dir.0);
    let many = "100000000";
    let mut serve = command(
        &[
            "serve",
            "--mode",
            "development",
            "--listen",
            "127.0.0.1:0",
            "--client-requests-per-minute",
            many,
            "--agency-requests-per-minute",
            many,
        ],
        &dir.0,
    );
    // What it says of each request is not looked at here; what it says of a fault is.
    serve.env("LOG", "warn,escalation_tracker=info,escalation_tracker::http::request_layer=warn");
    let program = Program::of(serve);
    let url = program.url();
    let tokens: Vec<_> =
        ACTORS.iter().map(|it| run(&["token", "--client", it, "--hours", "24"], &dir.0)).collect();
    let world =
        World { operations: Operation::all(), tokens, may: who_may(), ids: Mutex::default() };
    let raised = Client::new()
        .post(format!("{url}/v1/escalations"))
        .bearer_auth(&world.tokens[0])
        .header("content-type", "application/json")
        .body(raise_body(json!({})).to_string())
        .send();
    assert_eq!(raised.await.unwrap().status(), 201, "somebody who may raises");
    let seen = send_all(&program, &url, &Arc::new(world), count, seed).await;
    eprintln!("{seen:?}");
    assert_eq!(seen.values().sum::<usize>(), count);
    // What was generated reaches far: much is done, and much is refused for each kind of reason.
    for (status, least) in
        [(200, 20), (201, 200), (400, 50), (401, 30), (403, 50), (404, 20), (422, 20)]
    {
        assert!(
            seen.get(&status).is_some_and(|times| times * least >= count),
            "few {status}: {seen:?}"
        );
    }
    let lines = program.stopped();
    let faults: Vec<_> =
        lines.iter().filter(|it| it.contains("panicked") || it.contains("alert=true")).collect();
    assert!(faults.is_empty(), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_requests_are_all_answered_and_none_by_a_fault() {
    withstands(super::support::thorough(3_000, 20_000)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes an hour: cargo test --release --test api -- --ignored a_million_requests --nocapture"]
async fn a_million_requests_leave_the_service_as_it_was() {
    let count = asked_for("REQUESTS");
    withstands(count.unwrap_or(1_000_000)).await;
}
