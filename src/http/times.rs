//! Days and instants in requests: one exact form each, because a wrong clock costs a child time.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use jiff::civil::{Date, ISOWeekDate, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use utoipa::openapi::{KnownFormat, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::field_errors::{FieldCode, FieldErrors};
use super::fields::{text, text_schema};

/// The years that are not certainly a slip.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=9998;

/// A moment, sent as RFC 3339 with an offset and kept to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Instant(pub Timestamp);

/// A day without a time, sent as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Day(pub Date);

impl Instant {
    /// Reads one from a body or a query.
    ///
    /// # Errors
    /// `invalid_datetime`, `invalid_date`, `offset_required` or `out_of_range`.
    pub fn parse(text: &str) -> Result<Self, FieldCode> {
        let (date, rest) = split_date(text, FieldCode::InvalidDatetime)?;
        let (time, rest) = split_time(rest, true)?;
        let offset = offset_seconds(rest)?;
        let local = date?.to_datetime(time);
        let utc = local
            .checked_sub(SignedDuration::from_secs(offset))
            .map_err(|_| FieldCode::OutOfRange)?;
        let moment = TimeZone::UTC.to_timestamp(utc).map_err(|_| FieldCode::OutOfRange)?;
        Ok(Self(moment))
    }
}

impl Day {
    /// Reads one from a body or a query.
    ///
    /// # Errors
    /// `invalid_date` or `out_of_range`.
    pub fn parse(text: &str) -> Result<Self, FieldCode> {
        let (date, rest) = split_date(text, FieldCode::InvalidDate)?;
        if rest.is_empty() { date.map(Self) } else { Err(FieldCode::InvalidDate) }
    }
}

/// The Monday of an ISO week such as `2026-W53`.
///
/// # Errors
/// `invalid_week` if it has another form or the year does not have that week; `out_of_range`.
pub fn parse_week(text: &str) -> Result<ISOWeekDate, FieldCode> {
    let (year, week) = text.split_once("-W").ok_or(FieldCode::InvalidWeek)?;
    let year: i16 = digits(year, 4).ok_or(FieldCode::InvalidWeek)?;
    let week: i8 = digits(week, 2).ok_or(FieldCode::InvalidWeek)?;
    if !YEARS.contains(&year) {
        return Err(FieldCode::OutOfRange);
    }
    ISOWeekDate::new(year, week, Weekday::Monday).map_err(|_| FieldCode::InvalidWeek)
}

/// A number of exactly so many ASCII digits.
fn digits<T: std::str::FromStr>(text: &str, length: usize) -> Option<T> {
    let plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// The day at the front and the text after it. The form is checked before the day, so that the
/// inner result is only wrong about a day or year that is written properly.
type Dated<'a> = (Result<Date, FieldCode>, &'a str);

fn split_date(text: &str, wrong_form: FieldCode) -> Result<Dated<'_>, FieldCode> {
    let unsigned = text.strip_prefix(['+', '-']);
    let year_length = unsigned.unwrap_or(text).find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
    // A signed or longer year is a form of ISO 8601, but none that can be right here.
    if !(4..=6).contains(&year_length) {
        return Err(wrong_form);
    }
    let (date, rest) =
        unsigned.unwrap_or(text).split_at_checked(year_length + 6).ok_or(wrong_form)?;
    let parts: Vec<&str> = date.split('-').collect();
    let &[year, month, day] = parts.as_slice() else {
        return Err(wrong_form);
    };
    let month: i8 = digits(month, 2).ok_or(wrong_form)?;
    let day: i8 = digits(day, 2).ok_or(wrong_form)?;
    let year = digits(year, 4).filter(|year| unsigned.is_none() && YEARS.contains(year));
    let date = match year {
        None => Err(FieldCode::OutOfRange),
        Some(year) => Date::new(year, month, day).map_err(|_| FieldCode::InvalidDate),
    };
    Ok((date, rest))
}

/// The time after the day, from its `T` on, and the text after it.
fn split_time(text: &str, seconds_required: bool) -> Result<(Time, &str), FieldCode> {
    const WRONG: FieldCode = FieldCode::InvalidDatetime;
    let text = text.strip_prefix('T').ok_or(WRONG)?;
    let (clock, rest) = text.split_at_checked(5).ok_or(WRONG)?;
    let (hour, minute) = clock.split_once(':').ok_or(WRONG)?;
    let hour: i8 = digits(hour, 2).ok_or(WRONG)?;
    let minute: i8 = digits(minute, 2).ok_or(WRONG)?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => {
            let (second, rest) = rest.split_at_checked(2).ok_or(WRONG)?;
            (digits(second, 2).ok_or(WRONG)?, rest)
        }
        None if seconds_required => return Err(WRONG),
        None => (0, rest),
    };
    let (nanoseconds, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (fraction, rest) = rest.split_at_checked(length).ok_or(WRONG)?;
            (microseconds(fraction)?.saturating_mul(1_000), rest)
        }
        None => (0, rest),
    };
    // Time::new refuses hour 24 and second 60.
    let time = Time::new(hour, minute, second, nanoseconds).map_err(|_| WRONG)?;
    Ok((time, rest))
}

/// The store keeps microseconds, so finer digits are cut off rather than rounded up.
fn microseconds(fraction: &str) -> Result<i32, FieldCode> {
    if !(1..=9).contains(&fraction.len()) {
        return Err(FieldCode::InvalidDatetime);
    }
    let kept: String = fraction.chars().chain("000000".chars()).take(6).collect();
    kept.parse().map_err(|_| FieldCode::InvalidDatetime)
}

/// Seconds east of UTC. `-00:00` says "offset unknown" and is no more use than none.
fn offset_seconds(text: &str) -> Result<i64, FieldCode> {
    const WRONG: FieldCode = FieldCode::InvalidDatetime;
    if text.is_empty() {
        return Err(FieldCode::OffsetRequired);
    }
    if text == "Z" {
        return Ok(0);
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-').ok_or(WRONG)?),
    };
    let (hours, minutes) = rest.split_once(':').ok_or(WRONG)?;
    let hours: i64 = digits(hours, 2).ok_or(WRONG)?;
    let minutes: i64 = digits(minutes, 2).filter(|minutes| *minutes < 60).ok_or(WRONG)?;
    let seconds = hours * 3_600 + minutes * 60;
    if seconds > 14 * 3_600 || (sign < 0 && seconds == 0) {
        return Err(WRONG);
    }
    Ok(sign * seconds)
}

impl Deserr<FieldErrors> for Instant {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let text = text(value, location)?;
        Self::parse(&text).map_err(|code| FieldErrors::at(location, code))
    }
}

impl Deserr<FieldErrors> for Day {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let text = text(value, location)?;
        Self::parse(&text).map_err(|code| FieldErrors::at(location, code))
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        text_schema(Some(KnownFormat::DateTime)).into()
    }
}

impl ToSchema for Instant {}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        text_schema(Some(KnownFormat::Date)).into()
    }
}

impl ToSchema for Day {}

#[cfg(test)]
#[path = "times_tests.rs"]
mod tests;
