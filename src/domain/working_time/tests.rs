//! How much of a limit's time has gone, by day and by night, and over both changes of the clocks.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::working_days::by_rule;
use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn calendar() -> &'static Calendar {
    static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| by_rule::england_and_wales(2019..=2031));
    &CALENDAR
}

fn limit(unit: &str) -> Limit {
    Limit::after(1, unit.parse().expect(unit))
}

#[test]
fn working_time_is_nine_to_five_in_london_on_working_days() {
    for (from, to, hours) in [
        // One working day, its evening before and its night after.
        ("2026-11-18T17:30Z", "2026-11-20T08:00Z", 8),
        ("2026-11-18T10:00Z", "2026-11-18T12:00Z", 2),
        ("2026-11-18T10:00Z", "2026-11-19T10:00Z", 8),
        ("2026-11-20T16:00Z", "2026-11-23T10:00Z", 2),
        // A week-end, and a night.
        ("2026-11-21T09:00Z", "2026-11-22T17:00Z", 0),
        ("2026-11-18T17:00Z", "2026-11-19T09:00Z", 0),
        // Thursday noon to Tuesday noon over Easter.
        ("2026-04-02T11:00Z", "2026-04-07T11:00Z", 8),
        // Friday 16:00 to Monday 10:00 local over both changes of the clocks.
        ("2026-03-27T16:00Z", "2026-03-30T09:00Z", 2),
        ("2026-10-23T15:00Z", "2026-10-26T10:00Z", 2),
        // In summer, 08:00 UTC is nine o'clock.
        ("2026-07-01T08:00Z", "2026-07-01T16:00Z", 8),
        ("2026-07-01T16:00Z", "2026-07-01T17:00Z", 0),
        // 29 February 2028 is a Tuesday.
        ("2028-02-28T17:00Z", "2028-03-01T09:00Z", 8),
        ("2026-11-18T12:00Z", "2026-11-18T10:00Z", 0),
    ] {
        let told = working_time(at(from), at(to), calendar());
        assert_eq!(told, Ok(SignedDuration::from_hours(hours)), "{from} {to}");
    }
}

#[test]
fn a_share_of_a_limit_has_gone_at_a_known_instant() {
    for (unit, started, due, percent, instant) in [
        // Hours: on the wall clock, at night too.
        ("hour", "2026-11-20T23:00Z", "2026-11-21T01:00Z", 60, "2026-11-21T00:12Z"),
        ("hour", "2026-11-20T23:00Z", "2026-11-21T01:00Z", 90, "2026-11-21T00:48Z"),
        ("hour", "2026-03-28T10:00Z", "2026-03-31T10:00Z", 50, "2026-03-29T22:00Z"),
        // Wednesday 10:00 to the end of Friday: 7 + 8 + 8 hours.
        ("working_day", "2026-11-18T10:00Z", "2026-11-20T23:59:59.999Z", 60, "2026-11-19T15:48Z"),
        ("working_day", "2026-11-18T10:00Z", "2026-11-20T23:59:59.999Z", 90, "2026-11-20T14:42Z"),
        ("working_day", "2026-11-18T10:00Z", "2026-11-20T23:59:59.999Z", 100, "2026-11-20T17:00Z"),
        ("working_day", "2026-11-18T10:00Z", "2026-11-20T23:59:59.999Z", 0, "2026-11-18T10:00Z"),
        // What starts on Saturday has Monday alone.
        ("working_day", "2026-11-21T10:00Z", "2026-11-23T23:59:59.999Z", 50, "2026-11-23T13:00Z"),
        ("working_day", "2026-11-21T10:00Z", "2026-11-23T23:59:59.999Z", 0, "2026-11-21T10:00Z"),
        // Half of two days is the evening of the first, and not the morning of the second.
        ("working_day", "2026-11-18T17:30Z", "2026-11-20T23:59:59.999Z", 50, "2026-11-19T17:00Z"),
        // Friday before the clocks go forward to Monday: 8 + 8 hours, Monday's in summer time.
        ("working_day", "2026-03-27T09:00Z", "2026-03-30T22:59:59.999Z", 75, "2026-03-30T12:00Z"),
        ("working_day", "2026-10-23T08:00Z", "2026-10-26T23:59:59.999Z", 75, "2026-10-26T13:00Z"),
        // A month that holds Easter is measured in its working days.
        ("calendar_day", "2026-04-02T08:00Z", "2026-04-07T22:59:59.999Z", 50, "2026-04-02T16:00Z"),
        // On a Saturday evening there is no working time: the wall clock to midnight.
        (
            "same_day",
            "2026-11-21T18:00Z",
            "2026-11-21T23:59:59.999Z",
            50,
            "2026-11-21T20:59:59.9995Z",
        ),
        // More than all is all.
        ("hour", "2026-11-20T10:00Z", "2026-11-20T11:00Z", 250, "2026-11-20T11:00Z"),
        // What is due when it starts has no time at all.
        ("hour", "2026-11-20T10:00Z", "2026-11-20T10:00Z", 60, "2026-11-20T10:00Z"),
    ] {
        let told = instant_at(&limit(unit), at(started), at(due), percent, calendar());
        assert_eq!(told, Ok(at(instant)), "{unit} {started} {due} {percent}");
    }
}

