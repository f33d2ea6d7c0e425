//! Due dates as they are served, and whether each can be counted again from its explanation alone.

use std::collections::BTreeMap;

use escalation_tracker::domain::limit::{Limit, LimitUnit};
use escalation_tracker::domain::partnership::TimescaleVersion;
use escalation_tracker::domain::working_days::{Calendar, Nation};
use escalation_tracker::reference;
use escalation_tracker::usecases::setup;
use serde_json::{Value, json};

use super::support::TestApp;
use super::support::people::{Answer, anyborough, raise_body};
use super::support::recompute::{instant, recompute};

/// The shipped calendar with a day that was proclaimed since.
fn with_a_new_day(day: &str, name: &str) -> Calendar {
    let shipped = reference::england_and_wales().unwrap();
    let mut days: BTreeMap<_, _> =
        shipped.holidays().map(|(day, name)| (day, name.to_owned())).collect();
    days.insert(day.parse().unwrap(), name.to_owned());
    Calendar::new("england_and_wales-proclaimed", shipped.nation(), shipped.years(), days).unwrap()
}

async fn explained(app: &TestApp, id: &str, clock: &str) -> Answer {
    app.police().get(&format!("/v1/escalations/{id}/clocks/{clock}/explanation")).await
}

/// The explanation, which must lead to `due_at` by itself.
#[track_caller]
fn leads_to(told: &Answer, due_at: &str) {
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(recompute(&told.json), instant(due_at), "{}", told.text);
    assert_eq!((&told.json["due"]["at"], &told.json["agrees"]), (&json!(due_at), &json!(true)));
}

