//! The one calculation of when a limit runs out, because a stage, a timescale and a follow-up
//! must never disagree about what "two working days" means.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::codes::codes;
use super::london;
use super::working_days::{Calendar, DayZero, NoCalendar};

codes! {
    /// What a limit is counted in.
    pub enum LimitUnit {
        /// Real hours, day and night, on every day.
        Hour => "hour",
        /// Until the end of the local day; the amount plays no part.
        SameDay => "same_day",
        /// Days that are no week-end and no bank holiday.
        WorkingDay => "working_day",
        /// Every local day.
        CalendarDay => "calendar_day",
        /// Seven local days.
        Week => "week",
        /// Calendar months, clamped to the end of a shorter month.
        Month => "month",
    }
}

codes! {
    /// On which side of its event a limit lies.
    pub enum Direction {
        /// Due some time after the event that starts the clock.
        After => "after",
        /// Due some time before the event, such as a report before a conference.
        Before => "before",
    }
}

/// How long something may take, or how early it must be.
///
/// The numbers come from data: Working Together 2023 for the national limits, a local standard
/// for the others, the partnership's policy for the stages.
/// In a document, `day_zero` and `direction` may be left out and then mean the ordinary case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many units; 0 working days means the same day.
    pub amount: u32,
    /// What is counted.
    pub unit: LimitUnit,
    /// Whether the day of the event is counted; hours ignore it.
    #[serde(default = "ordinary_day_zero")]
    pub day_zero: DayZero,
    /// Whether the limit follows or precedes the event.
    #[serde(default = "ordinary_direction")]
    pub direction: Direction,
}

const fn ordinary_day_zero() -> DayZero {
    DayZero::ExcludeStart
}

const fn ordinary_direction() -> Direction {
    Direction::After
}

impl Limit {
    /// A limit that follows its event and does not count the event's day: the ordinary case.
    #[must_use]
    pub const fn after(amount: u32, unit: LimitUnit) -> Self {
        Self { amount, unit, day_zero: ordinary_day_zero(), direction: ordinary_direction() }
    }

    /// Whether the same limit again is longer: "the same day" has no longer.
    #[must_use]
    pub const fn can_be_longer(&self) -> bool {
        self.amount > 0 && !matches!(self.unit, LimitUnit::SameDay)
    }

    /// The last instant that is still within the limit.
    ///
    /// `event` is what starts the clock or, for [`Direction::Before`], what must be preceded.
    /// Hours are counted on instants. Every other unit ends at 23:59:59.999 Europe/London of its
    /// last day: the plain reading of "within n working days" in Working Together 2023.
    /// An instant too far away to be written becomes the first or the last that can be.
    ///
    /// # Errors
    /// [`NoCalendar`] when working days are counted into a year without bank holidays.
    pub fn due_at(&self, event: Timestamp, calendar: &Calendar) -> Result<Timestamp, NoCalendar> {
        if self.unit == LimitUnit::Hour {
            return Ok(self.hours_from(event));
        }
        Ok(london::end_of_day(self.due_date(london::local_date(event), calendar)?))
    }

    /// From when something that has not happened is near its limit.
    ///
    /// Hours: after three fifths of the time between event and due instant, where the traffic
    /// light turns amber. Other units: from the start of the last working day before the due
    /// date. Never before `event` when the limit follows it. Source: this product's own choice,
    /// so that a month that ends on a Sunday warns on the Friday.
    ///
    /// # Errors
    /// [`NoCalendar`] when a day is needed from a year without bank holidays.
    pub fn at_risk_from(
        &self,
        event: Timestamp,
        calendar: &Calendar,
    ) -> Result<Timestamp, NoCalendar> {
        let due_at = self.due_at(event, calendar)?;
        let from = if self.unit == LimitUnit::Hour {
            let left = SignedDuration::from_hours(i64::from(self.amount)) * 2 / 5;
            due_at.checked_sub(left).unwrap_or(Timestamp::MIN)
        } else {
            let due_date = london::local_date(due_at);
            london::start_of_day(calendar.subtract_working_days(
                due_date,
                1,
                DayZero::ExcludeStart,
            )?)
        };
        Ok(match self.direction {
            Direction::After => from.max(event),
            Direction::Before => from,
        })
    }

