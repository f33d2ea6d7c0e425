//! Where one person's word is not enough: judging one's own answer, more time, and clocks under another policy.

use escalation_tracker::domain::limit::{Limit, LimitUnit};
use escalation_tracker::domain::partnership::PolicyVersion;
use escalation_tracker::domain::stage_policy::StagePolicy;
use escalation_tracker::reference;
use escalation_tracker::usecases::{setup, shipped};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::{
    acts, can, clocks, events, impossible, needs_another, reason, refused, running, shown,
};

#[tokio::test(flavor = "multi_thread")]
async fn inside_one_agency_nobody_judges_their_own_answer() {
    let app = TestApp::start().await;
    for (path, body) in [("acceptance", json!({})), ("rejection", reason())] {
        let id = app.childrens_services().raises(json!({})).await;
        app.childrens_services().agrees(&id).await;
        let seen = shown(&app, "test-cs", &id).await;
        assert!(!can(&seen, "accept") && !can(&seen, "reject") && can(&seen, "withdraw"));
        needs_another(&app, "test-cs", &id, path, &body).await;
        let colleague = app.colleague("test-cs");
        let seen = colleague.get(&format!("/v1/escalations/{id}")).await.expect(200).json;
        assert!(can(&seen, "accept") && can(&seen, "reject"));
        colleague.acts(&id, path, body.clone()).await;
    }
    // A new answer at the next stage is judged by somebody else again, whoever it is then.
    let id = app.childrens_services().raises(json!({})).await;
    app.childrens_services().agrees(&id).await;
    app.colleague("test-cs").acts(&id, "rejection", reason()).await;
    app.childrens_services().acts(&id, "advance", reason()).await;
    app.colleague("test-cs").agrees(&id).await;
    let path = format!("/v1/escalations/{id}/acceptance");
    let answer = app.colleague("test-cs").post(&path, &json!({})).await.expect(409);
    assert_eq!(answer.problem().0, "second-person-required");
    app.childrens_services().accepts(&id).await;
    // Between two agencies the sides are two persons anyway.
    let id = app.police().raises(json!({})).await;
    app.childrens_services().agrees(&id).await;
    app.police().accepts(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inside_one_agency_two_persons_agree_to_more_time() {
    let app = TestApp::start().await;
    let id = app.childrens_services().raises(json!({})).await;
    let due_at = "2026-11-23T12:00:00Z";
    let proposal = json!({"due_at": due_at, "reason": "The consultant is away."});
    let proposed = acts(&app, "test-cs", &id, "extension-proposal", &proposal).await;
    assert_eq!(proposed["proposal"]["side"], "responder");
    assert!(!can(&proposed, "extend"));
    let agreement = json!({"due_at": due_at});
    needs_another(&app, "test-cs", &id, "extension", &agreement).await;
    let agreed = app.colleague("test-cs").acts(&id, "extension", agreement).await.json;
    assert_eq!(running(&agreed, "answer").unwrap()["due_at"], due_at);
}

/// Another policy that gives the first stage five working days, and the second ten.
async fn slower(app: &TestApp, version: &str) {
    let shipped = shipped::policy_version(reference::stage_policy().unwrap());
    let mut policy = StagePolicy { version: version.to_owned(), ..shipped.policy };
    for stage in &mut policy.stages {
        let days = if stage.number == 1 { 5 } else { 10 };
        stage.standard = Some(Limit::after(days, LimitUnit::WorkingDay));
        stage.standard_with_meeting = None;
        stage.standard_maximum = None;
    }
    // In force only long after; so that only a migration leads there.
    let new = PolicyVersion { effective_from: "2100-01-01".parse().unwrap(), policy };
    setup::add_policy(&app.deps, app.partnership, &new).await.unwrap();
}

fn to(version: &str) -> Value {
    json!({"policy_version": version})
}

fn proposed(version: &str) -> Value {
    json!({"policy_version": version, "reason": "Agreed for open matters, too."})
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_move_to_another_policy_by_two_persons_word_and_both_stay_visible() {
    let app = TestApp::start().await;
    slower(&app, "slower").await;
    slower(&app, "slowest").await;
    for (proposes, id) in [
        ("test-service_lead", app.police().raises(json!({})).await),
        ("test-director", app.police().raises(json!({})).await),
    ] {
        app.clock.set("2026-11-19T10:00:00Z");
        let (proposal, migration) = ("policy-migration-proposal", "policy-migration");
        let place = (proposes, id.as_str(), proposal);
        for (version, code) in [
            ("nonsense", "unknown_reference"),
            // It runs under that one.
            ("default-2026-2", "inconsistent"),
        ] {
            refused(&app, place, &proposed(version), ("#/policy_version", code)).await;
        }
        refused(&app, place, &to("slower"), ("#/reason", "required")).await;
        impossible(&app, "test-director", &id, migration, &to("slower")).await;
        let before = shown(&app, "test-director", &id).await;
        let waits = acts(&app, proposes, &id, proposal, &proposed("slower")).await;
        assert_eq!(waits["clocks"], before["clocks"]);
        let what = json!({"proposal": "policy_migration", "version": "slower"});
        assert_eq!(waits["proposal"], json!({"what": what, "side": "overseer"}));
        // What was proposed, and by somebody else; a service lead only proposes.
        let place = ("test-director", id.as_str(), migration);
        let who = if proposes == "test-director" {
            needs_another(&app, "test-director", &id, migration, &to("slower")).await;
            app.colleague("test-director")
        } else {
            let other = ("#/policy_version", "inconsistent");
            refused(&app, place, &to("slowest"), other).await;
            app.director()
        };
        let path = format!("/v1/escalations/{id}/{migration}");
        let answer = app.person("test-service_lead").post(&path, &to("slower")).await;
        assert_eq!(answer.expect(403).problem().0, "forbidden");
        let after = who.acts(&id, migration, to("slower")).await.json;
        assert!(after.get("proposal").is_none());
        let answers = clocks(&after, "answer");
        assert_eq!(answers.len(), 2);
        let told = |at: usize, name: &str| answers[at][name].clone();
        assert_eq!(told(0, "policy_version"), "default-2026-2");
        assert_eq!(told(0, "due_at"), "2026-11-20T23:59:59.999Z");
        assert_eq!(told(0, "stop_reason"), "policy_migrated");
        assert_eq!(told(0, "stopped_at"), "2026-11-19T10:00:00Z");
        assert_eq!((told(1, "policy_version"), told(1, "limit")), (json!("slower"), json!(5)));
        // Five working days from where the first clock started, not from now.
        assert_eq!(told(1, "due_at"), "2026-11-25T23:59:59.999Z");
        assert_eq!(told(1, "started_at"), "2026-11-19T10:00:00Z");
        assert_eq!(told(1, "extends"), told(0, "id"));
        assert_eq!(clocks(&after, "acknowledgement").len(), 2);
        let event = events(&app, "test-cs", &id).await.pop().unwrap();
        assert_eq!(event["type"], "policy_migrated");
        assert_eq!(event["change"]["from"], "default-2026-2");
        assert_eq!(
            (&event["change"]["to"], &event["role"]),
            (&json!("slower"), &json!("director"))
        );
        impossible(&app, "test-director", &id, migration, &to("slower")).await;
        // From then on it runs by that policy.
        app.clock.advance(SignedDuration::from_secs(1));
        let next = acts(&app, "test-police", &id, "advance", &reason()).await;
        assert_eq!(running(&next, "answer").unwrap()["due_at"], "2026-12-03T23:59:59.999Z");
        assert_eq!(running(&next, "answer").unwrap()["policy_version"], "slower");
        app.clock.set("2026-11-18T10:00:00Z");
    }
}

/// A breach stays a breach: what was late under the old policy is told as that, and the new clock is due by its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_takes_no_breach_back() {
    let app = TestApp::start().await;
    slower(&app, "slower").await;
    let id = app.police().raises(json!({})).await;
    app.clock.set("2026-11-23T10:00:00Z");
    assert_eq!(shown(&app, "test-cs", &id).await["overdue"], true);
    let proposal = "policy-migration-proposal";
    acts(&app, "test-service_lead", &id, proposal, &proposed("slower")).await;
    let after = acts(&app, "test-director", &id, "policy-migration", &to("slower")).await;
    let answers = clocks(&after, "answer");
    assert_eq!((&answers[0]["state"], &answers[0]["overdue"]), (&json!("missed"), &json!(true)));
    assert_eq!(answers[1]["due_at"], "2026-11-25T23:59:59.999Z");
    // Nothing is migrated while nobody has to answer.
    let id = app.police().raises(json!({})).await;
    app.childrens_services().agrees(&id).await;
    impossible(&app, "test-service_lead", &id, proposal, &proposed("slower")).await;
}
