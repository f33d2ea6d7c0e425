//! Bytes that no client library sends: framing, slow senders, those that go away, and headers that a proxy would add.

use std::time::{Duration, Instant};

use escalation_tracker::usecases::deps::Clock;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::bad_input::rows;
use super::bad_input_cases::{MARKER, valid};
use super::support::people::raise_body;
use super::support::program::{DataDir, Program, run};
use super::support::tokens::Token;
use super::support::{TestApp, kept_log, thorough};

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap()
}

/// What comes back until the service closes or falls silent, and whether it closed.
async fn answer(stream: &mut TcpStream, patience: Duration) -> (String, bool) {
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(patience, stream.read_to_end(&mut answer)).await;
    (String::from_utf8_lossy(&answer).into_owned(), reading.is_ok())
}

/// The statuses of the answers in what came back; 0 where there is none.
fn statuses(answer: &str) -> Vec<u16> {
    let all = answer.split("HTTP/1.1 ").skip(1);
    let all: Vec<u16> = all.map(|it| it.split(' ').next().unwrap().parse().unwrap()).collect();
    if all.is_empty() { vec![0] } else { all }
}

/// One case: its number, the bytes, the statuses of which one must be answered, and whether the connection must end.
type Case = (&'static str, String, &'static [u16], bool);

/// What would be answered if the bytes behind a request were taken for another one.
const SMUGGLED: &str = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";

