//! The child's time, which nobody can pause, beside the agencies' time, of which it is made.

use jiff::Timestamp;

use super::codes::codes;
use super::escalation::{Escalation, Status};
use super::ids::AgencyId;
use super::resolution::{ChildOutcome, ImpactResult, Outcome};
use super::working_days::{Calendar, NoCalendar};

codes! {
    /// With whom the matter lies.
    pub enum Holder {
        /// The agency that must answer, or record how it ended.
        Responder => "responder",
        /// The agency that raised it: an answer is to be judged, or the next step chosen.
        Raiser => "raiser",
        /// The agency that must answer, while its own time is paused.
        Paused => "paused",
        /// Nobody: it was not yet raised, or has ended, and the child still waits.
        Nobody => "nobody",
    }
}

/// One turn of holding a matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// With whom it lay.
    pub holder: Holder,
    /// With which agency; none with nobody.
    pub agency: Option<AgencyId>,
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it; none while it lasts.
    pub to: Option<Timestamp>,
    /// When a pause ends by itself.
    pub until: Option<Timestamp>,
}

codes! {
    /// Why the child's time ended.
    pub enum ChildTimeEnd {
        /// What the child waited for happened.
        ProcessHappened => "process_happened",
        /// The child's situation changed, as the ending or the impact check says.
        SituationChanged => "situation_changed",
        /// The matter goes on elsewhere, and its time is kept there.
        RecordClosed => "record_closed",
    }
}

/// A stretch of the child's time, with whoever held the matter then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// With whom the matter lay.
    pub holder: Holder,
    /// With which agency; none with nobody.
    pub agency: Option<AgencyId>,
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

impl Part {
    /// Its whole seconds. Instants are cut to seconds before they are subtracted, so that the seconds of parts
    /// that follow each other add up to the seconds of the whole.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.to.as_second() - self.from.as_second()
    }

    /// Its seconds on working days: the agency's time.
    ///
    /// # Errors
    /// [`NoCalendar`] when a day lies in a year that is not covered.
    pub fn working_seconds(&self, calendar: &Calendar) -> Result<i64, NoCalendar> {
        calendar.working_seconds(self.from, self.to)
    }
}

/// How long a child has waited: day and night, from when the wait began until the child's situation changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildTime {
    /// When the wait began.
    pub from: Timestamp,
    /// When it ended, or now.
    pub to: Timestamp,
    /// Why it ended; none while it lasts.
    pub ended: Option<ChildTimeEnd>,
    /// The same time by who held the matter, without gaps.
    pub parts: Vec<Part>,
}

impl ChildTime {
    /// Its whole seconds, day and night.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.to.as_second() - self.from.as_second()
    }

    /// The seconds on working days for which agencies held the matter, pauses left out.
    ///
    /// # Errors
    /// [`NoCalendar`] when a day lies in a year that is not covered.
    pub fn agency_working_seconds(&self, calendar: &Calendar) -> Result<i64, NoCalendar> {
        self.parts
            .iter()
            .filter(|part| matches!(part.holder, Holder::Responder | Holder::Raiser))
            .map(|part| part.working_seconds(calendar))
            .sum()
    }
}

/// When a child's wait began: with the delayed process, when the concern arose, or at the latest with the raising.
///
/// Source: `domain.md` J8, "from the moment the delay began".
#[must_use]
pub fn wait_began(
    raised_at: Timestamp,
    concern_arose_at: Option<Timestamp>,
    delay_started_at: Option<Timestamp>,
) -> Timestamp {
    [concern_arose_at, delay_started_at].into_iter().flatten().fold(raised_at, Timestamp::min)
}

impl Escalation {
    /// When the child's wait began.
    #[must_use]
    pub fn child_time_from(&self) -> Timestamp {
        let delay = self.facts.delay.as_ref().map(|delay| delay.started_at);
        wait_began(self.facts.raised_at, self.facts.concern_arose_at, delay)
    }

