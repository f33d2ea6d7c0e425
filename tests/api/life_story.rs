//! `docs/life-of-an-escalation.md`, step by step: every request that it shows is sent at the instant that it names, and
//! every answer that it shows is the service's.

use escalation_tracker::domain::london::{local_date, start_of_day};
use escalation_tracker::usecases::deps::Clock;
use serde_json::{Value, json};

use super::layers::root;
use super::support::TestApp;
use super::support::asking::parts;
use super::support::people::{Answer, Person};
use super::support::recompute::{instant, recompute};
use super::support::story::{Names, Step, steps};
use super::sweeper::sweep;

const DOCUMENT: &str = "docs/life-of-an-escalation.md";
/// A document of which nothing can be read must not pass for one in which all is true.
const FEWEST_STEPS: usize = 30;

fn read() -> Vec<Step> {
    let text = std::fs::read_to_string(root().join(DOCUMENT)).unwrap();
    steps(&text)
}

fn person<'a>(app: &'a TestApp, step: &Step) -> Person<'a> {
    match step.who.as_str() {
        "POLICE" => app.police(),
        "SERVICES" => app.childrens_services(),
        "DIRECTOR" => app.director(),
        other => panic!("{DOCUMENT}:{}: nobody has the token ${other}", step.line),
    }
}

async fn take(app: &TestApp, step: &Step, names: &mut Names) -> Answer {
    // The worker looks four times a minute. What the story shows comes due with the end of a day, so that it is enough
    // to look at each midnight and at the step itself.
    while app.clock.now() < step.at {
        let midnight = start_of_day(local_date(app.clock.now()).tomorrow().unwrap());
        app.clock.set(&step.at.min(midnight).to_string());
        sweep(app).await;
    }
    let mut headers: Vec<_> =
        step.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if !step.body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
        headers.push(("content-type", "application/json"));
    }
    let path = names.fill(&step.path);
    let by = person(app, step);
    let answer = by.send(step.method.clone(), &path, &headers, step.body.clone()).await;
    let mut wrong = names.lacks(&step.answer, &answer.json);
    if answer.status != step.status {
        wrong.insert(0, format!("told the status {}, answered {}", step.status, answer.status));
    }
    assert!(
        wrong.is_empty(),
        "{DOCUMENT}:{}: {}\n  {}\nThe service answered:\n{:#}",
        step.line,
        step.title,
        wrong.join("\n  "),
        answer.json
    );
    answer
}

/// What must be true of any answer, whether or not the document shows it.
fn check(answer: &Answer, wait_began: &Value) {
    if answer.json["times"].is_object() {
        assert_eq!(answer.json["times"]["child"]["from"], *wait_began, "{}", answer.text);
        // Adds up to the second, without a gap, or panics.
        parts(&answer.json);
    }
    if answer.json["steps"].is_array() {
        let due_at = answer.json["due"]["at"].as_str().unwrap();
        assert_eq!(recompute(&answer.json), instant(due_at), "{}", answer.text);
    }
}

/// The stages in the order in which the history enters them.
fn stages(history: &Value) -> Vec<Value> {
    let events = history["items"].as_array().unwrap();
    let entered = |event: &Value| match event["type"].as_str() {
        Some("raised") => Some(event["change"]["stage"].clone()),
        Some("advanced") => Some(event["change"]["to"].clone()),
        _ => None,
    };
    events.iter().filter_map(entered).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_an_escalation_is_as_it_is_told() {
    let steps = read();
    assert!(steps.len() >= FEWEST_STEPS, "{DOCUMENT} has {} steps", steps.len());
    assert!(steps.is_sorted_by(|before, after| before.at < after.at), "time goes one way");
    let app = TestApp::start().await;
    let mut names = Names::default();
    let mut wait_began = Value::Null;
    for step in &steps {
        let answer = take(&app, step, &mut names).await;
        if wait_began.is_null() {
            wait_began = answer.json["times"]["child"]["from"].clone();
            assert!(wait_began.is_string(), "{}", answer.text);
        }
        check(&answer, &wait_began);
    }
    let path = names.fill("/v1/escalations/{id}/events");
    let history = app.police().get(&path).await.expect(200);
    assert_eq!(stages(&history.json), [0, 1, 2, 3, 4].map(|stage| json!(stage)));
    check(&history, &wait_began);
}

/// A story that nobody could tell wrong proves nothing.
#[test]
fn what_is_told_wrong_is_found() {
    let answered =
        json!({"a": 1, "list": [{"k": 1}, {"k": 2}, {"k": 3}], "id": "x", "deep": {"b": [1]}});
    let lacks = |told: Value| Names::default().lacks(&told, &answered);
    for told in [
        json!({}),
        json!({"a": 1, "absent": null, "id": "…"}),
        json!({"list": ["…"], "deep": {"b": [1]}}),
        json!({"list": ["…", {"k": 3}]}),
        json!({"list": [{"k": 1}, "…", {"k": 2}, {"k": 3}]}),
        json!({"list": [{}, {"k": 2}, "…"]}),
    ] {
        assert_eq!(lacks(told.clone()), Vec::<String>::new(), "{told}");
    }
    for told in [
        json!({"a": 2}),
        json!({"a": "1"}),
        json!({"a": null}),
        json!({"absent": "…"}),
        json!({"absent": {"any": null}}),
        json!({"list": [{"k": 1}, {"k": 2}]}),
        json!({"list": ["…", {"k": 2}]}),
        json!({"list": [{"k": 1}, {"k": 2}, {"k": 3}, "…", {"k": 3}]}),
        json!({"deep": {"b": []}}),
        json!({"id": "y"}),
    ] {
        assert_eq!(lacks(told.clone()).len(), 1, "{told}");
    }
    let mut names = Names::default();
    assert!(names.lacks(&json!({"id": "{it}"}), &answered).is_empty());
    assert_eq!(names.fill("/v1/{it}/{other}"), "/v1/x/{other}");
    assert_eq!(names.lacks(&json!({"id": "{it}"}), &json!({"id": "z"})).len(), 1);
}

/// A step that is told in another form would be passed over in silence.
#[test]
fn what_is_not_a_whole_step_is_refused() {
    let whole = "# T\n### 1. One\nWhy.\n*Tuesday 1 December 2026, 09:20*\n\
                 ```http\nGET /v1/x\nAuthorization: Bearer $POLICE\n```\n\
                 The service answers `200 OK`:\n```json\n{}\n```\n";
    assert_eq!(steps(whole).len(), 1);
    for (what, instead) in [
        ("### 1. One", "### 2. One"),
        ("### 1. One", "#### 1. One"),
        ("Tuesday", "Monday"),
        ("*Tuesday 1 December 2026, 09:20*", ""),
        ("The service answers `200 OK`:", "It works:"),
        ("```json\n{}\n```", ""),
        ("```json\n{}\n```", "```json\n{\n```"),
        ("```json\n{}\n```\n", "```json\n{}\n```\n```json\n{}\n```\n"),
        ("Bearer $POLICE", "Bearer abc"),
    ] {
        let told = whole.replace(what, instead);
        assert!(std::panic::catch_unwind(|| steps(&told)).is_err(), "{told}");
    }
}
