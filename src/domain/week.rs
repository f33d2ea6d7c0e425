//! The review week as a value, because a week cut at the wrong hour moves escalations from one
//! signed review to the next.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, ISOWeekDate, Weekday, date};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::london;

/// First and last week that can be named; both leave room for a neighbour on either side.
const FIRST_MONDAY: Date = date(1, 1, 1);
const LAST_MONDAY: Date = date(9998, 12, 28);

/// An ISO 8601 week, Monday 00:00 to the next Monday 00:00 in Europe/London.
///
/// Written `2026-W47`, with the ISO year: 30 December 2024 lies in `2025-W01`, 1 January 2027 in
/// `2026-W53`. A week with a clock change lasts 167 or 169 hours, so a mean per day divides by
/// seven and never by hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IsoWeek {
    // The Monday alone names the week, orders it and cannot be an impossible week.
    monday: Date,
}

/// A text or a pair of numbers that names no ISO week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO week, written like 2026-W47; week 53 exists only in long years")]
pub struct NotAWeek;

impl IsoWeek {
    /// The week with this ISO year (1 to 9998) and number (1 to 52, or 53 in a long year).
    ///
    /// # Errors
    /// [`NotAWeek`] when the year has no such week.
    pub fn new(year: i16, week: i8) -> Result<Self, NotAWeek> {
        let monday = ISOWeekDate::new(year, week, Weekday::Monday).map_err(|_| NotAWeek)?.date();
        if (FIRST_MONDAY..=LAST_MONDAY).contains(&monday) {
            Ok(Self { monday })
        } else {
            Err(NotAWeek)
        }
    }

    /// The week in which this instant falls on a London clock.
    #[must_use]
    pub fn containing(at: Timestamp) -> Self {
        Self::of_date(london::local_date(at))
    }

    /// The week to which a local date belongs; dates outside year 1 to 9998 give the nearest week.
    #[must_use]
    pub fn of_date(date: Date) -> Self {
        let into_week = date.weekday().to_monday_zero_offset();
        Self::clamped(date.saturating_sub(into_week.days()))
    }

    /// The ISO year, which differs from the calendar year in the days around New Year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.monday.iso_week_date().year()
    }

    /// The number in the ISO year, 1 to 53.
    #[must_use]
    pub fn week(self) -> i8 {
        self.monday.iso_week_date().week()
    }

    /// The first day.
    #[must_use]
    pub const fn monday(self) -> Date {
        self.monday
    }

    /// The last day.
    #[must_use]
    pub fn sunday(self) -> Date {
        self.monday.saturating_add(6.days())
    }

    /// The first instant of the week: Monday 00:00 local, in summer Sunday 23:00 UTC.
    #[must_use]
    pub fn starts_at(self) -> Timestamp {
        london::start_of_day(self.monday)
    }

    /// The first instant after the week: an event at this instant belongs to the next week.
    #[must_use]
    pub fn ends_at(self) -> Timestamp {
        london::start_of_day(self.monday.saturating_add(1.week()))
    }

    /// Whether the instant falls in this week.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        (self.starts_at()..self.ends_at()).contains(&at)
    }

    /// The week after; the last nameable week is its own successor.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus_weeks(1)
    }

    /// The week before; the first nameable week is its own predecessor.
    #[must_use]
    pub fn previous(self) -> Self {
        self.plus_weeks(-1)
    }

    /// The week that lies this many weeks later, or earlier when negative.
    ///
    /// Stops at the first and the last nameable week.
    #[must_use]
    pub fn plus_weeks(self, weeks: i32) -> Self {
        // Beyond this no week can be named, and the arithmetic of the time library would refuse.
        let weeks = weeks.clamp(-600_000, 600_000);
        Self::clamped(self.monday.saturating_add(weeks.weeks()))
    }

    /// Every week from `from` to `to`, both included and in order; none when `to` is earlier.
    pub fn range(from: Self, to: Self) -> impl DoubleEndedIterator<Item = Self> + Clone {
        let count = from.weeks_between(to).saturating_add(1).max(0);
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        (0..count).map(move |ahead| from.plus_weeks(ahead))
    }

    /// How many weeks `other` lies after this one; negative when it lies before.
    #[must_use]
    pub fn weeks_between(self, other: Self) -> i64 {
        other.monday.duration_since(self.monday).as_hours() / (7 * 24)
    }

    fn clamped(monday: Date) -> Self {
        Self { monday: monday.clamp(FIRST_MONDAY, LAST_MONDAY) }
    }
}

impl fmt::Display for IsoWeek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-W{:02}", self.year(), self.week())
    }
}

impl FromStr for IsoWeek {
    type Err = NotAWeek;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (year, week) = text.split_once("-W").ok_or(NotAWeek)?;
        let digits = |part: &str, len: usize| {
            part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(year, 4) || !digits(week, 2) {
            return Err(NotAWeek);
        }
        Self::new(year.parse().map_err(|_| NotAWeek)?, week.parse().map_err(|_| NotAWeek)?)
    }
}

