//! The examples and the conformance kit as a partner's developer runs them, against this service.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use escalation_tracker::http::import_rows::ContractRows;
use escalation_tracker::worker::Worker;
use serde_json::Value;

use super::support::TestApp;
use super::support::node::python_ready;
use super::support::people::Person;
use super::support::tokens::Token;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    text.parse().unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

/// Everything that `kept` has is in `shown`; a text in braces stands for any text.
fn holds(kept: &Value, shown: &Value) -> bool {
    match kept {
        Value::Object(members) => members.iter().all(|(name, it)| holds(it, &shown[name])),
        Value::String(text) if text.starts_with('{') => shown.is_string(),
        other => other == shown,
    }
}

/// The folders with a record, whose READMEs say where it is sent and as whom.
fn folders() -> Vec<PathBuf> {
    let all = std::fs::read_dir(examples()).unwrap().map(|entry| entry.unwrap().path());
    let mut with: Vec<_> = all.filter(|it| it.join("record.json").exists()).collect();
    with.sort();
    assert!(with.len() >= 5, "{with:?}");
    with
}

#[tokio::test(flavor = "multi_thread")]
async fn each_agencys_example_is_answered_as_it_says() {
    let app = TestApp::start().await;
    for folder in folders() {
        let (record, kept) = (json(&folder.join("record.json")), json(&folder.join("answer.json")));
        let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
        let between = |from: &str, to: &str| {
            let rest = readme.split_once(from).unwrap_or_else(|| panic!("{folder:?}: no {from}")).1;
            rest.split(to).next().unwrap().to_owned()
        };
        let path = between("\"$URL", "\"");
        let name = between("Bearer $", "\"");
        let file = between("-d @examples/", "\n");
        assert_eq!(examples().join(file), folder.join("record.json"));
        let who: Person<'_> = match name.as_str() {
            "POLICE" => app.police(),
            "SERVICES" => app.childrens_services(),
            "HEALTH" => app.health(),
            other => panic!("{folder:?}: {other}"),
        };
        let first = who.put(&path, &record).await.expect(201);
        assert!(holds(&kept, &first.json), "{folder:?}: {}", first.text);
        let again = who.put(&path, &record).await.expect(200);
        assert_eq!(again.json["result"], "unchanged", "{folder:?}");
    }
}

/// Runs a Python program of the examples as the police.
async fn python(app: &TestApp, arguments: &[&str]) -> Output {
    let token =
        Token::of("test-police").at(escalation_tracker::usecases::deps::Clock::now(&*app.clock));
    tokio::task::spawn_blocking(python_ready).await.unwrap();
    let mut command = Command::new("python3");
    command
        .args(arguments)
        .current_dir(examples())
        .stdin(Stdio::null())
        .env("TOKEN", token.signed());
    let run = move || command.output();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    output.unwrap()
}

fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn this_service_conforms() {
    let app = TestApp::start().await;
    // Gives what the kit records its position in the feed.
    let worker = Worker::start(app.deps.clone(), Arc::new(ContractRows));
    let output = python(&app, &["conformance/conformance.py", &app.url]).await;
    worker.stop().await;
    let told = told(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let last = told.lines().last().unwrap_or_default();
    assert_eq!(last, "21 passed, 0 failed, 0 not offered", "{told}");
}

/// The kit is worth something only if it notices what is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn the_kit_fails_where_a_service_does_not_conform() {
    let app = TestApp::start().await;
    let agency = ["conformance/conformance.py", &app.url, "--agency", "nobody"];
    let output = python(&app, &agency).await;
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("FAIL         PUT of a new record"), "{}", told(&output));
    let nobody = ["conformance/conformance.py", "http://127.0.0.1:9"];
    assert_eq!(python(&app, &nobody).await.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_example_sends_records_and_rows_and_tells_what_was_refused() {
    let app = TestApp::start().await;
    let send = "python/send_escalations.py";
    let one = "OCC-9=police-niche/record.json";
    let tried = python(&app, &[send, &app.url, "niche", one, "--dry-run"]).await;
    assert_eq!((tried.status.code(), told(&tried).trim()), (Some(0), "OCC-9 200"));
    let place = "/v1/sources/niche/escalations/OCC-9";
    app.police().get(place).await.expect(404);
    let sent = python(&app, &[send, &app.url, "niche", one]).await;
    assert_eq!((sent.status.code(), told(&sent).trim()), (Some(0), "OCC-9 201"));
    app.police().get(place).await.expect(200);
    for (source, file, rows) in [
        ("cpoms", "school-cpoms-csv/escalations.csv", 2),
        ("housing", "housing-csv/escalations.csv", 1),
    ] {
        let sent = python(&app, &[send, &app.url, source, "--csv", file]).await;
        assert_eq!(sent.status.code(), Some(0), "{}", told(&sent));
        assert_eq!(told(&sent).matches(" 201").count(), rows, "{}", told(&sent));
    }
    let refused = python(&app, &[send, &app.url, "niche", "OCC-10=resolve.json"]).await;
    assert_eq!(refused.status.code(), Some(1), "{}", told(&refused));
    assert!(told(&refused).contains("/items/0/theme"), "{}", told(&refused));
}
