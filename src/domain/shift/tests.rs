//! That a pause gives back the time that it took, and never takes any.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::working_days::Nation;
use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn calendar() -> Calendar {
    let holidays = ["2025-12-25", "2025-12-26", "2026-01-01", "2026-04-03", "2026-04-06"];
    let named = holidays.map(|date| (date.parse().expect(date), "Holiday".to_owned()));
    Calendar::new("test", Nation::EnglandAndWales, 2025..=2028, BTreeMap::from(named))
        .expect("all inside")
}

fn limit(unit: &str) -> Limit {
    Limit::after(2, unit.parse().expect(unit))
}

#[test]
fn a_pause_gives_back_what_it_took() {
    for (unit, previous, from, until, due) in [
        // Hours: to the second, at any hour, over the night of the clock change too.
        (
            "hour",
            "2026-11-20T12:00Z",
            "2026-11-20T11:00Z",
            "2026-11-20T11:45Z",
            "2026-11-20T12:45Z",
        ),
        (
            "hour",
            "2026-03-28T12:00Z",
            "2026-03-28T10:00Z",
            "2026-03-29T10:00Z",
            "2026-03-29T12:00Z",
        ),
        // Monday to Wednesday is two working days.
        (
            "working_day",
            "2026-11-18T23:59:59.999Z",
            "2026-11-16T10:00Z",
            "2026-11-18T10:00Z",
            "2026-11-20T23:59:59.999Z",
        ),
        // Friday evening to Monday morning is one.
        (
            "working_day",
            "2026-11-20T23:59:59.999Z",
            "2026-11-20T18:00Z",
            "2026-11-23T08:00Z",
            "2026-11-23T23:59:59.999Z",
        ),
        // Friday to Sunday is none.
        (
            "working_day",
            "2026-11-23T23:59:59.999Z",
            "2026-11-20T18:00Z",
            "2026-11-22T08:00Z",
            "2026-11-23T23:59:59.999Z",
        ),
        // Over Easter: Thursday to Tuesday is one, and what is then due is so in summer time.
        (
            "working_day",
            "2026-04-02T22:59:59.999Z",
            "2026-04-02T10:00Z",
            "2026-04-07T10:00Z",
            "2026-04-07T22:59:59.999Z",
        ),
        // Into summer time: Thursday to Friday is one, and Friday and one is Monday.
        (
            "working_day",
            "2026-03-27T23:59:59.999Z",
            "2026-03-26T10:00Z",
            "2026-03-27T10:00Z",
            "2026-03-30T22:59:59.999Z",
        ),
        // Every day counts for the other units, a Saturday too.
        (
            "calendar_day",
            "2026-11-20T23:59:59.999Z",
            "2026-11-19T23:50Z",
            "2026-11-20T00:10Z",
            "2026-11-21T23:59:59.999Z",
        ),
        (
            "same_day",
            "2026-11-20T23:59:59.999Z",
            "2026-11-20T10:00Z",
            "2026-11-22T10:00Z",
            "2026-11-22T23:59:59.999Z",
        ),
        (
            "week",
            "2026-10-23T22:59:59.999Z",
            "2026-10-19T10:00Z",
            "2026-10-21T10:00Z",
            "2026-10-25T23:59:59.999Z",
        ),
        (
            "month",
            "2028-02-28T23:59:59.999Z",
            "2028-02-01T10:00Z",
            "2028-02-02T10:00Z",
            "2028-02-29T23:59:59.999Z",
        ),
        // The days are London's: 23:30 UTC in summer is the next day.
        (
            "calendar_day",
            "2026-07-03T22:59:59.999Z",
            "2026-07-01T10:00Z",
            "2026-07-01T23:30Z",
            "2026-07-04T22:59:59.999Z",
        ),
        // What was agreed to the hour keeps its hour, into summer time too.
        (
            "working_day",
            "2026-11-20T15:00Z",
            "2026-11-19T10:00Z",
            "2026-11-20T10:00Z",
            "2026-11-23T15:00Z",
        ),
        (
            "working_day",
            "2026-03-27T15:00Z",
            "2026-03-26T10:00Z",
            "2026-03-27T10:00Z",
            "2026-03-30T14:00Z",
        ),
        // Inside one day nothing is gained, and what was agreed to the hour keeps it.
        (
            "working_day",
            "2026-11-20T15:00Z",
            "2026-11-19T10:00Z",
            "2026-11-19T16:00Z",
            "2026-11-20T15:00Z",
        ),
        // What ends before it begins was no pause.
        (
            "hour",
            "2026-11-20T12:00Z",
            "2026-11-20T11:00Z",
            "2026-11-20T10:00Z",
            "2026-11-20T12:00Z",
        ),
        (
            "working_day",
            "2026-11-20T15:00Z",
            "2026-11-19T10:00Z",
            "2026-11-17T10:00Z",
            "2026-11-20T15:00Z",
        ),
    ] {
        let told = limit(unit).shifted(at(previous), at(from), at(until), &calendar());
        assert_eq!(told, Ok(at(due)), "{unit} {previous} {from} {until}");
    }
}

