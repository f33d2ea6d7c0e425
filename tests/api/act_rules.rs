//! The rules of single acts: stages, endings, episodes, times, and what the history says of them.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::{
    acts, clocks, events, impossible, posts, reason, refused, running, shown, validation,
};
use super::support::people::{raise_body, resolve_body};

#[tokio::test(flavor = "multi_thread")]
async fn stages_are_skipped_upward_with_a_reason_and_never_entered_downward() {
    let app = TestApp::start().await;
    let unexplained = raise_body(json!({"stage": 2}));
    let answer = app.police().post("/v1/escalations", &unexplained).await.expect(422);
    assert_eq!(answer.problem(), validation("#/skip_reason", "required"));
    let beyond = raise_body(json!({"stage": 5, "skip_reason": "It is urgent."}));
    let answer = app.police().post("/v1/escalations", &beyond).await.expect(422);
    assert_eq!(answer.problem(), validation("#/stage", "out_of_range"));
    // The conversation is no stage for what is immediate.
    let immediate = raise_body(json!({"stage": 0, "urgency": "immediate"}));
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
async fn why_it_went_up_is_recorded_with_how_its_clocks_stopped() {
    let app = TestApp::start().await;
    for (cause, answer, acknowledgement) in [
        ("risk", "advanced", "advanced"),
        ("no_acknowledgement", "advanced", "no_response"),
        ("no_response", "no_response", "no_response"),
        ("rejected", "answered", "answered"),
        ("declined", "declined", "declined"),
    ] {
        app.clock.set("2026-11-18T10:00:00Z");
        let id = app.police().raises(json!({})).await;
        match cause {
            // Acknowledgement was due by Thursday, an answer by Friday.
            "no_acknowledgement" => app.clock.set("2026-11-20T00:00:00Z"),
            "no_response" => app.clock.set("2026-11-21T00:00:00Z"),
            "rejected" => {
                app.childrens_services().agrees(&id).await;
                app.police().acts(&id, "rejection", reason()).await;
            }
            "declined" => {
                let body = json!({"suggested_procedure": "iro_dispute", "reason": "Not ours."});
                acts(&app, "test-cs", &id, "declination", &body).await;
            }
            _ => {}
        }
        let after = acts(&app, "test-police", &id, "advance", &reason()).await;
        assert_eq!((&after["stage"]["number"], &after["status"]), (&json!(2), &json!("raised")));
        assert_eq!(clocks(&after, "answer")[0]["stop_reason"], answer, "{cause}");
        let acknowledged = clocks(&after, "acknowledgement")[0]["stop_reason"].clone();
        assert_eq!(acknowledged, acknowledgement, "{cause}");
        // What the raiser had to judge or to choose is done by that.
        assert!(running(&after, "judgement").is_none(), "{cause}");
        let last = events(&app, "test-police", &id).await.pop().unwrap();
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
    // At the very instant of its opening it cannot be opened again, and the answer says when it was opened.
    let answer = posts(&app, "test-police", &id, "reopening", &reason()).await.expect(422);
    assert_eq!(answer.problem(), validation("#/occurred_at", "inconsistent"));
    let detail = answer.json["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("opened at 2026-11-18T10:00:00Z"), "{detail}");
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
async fn a_withdrawal_says_why_ends_it_and_is_no_success() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let withdrawal = ("test-police", id.as_str(), "withdrawal");
    refused(&app, withdrawal, &json!({}), ("#/why", "required")).await;
    refused(&app, withdrawal, &reason(), ("#/why", "required")).await;
    refused(&app, withdrawal, &json!({"why": "bored"}), ("#/why", "unknown_code")).await;
    refused(&app, withdrawal, &json!({"why": "other"}), ("#/reason", "required")).await;
    let body = json!({"why": "other", "reason": "The family has moved."});
    let after = acts(&app, "test-police", &id, "withdrawal", &body).await;
    assert_eq!(after["status"], "withdrawn");
    assert_eq!(after["resolution"]["outcome"], "withdrawn_by_raiser");
    assert_eq!(after["resolution"]["withdrawal_reason"], "other");
    assert!(after.get("next_due_at").is_none());
    for clock in after["clocks"].as_array().unwrap() {
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
    impossible(&app, "test-director", &low, "resolution", &body).await;
    // Withdrawing, rerouting and marking as a duplicate are acts of their own, which ask for other things.
    let own = ["withdrawn_by_raiser", "not_escalation_rerouted", "duplicate"];
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
        let id = app.police().raises(json!({})).await;
        app.childrens_services().agrees(&id).await;
        app.police().accepts(&id).await;
        let may = !partners && !own.contains(&outcome);
        for (client, id, may) in [("test-director", &top, partners), ("test-cs", &id, may)] {
            if may {
                let after = acts(&app, client, id, "resolution", &body).await;
                assert_eq!(after["status"], "resolved");
                assert_eq!(after["resolution"]["outcome"], outcome);
            } else {
                let place = (client, id.as_str(), "resolution");
                refused(&app, place, &body, ("#/outcome", "not_permitted")).await;
            }
        }
    }
    body["outcome"] = json!("ended");
    let id = app.police().raises(json!({})).await;
    refused(&app, ("test-cs", &id, "resolution"), &body, ("#/outcome", "unknown_code")).await;
}

/// What is to be done is not done before the ending, and who met did not meet after it.
#[tokio::test(flavor = "multi_thread")]
async fn the_days_of_an_ending_fit_it() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    app.childrens_services().agrees(&id).await;
    app.police().accepts(&id).await;
    let place = ("test-cs", id.as_str(), "resolution");
    for (member, day) in [("action_due_on", "2026-11-17"), ("meeting_on", "2026-11-19")] {
        let mut body = resolve_body();
        body[member] = json!(day);
        let pointer = format!("#/{member}");
        refused(&app, place, &body, (&pointer, "inconsistent")).await;
        let answer = posts(&app, "test-cs", &id, "resolution", &body).await;
        assert!(answer.text.contains("the day of the ending, 2026-11-18"), "{}", answer.text);
    }
    let mut body = resolve_body();
    body["action_due_on"] = json!("2026-11-18");
    body["meeting_on"] = json!("2026-11-18");
    acts(&app, "test-cs", &id, "resolution", &body).await;
}

/// From stage 2 on an ending says more: what the shipped policy asks for at each stage, and all of it at once.
#[tokio::test(flavor = "multi_thread")]
async fn what_policy_asks_for_at_a_stage_has_to_be_said_before_it_ends() {
    let app = TestApp::start().await;
    let plain = json!({
        "outcome": "resolved_as_requested", "child_outcome": "safer", "delay_effect": "reduced",
        "agreed_action": "The meeting was held.",
    });
    let asked: [&[&str]; 4] = [
        &[],
        &["owner_role", "interim_safety"],
        &["owner_role", "interim_safety", "why_lower_stage_failed"],
        &["owner_role", "action_due_on", "interim_safety", "why_lower_stage_failed"],
    ];
    for (asked, stage) in asked.iter().zip(1..) {
        let skip = (stage > 1).then_some("Tried before.");
        let id = app.police().raises(json!({"stage": stage, "skip_reason": skip})).await;
        app.childrens_services().agrees(&id).await;
        app.police().accepts(&id).await;
        let answer = posts(&app, "test-cs", &id, "resolution", &plain).await;
        assert_eq!(answer.status, if asked.is_empty() { 200 } else { 422 }, "{}", answer.text);
        let mut missing: Vec<_> =
            asked.iter().map(|it| (format!("#/{it}"), "required".to_owned())).collect();
        missing.sort_unstable();
        assert_eq!(answer.problem().1, missing, "stage {stage}");
        // Each alone is missed, too; and everything together is enough.
        for left_out in asked.iter() {
            let mut body = resolve_body();
            body.as_object_mut().unwrap().remove(*left_out);
            let place = ("test-cs", id.as_str(), "resolution");
            refused(&app, place, &body, (&format!("#/{left_out}"), "required")).await;
        }
        if !asked.is_empty() {
            acts(&app, "test-cs", &id, "resolution", &resolve_body()).await;
        }
        let ended = shown(&app, "test-police", &id).await["resolution"].clone();
        let owner = ended.get("owner_role").map(|role| role.as_str().unwrap());
        assert_eq!(owner, (!asked.is_empty()).then_some("service manager"));
    }
    // The partners' ending at the top asks for the same.
    let top = app.police().raises(json!({"stage": 4, "skip_reason": "Tried before."})).await;
    let mut body = plain.clone();
    body["outcome"] = json!("unresolved_closed");
    let answer = posts(&app, "test-director", &top, "resolution", &body).await.expect(422);
    assert_eq!(answer.problem().1.len(), 4, "{}", answer.text);
    // Roles are no place for persons.
    let mut body = resolve_body();
    body["outcome"] = json!("unresolved_closed");
    body["attendee_roles"] = json!("manager, a.person@example.org");
    let place = ("test-director", top.as_str(), "resolution");
    refused(&app, place, &body, ("#/attendee_roles", "personal_data")).await;
    body["attendee_roles"] = json!("two service managers");
    body["owner_agency"] = json!("nobody");
    refused(&app, place, &body, ("#/owner_agency", "unknown_reference")).await;
    body["owner_agency"] = json!("csc");
    let after = acts(&app, "test-director", &top, "resolution", &body).await;
    assert_eq!(after["resolution"]["owner_agency"], "anyborough_cs");
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
