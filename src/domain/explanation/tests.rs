//! What an explanation tells of ordinary clocks, of old ones, and of those at the edges.

use serde_json::json;
use uuid::Uuid;

use super::super::limit::Direction;
use super::super::working_days::by_rule;
use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn day(text: &str) -> Date {
    text.parse().expect(text)
}

fn calendar() -> Calendar {
    by_rule::england_and_wales(2025..=2028)
}

fn policy() -> StagePolicy {
    let policy = json!({"version": "test", "stages": []});
    serde_json::from_value(policy).expect("a policy")
}

fn clock(number: u128, limit: Limit, started: &str, due: &str) -> StageClock {
    StageClock {
        id: ClockId(Uuid::from_u128(number)),
        episode: 1,
        stage: 1,
        kind: ClockKind::Answer,
        urgency: Urgency::Standard,
        limit,
        started_at: at(started),
        due_at: at(due),
        policy_version: "test".to_owned(),
        calendar_version: "test".to_owned(),
        extends: None,
        basis: None,
        recorded_at: None,
        stopped: None,
    }
}

#[track_caller]
fn explained(clock: &StageClock, clocks: &[StageClock]) -> Explanation {
    Explanation::of_clock(clock, clocks, &policy(), &calendar()).expect("covered")
}

/// Each day as its date, its reason and its number.
fn told(days: &[ListedDay]) -> Vec<String> {
    days.iter()
        .map(|day| format!("{} {} {}", day.date, day.reason, day.number.unwrap_or_default()))
        .collect()
}

#[track_caller]
fn days_of(step: &Step) -> Vec<String> {
    let Step::Counted { days, .. } = step else { panic!("{step:?}") };
    told(days)
}

fn counted_from(limit: Limit, event: &str) -> Step {
    counted(&limit, at(event), &calendar()).expect("covered")
}

#[test]
fn every_day_is_listed_from_day_zero_to_the_last() {
    let two = Limit::after(2, LimitUnit::WorkingDay);
    let including = Limit { day_zero: DayZero::IncludeStart, ..two };
    let before = Limit { direction: Direction::Before, ..two };
    for (limit, event, days) in [
        (
            two,
            "2026-11-20T23:50Z",
            &[
                "2026-11-20 day_zero 0",
                "2026-11-21 week_end 0",
                "2026-11-22 week_end 0",
                "2026-11-23 working_day 1",
                "2026-11-24 working_day 2",
            ][..],
        ),
        // Day zero is day zero on a week-end too.
        (
            Limit { amount: 1, ..two },
            "2026-12-26T10:00Z",
            &[
                "2026-12-26 day_zero 0",
                "2026-12-27 week_end 0",
                "2026-12-28 bank_holiday 0",
                "2026-12-29 working_day 1",
            ],
        ),
        (including, "2026-11-19T10:00Z", &["2026-11-19 working_day 1", "2026-11-20 working_day 2"]),
        // What begins on a Sunday cannot count it.
        (
            including,
            "2026-11-22T10:00Z",
            &["2026-11-22 week_end 0", "2026-11-23 working_day 1", "2026-11-24 working_day 2"],
        ),
        (
            before,
            "2026-11-24T10:00Z",
            &[
                "2026-11-24 day_zero 0",
                "2026-11-23 working_day 1",
                "2026-11-22 week_end 0",
                "2026-11-21 week_end 0",
                "2026-11-20 working_day 2",
            ],
        ),
        (Limit { amount: 0, ..including }, "2026-11-22T10:00Z", &["2026-11-22 day_zero 0"]),
        (Limit::after(0, LimitUnit::SameDay), "2026-06-30T23:30Z", &["2026-07-01 day_zero 0"]),
        (
            Limit::after(2, LimitUnit::CalendarDay),
            "2026-11-20T10:00Z",
            &["2026-11-20 day_zero 0", "2026-11-21 every_day 1", "2026-11-22 every_day 2"],
        ),
        (Limit::after(2, LimitUnit::Hour), "2026-11-20T10:00Z", &[]),
    ] {
        assert_eq!(days_of(&counted_from(limit, event)), days, "{limit:?} {event}");
    }
}