fn cases(token: &str) -> Vec<Case> {
    let host = "Host: x\r\n";
    let who = format!("Authorization: Bearer {token}\r\n");
    let get = |target: &str, headers: &str| {
        format!("GET {target} HTTP/1.1\r\n{who}{headers}Connection: close\r\n\r\n")
    };
    let list = |headers: &str| get("/v1/reference/themes", &format!("{host}{headers}"));
    let body = valid().to_string();
    let post = |headers: &str, body: &str| {
        let json = "Content-Type: application/json\r\n";
        format!("POST /v1/escalations HTTP/1.1\r\n{host}{who}{json}{headers}\r\n{body}")
    };
    let length = body.len();
    let mut all: Vec<Case> = vec![
        ("", list(""), &[200], true),
        ("B31", post("Expect: 100-continue\r\nContent-Length: 262145\r\n", ""), &[100], true),
        (
            "B40",
            list(&(0..97).map(|n| format!("x-{n}: 1\r\n")).collect::<String>()),
            &[431, 400],
            true,
        ),
        ("B40", list(&format!("x-long: {}\r\n", "x".repeat(64 * 1024))), &[431, 400], true),
        (
            "B40",
            list(&format!("x-a: {MARKER}\r\n").repeat(90).replace(MARKER, &MARKER.repeat(230))),
            &[431, 400],
            true,
        ),
        (
            "B42",
            post(&format!("Content-Length: {length}\r\nContent-Length: 5\r\n"), &body),
            &[400],
            true,
        ),
        ("B42", post(&format!("Content-Length: +{length}\r\n"), &body), &[400], true),
        ("B42", post(&format!("Content-Length: {length},{length}\r\n"), &body), &[400], true),
        ("B42", post("Content-Length: -1\r\n", &body), &[400], true),
        ("B43", list("").replace("Host: x\r\n", ""), &[400], true),
        ("B43", get("/v1/reference/themes", &format!("{host}Host: y\r\n")), &[400], true),
        ("B43", get("/v1/reference/themes", &format!("{host}{host}")), &[400], true),
        ("B47", list(&format!("x-folded: a\r\n {MARKER}\r\n")), &[400], true),
        ("B47", list(&format!("x-nul: a\0{MARKER}\r\n")), &[400], true),
        ("B47", list(&format!("x-cr: a\r{MARKER}\r\n")), &[400], true),
        ("B47", list(&format!("x blank: {MARKER}\r\n")), &[400], true),
        ("B47", list("").replace("\r\n", "\n"), &[200], true),
        ("B48", format!("CONNECT x:443 HTTP/1.1\r\n{host}\r\n"), &[400, 404, 405, 501], false),
        ("B52", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), &[0, 400, 505], true),
        ("B52", list("Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"), &[200], true),
        ("B53", get("http://other.example/v1/reference/themes", host), &[400], true),
        (
            "B53",
            get("http://other.example/v1/reference/themes", "Host: other.example\r\n"),
            &[200],
            true,
        ),
        ("B53", get("//other.example/v1/reference/themes", host), &[404], true),
        (
            "B147",
            post("Content-Length: 52428801\r\n", "")
                .replace("application/json", "text/csv")
                .replace("/v1/escalations", "/v1/imports?source=niche&dry_run=false"),
            &[413],
            true,
        ),
    ];
    // Whatever of it is believed, what stands behind must never be a request of its own.
    let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n{SMUGGLED}");
    for headers in [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        "Transfer-Encoding: chunked, gzip\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".to_owned(),
        "Transfer-Encoding: \"chunked\"\r\n".to_owned(),
        "Transfer-Encoding: chun ked\r\n".to_owned(),
        "Transfer-Encoding:\u{b}chunked\r\n".to_owned(),
    ] {
        all.push(("B41", post(&headers, &chunked), &[400], true));
    }
    for size in ["", "g", "-1", "0x5", "1_0", " 5", "ffffffffffffffff0"] {
        let wrong = format!("{size}\r\n{body}\r\n0\r\n\r\n{SMUGGLED}");
        all.push(("B41", post("Transfer-Encoding: chunked\r\n", &wrong), &[400], true));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_proper_http_is_refused_and_stores_nothing() {
    let app = TestApp::start().await;
    kept_log::listen();
    let heard = [("x-request-id", "Zq7mark-heard-by-framing")];
    app.police().send(Method::GET, "/v1/escalations", &heard, "").await.expect(200);
    let client = app.database.superuser().await;
    let before = rows(&client).await;
    let token = Token::of("test-police").at(app.clock.now()).signed();
    let tries = cases(&token).into_iter().map(|(number, bytes, expected, ends)| {
        let app = &app;
        async move {
            let mut stream = connect(app).await;
            // It may close before all is written.
            let _ = stream.write_all(bytes.as_bytes()).await;
            let (text, closed) = answer(&mut stream, Duration::from_secs(2)).await;
            let sent: String = bytes.replace("Bearer ey", "").chars().take(60).collect();
            let got = statuses(&text);
            let mut wrong = Vec::new();
            if !expected.contains(&got[0]) {
                wrong.push(format!("{number} {sent:?}: {got:?} {text}"));
            }
            if number == "B31" && got != [100, 413] {
                wrong.push(format!("{number}: {text}"));
            }
            if got.len() > 1 && number != "B31" {
                wrong.push(format!("{number} {sent:?}: {} answers {text}", got.len()));
            }
            if ends && !closed {
                wrong.push(format!("{number} {sent:?}: left open after {text}"));
            }
            if text.contains(MARKER) {
                wrong.push(format!("{number} says again what was sent: {text}"));
            }
            wrong
        }
    });
    let wrong = join_all(tries).await.concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(rows(&client).await, before);
    assert_eq!(kept_log::marked_but_for(heard[0].1), Vec::<String>::new(), "logged");
    app.stranger().get("/livez").await.expect(200);
}

/// Sends one byte of it a second, and gives what is answered and after how long.
async fn slowly(app: &TestApp, at_once: &str, then: &str) -> (u16, Duration) {
    let mut stream = connect(app).await;
    let begun = Instant::now();
    stream.write_all(at_once.as_bytes()).await.unwrap();
    let (mut reads, mut writes) = stream.split();
    let read = async {
        let mut answer = Vec::new();
        let _ = reads.read_to_end(&mut answer).await;
        (String::from_utf8_lossy(&answer).into_owned(), begun.elapsed())
    };
    let write = async {
        for byte in then.as_bytes() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if writes.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let (text, elapsed) = tokio::select! { answer = read => answer, () = write => unreachable!() };
    (statuses(&text)[0], elapsed)
}

/// B44 and B45. The bounds are those of the service; a busy machine may take longer to see them pass.
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_slowly_is_cut_off_and_holds_up_nobody() {
    let app = TestApp::start().await;
    let client = app.database.superuser().await;
    let token = Token::of("test-police").at(app.clock.now()).signed();
    let before = rows(&client).await;
    let heads = join_all((0..thorough(50, 500)).map(|_| slowly(&app, "GET /", "livez HTTP/1.1")));
    let head = format!(
        "POST /v1/escalations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 200\r\n\r\n{{"
    );
    let bodies = join_all((0..5).map(|_| slowly(&app, &head, "\"desired_outcome\": \"")));
    let others = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..40 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let begun = Instant::now();
            app.health().get("/v1/reference/themes").await.expect(200);
            slowest = slowest.max(begun.elapsed());
        }
        slowest
    };
    let (heads, bodies, slowest) = tokio::join!(heads, bodies, others);
    for (status, after) in heads {
        assert_eq!(status, 408);
        assert!((4..12).contains(&after.as_secs()), "{after:?}");
    }
    for (status, after) in bodies {
        assert_eq!(status, 408);
        assert!((9..18).contains(&after.as_secs()), "{after:?}");
    }
    assert!(slowest < Duration::from_secs(4), "{slowest:?}");
    assert_eq!(rows(&client).await, before);
}

