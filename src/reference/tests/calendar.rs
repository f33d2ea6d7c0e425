//! That the shipped bank holidays are the proclaimed ones, substitute days included.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::super::{calendar_file, calendar_of, england_and_wales};
use crate::domain::limit::{Limit, LimitUnit};
use crate::domain::working_days::{Calendar, Day, DayZero, Nation, by_rule};

fn day(text: &str) -> Date {
    text.parse().expect(text)
}

#[test]
fn the_calendar_covers_2019_to_2028_with_its_substitute_days() {
    let calendar = england_and_wales().expect("reads");
    assert_eq!((calendar.nation(), calendar.years()), (Nation::EnglandAndWales, 2019..=2028));
    for (year, holidays, working_days) in [
        (2019, 8, 253),
        (2020, 8, 254),
        (2021, 8, 253),
        (2022, 10, 250),
        (2023, 9, 251),
        (2024, 8, 254),
        (2025, 8, 253),
        (2026, 8, 253),
        (2027, 8, 253),
        (2028, 8, 252),
    ] {
        let first = day(&format!("{year}-01-01"));
        let last = day(&format!("{year}-12-31"));
        assert_eq!(calendar.holidays().filter(|(date, _)| date.year() == year).count(), holidays);
        let first_counts = calendar.is_working_day(first).expect("covered");
        let rest = calendar.count_working_days(first, last).expect("covered");
        assert_eq!(rest + i64::from(first_counts), working_days, "{year}");
    }
    for date in [
        "2020-05-08",
        "2022-06-02",
        "2022-06-03",
        "2022-09-19",
        "2023-05-08",
        "2026-12-28",
        "2027-12-27",
        "2027-12-28",
        "2028-01-03",
    ] {
        assert!(matches!(calendar.day(day(date)), Ok(Day::Holiday(_))), "{date}");
    }
    for date in ["2020-05-04", "2022-05-30", "2026-12-29", "2028-01-04"] {
        assert_eq!(calendar.day(day(date)), Ok(Day::Working), "{date}");
    }
}

#[test]
fn the_calendar_has_each_date_once_in_order_and_on_a_weekday() {
    for nation in Nation::ALL {
        let file = calendar_of(*nation).expect("reads");
        assert_eq!((file.nation, file.last_year), (*nation, 2028));
        assert!(file.source.contains("GOV.UK") && file.source.contains("before use"), "{nation}");
        assert!(file.holidays.is_sorted_by(|one, next| one.date < next.date));
        for holiday in &file.holidays {
            let into_week = holiday.date.weekday().to_monday_zero_offset();
            assert!(into_week < 5, "{nation} {}", holiday.date);
            assert!(!holiday.name.is_empty(), "{nation} {}", holiday.date);
            let new_year =
                holiday.name.contains("New Year") || holiday.name.contains("2nd January");
            assert_eq!(new_year, holiday.date.month() == 1, "{nation} {}", holiday.date);
        }
        assert_eq!(file.calendar().expect("whole").check(day("2026-11-18")), Ok(()));
    }
}

fn of(nation: Nation) -> Calendar {
    calendar_of(nation).expect("reads").calendar().expect("whole")
}

/// Easter Sunday by the rule of the Gregorian calendar.
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (golden, century, of_century) = (y % 19, y / 100, y % 100);
    let skipped = (century - (century + 8) / 25 + 1) / 3;
    let moon = (19 * golden + century - century / 4 - skipped + 15) % 30;
    let sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - moon - of_century % 4) % 7;
    let late = (golden + 11 * moon + 22 * sunday) / 451;
    let days = moon + sunday - 7 * late + 114;
    let part = |it: i32| i8::try_from(it).expect("small");
    Date::new(year, part(days / 31), part(days % 31 + 1)).expect("a day")
}

/// The bank holidays that the rules give, without what was proclaimed for once.
fn by_the_rules(nation: Nation, year: i16) -> BTreeSet<Date> {
    let on = |month: i8, day: i8| Date::new(year, month, day).expect("a day");
    let monday = |month: i8, nth: i8| {
        on(month, 1).nth_weekday_of_month(nth, Weekday::Monday).expect("a Monday")
    };
    let mut days = BTreeSet::from([easter(year) - 2.days(), monday(5, 1), monday(5, -1)]);
    let mut fixed = vec![on(1, 1), on(12, 25), on(12, 26)];
    match nation {
        Nation::Scotland => {
            days.insert(monday(8, 1));
            fixed.extend([on(1, 2), on(11, 30)]);
        }
        Nation::EnglandAndWales => days.extend([easter(year) + 1.day(), monday(8, -1)]),
        Nation::NorthernIreland => {
            days.extend([easter(year) + 1.day(), monday(8, -1)]);
            fixed.extend([on(3, 17), on(7, 12)]);
        }
    }
    // What falls on a week-end, or on a day that is taken, moves to the next day that is neither.
    fixed.sort();
    for mut date in fixed {
        while matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) || days.contains(&date)
        {
            date = date.tomorrow().expect("a day");
        }
        days.insert(date);
    }
    days
}