#[test]
fn months_are_listed_by_the_day_on_which_each_is_complete() {
    let three = Limit::after(3, LimitUnit::Month);
    let including = Limit { day_zero: DayZero::IncludeStart, ..three };
    let before = Limit { direction: Direction::Before, ..including };
    for (limit, event, ends) in [
        (three, "2025-11-30T10:00Z", ["2025-12-30", "2026-01-30", "2026-02-28"]),
        (including, "2025-11-30T10:00Z", ["2025-12-29", "2026-01-29", "2026-02-27"]),
        (before, "2026-05-31T10:00Z", ["2026-05-01", "2026-04-01", "2026-03-01"]),
    ] {
        let Step::Counted { months, .. } = counted_from(limit, event) else { panic!("{event}") };
        assert_eq!(months, Some(ends.map(day).to_vec()), "{limit:?}");
    }
    let weeks = counted_from(Limit::after(1, LimitUnit::Week), "2025-11-30T10:00Z");
    assert!(matches!(weeks, Step::Counted { months: None, .. }));
}

#[test]
fn an_absurd_limit_is_explained_without_its_days() {
    for unit in [LimitUnit::CalendarDay, LimitUnit::Week, LimitUnit::Month] {
        let step = counted_from(Limit::after(u32::MAX, unit), "2026-11-20T10:00Z");
        let Step::Counted { days, months, .. } = step else { panic!("{unit}") };
        assert!(days.is_empty() && months.unwrap_or_default().is_empty(), "{unit}");
    }
    let three_years = counted_from(Limit::after(36, LimitUnit::Month), "2026-11-20T10:00Z");
    assert_eq!(days_of(&three_years).len(), 1_097);
}

#[test]
fn what_starts_in_the_last_moment_of_a_day_is_due_at_once() {
    let limit = Limit::after(0, LimitUnit::SameDay);
    let (last, early) = ("2026-11-20T23:59:59.9995Z", "2026-11-20T23:59:59.999Z");
    let it = explained(&clock(1, limit, last, last), &[]);
    assert!(it.agrees());
    let dues: Vec<Timestamp> = it.steps.iter().map(|step| step.due().at).collect();
    assert_eq!(dues, [at(early), at(last)]);
    assert!(matches!(it.steps.last(), Some(Step::AtOnce { .. })));
    // Up to that moment the ordinary step says it all.
    let it = explained(&clock(1, limit, early, early), &[]);
    assert!(it.agrees() && it.steps.len() == 1);
}

#[test]
fn an_older_clock_was_counted_from_its_start_or_agreed() {
    let limit = Limit::after(2, LimitUnit::WorkingDay);
    let first = clock(1, limit, "2026-11-18T10:00Z", "2026-11-20T23:59:59.999Z");
    let second = StageClock {
        extends: Some(first.id),
        ..clock(2, limit, "2026-11-19T10:00Z", "2026-11-24T12:00Z")
    };
    let clocks = [first, second];
    let it = explained(&clocks[0], &clocks);
    assert!(it.agrees());
    assert_eq!(
        days_of(&it.steps[0]),
        ["2026-11-18 day_zero 0", "2026-11-19 working_day 1", "2026-11-20 working_day 2"]
    );
    let it = explained(&clocks[1], &clocks);
    assert!(it.agrees());
    let agreed = Step::Agreed {
        previous: LocalInstant::of(clocks[0].due_at),
        times_per_stage: 1,
        due: LocalInstant::of(clocks[1].due_at),
    };
    assert_eq!(it.steps, [agreed]);
    let Rule::Stage { took_over_from, .. } = it.rule else { panic!("a stage") };
    assert_eq!(took_over_from, Some(clocks[0].id));
}

