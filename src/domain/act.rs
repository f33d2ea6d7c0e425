//! The acts on an escalation, each with everything that it must say.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::codes::codes;
use super::delay::InterimSafety;
use super::escalation::Delay;
use super::event::{AnswerPosition, Narrative};
use super::ids::{AgencyId, EscalationId};
use super::link::LinkKind;
use super::partnership::Agency;
use super::resolution::{
    ChildOutcome, DelayEffect, ImpactResult, LearningType, Outcome, RerouteCode, WithdrawalReason,
};
use super::stage_policy::{PauseReason, StagePolicy};
use super::theme::ThemeCode;
use super::urgency::Urgency;

codes! {
    /// The acts that a caller can try on an existing escalation.
    pub enum ActKind {
        /// Say that it was received.
        Acknowledge => "acknowledge",
        /// Say that it is not this agency's to answer.
        Decline => "decline",
        /// Pass it to the agency that must answer.
        Redirect => "redirect",
        /// Answer it.
        Answer => "answer",
        /// Put one's own account beside the claim.
        State => "state",
        /// Judge the answer good enough.
        Accept => "accept",
        /// Judge the answer not good enough.
        Reject => "reject",
        /// Take it to a higher stage.
        Advance => "advance",
        /// Say that it has become more, or less, urgent.
        ChangeUrgency => "change_urgency",
        /// Ask the other side for more time, or offer it.
        ProposeExtension => "propose_extension",
        /// Agree to more time that the other side proposed.
        Extend => "extend",
        /// Say that the two sides meet.
        CallMeeting => "call_meeting",
        /// Pause the agency's time.
        Pause => "pause",
        /// Approve a longer pause.
        ApprovePause => "approve_pause",
        /// End a pause early.
        Resume => "resume",
        /// Record how it ended.
        Resolve => "resolve",
        /// Take it back.
        Withdraw => "withdraw",
        /// Say that it belongs to another procedure.
        Reroute => "reroute",
        /// Say that it is on another record already.
        MarkDuplicate => "mark_duplicate",
        /// Say what it has to do with another one.
        Link => "link",
        /// Open it again.
        Reopen => "reopen",
        /// Add a note.
        Note => "note",
        /// Correct what was recorded.
        Correct => "correct",
        /// Say that the raiser was told what came of it.
        GiveFeedback => "give_feedback",
        /// Write down what was learnt.
        RecordLearning => "record_learning",
        /// Say whether the child is better off.
        CheckImpact => "check_impact",
        /// Propose that its clocks run under another version of the policy.
        ProposePolicyMigration => "propose_policy_migration",
        /// Approve that.
        MigratePolicy => "migrate_policy",
    }
}

/// An act with everything that it must say. What an ending must say is part of its type, so no
/// route can leave it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Receipt is acknowledged.
    Acknowledge {
        /// The role that now holds the matter.
        held_by_role: Option<String>,
    },
    /// It is not this agency's to answer.
    Decline {
        /// Why not.
        reason: Narrative,
        /// Whose it is, if it is an agency's.
        suggested_agency: Option<AgencyId>,
        /// To which procedure it belongs, if it is no escalation.
        suggested_procedure: Option<RerouteCode>,
    },
    /// Another agency is to answer.
    Redirect {
        /// Which one.
        to: Box<Agency>,
        /// Why.
        reason: Narrative,
    },
    /// An answer is given.
    Answer {
        /// Whether what was asked will be done.
        position: AnswerPosition,
        /// The answer with its rationale.
        answer: Narrative,
    },
    /// The responding agency's own account.
    State {
        /// The account.
        statement: Narrative,
    },
    /// The answer is good enough.
    Accept {
        /// Anything to add.
        note: Option<Narrative>,
    },
    /// The answer is not good enough.
    Reject {
        /// Why not.
        reason: Narrative,
    },
    /// It goes up.
    Advance {
        /// The stage to enter; the next one when not named.
        to: Option<u8>,
        /// Why it cannot stay where it is; the service gives none.
        reason: Option<Narrative>,
    },
    /// The child's need became more, or less, urgent.
    ChangeUrgency {
        /// How urgent it is now.
        urgency: Urgency,
        /// What changed.
        reason: Narrative,
    },
    /// More time is proposed.
    ProposeExtension {
        /// The new last instant.
        due_at: Timestamp,
        /// Why.
        reason: Narrative,
    },
    /// The proposed time is agreed.
    Extend {
        /// The instant that was proposed, so that nobody agrees to what they have not read.
        due_at: Timestamp,
        /// Anything to add.
        reason: Option<Narrative>,
    },
    /// The two sides meet.
    CallMeeting {
        /// When.
        meeting_at: Timestamp,
    },
    /// The agency's time pauses.
    Pause {
        /// Why, from the list.
        why: PauseReason,
        /// When it goes on by itself.
        until: Timestamp,
        /// Why, in words.
        reason: Narrative,
    },
    /// A longer pause is approved.
    ApprovePause {
        /// The end that was proposed.
        until: Timestamp,
    },
    /// The pause is over.
    Resume {
        /// Anything to add.
        reason: Option<Narrative>,
    },
    /// It ends.
    Resolve {
        /// How.
        outcome: Outcome,
        /// What it meant for the child.
        child_outcome: ChildOutcome,
        /// What escalating did to the delay.
        delay_effect: DelayEffect,
        /// What was agreed and done.
        agreed_action: Narrative,
        /// What policy may ask for besides.
        closing: Box<Closing>,
    },
    /// It is taken back.
    Withdraw {
        /// Why, from the list.
        why: WithdrawalReason,
        /// Why, in words.
        reason: Option<Narrative>,
    },
    /// It belongs to another procedure.
    Reroute {
        /// Which one.
        to: RerouteCode,
    },
    /// It is on another record already.
    MarkDuplicate {
        /// Which one.
        of: LinkTarget,
        /// Why it is the same matter.
        reason: Option<Narrative>,
    },
    /// It has to do with another one.
    Link {
        /// What.
        kind: LinkKind,
        /// Which one.
        to: LinkTarget,
        /// Why.
        reason: Option<Narrative>,
    },
    /// It is opened again.
    Reopen {
        /// Why.
        reason: Narrative,
    },
    /// A note is added.
    Note {
        /// The note.
        note: Narrative,
    },
    /// What was recorded is corrected.
    Correct {
        /// The right values; what is not named stays.
        right: Box<RightValues>,
        /// Why.
        reason: Narrative,
    },
    /// The raiser was told what came of it.
    GiveFeedback {
        /// What they were told.
        feedback: Narrative,
    },
    /// What was learnt.
    RecordLearning {
        /// What kind of learning it is.
        kind: LearningType,
        /// What was learnt.
        summary: Option<Narrative>,
    },
    /// Whether the child is better off.
    CheckImpact {
        /// The answer.
        result: ImpactResult,
        /// Anything to add.
        note: Option<Narrative>,
    },
    /// Its clocks are to run under another version of the policy.
    ProposePolicyMigration {
        /// Which one.
        policy: Box<StagePolicy>,
        /// Why.
        reason: Narrative,
    },
    /// That is approved.
    MigratePolicy {
        /// The one that was proposed.
        policy: Box<StagePolicy>,
    },
}

