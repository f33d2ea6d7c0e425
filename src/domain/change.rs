//! What an act changed: the part of an event from which an escalation is folded.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::delay::InterimSafety;
use super::escalation::{Delay, Facts};
use super::event::{AdvanceCause, AnswerPosition, EventType};
use super::ids::{AgencyId, ClockId, ErasureId, EscalationId};
use super::link::LinkKind;
use super::proposal::{ProposalKind, Side};
use super::resolution::{
    ChildOutcome, DelayEffect, ImpactResult, LearningType, Outcome, RerouteCode, WithdrawalReason,
};
use super::stage_clock::StageClock;
use super::stage_policy::PauseReason;
use super::theme::ThemeCode;
use super::urgency::Urgency;

/// What an event changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    /// It was raised at a stage.
    Raised {
        /// What was recorded about it.
        facts: Box<Facts>,
        /// The stage that it starts at.
        stage: u8,
        /// The clocks of that stage.
        clocks: Vec<StageClock>,
    },
    /// Receipt was acknowledged.
    Acknowledged {
        /// The role that now holds the matter in the responding agency, if named.
        held_by_role: Option<String>,
    },
    /// An answer was given.
    Answered {
        /// Whether what was asked will be done.
        position: AnswerPosition,
        /// The clock by which the raiser judges it.
        #[serde(default)]
        clocks: Vec<StageClock>,
    },
    /// The raiser accepted the answer.
    Accepted {
        /// The clock by which what was agreed is done.
        #[serde(default)]
        clocks: Vec<StageClock>,
    },
    /// The raiser rejected the answer.
    Rejected,
    /// It moved up.
    Advanced {
        /// The stage it left.
        from: u8,
        /// The stage it entered.
        to: u8,
        /// What moved it.
        cause: AdvanceCause,
        /// The clocks of the stage it entered.
        clocks: Vec<StageClock>,
    },
    /// More time was agreed for the answer.
    Extended {
        /// The clock that stopped.
        replaced: ClockId,
        /// The clock that took over.
        clock: Box<StageClock>,
    },
    /// It ended.
    Resolved {
        /// How it ended.
        ending: Ending,
        /// The clocks of what follows.
        #[serde(default)]
        clocks: Vec<StageClock>,
    },
    /// The raiser took it back.
    Withdrawn {
        /// How it ended.
        ending: Ending,
    },
    /// It was opened again.
    Reopened {
        /// The number of the new episode.
        episode: u16,
        /// The clocks of the stage that it resumes at.
        clocks: Vec<StageClock>,
    },
    /// A note was added.
    Noted,
    /// Recorded facts were corrected; each correction keeps the old value.
    Corrected {
        /// Each corrected fact.
        corrections: Vec<Correction>,
    },
    /// The responding agency says that it is not theirs to answer.
    Declined {
        /// Whose it is, as they say.
        suggested_agency: Option<AgencyId>,
        /// To which procedure it belongs, as they say.
        suggested_procedure: Option<RerouteCode>,
        /// The clock by which the raiser chooses what comes next.
        clocks: Vec<StageClock>,
    },
    /// Another agency is to answer.
    Redirected {
        /// Who had to answer before.
        from: AgencyId,
        /// Who has to now.
        to: AgencyId,
        /// The other agency's clocks.
        clocks: Vec<StageClock>,
    },
    /// The responding agency put its own account beside the claim.
    Stated,
    /// It became more, or less, urgent.
    UrgencyChanged {
        /// Before.
        from: Urgency,
        /// After.
        to: Urgency,
        /// The clocks that took over from those that ran.
        clocks: Vec<StageClock>,
    },
    /// Something waits for a second person.
    Proposed {
        /// What.
        proposal: ProposalKind,
        /// For which side it was proposed.
        side: Side,
    },
    /// The two sides meet, and the answer may come as late as the policy says for that.
    MeetingCalled {
        /// When they meet.
        meeting_at: Timestamp,
        /// The clock that stopped.
        replaced: ClockId,
        /// The clock that took over.
        clock: Box<StageClock>,
    },
    /// The agency's time paused. The child's did not.
    Paused {
        /// Why.
        why: PauseReason,
        /// When it goes on by itself.
        until: Timestamp,
        /// The clock that stopped.
        replaced: ClockId,
        /// The clock that took over.
        clock: Box<StageClock>,
    },
    /// A pause ended early.
    Resumed {
        /// The clock that stopped.
        replaced: ClockId,
        /// The clock that took over.
        clock: Box<StageClock>,
    },
    /// It belongs to another procedure.
    Rerouted {
        /// How it ended.
        ending: Ending,
    },
    /// It is on another record already.
    MarkedDuplicate {
        /// Which one.
        of: EscalationId,
        /// How it ended.
        ending: Ending,
    },
    /// It has to do with another one.
    Linked {
        /// What.
        kind: LinkKind,
        /// Which one.
        to: EscalationId,
    },
    /// The raiser was told what came of it.
    FeedbackGiven,
    /// What was learnt was written down.
    LearningRecorded {
        /// What kind of learning it is.
        kind: LearningType,
    },
    /// Somebody looked whether the child is better off.
    ImpactChecked {
        /// The answer.
        result: ImpactResult,
    },
    /// Its clocks run under another version of the policy, by two persons' word.
    PolicyMigrated {
        /// The version before.
        from: String,
        /// The version after.
        to: String,
        /// The clocks that took over from those that ran.
        clocks: Vec<StageClock>,
    },
    /// What identified some of its children was erased; others, and its texts, stay.
    ChildErased {
        /// By which erasure.
        erasure: ErasureId,
        /// How many of its children.
        children: u16,
    },
    /// What identified its children, and its texts, were erased. Nothing follows.
    Erased {
        /// By which erasure.
        erasure: ErasureId,
        /// How many of its children.
        children: u16,
    },
}

