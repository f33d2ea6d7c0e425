//! When limits run out, and by how much they are missed.

mod ten_years;

use std::collections::BTreeMap;

use super::super::working_days::Nation;
use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

/// An instant, or the end of a London day that is given as a date.
fn end(text: &str) -> Timestamp {
    text.parse().map_or_else(|_| at(text), london::end_of_day)
}

fn calendar() -> Calendar {
    let holidays = [
        "2025-12-25",
        "2025-12-26",
        "2026-01-01",
        "2026-04-03",
        "2026-04-06",
        "2026-12-25",
        "2026-12-28",
    ];
    let named = holidays.map(|date| (date.parse().expect(date), "Holiday".to_owned()));
    Calendar::new("test", Nation::EnglandAndWales, 2025..=2027, BTreeMap::from(named))
        .expect("all inside")
}

fn limit(amount: u32, unit: &str) -> Limit {
    Limit::after(amount, unit.parse().expect(unit))
}

fn including(amount: u32, unit: &str) -> Limit {
    Limit { day_zero: DayZero::IncludeStart, ..limit(amount, unit) }
}

fn before(amount: u32, unit: &str) -> Limit {
    Limit { direction: Direction::Before, ..limit(amount, unit) }
}

#[test]
fn a_limit_runs_out_at_the_end_of_its_last_local_day() {
    for (limit, start, due) in [
        (limit(15, "working_day"), "2025-12-18T10:00Z", "2026-01-13"),
        // One night and one morning: both are due on Monday.
        (limit(1, "working_day"), "2026-11-20T23:50Z", "2026-11-23"),
        (limit(1, "working_day"), "2026-11-21T09:00Z", "2026-11-23"),
        // Over the clock change the end of the day is in summer time.
        (limit(1, "working_day"), "2026-03-27T10:00Z", "2026-03-30T22:59:59.999Z"),
        (limit(1, "working_day"), "2026-04-02T10:00Z", "2026-04-07T22:59:59.999Z"),
        (limit(0, "working_day"), "2026-11-21T09:00Z", "2026-11-21"),
        // 23:30 UTC in summer is already the next local day.
        (limit(0, "same_day"), "2026-06-30T23:30Z", "2026-07-01T22:59:59.999Z"),
        (limit(28, "calendar_day"), "2025-12-18T10:00Z", "2026-01-15"),
        (limit(1, "calendar_day"), "2026-11-20T10:00Z", "2026-11-21"),
        (limit(26, "week"), "2026-01-01T10:00Z", "2026-07-02T22:59:59.999Z"),
        (limit(3, "month"), "2025-11-30T10:00Z", "2026-02-28"),
        (limit(6, "month"), "2026-08-31T10:00Z", "2027-02-28"),
        (limit(1, "month"), "2026-02-28T10:00Z", "2026-03-28"),
        (limit(2, "hour"), "2026-11-20T23:00Z", "2026-11-21T01:00Z"),
        // 72 hours are 72 hours, whatever the wall clock says.
        (limit(72, "hour"), "2026-03-28T10:00Z", "2026-03-31T10:00Z"),
        (including(18, "working_day"), "2026-11-02T10:00Z", "2026-11-25"),
        (including(1, "calendar_day"), "2026-11-20T10:00Z", "2026-11-20"),
        (including(1, "week"), "2026-11-16T10:00Z", "2026-11-22"),
        (including(1, "month"), "2026-03-01T10:00Z", "2026-03-31T22:59:59.999Z"),
        (before(2, "working_day"), "2026-01-13T10:00Z", "2026-01-09"),
        (before(5, "working_day"), "2026-04-07T10:00Z", "2026-03-27"),
        (before(1, "month"), "2026-03-31T10:00Z", "2026-02-28"),
        (before(2, "hour"), "2026-11-20T10:00Z", "2026-11-20T08:00Z"),
    ] {
        assert_eq!(limit.due_at(at(start), &calendar()), Ok(end(due)), "{limit:?} {start}");
    }
}

#[test]
fn only_working_days_need_the_calendar() {
    let late = at("2027-12-31T10:00Z");
    assert_eq!(limit(1, "working_day").due_at(late, &calendar()), Err(NoCalendar { year: 2028 }));
    for unit in ["hour", "same_day", "calendar_day", "week", "month"] {
        assert!(limit(3, unit).due_at(late, &calendar()).is_ok(), "{unit}");
    }
}

#[test]
fn absurd_amounts_do_not_panic() {
    for unit in LimitUnit::ALL.iter().filter(|unit| **unit != LimitUnit::WorkingDay) {
        for direction in Direction::ALL {
            let limit = Limit { direction: *direction, ..Limit::after(u32::MAX, *unit) };
            let due_at = limit.due_at(at("2026-01-01T00:00Z"), &calendar()).expect("no calendar");
            assert!(limit.overrun(due_at, Timestamp::MAX, &calendar()).is_ok());
            assert!(limit.elapsed(Timestamp::MIN, Timestamp::MAX, &calendar()).is_ok());
        }
    }
}

