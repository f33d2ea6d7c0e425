//! What holds for every limit from 2020 to 2030, in England and Wales and in Scotland.

use std::sync::LazyLock;

use jiff::civil::{Time, Weekday, date};
use proptest::prelude::*;

use super::super::super::working_days::{Day, by_rule};
use super::super::*;
use super::{before, including, limit};

const NOON: Time = Time::constant(12, 0, 0, 0);
static ENGLAND: LazyLock<Calendar> = LazyLock::new(|| by_rule::england_and_wales(2018..=2033));
static SCOTLAND: LazyLock<Calendar> = LazyLock::new(|| by_rule::scotland(2018..=2033));

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

/// The same calendar with one more holiday.
fn with(calendar: &Calendar, extra: Date) -> Calendar {
    let mut days: std::collections::BTreeMap<Date, String> =
        calendar.holidays().map(|(day, name)| (day, name.to_owned())).collect();
    days.insert(extra, "Proclaimed".to_owned());
    Calendar::new("more", calendar.nation(), calendar.years(), days).expect("all inside")
}

#[test]
fn the_year_end_of_scotland_has_one_more_holiday() {
    for (calendar, due) in [(&*ENGLAND, "2026-01-13"), (&*SCOTLAND, "2026-01-14")] {
        let told = limit(15, "working_day").due_at(at("2025-12-18T10:00Z"), calendar);
        assert_eq!(told, Ok(super::end(due)));
    }
}

#[test]
fn a_limit_over_each_change_of_the_clocks_ends_at_the_local_end_of_its_day() {
    for year in 2020..=2030 {
        for (month, last_hour) in [(3, "22"), (10, "23")] {
            // The clocks change on the last Sunday; the limit starts on the Friday before it.
            let end = date(year, month, 31);
            let sunday =
                end.saturating_sub(i64::from(end.weekday().to_sunday_zero_offset()).days());
            assert_eq!(sunday.weekday(), Weekday::Sunday);
            let friday = london::at_time(sunday.saturating_sub(2.days()), NOON);
            let mut due = sunday.saturating_add(1.day());
            while ENGLAND.day(due) != Ok(Day::Working) {
                due = due.saturating_add(1.day());
            }
            let told = limit(1, "working_day").due_at(friday, &ENGLAND);
            assert_eq!(told, Ok(at(&format!("{due}T{last_hour}:59:59.999Z"))), "{sunday}");
            // On the day of the change itself, 24 hours later is another time of day.
            let noon = london::at_time(sunday.saturating_sub(1.day()), NOON);
            let told = limit(24, "hour").due_at(noon, &ENGLAND).expect("no calendar");
            let hour = if month == 3 { 13 } else { 11 };
            assert_eq!(london::london().to_datetime(told).hour(), hour, "{sunday}");
            assert_eq!(london::local_date(told), sunday);
        }
    }
}

#[test]
fn the_leap_day_counts_like_any_other() {
    for (limit, start, due) in [
        (limit(1, "working_day"), "2024-02-28T10:00Z", "2024-02-29"),
        (limit(1, "working_day"), "2028-02-28T10:00Z", "2028-02-29"),
        // 29 February 2020 was a Saturday.
        (limit(1, "working_day"), "2020-02-28T10:00Z", "2020-03-02"),
        (limit(1, "working_day"), "2023-02-28T10:00Z", "2023-03-01"),
        (limit(2, "calendar_day"), "2024-02-28T10:00Z", "2024-03-01"),
        (limit(2, "calendar_day"), "2023-02-28T10:00Z", "2023-03-02"),
        (limit(1, "week"), "2028-02-25T10:00Z", "2028-03-03"),
        (limit(1, "month"), "2024-01-31T10:00Z", "2024-02-29"),
        (limit(1, "month"), "2023-01-31T10:00Z", "2023-02-28"),
        (limit(12, "month"), "2024-02-29T10:00Z", "2025-02-28"),
        (limit(48, "month"), "2024-02-29T10:00Z", "2028-02-29"),
        (including(1, "working_day"), "2024-02-29T10:00Z", "2024-02-29"),
        (before(1, "working_day"), "2024-03-01T10:00Z", "2024-02-29"),
        (before(1, "month"), "2024-03-31T10:00Z", "2024-02-29"),
        (limit(24, "hour"), "2024-02-28T10:00Z", "2024-02-29T10:00Z"),
    ] {
        let told = limit.due_at(at(start), &ENGLAND);
        assert_eq!(told, Ok(super::end(due)), "{limit:?} {start}");
    }
}

