//! Short ways to ask for an act, to read what came of it, and to say which refusal is right.

use serde_json::{Value, json};

use super::TestApp;
use super::people::Answer;

/// A reason, for acts that need nothing else.
pub fn reason() -> Value {
    json!({"reason": "There is a reason."})
}

/// The problem that says that one member is wrong.
pub fn validation(pointer: &str, code: &str) -> (String, Vec<(String, String)>) {
    ("validation-failed".to_owned(), vec![(pointer.to_owned(), code.to_owned())])
}

/// A client asks for an act.
pub async fn posts(app: &TestApp, client: &str, id: &str, path: &str, body: &Value) -> Answer {
    app.person(client).post(&format!("/v1/escalations/{id}/{path}"), body).await
}

/// The same, where it must succeed: the escalation after it.
pub async fn acts(app: &TestApp, client: &str, id: &str, path: &str, body: &Value) -> Value {
    posts(app, client, id, path, body).await.expect(200).json
}

/// An act that must be refused with 422 because of one member.
pub async fn refused(
    app: &TestApp,
    (client, id, path): (&str, &str, &str),
    body: &Value,
    (pointer, code): (&str, &str),
) {
    let answer = posts(app, client, id, path, body).await;
    let place = format!("{client} {path} {body}");
    assert_eq!(answer.status, 422, "{place}: {}", answer.text);
    assert_eq!(answer.problem(), validation(pointer, code), "{place}");
}

/// An act that must be refused because nobody, or not this one, can do it now.
pub async fn impossible(app: &TestApp, client: &str, id: &str, path: &str, body: &Value) {
    let answer = posts(app, client, id, path, body).await;
    let place = format!("{client} {path} {body}");
    assert_eq!(answer.status, 409, "{place}: {}", answer.text);
    assert_eq!(answer.problem().0, "invalid-transition", "{place}");
}

/// An act that must be refused because somebody else has to do it.
pub async fn needs_another(app: &TestApp, client: &str, id: &str, path: &str, body: &Value) {
    let answer = posts(app, client, id, path, body).await;
    assert_eq!(answer.status, 409, "{client} {path} {body}: {}", answer.text);
    assert_eq!(answer.problem().0, "second-person-required", "{client} {path} {body}");
}

/// The escalation as a client sees it.
pub async fn shown(app: &TestApp, client: &str, id: &str) -> Value {
    app.person(client).get(&format!("/v1/escalations/{id}")).await.expect(200).json
}

/// Its history as a client sees it, oldest first.
pub async fn events(app: &TestApp, client: &str, id: &str) -> Vec<Value> {
    let history =
        app.person(client).get(&format!("/v1/escalations/{id}/events")).await.expect(200).json;
    history["items"].as_array().unwrap().clone()
}

/// The clocks of one kind, oldest first.
pub fn clocks<'a>(shown: &'a Value, kind: &str) -> Vec<&'a Value> {
    shown["clocks"].as_array().unwrap().iter().filter(|clock| clock["kind"] == kind).collect()
}

/// The clock of one kind that runs.
pub fn running<'a>(shown: &'a Value, kind: &str) -> Option<&'a Value> {
    clocks(shown, kind).into_iter().find(|clock| clock.get("stopped_at").is_none())
}

/// Whether an act is listed as possible.
pub fn can(shown: &Value, act: &str) -> bool {
    shown["possible_acts"].as_array().unwrap().contains(&json!(act))
}

/// The child's time as pairs of holder and seconds, which must add up and follow each other without a gap.
pub fn parts(shown: &Value) -> Vec<(String, i64)> {
    let child = &shown["times"]["child"];
    let parts = child["parts"].as_array().unwrap();
    let instant = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let mut from = instant(&child["from"]);
    let mut told = Vec::new();
    for part in parts {
        assert_eq!(instant(&part["from"]), from, "a gap: {child}");
        from = instant(&part["to"]);
        told.push((part["holder"].as_str().unwrap().to_owned(), part["seconds"].as_i64().unwrap()));
    }
    let sum: i64 = told.iter().map(|(_, seconds)| seconds).sum();
    assert_eq!(sum, child["seconds"].as_i64().unwrap(), "{child}");
    told
}