    /// When and why the child's time ended; none while it lasts.
    ///
    /// It ends when the delayed process happens. Where that is not recorded it ends with an ending that says that the
    /// child is safer, has what was needed or moved on; with an impact check that says "better"; or when the matter
    /// goes on under another record. Nothing else ends it: a child whose escalation was withdrawn still waits.
    #[must_use]
    pub fn child_time_end(&self) -> Option<(Timestamp, ChildTimeEnd)> {
        use ChildTimeEnd::{ProcessHappened, RecordClosed, SituationChanged};
        if let Some(delay) = &self.facts.delay
            && let Some(at) = delay.occurred_at
        {
            return Some((at.max(self.child_time_from()), ProcessHappened));
        }
        let ending = self.episode.ending.as_ref()?;
        let changed = matches!(
            ending.child_outcome,
            ChildOutcome::Safer | ChildOutcome::NeedMet | ChildOutcome::PlanProgressed
        );
        match ending.outcome {
            Outcome::NotEscalationRerouted | Outcome::TransferredOutOfArea | Outcome::Duplicate => {
                Some((ending.at, RecordClosed))
            }
            Outcome::WithdrawnByRaiser => {
                self.facts.delay.is_none().then_some((ending.at, RecordClosed))
            }
            _ if changed => Some((ending.at, SituationChanged)),
            _ => match self.episode.after.impact {
                Some((ImpactResult::Better, at)) => Some((at, SituationChanged)),
                _ => None,
            },
        }
    }

    /// The child's time as it stands at `now`, with its parts.
    #[must_use]
    pub fn child_time(&self, now: Timestamp) -> ChildTime {
        let from = self.child_time_from();
        let end = self.child_time_end().filter(|(at, _)| *at <= now);
        // Acts of callers whose clocks run ahead must not make time negative.
        let to = end.map_or(now, |(at, _)| at).max(from);
        let mut parts = Vec::with_capacity(self.holdings.len() + 1);
        let mut add = |holder, agency, begins: Timestamp, ends: Timestamp| {
            let (begins, ends) = (begins.clamp(from, to), ends.clamp(from, to));
            if begins < ends {
                parts.push(Part { holder, agency, from: begins, to: ends });
            }
        };
        let first = self.holdings.first().map_or(to, |it| it.from);
        add(Holder::Nobody, None, from, first);
        for it in &self.holdings {
            let ends = it.to.unwrap_or(to.max(it.from));
            match it.until.filter(|until| *until < ends) {
                Some(until) => {
                    add(it.holder, it.agency, it.from, until);
                    add(Holder::Responder, it.agency, until, ends);
                }
                None => add(it.holder, it.agency, it.from, ends),
            }
        }
        ChildTime { from, to, ended: end.map(|(_, why)| why), parts }
    }

    /// Whether the agency's time is paused at `now`.
    #[must_use]
    pub fn is_paused(&self, now: Timestamp) -> bool {
        self.holdings.last().is_some_and(|it| {
            it.holder == Holder::Paused && it.until.is_none_or(|until| now < until)
        })
    }

    /// Lets another hold the matter from `at` on. A pause that ended by itself before that is closed at its end.
    pub(super) fn hand_over(
        &mut self,
        at: Timestamp,
        holder: Holder,
        agency: Option<AgencyId>,
        until: Option<Timestamp>,
    ) {
        if let Some(last) = self.holdings.last_mut()
            && let Some(over) = last.until.filter(|until| last.to.is_none() && *until <= at)
        {
            let agency = last.agency;
            last.to = Some(over);
            let (from, to) = (over, None);
            self.holdings.push(Holding {
                holder: Holder::Responder,
                agency,
                from,
                to,
                until: None,
            });
        }
        if let Some(last) = self.holdings.last_mut() {
            if last.holder == holder && last.agency == agency && until.is_none() {
                return;
            }
            last.to = Some(at.max(last.from));
        }
        self.holdings.push(Holding { holder, agency, from: at, to: None, until });
    }

    /// Whether this record says that it is the same matter as another.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.status == Status::Resolved
            && self.episode.ending.as_ref().is_some_and(|it| it.outcome == Outcome::Duplicate)
    }
}
