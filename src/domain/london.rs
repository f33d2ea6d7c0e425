//! The one place that knows which local day an instant belongs to, because every rule about
//! days and weeks is decided in Europe/London while every instant is stored in UTC.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

/// The last instant of a local day to which a deadline may run.
///
/// Milliseconds, because this is what a person reads and what case systems exchange.
const LAST_TIME_OF_DAY: Time = Time::constant(23, 59, 59, 999_000_000);

/// The rules of Europe/London, from the table compiled into the program.
///
/// The table of the machine is not asked: two replicas with different tables would give one
/// escalation two deadlines.
///
/// # Panics
/// Never in a build that has passed its tests: the table is part of the binary.
#[must_use]
pub fn london() -> &'static TimeZone {
    static LONDON: OnceLock<TimeZone> = OnceLock::new();
    LONDON.get_or_init(|| match TimeZoneDatabase::bundled().get("Europe/London") {
        Ok(zone) => zone,
        Err(error) => unreachable!("the compiled-in time zone table lacks Europe/London: {error}"),
    })
}

/// The date that a clock on a London wall shows at this instant.
#[must_use]
pub fn local_date(at: Timestamp) -> Date {
    london().to_datetime(at).date()
}

/// The time that a clock on a London wall shows at this instant.
#[must_use]
pub fn local_time(at: Timestamp) -> Time {
    london().to_datetime(at).time()
}

/// The first instant of a London day: 00:00 local.
///
/// Dates beyond what an instant can hold give the first or the last instant.
#[must_use]
pub fn start_of_day(date: Date) -> Timestamp {
    instant_of(date.to_datetime(Time::midnight()))
}

/// The instant at which a limit counted in days runs out: 23:59:59.999 local.
///
/// Source: the plain reading of "within n working days" in Working Together 2023; the time of
/// day is this product's own choice.
/// Dates beyond what an instant can hold give the first or the last instant.
#[must_use]
pub fn end_of_day(date: Date) -> Timestamp {
    instant_of(date.to_datetime(LAST_TIME_OF_DAY))
}

/// The instant at which a London clock shows this time on this day.
///
/// Dates beyond what an instant can hold give the first or the last instant.
#[must_use]
pub fn at_time(date: Date, time: Time) -> Timestamp {
    instant_of(date.to_datetime(time))
}

/// How far a London clock is ahead of UTC at this instant.
#[must_use]
pub fn utc_offset(at: Timestamp) -> Offset {
    london().to_offset(at)
}

/// Whether both instants fall on one London day; "resolved the same day" means this, not 24 hours.
#[must_use]
pub fn same_day(one: Timestamp, other: Timestamp) -> bool {
    local_date(one) == local_date(other)
}

/// The instant at which a London wall shows this date and time. A time that the clocks skip is counted as if they
/// had not been put forward yet; one that they show twice is its first showing.
///
/// Dates beyond what an instant can hold give the first or the last instant.
#[must_use]
pub fn instant_of(local: DateTime) -> Timestamp {
    let beyond = if local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    london().to_timestamp(local).unwrap_or(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn the_day_is_decided_in_london_and_not_in_utc() {
        for (instant, day) in [
            ("2026-07-01T22:59:59Z", "2026-07-01"),
            ("2026-07-01T23:00:00Z", "2026-07-02"),
            ("2026-12-01T23:59:59Z", "2026-12-01"),
            ("2026-03-28T23:30:00Z", "2026-03-28"),
            ("2026-03-29T23:30:00Z", "2026-03-30"),
            ("2026-10-25T23:30:00Z", "2026-10-25"),
        ] {
            assert_eq!(local_date(at(instant)).to_string(), day, "{instant}");
        }
        assert!(same_day(at("2026-07-01T23:00:00Z"), at("2026-07-02T22:59:59Z")));
        assert!(!same_day(at("2026-07-01T22:59:59Z"), at("2026-07-01T23:00:00Z")));
    }

    #[test]
    fn a_day_begins_and_ends_at_local_times_across_both_clock_changes() {
        for (day, first, last) in [
            ("2026-03-29", "2026-03-29T00:00:00Z", "2026-03-29T22:59:59.999Z"),
            ("2026-03-30", "2026-03-29T23:00:00Z", "2026-03-30T22:59:59.999Z"),
            ("2026-10-25", "2026-10-24T23:00:00Z", "2026-10-25T23:59:59.999Z"),
            ("2028-02-29", "2028-02-29T00:00:00Z", "2028-02-29T23:59:59.999Z"),
        ] {
            let date: Date = day.parse().expect(day);
            assert_eq!(start_of_day(date), at(first), "{day}");
            assert_eq!(end_of_day(date), at(last), "{day}");
        }
    }

    #[test]
    fn a_time_of_day_is_local_and_an_offset_tells_by_how_much() {
        let nine = Time::constant(9, 0, 0, 0);
        for (day, instant, hours) in [
            ("2026-03-27", "2026-03-27T09:00:00Z", 0),
            ("2026-03-29", "2026-03-29T08:00:00Z", 1),
            ("2026-10-24", "2026-10-24T08:00:00Z", 1),
            ("2026-10-25", "2026-10-25T09:00:00Z", 0),
        ] {
            assert_eq!(at_time(day.parse().expect(day), nine), at(instant), "{day}");
            assert_eq!(utc_offset(at(instant)).seconds(), hours * 3_600, "{day}");
        }
    }

    #[test]
    fn a_date_that_no_instant_can_hold_gives_the_nearest_instant() {
        assert_eq!(end_of_day(Date::MAX), Timestamp::MAX);
        assert_eq!(start_of_day(Date::MIN), Timestamp::MIN);
    }
}
