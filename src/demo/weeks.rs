//! When escalations are raised: so many a week, on working days, in the morning and the early afternoon.

use jiff::civil::{Date, time};
use jiff::{Timestamp, ToSpan};

use super::DemoError;
use super::chance::Chance;
use super::frame::{Frame, RELAUNCH, local};

/// How many a week before the relaunch.
const BASE: f64 = 3.0;
/// The last week of the decay after the relaunch.
const SETTLED: f64 = 104.0;

/// 26 October 2025, 01:30 on London walls, which comes twice that night.
const TWICE: [&str; 2] = ["2025-10-26T00:30:00Z", "2025-10-26T01:30:00Z"];

/// The instants at which an escalation is raised, in order.
pub(super) fn arrivals(frame: &Frame, chance: &mut Chance) -> Result<Vec<Timestamp>, DemoError> {
    let mut all = Vec::new();
    let mut week = frame.first;
    for number in 1..=frame.weeks {
        let count = chance.arrivals(BASE * season(week.monday()) * regime(number));
        for _ in 0..count {
            all.push(moment(week.monday(), frame, chance)?);
        }
        week = week.next();
    }
    let range = frame.starts_at..frame.ends_at;
    all.extend(TWICE.iter().filter_map(|at| at.parse().ok()).filter(|at| range.contains(at)));
    all.sort_unstable();
    Ok(all)
}

fn regime(week: i64) -> f64 {
    let Ok(week) = i32::try_from(week) else { return 1.0 };
    if i64::from(week) < RELAUNCH {
        return 1.0;
    }
    let relaunch = f64::from(i32::try_from(RELAUNCH).unwrap_or(0));
    let gone = ((f64::from(week) - relaunch) / (SETTLED - relaunch)).min(1.0);
    2.5 - 0.6 * gone
}

/// Schools are closed in August and half of December, and raise most when a term has begun.
fn season(monday: Date) -> f64 {
    match (monday.month(), monday.day()) {
        (8, _) => 0.6,
        (12, _) => 0.75,
        (9, ..=21) | (1, 4..=24) | (4, 14..) | (5, ..=4) => 1.25,
        _ => 1.0,
    }
}

/// An instant of the week at which people work, mostly.
pub(super) fn moment(
    monday: Date,
    frame: &Frame,
    chance: &mut Chance,
) -> Result<Timestamp, DemoError> {
    let mut date = monday;
    // A bank holiday is as quiet as a Sunday: most of what falls on one is drawn again.
    for _ in 0..3 {
        let day = chance.weighted(&[
            (0, 0.24),
            (1, 0.20),
            (2, 0.19),
            (3, 0.17),
            (4, 0.17),
            (5, 0.02),
            (6, 0.01),
        ])?;
        date = monday.saturating_add(day.days());
        if day > 4 || frame.calendar.is_working_day(date)? {
            break;
        }
    }
    let hour = if chance.happens(0.04) {
        chance.pick(&[0, 1, 2, 3, 4, 5, 6, 19, 20, 21, 22, 23])?
    } else {
        chance.weighted(&[
            (7, 1.0),
            (8, 2.5),
            (9, 5.0),
            (10, 8.0),
            (11, 8.0),
            (12, 4.0),
            (13, 4.0),
            (14, 7.0),
            (15, 7.0),
            (16, 4.0),
            (17, 2.5),
            (18, 1.0),
        ])?
    };
    let at = time(0, 0, 0, 0)
        .saturating_add(hour.hours())
        .saturating_add(chance.whole(0..=3599).seconds());
    Ok(local(date, at))
}