impl Change {
    /// The other escalation that it names.
    #[must_use]
    pub const fn names(&self) -> Option<EscalationId> {
        match self {
            Self::MarkedDuplicate { of, .. } => Some(*of),
            Self::Linked { to, .. } => Some(*to),
            _ => None,
        }
    }

    /// The kind of event that this is.
    #[must_use]
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::Raised { .. } => EventType::Raised,
            Self::Acknowledged { .. } => EventType::Acknowledged,
            Self::Answered { .. } => EventType::Answered,
            Self::Accepted { .. } => EventType::Accepted,
            Self::Rejected => EventType::Rejected,
            Self::Advanced { .. } => EventType::Advanced,
            Self::Extended { .. } => EventType::Extended,
            Self::Resolved { .. } => EventType::Resolved,
            Self::Withdrawn { .. } => EventType::Withdrawn,
            Self::Reopened { .. } => EventType::Reopened,
            Self::Noted => EventType::Noted,
            Self::Corrected { .. } => EventType::Corrected,
            Self::Stated => EventType::Stated,
            Self::FeedbackGiven => EventType::FeedbackGiven,
            Self::PolicyMigrated { .. } => EventType::PolicyMigrated,
            Self::ChildErased { .. } => EventType::ChildErased,
            Self::Erased { .. } => EventType::Erased,
            Self::ImpactChecked { .. } => EventType::ImpactChecked,
            Self::LearningRecorded { .. } => EventType::LearningRecorded,
            Self::Linked { .. } => EventType::Linked,
            Self::MarkedDuplicate { .. } => EventType::MarkedDuplicate,
            Self::Rerouted { .. } => EventType::Rerouted,
            Self::Resumed { .. } => EventType::Resumed,
            Self::Paused { .. } => EventType::Paused,
            Self::MeetingCalled { .. } => EventType::MeetingCalled,
            Self::Proposed { .. } => EventType::Proposed,
            Self::UrgencyChanged { .. } => EventType::UrgencyChanged,
            Self::Redirected { .. } => EventType::Redirected,
            Self::Declined { .. } => EventType::Declined,
        }
    }
}

/// How an episode of an escalation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// When.
    pub at: Timestamp,
    /// How.
    pub outcome: Outcome,
    /// What it meant for the child.
    pub child_outcome: ChildOutcome,
    /// What escalating did to the delay.
    pub delay_effect: DelayEffect,
    /// Seconds on working days from opening to end, counted with the calendar named beside it; 86,400 make one
    /// working day.
    pub working_seconds: i64,
    /// Whether it ended on the local date on which it was opened.
    pub same_day: bool,
    /// Seconds, day and night, for which the child had waited by then. Unlike the working seconds nothing is left out.
    #[serde(default)]
    pub child_seconds: i64,
    /// The calendar that counted the days.
    pub calendar_version: String,
    /// Why the raiser took it back. Not for the responding agency to see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal_reason: Option<WithdrawalReason>,
    /// The procedure to which it belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reroute: Option<RerouteCode>,
    /// What policy asked for besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<EndingDetails>>,
}

/// What an ending says besides what every ending says, but for its texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndingDetails {
    /// By how many units of its limit the delay was shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units_saved: Option<u32>,
    /// The agency that owns what was agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_agency: Option<AgencyId>,
    /// The role that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_role: Option<String>,
    /// The day by which it is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_due_on: Option<Date>,
    /// The day on which the two sides met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_on: Option<Date>,
    /// Who was there, by role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attendee_roles: Option<String>,
    /// Whether the child is safe meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interim_safety: Option<InterimSafety>,
}

/// One corrected fact: what it was and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "field", rename_all = "snake_case")]
pub enum Correction {
    /// The primary theme.
    Theme {
        /// Before.
        from: ThemeCode,
        /// After.
        to: ThemeCode,
    },
    /// The urgency. Running clocks keep the limits that they started with.
    Urgency {
        /// Before.
        from: Urgency,
        /// After.
        to: Urgency,
    },
    /// The delay: for example the process has happened in the meantime.
    Delay {
        /// Before.
        from: Option<Box<Delay>>,
        /// After.
        to: Box<Delay>,
    },
}
