//! What is recorded can be put right and never lost; urgency changes openly; and the other side's account stands beside it.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::{
    acts, can, clocks, events, impossible, refused, running, shown, validation,
};
use super::support::people::{Answer, resolve_body};

/// A correction of the version that stands.
async fn corrects(app: &TestApp, client: &str, id: &str, body: &Value) -> Answer {
    let version = shown(app, client, id).await["version"].as_i64().unwrap();
    app.person(client).patch(&format!("/v1/escalations/{id}"), version, body).await
}

fn urgency(to: &str) -> Value {
    json!({"urgency": to, "reason": "The child came to harm."})
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_more_urgent_is_never_due_later() {
    let app = TestApp::start().await;
    for (from, hours, to, due_at) in [
        // Friday's end, two hours from now.
        ("standard", 1, "immediate", "2026-11-18T13:00:00Z"),
        ("standard", 1, "urgent", "2026-11-19T23:59:59.999Z"),
        // The new limit alone would be later than the old one: Monday's end against Friday's.
        ("standard", 50, "urgent", "2026-11-20T23:59:59.999Z"),
        // Late already: due now, and late from the next instant on.
        ("standard", 70, "immediate", "2026-11-21T08:00:00Z"),
        // Less urgent: the longer limit, from now.
        ("immediate", 1, "urgent", "2026-11-19T23:59:59.999Z"),
        ("immediate", 1, "standard", "2026-11-20T23:59:59.999Z"),
        ("urgent", 1, "standard", "2026-11-20T23:59:59.999Z"),
    ] {
        app.clock.set("2026-11-18T10:00:00Z");
        let id = app.police().raises(json!({"urgency": from})).await;
        app.clock.advance(SignedDuration::from_hours(hours));
        let place = ("test-police", id.as_str(), "urgency-change");
        refused(&app, place, &urgency(from), ("#/urgency", "inconsistent")).await;
        refused(&app, place, &json!({"urgency": to}), ("#/reason", "required")).await;
        impossible(&app, "test-cs", &id, "urgency-change", &urgency(to)).await;
        let before = shown(&app, "test-police", &id).await;
        let after = acts(&app, "test-police", &id, "urgency-change", &urgency(to)).await;
        let place = format!("{from} to {to} after {hours} hours");
        assert_eq!(
            (&after["urgency"], &after["status"]),
            (&json!(to), &json!("raised")),
            "{place}"
        );
        assert_eq!(after.get("emergency_notice").is_some(), to == "immediate");
        for kind in ["acknowledgement", "answer"] {
            let told = clocks(&after, kind);
            assert_eq!(told.len(), 2, "{place}");
            assert_eq!(told[0]["stop_reason"], "urgency_changed", "{place}");
            assert_eq!(told[0]["due_at"], clocks(&before, kind)[0]["due_at"], "{place}");
            assert_eq!(told[1]["extends"], told[0]["id"], "{place}");
        }
        let clock = running(&after, "answer").unwrap();
        assert_eq!(clock["due_at"].as_str(), Some(due_at), "{place}");
        // A breach stays one, whatever the new limit says.
        assert_eq!(clocks(&after, "answer")[0]["overdue"], hours == 70, "{place}");
        app.clock.advance(SignedDuration::from_secs(1));
        assert_eq!(shown(&app, "test-cs", &id).await["overdue"], hours == 70, "{place}");
        let event = events(&app, "test-cs", &id).await.pop().unwrap();
        assert_eq!((&event["change"]["from"], &event["change"]["to"]), (&json!(from), &json!(to)));
    }
    // The conversation is no stage for what is immediate.
    app.clock.set("2026-11-18T10:00:00Z");
    let id = app.police().raises(json!({"stage": 0})).await;
    let place = ("test-police", id.as_str(), "urgency-change");
    refused(&app, place, &urgency("immediate"), ("#/urgency", "out_of_range")).await;
    // While nobody has to answer there is no clock of the stage to replace.
    let id = app.police().raises(json!({})).await;
    app.childrens_services().agrees(&id).await;
    let after = acts(&app, "test-police", &id, "urgency-change", &urgency("urgent")).await;
    assert_eq!((clocks(&after, "answer").len(), clocks(&after, "judgement").len()), (1, 1));
    assert!(running(&after, "judgement").is_some());
}

/// Up and down again, or only down, and told as if it had been before: what is late stays late, and its silence a silence.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_urgency_takes_a_breach_back() {
    let app = TestApp::start().await;
    let ways: [(&str, &[&str], Option<&str>); 3] = [
        ("standard", &["immediate", "standard"], None),
        ("urgent", &["standard"], None),
        ("urgent", &["standard"], Some("2026-11-19T12:00:00Z")),
    ];
    for (raised, changes, occurred_at) in ways {
        app.clock.set("2026-11-18T10:00:00Z");
        let id = app.police().raises(json!({"urgency": raised})).await;
        // Late since the end of Thursday or of Friday.
        app.clock.set("2026-11-23T10:00:00Z");
        assert_eq!(shown(&app, "test-police", &id).await["overdue"], true);
        for to in changes {
            let mut body = urgency(to);
            if let Some(at) = occurred_at {
                body["occurred_at"] = json!(at);
            }
            acts(&app, "test-police", &id, "urgency-change", &body).await;
            app.clock.advance(SignedDuration::from_secs(1));
            let after = shown(&app, "test-cs", &id).await;
            assert_eq!((&after["urgency"], &after["overdue"]), (&json!(to), &json!(true)));
        }
        let reason = json!({"reason": "Still no answer."});
        acts(&app, "test-police", &id, "advance", &reason).await;
        let event = events(&app, "test-police", &id).await.pop().unwrap();
        assert_eq!(event["change"]["cause"], "no_response", "{raised} {changes:?}");
    }
}