#[test]
fn a_pause_tells_its_days_and_those_it_gives_back() {
    let limit = Limit::after(2, LimitUnit::WorkingDay);
    let paused = StageClock {
        basis: Some(DueBasis::Paused {
            previous_due_at: at("2026-11-23T23:59:59.999Z"),
            from: at("2026-11-20T10:00Z"),
            until: at("2026-11-24T10:00Z"),
        }),
        ..clock(1, limit, "2026-11-20T10:00Z", "2026-11-25T23:59:59.999Z")
    };
    let it = explained(&paused, &[]);
    assert!(it.agrees());
    let [Step::Paused { days_paused, days_gained, days_after, .. }] = it.steps.as_slice() else {
        panic!("{:?}", it.steps)
    };
    assert_eq!(*days_gained, Some(2));
    assert_eq!(
        told(days_paused),
        [
            "2026-11-20 day_zero 0",
            "2026-11-21 week_end 0",
            "2026-11-22 week_end 0",
            "2026-11-23 working_day 1",
            "2026-11-24 working_day 2",
        ]
    );
    assert_eq!(
        told(days_after),
        ["2026-11-23 day_zero 0", "2026-11-24 working_day 1", "2026-11-25 working_day 2"]
    );
}

#[test]
fn the_earlier_of_two_goes_on_from_what_was_counted() {
    let limit = Limit::after(2, LimitUnit::Hour);
    let from = at("2026-11-20T10:00Z");
    for (previous, due) in
        [("2026-11-20T11:00Z", "2026-11-20T11:00Z"), ("2026-11-20T13:00Z", "2026-11-20T12:00Z")]
    {
        let earlier = DueBasis::Earlier { previous_due_at: at(previous), from };
        let it = StageClock { basis: Some(earlier), ..clock(1, limit, "2026-11-20T10:00Z", due) };
        let it = explained(&it, &[]);
        assert!(it.agrees(), "{previous}");
        let counted = LocalInstant::of(at("2026-11-20T12:00Z"));
        let [Step::Counted { due, .. }, Step::Earlier { counted: one, .. }] = it.steps.as_slice()
        else {
            panic!("{:?}", it.steps)
        };
        assert_eq!((*due, *one), (counted, counted));
    }
}

#[test]
fn a_record_that_does_not_follow_from_its_steps_is_said_to_disagree() {
    let limit = Limit::after(2, LimitUnit::WorkingDay);
    let it = explained(&clock(1, limit, "2026-11-18T10:00Z", "2026-11-23T23:59:59.999Z"), &[]);
    assert!(!it.agrees());
    assert_eq!(it.due, LocalInstant::of(at("2026-11-23T23:59:59.999Z")));
    // A calendar of other years is not the one that counted.
    let clock = clock(1, limit, "2029-11-19T10:00Z", "2029-11-21T23:59:59.999Z");
    let it = Explanation::of_clock(&clock, &[], &policy(), &calendar());
    assert_eq!(it, Err(NoCalendar { year: 2029 }));
}

#[test]
fn a_delay_without_a_limit_has_no_due_date_to_explain() {
    let delay = json!({
        "timescale": "other", "timescale_version": "1", "limit": null,
        "started_at": "2026-11-18T10:00:00Z", "due_at": null, "calendar_version": "test",
    });
    let delay: Delay = serde_json::from_value(delay).expect("a delay");
    let timescale = Timescale {
        code: "other".to_owned(),
        version: "1".to_owned(),
        label: "Other".to_owned(),
        limit: None,
        starts: "Its start".to_owned(),
        stops: "Its end".to_owned(),
        basis: String::new(),
        source: "None applies".to_owned(),
        verified_against_wt2026: false,
    };
    assert_eq!(Explanation::of_delay(&delay, &timescale, &calendar()), Ok(None));
}
