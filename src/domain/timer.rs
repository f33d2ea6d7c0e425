//! What will come due for a clock by itself, and when: computed once, when the clock starts.

use jiff::{SignedDuration, Timestamp};

use super::codes::codes;
use super::stage_clock::{ClockKind, StageClock};
use super::stage_policy::StagePolicy;
use super::working_days::{Calendar, NoCalendar};
use super::working_time::instant_at;

/// Instants are kept to the microsecond, so this is the first one that is too late.
const FIRST_INSTANT_AFTER: SignedDuration = SignedDuration::from_micros(1);

codes! {
    /// What comes due by itself.
    pub enum TimerKind {
        /// A share of the clock's time has been used.
        Warning => "warning",
        /// The clock has run out.
        Overdue => "overdue",
        /// The raiser has not chosen what comes next, after a clock had run out.
        Choice => "choice",
        /// The agency's time runs again.
        PauseEnded => "pause_ended",
    }
}

/// Something that will come due for one clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// The first instant at which it is due.
    pub fires_at: Timestamp,
    /// What is due then.
    pub kind: TimerKind,
    /// For a warning: how much of the clock's time has been used then, in hundredths.
    pub percent: Option<u8>,
}

/// Everything that will come due for `clock`, in order. `known_at` is when the service learnt of the clock: the
/// raiser's time to choose does not run before that, and a warning that the next one, or the end, has overtaken by
/// then is left out.
///
/// # Errors
/// [`NoCalendar`] when working days are counted into a year without bank holidays.
pub fn timers(
    clock: &StageClock,
    known_at: Timestamp,
    policy: &StagePolicy,
    calendar: &Calendar,
) -> Result<Vec<Timer>, NoCalendar> {
    let overdue_at = first_after(clock.due_at);
    let mut timers = warnings(clock, known_at, policy, calendar)?;
    timers.push(Timer { fires_at: overdue_at, kind: TimerKind::Overdue, percent: None });
    if let ClockKind::Acknowledgement | ClockKind::Answer | ClockKind::Resolution = clock.kind {
        let within = policy.timeout.raiser_chooses_within.of(clock.urgency);
        let chosen_by = within.due_at(clock.due_at.max(known_at), calendar)?;
        let fires_at = first_after(chosen_by).max(overdue_at);
        timers.push(Timer { fires_at, kind: TimerKind::Choice, percent: None });
    }
    if let Some((_, until)) = clock.pause()
        && until > known_at
    {
        timers.push(Timer { fires_at: until, kind: TimerKind::PauseEnded, percent: None });
    }
    timers.sort_unstable();
    Ok(timers)
}

/// Whether a timer that has come due still means something, its clock having stopped at `stopped_at` if it has. That a
/// clock ran out stays true; everything else asks somebody to do what a stopped clock no longer waits for.
#[must_use]
pub fn still_means_something(
    kind: TimerKind,
    due_at: Timestamp,
    stopped_at: Option<Timestamp>,
) -> bool {
    stopped_at.is_none_or(|stopped_at| kind == TimerKind::Overdue && stopped_at > due_at)
}

fn warnings(
    clock: &StageClock,
    known_at: Timestamp,
    policy: &StagePolicy,
    calendar: &Calendar,
) -> Result<Vec<Timer>, NoCalendar> {
    let rule = policy.warning;
    let mut percents: Vec<u8> = [rule.amber_percent, rule.red_percent]
        .into_iter()
        .filter(|percent| (1..100).contains(percent))
        .collect();
    percents.sort_unstable();
    percents.dedup();
    let mut warnings = Vec::with_capacity(4);
    // Nobody is warned while the agency's time is paused.
    let started_at =
        clock.pause().map_or(clock.started_at, |(_, until)| clock.started_at.max(until));
    let mut overtaken_at = clock.due_at;
    // The latest first, so that each knows what overtakes it.
    for percent in percents.into_iter().rev() {
        let fires_at = instant_at(&clock.limit, started_at, clock.due_at, percent, calendar)?;
        if fires_at < overtaken_at && overtaken_at > known_at {
            warnings.push(Timer { fires_at, kind: TimerKind::Warning, percent: Some(percent) });
        }
        overtaken_at = fires_at;
    }
    Ok(warnings)
}

fn first_after(at: Timestamp) -> Timestamp {
    at.checked_add(FIRST_INSTANT_AFTER).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
