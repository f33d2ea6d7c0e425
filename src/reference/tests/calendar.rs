//! That the shipped bank holidays are the proclaimed ones, substitute days included.

use jiff::civil::Date;

use super::super::{calendar_file, england_and_wales};
use crate::domain::working_days::{Day, DayZero, Nation, by_rule};

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
    let file = calendar_file().expect("reads");
    assert!(file.holidays.is_sorted_by(|one, next| one.date < next.date));
    for holiday in &file.holidays {
        let into_week = holiday.date.weekday().to_monday_zero_offset();
        assert!(into_week < 5, "{}", holiday.date);
        assert!(!holiday.name.is_empty(), "{}", holiday.date);
        let new_year = holiday.date.month() == 1;
        assert_eq!(holiday.name.contains("New Year"), new_year, "{}", holiday.date);
    }
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
