//! An escalation: its current state, which is nothing but the fold of its events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::codes::codes;
use super::delay::{ChildImpact, DelayCause, InterimSafety};
use super::event::{Change, Correction, Ending, Event};
use super::ids::{AgencyId, ClockId, EscalationId, PartnershipId};
use super::limit::Limit;
use super::stage_clock::{ClockKind, StageClock, Stop, StopReason};
use super::theme::ThemeCode;
use super::urgency::Urgency;

codes! {
    /// Where an escalation stands.
    pub enum Status {
        /// Raised, or moved up, and waiting for the responding agency to acknowledge.
        Raised => "raised",
        /// Acknowledged and waiting for an answer.
        Acknowledged => "acknowledged",
        /// Answered and waiting for the raiser's judgement.
        Answered => "answered",
        /// The raiser accepted the answer; how it ended is to be recorded.
        Accepted => "accepted",
        /// The raiser rejected the answer; the next stage is to be entered.
        Rejected => "rejected",
        /// Ended with an outcome.
        Resolved => "resolved",
        /// Taken back by the raiser.
        Withdrawn => "withdrawn",
    }
}

impl Status {
    /// Whether the escalation has ended.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Resolved | Self::Withdrawn)
    }
}

codes! {
    /// Between whom the escalation runs.
    pub enum Scope {
        /// Between two agencies.
        InterAgency => "inter_agency",
        /// Inside one agency.
        IntraAgency => "intra_agency",
        /// About a pattern and no single child.
        Thematic => "thematic",
    }
}

/// The process whose delay made somebody escalate. One of three clocks, and never mixed with the
/// other two: this one is the child's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delay {
    /// The code of the timescale that was, or may be, breached.
    pub timescale: String,
    /// The version of that timescale.
    pub timescale_version: String,
    /// Its limit; none for `other`.
    pub limit: Option<Limit>,
    /// When the process's time began to run.
    pub started_at: Timestamp,
    /// The last instant that is in time; none where no limit applies.
    pub due_at: Option<Timestamp>,
    /// When the process happened; none while it has not.
    pub occurred_at: Option<Timestamp>,
    /// Why it was late, as far as the raiser knows.
    pub cause: Option<DelayCause>,
    /// The calendar that counted the days.
    pub calendar_version: String,
}

/// What was recorded when the escalation was raised, with its corrections applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// A reference that is safe to say aloud: `ESC-<partnership>-<year>-<number>`.
    pub reference: String,
    /// Between whom it runs.
    pub scope: Scope,
    /// The agency that raised it.
    pub raised_by: AgencyId,
    /// The agency that must answer.
    pub raised_with: AgencyId,
    /// How urgent it is for the child.
    pub urgency: Urgency,
    /// What kind of thing went wrong.
    pub theme: ThemeCode,
    /// Up to three further themes.
    pub secondary_themes: Vec<ThemeCode>,
    /// The system that sent it, if one did.
    pub source: Option<String>,
    /// That system's own reference for it, unique within agency and source.
    pub external_reference: Option<String>,
    /// How many children it concerns; siblings are one escalation.
    pub child_count: u16,
    /// When the concern arose.
    pub concern_arose_at: Option<Timestamp>,
    /// When it was raised, as the raiser says.
    pub raised_at: Timestamp,
    /// When the service received it.
    pub received_at: Timestamp,
    /// What the delay meant for the child when it was raised.
    pub child_impact: Option<ChildImpact>,
    /// Whether the child is safe meanwhile.
    pub interim_safety: Option<InterimSafety>,
    /// When the emergency route was used, if it was.
    pub emergency_action_taken_at: Option<Timestamp>,
    /// The role of the person who raised it.
    pub raised_by_role: Option<String>,
    /// The delayed process, if a timescale applies.
    pub delay: Option<Delay>,
    /// The stage policy that it runs under, through all its stages.
    pub policy_version: String,
}

/// One run from opening to end. Reopening starts another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// Counted from 1.
    pub number: u16,
    /// When it opened: the raising, or the reopening.
    pub opened_at: Timestamp,
    /// How it ended; none while it is open.
    pub ending: Option<Ending>,
}

/// An escalation as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// Its identifier.
    pub id: EscalationId,
    /// The partnership it belongs to.
    pub partnership: PartnershipId,
    /// The number of events so far.
    pub version: i32,
    /// What is recorded about it.
    pub facts: Facts,
    /// Where it stands.
    pub status: Status,
    /// The stage it stands at.
    pub stage: u8,
    /// The latest episode.
    pub episode: Episode,
    /// When its state last changed. Notes and corrections change what is known, not the state.
    pub changed_at: Timestamp,
    /// All its clocks, oldest first.
    pub clocks: Vec<StageClock>,
}

