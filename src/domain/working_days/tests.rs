//! The vectors of the counting rules, and what must hold for every date.

use proptest::prelude::*;

use super::*;

fn day(text: &str) -> Date {
    text.parse().expect(text)
}

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn calendar(nation: Nation, years: RangeInclusive<i16>, holidays: &[&str]) -> Calendar {
    let named = holidays.iter().map(|date| (day(date), "Holiday".to_owned()));
    Calendar::new("test", nation, years, named.collect()).expect("all inside")
}

fn england() -> Calendar {
    calendar(
        Nation::EnglandAndWales,
        2024..=2028,
        &[
            "2024-01-01",
            "2024-03-29",
            "2024-04-01",
            "2024-05-06",
            "2024-05-27",
            "2024-08-26",
            "2024-12-25",
            "2024-12-26",
            "2025-01-01",
            "2025-04-18",
            "2025-04-21",
            "2025-05-05",
            "2025-05-26",
            "2025-08-25",
            "2025-12-25",
            "2025-12-26",
            "2026-01-01",
            "2026-04-03",
            "2026-04-06",
            "2026-05-04",
            "2026-05-25",
            "2026-08-31",
            "2026-12-25",
            "2026-12-28",
            "2027-01-01",
            "2027-03-26",
            "2027-03-29",
            "2027-05-03",
            "2027-05-31",
            "2027-08-30",
            "2027-12-27",
            "2027-12-28",
            "2028-01-03",
            "2028-04-14",
            "2028-04-17",
            "2028-05-01",
            "2028-05-29",
            "2028-08-28",
            "2028-12-25",
            "2028-12-26",
        ],
    )
}

#[test]
fn a_due_date_is_the_nth_working_day_after_the_start() {
    for (start, n, due) in [
        ("2025-12-18", 15, "2026-01-13"),
        ("2025-12-24", 10, "2026-01-12"),
        ("2025-09-01", 45, "2025-11-03"),
        ("2026-12-24", 1, "2026-12-29"),
        ("2025-11-22", 1, "2025-11-24"),
        ("2025-11-23", 1, "2025-11-24"),
        ("2025-11-21", 1, "2025-11-24"),
        ("2025-05-06", 70, "2025-08-13"),
        ("2026-04-02", 1, "2026-04-07"),
        ("2026-03-27", 1, "2026-03-30"),
        ("2027-12-24", 1, "2027-12-29"),
        ("2027-12-31", 1, "2028-01-04"),
        ("2028-02-28", 1, "2028-02-29"),
        ("2025-11-22", 0, "2025-11-22"),
    ] {
        let counted = england().add_working_days(day(start), n, DayZero::ExcludeStart);
        assert_eq!(counted, Ok(day(due)), "{start} + {n}");
    }
}

#[test]
fn the_actual_date_of_the_action_plan_was_66_working_days() {
    let count = england().count_working_days(day("2025-05-06"), day("2025-08-07"));
    assert_eq!(count, Ok(66));
}

#[test]
fn scotland_counts_the_second_of_january_as_a_holiday() {
    let scotland = calendar(
        Nation::Scotland,
        2025..=2026,
        &["2025-12-25", "2025-12-26", "2026-01-01", "2026-01-02"],
    );
    let due = scotland.add_working_days(day("2025-12-18"), 15, DayZero::ExcludeStart);
    assert_eq!(due, Ok(day("2026-01-14")));
}

#[test]
fn the_start_may_be_day_one() {
    for (start, n, due) in [
        ("2025-11-21", 1, "2025-11-21"),
        ("2025-11-21", 2, "2025-11-24"),
        ("2025-11-22", 1, "2025-11-24"),
        ("2025-11-21", 0, "2025-11-21"),
        ("2026-12-25", 1, "2026-12-29"),
    ] {
        let counted = england().add_working_days(day(start), n, DayZero::IncludeStart);
        assert_eq!(counted, Ok(day(due)), "{start} + {n}");
    }
}

#[test]
fn a_report_is_due_working_days_before_its_conference() {
    for (event, n, day_zero, due) in [
        ("2026-01-13", 2, DayZero::ExcludeStart, "2026-01-09"),
        ("2026-01-13", 5, DayZero::ExcludeStart, "2026-01-06"),
        ("2026-04-07", 2, DayZero::ExcludeStart, "2026-04-01"),
        ("2026-04-07", 2, DayZero::IncludeStart, "2026-04-02"),
        ("2026-04-07", 0, DayZero::ExcludeStart, "2026-04-07"),
    ] {
        let counted = england().subtract_working_days(day(event), n, day_zero);
        assert_eq!(counted, Ok(day(due)), "{event} - {n}");
    }
}

#[test]
fn each_year_has_its_number_of_working_days() {
    for (year, days) in [(2024, 254), (2025, 253), (2026, 253), (2027, 253), (2028, 252)] {
        let days_in = |date: Date| england().is_working_day(date).expect("covered");
        let first = day(&format!("{year}-01-01"));
        let last = day(&format!("{year}-12-31"));
        let after_first = england().count_working_days(first, last).expect("covered");
        assert_eq!(after_first + i64::from(days_in(first)), days, "{year}");
    }
}

#[test]
fn a_day_says_why_it_is_not_counted() {
    let calendar = england();
    assert_eq!(calendar.day(day("2026-12-28")), Ok(Day::Holiday("Holiday")));
    assert_eq!(calendar.day(day("2026-12-27")), Ok(Day::Weekend));
    assert_eq!(calendar.day(day("2026-12-29")), Ok(Day::Working));
    assert_eq!(calendar.holidays().count(), 40);
}