fn any_limit(units: &'static [LimitUnit]) -> impl Strategy<Value = Limit> {
    (
        0u32..120,
        prop::sample::select(units),
        prop::sample::select(DayZero::ALL),
        prop::sample::select(Direction::ALL),
    )
        .prop_map(|(amount, unit, day_zero, direction)| Limit {
            amount,
            unit,
            day_zero,
            direction,
        })
}

/// An instant of 2020 to 2030, to the millisecond.
fn any_instant() -> impl Strategy<Value = Timestamp> {
    (1_577_836_800_000_i64..1_924_992_000_000)
        .prop_map(|millis| Timestamp::from_millisecond(millis).expect("in range"))
}

fn calendar(scottish: bool) -> &'static Calendar {
    if scottish { &SCOTLAND } else { &ENGLAND }
}

const ONLY_WORKING_DAYS: &[LimitUnit] = &[LimitUnit::WorkingDay];

proptest! {
    #[test]
    fn counting_the_days_of_a_limit_returns_its_amount(
        event in any_instant(), amount in 0u32..120, scottish in prop::bool::ANY,
    ) {
        let calendar = calendar(scottish);
        let limit = Limit::after(amount, LimitUnit::WorkingDay);
        let due_at = limit.due_at(event, calendar).expect("covered");
        prop_assert_eq!(limit.elapsed(event, due_at, calendar), Ok(i64::from(amount)));
        let counted = calendar
            .count_working_days(london::local_date(event), london::local_date(due_at));
        prop_assert_eq!(counted, Ok(i64::from(amount)));
    }

    #[test]
    fn a_limit_in_working_days_ends_on_a_working_day(
        event in any_instant(), limit in any_limit(ONLY_WORKING_DAYS), scottish in prop::bool::ANY,
    ) {
        let calendar = calendar(scottish);
        prop_assume!(limit.amount > 0);
        let due_at = limit.due_at(event, calendar).expect("covered");
        prop_assert_eq!(calendar.day(london::local_date(due_at)), Ok(Day::Working));
    }

    #[test]
    fn a_proclaimed_holiday_never_takes_time_away(
        event in any_instant(), limit in any_limit(LimitUnit::ALL), scottish in prop::bool::ANY,
        ahead in -200i64..200,
    ) {
        let calendar = calendar(scottish);
        let extra = london::local_date(event).saturating_add(ahead.days());
        let usual = limit.due_at(event, calendar).expect("covered");
        let more = limit.due_at(event, &with(calendar, extra)).expect("covered");
        match limit.direction {
            Direction::After => prop_assert!(more >= usual),
            // Counted back from its event, a report is due earlier and not later.
            Direction::Before => prop_assert!(more <= usual),
        }
        if limit.unit != LimitUnit::WorkingDay {
            prop_assert_eq!(more, usual);
        }
    }

    #[test]
    fn every_limit_in_days_ends_with_its_local_day(
        event in any_instant(), limit in any_limit(LimitUnit::ALL), scottish in prop::bool::ANY,
    ) {
        let calendar = calendar(scottish);
        prop_assume!(limit.unit != LimitUnit::Hour);
        let due_at = limit.due_at(event, calendar).expect("covered");
        let next = due_at.checked_add(SignedDuration::from_millis(1)).expect("in range");
        prop_assert_eq!(next, london::start_of_day(london::local_date(next)));
        let (event, due) = (london::local_date(event), london::local_date(due_at));
        match limit.direction {
            Direction::After => prop_assert!(due >= event),
            Direction::Before => prop_assert!(due <= event),
        }
    }

    #[test]
    fn a_longer_limit_is_never_due_earlier(
        event in any_instant(), limit in any_limit(LimitUnit::ALL), scottish in prop::bool::ANY,
    ) {
        let calendar = calendar(scottish);
        let longer = Limit { amount: limit.amount + 1, ..limit };
        let due_at = limit.due_at(event, calendar).expect("covered");
        let later = longer.due_at(event, calendar).expect("covered");
        match limit.direction {
            Direction::After => prop_assert!(later >= due_at),
            Direction::Before => prop_assert!(later <= due_at),
        }
    }
}