impl Escalation {
    /// The escalation that a first event makes, or nothing when the event is another one.
    #[must_use]
    pub fn from_first(partnership: PartnershipId, first: &Event) -> Option<Self> {
        let Change::Raised { facts, stage, clocks } = &first.change else {
            return None;
        };
        Some(Self {
            id: first.escalation,
            partnership,
            version: first.version,
            facts: (**facts).clone(),
            status: Status::Raised,
            stage: *stage,
            episode: Episode { number: 1, opened_at: facts.raised_at, ending: None },
            changed_at: first.occurred_at,
            clocks: clocks.clone(),
        })
    }

    /// Takes one event in. The only way in which an escalation changes.
    pub fn apply(&mut self, event: &Event) {
        let at = event.occurred_at;
        self.version = event.version;
        if !matches!(event.change, Change::Noted | Change::Corrected { .. }) {
            self.changed_at = at;
        }
        match &event.change {
            Change::Raised { .. } | Change::Noted => {}
            Change::Acknowledged { .. } => {
                self.stop(ClockKind::Acknowledgement, at, StopReason::Acknowledged);
                self.status = Status::Acknowledged;
            }
            Change::Answered { .. } => {
                self.stop(ClockKind::Acknowledgement, at, StopReason::Answered);
                self.stop(ClockKind::Answer, at, StopReason::Answered);
                self.status = Status::Answered;
            }
            Change::Accepted => self.status = Status::Accepted,
            Change::Rejected => self.status = Status::Rejected,
            Change::Advanced { to, clocks, .. } => {
                for kind in ClockKind::ALL {
                    let late = self.running(*kind).is_some_and(|clock| clock.is_overdue(at));
                    let reason = if late { StopReason::NoResponse } else { StopReason::Advanced };
                    self.stop(*kind, at, reason);
                }
                self.stage = *to;
                self.status = Status::Raised;
                self.clocks.extend(clocks.iter().cloned());
            }
            Change::Extended { replaced, clock } => {
                self.stop_clock(*replaced, at, StopReason::Extended);
                self.clocks.push((**clock).clone());
            }
            Change::Resolved { ending } => self.end(ending.clone(), Status::Resolved),
            Change::Withdrawn { ending } => self.end(ending.clone(), Status::Withdrawn),
            Change::Reopened { episode, clocks } => {
                self.episode = Episode { number: *episode, opened_at: at, ending: None };
                self.status = Status::Raised;
                self.clocks.extend(clocks.iter().cloned());
            }
            Change::Corrected { corrections } => {
                for correction in corrections {
                    self.correct(correction);
                }
            }
        }
    }

    /// The running clock of a kind; there is at most one.
    #[must_use]
    pub fn running(&self, kind: ClockKind) -> Option<&StageClock> {
        self.clocks.iter().find(|clock| clock.kind == kind && clock.is_running())
    }

    /// The running clock that is due first.
    #[must_use]
    pub fn next_due(&self) -> Option<&StageClock> {
        self.clocks.iter().filter(|clock| clock.is_running()).min_by_key(|clock| clock.due_at)
    }

    /// Whether the answer that is now awaited is late at `now`.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.running(ClockKind::Answer).is_some_and(|clock| clock.is_overdue(now))
    }

    fn end(&mut self, ending: Ending, status: Status) {
        for kind in ClockKind::ALL {
            self.stop(*kind, ending.at, StopReason::Ended);
        }
        self.episode.ending = Some(ending);
        self.status = status;
    }

    fn stop(&mut self, kind: ClockKind, at: Timestamp, reason: StopReason) {
        if let Some(id) = self.running(kind).map(|clock| clock.id) {
            self.stop_clock(id, at, reason);
        }
    }

    fn stop_clock(&mut self, id: ClockId, at: Timestamp, reason: StopReason) {
        for clock in &mut self.clocks {
            if clock.id == id && clock.is_running() {
                clock.stopped = Some(Stop { at, reason, recorded_at: None });
            }
        }
    }

    fn correct(&mut self, correction: &Correction) {
        match correction {
            Correction::Theme { to, .. } => self.facts.theme = to.clone(),
            Correction::Urgency { to, .. } => self.facts.urgency = *to,
            Correction::Delay { to, .. } => self.facts.delay = Some((**to).clone()),
        }
    }
}
