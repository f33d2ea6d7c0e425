//! More time for an answer: agreed by both sides, for a meeting, or by a pause; and that the child's time never stops.

use escalation_tracker::domain::partnership::PolicyVersion;
use escalation_tracker::domain::stage_policy::{PauseRule, StagePolicy};
use escalation_tracker::reference;
use escalation_tracker::usecases::{setup, shipped};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::{
    acts, can, clocks, events, impossible, needs_another, parts, posts, reason, refused, running,
    shown,
};
use super::support::operations::another_policy;

const HOUR: i64 = 3_600;

fn until(at: &str) -> Value {
    json!({"why": "legal_process", "until": at, "reason": "The court sits first."})
}

fn later(due_at: &str) -> Value {
    json!({"due_at": due_at, "reason": "The consultant is away."})
}

/// Raised on Wednesday 18 November at 10:00 and acknowledged at once: an answer is due by the end of Friday.
async fn acknowledged(app: &TestApp, changed: Value) -> String {
    app.clock.set("2026-11-18T10:00:00Z");
    let id = app.police().raises(changed).await;
    app.childrens_services().acknowledges(&id).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn more_time_is_agreed_once_in_a_stage_and_for_no_longer_than_the_limit_again() {
    let app = TestApp::start().await;
    // Wednesday 18 November and two working days: Friday 20 November. Two more: Tuesday 24 November.
    let id = app.police().raises(json!({})).await;
    let proposal = ("test-police", id.as_str(), "extension-proposal");
    for due_at in [
        "2026-11-20T23:59:59.999Z",
        "2026-11-19T10:00:00Z",
        "2026-11-18T09:00:00Z",
        "2026-11-24T23:59:59.999001Z",
    ] {
        refused(&app, proposal, &later(due_at), ("#/due_at", "out_of_range")).await;
    }
    let before = shown(&app, "test-police", &id).await;
    let due_at = "2026-11-24T23:59:59.999Z";
    let proposed = acts(&app, "test-police", &id, "extension-proposal", &later(due_at)).await;
    // Until the other side agrees nothing has changed but that it is proposed.
    assert_eq!(proposed["clocks"], before["clocks"]);
    assert_eq!(proposed["next_due_at"], before["next_due_at"]);
    let told = json!({"what": {"proposal": "extension", "due_at": due_at}, "side": "raiser"});
    assert_eq!(proposed["proposal"], told);
    // Nobody agrees to what they have not read.
    let agreement = ("test-cs", id.as_str(), "extension");
    let other = json!({"due_at": "2026-11-23T12:00:00Z"});
    refused(&app, agreement, &other, ("#/due_at", "inconsistent")).await;
    let agreed = acts(&app, "test-cs", &id, "extension", &json!({"due_at": due_at})).await;
    let waits = clocks(&agreed, "answer");
    assert_eq!(waits.len(), 2);
    assert_eq!(waits[0]["stop_reason"], "extended");
    assert_eq!(waits[0]["due_at"], "2026-11-20T23:59:59.999Z");
    assert_eq!(waits[1]["extends"], waits[0]["id"]);
    assert_eq!((&waits[1]["due_at"], &waits[1]["stage"]), (&json!(due_at), &json!(1)));
    assert_eq!(agreed["status"], "raised");
    assert!(agreed.get("proposal").is_none());
    for client in ["test-police", "test-cs"] {
        let again = later("2026-11-25T10:00:00Z");
        impossible(&app, client, &id, "extension-proposal", &again).await;
        impossible(&app, client, &id, "extension", &json!({"due_at": due_at})).await;
    }
    // The next stage has its own limit, three working days from the advance, and its own extension.
    let next = acts(&app, "test-police", &id, "advance", &reason()).await;
    assert_eq!(clocks(&next, "answer")[2]["due_at"], "2026-11-23T23:59:59.999Z");
    let due_at = "2026-11-26T10:00:00Z";
    acts(&app, "test-cs", &id, "extension-proposal", &later(due_at)).await;
    acts(&app, "test-police", &id, "extension", &json!({"due_at": due_at})).await;
}

/// A breach is not taken back by saying that more time was asked for, agreed or needed for a meeting before it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_late_gets_no_more_time_not_even_from_before_it_was_late() {
    let app = TestApp::start().await;
    let due_at = "2026-11-24T12:00:00Z";
    let id = app.police().raises(json!({"stage": 2, "skip_reason": "Tried by phone."})).await;
    // Three working days from Wednesday: Monday.
    acts(&app, "test-cs", &id, "extension-proposal", &later(due_at)).await;
    app.clock.set("2026-11-24T00:00:00Z");
    for (client, path, body) in [
        ("test-cs", "extension-proposal", later(due_at)),
        ("test-police", "extension", json!({"due_at": due_at})),
        ("test-cs", "meeting", json!({"meeting_at": due_at})),
    ] {
        impossible(&app, client, &id, path, &body).await;
        let mut backdated = body.clone();
        backdated["occurred_at"] = json!("2026-11-23T12:00:00Z");
        impossible(&app, client, &id, path, &backdated).await;
    }
    for client in ["test-police", "test-cs"] {
        let late = shown(&app, client, &id).await;
        assert_eq!((&late["overdue"], clocks(&late, "answer").len()), (&json!(true), 1));
        for act in ["propose_extension", "extend", "call_meeting"] {
            assert!(!can(&late, act), "{act}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_side_gives_itself_more_time() {
    let app = TestApp::start().await;
    for (asks, agrees) in [("test-police", "test-cs"), ("test-cs", "test-police")] {
        app.clock.set("2026-11-18T10:00:00Z");
        let id = app.police().raises(json!({})).await;
        let due_at = "2026-11-23T12:00:00Z";
        let agreement = json!({"due_at": due_at});
        impossible(&app, asks, &id, "extension", &agreement).await;
        acts(&app, asks, &id, "extension-proposal", &later(due_at)).await;
        impossible(&app, asks, &id, "extension", &agreement).await;
        // A second person of the same side is the same side.
        let path = format!("/v1/escalations/{id}/extension");
        let answer = app.colleague(asks).post(&path, &agreement).await.expect(409);
        assert_eq!(answer.problem().0, "invalid-transition");
        // The other side can answer with a proposal of its own; then the first has to agree.
        let sooner = "2026-11-23T09:00:00Z";
        acts(&app, agrees, &id, "extension-proposal", &later(sooner)).await;
        impossible(&app, agrees, &id, "extension", &json!({"due_at": sooner})).await;
        let place = (asks, id.as_str(), "extension");
        refused(&app, place, &agreement, ("#/due_at", "inconsistent")).await;
        let agreed = acts(&app, asks, &id, "extension", &json!({"due_at": sooner})).await;
        assert_eq!(running(&agreed, "answer").unwrap()["due_at"], sooner);
        let kinds: Vec<_> =
            events(&app, asks, &id).await.iter().map(|event| event["type"].clone()).collect();
        assert_eq!(kinds, ["raised", "proposed", "proposed", "extended"]);
    }
}

/// An answer falls away with what it was proposed for; and "the same day" has no longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_does_not_outlive_what_it_was_made_for() {
    let app = TestApp::start().await;
    let due_at = "2026-11-23T12:00:00Z";
    for (path, body) in
        [("advance", reason()), ("urgency-change", json!({"urgency": "urgent", "reason": "Harm."}))]
    {
        app.clock.set("2026-11-18T10:00:00Z");
        let id = app.police().raises(json!({})).await;
        acts(&app, "test-cs", &id, "extension-proposal", &later(due_at)).await;
        let after = acts(&app, "test-police", &id, path, &body).await;
        assert!(after.get("proposal").is_none(), "{path}");
        impossible(&app, "test-police", &id, "extension", &json!({"due_at": due_at})).await;
    }
    let skip = json!({"stage": 3, "skip_reason": "It cannot wait.", "urgency": "immediate"});
    let id = app.police().raises(skip).await;
    assert!(!can(&shown(&app, "test-cs", &id).await, "propose_extension"));
    impossible(&app, "test-cs", &id, "extension-proposal", &later(due_at)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_has_a_maximum_that_no_extension_passes() {
    let app = TestApp::start().await;
    // At stage 4: five working days, Wednesday 25 November; at most ten, Wednesday 2 December. The pause moves the
    // limit to Friday 27 November, and the limit again from there would be Friday 4 December.
    let id = acknowledged(&app, json!({"stage": 4, "skip_reason": "Tried before."})).await;
    let paused = acts(&app, "test-cs", &id, "pause", &until("2026-11-20T12:00:00Z")).await;
    assert_eq!(running(&paused, "answer").unwrap()["due_at"], "2026-11-27T23:59:59.999Z");
    app.clock.set("2026-11-20T12:00:00Z");
    let place = ("test-cs", id.as_str(), "extension-proposal");
    refused(&app, place, &later("2026-12-03T00:00:00Z"), ("#/due_at", "out_of_range")).await;
    let most = "2026-12-02T23:59:59.999Z";
    acts(&app, "test-cs", &id, "extension-proposal", &later(most)).await;
    let agreed = acts(&app, "test-police", &id, "extension", &json!({"due_at": most})).await;
    assert_eq!(running(&agreed, "answer").unwrap()["due_at"], most);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_gives_the_second_stage_longer() {
    let app = TestApp::start().await;
    let at_stage_two = json!({"stage": 2, "skip_reason": "Tried by phone."});
    let meeting = |at: &str| json!({"meeting_at": at});
    for client in ["test-police", "test-cs"] {
        app.clock.set("2026-11-18T10:00:00Z");
        let id = app.police().raises(at_stage_two.clone()).await;
        app.clock.advance(SignedDuration::from_hours(24));
        // Three working days from Wednesday: Monday. With a meeting five: Wednesday, from the start of the stage.
        for at in ["2026-11-26T00:00:00Z", "2026-11-18T09:59:59Z"] {
            let place = (client, id.as_str(), "meeting");
            refused(&app, place, &meeting(at), ("#/meeting_at", "out_of_range")).await;
        }
        let called = acts(&app, client, &id, "meeting", &meeting("2026-11-24T14:00:00Z")).await;
        let waits = clocks(&called, "answer");
        let told = |at: usize, name: &str| waits[at][name].clone();
        assert_eq!(told(0, "due_at"), "2026-11-23T23:59:59.999Z");
        assert_eq!(told(0, "stop_reason"), "meeting_called");
        assert_eq!(told(1, "due_at"), "2026-11-25T23:59:59.999Z");
        assert_eq!((told(1, "limit"), told(1, "extends")), (json!(5), told(0, "id")));
        assert!(!can(&called, "call_meeting"));
        impossible(&app, client, &id, "meeting", &meeting("2026-11-25T14:00:00Z")).await;
        let last = events(&app, client, &id).await.pop().unwrap();
        assert_eq!(last["change"]["meeting_at"], "2026-11-24T14:00:00Z");
    }
    // Only where the policy says so: at the second stage, and for what is standard.
    app.clock.set("2026-11-18T10:00:00Z");
    let urgent = json!({"stage": 2, "skip_reason": "Tried by phone.", "urgency": "urgent"});
    for changed in [json!({}), json!({"stage": 3, "skip_reason": "Tried."}), urgent] {
        let id = app.police().raises(changed).await;
        impossible(&app, "test-cs", &id, "meeting", &meeting("2026-11-19T14:00:00Z")).await;
    }
    // Where both sides agreed to longer already, a meeting cannot make it shorter.
    let id = app.police().raises(at_stage_two).await;
    let due_at = "2026-11-26T12:00:00Z";
    acts(&app, "test-cs", &id, "extension-proposal", &later(due_at)).await;
    acts(&app, "test-police", &id, "extension", &json!({"due_at": due_at})).await;
    assert!(!can(&shown(&app, "test-cs", &id).await, "call_meeting"));
    impossible(&app, "test-cs", &id, "meeting", &meeting("2026-11-19T14:00:00Z")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_moves_the_agencys_limit_ends_by_itself_and_never_stops_the_childs_time() {
    let app = TestApp::start().await;
    let id = acknowledged(&app, json!({})).await;
    app.clock.set("2026-11-18T12:00:00Z");
    let paused = acts(&app, "test-cs", &id, "pause", &until("2026-11-19T12:00:00Z")).await;
    assert_eq!(paused["paused_until"], "2026-11-19T12:00:00Z");
    assert_eq!(paused["status"], "acknowledged");
    // One working day later, because the pause reaches into one more; the old clock keeps what it said.
    let waits = clocks(&paused, "answer");
    assert_eq!(waits[0]["due_at"], "2026-11-20T23:59:59.999Z");
    assert_eq!(
        (&waits[0]["stop_reason"], &waits[0]["state"]),
        (&json!("paused"), &json!("replaced"))
    );
    assert_eq!(waits[1]["due_at"], "2026-11-23T23:59:59.999Z");
    assert_eq!(waits[1]["extends"], waits[0]["id"]);
    assert_eq!(waits[1]["paused_from"], "2026-11-18T12:00:00Z");
    assert_eq!(waits[1]["paused_until"], "2026-11-19T12:00:00Z");
    assert_eq!(paused["next_due_at"], waits[1]["due_at"]);
    for act in ["pause", "propose_extension", "extend"] {
        assert!(!can(&paused, act), "{act}");
    }
    // One second before its end it still lasts; then it is over without anybody's doing.
    app.clock.set("2026-11-19T11:59:59Z");
    let lasts = shown(&app, "test-cs", &id).await;
    assert_eq!(lasts["paused_until"], "2026-11-19T12:00:00Z");
    assert!(can(&lasts, "resume"));
    assert_eq!(parts(&lasts), [("responder".into(), 2 * HOUR), ("paused".into(), 24 * HOUR - 1)]);
    app.clock.set("2026-11-19T15:00:00Z");
    let over = shown(&app, "test-cs", &id).await;
    assert!(over.get("paused_until").is_none());
    assert!(!can(&over, "resume") && !can(&over, "pause") && can(&over, "propose_extension"));
    assert_eq!(over["clocks"], shown(&app, "test-police", &id).await["clocks"]);
    assert_eq!(running(&over, "answer").unwrap()["due_at"], "2026-11-23T23:59:59.999Z");
    let told = parts(&over);
    let expected = [("responder", 2), ("paused", 24), ("responder", 3)];
    assert_eq!(told, expected.map(|(holder, hours)| (holder.to_owned(), hours * HOUR)));
    assert_eq!(over["times"]["child"]["seconds"], 29 * HOUR);
    assert_eq!(over["times"]["agencies"]["paused_seconds"], 24 * HOUR);
    assert_eq!(over["times"]["agencies"]["working_seconds"], 5 * HOUR);
    impossible(&app, "test-cs", &id, "pause", &until("2026-11-20T12:00:00Z")).await;
    // What is done afterwards finds the same turns stored.
    app.childrens_services().agrees(&id).await;
    app.clock.advance(SignedDuration::from_hours(1));
    let judged = shown(&app, "test-police", &id).await;
    let expected = [("responder", 2), ("paused", 24), ("responder", 3), ("raiser", 1)];
    assert_eq!(parts(&judged), expected.map(|(holder, hours)| (holder.to_owned(), hours * HOUR)));
    let last = events(&app, "test-police", &id).await.into_iter().nth(2).unwrap();
    assert_eq!(
        (&last["type"], &last["change"]["why"]),
        (&json!("paused"), &json!("legal_process"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_is_refused_where_it_would_hide_a_breach_or_a_danger() {
    let app = TestApp::start().await;
    let tomorrow = until("2026-11-19T12:00:00Z");
    let raised = app.police().raises(json!({})).await;
    impossible(&app, "test-cs", &raised, "pause", &tomorrow).await;
    let id = acknowledged(&app, json!({})).await;
    impossible(&app, "test-police", &id, "pause", &tomorrow).await;
    let place = ("test-cs", id.as_str(), "pause");
    let mut body = tomorrow.clone();
    body["why"] = json!("we_are_busy");
    refused(&app, place, &body, ("#/why", "unknown_code")).await;
    body.as_object_mut().unwrap().remove("why");
    refused(&app, place, &body, ("#/why", "required")).await;
    for past in ["2026-11-18T10:00:00Z", "2026-11-17T10:00:00Z"] {
        refused(&app, place, &until(past), ("#/until", "out_of_range")).await;
    }
    // Nor may all of it be over when it is told.
    app.clock.set("2026-11-18T16:00:00Z");
    for end in ["2026-11-18T15:00:00Z", "2026-11-18T16:00:00Z"] {
        let mut told_late = until(end);
        told_late["occurred_at"] = json!("2026-11-18T12:00:00Z");
        refused(&app, place, &told_late, ("#/until", "out_of_range")).await;
        let answer = posts(&app, "test-cs", &id, "pause", &told_late).await;
        let words = "after 2026-11-18T16:00:00Z and at the latest 2026-12-02T23:59:59.999Z";
        assert!(answer.text.contains(words), "{}", answer.text);
    }
    // Ten working days are the most that anybody may approve: the end of Wednesday 2 December.
    let beyond = until("2026-12-03T00:00:00Z");
    refused(&app, place, &beyond, ("#/until", "out_of_range")).await;
    let immediate = acknowledged(&app, json!({"urgency": "immediate"})).await;
    impossible(&app, "test-cs", &immediate, "pause", &until("2026-11-18T11:00:00Z")).await;
    // Once it is late it stays late: neither now, nor by saying that the pause began before.
    app.clock.set("2026-11-21T00:00:00Z");
    impossible(&app, "test-cs", &id, "pause", &until("2026-11-23T12:00:00Z")).await;
    let mut backdated = until("2026-11-23T12:00:00Z");
    backdated["occurred_at"] = json!("2026-11-20T12:00:00Z");
    impossible(&app, "test-cs", &id, "pause", &backdated).await;
    let late = shown(&app, "test-cs", &id).await;
    assert_eq!((&late["overdue"], clocks(&late, "answer").len()), (&json!(true), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_pause_waits_for_somebody_else() {
    let app = TestApp::start().await;
    let end = "2026-11-27T12:00:00Z";
    let approval = json!({"until": end});
    for approves in ["test-police", "test-service_lead", "test-director"] {
        // The end of Friday is what the agency may take by itself.
        let id = acknowledged(&app, json!({})).await;
        let before = shown(&app, "test-cs", &id).await;
        let proposed = acts(&app, "test-cs", &id, "pause", &until(end)).await;
        assert!(proposed.get("paused_until").is_none());
        assert_eq!(proposed["clocks"], before["clocks"]);
        assert_eq!(proposed["proposal"]["what"]["proposal"], "pause");
        impossible(&app, "test-cs", &id, "pause-approval", &approval).await;
        let place = (approves, id.as_str(), "pause-approval");
        let other = json!({"until": "2026-11-26T12:00:00Z"});
        refused(&app, place, &other, ("#/until", "inconsistent")).await;
        app.clock.set("2026-11-19T10:00:00Z");
        // Its time goes on until somebody approves: six working days from Thursday, Monday 30 November.
        let approved = acts(&app, approves, &id, "pause-approval", &approval).await;
        assert_eq!(approved["paused_until"], end);
        let clock = running(&approved, "answer").unwrap();
        assert_eq!(clock["paused_from"], "2026-11-19T10:00:00Z");
        assert_eq!(clock["due_at"], "2026-11-30T23:59:59.999Z");
        assert!(approved.get("proposal").is_none());
    }
    // Inside one agency the two sides are one, so two persons are needed.
    app.clock.set("2026-11-18T10:00:00Z");
    let id = app.childrens_services().raises(json!({})).await;
    app.childrens_services().acknowledges(&id).await;
    acts(&app, "test-cs", &id, "pause", &until(end)).await;
    needs_another(&app, "test-cs", &id, "pause-approval", &approval).await;
    app.colleague("test-cs").acts(&id, "pause-approval", approval.clone()).await;
    // What was not approved in time is not approved afterwards.
    for (now, status, code) in
        [("2026-11-20T23:59:59Z", 200, ""), ("2026-11-21T00:00:00Z", 409, "invalid-transition")]
    {
        let id = acknowledged(&app, json!({})).await;
        acts(&app, "test-cs", &id, "pause", &until(end)).await;
        app.clock.set(now);
        let answer = posts(&app, "test-police", &id, "pause-approval", &approval).await;
        assert_eq!((answer.status, answer.problem().0.as_str()), (status, code), "{now}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_can_end_early_and_then_gives_back_only_what_it_took() {
    let app = TestApp::start().await;
    for (resumes, now, due_at) in [
        ("test-cs", "2026-11-18T16:00:00Z", "2026-11-20T23:59:59.999Z"),
        ("test-police", "2026-11-19T09:00:00Z", "2026-11-23T23:59:59.999Z"),
        ("test-director", "2026-11-20T11:59:59Z", "2026-11-24T23:59:59.999Z"),
    ] {
        let id = acknowledged(&app, json!({})).await;
        impossible(&app, resumes, &id, "resumption", &json!({})).await;
        acts(&app, "test-cs", &id, "pause", &until("2026-11-20T12:00:00Z")).await;
        app.clock.set(now);
        let resumed = acts(&app, resumes, &id, "resumption", &json!({})).await;
        assert!(resumed.get("paused_until").is_none());
        let waits = clocks(&resumed, "answer");
        let stops: Vec<_> = waits.iter().map(|clock| clock.get("stop_reason").cloned()).collect();
        assert_eq!(stops, [Some(json!("paused")), Some(json!("resumed")), None]);
        assert_eq!(waits[1]["due_at"], "2026-11-24T23:59:59.999Z");
        assert_eq!((&waits[2]["due_at"], &waits[2]["paused_until"]), (&json!(due_at), &json!(now)));
        impossible(&app, resumes, &id, "resumption", &json!({})).await;
        impossible(&app, "test-cs", &id, "pause", &until("2026-11-20T14:00:00Z")).await;
        app.clock.set("2026-11-20T14:00:00Z");
        let told: Vec<_> =
            parts(&shown(&app, "test-cs", &id).await).into_iter().map(|(who, _)| who).collect();
        assert_eq!(told, ["paused", "responder"]);
    }
}

/// New limits know nothing of a pause, so the pause is over when they start.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_ends_when_the_urgency_changes() {
    let app = TestApp::start().await;
    let id = acknowledged(&app, json!({})).await;
    acts(&app, "test-cs", &id, "pause", &until("2026-11-19T12:00:00Z")).await;
    app.clock.set("2026-11-18T16:00:00Z");
    let body = json!({"urgency": "immediate", "reason": "The child came to harm."});
    let after = acts(&app, "test-police", &id, "urgency-change", &body).await;
    assert!(after.get("paused_until").is_none() && !can(&after, "resume"), "{after}");
    app.clock.set("2026-11-18T17:00:00Z");
    let told = parts(&shown(&app, "test-cs", &id).await);
    assert_eq!(told, [("paused".into(), 6 * HOUR), ("responder".into(), HOUR)]);
}

/// Another policy would throw away what the two sides agreed on, so it waits for the answer or the next stage.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_policy_takes_agreed_time_away() {
    let app = TestApp::start().await;
    another_policy(&app).await;
    let body = json!({"policy_version": "any-next", "reason": "Agreed."});
    let due_at = "2026-11-24T12:00:00Z";
    for way in ["pause", "ended pause", "extension", "meeting"] {
        let stage = json!({"stage": 2, "skip_reason": "Tried by phone."});
        let id = acknowledged(&app, stage).await;
        match way {
            "extension" => {
                acts(&app, "test-cs", &id, "extension-proposal", &later(due_at)).await;
                let agreed = json!({"due_at": due_at});
                acts(&app, "test-police", &id, "extension", &agreed).await;
            }
            "meeting" => {
                let meeting = json!({"meeting_at": due_at});
                acts(&app, "test-cs", &id, "meeting", &meeting).await;
            }
            _ => {
                acts(&app, "test-cs", &id, "pause", &until("2026-11-19T12:00:00Z")).await;
            }
        }
        if way == "ended pause" {
            app.clock.advance(SignedDuration::from_hours(1));
            acts(&app, "test-cs", &id, "resumption", &json!({})).await;
        }
        let place = ("test-service_lead", id.as_str(), "policy-migration-proposal");
        refused(&app, place, &body, ("#/policy_version", "not_permitted")).await;
        let answer = posts(&app, place.0, &id, place.2, &body).await;
        assert!(answer.text.contains("would be lost"), "{way}: {}", answer.text);
        let next = acts(&app, "test-police", &id, "advance", &reason()).await;
        assert_eq!(next["stage"]["number"], 3);
        acts(&app, place.0, &id, place.2, &body).await;
        let body = json!({"policy_version": "any-next"});
        acts(&app, "test-director", &id, "policy-migration", &body).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_end_of_a_pause_does_not_use_up_another_one() {
    let app = TestApp::start().await;
    let shipped = shipped::policy_version(reference::stage_policy().unwrap());
    let twice = PauseRule { times_per_stage: 2, ..shipped.policy.pause };
    let policy = StagePolicy { version: "twice".to_owned(), pause: twice, ..shipped.policy };
    let version = PolicyVersion { effective_from: "2026-11-01".parse().unwrap(), policy };
    setup::add_policy(&app.deps, app.partnership, &version).await.unwrap();
    // The shipped policy is of 22 November; before that this one is in force.
    let id = acknowledged(&app, json!({})).await;
    for _ in 0..2 {
        acts(&app, "test-cs", &id, "pause", &until("2026-11-19T12:00:00Z")).await;
        app.clock.advance(SignedDuration::from_hours(1));
        acts(&app, "test-cs", &id, "resumption", &json!({})).await;
    }
    impossible(&app, "test-cs", &id, "pause", &until("2026-11-19T12:00:00Z")).await;
}
