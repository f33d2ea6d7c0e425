//! The rules of single acts: stages, extensions, endings, episodes, times, and what the history says of them.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::people::{Answer, resolve_body};

fn reason() -> Value {
    json!({"reason": "There is a reason."})
}

fn validation(pointer: &str, code: &str) -> (String, Vec<(String, String)>) {
    ("validation-failed".to_owned(), vec![(pointer.to_owned(), code.to_owned())])
}

async fn posts(app: &TestApp, client: &str, id: &str, path: &str, body: &Value) -> Answer {
    app.person(client).post(&format!("/v1/escalations/{id}/{path}"), body).await
}

/// The clocks of one kind, oldest first.
fn clocks<'a>(shown: &'a Value, kind: &str) -> Vec<&'a Value> {
    shown["clocks"].as_array().unwrap().iter().filter(|clock| clock["kind"] == kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_are_skipped_upward_with_a_reason_and_never_entered_downward() {
    let app = TestApp::start().await;
    let unexplained = super::support::people::raise_body(json!({"stage": 2}));
    let answer = app.police().post("/v1/escalations", &unexplained).await.expect(422);
    assert_eq!(answer.problem(), validation("#/skip_reason", "required"));
    let beyond =
        super::support::people::raise_body(json!({"stage": 5, "skip_reason": "It is urgent."}));
    let answer = app.police().post("/v1/escalations", &beyond).await.expect(422);
    assert_eq!(answer.problem(), validation("#/stage", "out_of_range"));
    // The conversation is no stage for what is immediate.
    let immediate = super::support::people::raise_body(json!({"stage": 0, "urgency": "immediate"}));
    let answer = app.police().post("/v1/escalations", &immediate).await.expect(422);
    assert_eq!(answer.problem(), validation("#/stage", "out_of_range"));

    let id = app
        .police()
        .raises(json!({"stage": 2, "skip_reason": "Stage 1 was tried by phone."}))
        .await;
    let first = &app.police().get(&format!("/v1/escalations/{id}/events")).await.json["items"][0];
    let texts = first["texts"].as_array().unwrap();
    assert!(texts.contains(&json!({"field": "reason", "text": "Stage 1 was tried by phone."})));
    for stage in [0, 1, 2, 5, 9] {
        let body = json!({"stage": stage, "reason": "There is a reason."});
        let answer = posts(&app, "test-police", &id, "advance", &body).await.expect(422);
        assert_eq!(answer.problem(), validation("#/stage", "out_of_range"), "{stage}");
    }
    let answer = posts(&app, "test-police", &id, "advance", &json!({"stage": 4})).await.expect(422);
    assert_eq!(answer.problem(), validation("#/reason", "required"));
    let body = json!({"stage": 4, "reason": "The child cannot wait."});
    let shown = posts(&app, "test-police", &id, "advance", &body).await.expect(200).json;
    assert_eq!((&shown["stage"]["number"], &shown["status"]), (&json!(4), &json!("raised")));
    let answer = posts(&app, "test-police", &id, "advance", &reason()).await.expect(409);
    assert_eq!(answer.problem().0, "invalid-transition");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_time_is_given_once_in_a_stage_and_within_bounds() {
    let app = TestApp::start().await;
    // Wednesday 18 November and two working days: Friday 20 November. Two more: Tuesday 24 November.
    let id = app.police().raises(json!({})).await;
    for (due_at, status) in [
        ("2026-11-20T23:59:59.999Z", 422),
        ("2026-11-19T10:00:00Z", 422),
        ("2026-11-18T09:00:00Z", 422),
        ("2026-11-24T23:59:59.999001Z", 422),
        ("2026-11-24T23:59:59.999Z", 200),
    ] {
        let body = json!({"due_at": due_at, "reason": "Agreed with the team manager."});
        let answer = posts(&app, "test-police", &id, "extension", &body).await.expect(status);
        if status == 422 {
            assert_eq!(answer.problem(), validation("#/due_at", "out_of_range"), "{due_at}");
        } else {
            let waits = clocks(&answer.json, "answer");
            assert_eq!(waits.len(), 2);
            assert_eq!(waits[0]["stop_reason"], "extended");
            assert_eq!(waits[1]["extends"], waits[0]["id"]);
            assert_eq!((&waits[1]["due_at"], &waits[1]["stage"]), (&json!(due_at), &json!(1)));
            assert_eq!(answer.json["status"], "raised");
        }
    }
    let again = json!({"due_at": "2026-11-25T10:00:00Z", "reason": "Once more."});
    posts(&app, "test-police", &id, "extension", &again).await.expect(409);
    // The next stage has its own limit, three working days from the advance, and its own extension.
    let shown = posts(&app, "test-police", &id, "advance", &reason()).await.expect(200).json;
    assert_eq!(clocks(&shown, "answer")[2]["due_at"], "2026-11-23T23:59:59.999Z");
    let later = json!({"due_at": "2026-11-26T10:00:00Z", "reason": "Agreed."});
    posts(&app, "test-police", &id, "extension", &later).await.expect(200);
    // One that is so late that even the extended instant has passed cannot be mended afterwards.
    let late = app.police().raises(json!({"urgency": "immediate"})).await;
    app.clock.advance(SignedDuration::from_hours(5));
    let past = json!({"due_at": "2026-11-18T14:00:00Z", "reason": "Agreed."});
    let answer = posts(&app, "test-police", &late, "extension", &past).await.expect(422);
    assert_eq!(answer.problem(), validation("#/due_at", "out_of_range"));
}

#[tokio::test(flavor = "multi_thread")]
async fn why_it_went_up_is_recorded_with_how_its_clocks_stopped() {
    let app = TestApp::start().await;
    for (cause, stopped) in
        [("risk", "advanced"), ("no_response", "no_response"), ("rejected", "answered")]
    {
        let id = app.police().raises(json!({})).await;
        if cause == "no_response" {
            app.clock.set("2026-11-21T00:00:00Z");
        }
        if cause == "rejected" {
            app.childrens_services().agrees(&id).await;
            app.police().acts(&id, "rejection", reason()).await;
        }
        let shown = posts(&app, "test-police", &id, "advance", &reason()).await.expect(200).json;
        assert_eq!(shown["stage"]["number"], 2, "{cause}");
        assert_eq!(clocks(&shown, "answer")[0]["stop_reason"], stopped, "{cause}");
        let history = app.police().get(&format!("/v1/escalations/{id}/events")).await.json;
        let last = history["items"].as_array().unwrap().last().unwrap();
        assert_eq!(last["change"]["cause"], cause);
        assert_eq!((&last["change"]["from"], &last["change"]["to"]), (&json!(1), &json!(2)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reopened_escalation_is_another_episode_and_counts_again() {
    let app = TestApp::start().await;
    let (police, cs) = (app.police(), app.childrens_services());
    let id = police.raises(json!({"urgency": "urgent"})).await;
    cs.agrees(&id).await;
    police.accepts(&id).await;
    cs.resolves(&id).await;
    // At the very instant of its opening it cannot be opened again.
    let answer = posts(&app, "test-police", &id, "reopening", &reason()).await.expect(422);
    assert_eq!(answer.problem(), validation("#/occurred_at", "inconsistent"));
    app.clock.set("2026-11-25T10:00:00Z");
    let (police, cs) = (app.police(), app.childrens_services());
    let shown = police.acts(&id, "reopening", reason()).await.json;
    assert_eq!((&shown["episode"], &shown["status"]), (&json!(2), &json!("raised")));
    assert!(shown.get("resolution").is_none());
    let waits = clocks(&shown, "answer");
    assert_eq!(
        (&waits[1]["episode"], &waits[1]["started_at"]),
        (&json!(2), &json!("2026-11-25T10:00:00Z"))
    );
    cs.agrees(&id).await;
    police.accepts(&id).await;
    app.clock.set("2026-11-26T16:00:00Z");
    let shown = app.childrens_services().resolves(&id).await.json;
    assert_eq!(shown["resolution"]["working_days"], 1.25);
    let url = "/v1/themes/weekly?from_week=2026-W47&to_week=2026-W48";
    let weeks = app.director().get(url).await.expect(200).json["weeks"].clone();
    let line = |week: usize| weeks[week]["reconciliation"].clone();
    let expected = |raised: i64, reopened: i64| json!({"open_at_start": 0, "raised": raised, "reopened": reopened, "ended": 1, "open_at_end": 0, "balances": true});
    assert_eq!([line(0), line(1)], [expected(1, 0), expected(0, 1)]);
    for week in [0, 1] {
        assert_eq!(weeks[week]["total"]["resolved"]["value"], 1);
        let due = &weeks[week]["total"]["answered_in_time"];
        assert_eq!(
            (&due["due"], &due["in_time"], &due["value"]),
            (&json!(1), &json!(1), &json!(1.0))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_ends_it_and_is_no_success() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let shown = app.police().acts(&id, "withdrawal", reason()).await.json;
    assert_eq!(shown["status"], "withdrawn");
    assert_eq!(shown["resolution"]["outcome"], "withdrawn_by_raiser");
    assert!(shown.get("next_due_at").is_none());
    for clock in shown["clocks"].as_array().unwrap() {
        assert_eq!(clock["stop_reason"], "ended");
    }
    let url = "/v1/themes/weekly?from_week=2026-W47&to_week=2026-W47";
    let total = app.director().get(url).await.expect(200).json["weeks"][0]["total"].clone();
    for (measure, value) in
        [("raised", 1), ("ended", 1), ("resolved", 0), ("open_at_end", 0), ("overdue_at_end", 0)]
    {
        assert_eq!(total[measure]["value"], value, "{measure}");
    }
    assert_eq!(total["answered_in_time"]["due"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_partners_decide_only_at_the_top_and_only_what_is_theirs() {
    let app = TestApp::start().await;
    let low = app.police().raises(json!({"stage": 3, "skip_reason": "Tried before."})).await;
    let mut body = resolve_body();
    body["outcome"] = json!("decided_by_partners");
    posts(&app, "test-director", &low, "resolution", &body).await.expect(409);
    let all = [
        "resolved_as_requested",
        "resolved_alternative",
        "partially_resolved",
        "explained_and_accepted",
        "decided_by_partners",
        "overtaken_by_event",
        "withdrawn_by_raiser",
        "not_escalation_rerouted",
        "transferred_out_of_area",
        "duplicate",
        "unresolved_closed",
    ];
    for outcome in all {
        let partners = ["decided_by_partners", "unresolved_closed"].contains(&outcome);
        body["outcome"] = json!(outcome);
        let top = app.police().raises(json!({"stage": 4, "skip_reason": "Tried before."})).await;
        let by_director = posts(&app, "test-director", &top, "resolution", &body).await;
        let id = app.police().raises(json!({})).await;
        app.childrens_services().agrees(&id).await;
        app.police().accepts(&id).await;
        let by_responder = posts(&app, "test-cs", &id, "resolution", &body).await;
        let nobody = outcome == "withdrawn_by_raiser";
        for (answer, may) in [(by_director, partners), (by_responder, !partners && !nobody)] {
            if may {
                let shown = answer.expect(200).json;
                assert_eq!(
                    (&shown["status"], &shown["resolution"]["outcome"]),
                    (&json!("resolved"), &json!(outcome))
                );
            } else {
                assert_eq!(
                    answer.expect(422).problem(),
                    validation("#/outcome", "unknown_code"),
                    "{outcome}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_has_a_time_after_the_last_change_and_not_in_the_future() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    app.clock.advance(SignedDuration::from_hours(2));
    for (at, code) in
        [("2026-11-18T09:59:59Z", "inconsistent"), ("2026-11-18T12:05:01Z", "in_future")]
    {
        let answer = posts(&app, "test-cs", &id, "acknowledgement", &json!({"occurred_at": at}))
            .await
            .expect(422);
        assert_eq!(answer.problem(), validation("#/occurred_at", code));
    }
    // Within five minutes a clock that runs ahead is believed, and acts after it still come after it.
    let ahead = json!({"occurred_at": "2026-11-18T12:05:00Z"});
    let shown = posts(&app, "test-cs", &id, "acknowledgement", &ahead).await.expect(200).json;
    assert_eq!(clocks(&shown, "acknowledgement")[0]["stopped_at"], "2026-11-18T12:05:00Z");
    let shown = app.childrens_services().agrees(&id).await.json;
    assert_eq!(clocks(&shown, "answer")[0]["stopped_at"], "2026-11-18T12:05:00Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_the_same_day_can_start_in_the_last_millisecond_of_the_day() {
    let app = TestApp::start().await;
    app.clock.set("2026-11-18T23:59:59.999500Z");
    let changed = json!({"stage": 3, "skip_reason": "It cannot wait.", "urgency": "immediate"});
    let id = app.police().raises(changed).await;
    let shown = app.police().get(&format!("/v1/escalations/{id}")).await.json;
    assert_eq!(clocks(&shown, "answer")[0]["due_at"], "2026-11-18T23:59:59.9995Z");
    assert_eq!(shown["overdue"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_says_what_happened_when_by_whom_and_in_which_words() {
    let app = TestApp::start().await;
    let (police, cs) = (app.police(), app.childrens_services());
    let id = police.raises(json!({"concern": "Nobody has called a meeting."})).await;
    cs.acts(&id, "acknowledgement", json!({"held_by_role": "duty team manager"})).await;
    app.clock.advance(SignedDuration::from_hours(3));
    let (police, cs) = (app.police(), app.childrens_services());
    let early =
        json!({"position": "not_agreed", "answer": "No.", "occurred_at": "2026-11-18T11:00:00Z"});
    cs.acts(&id, "answers", early).await;
    police.acts(&id, "rejection", reason()).await;
    app.director().acts(&id, "notes", json!({"note": "Looked at on Monday."})).await;
    let correction = json!({"theme": "icpc_late", "reason": "The conference is late."});
    police.patch(&format!("/v1/escalations/{id}"), 5, &correction).await.expect(200);
    let items =
        police.get(&format!("/v1/escalations/{id}/events")).await.expect(200).json["items"].clone();
    let told: Vec<Value> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            json!([
                it["version"],
                it["type"],
                it["occurred_at"],
                it["recorded_at"],
                it["agency"],
                it["role"],
                it["texts"]
            ])
        })
        .collect();
    let (first, third) = ("2026-11-18T10:00:00Z", "2026-11-18T13:00:00Z");
    let text = |field: &str, text: &str| json!({"field": field, "text": text});
    let expected = vec![
        json!([
            1,
            "raised",
            first,
            first,
            "valeshire_police",
            "agency",
            [
                text("concern", "Nobody has called a meeting."),
                text("desired_outcome", "Hold a quorate strategy meeting."),
            ]
        ]),
        json!([2, "acknowledged", first, first, "anyborough_cs", "agency", []]),
        json!([
            3,
            "answered",
            "2026-11-18T11:00:00Z",
            third,
            "anyborough_cs",
            "agency",
            [text("answer", "No.")]
        ]),
        json!([
            4,
            "rejected",
            third,
            third,
            "valeshire_police",
            "agency",
            [text("reason", "There is a reason.")]
        ]),
        json!([5, "noted", third, third, null, "director", [text("note", "Looked at on Monday.")]]),
        json!([
            6,
            "corrected",
            third,
            third,
            "valeshire_police",
            "agency",
            [text("reason", "The conference is late.")]
        ]),
    ];
    assert_eq!(told, expected);
    assert_eq!(items[1]["change"]["held_by_role"], "duty team manager");
    assert_eq!(items[2]["change"]["position"], "not_agreed");
    let corrected = json!([{"field": "theme", "from": "strategy_meeting_late", "to": "icpc_late"}]);
    assert_eq!(items[5]["change"]["corrections"], corrected);
}