/// B46.
#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_has_stored_nothing_or_once() {
    let app = TestApp::start().await;
    let client = app.database.superuser().await;
    let token = Token::of("test-police").at(app.clock.now()).signed();
    let body = raise_body(json!({})).to_string();
    let head = format!(
        "POST /v1/escalations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Idempotency-Key: gone\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let before = rows(&client).await;
    for part in [0, 1, body.len() / 2, body.len() - 1] {
        let mut stream = connect(&app).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body.as_bytes()[..part]).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(rows(&client).await, before);

    for _ in 0..5 {
        let mut stream = connect(&app).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
    }
    // Whether it was stored or not, sending it again settles it.
    let headers = [("content-type", "application/json"), ("idempotency-key", "gone")];
    let again = loop {
        let again =
            app.police().send(Method::POST, "/v1/escalations", &headers, body.clone()).await;
        if again.status != 409 {
            break again.expect(201);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    tokio::time::sleep(Duration::from_millis(500)).await;
    let sql = "select count(*), min(id::text) from escalation";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, String>(1)), (1, again.id()));
}

/// B50 and B83: of what only a proxy may say, and of what a program calls itself, nothing is used, shown or kept.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_proxy_would_say_is_not_believed_from_anybody() {
    let app = TestApp::start().await;
    kept_log::listen();
    let (address, host) = ("203.0.113.77", "forged.example");
    let forwarded = format!("for={address};host={host};proto=https");
    let agent = format!("{MARKER} {{\"level\":\"ERROR\"}} %1b[31m");
    let forged = [
        ("x-forwarded-for", address),
        ("x-forwarded-host", host),
        ("x-forwarded-proto", "https"),
        ("x-real-ip", address),
        ("forwarded", &forwarded),
        ("client-cert", ":Zm9yZ2Vk:"),
        ("x-client-id", "test-director"),
        ("x-original-url", "/v1/themes/weekly"),
        ("x-rewrite-url", "/v1/themes/weekly"),
        ("user-agent", &agent),
        ("x-request-id", "Zq7mark-heard-from-a-proxy"),
    ];
    let id = app.police().raises(json!({})).await;
    for path in ["/v1/escalations?limit=1".to_owned(), format!("/v1/escalations/{id}")] {
        let plain = app.police().get(&path).await.expect(200);
        let answer = app.police().send(Method::GET, &path, &forged, "").await.expect(200);
        assert_eq!(answer.json, plain.json);
        let said = format!("{:?} {}", answer.headers, answer.text);
        assert!(!said.contains(address) && !said.contains(host), "{said}");
    }
    app.stranger().send(Method::GET, "/v1/escalations", &forged, "").await.expect(401);
    app.police().send(Method::GET, "/v1/themes/weekly", &forged, "").await.expect(403);
    let client = app.database.superuser().await;
    let sql = "select count(*) from access_event it
               where to_jsonb(it)::text like any (array['%203.0.113%', '%forged%', '%mark {%'])";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);
    assert_eq!(kept_log::marked_but_for("from-a-proxy"), Vec::<String>::new(), "logged");
}