    /// How far `at` lies from the event, in whole units rounded down and never below 0.
    ///
    /// For [`Direction::After`] this is the time used, for [`Direction::Before`] the notice given;
    /// either is comparable with [`Limit::amount`]. Days are counted by local date, so Friday
    /// 23:50 to Monday 00:10 is one working day. The unit "same day" counts calendar days.
    ///
    /// # Errors
    /// [`NoCalendar`] when working days are counted in a year without bank holidays.
    pub fn elapsed(
        &self,
        event: Timestamp,
        at: Timestamp,
        calendar: &Calendar,
    ) -> Result<i64, NoCalendar> {
        let (from, to) = match self.direction {
            Direction::After => (event, at),
            Direction::Before => (at, event),
        };
        if to < from {
            return Ok(0);
        }
        let (first, last) = (london::local_date(from), london::local_date(to));
        let own_day = self.day_zero == DayZero::IncludeStart;
        match self.unit {
            LimitUnit::Hour => Ok(to.duration_since(from).as_hours()),
            LimitUnit::WorkingDay => {
                // Only the event's own day is in question; the day of `at` always counts.
                let (after, until) = match self.direction {
                    Direction::After if own_day => (day_before(first), last),
                    Direction::After => (first, last),
                    Direction::Before if own_day => (day_before(first), last),
                    Direction::Before => (day_before(first), day_before(last)),
                };
                calendar.count_working_days(after, until)
            }
            LimitUnit::CalendarDay | LimitUnit::Week | LimitUnit::Month if own_day => {
                Ok(date_units(self.unit, first, last.saturating_add(1.day())))
            }
            unit => Ok(date_units(unit, first, last)),
        }
    }

    /// How late `at` is, in whole units rounded down; none when the limit was kept.
    ///
    /// `at` is when it happened or, while it has not, now. Some(0) means late by less than one
    /// unit: 20 minutes on a limit in hours, or a Saturday after a Friday on working days. Days
    /// are counted by local date after the due date; "same day" counts calendar days; weeks and
    /// months count only when complete.
    ///
    /// # Errors
    /// [`NoCalendar`] when working days are counted in a year without bank holidays.
    pub fn overrun(
        &self,
        due_at: Timestamp,
        at: Timestamp,
        calendar: &Calendar,
    ) -> Result<Option<i64>, NoCalendar> {
        if at <= due_at {
            return Ok(None);
        }
        let (due_date, date) = (london::local_date(due_at), london::local_date(at));
        Ok(Some(match self.unit {
            LimitUnit::Hour => at.duration_since(due_at).as_hours(),
            LimitUnit::WorkingDay => calendar.count_working_days(due_date, date)?,
            unit => date_units(unit, due_date, date),
        }))
    }

    fn due_date(&self, event: Date, calendar: &Calendar) -> Result<Date, NoCalendar> {
        let amount = i64::from(self.amount);
        // Longer spans than this reach beyond every date that can be written.
        let days = amount.min(7_000_000);
        let span = match self.unit {
            LimitUnit::Hour | LimitUnit::SameDay => return Ok(event),
            LimitUnit::WorkingDay => {
                return match self.direction {
                    Direction::After => {
                        calendar.add_working_days(event, self.amount, self.day_zero)
                    }
                    Direction::Before => {
                        calendar.subtract_working_days(event, self.amount, self.day_zero)
                    }
                };
            }
            LimitUnit::CalendarDay => days.days(),
            LimitUnit::Week => amount.min(1_000_000).weeks(),
            LimitUnit::Month => amount.min(200_000).months(),
        };
        let own_day = match self.day_zero {
            DayZero::IncludeStart if self.amount > 0 => 1.day(),
            _ => 0.days(),
        };
        Ok(match self.direction {
            Direction::After => event.saturating_add(span).saturating_sub(own_day),
            Direction::Before => event.saturating_sub(span).saturating_add(own_day),
        })
    }

    fn hours_from(&self, event: Timestamp) -> Timestamp {
        let hours = SignedDuration::from_hours(i64::from(self.amount));
        match self.direction {
            Direction::After => event.checked_add(hours).unwrap_or(Timestamp::MAX),
            Direction::Before => event.checked_sub(hours).unwrap_or(Timestamp::MIN),
        }
    }
}

fn day_before(date: Date) -> Date {
    date.saturating_sub(1.day())
}

/// Whole units between two dates, for the units that need no bank holidays.
fn date_units(unit: LimitUnit, from: Date, to: Date) -> i64 {
    let days = to.duration_since(from).as_hours() / 24;
    match unit {
        LimitUnit::Week => days / 7,
        LimitUnit::Month => {
            let years = i64::from(to.year()) - i64::from(from.year());
            let months = years * 12 + i64::from(to.month()) - i64::from(from.month());
            // Clamped, so that 31 January to 28 February is the one month that a limit gives.
            let complete = from.saturating_add(months.clamp(-200_000, 200_000).months()) <= to;
            months - i64::from(!complete)
        }
        _ => days,
    }
}

#[cfg(test)]
mod tests;
