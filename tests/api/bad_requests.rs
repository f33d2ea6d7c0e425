//! Requests that go wrong before or beside the body: framing, paths, parameters, versions, states.

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::contract::is_a_problem;
use super::support::TestApp;
use super::support::people::resolve_body;
use super::support::tokens::Token;

/// Sends bytes as they are, and gives all that comes back until the service closes or falls silent.
async fn raw(app: &TestApp, bytes: &str) -> String {
    let address = app.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(std::time::Duration::from_millis(700), reading).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_however_it_is_framed() {
    let app = TestApp::start().await;
    let token = Token::of("test-police").at(super::support::START.parse().unwrap()).signed();
    let head = format!(
        "POST /v1/escalations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\n"
    );
    // B29: the announced length is enough to know.
    let announced = raw(&app, &format!("{head}Content-Length: 262145\r\n\r\n{{")).await;
    assert!(announced.starts_with("HTTP/1.1 413"), "{announced}");
    // B30: chunks without a length.
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000)).repeat(5);
    let chunked = raw(&app, &format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}")).await;
    assert!(chunked.starts_with("HTTP/1.1 413"), "{chunked}");
    for answer in [announced, chunked] {
        assert!(answer.contains("\"code\":\"payload-too-large\""), "{answer}");
        assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_read_strictly() {
    let app = TestApp::start().await;
    let all = "/v1/escalations";
    let cases = [
        // B58
        "?limit=0",
        "?limit=-1",
        "?limit=201",
        "?limit=abc",
        "?limit=1e2",
        "?limit=",
        "?limit=+5",
        "?limit=5&limit=5",
        "?unknown=1",
        "?LIMIT=5",
        "?status=raised&status=raised",
        "?&x",
        // B61
        "?sort=raised_at;drop%20table",
        "?filter[x]=1)or(1=1",
        "?sort=NEWEST_FIRST",
        // B63
        "?child_reference=SYN100234",
        "?child_reference.value=SYN100234",
        "?raised_from=yesterday",
        "?raised_from=2026-11-18T10:00:00",
        "?overdue=yes",
        "?stage=x",
        "?status=Raised",
        "?theme=%ff",
        "?theme=%zz",
        "?theme=%00",
    ];
    for query in cases {
        let path = format!("{all}{query}");
        let answer = app.police().get(&path).await;
        assert_eq!(answer.status, 400, "{query} {}", answer.text);
        assert_eq!(answer.problem().0, "invalid-parameter", "{query}");
        assert!(!answer.problem().1.is_empty(), "{query}");
        is_a_problem(&answer, &path);
    }
    // B62
    for query in [
        "from_week=2026-W47&to_week=2026-W46",
        "from_week=2025-W01&to_week=2026-W47",
        "from_week=2025-W53",
        "from_week=2026-W54",
        "from_week=2026-W00",
        "from_week=2026-47",
        "from_week=2026-W1",
        "from_week=2026-w47",
    ] {
        let answer = app.director().get(&format!("/v1/themes/weekly?{query}")).await;
        assert_eq!(answer.status, 400, "{query} {}", answer.text);
        assert_eq!(answer.problem().0, "invalid-parameter", "{query}");
    }
    for query in ["subject=%00", "subject=a%00b", "from=%00"] {
        let answer = app.person("test-auditor").get(&format!("/v1/access-events?{query}")).await;
        assert_eq!(
            (answer.status, answer.problem().0.as_str()),
            (400, "invalid-parameter"),
            "{query}"
        );
    }
    // 2026 has a week 53.
    let good = "/v1/themes/weekly?from_week=2026-W46&to_week=2026-W47";
    app.director().get(good).await.expect(200);
    app.police().get("/v1/reference/themes?x=1").await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_have_one_spelling() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    // B53 to B55, B64
    for path in [
        "/v1/escalations/",
        "//v1/escalations",
        "/v1//escalations",
        "/v1/escalations;x=1",
        "/v1/Escalations",
        "/V1/escalations",
        "/v1/escalations/%2e%2e%2fadmin",
        "/v1/escalations/..%5cadmin",
        "/v1/escalations/%252e%252e%252f",
        "/v1/escalations/%00",
        "/v1/escalations/%ff",
        "/v1/escalations/%C0%AF",
        "/admin",
        "/metrics",
        "/debug",
        "/internal",
        &format!("/v1/escalations/{id}/"),
        &format!("/v1/escalations/{id}/events/"),
        &format!("/v1/escalations/{id}/no-such-act"),
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
            Token::of("test-police").at(super::support::START.parse().unwrap()).signed()
        );
        let answer = raw(&app, &request).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path} {answer}");
        assert!(answer.contains("\"code\":\"not-found\""), "{path} {answer}");
    }
    let dots =
        raw(&app, "GET /v1/escalations/../admin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await;
    assert!(dots.starts_with("HTTP/1.1 404") || dots.starts_with("HTTP/1.1 401"), "{dots}");
    let percent =
        raw(&app, "GET /v1/escalations/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(
        ["400", "401", "404"].iter().any(|it| percent.starts_with(&format!("HTTP/1.1 {it}"))),
        "{percent}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_good_for_one_caller_one_list_and_one_day() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        app.police().raises(json!({})).await;
    }
    let first = app.police().get("/v1/escalations?limit=1").await.expect(200);
    let next = first.json["links"]["next"].as_str().unwrap().to_owned();
    app.police().get(&next).await.expect(200);
    let (start, cursor) = next.split_once("cursor=").unwrap();

    let mut bytes = cursor.as_bytes().to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(bytes).unwrap();
    for (path, by) in [
        (format!("{start}cursor={altered}"), app.police()),
        (format!("{start}cursor={}", &cursor[..cursor.len() - 2]), app.police()),
        (format!("{start}cursor={}", "A".repeat(4_000)), app.police()),
        (format!("{start}cursor="), app.police()),
        (format!("{start}status=raised&cursor={cursor}"), app.police()),
        (format!("{start}sort=oldest_first&cursor={cursor}"), app.police()),
        (format!("/v1/clocks?limit=1&cursor={cursor}"), app.police()),
        (next.clone(), app.childrens_services()),
        (next.clone(), app.director()),
    ] {
        let answer = by.get(&path).await;
        assert_eq!(answer.status, 400, "{path} {}", answer.text);
        assert_eq!(answer.problem().0, "invalid-cursor", "{path}");
    }
    app.clock.advance(jiff::SignedDuration::from_hours(25));
    let late = app.police().get(&next).await.expect(410); // B60
    assert_eq!(late.problem().0, "cursor-expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_says_which_version_it_corrects() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let path = format!("/v1/escalations/{id}");
    let body = json!({"urgency": "urgent", "reason": "A sibling was born."}).to_string();
    let patch = async |tag: &[&str], body: &str| {
        let mut headers = vec![("content-type", "application/merge-patch+json")];
        headers.extend(tag.iter().map(|tag| ("if-match", *tag)));
        app.police().send(Method::PATCH, &path, &headers, body.to_owned()).await
    };
    // B94, B95
    for (tags, status, code) in [
        (vec![], 428, "precondition-required"),
        (vec!["*"], 428, "precondition-required"),
        (vec!["\"0\""], 412, "precondition-failed"),
        (vec!["\"2\""], 412, "precondition-failed"),
        (vec!["W/\"1\""], 412, "precondition-failed"),
        (vec!["W/W/\"1\""], 400, "invalid-header"),
        (vec!["\"x\""], 412, "precondition-failed"),
        (vec!["\"99999999999999999999\""], 412, "precondition-failed"),
        (vec!["1"], 400, "invalid-header"),
        (vec!["\"1"], 400, "invalid-header"),
        (vec!["\"1\", \"2\""], 400, "invalid-header"),
        (vec!["\"1\"", "\"1\""], 400, "invalid-header"),
        (vec![""], 400, "invalid-header"),
    ] {
        let answer = patch(&tags, &body).await;
        assert_eq!(answer.status, status, "{tags:?} {}", answer.text);
        assert_eq!(answer.problem().0, code, "{tags:?}");
    }
    // B96
    for (body, pointer, code) in [
        (json!({"urgency": "urgent", "reason": null}), "#/reason", "required"),
        (json!({"urgency": null, "reason": "Because it must."}), "#/urgency", "required"),
        (json!({"id": null, "reason": "Because it must."}), "#/id", "read_only_field"),
        (
            json!({"status": "resolved", "reason": "Because it must."}),
            "#/status",
            "read_only_field",
        ),
        (json!({"urgency": "urgent"}), "#/reason", "required"),
    ] {
        let answer = patch(&["\"1\""], &body.to_string()).await.expect(422);
        let wanted = (pointer.to_owned(), code.to_owned());
        assert!(answer.problem().1.contains(&wanted), "{body} {}", answer.text);
    }
    patch(&["\"1\""], &body).await.expect(200);
    patch(&["\"1\""], &body).await.expect(412);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_state_does_not_allow_is_refused_with_what_it_does() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let act = |name: &str| format!("/v1/escalations/{id}/{name}");
    // B97, told by those who may do the act in another state, or never on this escalation.
    let early = app.childrens_services().post(&act("resolution"), &resolve_body()).await;
    assert_eq!(
        early.expect(409).json["possible_acts"],
        json!([
            "acknowledge",
            "decline",
            "redirect",
            "answer",
            "state",
            "propose_extension",
            "note"
        ])
    );
    app.police()
        .post(&act("answers"), &json!({"position": "agreed", "answer": "Yes."}))
        .await
        .expect(409);
    app.childrens_services().agrees(&id).await;
    app.police().accepts(&id).await;
    app.police().post(&act("resolution"), &resolve_body()).await.expect(409);
    app.childrens_services().resolves(&id).await;
    for (by, name, body) in [
        (app.childrens_services(), "resolution", resolve_body()),
        (app.police(), "advance", json!({"reason": "It is late."})),
        (app.police(), "withdrawal", json!({"why": "other", "reason": "It is over."})),
        (app.police(), "acceptance", json!({})),
        (app.childrens_services(), "reopening", json!({"reason": "It is not over."})),
    ] {
        let answer = by.post(&act(name), &body).await;
        assert_eq!(answer.status, 409, "{name} {}", answer.text);
        assert_eq!(answer.problem().0, "invalid-transition", "{name}");
        assert!(answer.json["possible_acts"].is_array(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sending_finds_the_first() {
    let app = TestApp::start().await;
    let sent = json!({"source": "niche", "external_reference": "OCC-1"});
    let id = app.police().raises(sent.clone()).await;
    let again = super::support::people::raise_body(sent.clone());
    let answer = app.police().post("/v1/escalations", &again).await.expect(409); // B93
    assert_eq!(answer.problem().0, "duplicate-external-reference");
    assert_eq!(answer.header("location"), format!("/v1/escalations/{id}"));
    // Another agency has references of its own: what the police use tells it nothing.
    let other = app.health().post("/v1/escalations", &again).await.expect(201);
    assert_ne!(other.id(), id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_kept_when_it_is_plain_and_made_when_it_is_not() {
    let app = TestApp::start().await;
    for (sent, kept) in [
        ("req_00000001", true),
        ("a-B_9a-B_9", true),
        (&"x".repeat(64), true),
        (&"x".repeat(65), false),
        ("short", false),
        ("with space", false),
        ("semi;colon", false),
        ("{\"a\":\"json\"}", false),
        ("", false),
    ] {
        let headers = [("x-request-id", sent)];
        let answer = app.stranger().send(Method::GET, "/livez", &headers, "").await.expect(200);
        assert_eq!(answer.header("x-request-id") == sent, kept, "{sent}");
        assert!(answer.header("x-request-id").len() >= 8, "{sent}");
    }
}