/// A mistyped urgency is put right and moves no clock: a change of the child's need is another act.
#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_urgency_leaves_the_clocks_alone() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({"urgency": "immediate"})).await;
    let before = shown(&app, "test-police", &id).await;
    let after = corrects(&app, "test-police", &id, &urgency("standard")).await.expect(200).json;
    assert_eq!((&after["urgency"], &after["clocks"]), (&json!("standard"), &before["clocks"]));
    assert_eq!(clocks(&after, "answer")[0]["due_at"], "2026-11-18T12:00:00Z");
    // Said again as a change it has the limits that belong to it, once.
    let fits = acts(&app, "test-police", &id, "urgency-change", &urgency("standard")).await;
    let clock = running(&fits, "answer").unwrap();
    assert_eq!(clock["due_at"], "2026-11-20T23:59:59.999Z");
    assert_eq!(clocks(&fits, "answer")[0]["stop_reason"], "urgency_changed");
    let place = ("test-police", id.as_str(), "urgency-change");
    refused(&app, place, &urgency("standard"), ("#/urgency", "inconsistent")).await;
    // And nobody gains time by correcting to what is more urgent and changing back.
    corrects(&app, "test-police", &id, &urgency("immediate")).await.expect(200);
    app.clock.advance(SignedDuration::from_hours(24));
    let back = acts(&app, "test-police", &id, "urgency-change", &urgency("standard")).await;
    assert_eq!(running(&back, "answer").unwrap()["due_at"], "2026-11-20T23:59:59.999Z");
    // The conversation is no stage for what is immediate, however it came to be called so.
    let id = app.police().raises(json!({"stage": 0})).await;
    let answer = corrects(&app, "test-police", &id, &urgency("immediate")).await.expect(422);
    assert_eq!(answer.problem(), validation("#/urgency", "out_of_range"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_theme_under_which_it_was_raised_stays_readable() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let theme = |code: &str| json!({"theme": code, "reason": "That is what is late."});
    assert!(shown(&app, "test-cs", &id).await.get("original_theme").is_none());
    for (client, to, original) in [
        ("test-police", "icpc_late", Some("strategy_meeting_late")),
        ("test-director", "child_not_seen", Some("strategy_meeting_late")),
        ("test-police", "strategy_meeting_late", None),
        ("test-director", "other", Some("strategy_meeting_late")),
    ] {
        let after = corrects(&app, client, &id, &theme(to)).await.expect(200).json;
        assert_eq!(after["theme"], to);
        assert_eq!(after.get("original_theme").and_then(Value::as_str), original, "{to}");
        let stored = shown(&app, "test-cs", &id).await;
        assert_eq!(stored.get("original_theme").and_then(Value::as_str), original, "{to}");
    }
    let answer = corrects(&app, "test-police", &id, &theme("nonsense")).await.expect(422);
    assert_eq!(answer.problem(), validation("#/theme", "unknown_reference"));
    let answer = corrects(&app, "test-police", &id, &theme("other")).await.expect(422);
    assert_eq!(answer.problem(), validation("#", "required"), "nothing is put right");
    let history = events(&app, "test-cs", &id).await;
    let told: Vec<_> = history[1..]
        .iter()
        .map(|event| event["change"]["corrections"][0].clone())
        .map(|it| (it["from"].as_str().unwrap().to_owned(), it["to"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(told[0], ("strategy_meeting_late".to_owned(), "icpc_late".to_owned()));
    assert_eq!(told[3], ("strategy_meeting_late".to_owned(), "other".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_side_makes_the_childs_wait_shorter() {
    let app = TestApp::start().await;
    let delay = |started_at: &str, occurred_at: Option<&str>| {
        json!({"delay": {"timescale": "strategy_meeting", "started_at": started_at,
                         "occurred_at": occurred_at}, "reason": "It was mistyped."})
    };
    let raising = json!({"delay": {"timescale": "strategy_meeting",
                                   "started_at": "2026-11-12T09:00:00Z"}});
    let id = app.police().raises(raising).await;
    let from = async || shown(&app, "test-police", &id).await["times"]["child"]["from"].clone();
    assert_eq!(from().await, "2026-11-12T09:00:00Z");
    // Shorter: refused for the raiser, as long as the wait began with that. Longer: a mistyped start.
    let refused_for_raiser = async |body: &Value, pointer: &str| {
        let answer = corrects(&app, "test-police", &id, body).await.expect(422);
        assert_eq!(answer.problem(), validation(pointer, "not_permitted"), "{body}");
    };
    refused_for_raiser(&delay("2026-11-13T09:00:00Z", None), "#/delay/started_at").await;
    refused_for_raiser(&delay("2026-11-18T10:00:00Z", None), "#/delay/started_at").await;
    let longer = delay("2026-11-11T09:00:00Z", None);
    corrects(&app, "test-police", &id, &longer).await.expect(200);
    assert_eq!(from().await, "2026-11-11T09:00:00Z");
    // The Director, who is no side, can.
    let shorter = delay("2026-11-16T09:00:00Z", None);
    let after = corrects(&app, "test-director", &id, &shorter).await.expect(200).json;
    assert_eq!(after["times"]["child"]["from"], "2026-11-16T09:00:00Z");
    let event = events(&app, "test-cs", &id).await.pop().unwrap();
    let correction = &event["change"]["corrections"][0];
    assert_eq!(correction["from"]["started_at"], "2026-11-11T09:00:00Z");
    assert_eq!(correction["to"]["started_at"], "2026-11-16T09:00:00Z");
    // That the process happened ends the wait, and is no correction of it; to say later that it happened sooner is.
    let happened = delay("2026-11-16T09:00:00Z", Some("2026-11-18T09:00:00Z"));
    let after = corrects(&app, "test-police", &id, &happened).await.expect(200).json;
    assert_eq!(after["times"]["child"]["ended_at"], "2026-11-18T09:00:00Z");
    assert_eq!(after["times"]["child"]["ended_because"], "process_happened");
    let sooner = delay("2026-11-16T09:00:00Z", Some("2026-11-17T09:00:00Z"));
    refused_for_raiser(&sooner, "#/delay/occurred_at").await;
    // Nor in two steps: what is recorded is not taken back first.
    let open = delay("2026-11-16T09:00:00Z", None);
    refused_for_raiser(&open, "#/delay/occurred_at").await;
    let answer = corrects(&app, "test-police", &id, &open).await;
    assert!(answer.text.contains("Only the Director takes it back"), "{}", answer.text);
    let later = delay("2026-11-16T09:00:00Z", Some("2026-11-18T09:30:00Z"));
    corrects(&app, "test-police", &id, &later).await.expect(200);
    let after = corrects(&app, "test-director", &id, &sooner).await.expect(200).json;
    assert_eq!(after["times"]["child"]["ended_at"], "2026-11-17T09:00:00Z");
    let after = corrects(&app, "test-director", &id, &open).await.expect(200).json;
    assert!(after["times"]["child"].get("ended_at").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_sides_account_stands_beside_the_claim_and_changes_nothing() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({"raised_at": "2026-11-18T08:00:00Z"})).await;
    let statement = |words: &str| json!({"statement": words});
    let place = ("test-cs", id.as_str(), "statements");
    refused(&app, place, &json!({}), ("#/statement", "required")).await;
    let number = statement("Her number is 943 476 5919.");
    refused(&app, place, &number, ("#/statement", "personal_data")).await;
    impossible(&app, "test-police", &id, "statements", &statement("We, too.")).await;
    let before = shown(&app, "test-cs", &id).await;
    let after = acts(&app, "test-cs", &id, "statements", &statement("It was offered.")).await;
    for member in ["status", "clocks", "times", "possible_acts", "next_due_at"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    assert!(can(&after, "acknowledge"));
    // It moves nothing, so that what happened before it can still be told.
    let told_late = json!({"occurred_at": "2026-11-18T09:00:00Z"});
    acts(&app, "test-cs", &id, "acknowledgement", &told_late).await;
    app.childrens_services().agrees(&id).await;
    app.police().accepts(&id).await;
    acts(&app, "test-cs", &id, "resolution", &resolve_body()).await;
    acts(&app, "test-cs", &id, "statements", &statement("And so it went.")).await;
    let told: Vec<_> = events(&app, "test-police", &id)
        .await
        .into_iter()
        .filter(|event| event["type"] == "stated")
        .map(|event| (event["agency"].clone(), event["texts"][0].clone()))
        .collect();
    let text = |words: &str| json!({"field": "statement", "text": words});
    let cs = json!("anyborough_cs");
    assert_eq!(told, [(cs.clone(), text("It was offered.")), (cs, text("And so it went."))]);
}
