//! How much of a limit's time has gone, because a warning on a Saturday night warns nobody of what
//! is due on Monday.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::limit::{Limit, LimitUnit};
use super::london;
use super::working_days::{Calendar, NoCalendar};

/// From when to when people are at work on a working day, on a London clock. They decide only how
/// near a limit is, never when it runs out. Source: this product's own choice.
const WORK_BEGINS: Time = Time::constant(9, 0, 0, 0);
const WORK_ENDS: Time = Time::constant(17, 0, 0, 0);

/// A stretch of time: its first instant and the one after its last.
type Stretch = (Timestamp, Timestamp);

/// The time between two instants that lies between 09:00 and 17:00 Europe/London on working days;
/// none when `to` is not later.
///
/// # Errors
/// [`NoCalendar`] when a day in between lies in a year that is not covered.
pub fn working_time(
    from: Timestamp,
    to: Timestamp,
    calendar: &Calendar,
) -> Result<SignedDuration, NoCalendar> {
    Ok(length(&working_stretches(from, to, calendar)?))
}

/// The first instant at which `percent` hundredths of a limit's time between its start and its due
/// instant have gone; never before the one nor after the other.
///
/// Limits in hours are measured on the wall clock. All others are measured in the working time that
/// lies between the two instants, or on the wall clock where there is none: what is due on the
/// Saturday on which it started. A fraction of a microsecond is rounded up, because the store keeps
/// no less. More than 100 hundredths count as 100.
///
/// # Errors
/// [`NoCalendar`] when a day in between lies in a year that is not covered.
pub fn instant_at(
    limit: &Limit,
    started_at: Timestamp,
    due_at: Timestamp,
    percent: u8,
    calendar: &Calendar,
) -> Result<Timestamp, NoCalendar> {
    let stretches = time_of(limit, started_at, due_at, calendar)?;
    let mut left = share(length(&stretches), percent);
    if left.is_zero() {
        return Ok(started_at.min(due_at));
    }
    for stretch in stretches {
        let (from, to) = stretch;
        let here = to.duration_since(from);
        if left <= here {
            return Ok(from.checked_add(left).unwrap_or(to).min(due_at));
        }
        left = left.saturating_sub(here);
    }
    Ok(due_at)
}

/// The share of a limit's time that has gone at `now`, from 0.0 to 1.0; see [`instant_at`] for what
/// its time is. From the due instant on it is 1.0, and before that up to the start 0.0.
///
/// # Errors
/// [`NoCalendar`] when a day in between lies in a year that is not covered.
pub fn share_gone(
    limit: &Limit,
    started_at: Timestamp,
    due_at: Timestamp,
    now: Timestamp,
    calendar: &Calendar,
) -> Result<f64, NoCalendar> {
    if now >= due_at {
        return Ok(1.0);
    }
    if now <= started_at {
        return Ok(0.0);
    }
    let stretches = time_of(limit, started_at, due_at, calendar)?;
    let gone: Vec<Stretch> = stretches
        .iter()
        .filter(|(from, _)| *from < now)
        .map(|(from, to)| (*from, now.min(*to)))
        .collect();
    Ok(length(&gone).as_secs_f64() / length(&stretches).as_secs_f64())
}

/// The stretches in which a limit's time goes by, in order.
fn time_of(
    limit: &Limit,
    started_at: Timestamp,
    due_at: Timestamp,
    calendar: &Calendar,
) -> Result<Vec<Stretch>, NoCalendar> {
    if due_at <= started_at {
        return Ok(Vec::new());
    }
    let mut stretches = Vec::new();
    if limit.unit != LimitUnit::Hour {
        stretches = working_stretches(started_at, due_at, calendar)?;
    }
    if stretches.is_empty() {
        stretches.push((started_at, due_at));
    }
    Ok(stretches)
}

fn working_stretches(
    from: Timestamp,
    to: Timestamp,
    calendar: &Calendar,
) -> Result<Vec<Stretch>, NoCalendar> {
    let mut stretches = Vec::new();
    if to <= from {
        return Ok(stretches);
    }
    let last = london::local_date(to);
    let mut date = london::local_date(from);
    loop {
        if calendar.is_working_day(date)? {
            let begins = london::at_time(date, WORK_BEGINS).max(from);
            let ends = london::at_time(date, WORK_ENDS).min(to);
            if begins < ends {
                stretches.push((begins, ends));
            }
        }
        if date >= last {
            return Ok(stretches);
        }
        date = date.saturating_add(1.day());
    }
}

fn length(stretches: &[Stretch]) -> SignedDuration {
    stretches
        .iter()
        .fold(SignedDuration::ZERO, |sum, (from, to)| sum.saturating_add(to.duration_since(*from)))
}

/// So many hundredths of `whole`, rounded up to the microsecond.
fn share(whole: SignedDuration, percent: u8) -> SignedDuration {
    let micros = i64::try_from(whole.as_micros()).unwrap_or(i64::MAX);
    let percent = i64::from(percent.min(100));
    // Split before multiplying, so that no length can overflow.
    SignedDuration::from_micros(micros / 100 * percent + (micros % 100 * percent + 99) / 100)
}

#[cfg(test)]
mod tests;