#[test]
fn the_lists_of_all_nations_are_those_of_the_rules() {
    let proclaimed = BTreeSet::from([(Nation::Scotland.code(), day("2026-06-15"))]);
    for nation in Nation::ALL {
        let calendar = of(*nation);
        for year in 2024..=2028 {
            let listed: BTreeSet<Date> = calendar
                .holidays()
                .map(|(date, _)| date)
                .filter(|date| date.year() == year && !proclaimed.contains(&(nation.code(), *date)))
                .collect();
            assert_eq!(listed, by_the_rules(*nation, year), "{nation} {year}");
        }
    }
    for (nation, date) in proclaimed {
        let nation = nation.parse().expect("a nation");
        assert!(matches!(of(nation).day(date), Ok(Day::Holiday(_))), "{date}");
    }
}

#[test]
fn the_vectors_of_the_nations_hold_to_the_end_of_their_local_day() {
    let working_days = |n| Limit::after(n, LimitUnit::WorkingDay);
    for (nation, start, limit, due_at) in [
        // Thursday 18 December 2025 and fifteen working days; in Scotland 2 January is none.
        (
            Nation::EnglandAndWales,
            "2025-12-18T14:30:00Z",
            working_days(15),
            "2026-01-13T23:59:59.999Z",
        ),
        (Nation::Scotland, "2025-12-18T14:30:00Z", working_days(15), "2026-01-14T23:59:59.999Z"),
        (
            Nation::NorthernIreland,
            "2025-12-18T14:30:00Z",
            working_days(15),
            "2026-01-13T23:59:59.999Z",
        ),
        (
            Nation::Scotland,
            "2025-12-18T14:30:00Z",
            Limit::after(28, LimitUnit::CalendarDay),
            "2026-01-15T23:59:59.999Z",
        ),
        // Over Easter; Scotland works on Easter Monday. The clocks went forward on 29 March 2026.
        (
            Nation::EnglandAndWales,
            "2026-04-02T09:00:00Z",
            working_days(1),
            "2026-04-07T22:59:59.999Z",
        ),
        (Nation::Scotland, "2026-04-02T09:00:00Z", working_days(1), "2026-04-06T22:59:59.999Z"),
        (
            Nation::EnglandAndWales,
            "2026-03-27T09:00:00Z",
            working_days(1),
            "2026-03-30T22:59:59.999Z",
        ),
        (
            Nation::EnglandAndWales,
            "2026-03-26T09:00:00Z",
            working_days(1),
            "2026-03-27T23:59:59.999Z",
        ),
        // The days that only one nation has.
        (Nation::Scotland, "2026-06-12T09:00:00Z", working_days(1), "2026-06-16T22:59:59.999Z"),
        (Nation::Scotland, "2026-07-31T09:00:00Z", working_days(1), "2026-08-04T22:59:59.999Z"),
        (Nation::Scotland, "2026-11-27T09:00:00Z", working_days(1), "2026-12-01T23:59:59.999Z"),
        (
            Nation::NorthernIreland,
            "2026-03-16T09:00:00Z",
            working_days(1),
            "2026-03-18T23:59:59.999Z",
        ),
        (
            Nation::NorthernIreland,
            "2026-07-10T09:00:00Z",
            working_days(1),
            "2026-07-14T22:59:59.999Z",
        ),
        (
            Nation::EnglandAndWales,
            "2026-07-10T09:00:00Z",
            working_days(1),
            "2026-07-13T22:59:59.999Z",
        ),
    ] {
        let due = limit.due_at(start.parse().expect(start), &of(nation));
        assert_eq!(due.map(|at| at.to_string()), Ok(due_at.to_owned()), "{nation} {start}");
    }
}

#[test]
fn a_date_that_is_there_twice_is_refused() {
    let mut file = calendar_file().expect("reads");
    file.holidays.push(file.holidays[3].clone());
    let told = file.calendar().expect_err("twice").to_string();
    assert_eq!(told, "the calendar has 2019-05-06 twice");
}

#[test]
fn the_shipped_days_are_those_of_the_rules_with_the_same_names() {
    let shipped = england_and_wales().expect("reads");
    let ruled = by_rule::england_and_wales(shipped.years());
    assert!(shipped.holidays().eq(ruled.holidays()));
}

#[test]
fn the_shipped_calendar_gives_the_known_due_dates() {
    let calendar = england_and_wales().expect("reads");
    for (start, n, due) in [
        ("2025-12-18", 15, "2026-01-13"),
        ("2025-12-24", 10, "2026-01-12"),
        ("2025-09-01", 45, "2025-11-03"),
        ("2026-12-24", 1, "2026-12-29"),
        ("2025-05-06", 70, "2025-08-13"),
        ("2026-04-02", 1, "2026-04-07"),
        ("2026-03-27", 1, "2026-03-30"),
    ] {
        let counted = calendar.add_working_days(day(start), n, DayZero::ExcludeStart);
        assert_eq!(counted, Ok(day(due)), "{start} + {n}");
    }
}
