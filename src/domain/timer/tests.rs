//! What comes due, at instants that were worked out by hand.

use super::super::ids::ClockId;
use super::super::limit::{Limit, LimitUnit};
use super::super::london::end_of_day;
use super::super::stage_clock::DueBasis;
use super::super::stage_policy::{PerUrgency, StagePolicy};
use super::super::urgency::Urgency;
use super::super::working_days::Nation;
use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn calendar() -> Calendar {
    let christmas = ["2026-12-25", "2026-12-28"];
    let named = christmas.map(|date| (date.parse().expect(date), "Holiday".to_owned()));
    Calendar::new("test", Nation::EnglandAndWales, 2026..=2026, named.into()).expect("all inside")
}

fn policy() -> StagePolicy {
    serde_json::from_value(serde_json::json!({"version": "test", "stages": []})).expect("a policy")
}

fn clock(kind: ClockKind, urgency: Urgency, limit: Limit, started_at: &str) -> StageClock {
    let started_at = at(started_at);
    StageClock {
        id: ClockId(uuid::Uuid::nil()),
        episode: 1,
        stage: 1,
        kind,
        urgency,
        limit,
        started_at,
        due_at: limit.due_at(started_at, &calendar()).expect("within the year").max(started_at),
        policy_version: "test".to_owned(),
        calendar_version: "test".to_owned(),
        extends: None,
        basis: Some(DueBasis::Counted { from: started_at }),
        recorded_at: Some(started_at),
        stopped: None,
    }
}

fn answer(amount: u32, unit: LimitUnit, started_at: &str) -> StageClock {
    clock(ClockKind::Answer, Urgency::Standard, Limit::after(amount, unit), started_at)
}

/// The timers of a clock that became known at `known_at`, as words.
fn known(clock: &StageClock, known_at: &str) -> Vec<String> {
    let timers = timers(clock, at(known_at), &policy(), &calendar()).expect("within the year");
    let word = |it: Timer| match it.percent {
        Some(percent) => format!("{} {percent} {}", it.kind, it.fires_at),
        None => format!("{} {}", it.kind, it.fires_at),
    };
    timers.into_iter().map(word).collect()
}

fn of(clock: &StageClock) -> Vec<String> {
    known(clock, &clock.started_at.to_string())
}

#[test]
fn a_limit_in_days_is_warned_of_in_working_time_and_one_in_hours_on_the_wall_clock() {
    // 7 hours on Wednesday, 8 on Thursday, 8 on Friday: 60 % are 13 h 48 min, 90 % are 20 h 42 min.
    assert_eq!(
        of(&answer(2, LimitUnit::WorkingDay, "2026-11-18T10:00:00Z")),
        [
            "warning 60 2026-11-19T15:48:00Z",
            "warning 90 2026-11-20T14:42:00Z",
            "overdue 2026-11-20T23:59:59.999001Z",
            "choice 2026-11-23T23:59:59.999001Z",
        ]
    );
    // Saturday morning: all eight hours are Monday's. In summer 09:00 is 08:00 in UTC.
    assert_eq!(
        of(&answer(1, LimitUnit::WorkingDay, "2026-06-06T08:00:00Z"))[..2],
        ["warning 60 2026-06-08T12:48:00Z", "warning 90 2026-06-08T15:12:00Z"]
    );
    assert_eq!(
        of(&answer(2, LimitUnit::Hour, "2026-11-21T22:00:00Z")),
        [
            "warning 60 2026-11-21T23:12:00Z",
            "warning 90 2026-11-21T23:48:00Z",
            "overdue 2026-11-22T00:00:00.000001Z",
            "choice 2026-11-23T23:59:59.999001Z",
        ]
    );
    // An evening has no working time, so its wall time is shared out: 2 hours less a millisecond.
    assert_eq!(
        of(&answer(0, LimitUnit::SameDay, "2026-11-18T21:59:59.999Z"))[..2],
        ["warning 60 2026-11-18T23:11:59.999Z", "warning 90 2026-11-18T23:47:59.999Z"]
    );
    // A bank holiday has none either: Thursday 09:00 to Tuesday over Christmas is two days of eight hours.
    assert_eq!(
        of(&answer(1, LimitUnit::WorkingDay, "2026-12-24T09:00:00Z"))[..2],
        ["warning 60 2026-12-29T10:36:00Z", "warning 90 2026-12-29T15:24:00Z"]
    );
}

