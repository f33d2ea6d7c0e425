//! One immutable fact about an escalation: who did what, when it happened and when it was received.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::access::Role;
use super::codes::codes;
use super::escalation::{Delay, Facts};
use super::free_text::FreeText;
use super::ids::{AgencyId, ClientId, ClockId, EscalationId, EventId};
use super::resolution::{ChildOutcome, DelayEffect, Outcome};
use super::stage_clock::StageClock;
use super::theme::ThemeCode;
use super::urgency::Urgency;

/// Free text of a person about an escalation, at most 2,000 characters.
pub type Narrative = FreeText<2000>;

codes! {
    /// Which free text of an event this is. Texts are kept apart from events, so that a text can be
    /// erased and the event stays.
    pub enum TextField {
        /// What the raiser is worried about, and why.
        Concern => "concern",
        /// What the raiser wants to happen.
        DesiredOutcome => "desired_outcome",
        /// What the responding agency answers, with its rationale.
        Answer => "answer",
        /// What was agreed, and will be done.
        AgreedAction => "agreed_action",
        /// Why something was done.
        Reason => "reason",
        /// A note.
        Note => "note",
    }
}

codes! {
    /// Whether the responding agency will do what was asked.
    pub enum AnswerPosition {
        /// What was asked will be done.
        Agreed => "agreed",
        /// Part of it, or something else, will be done.
        PartlyAgreed => "partly_agreed",
        /// It will not be done.
        NotAgreed => "not_agreed",
    }
}

codes! {
    /// What moved an escalation to a higher stage.
    pub enum AdvanceCause {
        /// The raiser judged the answer not good enough.
        Rejected => "rejected",
        /// The answer was late.
        NoResponse => "no_response",
        /// The raiser could not wait for the answer.
        Risk => "risk",
    }
}

codes! {
    /// The kinds of event, as they are stored and published.
    pub enum EventType {
        /// Raised.
        Raised => "raised",
        /// Receipt acknowledged.
        Acknowledged => "acknowledged",
        /// Answered.
        Answered => "answered",
        /// Answer accepted by the raiser.
        Accepted => "accepted",
        /// Answer rejected by the raiser.
        Rejected => "rejected",
        /// Moved to a higher stage.
        Advanced => "advanced",
        /// More time agreed.
        Extended => "extended",
        /// Ended with an outcome.
        Resolved => "resolved",
        /// Taken back by the raiser.
        Withdrawn => "withdrawn",
        /// Opened again as a new episode.
        Reopened => "reopened",
        /// A note was added.
        Noted => "noted",
        /// What was recorded was corrected.
        Corrected => "corrected",
    }
}

codes! {
    /// In which role something was done: a caller's, or the service's own.
    pub enum ActorRole {
        /// Staff or systems of one agency.
        Agency => "agency",
        /// Leads a service and prepares the weekly review.
        ServiceLead => "service_lead",
        /// Holds the weekly review.
        Director => "director",
        /// Works with the figures.
        Analyst => "analyst",
        /// Checks that the record is true.
        Auditor => "auditor",
        /// Keeps the service running.
        Operator => "operator",
        /// The service itself, when time ran out.
        System => "system",
    }
}

impl From<Role> for ActorRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Agency => Self::Agency,
            Role::ServiceLead => Self::ServiceLead,
            Role::Director => Self::Director,
            Role::Analyst => Self::Analyst,
            Role::Auditor => Self::Auditor,
            Role::Operator => Self::Operator,
        }
    }
}

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The agency that the caller acted for; none for the partnership's own roles.
    pub agency: Option<AgencyId>,
    /// The role in which it was done.
    pub role: ActorRole,
    /// The registered client; none when the service acted by itself.
    pub client: Option<ClientId>,
    /// The person or system that the token named.
    pub subject: String,
}

/// One recorded act. Everything but the free text; enough, in order, to rebuild the escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its identifier.
    pub id: EventId,
    /// The escalation that it belongs to.
    pub escalation: EscalationId,
    /// The version that the escalation has after it; versions of one escalation have no gaps.
    pub version: i32,
    /// When it happened, as the actor says.
    pub occurred_at: Timestamp,
    /// When the service received it.
    pub recorded_at: Timestamp,
    /// Who acted.
    pub actor: Actor,
    /// What happened.
    pub change: Change,
    /// What was written about it.
    pub texts: Vec<(TextField, Narrative)>,
}

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
    },
    /// The raiser accepted the answer.
    Accepted,
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
}

impl Change {
    /// The kind of event that this is.
    #[must_use]
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::Raised { .. } => EventType::Raised,
            Self::Acknowledged { .. } => EventType::Acknowledged,
            Self::Answered { .. } => EventType::Answered,
            Self::Accepted => EventType::Accepted,
            Self::Rejected => EventType::Rejected,
            Self::Advanced { .. } => EventType::Advanced,
            Self::Extended { .. } => EventType::Extended,
            Self::Resolved { .. } => EventType::Resolved,
            Self::Withdrawn { .. } => EventType::Withdrawn,
            Self::Reopened { .. } => EventType::Reopened,
            Self::Noted => EventType::Noted,
            Self::Corrected { .. } => EventType::Corrected,
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
    /// The calendar that counted the days.
    pub calendar_version: String,
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
