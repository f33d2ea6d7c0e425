//! The catalogue of bad inputs over HTTP: the exact answer, nothing stored, nothing echoed, and a service that lives on.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::bad_input_cases::{self as bodies, Case, Expected, MARKER, valid, with};
use super::bad_input_http_cases as http;
use super::support::TestApp;
use super::support::kept_log;
use super::support::people::Answer;
use super::support::tokens::Token;
use escalation_tracker::usecases::deps::Clock;

/// The number of rows of every table, in one query of somebody who sees them all.
pub async fn rows(client: &tokio_postgres::Client) -> Vec<i64> {
    let tables = client
        .query("select tablename::text from pg_tables where schemaname = 'public' order by 1", &[])
        .await
        .unwrap();
    assert!(tables.len() > 10);
    let counts: Vec<String> = tables
        .iter()
        .map(|row| format!("(select count(*) from {})", row.get::<_, String>(0)))
        .collect();
    let row = client.query_one(&format!("select array[{}]", counts.join(", ")), &[]).await.unwrap();
    row.get(0)
}

/// An error body has one shape, and repeats nothing that was sent.
pub fn assert_problem(answer: &Answer, place: &str) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{place}");
    assert_eq!(answer.header("cache-control"), "no-store", "{place}");
    assert!(!answer.text.contains(MARKER), "{place} echoes what was sent: {}", answer.text);
    let headers = format!("{:?}", answer.headers);
    assert!(!headers.contains(MARKER), "{place} echoes what was sent: {headers}");
    let body = answer.json.as_object().unwrap_or_else(|| panic!("{place}: {}", answer.text));
    let known = [
        "type",
        "title",
        "status",
        "code",
        "detail",
        "instance",
        "request_id",
        "errors",
        "truncated",
        "possible_acts",
    ];
    for name in body.keys() {
        assert!(known.contains(&name.as_str()), "{place}: {name}");
    }
    let code = body["code"].as_str().unwrap();
    assert_eq!(body["type"], format!("/problems/{code}"), "{place}");
    assert_eq!(body["status"], answer.status, "{place}");
    assert_eq!(body["request_id"], answer.header("x-request-id"), "{place}");
    assert!(body["instance"].as_str().unwrap().starts_with('/'), "{place}");
    for name in ["title", "detail"] {
        let text = body[name].as_str().unwrap();
        assert!(text.len() > 5, "{place}");
        for inner in ["panicked", "SELECT", "diesel", "serde", "deserr", "tokio", "src/"] {
            assert!(!text.contains(inner), "{place}: {text}");
        }
    }
    let errors = body.get("errors").map_or(&[][..], |errors| errors.as_array().unwrap());
    assert_eq!(
        errors.is_empty(),
        !["validation-failed", "invalid-parameter"].contains(&code),
        "{place}"
    );
    assert!(errors.len() <= 100, "{place}");
    for error in errors {
        let pointer = error["pointer"].as_str().unwrap();
        assert!(pointer.starts_with('#') || pointer.starts_with('?'), "{place}: {pointer}");
        assert!(
            error["code"].is_string() && error["detail"].as_str().unwrap().len() > 5,
            "{place}: {error}"
        );
    }
    assert!(
        errors.windows(2).all(|pair| pair[0]["pointer"].as_str() <= pair[1]["pointer"].as_str()),
        "{place}"
    );
}

/// Every bad input that can be said as data.
pub fn catalogue_cases() -> Vec<Case> {
    let cases = [
        bodies::json_text(),
        bodies::members(),
        bodies::texts(),
        http::framing(),
        http::queries(),
        http::instants(),
    ];
    cases.concat()
}

async fn send(app: &TestApp, case: &Case, id: &str) -> Answer {
    let (method, target) = case.request.split_once(' ').unwrap();
    let headers: Vec<(&str, &str)> =
        case.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    app.police().send(method, &target.replace("{id}", id), &headers, case.body.clone()).await
}

