//! `webhook`: a receiver on the developer's machine gets what the service would send, without a door for it.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use escalation_tracker::usecases::deps::{Clock, SystemClock};
use serde_json::Value;

use super::support::program::{DataDir, Program, run};
use super::support::receiver::{Got, Receiver, Reply, ok};

const PROGRAM: &str = env!("CARGO_BIN_EXE_escalation-tracker");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Of the specification's examples.
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A service that may call this receiver, and the token of the police there.
struct Service {
    _program: Program,
    _dir: DataDir,
    url: String,
    token: String,
}

impl Service {
    fn start(receiver: &Receiver) -> Self {
        let dir = DataDir::new("webhook-command");
        run(&["setup", &format!("{ROOT}/examples/partnership.json")], &dir.0);
        let listed = receiver.address.to_string();
        let serve = ["serve", "--mode", "development", "--listen", "127.0.0.1:0"];
        let serve = [&serve[..], &["--webhook-allow-hosts", &listed]].concat();
        let program = Program::start(&serve, &dir.0);
        let url = program.url();
        let token = run(&["token", "--client", "example-police"], &dir.0);
        Self { _program: program, _dir: dir, url, token }
    }

    fn webhook(&self, words: &[&str]) -> Command {
        let mut command = webhook(words);
        command.env("ESCALATION_URL", &self.url).env("ESCALATION_TOKEN", &self.token);
        command
    }

    async fn post(&self, path: &str, body: &str) -> Value {
        let answer = reqwest::Client::new()
            .post(format!("{}{path}", self.url))
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 201, "{text}");
        serde_json::from_str(&text).unwrap()
    }
}

fn webhook(words: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("webhook").args(words).env("ESCALATION_WEBHOOK_KEY", KEY);
    // A proxy that leads nowhere: a receiver on this machine is not looked for behind it.
    command.env("HTTP_PROXY", "http://127.0.0.1:9").env("http_proxy", "http://127.0.0.1:9");
    command.env("NO_PROXY", "127.0.0.1").env_remove("ESCALATION_WEBHOOK_VERIFY_KEY");
    command
}