/// Raises with a delayed process, and gives the escalation with its delay.
async fn delayed(app: &TestApp, timescale: &str, started_at: &str) -> (String, Value) {
    let delay = json!({"timescale": timescale, "started_at": started_at});
    let body = raise_body(json!({"delay": delay}));
    let raised = app.police().post("/v1/escalations", &body).await.expect(201);
    (raised.id(), raised.json["delay"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conference_is_due_by_the_calendar_of_its_nation() {
    for (nation, due_at) in [
        (Nation::EnglandAndWales, "2026-01-13T23:59:59.999Z"),
        (Nation::Scotland, "2026-01-14T23:59:59.999Z"),
    ] {
        let mut plan = anyborough();
        let file = reference::calendar_of(nation).unwrap();
        plan.calendar = (file.calendar().unwrap(), file.source.clone());
        let mut days =
            plan.timescales.iter().find(|it| it.timescale.code == "icpc").unwrap().clone();
        days.timescale.code = "conference_in_calendar_days".to_owned();
        days.timescale.limit = Some(Limit::after(28, LimitUnit::CalendarDay));
        plan.timescales.push(TimescaleVersion { ..days });
        let app = TestApp::start_with(async |deps| setup::apply(deps, &plan).await.unwrap()).await;

        let (id, delay) = delayed(&app, "icpc", "2025-12-18T10:00:00Z").await;
        assert_eq!(delay["due_at"], due_at, "{nation}");
        let told = explained(&app, &id, "child-process").await;
        leads_to(&told, due_at);
        let rule = &told.json["rule"];
        assert_eq!((&rule["of"], &rule["code"]), (&json!("timescale"), &json!("icpc")));
        assert_eq!(
            (&rule["version"], &rule["basis"]),
            (&json!("WT2023"), &json!("statutory_guidance"))
        );
        assert_eq!(rule["verified_against_wt2026"], false);
        let source = rule["source"].as_str().unwrap();
        assert!(source.contains("Working Together to Safeguard Children 2023"), "{source}");
        assert_eq!(
            told.json["calendar"],
            json!({"version": file.version, "nation": nation.code()})
        );
        let skipped: Vec<&str> = told.json["steps"][0]["days"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|day| day["holiday"].as_str())
            .collect();
        let (from, to) = ("2025-12-19".parse().unwrap(), due_at[..10].parse().unwrap());
        let between = file.holidays.iter().filter(|it| it.date >= from && it.date <= to);
        let names: Vec<&str> = between.map(|it| it.name.as_str()).collect();
        assert_eq!(skipped, names);

        // Twenty-eight calendar days, as Scotland's procedures use, know no holidays.
        let (id, delay) =
            delayed(&app, "conference_in_calendar_days", "2025-12-18T10:00:00Z").await;
        assert_eq!(delay["due_at"], "2026-01-15T23:59:59.999Z");
        leads_to(&explained(&app, &id, "child-process").await, "2026-01-15T23:59:59.999Z");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_over_easter_and_over_the_change_of_the_clocks_is_due_in_summer_time() {
    let app = TestApp::start().await;
    for (timescale, started_at, due_at) in [
        ("strategy_meeting", "2026-04-02T10:00:00Z", "2026-04-07T22:59:59.999Z"),
        ("strategy_meeting", "2026-03-27T10:00:00Z", "2026-03-30T22:59:59.999Z"),
        // In the other direction, in months, in weeks, and in hours.
        ("icpc_report_parents", "2026-04-07T09:00:00Z", "2026-04-01T22:59:59.999Z"),
        ("rcpc_first", "2025-11-30T10:00:00Z", "2026-02-28T23:59:59.999Z"),
        ("care_proceedings", "2026-01-01T10:00:00Z", "2026-07-02T22:59:59.999Z"),
        ("police_protection", "2026-03-28T10:00:00Z", "2026-03-31T10:00:00Z"),
        ("cmh", "2026-11-02T10:00:00Z", "2026-11-25T23:59:59.999Z"),
        ("s47_start", "2026-11-14T10:00:00Z", "2026-11-14T23:59:59.999Z"),
        ("da_notification", "2026-11-14T10:00:00Z", "2026-11-16T23:59:59.999Z"),
    ] {
        let (id, delay) = delayed(&app, timescale, started_at).await;
        assert_eq!(delay["due_at"], due_at, "{timescale} {started_at}");
        leads_to(&explained(&app, &id, "child-process").await, due_at);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stage_and_urgency_of_the_shipped_ladder_is_due_as_its_table_says() {
    let app = TestApp::start().await;
    // A Friday in winter, and the evening of the Thursday before Easter, which is in summer time.
    let winter = ("2026-11-13T15:00:00Z", "T23:59:59.999Z", 0);
    let easter = ("2026-04-02T22:30:00Z", "T22:59:59.999Z", 1);
    let monday = ["2026-11-16", "2026-04-07"];
    let table: &[(u8, &str, [&str; 2])] = &[
        (0, "standard", monday),
        (0, "urgent", ["2026-11-13", "2026-04-02"]),
        (1, "standard", ["2026-11-17", "2026-04-08"]),
        (1, "urgent", monday),
        (1, "immediate", ["2026-11-13T17:00:00Z", "2026-04-03T00:30:00Z"]),
        (2, "standard", ["2026-11-18", "2026-04-09"]),
        (2, "urgent", monday),
        (2, "immediate", ["2026-11-13T19:00:00Z", "2026-04-03T02:30:00Z"]),
        (3, "standard", ["2026-11-20", "2026-04-13"]),
        (3, "urgent", ["2026-11-17", "2026-04-08"]),
        (3, "immediate", ["2026-11-13", "2026-04-02"]),
        (4, "standard", ["2026-11-20", "2026-04-13"]),
        (4, "urgent", ["2026-11-17", "2026-04-08"]),
        (4, "immediate", ["2026-11-14", "2026-04-03"]),
    ];
    for (now, end, at) in [easter, winter] {
        app.clock.set(now);
        for (stage, urgency, dues) in table {
            let mut changed = json!({"stage": stage, "urgency": urgency});
            if *stage > 1 {
                changed["skip_reason"] = json!("The stages below were tried by phone.");
            }
            let raised =
                app.police().post("/v1/escalations", &raise_body(changed)).await.expect(201);
            let instant_of =
                |day: &str| if day.contains('T') { day.to_owned() } else { format!("{day}{end}") };
            let mut expected = vec![("answer", instant_of(dues[at]))];
            if *stage > 0 {
                expected.insert(0, ("acknowledgement", instant_of(monday[at])));
            }
            let clocks = raised.json["clocks"].as_array().unwrap();
            assert_eq!(clocks.len(), expected.len(), "{stage} {urgency}");
            for (clock, (kind, due_at)) in clocks.iter().zip(expected) {
                assert_eq!(clock["kind"], kind, "{stage} {urgency}");
                assert_eq!(clock["due_at"], due_at, "{stage} {urgency} {kind} {now}");
                let told = explained(&app, &raised.id(), clock["id"].as_str().unwrap()).await;
                leads_to(&told, &due_at);
                let rule = &told.json["rule"];
                assert_eq!((&rule["kind"], &rule["urgency"]), (&json!(kind), &json!(urgency)));
                assert_eq!(rule["stage"], raised.json["stage"]);
                assert_eq!(rule["policy_version"], clock["policy_version"]);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_time_is_explained_by_the_clock_before_and_no_later_calendar_changes_any_of_it() {
    let app = TestApp::start().await;
    let (id, _) = delayed(&app, "icpc", "2026-11-12T10:00:00Z").await;
    let due_at = "2026-11-24T12:00:00Z";
    let more = json!({"due_at": due_at, "reason": "Agreed with the team manager."});
    app.childrens_services().acts(&id, "extension-proposal", more).await;
    let shown = app.police().acts(&id, "extension", json!({"due_at": due_at})).await.json;
    let clocks: Vec<&Value> =
        shown["clocks"].as_array().unwrap().iter().filter(|it| it["kind"] == "answer").collect();
    let (first, second) = (clocks[0]["id"].as_str().unwrap(), clocks[1]["id"].as_str().unwrap());

    leads_to(&explained(&app, &id, first).await, "2026-11-20T23:59:59.999Z");
    let told = explained(&app, &id, second).await;
    leads_to(&told, due_at);
    let step = &told.json["steps"][0];
    assert_eq!(step["step"], "agreed");
    assert_eq!(step["previous"]["at"], "2026-11-20T23:59:59.999Z");
    let links = &told.json["links"];
    let before = links["took_over_from"].as_str().unwrap();
    assert_eq!(before, format!("/v1/escalations/{id}/clocks/{first}/explanation"));
    app.police().get(before).await.expect(200);
    let this = app.police().get(links["self"].as_str().unwrap()).await.expect(200);
    assert_eq!(this.text, told.text);
    app.police().get(links["escalation"].as_str().unwrap()).await.expect(200);

    // A day is proclaimed, and a calendar with it is loaded: what was counted stays as it was.
    let read = async || {
        let mut all = Vec::new();
        for clock in [first, second, "child-process"] {
            all.push(explained(&app, &id, clock).await.expect(200).text);
        }
        all
    };
    let counted = read().await;
    let proclaimed = with_a_new_day("2026-11-19", "A day of thanks");
    setup::add_calendar(&app.deps, app.partnership, &proclaimed, "Made up for a test")
        .await
        .unwrap();
    assert_eq!(read().await, counted);
    let later = app.police().raises(json!({})).await;
    let shown = app.police().get(&format!("/v1/escalations/{later}")).await.json;
    let clock = shown["clocks"].as_array().unwrap().last().unwrap();
    let told = explained(&app, &later, clock["id"].as_str().unwrap()).await;
    leads_to(&told, "2026-11-23T23:59:59.999Z");
    assert_eq!(told.json["steps"][0]["days"][1]["holiday"], "A day of thanks");
}

/// What was late already when another urgency took it over is due at once, and says why.
#[tokio::test(flavor = "multi_thread")]
async fn what_takes_over_from_a_late_clock_can_be_counted_again() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    // Due by the end of Friday 20 November; on Saturday morning the need is immediate.
    app.clock.set("2026-11-21T08:00:00Z");
    let body = json!({"urgency": "immediate", "reason": "The child came to harm."});
    let shown = app.police().acts(&id, "urgency-change", body).await.json;
    let clock = shown["clocks"].as_array().unwrap().last().unwrap();
    let told = explained(&app, &id, clock["id"].as_str().unwrap()).await;
    leads_to(&told, "2026-11-21T08:00:00Z");
    let steps: Vec<_> = told.json["steps"].as_array().unwrap().iter().collect();
    let names: Vec<_> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(names, ["counted", "earlier", "at_once"]);
    assert_eq!(steps[1]["due"]["at"], "2026-11-20T23:59:59.999Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_due_date_here_has_no_explanation() {
    let app = TestApp::start().await;
    let id = app.police().raises(json!({})).await;
    let other = app.police().raises(json!({})).await;
    let shown = app.police().get(&format!("/v1/escalations/{other}")).await.json;
    let foreign = shown["clocks"][0]["id"].as_str().unwrap();
    explained(&app, &other, foreign).await.expect(200);
    let shouted = foreign.to_uppercase();
    for (escalation, clock) in [
        (&id, "child-process"),
        (&id, foreign),
        (&id, id.as_str()),
        (&id, "child_process"),
        (&id, "1"),
        (&other, shouted.as_str()),
    ] {
        let told = explained(&app, escalation, clock).await.expect(404);
        assert_eq!(told.problem().0, "not-found", "{clock}");
    }
    // A delay to which no limit applies is there, and nothing of it is due.
    let (id, delay) = delayed(&app, "other", "2026-11-12T10:00:00Z").await;
    assert_eq!((&delay["timescale"], delay.get("due_at")), (&json!("other"), None));
    explained(&app, &id, "child-process").await.expect(404);
}