#[test]
fn only_a_limit_of_the_responding_agency_leaves_the_raiser_a_choice() {
    for kind in ClockKind::ALL {
        let clock = clock(
            *kind,
            Urgency::Standard,
            Limit::after(1, LimitUnit::WorkingDay),
            "2026-11-18T10:00:00Z",
        );
        let chosen = of(&clock).iter().any(|it| it.starts_with("choice"));
        let expected =
            matches!(kind, ClockKind::Answer | ClockKind::Acknowledgement | ClockKind::Resolution);
        assert_eq!(chosen, expected, "{kind}");
        assert_eq!(of(&clock).iter().filter(|it| it.starts_with("overdue")).count(), 1, "{kind}");
        assert_eq!(of(&clock).iter().filter(|it| it.starts_with("warning")).count(), 2, "{kind}");
    }
}

#[test]
fn what_becomes_known_late_is_not_warned_of_and_the_raiser_can_still_choose() {
    let clock = answer(2, LimitUnit::WorkingDay, "2026-11-02T10:00:00Z");
    assert_eq!(known(&clock, "2026-11-03T16:00:00Z")[0], "warning 60 2026-11-03T15:48:00Z");
    assert_eq!(known(&clock, "2026-11-04T15:00:00Z")[0], "warning 90 2026-11-04T14:42:00Z");
    assert_eq!(
        known(&clock, "2026-11-18T10:00:00Z"),
        ["overdue 2026-11-04T23:59:59.999001Z", "choice 2026-11-19T23:59:59.999001Z"]
    );
}

#[test]
fn nobody_is_warned_while_the_time_is_paused_and_the_end_of_the_pause_is_told() {
    let mut clock = answer(2, LimitUnit::WorkingDay, "2026-11-18T10:00:00Z");
    let until = end_of_day("2026-11-20".parse().expect("a date"));
    clock.due_at = end_of_day("2026-11-24".parse().expect("a date"));
    clock.basis = Some(DueBasis::Paused {
        previous_due_at: at("2026-11-20T23:59:59.999Z"),
        from: at("2026-11-18T12:00:00Z"),
        until,
    });
    assert_eq!(
        of(&clock),
        [
            "pause_ended 2026-11-20T23:59:59.999Z",
            // 16 hours on Monday and Tuesday.
            "warning 60 2026-11-24T10:36:00Z",
            "warning 90 2026-11-24T15:24:00Z",
            "overdue 2026-11-24T23:59:59.999001Z",
            "choice 2026-11-25T23:59:59.999001Z",
        ]
    );
    // Somebody ended the pause just now, and knows it.
    assert!(!known(&clock, &until.to_string())[0].starts_with("pause_ended"));
}

#[test]
fn a_policy_that_warns_at_no_sensible_share_warns_less_often() {
    let clock = answer(2, LimitUnit::WorkingDay, "2026-11-18T10:00:00Z");
    for (amber, red, expected) in
        [(60, 60, 1), (0, 90, 1), (0, 100, 0), (100, 255, 0), (90, 60, 2), (1, 99, 2)]
    {
        let mut policy = policy();
        policy.warning.amber_percent = amber;
        policy.warning.red_percent = red;
        let timers = timers(&clock, clock.started_at, &policy, &calendar()).expect("covered");
        let warnings: Vec<_> = timers.iter().filter(|it| it.kind == TimerKind::Warning).collect();
        assert_eq!(warnings.len(), expected, "{amber} {red}");
        assert!(warnings.iter().all(|it| it.fires_at < clock.due_at));
    }
}

#[test]
fn a_choice_is_never_due_before_the_limit_and_no_year_is_guessed() {
    let mut policy = policy();
    let same_day = Limit::after(0, LimitUnit::SameDay);
    policy.timeout.raiser_chooses_within =
        PerUrgency { standard: same_day, urgent: same_day, immediate: same_day };
    let clock = answer(2, LimitUnit::WorkingDay, "2026-11-18T10:00:00Z");
    let made = timers(&clock, clock.started_at, &policy, &calendar()).expect("covered");
    let when = |kind| made.iter().find(|it| it.kind == kind).map(|it| it.fires_at);
    assert_eq!(when(TimerKind::Choice), when(TimerKind::Overdue));

    let last = answer(1, LimitUnit::WorkingDay, "2026-12-30T10:00:00Z");
    let missing = timers(&last, last.started_at, &self::policy(), &calendar());
    assert_eq!(missing, Err(NoCalendar { year: 2027 }));
}

#[test]
fn that_a_limit_ran_out_stays_true_and_all_else_ends_with_the_clock() {
    let due_at = at("2026-11-20T23:59:59.999Z");
    assert!(TimerKind::ALL.iter().all(|kind| still_means_something(*kind, due_at, None)));
    for (stop, late) in [("2026-11-20T23:59:59.999Z", false), ("2026-11-21T00:00:00Z", true)] {
        for kind in TimerKind::ALL {
            let expected = late && *kind == TimerKind::Overdue;
            let means = still_means_something(*kind, due_at, Some(at(stop)));
            assert_eq!(means, expected, "{kind} {stop}");
        }
    }
}