/// What an ending may say besides what every ending says. Which of it must be said is the policy's to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closing {
    /// By how many units of its limit the delay was shortened.
    pub units_saved: Option<u32>,
    /// The agency that owns what was agreed.
    pub owner_agency: Option<AgencyId>,
    /// The role that owns it.
    pub owner_role: Option<String>,
    /// The day by which it is to be done.
    pub action_due_on: Option<Date>,
    /// The day on which the two sides met.
    pub meeting_on: Option<Date>,
    /// Who was there, by role.
    pub attendee_roles: Option<String>,
    /// Whether the child is safe meanwhile.
    pub interim_safety: Option<InterimSafety>,
    /// What else was considered.
    pub options_considered: Option<Narrative>,
    /// Why the stage below did not settle it.
    pub why_lower_stage_failed: Option<Narrative>,
    /// What the raiser still disagrees with, where the partners decide.
    pub dissent: Option<Narrative>,
}

/// Another escalation, as far as a link to it needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkTarget {
    /// Its identifier.
    pub id: EscalationId,
    /// Whether it is itself recorded as a duplicate.
    pub is_duplicate: bool,
    /// Whether it has ended, as a duplicate or in any other way.
    pub has_ended: bool,
    /// Whether both name children, and none of them is the same.
    pub other_child: bool,
}

/// The values of a correction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RightValues {
    /// The right theme.
    pub theme: Option<ThemeCode>,
    /// The right urgency.
    pub urgency: Option<Urgency>,
    /// The right delay.
    pub delay: Option<Delay>,
}

impl Act {
    /// The kind of act that this is.
    #[must_use]
    pub const fn kind(&self) -> ActKind {
        match self {
            Self::Acknowledge { .. } => ActKind::Acknowledge,
            Self::Decline { .. } => ActKind::Decline,
            Self::Redirect { .. } => ActKind::Redirect,
            Self::Answer { .. } => ActKind::Answer,
            Self::State { .. } => ActKind::State,
            Self::Accept { .. } => ActKind::Accept,
            Self::Reject { .. } => ActKind::Reject,
            Self::Advance { .. } => ActKind::Advance,
            Self::ChangeUrgency { .. } => ActKind::ChangeUrgency,
            Self::ProposeExtension { .. } => ActKind::ProposeExtension,
            Self::Extend { .. } => ActKind::Extend,
            Self::CallMeeting { .. } => ActKind::CallMeeting,
            Self::Pause { .. } => ActKind::Pause,
            Self::ApprovePause { .. } => ActKind::ApprovePause,
            Self::Resume { .. } => ActKind::Resume,
            Self::Resolve { .. } => ActKind::Resolve,
            Self::Withdraw { .. } => ActKind::Withdraw,
            Self::Reroute { .. } => ActKind::Reroute,
            Self::MarkDuplicate { .. } => ActKind::MarkDuplicate,
            Self::Link { .. } => ActKind::Link,
            Self::Reopen { .. } => ActKind::Reopen,
            Self::Note { .. } => ActKind::Note,
            Self::Correct { .. } => ActKind::Correct,
            Self::GiveFeedback { .. } => ActKind::GiveFeedback,
            Self::RecordLearning { .. } => ActKind::RecordLearning,
            Self::CheckImpact { .. } => ActKind::CheckImpact,
            Self::ProposePolicyMigration { .. } => ActKind::ProposePolicyMigration,
            Self::MigratePolicy { .. } => ActKind::MigratePolicy,
        }
    }
}
