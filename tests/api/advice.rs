//! What a refusal advises: the range, the stages or the way that only the service knows.

use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::posts;
use super::support::people::raise_body;

/// The advice for the one member that is wrong.
async fn advice(app: &TestApp, (client, id, path): (&str, &str, &str), body: &Value) -> String {
    let answer = posts(app, client, id, path, body).await.expect(422);
    answer.json["errors"][0]["detail"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_what_would_be_right() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({"stage": 2, "skip_reason": "Tried by phone."})).await;
    let later = json!({"due_at": "2026-12-24T10:00:00Z", "reason": "The consultant."});
    let meeting = json!({"meeting_at": "2026-12-24T10:00:00Z"});
    let stage = json!({"stage": 2, "reason": "It cannot wait."});
    let same = json!({"urgency": "standard", "reason": "As before."});
    for (client, path, body, words) in [
        (
            "test-cs",
            "extension-proposal",
            &later,
            "Name an instant after 2026-11-23T23:59:59.999Z and at the latest 2026-11-26T23:59:59.999Z.",
        ),
        (
            "test-cs",
            "meeting",
            &meeting,
            "Name an instant from 2026-11-18T10:00:00Z to 2026-11-25T23:59:59.999Z.",
        ),
        ("test-police", "advance", &stage, "Name one of the stages 3, 4."),
        (
            "test-police",
            "urgency-change",
            &same,
            "It is of this urgency already, and so are the limits that run; name another one.",
        ),
    ] {
        assert_eq!(advice(&app, (client, &id, path), body).await, words, "{path}");
    }
    let id = app.police().raises(json!({"stage": 0})).await;
    let immediate = json!({"urgency": "immediate", "reason": "Harm."});
    let told = advice(&app, ("test-police", &id, "urgency-change"), &immediate).await;
    assert_eq!(
        told,
        "The present stage is none for that urgency; take it to the next stage first."
    );
    let to = |agency: &str| json!({"agency": agency, "reason": "They hold the plan."});
    for (agency, words) in [("CSC", "has to answer already"), ("Police", "raised this")] {
        let told = advice(&app, ("test-cs", &id, "redirection"), &to(agency)).await;
        assert!(told.contains(words), "{told}");
    }
    let body = raise_body(json!({"stage": 9, "skip_reason": "Tried."}));
    let answer = app.police().post("/v1/escalations", &body).await.expect(422);
    assert!(answer.text.contains("Name one of the stages 0, 1, 2, 3, 4."), "{}", answer.text);
}