fn told(output: &Output) -> (Option<i32>, String) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// What came at a path, once so many have.
async fn arrived(receiver: &Receiver, path: &str, count: usize) -> Vec<Got> {
    let began = Instant::now();
    loop {
        let got = receiver.got();
        let at: Vec<Got> =
            got.into_iter().filter(|it| it.line.starts_with(&format!("POST {path} "))).collect();
        if at.len() >= count {
            return at;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{} of {count} at {path}", at.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_receiver_gets_byte_for_byte_what_the_service_sends() {
    let receiver = Receiver::good().await;
    let service = Service::start(&receiver);
    let at = |path: &str| format!("http://{}{path}", receiver.address);
    let endpoint = format!(r#"{{"url": "{}"}}"#, at("/real"));
    let endpoint = service.post("/v1/webhook-endpoints", &endpoint).await;

    let forward = at("/local");
    let listener = Program::of(service.webhook(&["listen", "--forward", &forward, "--count", "1"]));
    listener.wait_for("listening");
    let raise = std::fs::read_to_string(format!("{ROOT}/examples/raise.json")).unwrap();
    service.post("/v1/escalations", &raise).await;
    let local = arrived(&receiver, "/local", 1).await.remove(0);
    let real = arrived(&receiver, "/real", 1).await.remove(0);
    assert_eq!(local.body, real.body);
    assert_eq!(local.id(), real.id());
    assert_eq!(local.header("content-type"), real.header("content-type"));
    let now = SystemClock.now();
    let public = endpoint["keys"][0]["public_key"].as_str().unwrap();
    local.verify(&[KEY], now).unwrap();
    real.verify(&[public], now).unwrap();
    assert!(local.verify(&[public], now).is_err());
    let (code, lines) = listener.ended();
    assert_eq!(code, Some(0), "{lines:?}");
    let sequence = local.json()["sequence"].as_str().unwrap().to_owned();
    let position = sequence.trim_start_matches('0');
    let line = lines.iter().find(|line| line.contains("200 OK")).unwrap();
    assert!(line.starts_with(&format!("{position} escalation.raised ESC-")), "{line}");

    // Again: to the receiver here, and by the service to its endpoint, under the same identifier.
    let id = endpoint["id"].as_str().unwrap();
    let (code, text) = told(
        &service
            .webhook(&["resend", &sequence, "--forward", &forward, "--endpoint", id])
            .output()
            .unwrap(),
    );
    assert_eq!(code, Some(0), "{text}");
    for path in ["/local", "/real"] {
        let again = arrived(&receiver, path, 2).await;
        assert_eq!((&again[0].body, again[0].id()), (&again[1].body, again[1].id()), "{path}");
    }
    let (code, text) =
        told(&service.webhook(&["resend", "999", "--forward", &forward]).output().unwrap());
    assert_eq!(code, Some(1));
    assert!(text.contains("The feed has come to"), "{text}");

    // From the beginning, of one type, without a receiver: as lines for a script.
    let words =
        ["listen", "--after", "0", "--types", "escalation.raised", "--count", "1", "--json"];
    let output = service.webhook(&words).output().unwrap();
    let body = String::from_utf8(output.stdout).unwrap();
    assert_eq!(body.trim_end().as_bytes(), local.body);

    // A receiver that does not take it is named, and nobody is kept waiting by it.
    let broken = Receiver::start(|_, _| Reply::Status(500, Vec::new())).await;
    let words = ["listen", "--after", "0", "--count", "1", "--forward", &broken.url()];
    let (code, text) = told(&service.webhook(&words).output().unwrap());
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(&format!("webhook resend {position} --forward")), "{text}");
    let (code, text) =
        told(&service.webhook(&["listen", "--types", "escalation.vanished"]).output().unwrap());
    assert_eq!(code, Some(2));
    assert!(text.contains("known: escalation.raised, "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_message_is_verified_and_what_is_wrong_with_one_is_named() {
    let receiver = Receiver::start(|_, _| ok()).await;
    let url = receiver.url();
    let data = r#"{"reference": "ESC-ANY-2026-00007", "sequence": 12}"#;
    let (code, text) = told(
        &webhook(&["trigger", "clock.overdue", "--forward", &url, "--data", data])
            .output()
            .unwrap(),
    );
    assert_eq!(code, Some(0), "{text}");
    let got = arrived(&receiver, "/hook", 1).await.remove(0);
    assert_eq!(got.json()["data"]["reference"], "ESC-ANY-2026-00007");
    assert_eq!(got.json()["type"], "escalation-tracker.clock.overdue.v1");
    assert_eq!(got.json()["sequence"], format!("{:020}", 12));
    got.verify(&[KEY], SystemClock.now()).unwrap();
    for (words, expected) in [
        (vec!["--forward", &url, "--data", r#"{"child": 1}"#], "no message says \"child\""),
        (vec!["--forward", &url, "--data", r#"{"version": "x"}"#], "--data: version: "),
        (vec!["--forward", "http://hooks.example.org/"], "use http for this machine"),
        (vec!["--forward", "http://127.0.0.1:9/"], "no connection"),
    ] {
        let words = [vec!["trigger", "escalation.raised"], words].concat();
        let (code, text) = told(&webhook(&words).output().unwrap());
        assert_eq!(code, Some(1), "{words:?} {text}");
        assert!(text.contains(expected), "{words:?} {text}");
    }

    let verify = |key: &str, body: &[u8]| {
        let mut child = webhook(&["verify", "--key", key, "--id", got.id()])
            .args(["--timestamp", got.header("webhook-timestamp")])
            .args(["--signature", got.header("webhook-signature")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(body).unwrap();
        told(&child.wait_with_output().unwrap())
    };
    assert_eq!(verify(KEY, &got.body), (Some(0), "genuine\n".to_owned()));
    let (code, text) = verify(KEY, &[got.body.as_slice(), b"\n"].concat());
    assert_eq!(code, Some(1));
    assert!(text.contains("line break at its end"), "{text}");
    let (code, text) = verify("whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=", &got.body);
    assert_eq!(code, Some(1));
    assert!(text.contains("the key is not of this endpoint"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_shows_what_comes_and_whether_it_is_genuine() {
    let words = ["receive", "--listen", "127.0.0.1:0", "--key", KEY, "--count", "2"];
    let receiver = Program::of(webhook(&words));
    let line = receiver.wait_for("receiving at ").pop().unwrap();
    let url = line.split_whitespace().find(|it| it.starts_with("http")).unwrap();
    let url = url.trim_end_matches(';').to_owned();
    let unsigned = reqwest::Client::new().post(&url).body("{}").send().await.unwrap();
    assert_eq!(unsigned.status(), 401);
    let (code, text) =
        told(&webhook(&["trigger", "escalation.raised", "--forward", &url]).output().unwrap());
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("204 No Content"), "{text}");
    let (code, lines) = receiver.ended();
    assert_eq!(code, Some(0));
    assert!(lines[0].ends_with("not accepted: the header webhook-id is missing or malformed"));
    assert_eq!(lines[1], "{}");
    assert!(lines[2].ends_with(" genuine"), "{lines:?}");
    assert!(lines[3].contains("\"kind\":\"raised\""), "{lines:?}");
}
