//! One immutable fact about an escalation: who did what, when it happened and when it was received.

use jiff::Timestamp;

use super::access::Role;
use super::codes::codes;
use super::free_text::FreeText;
use super::ids::{AgencyId, ClientId, EscalationId, EventId};

pub use super::change::{Change, Correction, Ending, EndingDetails};

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
        /// The responding agency's own account.
        Statement => "statement",
        /// What the raiser was told of it in the end.
        Feedback => "feedback",
        /// What was learnt.
        Learning => "learning",
        /// What else was considered.
        OptionsConsidered => "options_considered",
        /// Why the stage below did not settle it.
        WhyLowerStageFailed => "why_lower_stage_failed",
        /// What the raiser still disagrees with.
        Dissent => "dissent",
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
        /// Receipt was not even acknowledged in time: silence, which is no refusal.
        NoAcknowledgement => "no_acknowledgement",
        /// What was agreed was not done.
        AgreementNotKept => "agreement_not_kept",
        /// The responding agency declined it.
        Declined => "declined",
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
        /// The responding agency says that it is not theirs to answer.
        Declined => "declined",
        /// Another agency is to answer.
        Redirected => "redirected",
        /// The responding agency put its own account beside the claim.
        Stated => "stated",
        /// It became more, or less, urgent.
        UrgencyChanged => "urgency_changed",
        /// Something waits for a second person.
        Proposed => "proposed",
        /// The two sides meet.
        MeetingCalled => "meeting_called",
        /// The agency's time paused.
        Paused => "paused",
        /// A pause ended early.
        Resumed => "resumed",
        /// It belongs to another procedure.
        Rerouted => "rerouted",
        /// It is on another record already.
        MarkedDuplicate => "marked_duplicate",
        /// It has to do with another one.
        Linked => "linked",
        /// The raiser was told what came of it.
        FeedbackGiven => "feedback_given",
        /// What was learnt was written down.
        LearningRecorded => "learning_recorded",
        /// Somebody looked whether the child is better off.
        ImpactChecked => "impact_checked",
        /// Its clocks run under another version of the policy.
        PolicyMigrated => "policy_migrated",
        /// What identified one of its children was erased.
        ChildErased => "child_erased",
        /// What identified its children, and its texts, were erased.
        Erased => "erased",
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
        /// Answers for data protection.
        PrivacyOfficer => "privacy_officer",
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
            Role::PrivacyOfficer => Self::PrivacyOfficer,
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
