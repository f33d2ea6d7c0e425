//! An escalation: its current state, which is nothing but the fold of its events.

use jiff::Timestamp;

use super::child_time::{Holder, Holding};
use super::codes::codes;
use super::event::{Change, Ending, Event};
use super::ids::{AgencyId, EscalationId, PartnershipId};
use super::link::Link;
use super::proposal::RuleState;
use super::resolution::{ImpactResult, LearningType};
use super::stage_clock::{ClockKind, StageClock};

pub use super::facts::{Delay, Facts, RaiserVisibility, Scope};

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
        /// The responding agency says that it is not theirs; the raiser redirects it or takes it up.
        Declined => "declined",
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

/// One run from opening to end. Reopening starts another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// Counted from 1.
    pub number: u16,
    /// When it opened: the raising, or the reopening.
    pub opened_at: Timestamp,
    /// How it ended; none while it is open.
    pub ending: Option<Ending>,
    /// What followed the end.
    pub after: AfterEnd,
}

/// What followed the end of an episode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AfterEnd {
    /// When the raiser was told what came of it.
    pub feedback_at: Option<Timestamp>,
    /// What kind of learning was written down last.
    pub learning: Option<LearningType>,
    /// Whether the child is better off, and when somebody looked.
    pub impact: Option<(ImpactResult, Timestamp)>,
}

impl Episode {
    /// An episode that opens.
    #[must_use]
    pub fn open(number: u16, opened_at: Timestamp) -> Self {
        Self { number, opened_at, ending: None, after: AfterEnd::default() }
    }
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
    /// Who held it, one turn after the other, from the raising on.
    pub holdings: Vec<Holding>,
    /// What it has to do with others.
    pub links: Vec<Link>,
    /// Agencies that had to answer before it was redirected.
    pub past_responders: Vec<AgencyId>,
    /// What only the rules read.
    pub rule_state: RuleState,
}

impl Escalation {
    /// It, and every other one that it is linked to.
    pub fn named(&self) -> impl Iterator<Item = EscalationId> {
        self.links.iter().map(|link| link.to).chain([self.id])
    }

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
            episode: Episode::open(1, facts.raised_at),
            changed_at: first.occurred_at,
            clocks: clocks.clone(),
            holdings: vec![Holding {
                holder: Holder::Responder,
                agency: Some(facts.raised_with),
                from: facts.raised_at,
                to: None,
                until: None,
            }],
            links: Vec::new(),
            past_responders: Vec::new(),
            rule_state: RuleState::default(),
        })
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
}