/// What the catalogue asks of every refusal, of the program itself: its memory stays as it was, and its log tells nothing
/// of what was sent.
#[tokio::test(flavor = "multi_thread")]
async fn huge_deep_and_packed_bodies_leave_the_programs_memory_and_log_as_they_were() {
    let dir = DataDir::new("bad-bodies");
    run(&["setup", concat!(env!("CARGO_MANIFEST_DIR"), "/examples/partnership.json")], &dir.0);
    let serve = ["serve", "--mode", "development", "--listen", "127.0.0.1:0"];
    let program = Program::start(&serve, &dir.0);
    let url = program.url();
    let token = run(&["token", "--client", "example-police"], &dir.0);
    let http = reqwest::Client::new();
    let post = async |path: &str, kind: &str, coding: Option<&str>, body: Vec<u8>| {
        let mut request = http.post(format!("{url}{path}")).bearer_auth(&token).body(body);
        request = request.header("content-type", kind);
        if let Some(coding) = coding {
            request = request.header("content-encoding", coding);
        }
        // A body that is refused early may find the connection closed.
        request.send().await.map_or(413, |answer| answer.status().as_u16())
    };
    let json = "application/json";
    let digits = format!("{{\"{MARKER}\": {}}}", "9".repeat(100_000)).into_bytes();
    let packed = {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, &vec![b'x'; 51 * 1024 * 1024]).unwrap();
        packer.finish().unwrap()
    };
    let bodies = [
        (digits, 400),
        ("[".repeat(200_000).into_bytes(), 400),
        (r#"{"a":["#.repeat(40_000).into_bytes(), 400),
        (MARKER.repeat(200_000).into_bytes(), 413),
        (format!("\"{MARKER}").into_bytes(), 400),
    ];
    let round = async || {
        let plain = bodies.iter().map(|(body, status)| async {
            assert_eq!(post("/v1/escalations", json, None, body.clone()).await, *status);
        });
        join_all(plain).await;
        assert_eq!(post("/v1/escalations", json, Some("gzip"), packed.clone()).await, 415);
    };
    round().await;
    let (_, before) = program.memory();
    for _ in 0..thorough(10, 100) {
        round().await;
    }
    let (_, after) = program.memory();
    assert!(after < before + 20 * 1024, "{before} KiB, then {after} KiB");
    // Files may be larger, so that several at once need more for a time.
    let path = "/v1/imports?source=niche";
    let files = (0..4).map(|_| post(path, "text/csv", Some("gzip"), packed.clone()));
    assert_eq!(join_all(files).await, [413; 4]);
    let (most, _) = program.memory();
    assert!(most < 512 * 1024, "{most} KiB");
    eprintln!("{before} KiB before, {after} KiB after, {most} KiB at most");
    let log = program.stopped();
    let requests = log.iter().filter(|line| line.contains("request_id")).count();
    assert!(requests > 60, "{requests} lines of requests: {log:?}");
    let told: Vec<_> = log.iter().filter(|line| line.contains(MARKER)).collect();
    assert!(told.is_empty(), "{told:?}");
}