impl TryFrom<String> for IsoWeek {
    type Error = NotAWeek;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<IsoWeek> for String {
    fn from(week: IsoWeek) -> Self {
        week.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(text: &str) -> IsoWeek {
        text.parse().expect(text)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn a_week_is_written_in_one_way_only() {
        for text in ["2026-W47", "2026-W53", "2025-W01", "0001-W01", "9998-W52"] {
            assert_eq!(week(text).to_string(), text);
        }
        for wrong in [
            "",
            "2026-47",
            "2026W47",
            "2026-w47",
            "2026-W7",
            "2026-W047",
            "2026-W00",
            "2026-W54",
            "2025-W53",
            "26-W47",
            "+026-W47",
            "2026-W+7",
            " 2026-W47",
            "2026-W47 ",
            "2026-W4７",
            "0000-W52",
            "9999-W01",
            "2026-W47-1",
        ] {
            assert_eq!(wrong.parse::<IsoWeek>(), Err(NotAWeek), "{wrong}");
        }
    }

    #[test]
    fn week_53_exists_in_long_years_only() {
        for (year, exists) in [(2020, true), (2025, false), (2026, true), (2027, false)] {
            assert_eq!(IsoWeek::new(year, 53).is_ok(), exists, "{year}");
        }
    }

    #[test]
    fn the_days_around_new_year_belong_to_the_iso_year() {
        for (day, name) in [
            ("2024-12-29", "2024-W52"),
            ("2024-12-30", "2025-W01"),
            ("2027-01-01", "2026-W53"),
            ("2027-01-03", "2026-W53"),
            ("2027-01-04", "2027-W01"),
        ] {
            let date: Date = day.parse().expect(day);
            assert_eq!(IsoWeek::of_date(date).to_string(), name, "{day}");
            assert_eq!(IsoWeek::containing(london::end_of_day(date)), week(name));
        }
    }

    #[test]
    fn in_summer_the_week_begins_on_sunday_at_23_utc() {
        let first = at("2026-06-28T23:00:00Z");
        assert_eq!(IsoWeek::containing(first).to_string(), "2026-W27");
        let before = at("2026-06-28T22:59:59.999999Z");
        assert_eq!(IsoWeek::containing(before).to_string(), "2026-W26");
        assert_eq!(week("2026-W27").starts_at(), first);
        assert_eq!(week("2026-W26").ends_at(), first);
        assert!(!week("2026-W26").contains(first) && week("2026-W27").contains(first));
    }

    #[test]
    fn a_week_with_a_clock_change_has_167_or_169_hours() {
        for (monday, hours) in [
            ("2025-03-24", 167),
            ("2025-10-20", 169),
            ("2026-03-23", 167),
            ("2026-10-19", 169),
            ("2027-03-22", 167),
            ("2027-10-25", 169),
            ("2028-03-20", 167),
            ("2028-10-23", 169),
            ("2026-11-16", 168),
        ] {
            let week = IsoWeek::of_date(monday.parse().expect(monday));
            assert_eq!(week.monday().to_string(), monday);
            let length = week.ends_at().duration_since(week.starts_at());
            assert_eq!(length.as_hours(), hours, "{monday}");
        }
    }

    #[test]
    fn neighbours_ranges_and_distances_agree() {
        let last = week("2026-W53");
        assert_eq!(last.next(), week("2027-W01"));
        assert_eq!(week("2027-W01").previous(), last);
        assert_eq!(last.sunday().to_string(), "2027-01-03");
        assert_eq!(week("2025-W47").weeks_between(week("2026-W47")), 52);
        assert_eq!(week("2026-W47").weeks_between(week("2027-W47")), 53);
        assert_eq!(week("2026-W47").weeks_between(week("2026-W45")), -2);
        let names: Vec<String> =
            IsoWeek::range(week("2026-W52"), week("2027-W02")).map(String::from).collect();
        assert_eq!(names, ["2026-W52", "2026-W53", "2027-W01", "2027-W02"]);
        assert_eq!(IsoWeek::range(last, last).count(), 1);
        assert_eq!(IsoWeek::range(last, last.previous()).count(), 0);
        assert!(week("2026-W53") < week("2027-W01"));
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        let last = IsoWeek::containing(Timestamp::MAX);
        assert_eq!(last.next(), last);
        let first = IsoWeek::containing(Timestamp::MIN);
        assert_eq!(first.previous(), first);
        assert_eq!(first.to_string(), "0001-W01");
        assert_eq!(last.to_string(), "9998-W53");
        assert!(IsoWeek::range(first, last).count() > 500_000);
    }

    #[test]
    fn json_holds_the_week_as_text() {
        let json = serde_json::to_string(&week("2026-W53")).expect("writes");
        assert_eq!(json, "\"2026-W53\"");
        assert_eq!(serde_json::from_str::<IsoWeek>(&json).expect("reads"), week("2026-W53"));
        assert!(serde_json::from_str::<IsoWeek>("\"2025-W53\"").is_err());
    }

    proptest::proptest! {
        #[test]
        fn every_instant_lies_in_its_week(second in -60_000_000_000i64..200_000_000_000) {
            let at = Timestamp::from_second(second).expect("in range");
            let week = IsoWeek::containing(at);
            proptest::prop_assert!(week.contains(at));
            proptest::prop_assert!(!week.next().contains(at) && !week.previous().contains(at));
            proptest::prop_assert_eq!(week.to_string().parse::<IsoWeek>(), Ok(week));
        }
    }
}
