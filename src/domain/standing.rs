//! How an escalation stands at an instant: the child's time and the agencies' time, always together.

use jiff::Timestamp;

use super::child_time::{ChildTime, Holder};
use super::escalation::Escalation;
use super::ids::AgencyId;
use super::partnership::Partnership;
use super::rag::Rag;
use super::working_days::Calendar;

/// The time that one agency held a matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgencyTime {
    /// Which agency.
    pub agency: AgencyId,
    /// As which side.
    pub holder: Holder,
    /// Seconds, day and night.
    pub seconds: i64,
    /// Seconds on working days; none where no calendar covers them.
    pub working_seconds: Option<i64>,
}

/// How an escalation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The child's time, whole and in parts.
    pub child: ChildTime,
    /// The agencies' time, in the order in which they first held it. Pauses stand apart.
    pub agencies: Vec<AgencyTime>,
    /// Seconds, day and night, for which an agency's time was paused.
    pub paused_seconds: i64,
    /// Seconds, day and night, from the first raising to the latest end, or until now.
    pub whole_seconds: i64,
    /// The same on working days.
    pub whole_working_seconds: Option<i64>,
    /// Its colour; none where no calendar covers its clocks.
    pub rag: Option<Rag>,
}

impl Standing {
    /// How `escalation` stands at `now`. Working days are counted with the calendar of now.
    #[must_use]
    pub fn of(escalation: &Escalation, agreed: &Partnership, now: Timestamp) -> Self {
        let calendar = agreed.calendar_at(now);
        let child = escalation.child_time(now);
        let mut agencies: Vec<AgencyTime> = Vec::new();
        let mut paused_seconds = 0;
        for part in &child.parts {
            let Some(agency) = part.agency else { continue };
            if part.holder == Holder::Paused {
                paused_seconds += part.seconds();
                continue;
            }
            let working = calendar.and_then(|it| part.working_seconds(it).ok());
            let known =
                agencies.iter_mut().find(|it| it.agency == agency && it.holder == part.holder);
            match known {
                Some(known) => {
                    known.seconds += part.seconds();
                    known.working_seconds = known.working_seconds.zip(working).map(|(a, b)| a + b);
                }
                None => agencies.push(AgencyTime {
                    agency,
                    holder: part.holder,
                    seconds: part.seconds(),
                    working_seconds: working,
                }),
            }
        }
        let opened = escalation.facts.raised_at;
        let until = escalation.episode.ending.as_ref().map_or(now, |ending| ending.at).max(opened);
        Self {
            child,
            agencies,
            paused_seconds,
            whole_seconds: until.as_second() - opened.as_second(),
            whole_working_seconds: calendar
                .and_then(|it: &Calendar| it.working_seconds(opened, until).ok()),
            rag: agreed
                .policy(&escalation.facts.policy_version)
                .zip(calendar)
                .and_then(|(policy, calendar)| Rag::of(escalation, policy, calendar, now).ok()),
        }
    }

    /// Seconds on working days for which agencies held it, pauses left out.
    #[must_use]
    pub fn agency_working_seconds(&self) -> Option<i64> {
        self.agencies.iter().map(|it| it.working_seconds).sum()
    }
}
