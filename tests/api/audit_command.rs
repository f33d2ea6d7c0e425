//! `audit` at a terminal, and the verifier that stands alone: each with the exit status that says what does not hold.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use escalation_tracker::http::import_rows::ContractRows;
use escalation_tracker::usecases::checkpoints;
use escalation_tracker::worker::Worker;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::layers::root;
use super::support::TestApp;
use super::support::node::python_ready;
use super::support::program::{DataDir, command};
use super::tampers::signed;

/// Runs `audit` on the database of a test; its exit status and what it printed.
fn audit(app: &TestApp, dir: &Path, arguments: &[&str]) -> (i32, String) {
    let secret = dir.join("root");
    std::fs::write(&secret, STANDARD.encode([7; 32])).unwrap();
    let all: Vec<&str> = ["audit"].iter().chain(arguments).copied().collect();
    let output = command(&all, dir)
        .env("DATABASE_URL", app.database.url("escalation_app"))
        .env("ROOT_SECRET_FILE", &secret)
        .env("PARTNERSHIP", "ANY")
        .output()
        .unwrap();
    told(&output)
}

fn told(output: &Output) -> (i32, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout) + &text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_and_the_verifier_that_stands_alone_say_the_same() {
    let (app, _) = signed().await;
    tokio::task::spawn_blocking(python_ready).await.unwrap();
    let dir = DataDir::new("audit");
    let (code, key) = audit(&app, &dir.0, &["key"]);
    assert_eq!(code, 0, "{key}");
    let key = key.trim();
    assert!(key.starts_with(&format!("escalation-tracker/{}+", app.partnership)), "{key}");

    // Somebody outside keeps what every agency may fetch.
    let witness = dir.0.join("witness");
    std::fs::create_dir(&witness).unwrap();
    let answer = app.health().get("/v1/checkpoints?after=0&limit=1").await.expect(200);
    assert_eq!(answer.json["key"], key);
    assert_eq!(answer.json["items"].as_array().unwrap().len(), 1);
    let answer = app.health().get("/v1/checkpoints").await.expect(200);
    for it in answer.json["items"].as_array().unwrap() {
        let file = witness.join(format!("{}.checkpoint", it["number"]));
        std::fs::write(file, it["note"].as_str().unwrap()).unwrap();
    }
    let outside = witness.to_str().unwrap();
    let whole = ["verify", "--public-key", key, "--checkpoints", outside];
    let (code, text) = audit(&app, &dir.0, &whole);
    assert_eq!(code, 0, "{text}");
    assert!(text.ends_with("everything holds\n"), "{text}");
    assert!(text.contains("5 escalations are compared"), "{text}");
    assert!(!text.contains("no --"), "nothing is left to warn of: {text}");
    let (code, text) = audit(&app, &dir.0, &["verify", "--chains-only"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("no --public-key") && text.contains("no --checkpoints"), "{text}");
    let other = key.replace(&key[key.len() - 6..], "AAAAA=");
    let (code, text) = audit(&app, &dir.0, &["verify", "--public-key", &other]);
    assert_eq!(code, 1, "a mistake in typing is no finding: {text}");

    let file = dir.0.join("record.ndjson");
    let (code, text) = audit(&app, &dir.0, &["export", "--to", file.to_str().unwrap()]);
    assert_eq!(code, 0, "{text}");
    let lines: Vec<String> =
        std::fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    assert!(!lines.concat().contains("SYN"), "no child's reference");
    assert!(!lines.concat().contains("seen since Friday"), "no text");
    let alone = |lines: &[String], more: &[&str]| {
        let changed = dir.0.join("changed.ndjson");
        std::fs::write(&changed, lines.join("\n") + "\n").unwrap();
        let output = Command::new("python3")
            .arg(root().join("examples/audit/verify.py"))
            .arg(&changed)
            .args(["--key", key, "--checkpoints", outside])
            .args(more)
            .output()
            .unwrap();
        told(&output)
    };
    let (code, text) = alone(&lines, &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("and 4 checkpoints agree"), "{text}");
    let last = lines.iter().rposition(|line| line.contains("\"chain\":\"events\"")).unwrap();
    let notes = lines.iter().position(|line| line.contains("\"checkpoint\"")).unwrap();
    type Change<'a> = &'a dyn Fn(&mut Vec<String>);
    let cases: [(i32, Change); 6] = [
        (2, &|of| drop(of.remove(3))),
        (3, &|of| of[3] = of[3].replace("escalation", "Escalation")),
        (2, &|of| of.swap(3, 4)),
        (5, &|of| drop(of.remove(last))),
        (4, &|of| of[notes] = of[notes].replace("reads", "Reads")),
        (4, &|of| relinked(of)),
    ];
    for (number, (code, change)) in cases.iter().enumerate() {
        let mut changed = lines.clone();
        change(&mut changed);
        let (found, text) = alone(&changed, &[]);
        assert_eq!(found, *code, "{number}: {text}");
    }

    // As a superuser with the triggers off.
    let all = app.database.superuser().await;
    all.batch_execute("set session_replication_role = replica").await.unwrap();
    all.batch_execute("delete from access_entry where position > 3").await.unwrap();
    let (code, text) = audit(&app, &dir.0, &whole);
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("reads: entries 4 to "), "{text}");
    all.batch_execute("delete from feed_entry where position = 2").await.unwrap();
    let (code, text) = audit(&app, &dir.0, &whole);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("DOES NOT HOLD (2) events: entry 2 is missing"), "{text}");
}

