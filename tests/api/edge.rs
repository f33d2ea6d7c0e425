//! The edge: what every answer says to a browser, how a message is bounded, what nobody can say for an intermediary, what
//! never stands in an address, and what the log says of who came.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use escalation_tracker::http::auth::doors::{Doors, Way};
use escalation_tracker::http::limits::Quotas;
use escalation_tracker::usecases::{registry, reports};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::sessions::signed_in;
use super::support::TestApp;
use super::support::browser::Browser;
use super::support::operations::Operation;
use super::support::people::{Answer, raise_body};
use super::support::program::{DataDir, Program, command, run};
use super::support::tokens::ISSUER;

/// Doors where everybody is whom they choose among the tests' clients.
fn choice(public_url: Option<&str>) -> Doors {
    let way = Way::Choice { issuer: ISSUER.to_owned() };
    Doors::new(way, public_url.map(str::to_owned), "ANY".to_owned())
}

/// One answer of each kind.
async fn one_of_each(app: &TestApp) -> Vec<(&'static str, Answer)> {
    let (police, anybody) = (app.police(), app.stranger());
    let id = police.raises(json!({})).await;
    let one = format!("/v1/escalations/{id}");
    vec![
        ("an operation", police.get(&one).await.expect(200)),
        ("a table", police.get_csv("/v1/escalations").await.expect(200)),
        ("a refusal", police.get("/v1/escalations/x").await.expect(404)),
        ("a refused body", police.post("/v1/escalations", &json!({"x": 1})).await.expect(422)),
        ("nobody", anybody.get(&one).await.expect(401)),
        ("no operation", anybody.get("/nothing").await.expect(404)),
        ("a method", anybody.send(Method::TRACE, &one, &[], "").await.expect(405)),
        ("an address", anybody.get(&format!("/{}", "x".repeat(9_000))).await.expect(414)),
        ("health", anybody.get("/livez").await.expect(200)),
        ("the contract", anybody.get("/openapi.json").await.expect(200)),
        ("a problem's page", anybody.get("/problems/not-found").await.expect(200)),
        ("reports", anybody.get("/odata/v1/").await.expect(401)),
        ("the reference", anybody.get("/docs/").await.expect(200)),
        ("to try", anybody.get("/docs/try/").await.expect(200)),
        ("sign-in", anybody.get("/auth/login").await.expect(200)),
        ("a page", Browser::new().get(&format!("{}/review", app.url)).await.expect(303)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_can_be_framed_kept_guessed_at_or_read_from_elsewhere() {
    let app = TestApp::start_with_doors(TestApp::usual, |_| choice(None)).await;
    for (what, answer) in one_of_each(&app).await {
        let policy = answer.header("content-security-policy");
        for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{what}: {policy}");
        }
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{what}: {name}");
        }
        let kept = answer.header("cache-control");
        assert!(
            kept.contains("no-store") || what == "the contract" || what == "to try",
            "{what}: {kept}"
        );
        assert!(!answer.header("referrer-policy").is_empty(), "{what}");
        for name in
            ["server", "x-powered-by", "access-control-allow-origin", "strict-transport-security"]
        {
            assert_eq!(answer.header(name), "", "{what}: {name}");
        }
        if !answer.text.is_empty() {
            let kind = answer.header("content-type");
            let says = kind.contains("charset=utf-8") || kind.contains("json");
            assert!(says, "{what}: {kind}");
        }
    }
    let elsewhere =
        [("origin", "https://elsewhere.example"), ("access-control-request-method", "GET")];
    for method in [Method::GET, Method::OPTIONS] {
        let answer = app.police().send(method, "/v1/escalations", &elsewhere, "").await;
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_browsers_come_by_tls_they_are_told_to_for_a_year() {
    let public = Some("https://escalations.example");
    let app = TestApp::start_with_doors(TestApp::usual, |_| choice(public)).await;
    for (what, answer) in one_of_each(&app).await {
        let said = answer.header("strict-transport-security");
        assert_eq!(said, "max-age=31536000; includeSubDomains", "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_intermediary_says_cannot_be_said_for_it() {
    let app = TestApp::start_with_doors(TestApp::usual, |_| choice(None)).await;
    let police = app.police();
    let id = police.raises(json!({})).await;
    let path = format!("/v1/escalations/{id}");
    let plain = police.get(&path).await.expect(200);
    let review = format!("{}/review", app.url);
    for (name, value) in [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("x-forwarded-host", "elsewhere.example"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "for=127.0.0.1;host=elsewhere.example;proto=http"),
        ("x-original-url", "/v1/reference/themes"),
        ("x-rewrite-url", "/v1/reference/themes"),
        ("x-http-method-override", "DELETE"),
        ("x-user-id", "test-director"),
        ("x-client-cert", "test-director"),
    ] {
        // Nor is anybody led from plain http to another address: whoever calls an operation in clear has to notice.
        let answer = police.send(Method::GET, &path, &[(name, value)], "").await.expect(200);
        assert_eq!(answer.text, plain.text, "{name}");
        let answer = app.stranger().send(Method::GET, &path, &[(name, value)], "").await;
        assert_eq!(answer.status, 401, "{name}");
        let page = Browser::new().send(Method::GET, &review, &[(name, value)], &[]).await;
        assert_eq!(
            (page.status, page.header("location")),
            (303, "/auth/login?return_to=%2Freview")
        );
    }
}

/// Everything that the service answers to these bytes, until it closes the connection.
async fn raw(app: &TestApp, bytes: &str) -> String {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_message_ends_is_read_in_one_way_only() {
    let app = TestApp::start().await;
    let post = |framing: &str, body: &str| {
        format!("POST /v1/escalations HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n{body}")
    };
    let second = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for framing in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: +5",
        "Content-Length: -1",
        "Content-Length: 5, 5",
        "Content-Length: 0x5",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked, identity",
    ] {
        let answer = raw(&app, &(post(framing, "0\r\n\r\n") + second)).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{framing:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{framing:?}: {answer}");
    }
    // RFC 9112, section 6.3: of both, the coding counts; the length would swallow the second request.
    let both = "Content-Length: 60\r\nTransfer-Encoding: chunked";
    let answer = raw(&app, &(post(both, "0\r\n\r\n") + second)).await;
    let answers: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).map(|it| &it[..3]).collect();
    assert!([vec!["400"], vec!["401", "200"]].contains(&answers), "{answer}");
}

/// The parameters of paths and queries. Whoever adds one says here that it tells of no child and holds no text and no key.
const IN_ADDRESSES: &[&str] = &[
    "about_agency",
    "action_id",
    "after",
    "after_row",
    "agency",
    "as_of",
    "before",
    "by_agency",
    "client_id",
    "clock_id",
    "counted",
    "cursor",
    "dry_run",
    "due_from",
    "due_to",
    "ended_from",
    "ended_to",
    "endpoint_id",
    "erasure_id",
    "escalation_id",
    "excel",
    "excluded",
    "external_id",
    "external_reference",
    "from",
    "from_week",
    "group",
    "group_by",
    "hold_id",
    "id",
    "import_id",
    "in_time",
    "kind",
    "learning_id",
    "limit",
    "mode",
    "next_due_clock",
    "next_due_from",
    "next_due_to",
    "occurred_from",
    "occurred_to",
    "open_at",
    "opened_from",
    "opened_to",
    "overdue",
    "overdue_at",
    "profile",
    "purpose",
    "quarter",
    "raised_by_agency",
    "raised_from",
    "raised_to",
    "raised_with_agency",
    "raw",
    "rebase_id",
    "received_late",
    "record_id",
    "reopened",
    "resolved",
    "same_day",
    "sequence",
    "slug",
    "sort",
    "source",
    "stage",
    "state",
    "status",
    "subject",
    "theme",
    "to",
    "to_week",
    "told_from",
    "told_to",
    "types",
    "urgency",
    "version",
    "wait",
    "week",
];

#[test]
fn nothing_about_a_child_stands_in_an_address() {
    let mut unknown = BTreeSet::new();
    for operation in Operation::all() {
        for it in operation.document["parameters"].as_array().into_iter().flatten() {
            let name = it["name"].as_str().unwrap();
            assert!(["path", "query", "header"].contains(&it["in"].as_str().unwrap()), "{name}");
            if it["in"] != "header" && !IN_ADDRESSES.contains(&name) {
                unknown.insert(format!("{} {name}", operation.id));
            }
        }
    }
    assert!(unknown.is_empty(), "what these parameters can hold is not judged yet: {unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_reports_count_against_what_a_client_may_ask() {
    let few = NonZeroU32::new(5).unwrap();
    let change = |state: escalation_tracker::http::state::AppState, _: &str| {
        state.with_limits(Quotas { client: few, agency: few }).with_doors(choice(None))
    };
    let app = TestApp::start_as(TestApp::usual, change).await;

    let mut browser: Browser = signed_in(&app, "test-director").await;
    let mut said = Vec::new();
    for _ in 0..8 {
        said.push(browser.get(&format!("{}/account", app.url)).await);
    }
    assert!(said[..5].iter().all(|it| it.status == 200));
    let refused = said.last().unwrap();
    assert_eq!(refused.status, 429);
    assert!(refused.text.starts_with("<!DOCTYPE html>"), "{}", refused.text);

    let analyst = registry::find(&app.deps, ISSUER, "test-analyst").await.unwrap().unwrap();
    let (token, secret) = reports::create_token(&app.deps, &analyst, 90).await.unwrap();
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", token.id)));
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let headers = [("authorization", basic.as_str())];
        let answer = app.stranger().send(Method::GET, "/odata/v1/", &headers, "").await;
        if answer.status == 429 {
            assert_eq!(answer.header("retry-after"), "5");
            assert_eq!(answer.json["error"]["code"], "rate_limited");
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses[..5], [200; 5]);
    assert_eq!(statuses[7], 429, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_who_came_and_who_was_refused_and_nothing_that_was_sent() {
    const MARKER: &str = "Zq7mark";
    let dir = DataDir::new("log");
    let setup = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/partnership.json");
    run(&["setup", setup], &dir.0);
    let serve =
        ["serve", "--mode", "development", "--listen", "127.0.0.1:0", "--partnership", "ANY"];
    let mut serve = command(&serve, &dir.0);
    serve.env("LOG_FORMAT", "json");
    let program = Program::of(serve);
    let url = program.url();
    let token = run(&["token", "--client", "example-police"], &dir.0);
    let http = reqwest::Client::new();
    let send = async |method: Method, path: &str, token: &str, id: &str, body: Value| {
        let request = http.request(method, format!("{url}{path}")).bearer_auth(token);
        let request = request.header("x-request-id", id).header("user-agent", MARKER);
        let request = request.header("content-type", "application/json");
        request.body(body.to_string()).send().await.unwrap().status().as_u16()
    };
    let concern =
        format!("{MARKER}\r\n\u{1b}[31m{{\"level\":\"ERROR\"}} nobody has called for four days");
    let raised = raise_body(json!({"concern": concern, "external_reference": MARKER}));
    assert_eq!(
        send(Method::POST, "/v1/escalations", &token, "raised-00", raised.clone()).await,
        422
    );
    let raised = raise_body(json!({"concern": format!("{MARKER} nobody has called")}));
    assert_eq!(send(Method::POST, "/v1/escalations", &token, "raised-01", raised).await, 201);
    let bad = json!({MARKER: MARKER});
    assert_eq!(send(Method::POST, "/v1/escalations", &token, "refused-01", bad).await, 422);
    let path = "/v1/escalations/0190a1b2-0000-7000-8000-00000000000a";
    assert_eq!(send(Method::GET, path, &token, "missing-01", json!({})).await, 404);
    let path = format!("/{MARKER}/{MARKER}?{MARKER}={MARKER}");
    assert_eq!(send(Method::GET, &path, &token, "nowhere-01", json!({})).await, 404);
    assert_eq!(
        send(Method::GET, "/v1/themes/weekly", &token, "forbidden-01", json!({})).await,
        403
    );
    let made_up = format!("{token}{MARKER}");
    assert_eq!(send(Method::GET, "/v1/escalations", &made_up, "unknown-01", json!({})).await, 401);
    let form = [("client_id", "example-director"), ("return_to", "/account")];
    let form = form.map(|(name, value)| format!("{name}={value}")).join("&");
    let entered = http.post(format!("{url}/auth/choice")).header("x-request-id", "entered-01");
    let entered = entered.header("content-type", "application/x-www-form-urlencoded").body(form);
    assert_eq!(entered.send().await.unwrap().status(), 200);
    assert_eq!(send(Method::GET, "/livez", &token, "the-end-01", json!({})).await, 200);

    let written = program.wait_for("the-end-01");
    program.stop();
    let text = written.join("\n");
    assert!(!text.contains(MARKER) && !text.contains(&token) && !text.contains('\u{1b}'), "{text}");
    let lines: Vec<Value> = written.iter().filter_map(|it| serde_json::from_str(it).ok()).collect();
    let of =
        |id: &str| -> Vec<&Value> { lines.iter().filter(|it| it["request_id"] == *id).collect() };
    for (id, status) in [
        ("raised-01", 201),
        ("refused-01", 422),
        ("missing-01", 404),
        ("nowhere-01", 404),
        ("forbidden-01", 403),
        ("unknown-01", 401),
        ("entered-01", 200),
    ] {
        let line = of(id).into_iter().find(|it| it["message"] == "request");
        let line = line.unwrap_or_else(|| panic!("no line of {id}\n{text}"));
        assert_eq!(line["status"], status, "{id}");
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        let known = !["nowhere-01", "unknown-01", "entered-01"].contains(&id);
        assert_eq!(line["client"] != "-", known, "{line}");
    }
    let said = |id: &str, message: &str| of(id).iter().any(|it| it["message"] == message);
    assert!(said("unknown-01", "token refused"), "{text}");
    assert!(said("entered-01", "signed in"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_not_the_databases_is_told() {
    let app = TestApp::start().await;
    // The tests' clock stands still in another week than that of PostgreSQL.
    let ready = app.stranger().get("/readyz").await;
    let clock = ready.json["checks"].as_array().unwrap().iter().find(|it| it["name"] == "clock");
    assert_eq!((ready.status, &clock.unwrap()["status"]), (503, &json!("failed")));
    let sql =
        "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
    let row = app.database.superuser().await.query_one(sql, &[]).await.unwrap();
    app.clock.set(row.get(0));
    let ready = app.stranger().get("/readyz").await;
    let clock = ready.json["checks"].as_array().unwrap().iter().find(|it| it["name"] == "clock");
    assert_eq!(clock.unwrap()["status"], "ok", "{}", ready.text);
}