#[test]
fn only_working_days_need_the_calendar() {
    let due = at("2028-12-29T23:59:59.999Z");
    let (from, until) = (at("2028-12-28T10:00Z"), at("2028-12-29T10:00Z"));
    let missing = NoCalendar { year: 2029 };
    assert_eq!(limit("working_day").shifted(due, from, until, &calendar()), Err(missing));
    for unit in ["hour", "same_day", "calendar_day", "week", "month"] {
        assert!(limit(unit).shifted(due, from, until, &calendar()).is_ok(), "{unit}");
    }
    for unit in ["hour", "calendar_day"] {
        let told = limit(unit).shifted(due, from, Timestamp::MAX, &calendar());
        assert_eq!(told, Ok(Timestamp::MAX), "{unit}");
    }
}

fn any_unit() -> impl Strategy<Value = LimitUnit> {
    prop::sample::select(LimitUnit::ALL)
}

proptest! {
    #[test]
    fn a_pause_never_makes_anything_due_earlier_and_a_longer_one_never_less_late(
        unit in any_unit(), due in 1_740_000_000i64..1_800_000_000,
        before in 0i64..1_000_000, first in 0i64..1_000_000, more in 0i64..1_000_000,
    ) {
        let instant = |second| Timestamp::from_second(second).expect("in range");
        let limit = Limit::after(1, unit);
        let (due_at, from) = (instant(due), instant(due - before));
        let shorter = limit.shifted(due_at, from, instant(due - before + first), &calendar());
        let longer = limit.shifted(due_at, from, instant(due - before + first + more), &calendar());
        let (shorter, longer) = (shorter.expect("covered"), longer.expect("covered"));
        prop_assert!(due_at <= shorter && shorter <= longer);
    }

    #[test]
    fn a_pause_inside_one_day_moves_no_limit_in_days(
        unit in any_unit(), due in 1_740_000_000i64..1_800_000_000,
        from in 1_740_000_000i64..1_800_000_000, length in 0i64..86_400,
    ) {
        prop_assume!(unit != LimitUnit::Hour);
        let instant = |second| Timestamp::from_second(second).expect("in range");
        let (due_at, from, until) = (instant(due), instant(from), instant(from + length));
        prop_assume!(london::same_day(from, until));
        let told = Limit::after(1, unit).shifted(due_at, from, until, &calendar());
        prop_assert_eq!(told, Ok(due_at));
    }

    #[test]
    fn an_answer_that_pauses_keeps_the_working_days_that_it_had_left(
        due in 1_740_000_000i64..1_800_000_000, before in 0i64..2_000_000, length in 0i64..2_000_000,
    ) {
        let instant = |second| Timestamp::from_second(second).expect("in range");
        let due_date = london::local_date(instant(due));
        let due_at = london::end_of_day(due_date);
        let (from, until) = (instant(due - before), instant(due - before + length));
        let calendar = calendar();
        let moved = Limit::after(1, LimitUnit::WorkingDay)
            .shifted(due_at, from, until, &calendar)
            .expect("covered");
        let left = calendar.count_working_days(london::local_date(from), due_date);
        // A pause beyond the old due date gives back the days up to it and those after it.
        let (until, moved) = (london::local_date(until), london::local_date(moved));
        prop_assert_eq!(calendar.count_working_days(until, moved), left);
    }
}
