//! What follows an end: feedback, learning, the question whether the child is better off, and opening it again.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::asking::{
    acts, can, clocks, impossible, needs_another, parts, reason, refused, running, shown,
};
use super::support::people::resolve_body;

/// Raised, answered, accepted and resolved on Wednesday 18 November at 10:00.
async fn resolved(app: &TestApp, changed: Value) -> Value {
    let id = app.police().raises(changed).await;
    app.childrens_services().agrees(&id).await;
    app.police().accepts(&id).await;
    app.childrens_services().resolves(&id).await.json
}

fn id_of(it: &Value) -> String {
    it["id"].as_str().unwrap().to_owned()
}

fn due(it: &Value, kind: &str) -> Option<Value> {
    running(it, kind).map(|clock| clock["due_at"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn feedback_and_the_impact_check_are_due_after_every_outcome_and_stop_when_done() {
    let app = TestApp::start().await;
    let ended = resolved(&app, json!({})).await;
    let id = id_of(&ended);
    // Two working days; and 28 days, whatever days they are.
    assert_eq!(due(&ended, "feedback"), Some(json!("2026-11-20T23:59:59.999Z")));
    assert_eq!(due(&ended, "impact_check"), Some(json!("2026-12-16T23:59:59.999Z")));
    assert_eq!(due(&ended, "learning"), None);
    assert_eq!(ended["next_due_at"], "2026-11-20T23:59:59.999Z");
    assert_eq!(ended["next_due_clock"]["kind"], "feedback");
    assert_eq!(ended["next_due_clock"]["id"], running(&ended, "feedback").unwrap()["id"]);
    let told = json!({"feedback": "Told the raiser by phone what was agreed."});
    impossible(&app, "test-police", &id, "feedback", &told).await;
    app.clock.set("2026-11-19T15:00:00Z");
    let after = acts(&app, "test-cs", &id, "feedback", &told).await;
    assert_eq!(after["resolution"]["feedback_at"], "2026-11-19T15:00:00Z");
    let clock = clocks(&after, "feedback")[0].clone();
    assert_eq!((&clock["state"], &clock["stop_reason"]), (&json!("met"), &json!("done")));
    assert_eq!(after["next_due_clock"]["kind"], "impact_check");
    assert_eq!(after["next_due_at"], "2026-12-16T23:59:59.999Z");
    impossible(&app, "test-cs", &id, "feedback", &told).await;
    // Late is late, and done all the same.
    app.clock.set("2026-12-17T00:00:00Z");
    let list = app.director().get("/v1/escalations?sort=next_due").await.expect(200).json;
    assert_eq!(list["items"][0]["past_due"], true);
    assert_eq!(list["items"][0]["next_due_clock"], "impact_check");
    assert_eq!(shown(&app, "test-cs", &id).await["overdue"], false, "no answer is awaited");
    let checked = acts(&app, "test-police", &id, "impact-check", &json!({"result": "same"})).await;
    assert_eq!(checked["resolution"]["impact"], "same");
    assert_eq!(checked["resolution"]["impact_checked_at"], "2026-12-17T00:00:00Z");
    assert_eq!(clocks(&checked, "impact_check")[0]["state"], "missed");
    assert!(checked.get("next_due_at").is_none() && checked.get("next_due_clock").is_none());
    impossible(&app, "test-police", &id, "impact-check", &json!({"result": "better"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_without_an_outcome_asks_for_nothing_afterwards() {
    let app = TestApp::start().await;
    let other = app.police().raises(json!({"theme": "icpc_late"})).await;
    for (path, body) in [
        ("withdrawal", json!({"why": "concern_no_longer_held"})),
        ("rerouting", json!({"procedure": "lado_allegation"})),
        ("duplicate", json!({"duplicate_of": other})),
    ] {
        let changed = json!({"urgency": "immediate", "stage": 3, "skip_reason": "It is urgent."});
        let id = app.police().raises(changed).await;
        let ended = acts(&app, "test-police", &id, path, &body).await;
        assert!(ended.get("next_due_at").is_none(), "{path}");
        let all = ended["clocks"].as_array().unwrap();
        assert!(all.iter().all(|clock| clock["stop_reason"] == "ended"), "{path}");
        assert!(!can(&ended, "give_feedback") && !can(&ended, "check_impact"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_learning_note_is_due_by_rule_and_by_no_other() {
    let app = TestApp::start().await;
    let ten_days = Some(json!("2026-12-02T23:59:59.999Z"));
    // Each has a theme of its own, so that none repeats another.
    for (stage, urgency, theme, expected) in [
        (1, "standard", "icpc_late", None),
        (2, "urgent", "child_not_seen", None),
        (3, "standard", "strategy_meeting_quality", ten_days.clone()),
        (1, "immediate", "other", ten_days.clone()),
    ] {
        let skip = (stage > 1).then_some("Tried before.");
        let changed =
            json!({"stage": stage, "skip_reason": skip, "urgency": urgency, "theme": theme});
        let ended = resolved(&app, changed).await;
        assert_eq!(due(&ended, "learning"), expected, "stage {stage}, {urgency}");
        let id = id_of(&ended);
        // Learning can be written down whether or not it was due, and more than once.
        for (kind, words) in [("process", Some("The rota had no deputy.")), ("none", None)] {
            let body = json!({"kind": kind, "learning": words});
            let after = acts(&app, "test-service_lead", &id, "learning", &body).await;
            assert_eq!(after["resolution"]["learning"], kind);
            assert!(running(&after, "learning").is_none());
            if expected.is_some() {
                assert_eq!(clocks(&after, "learning")[0]["stop_reason"], "done");
            }
        }
        let place = ("test-cs", id.as_str(), "learning");
        refused(&app, place, &json!({"kind": "practice"}), ("#/learning", "required")).await;
        let long = json!({"kind": "practice", "learning": "x".repeat(501)});
        refused(&app, place, &long, ("#/learning", "too_long")).await;
    }
}

/// The third escalation of one theme with one agency within 13 weeks asks what can be learnt from it.
#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_coming_back_asks_for_learning() {
    let app = TestApp::start().await;
    let with = |agency: &str, theme: &str, at: &str| json!({"raised_with_agency": agency, "theme": theme, "raised_at": at});
    // 13 weeks before Wednesday 18 November at 10:00 are Wednesday 19 August at 10:00.
    let before = "2026-08-19T09:59:59Z";
    let within = "2026-08-19T10:00:00Z";
    let now = "2026-11-18T10:00:00Z";
    for (theme, others, expected) in [
        ("icpc_late", [("CSC", "icpc_late", within), ("CSC", "icpc_late", now)], true),
        ("other", [("CSC", "other", before), ("CSC", "other", now)], false),
        ("child_not_seen", [("HV", "child_not_seen", now), ("CSC", "child_not_seen", now)], false),
        (
            "strategy_meeting_late",
            [("CSC", "strategy_meeting_quality", now), ("CSC", "strategy_meeting_late", now)],
            false,
        ),
    ] {
        for (agency, theme, at) in others {
            app.police().raises(with(agency, theme, at)).await;
        }
        let ended = resolved(&app, with("CSC", theme, now)).await;
        assert_eq!(due(&ended, "learning").is_some(), expected, "{theme}");
    }
    // Who records the ending plays no part: the Director sees the same pair.
    let top = |at: &str| {
        let mut body = with("HV", "icpc_late", at);
        body["stage"] = json!(4);
        body["skip_reason"] = json!("Tried before.");
        body
    };
    let id = app.police().raises(top(now)).await;
    let mut body = resolve_body();
    body["outcome"] = json!("decided_by_partners");
    let ended = acts(&app, "test-director", &id, "resolution", &body).await;
    assert!(due(&ended, "learning").is_some(), "stage 4 is above the third");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_list_has_the_most_overdue_first_and_pages_without_gaps() {
    let app = TestApp::start().await;
    // What is due when, from the most overdue on; several at one instant, so that only identifiers break the tie.
    let mut expected: Vec<(String, String)> = Vec::new();
    for (day, urgency) in
        [("16", "urgent"), ("12", "standard"), ("17", "immediate"), ("18", "standard")]
    {
        for _ in 0..3 {
            let at = format!("2026-11-{day}T09:00:00Z");
            let id = app.police().raises(json!({"raised_at": at, "urgency": urgency})).await;
            let seen = shown(&app, "test-police", &id).await;
            expected.push((seen["next_due_at"].as_str().unwrap().to_owned(), id));
        }
    }
    let follow_up = resolved(&app, json!({})).await;
    expected.push((follow_up["next_due_at"].as_str().unwrap().to_owned(), id_of(&follow_up)));
    let judged = app.police().raises(json!({})).await;
    app.childrens_services().agrees(&judged).await;
    // Who rejects an answer still has to choose what comes next.
    let rejected = app.police().raises(json!({})).await;
    app.childrens_services().agrees(&rejected).await;
    acts(&app, "test-police", &rejected, "rejection", &reason()).await;
    for id in [judged, rejected] {
        let seen = shown(&app, "test-police", &id).await;
        expected.push((seen["next_due_at"].as_str().unwrap().to_owned(), id));
    }
    // Nothing is due of this one.
    let withdrawn = app.police().raises(json!({})).await;
    app.police().withdraws(&withdrawn).await;
    expected.sort_by_key(|(due_at, id)| (due_at.parse::<jiff::Timestamp>().unwrap(), id.clone()));
    let times: std::collections::BTreeSet<_> = expected.iter().map(|(due_at, _)| due_at).collect();
    assert!(times.len() >= 4 && times.len() < expected.len(), "{times:?}");

    for limit in [1, 2, 5, 200] {
        let mut path = format!("/v1/escalations?sort=next_due&limit={limit}");
        let mut found = Vec::new();
        loop {
            let page = app.director().get(&path).await.expect(200).json;
            for item in page["items"].as_array().unwrap() {
                let due_at = item["next_due_at"].as_str().unwrap().to_owned();
                let late = due_at.parse::<jiff::Timestamp>().unwrap()
                    < "2026-11-18T10:00:00Z".parse().unwrap();
                assert_eq!(item["past_due"], late);
                found.push((due_at, item["id"].as_str().unwrap().to_owned()));
            }
            let Some(next) = page["links"].get("next") else { break };
            path = next.as_str().unwrap().to_owned();
        }
        assert_eq!(found, expected, "by {limit}");
    }
    let find = async |query: &str| {
        let page = app.director().get(&format!("/v1/escalations?{query}")).await.expect(200).json;
        page["items"].as_array().unwrap().len()
    };
    let all = expected.len();
    for kind in [
        "acknowledgement",
        "answer",
        "judgement",
        "resolution",
        "feedback",
        "learning",
        "impact_check",
    ] {
        let mut right = 0;
        for (_, id) in &expected {
            let seen = shown(&app, "test-police", id).await;
            right += usize::from(seen["next_due_clock"]["kind"] == kind);
        }
        assert_eq!(find(&format!("next_due_clock={kind}")).await, right, "{kind}");
    }
    let middle = &expected[all / 2].0;
    let before = expected.iter().filter(|(due_at, _)| due_at < middle).count();
    assert!(before > 0 && before < all);
    assert_eq!(find(&format!("next_due_to={middle}")).await, before);
    assert_eq!(find(&format!("next_due_from={middle}")).await, all - before);
}

#[tokio::test(flavor = "multi_thread")]
async fn opened_again_its_follow_ups_stop_and_the_child_never_stopped_waiting() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    app.clock.advance(SignedDuration::from_hours(1));
    app.childrens_services().agrees(&id).await;
    app.clock.advance(SignedDuration::from_hours(1));
    app.police().accepts(&id).await;
    let ended = app.childrens_services().resolves(&id).await.json;
    assert_eq!(ended["times"]["child"]["ended_because"], "situation_changed");
    assert_eq!(ended["times"]["child"]["ended_at"], "2026-11-18T12:00:00Z");
    app.clock.advance(SignedDuration::from_hours(24));
    let later = shown(&app, "test-police", &id).await;
    assert_eq!(later["times"]["child"]["seconds"], 2 * 3_600);
    assert_eq!(later["times"]["whole"]["seconds"], 2 * 3_600);
    let reopened = acts(&app, "test-police", &id, "reopening", &reason()).await;
    for kind in ["feedback", "impact_check"] {
        assert_eq!(clocks(&reopened, kind)[0]["stop_reason"], "reopened");
    }
    assert_eq!(reopened["next_due_clock"]["kind"], "acknowledgement");
    assert!(reopened.get("resolution").is_none());
    for act in ["give_feedback", "record_learning", "check_impact", "reopen"] {
        assert!(!can(&reopened, act), "{act}");
    }
    // The day between is part of the wait, and nobody held it.
    app.clock.advance(SignedDuration::from_hours(1));
    let waits = shown(&app, "test-cs", &id).await;
    assert!(waits["times"]["child"].get("ended_at").is_none());
    assert_eq!(waits["times"]["child"]["from"], "2026-11-18T10:00:00Z");
    let expected = [("responder", 1), ("raiser", 1), ("nobody", 24), ("responder", 1)];
    assert_eq!(parts(&waits), expected.map(|(who, hours)| (who.to_owned(), hours * 3_600)));
    assert_eq!(waits["times"]["agencies"]["working_seconds"], 3 * 3_600);
    assert_eq!(waits["times"]["whole"]["seconds"], 27 * 3_600);
    let line = app.director().get("/v1/escalations").await.expect(200).json["items"][0].clone();
    assert_eq!((&line["child_seconds"], &line["child_waits"]), (&json!(27 * 3_600), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_the_child_is_better_off_is_asked_from_the_next_day_on_and_of_a_second_person() {
    let app = TestApp::start().await;
    let better = json!({"result": "better"});
    let ended = resolved(&app, json!({})).await;
    let id = id_of(&ended);
    // Still the day of the ending, and from midnight in London on no longer.
    app.clock.set("2026-11-18T23:59:59Z");
    impossible(&app, "test-police", &id, "impact-check", &better).await;
    assert!(!can(&shown(&app, "test-police", &id).await, "check_impact"));
    app.clock.set("2026-11-19T00:00:00Z");
    let mut backdated = better.clone();
    backdated["occurred_at"] = json!("2026-11-18T23:59:59Z");
    impossible(&app, "test-police", &id, "impact-check", &backdated).await;
    assert!(!can(&shown(&app, "test-cs", &id).await, "check_impact"));
    acts(&app, "test-police", &id, "impact-check", &better).await;
    // Inside one agency not by the one who recorded the ending.
    app.clock.set("2026-11-18T10:00:00Z");
    let id = app.childrens_services().raises(json!({})).await;
    app.childrens_services().agrees(&id).await;
    app.colleague("test-cs").accepts(&id).await;
    app.childrens_services().resolves(&id).await;
    app.clock.set("2026-11-19T10:00:00Z");
    needs_another(&app, "test-cs", &id, "impact-check", &better).await;
    app.colleague("test-cs").acts(&id, "impact-check", better.clone()).await;
}

/// What an ending leaves open, a later look can settle; and what is better then counts from then.
#[tokio::test(flavor = "multi_thread")]
async fn the_childs_time_ends_only_with_what_changed_for_the_child() {
    let app = TestApp::start().await;
    for (outcome, impact, ended) in [
        ("safer", None, Some("2026-11-18T10:00:00Z")),
        ("unchanged", None, None),
        ("worse", Some("same"), None),
        ("too_early", Some("better"), Some("2026-11-25T10:00:00Z")),
    ] {
        app.clock.set("2026-11-18T10:00:00Z");
        let id = app.police().raises(json!({})).await;
        app.childrens_services().agrees(&id).await;
        app.police().accepts(&id).await;
        let mut body = resolve_body();
        body["child_outcome"] = json!(outcome);
        acts(&app, "test-cs", &id, "resolution", &body).await;
        app.clock.set("2026-11-25T10:00:00Z");
        if let Some(impact) = impact {
            let body = json!({"result": impact});
            // Who had to answer does not shut the raiser out by saying that all is well.
            impossible(&app, "test-cs", &id, "impact-check", &body).await;
            acts(&app, "test-police", &id, "impact-check", &body).await;
        }
        app.clock.set("2026-11-30T10:00:00Z");
        let child = shown(&app, "test-police", &id).await["times"]["child"].clone();
        let told = child.get("ended_at").and_then(Value::as_str);
        assert_eq!(told, ended, "{outcome} {impact:?}");
        assert_eq!(child.get("ended_because").is_some(), ended.is_some());
    }
}