#[test]
fn nothing_is_counted_in_a_year_without_bank_holidays() {
    let calendar = england();
    let missing = Err(NoCalendar { year: 2029 });
    let start = day("2028-12-27");
    assert_eq!(calendar.add_working_days(start, 2, DayZero::ExcludeStart), Ok(day("2028-12-29")));
    assert_eq!(calendar.add_working_days(start, 3, DayZero::ExcludeStart), missing);
    assert_eq!(calendar.add_working_days(start, u32::MAX, DayZero::ExcludeStart), missing);
    assert_eq!(
        calendar.subtract_working_days(day("2024-01-02"), 1, DayZero::ExcludeStart),
        Err(NoCalendar { year: 2023 })
    );
    assert_eq!(
        calendar.working_seconds(at("2028-12-29T12:00:00Z"), at("2029-01-03T12:00:00Z")),
        Err(NoCalendar { year: 2029 })
    );
}

#[test]
fn a_holiday_outside_the_years_is_refused() {
    let holidays = BTreeMap::from([(day("2030-01-01"), "New Year's Day".to_owned())]);
    assert_eq!(
        Calendar::new("test", Nation::EnglandAndWales, 2024..=2028, holidays),
        Err(HolidayOutsideYears { date: day("2030-01-01") })
    );
}

#[test]
fn working_seconds_leave_out_whole_local_days() {
    for (from, to, seconds) in [
        ("2026-11-16T10:00:00Z", "2026-11-17T10:00:00Z", 86_400),
        ("2026-11-20T16:00:00Z", "2026-11-23T16:00:00Z", 86_400),
        ("2026-11-21T10:00:00Z", "2026-11-22T10:00:00Z", 0),
        ("2026-11-16T10:00:00Z", "2026-11-16T10:30:00Z", 1_800),
        ("2026-11-16T10:00:00Z", "2026-11-16T09:00:00Z", 0),
        // Easter: Thursday noon to Tuesday noon, both in summer time.
        ("2026-04-02T11:00:00Z", "2026-04-07T11:00:00Z", 86_400),
        // The week-end of the clock change is left out with its missing hour.
        ("2026-03-27T16:00:00Z", "2026-03-30T15:00:00Z", 86_400),
        // In summer, 23:30 UTC on Friday is already Saturday.
        ("2026-06-26T22:30:00Z", "2026-06-26T23:30:00Z", 1_800),
        ("2025-12-18T09:00:00Z", "2026-01-13T09:00:00Z", 15 * 86_400),
    ] {
        assert_eq!(england().working_seconds(at(from), at(to)), Ok(seconds), "{from} {to}");
    }
}

/// A calendar of 2019 to 2031 with any holidays at all.
fn any_calendar() -> impl Strategy<Value = Calendar> {
    prop::collection::btree_set(0i64..4_000, 0..120).prop_map(|offsets| {
        let holidays = offsets
            .into_iter()
            .map(|offset| (day("2020-01-01").saturating_add(offset.days()), "Holiday".to_owned()));
        Calendar::new("test", Nation::EnglandAndWales, 2019..=2033, holidays.collect())
            .expect("all inside")
    })
}

fn any_start() -> impl Strategy<Value = Date> {
    (0i64..4_018).prop_map(|offset| day("2020-01-01").saturating_add(offset.days()))
}

fn any_day_zero() -> impl Strategy<Value = DayZero> {
    prop::sample::select(DayZero::ALL)
}

proptest! {
    #[test]
    fn counting_undoes_adding(calendar in any_calendar(), start in any_start(), n in 0u32..200) {
        let due = calendar.add_working_days(start, n, DayZero::ExcludeStart).expect("covered");
        prop_assert_eq!(calendar.count_working_days(start, due), Ok(i64::from(n)));
    }

    #[test]
    fn a_due_date_is_a_working_day(
        calendar in any_calendar(), start in any_start(), n in 1u32..200, rule in any_day_zero(),
    ) {
        let due = calendar.add_working_days(start, n, rule).expect("covered");
        prop_assert_eq!(calendar.is_working_day(due), Ok(true));
        prop_assert!(due >= start);
    }

    #[test]
    fn one_more_holiday_never_makes_a_due_date_earlier(
        calendar in any_calendar(), start in any_start(), n in 0u32..100,
        rule in any_day_zero(), extra in any_start(),
    ) {
        let mut more = calendar.clone();
        more.holidays.insert(extra, "Extra".to_owned());
        let before = calendar.add_working_days(start, n, rule).expect("covered");
        let after = more.add_working_days(start, n, rule).expect("covered");
        prop_assert!(after >= before);
    }

    #[test]
    fn subtracting_undoes_adding_from_a_working_day(
        calendar in any_calendar(), start in any_start(), n in 0u32..100,
    ) {
        let rule = DayZero::ExcludeStart;
        let first = calendar.add_working_days(start, 1, rule).expect("covered");
        let due = calendar.add_working_days(first, n, rule).expect("covered");
        prop_assert_eq!(calendar.subtract_working_days(due, n, rule), Ok(first));
    }

    #[test]
    fn working_seconds_add_up(
        calendar in any_calendar(), start in 1_577_836_800i64..1_900_000_000,
        first in 0i64..3_000_000, second in 0i64..3_000_000,
    ) {
        let instant = |second| Timestamp::from_second(second).expect("in range");
        let (a, b, c) =
            (instant(start), instant(start + first), instant(start + first + second));
        let whole = calendar.working_seconds(a, c).expect("covered");
        let parts = calendar.working_seconds(a, b).expect("covered")
            + calendar.working_seconds(b, c).expect("covered");
        prop_assert_eq!(whole, parts);
        prop_assert!((0..=first + second).contains(&whole));
    }
}
