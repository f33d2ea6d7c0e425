//! What is due when time is paused, so that a pause gives back exactly the time that it took.

use jiff::{Timestamp, ToSpan};

use super::limit::{Limit, LimitUnit};
use super::london;
use super::working_days::{Calendar, DayZero, NoCalendar};

impl Limit {
    /// The last instant that is still in time when time stood still between two instants.
    ///
    /// A limit in hours gains the time between them. Every other unit gains days, decided on local
    /// dates: as many as lie after the day of `from`, up to and including the day of `until`. A
    /// limit in working days gains the working days among them, and all others every day. The time of
    /// day stays: a limit that ran out at the end of a day still does, and what was agreed to the
    /// hour keeps its hour. A pause that gains no day changes nothing, and no pause makes anything
    /// due earlier. An instant too far away to be written becomes the last
    /// that can be.
    ///
    /// # Errors
    /// [`NoCalendar`] when working days are counted into a year without bank holidays.
    pub fn shifted(
        &self,
        previous_due_at: Timestamp,
        from: Timestamp,
        until: Timestamp,
        calendar: &Calendar,
    ) -> Result<Timestamp, NoCalendar> {
        if until <= from {
            return Ok(previous_due_at);
        }
        if self.unit == LimitUnit::Hour {
            let paused = until.duration_since(from);
            return Ok(previous_due_at.checked_add(paused).unwrap_or(Timestamp::MAX));
        }
        let (first, last) = (london::local_date(from), london::local_date(until));
        let due_date = london::local_date(previous_due_at);
        let moved = if self.unit == LimitUnit::WorkingDay {
            let gained = calendar.count_working_days(first, last)?;
            let gained = u32::try_from(gained).unwrap_or(u32::MAX);
            calendar.add_working_days(due_date, gained, DayZero::ExcludeStart)?
        } else {
            let gained = last.duration_since(first).as_hours() / 24;
            due_date.saturating_add(gained.days())
        };
        Ok(if moved == due_date {
            previous_due_at
        } else {
            london::at_time(moved, london::local_time(previous_due_at))
        })
    }
}

#[cfg(test)]
mod tests;
