//! The counting of working days, because a limit "within n working days" is only as good as the
//! table of bank holidays behind it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};

use super::codes::codes;
use super::london;

codes! {
    /// Whether the day of the start event is itself counted.
    pub enum DayZero {
        /// The start is day 0 and the next countable day is day 1: the plain reading of "within n
        /// working days of", and the default.
        ExcludeStart => "exclude_start",
        /// The start is day 1 if it is countable: some local visit standards, and the numbered
        /// days of the court's timetable.
        IncludeStart => "include_start",
    }
}

codes! {
    /// The part of the United Kingdom whose bank holidays count.
    pub enum Nation {
        /// England and Wales share one list.
        EnglandAndWales => "england_and_wales",
        /// Scotland: 2 January counts, Easter Monday does not.
        Scotland => "scotland",
        /// Northern Ireland.
        NorthernIreland => "northern_ireland",
    }
}

/// What a date is on a calendar; the words behind "why was this day not counted?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day<'calendar> {
    /// Counts.
    Working,
    /// Saturday or Sunday; a bank holiday that falls on one is a week-end.
    Weekend,
    /// A bank holiday, with its name.
    Holiday(&'calendar str),
}

/// A date was needed from a year whose bank holidays are not known.
///
/// Guessing would give a due date that is silently wrong, so nothing is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the calendar has no bank holidays for {year}")]
pub struct NoCalendar {
    /// The first year that was needed and is missing.
    pub year: i16,
}

/// A calendar's own years and dates contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{date} lies outside the years that the calendar says it covers")]
pub struct HolidayOutsideYears {
    /// The date that does not belong.
    pub date: Date,
}

/// One version of the bank holidays of one nation.
///
/// A working day is no Saturday, no Sunday and no bank holiday. Source: the definition of the
/// Children Act 2004 joint area review regulations, which names England and Wales. A council's
/// own closing days are working days: children's services and duty teams run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    version: String,
    nation: Nation,
    years: RangeInclusive<i16>,
    holidays: BTreeMap<Date, String>,
}

impl Calendar {
    /// A calendar that knows every bank holiday of the given years.
    ///
    /// # Errors
    /// [`HolidayOutsideYears`] when a holiday lies in none of the years.
    pub fn new(
        version: impl Into<String>,
        nation: Nation,
        years: RangeInclusive<i16>,
        holidays: BTreeMap<Date, String>,
    ) -> Result<Self, HolidayOutsideYears> {
        match holidays.keys().find(|date| !years.contains(&date.year())) {
            Some(date) => Err(HolidayOutsideYears { date: *date }),
            None => Ok(Self { version: version.into(), nation, years, holidays }),
        }
    }

    /// The name of this version, stored with every due date that it produced.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whose bank holidays these are.
    #[must_use]
    pub const fn nation(&self) -> Nation {
        self.nation
    }

    /// The first and the last year that are covered.
    #[must_use]
    pub fn years(&self) -> RangeInclusive<i16> {
        self.years.clone()
    }

    /// The bank holidays with their names, in order of date.
    pub fn holidays(&self) -> impl Iterator<Item = (Date, &str)> {
        self.holidays.iter().map(|(date, name)| (*date, name.as_str()))
    }

    /// What this date is.
    ///
    /// # Errors
    /// [`NoCalendar`] when the year is not covered, for a week-end too: a caller that reaches
    /// such a year needs the next calendar now.
    pub fn day(&self, date: Date) -> Result<Day<'_>, NoCalendar> {
        if !self.years.contains(&date.year()) {
            return Err(NoCalendar { year: date.year() });
        }
        if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            return Ok(Day::Weekend);
        }
        Ok(self.holidays.get(&date).map_or(Day::Working, |name| Day::Holiday(name)))
    }

    /// Whether this date counts.
    ///
    /// # Errors
    /// [`NoCalendar`] when the year is not covered.
    pub fn is_working_day(&self, date: Date) -> Result<bool, NoCalendar> {
        Ok(self.day(date)? == Day::Working)
    }

    /// The nth working day after `start`: the last day of a limit of `n` working days.
    ///
    /// `start` may be any day. With `n` = 0 the answer is `start` itself, which may be no working
    /// day ("the same day"). Source of the counting: the plain reading of Working Together 2023,
    /// where day 1 is the next working day.
    ///
    /// # Errors
    /// [`NoCalendar`] when the count leaves the covered years.
    pub fn add_working_days(
        &self,
        start: Date,
        n: u32,
        day_zero: DayZero,
    ) -> Result<Date, NoCalendar> {
        self.walk(start, n, day_zero, 1)
    }

    /// The nth working day before `event`: the last day on which something is still `n` working
    /// days early, such as a report before a conference.
    ///
    /// With `n` = 0 the answer is `event` itself. [`DayZero::IncludeStart`] counts the day of the
    /// event as day 1.
    ///
    /// # Errors
    /// [`NoCalendar`] when the count leaves the covered years.
    pub fn subtract_working_days(
        &self,
        event: Date,
        n: u32,
        day_zero: DayZero,
    ) -> Result<Date, NoCalendar> {
        self.walk(event, n, day_zero, -1)
    }

    /// How many working days lie after `after`, up to and including `to`; 0 when `to` is not later.
    ///
    /// It undoes [`Calendar::add_working_days`] with [`DayZero::ExcludeStart`].
    ///
    /// # Errors
    /// [`NoCalendar`] when a day in between lies in a year that is not covered.
    pub fn count_working_days(&self, after: Date, to: Date) -> Result<i64, NoCalendar> {
        let mut count = 0;
        let mut date = after;
        while date < to {
            date = date.saturating_add(1.day());
            if self.is_working_day(date)? {
                count += 1;
            }
        }
        Ok(count)
    }

    /// The seconds between two instants that fall on working days; 0 when `to` is not later.
    ///
    /// Each working day counts as its whole local day, so Monday 10:00 to Tuesday 10:00 and
    /// Friday 16:00 to Monday 16:00 are both 86 400. Divided by 86 400 this is "working days to
    /// resolve". Source: this product's definition; office hours are not used, because emergency
    /// duty teams work at night.
    ///
    /// # Errors
    /// [`NoCalendar`] when a day in between lies in a year that is not covered.
    pub fn working_seconds(&self, from: Timestamp, to: Timestamp) -> Result<i64, NoCalendar> {
        if to <= from {
            return Ok(0);
        }
        let last = london::local_date(to);
        let mut date = london::local_date(from);
        let mut begins = from;
        let mut seconds = 0;
        loop {
            let tomorrow = date.saturating_add(1.day());
            let ends = if date == last { to } else { london::start_of_day(tomorrow) };
            if self.is_working_day(date)? {
                seconds += ends.as_second() - begins.as_second();
            }
            if date == last {
                return Ok(seconds);
            }
            date = tomorrow;
            begins = ends;
        }
    }

    fn walk(&self, from: Date, n: u32, day_zero: DayZero, step: i64) -> Result<Date, NoCalendar> {
        let mut date = from;
        let mut counted = 0;
        if n > 0 && day_zero == DayZero::IncludeStart && self.is_working_day(from)? {
            counted = 1;
        }
        while counted < n {
            date = date.saturating_add(step.days());
            if self.is_working_day(date)? {
                counted += 1;
            }
        }
        Ok(date)
    }
}

#[cfg(test)]
pub(crate) mod by_rule;
#[cfg(test)]
mod tests;