/// One fault, and no other.
pub fn assert_fault(answer: &Answer, slug: &str, pointer: &str, code: &str, place: &str) {
    let expected = (slug.to_owned(), vec![(pointer.to_owned(), code.to_owned())]);
    assert_eq!(answer.problem(), expected, "{place}: {}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_input_is_answered_as_the_catalogue_says_and_stores_nothing() {
    let app = TestApp::start().await;
    let client = app.database.superuser().await;
    let id = app.police().raises(json!({})).await;
    client
        .batch_execute(
            "update theme set valid_to = '2025-12-31' where code = 'governance_gap';
             update agency set valid_to = '2025-12-31' where code = 'health_community'",
        )
        .await
        .unwrap();
    app.deps.forget();
    kept_log::listen();
    let heard = [("x-request-id", "Zq7mark-heard-by-the-catalogue")];
    app.police().send(Method::GET, "/v1/escalations", &heard, "").await.expect(200);
    let mut before = rows(&client).await;
    let mut slugs = BTreeSet::new();
    for case in catalogue_cases() {
        let shown: String = String::from_utf8_lossy(&case.body).chars().take(200).collect();
        let place = format!("{} {} {:?} {shown}", case.number, case.request, case.headers);
        let answer = send(&app, &case, &id).await;
        if let Expected::Stored(members) = &case.expected {
            assert_stored(&app, &answer, members, &place).await;
            before = rows(&client).await;
            continue;
        }
        // TRACE and FOO, too: a refusal has a body.
        assert_problem(&answer, &place);
        match &case.expected {
            Expected::Problem(status, slug) => {
                assert_eq!(
                    (answer.status, answer.problem().0.as_str()),
                    (*status, *slug),
                    "{place}: {}",
                    answer.text
                );
            }
            Expected::Fault(pointer, code) => {
                assert_eq!(answer.status, 422, "{place}: {}", answer.text);
                assert_fault(&answer, "validation-failed", pointer, code, &place);
            }
            Expected::Parameter(pointer, code) => {
                assert_eq!(answer.status, 400, "{place}: {}", answer.text);
                assert_fault(&answer, "invalid-parameter", pointer, code, &place);
            }
            Expected::Stored(_) => unreachable!(),
        }
        match (answer.status, case.number) {
            (405, _) => assert_eq!(answer.header("allow"), "OPTIONS, GET, HEAD, PATCH", "{place}"),
            (415, "B32" | "B34") => {
                assert_eq!(answer.header("accept-encoding"), "identity", "{place}")
            }
            (415, _) if case.request.starts_with("PATCH") => {
                assert_eq!(
                    answer.header("accept-patch"),
                    "application/merge-patch+json",
                    "{place}"
                );
            }
            _ => {}
        }
        slugs.insert(answer.problem().0);
        assert_eq!(rows(&client).await, before, "{place} stored something");
    }
    assert_eq!(kept_log::marked_but_for(heard[0].1), Vec::<String>::new(), "logged");
    for slug in slugs {
        app.stranger().get(&format!("/problems/{slug}")).await.expect(200);
    }
}

/// What was accepted is read back as the answer said, with the members as they should be.
async fn assert_stored(
    app: &TestApp,
    answer: &Answer,
    members: &[(&'static str, Value)],
    place: &str,
) {
    assert_eq!(answer.status, 201, "{place}: {}", answer.text);
    let read = app.police().get(answer.header("location")).await.expect(200);
    // Only the answer to the raising says what else may be the same matter.
    let mut raised = answer.json.clone();
    raised.as_object_mut().unwrap().remove("possible_duplicates");
    assert_eq!(read.json, raised, "{place}");
    assert_eq!(read.header("etag"), answer.header("etag"), "{place}");
    for (at, value) in members {
        assert_eq!(read.json.pointer(at), Some(value), "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_150_faults_a_hundred_are_listed() {
    let app = TestApp::start().await;
    let mut body = valid();
    for number in 0..150 {
        body[format!("unknown_{number:03}")] = json!(MARKER);
    }
    let answer = app.police().post("/v1/escalations", &body).await.expect(422); // B28
    assert_problem(&answer, "150 faults");
    assert_eq!(answer.json["errors"].as_array().unwrap().len(), 100);
    assert_eq!(answer.json["truncated"], true);
    assert_eq!(answer.json["errors"][99]["pointer"], "#/unknown_099");
    body.as_object_mut().unwrap().retain(|name, _| !name.starts_with("unknown_1"));
    let answer = app.police().post("/v1/escalations", &body).await.expect(422);
    assert_eq!(answer.json["errors"].as_array().unwrap().len(), 100);
    assert!(answer.json.get("truncated").is_none());
}

/// 50 ms is the bound of an optimised build; without optimisation, on a shared machine, it is 20 times that.
#[tokio::test(flavor = "multi_thread")]
async fn huge_and_deep_bodies_are_refused_at_once_and_the_service_lives_on() {
    let app = TestApp::start().await;
    let bound = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 50 });
    let police = app.police();
    police.post("/v1/escalations", &json!({})).await.expect(422);
    let digits = with("/stage", json!("@@")).to_string().replace("\"@@\"", &"9".repeat(100_000));
    for body in [
        digits,
        "[".repeat(200_000),
        r#"{"a":["#.repeat(40_000),
        "[".repeat(262_143),
        "9".repeat(262_144),
    ] {
        let mut fastest = Duration::MAX;
        for _ in 0..3 {
            let started = Instant::now();
            let json = [("content-type", "application/json")];
            let answer =
                police.send(Method::POST, "/v1/escalations", &json, body.clone()).await.expect(400);
            fastest = fastest.min(started.elapsed());
            assert_problem(&answer, "a huge body");
        }
        assert!(fastest < bound, "{fastest:?}"); // B6, B10
        app.stranger().get("/livez").await.expect(200);
    }
    police.raises(json!({})).await;
}

/// Targets that no client library sends as they are, on a connection of their own.
async fn raw(app: &TestApp, request: &str) -> (u16, String) {
    let address = app.url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("{request}\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_lead_nowhere_but_where_they_say() {
    let app = TestApp::start().await;
    let token = Token::of("test-police").at(app.clock.now()).signed();
    for (number, target) in [
        ("B54", "/v1/escalations/../admin"),
        ("B54", "/v1/escalations/../reference/themes"),
        ("B54", "/v1/escalations/%2e%2e%2freference%2fthemes"),
        ("B54", "/v1/escalations/..%5creference"),
        ("B54", "/v1/escalations/%252e%252e%252freference"),
        ("B55", "/v1/escalations%00"),
        ("B55", "/v1/nothing/%zz"),
        ("B55", "/v1/nothing/%ff"),
        ("B55", "/v1/nothing/%c0%af"),
        ("B56", "/v1/nothing/{0190a1b2-0000-7000-8000-00000000000a}"),
        ("B64", "//v1/escalations"),
        ("B64", "/v1//escalations"),
        ("B64", "/v1/escalations//"),
    ] {
        let head = format!("GET {target} HTTP/1.1\r\nAuthorization: Bearer {token}");
        let (status, answer) = raw(&app, &head).await;
        // The parser itself refuses some with 400.
        assert!([400, 404].contains(&status), "{number} {target}: {answer}");
    }
    let head = format!("GET /v1/escalations HTTP/1.1\r\nAuthorization: Bearer {token}");
    assert_eq!(raw(&app, &head).await.0, 200);
}
