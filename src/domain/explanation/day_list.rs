//! The days between two dates, each with whether it was counted and why.

use jiff::ToSpan;
use jiff::civil::Date;

use super::super::codes::codes;
use super::super::limit::{Direction, Limit, LimitUnit};
use super::super::working_days::{Calendar, Day, DayZero, NoCalendar};

/// The longest list of days of a limit that counts every day. Three years say nothing that the two
/// ends do not, and a policy may hold any number.
const MOST_DAYS: i64 = 1_100;

codes! {
    /// Why a day was counted or skipped.
    pub enum DayReason {
        /// Skipped: it is day zero, from whose end the days are counted.
        DayZero => "day_zero",
        /// Counted: neither a week-end nor a bank holiday.
        WorkingDay => "working_day",
        /// Counted: the limit counts every day.
        EveryDay => "every_day",
        /// Skipped: a Saturday or a Sunday.
        WeekEnd => "week_end",
        /// Skipped: a bank holiday.
        BankHoliday => "bank_holiday",
    }
}

/// A day with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDay {
    /// The day.
    pub date: Date,
    /// Why it was counted or skipped.
    pub reason: DayReason,
    /// The bank holiday, where it is one.
    pub holiday: Option<String>,
    /// Which of the counted days it is, from 1; none where it was skipped.
    pub number: Option<u32>,
}

/// Every day from `first`, which is day zero, to `last`, in that order and so perhaps backwards.
///
/// `own_day` says that day zero is itself counted. Empty for limits in hours, and for the long lists
/// of limits that count every day.
///
/// # Errors
/// [`NoCalendar`] when working days lie in a year without bank holidays.
pub fn from_to(
    unit: LimitUnit,
    first: Date,
    last: Date,
    own_day: bool,
    calendar: &Calendar,
) -> Result<Vec<ListedDay>, NoCalendar> {
    let mut days = Vec::new();
    let apart = last.duration_since(first).as_hours() / 24;
    let long = apart.abs() > MOST_DAYS && unit != LimitUnit::WorkingDay;
    if unit == LimitUnit::Hour || long {
        return Ok(days);
    }
    let mut counted = 0;
    let mut date = first;
    loop {
        let (reason, holiday) = if date == first && !own_day {
            (DayReason::DayZero, None)
        } else if unit != LimitUnit::WorkingDay {
            (DayReason::EveryDay, None)
        } else {
            match calendar.day(date)? {
                Day::Working => (DayReason::WorkingDay, None),
                Day::Weekend => (DayReason::WeekEnd, None),
                Day::Holiday(name) => (DayReason::BankHoliday, Some(name.to_owned())),
            }
        };
        let counts = matches!(reason, DayReason::WorkingDay | DayReason::EveryDay);
        counted += u32::from(counts);
        days.push(ListedDay { date, reason, holiday, number: counts.then_some(counted) });
        if date == last {
            return Ok(days);
        }
        date = date.saturating_add(apart.signum().days());
    }
}

/// The day on which each month of a limit is complete, the last of which is `last`.
pub fn months(limit: &Limit, first: Date, last: Date) -> Vec<Date> {
    let own_day = i64::from(limit.day_zero == DayZero::IncludeStart);
    let complete = |months: i64| match limit.direction {
        Direction::After => first.saturating_add(months.months()).saturating_sub(own_day.days()),
        Direction::Before => first.saturating_sub(months.months()).saturating_add(own_day.days()),
    };
    let most = i64::from(limit.amount).min(MOST_DAYS);
    let all: Vec<Date> = (1..=most).map(complete).collect();
    // As long a list of months is left out as well; it would not end where the limit does.
    if all.last().is_some_and(|end| *end == last) { all } else { Vec::new() }
}