#[test]
fn lateness_is_told_in_the_unit_of_the_limit() {
    let friday = "2026-11-20T23:59:59.999Z";
    for (unit, due, at_, late) in [
        ("working_day", friday, friday, None),
        ("working_day", friday, "2026-11-21T09:00Z", Some(0)),
        ("working_day", friday, "2026-11-23T00:00Z", Some(1)),
        ("working_day", friday, "2026-11-27T12:00Z", Some(5)),
        ("calendar_day", friday, "2026-11-21T00:00Z", Some(1)),
        ("same_day", friday, "2026-11-22T12:00Z", Some(2)),
        ("week", friday, "2026-11-26T12:00Z", Some(0)),
        ("week", friday, "2026-11-27T12:00Z", Some(1)),
        ("month", "2026-02-28T23:59:59.999Z", "2026-03-27T12:00Z", Some(0)),
        ("month", "2026-02-28T23:59:59.999Z", "2026-03-28T12:00Z", Some(1)),
        ("hour", "2026-11-20T10:00Z", "2026-11-20T10:00Z", None),
        ("hour", "2026-11-20T10:00Z", "2026-11-20T10:59:59Z", Some(0)),
        ("hour", "2026-11-20T10:00Z", "2026-11-20T13:00Z", Some(3)),
    ] {
        let overrun = limit(1, unit).overrun(at(due), at(at_), &calendar());
        assert_eq!(overrun, Ok(late), "{unit} {due} {at_}");
    }
}

#[test]
fn elapsed_time_is_comparable_with_the_amount() {
    for (limit, event, at_, elapsed) in [
        (limit(1, "working_day"), "2026-11-20T23:50Z", "2026-11-23T00:10Z", 1),
        (limit(1, "working_day"), "2026-11-20T10:00Z", "2026-11-20T11:00Z", 0),
        (limit(1, "working_day"), "2026-11-20T10:00Z", "2026-11-19T11:00Z", 0),
        (including(1, "working_day"), "2026-11-20T10:00Z", "2026-11-20T11:00Z", 1),
        (including(1, "calendar_day"), "2026-11-20T10:00Z", "2026-11-21T11:00Z", 2),
        (limit(1, "hour"), "2026-11-20T10:00Z", "2026-11-20T12:59Z", 2),
        (limit(1, "month"), "2026-01-31T10:00Z", "2026-02-28T10:00Z", 1),
        (limit(1, "month"), "2026-01-31T10:00Z", "2026-02-27T10:00Z", 0),
        (before(2, "working_day"), "2026-01-13T10:00Z", "2026-01-09T10:00Z", 2),
        (before(2, "working_day"), "2026-01-17T10:00Z", "2026-01-15T10:00Z", 2),
        (before(2, "working_day"), "2026-01-13T10:00Z", "2026-01-13T12:00Z", 0),
    ] {
        let told = limit.elapsed(at(event), at(at_), &calendar());
        assert_eq!(told, Ok(elapsed), "{limit:?} {event} {at_}");
    }
}

#[test]
fn the_warning_comes_on_the_last_working_day_before_the_due_date() {
    for (limit, event, from) in [
        // 22 November 2026 is a Sunday: warn on the Friday.
        (limit(1, "month"), "2026-10-22T10:00Z", "2026-11-20T00:00Z"),
        (limit(15, "working_day"), "2025-12-18T10:00Z", "2026-01-12T00:00Z"),
        (limit(1, "working_day"), "2026-11-20T10:00Z", "2026-11-20T10:00Z"),
        (limit(0, "same_day"), "2026-11-20T10:00Z", "2026-11-20T10:00Z"),
        (limit(10, "hour"), "2026-11-20T10:00Z", "2026-11-20T16:00Z"),
        (before(2, "working_day"), "2026-01-13T10:00Z", "2026-01-08T00:00Z"),
    ] {
        let told = limit.at_risk_from(at(event), &calendar());
        assert_eq!(told, Ok(at(from)), "{limit:?} {event}");
    }
}

#[test]
fn a_document_may_leave_the_ordinary_case_unsaid() {
    let short: Limit = serde_json::from_str(r#"{"amount":2,"unit":"working_day"}"#).expect("reads");
    assert_eq!(short, limit(2, "working_day"));
    let whole = serde_json::to_string(&short).expect("writes");
    assert_eq!(serde_json::from_str::<Limit>(&whole).expect("reads"), short);
    assert!(serde_json::from_str::<Limit>(r#"{"amount":2,"unit":"day"}"#).is_err());
    assert!(serde_json::from_str::<Limit>(r#"{"amount":2,"unit":"hour","dayzero":1}"#).is_err());
}

proptest::proptest! {
    #[test]
    fn elapsed_amount_and_overrun_agree(
        unit in proptest::sample::select(&["working_day", "calendar_day"][..]),
        amount in 1u32..40, include in proptest::bool::ANY,
        start in 1_740_000_000i64..1_790_000_000, later in 0i64..10_000_000,
    ) {
        let instant = |second| Timestamp::from_second(second).expect("in range");
        let limit = if include { including(amount, unit) } else { limit(amount, unit) };
        let (event, now) = (instant(start), instant(start + later));
        let due_at = limit.due_at(event, &calendar()).expect("covered");
        let elapsed = limit.elapsed(event, now, &calendar()).expect("covered");
        let overrun = limit.overrun(due_at, now, &calendar()).expect("covered");
        let amount = i64::from(amount);
        match overrun {
            None => proptest::prop_assert!(elapsed <= amount),
            Some(units) => proptest::prop_assert_eq!(elapsed - amount, units),
        }
    }
}
