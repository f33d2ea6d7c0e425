//! What a calendar must keep before it counts: a list with days forgotten gives due dates that are silently wrong.

use jiff::civil::{Date, Weekday};

use super::policy_check::is_version_name;
use super::working_days::Calendar;

/// Each nation has eight bank holidays a year or more. One that is missing is found by those who know it; a year with
/// fewer than this was never filled in.
const FEWEST_A_YEAR: usize = 6;

/// One thing that is wrong with a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalendarFault {
    /// Its version is no name.
    #[error("version: must be 1 to 60 letters, digits, '-', '_' and '.'")]
    Version,
    /// It would count from now on, and does not know the present year.
    #[error("covers {first} to {last}, and not the present year: nothing could be counted with it")]
    NotThePresent {
        /// The first year that it covers.
        first: i16,
        /// The last.
        last: i16,
    },
    /// A year without its bank holidays.
    #[error(
        "{year}: has {holidays} bank holidays; a year that is covered needs all of its own, or is left out"
    )]
    Unfilled {
        /// The year.
        year: i16,
        /// How many there are.
        holidays: usize,
    },
    /// A day that is not worked anyway.
    #[error("{0}: is a Saturday or a Sunday; write the substitute day")]
    OnWeekend(Date),
}

impl Calendar {
    /// Whether dates can be counted with this calendar from `today` on.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn check(&self, today: Date) -> Result<(), Vec<CalendarFault>> {
        let mut faults = Vec::new();
        if !is_version_name(self.version()) {
            faults.push(CalendarFault::Version);
        }
        if !self.years().contains(&today.year()) {
            let (first, last) = self.years().into_inner();
            faults.push(CalendarFault::NotThePresent { first, last });
        }
        for year in self.years() {
            let holidays = self.holidays().filter(|(date, _)| date.year() == year).count();
            if holidays < FEWEST_A_YEAR {
                faults.push(CalendarFault::Unfilled { year, holidays });
            }
        }
        for (date, _) in self.holidays() {
            if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
                faults.push(CalendarFault::OnWeekend(date));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// What the calendar's hash is taken of: nation, first and last year, then each date, a line each. Names are left
    /// out: they count nothing.
    #[must_use]
    pub fn canonical_text(&self) -> String {
        let (first, last) = self.years().into_inner();
        let mut text = format!("{}\n{first}\n{last}\n", self.nation());
        for (date, _) in self.holidays() {
            text.push_str(&date.to_string());
            text.push('\n');
        }
        text
    }
}

/// What changes when `is` takes over from `was`, one line for each difference: nation, years, and the dates of the
/// years that both cover.
#[must_use]
pub fn calendar_changes(was: &Calendar, is: &Calendar) -> Vec<String> {
    let mut lines = Vec::new();
    if was.nation() != is.nation() {
        lines.push(format!("nation: {} → {}", was.nation(), is.nation()));
    }
    let years = |it: &Calendar| format!("{} to {}", it.years().start(), it.years().end());
    if was.years() != is.years() {
        lines.push(format!("years: {} → {}", years(was), years(is)));
    }
    let both = |date: Date| was.years().contains(&date.year()) && is.years().contains(&date.year());
    let mut only = |one: &Calendar, other: &Calendar, verb: &str| {
        for (date, name) in one.holidays().filter(|(date, _)| both(*date)) {
            if !other.holidays().any(|(known, _)| known == date) {
                lines.push(format!("{date} {name}: {verb}"));
            }
        }
    };
    only(is, was, "added");
    only(was, is, "removed");
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::working_days::Nation;

    fn day(text: &str) -> Date {
        text.parse().expect(text)
    }

    fn calendar(years: std::ops::RangeInclusive<i16>, dates: &[&str]) -> Calendar {
        let named: BTreeMap<_, _> = dates.iter().map(|it| (day(it), "Day".to_owned())).collect();
        Calendar::new("typed-1", Nation::Scotland, years, named).expect("inside")
    }

    const FULL: [&str; 6] =
        ["2026-01-01", "2026-01-02", "2026-04-03", "2026-05-04", "2026-05-25", "2026-12-25"];

    #[test]
    fn a_year_that_was_never_filled_in_is_found() {
        assert_eq!(calendar(2026..=2026, &FULL).check(day("2026-11-18")), Ok(()));
        let unfilled = calendar(2026..=2027, &FULL).check(day("2026-11-18"));
        assert_eq!(unfilled, Err(vec![CalendarFault::Unfilled { year: 2027, holidays: 0 }]));
        let five = calendar(2026..=2026, &FULL[1..]).check(day("2026-11-18"));
        assert_eq!(five, Err(vec![CalendarFault::Unfilled { year: 2026, holidays: 5 }]));
    }

    #[test]
    fn a_list_without_substitute_days_is_found() {
        let mut dates = FULL.to_vec();
        dates.push("2026-12-26");
        let found = calendar(2026..=2026, &dates).check(day("2026-11-18"));
        assert_eq!(found, Err(vec![CalendarFault::OnWeekend(day("2026-12-26"))]));
    }

    #[test]
    fn a_calendar_of_other_years_cannot_count_from_now_on() {
        let other = calendar(2026..=2026, &FULL);
        let fault = CalendarFault::NotThePresent { first: 2026, last: 2026 };
        assert_eq!(other.check(day("2027-01-01")), Err(vec![fault]));
        assert_eq!(other.check(day("2026-12-31")), Ok(()));
    }

    #[test]
    fn the_canonical_text_has_what_counts_and_nothing_else() {
        let one = calendar(2026..=2026, &FULL[..2]);
        assert_eq!(one.canonical_text(), "scotland\n2026\n2026\n2026-01-01\n2026-01-02\n");
        let renamed = one.holidays().map(|(date, _)| (date, "Other".to_owned())).collect();
        let renamed = Calendar::new("x", Nation::Scotland, 2026..=2026, renamed).expect("inside");
        assert_eq!(renamed.canonical_text(), one.canonical_text());
        for other in [calendar(2026..=2027, &FULL[..2]), calendar(2026..=2026, &FULL[..3])] {
            assert_ne!(other.canonical_text(), one.canonical_text());
        }
    }

    #[test]
    fn changes_are_told_of_the_years_that_both_cover() {
        let was = calendar(2026..=2026, &FULL);
        let mut dates = FULL[1..].to_vec();
        dates.extend(["2026-06-15", "2027-01-01"]);
        let is = calendar(2026..=2027, &dates);
        assert_eq!(
            calendar_changes(&was, &is),
            [
                "years: 2026 to 2026 → 2026 to 2027",
                "2026-06-15 Day: added",
                "2026-01-01 Day: removed",
            ]
        );
        assert_eq!(calendar_changes(&was, &was), Vec::<String>::new());
    }
}
