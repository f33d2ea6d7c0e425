//! What somebody is told when a timer fires: in which role, and when. It carries an escalation's reference, never a child.

use jiff::civil::Time;
use jiff::{Timestamp, ToSpan};

use super::codes::codes;
use super::ids::{ClockId, EscalationId};
use super::london::{instant_of, london};
use super::stage_clock::ClockKind;
use super::stage_policy::{QuietHours, StagePolicy};
use super::urgency::Urgency;
use super::working_days::{Calendar, NoCalendar};

codes! {
    /// What somebody is told.
    pub enum NoticeKind {
        /// A share of the time has been used, and what is awaited has not come.
        Warning => "warning",
        /// The time has run out.
        Overdue => "overdue",
        /// The raiser did not choose in time, and the service took the escalation to the next stage.
        Advanced => "advanced",
        /// The raiser did not choose in time; the escalation stays, and is flagged for the weekly review.
        ReviewFlag => "review_flag",
        /// The pause is over, and the agency's time runs again.
        PauseEnded => "pause_ended",
    }
}

/// The role that answers at the stage, in the responding agency.
pub const RESPONDER: &str = "responder";
/// The role that raises at the stage, in the raising agency.
pub const RAISER: &str = "raiser";
const RESPONDER_MANAGER: &str = "responder_manager";
const RAISER_MANAGER: &str = "raiser_manager";
/// Named by the stages of a policy in `told`; told from the first such stage on.
const BUSINESS_UNIT: &str = "partnership_business_unit";
/// Who prepares the weekly review.
const SERVICE_LEAD: &str = "service_lead";

/// Codes of the roles that are told, for a clock of this kind. `stage` is where the escalation stands afterwards.
#[must_use]
pub fn told(
    notice: NoticeKind,
    clock: ClockKind,
    stage: u8,
    policy: &StagePolicy,
) -> Vec<&'static str> {
    let mut told = match notice {
        NoticeKind::Warning => match clock {
            ClockKind::Acknowledgement
            | ClockKind::Answer
            | ClockKind::Resolution
            | ClockKind::Feedback
            | ClockKind::Learning => vec![RESPONDER],
            ClockKind::Judgement | ClockKind::ImpactCheck => vec![RAISER],
        },
        NoticeKind::Overdue | NoticeKind::Advanced => {
            vec![RAISER, RESPONDER, RAISER_MANAGER, RESPONDER_MANAGER]
        }
        NoticeKind::ReviewFlag => vec![RAISER, RESPONDER, SERVICE_LEAD],
        NoticeKind::PauseEnded => vec![RAISER, RESPONDER],
    };
    let unit_is_told = policy
        .stages
        .iter()
        .any(|it| it.number <= stage && it.told.iter().any(|code| code == BUSINESS_UNIT));
    if !matches!(notice, NoticeKind::Warning | NoticeKind::PauseEnded) && unit_is_told {
        told.push(BUSINESS_UNIT);
    }
    told
}

/// The words in which a policy names a told role at a stage; none for roles that it does not name.
#[must_use]
pub fn role_words<'a>(told: &str, stage: u8, policy: &'a StagePolicy) -> Option<&'a str> {
    let stage = policy.stage(stage)?;
    match told {
        RAISER => Some(&stage.raising_role),
        RESPONDER => Some(&stage.responding_role),
        _ => None,
    }
}

/// When somebody is told of what happened at `at`: at once when it is urgent, otherwise on a working day outside quiet
/// hours.
///
/// # Errors
/// [`NoCalendar`] when the next working day lies in a year without bank holidays.
pub fn tell_at(
    at: Timestamp,
    urgency: Urgency,
    quiet: QuietHours,
    calendar: &Calendar,
) -> Result<Timestamp, NoCalendar> {
    if urgency != Urgency::Standard {
        return Ok(at);
    }
    let local = london().to_datetime(at);
    let (mut date, mut time) = (local.date(), local.time());
    let mut waits = false;
    loop {
        if !calendar.is_working_day(date)? {
            (date, time, waits) = (date.saturating_add(1.day()), Time::midnight(), true);
        } else if is_quiet(time, quiet) {
            // A quiet time before midnight lasts into the next day.
            if time >= quiet.to {
                date = date.saturating_add(1.day());
                (time, waits) = (Time::midnight(), true);
            } else {
                (time, waits) = (quiet.to, true);
            }
        } else {
            // Only what waits is moved: the instant itself has a finer grain than a wall clock that was set back.
            return Ok(if waits { instant_of(date.to_datetime(time)).max(at) } else { at });
        }
    }
}

fn is_quiet(time: Time, quiet: QuietHours) -> bool {
    if quiet.from <= quiet.to {
        (quiet.from..quiet.to).contains(&time)
    } else {
        time >= quiet.from || time < quiet.to
    }
}

/// What somebody was told, as a line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its identifier.
    pub id: uuid::Uuid,
    /// What is told.
    pub kind: NoticeKind,
    /// For a warning: how much of the time had been used, in hundredths.
    pub percent: Option<u8>,
    /// The escalation.
    pub escalation: EscalationId,
    /// The escalation's reference, safe to say aloud.
    pub reference: String,
    /// The policy that the clock ran under.
    pub policy_version: String,
    /// The clock.
    pub clock: ClockId,
    /// What the clock waits for.
    pub clock_kind: ClockKind,
    /// The stage that set the limit.
    pub stage: u8,
    /// The last instant in time.
    pub due_at: Timestamp,
    /// When it came due.
    pub fires_at: Timestamp,
    /// When the service fired it.
    pub fired_at: Timestamp,
    /// When it is told.
    pub tell_at: Timestamp,
    /// Codes of the roles that are told.
    pub told: Vec<String>,
}

/// Which notices a list is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoticeFilter {
    /// What is told.
    pub kind: Option<NoticeKind>,
    /// Of this escalation.
    pub escalation: Option<EscalationId>,
    /// When it is told.
    pub told: super::listing::Span,
}

impl Notice {
    /// Whether the service fired it late: more than five minutes after it came due.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.fired_at.duration_since(self.fires_at) > jiff::SignedDuration::from_mins(5)
    }
}

#[cfg(test)]
mod tests;