/// Writes the first event anew, with the links of all after it.
fn relinked(lines: &mut [String]) {
    let mut link = [0; 32];
    for line in lines.iter_mut() {
        let mut it: Value = serde_json::from_str(line).unwrap();
        if it["chain"] != "events" {
            continue;
        }
        if it["position"] == 1 {
            it["said"] = it["said"].as_str().unwrap().replace("agency", "Agency").into();
        }
        let said = it["form"].as_str().unwrap().to_owned() + it["said"].as_str().unwrap();
        let leaf = escalation_tracker::sha256::of(&[said.as_bytes()]);
        link = escalation_tracker::sha256::of(&[&link, &leaf]);
        it["leaf"] = escalation_tracker::sha256::digits(&leaf).into();
        it["link"] = escalation_tracker::sha256::digits(&link).into();
        *line = it.to_string();
    }
}

/// Files appear under their last name only when they are whole, and none is written twice.
#[tokio::test(flavor = "multi_thread")]
async fn the_service_brings_its_checkpoints_outside() {
    let app = TestApp::start().await;
    let dir = DataDir::new("witness");
    app.police().raises(json!({})).await;
    app.sequence().await;
    let mut deps = app.deps.clone();
    deps.checkpoint_dir = Some(dir.0.clone());
    let files = || {
        let found = std::fs::read_dir(&dir.0)
            .unwrap()
            .map(|it| it.unwrap().file_name().into_string().unwrap());
        found.collect::<Vec<_>>()
    };
    let name = format!("{}-000000000001.checkpoint", app.partnership);
    let worker = Worker::start(deps.clone(), Arc::new(ContractRows));
    for _ in 0..200 {
        if files() == [name.clone()] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    worker.stop().await;
    assert_eq!(files(), std::slice::from_ref(&name));
    let note = std::fs::read_to_string(dir.0.join(&name)).unwrap();
    let kept = checkpoints::kept(&app.deps, app.partnership).await.unwrap();
    assert_eq!(kept.iter().map(|it| it.note.as_str()).collect::<Vec<_>>(), [note.as_str()]);
    let key = checkpoints::verifier(&app.deps, app.partnership).await.unwrap();
    assert!(key.open(&note).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_is_made_when_something_was_added_and_tells_who_asks() {
    let app = TestApp::start().await;
    let none = app.person("test-auditor").get("/v1/checkpoints").await.expect(200);
    assert_eq!(none.json["items"], json!([]));
    assert_eq!(checkpoints::make(&app.deps, app.partnership).await.unwrap(), None);
    app.police().raises(json!({})).await;
    app.sequence().await;
    let first = checkpoints::make(&app.deps, app.partnership).await.unwrap().unwrap();
    assert_eq!(first.number, 1);
    // The same again until five minutes are over in which something came.
    let again =
        async || checkpoints::make(&app.deps, app.partnership).await.unwrap().unwrap().number;
    app.police().raises(json!({})).await;
    app.sequence().await;
    assert_eq!(again().await, 1);
    app.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(again().await, 2);
    app.clock.advance(SignedDuration::from_hours(5));
    assert_eq!(again().await, 2);
    let of = async |who: &str| {
        let answer = app.person(who).get("/v1/checkpoints?after=1").await.expect(200);
        answer.json["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["number"].clone())
            .collect::<Vec<_>>()
    };
    for who in ["test-police", "test-health", "test-director", "test-analyst", "test-operator"] {
        assert_eq!(of(who).await, [json!(2)], "{who}");
    }
    assert_eq!(of("else-police").await, Vec::<Value>::new(), "another partnership has its own");
    for wrong in [
        "after=-1",
        "after=x",
        "limit=0",
        "limit=201",
        "after=1&after=2",
        "after=2147483648",
        "more=1",
    ] {
        app.police().get(&format!("/v1/checkpoints?{wrong}")).await.expect(400);
    }
}