#[test]
fn nothing_has_gone_before_the_start_and_everything_has_when_it_is_due() {
    let (started, due) = (at("2026-11-18T10:00Z"), at("2026-11-20T23:59:59.999Z"));
    let day = limit("working_day");
    for (now, share) in [
        ("2026-11-17T10:00Z", 0.0),
        ("2026-11-18T10:00Z", 0.0),
        ("2026-11-18T13:30Z", 3.5 / 23.0),
        ("2026-11-18T22:00Z", 7.0 / 23.0),
        ("2026-11-19T08:59Z", 7.0 / 23.0),
        ("2026-11-20T20:00Z", 1.0),
        ("2026-11-20T23:59:59.999Z", 1.0),
        ("2027-11-20T10:00Z", 1.0),
    ] {
        let told = share_gone(&day, started, due, at(now), calendar()).expect("covered");
        assert!((told - share).abs() < 1e-9, "{now}: {told}");
    }
    // Due at once, and due before its event: nothing, and then everything.
    for due in [started, at("2026-11-17T10:00Z")] {
        let told = |now| share_gone(&day, started, due, now, calendar());
        assert_eq!(told(at("2026-11-17T09:00Z")), Ok(0.0));
        assert_eq!(told(due), Ok(1.0));
        assert_eq!(instant_at(&day, started, due, 60, calendar()), Ok(due));
    }
}

#[test]
fn only_hours_need_no_calendar() {
    let calendar = &by_rule::england_and_wales(2026..=2026);
    let (from, to) = (at("2026-12-31T10:00Z"), at("2027-01-04T10:00Z"));
    let missing = NoCalendar { year: 2027 };
    assert_eq!(working_time(from, to, calendar), Err(missing));
    assert_eq!(instant_at(&limit("month"), from, to, 60, calendar), Err(missing));
    let now = at("2027-01-01T10:00Z");
    assert_eq!(share_gone(&limit("week"), from, to, now, calendar), Err(missing));
    let told = share_gone(&limit("hour"), from, to, now, calendar);
    assert_eq!(told, Ok(0.25));
    // The ends of time are far away and not a fault.
    let told = instant_at(&limit("hour"), Timestamp::MIN, Timestamp::MAX, 100, calendar);
    assert!(told.is_ok());
}

fn any_unit() -> impl Strategy<Value = LimitUnit> {
    prop::sample::select(LimitUnit::ALL)
}

/// An instant of 2020 to 2030.
fn any_instant() -> impl Strategy<Value = Timestamp> {
    (1_577_836_800_000_000_i64..1_924_992_000_000_000)
        .prop_map(|micros| Timestamp::from_microsecond(micros).expect("in range"))
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).expect("in range")
}

proptest! {
    #[test]
    fn a_later_instant_has_no_smaller_share_and_a_greater_share_no_earlier_instant(
        unit in any_unit(), started in any_instant(), length in 0i64..4_000_000,
        one in -100_000i64..4_000_000, more in 0i64..400_000,
        percent in 0u8..=100, further in 0u8..=100,
    ) {
        let (limit, calendar) = (Limit::after(1, unit), calendar());
        let due = later(started, length);
        let (first, second) = (later(started, one), later(started, one + more));
        let share = |now| share_gone(&limit, started, due, now, calendar).expect("covered");
        prop_assert!(share(first) <= share(second));
        prop_assert!((0.0..=1.0).contains(&share(first)));

        let instant = |percent| instant_at(&limit, started, due, percent, calendar).expect("covered");
        prop_assert!(started <= instant(percent) && instant(percent) <= due);
        prop_assert!(instant(percent) <= instant(percent.saturating_add(further)));
    }

    #[test]
    fn the_share_at_the_instant_of_a_share_is_that_share(
        unit in any_unit(), started in any_instant(), length in 1i64..4_000_000,
        percent in 0u8..=100,
    ) {
        let (limit, calendar) = (Limit::after(1, unit), calendar());
        let due = later(started, length);
        let instant = instant_at(&limit, started, due, percent, calendar).expect("covered");
        let share = share_gone(&limit, started, due, instant, calendar).expect("covered");
        let whole = match working_time(started, due, calendar).expect("covered") {
            working if unit != LimitUnit::Hour && !working.is_zero() => working,
            _ => due.duration_since(started),
        };
        let off = (share - f64::from(percent) / 100.0) * whole.as_secs_f64();
        prop_assert!(off.abs() < 1.0, "{} seconds off at {}", off, instant);
        // It is the first such instant: a second before, less has gone.
        let before = share_gone(&limit, started, due, later(instant, -1), calendar).expect("covered");
        prop_assert!(before < share || percent == 0);
    }

    #[test]
    fn working_time_adds_up_and_never_exceeds_eight_hours_a_day(
        from in any_instant(), first in 0i64..3_000_000, second in 0i64..3_000_000,
    ) {
        let calendar = calendar();
        let (middle, to) = (later(from, first), later(from, first + second));
        let time = |from, to| working_time(from, to, calendar).expect("covered");
        prop_assert_eq!(time(from, to), time(from, middle) + time(middle, to));
        let days = calendar
            .count_working_days(london::local_date(from).saturating_sub(1.day()), london::local_date(to));
        prop_assert!(time(from, to).as_hours() <= days.expect("covered") * 8);
    }
}
