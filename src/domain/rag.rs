//! The colour of an escalation, worked out from its time and never entered by a person.

use jiff::Timestamp;

use super::codes::codes;
use super::escalation::Escalation;
use super::london::local_date;
use super::stage_clock::{ClockKind, DueBasis, StageClock};
use super::stage_policy::StagePolicy;
use super::urgency::Urgency;
use super::working_days::{Calendar, NoCalendar};
use super::working_time::instant_at;

codes! {
    /// The colour of an escalation. None of them says "late": that is told apart, because red means
    /// that it is late or very likely to be.
    pub enum Rag {
        /// It has ended.
        Blue => "blue",
        /// In time.
        Green => "green",
        /// It may be late: attention.
        Amber => "amber",
        /// It is late or very likely to be: act now.
        Red => "red",
    }
}

impl Rag {
    /// The colour of `escalation` at `now`.
    ///
    /// Measured is the answer that is awaited or, when none is, the raiser's judgement or what was agreed, in the time
    /// of [`instant_at`] from the end of any pause, and against the shares that the policy sets. What is immediate is red from
    /// the day after it was opened. A late acknowledgement and an agreed extension keep a stage
    /// from being green. Source: the key of the partnership's action plan; the shares are this
    /// product's default.
    ///
    /// # Errors
    /// [`NoCalendar`] when `calendar`, by which the clock was counted, does not cover a day of it.
    pub fn of(
        escalation: &Escalation,
        policy: &StagePolicy,
        calendar: &Calendar,
        now: Timestamp,
    ) -> Result<Self, NoCalendar> {
        if escalation.status.has_ended() {
            return Ok(Self::Blue);
        }
        let running = escalation
            .running(ClockKind::Answer)
            .or_else(|| escalation.running(ClockKind::Judgement))
            .or_else(|| escalation.running(ClockKind::Resolution));
        let gone = |percent: u8| match running {
            None => Ok(false),
            Some(clock) => {
                let (from, to) = (clock.runs_from(), clock.due_at);
                Ok(now >= instant_at(&clock.limit, from, to, percent, calendar)?)
            }
        };
        let opened_on = local_date(escalation.episode.opened_at);
        let from_before_today =
            escalation.facts.urgency == Urgency::Immediate && local_date(now) > opened_on;
        let overdue = running.is_some_and(|clock| clock.is_overdue(now));
        if overdue || from_before_today || gone(policy.warning.red_percent)? {
            return Ok(Self::Red);
        }
        let extended = running.is_some_and(|clock| has_agreed_time(clock, &escalation.clocks));
        if extended || acknowledged_late(escalation, now) || gone(policy.warning.amber_percent)? {
            return Ok(Self::Amber);
        }
        Ok(Self::Green)
    }
}

/// Whether the due instant of `clock` goes back to one that the two sides agreed on.
fn has_agreed_time(clock: &StageClock, clocks: &[StageClock]) -> bool {
    std::iter::successors(Some(clock), |clock| match clock.basis_among(clocks) {
        DueBasis::Paused { .. } | DueBasis::Earlier { .. } => clock.predecessor(clocks),
        DueBasis::Counted { .. } | DueBasis::Agreed { .. } => None,
    })
    // Each took over from another one; stored data must not be able to make this endless.
    .take(clocks.len())
    .any(|clock| matches!(clock.basis_among(clocks), DueBasis::Agreed { .. }))
}

/// Whether receipt is, or was, acknowledged late by the agency that must answer now.
fn acknowledged_late(escalation: &Escalation, now: Timestamp) -> bool {
    escalation
        .clocks
        .iter()
        .filter(|clock| clock.kind == ClockKind::Acknowledgement)
        .filter(|clock| clock.episode == escalation.episode.number)
        .filter(|clock| clock.stage == escalation.stage)
        .max_by_key(|clock| clock.started_at)
        .is_some_and(|clock| clock.is_overdue(now))
}

#[cfg(test)]
mod tests;
