//! What callers send to act on an escalation.

use deserr::Deserr;
use utoipa::ToSchema;

use super::field_errors::{FieldCode, FieldErrors};
use super::fields::{Text, Whole, code_members};
use super::problem::Problem;
use super::times::Instant;
use crate::domain::event::{AnswerPosition, Narrative};
use crate::domain::link::LinkKind;
use crate::domain::resolution::{
    ChildOutcome, DelayEffect, ImpactResult, LearningType, Outcome, RerouteCode, WithdrawalReason,
};
use crate::domain::stage_policy::PauseReason;
use crate::domain::urgency::Urgency;

code_members!(
    AnswerPosition,
    Outcome,
    ChildOutcome,
    DelayEffect,
    RerouteCode,
    WithdrawalReason,
    PauseReason,
    LinkKind,
    LearningType,
    ImpactResult,
);

/// Acknowledge.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeEscalation {
    /// The role that now holds the matter; no name.
    #[deserr(default)]
    pub held_by_role: Option<Text<80>>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Answer.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct AnswerEscalation {
    /// Whether what was asked will be done.
    pub position: AnswerPosition,
    /// The answer, with its rationale.
    pub answer: Text<2000>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Accept the answer.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct AcceptAnswer {
    /// Anything to add.
    #[deserr(default)]
    pub note: Option<Text<2000>>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Something that needs a reason and nothing else.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct WithReason {
    /// Why.
    pub reason: Text<2000>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Take it to a higher stage.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct AdvanceEscalation {
    /// The stage to enter; the next one when not said. Never a lower one.
    #[deserr(default)]
    pub stage: Option<Whole<0, 9>>,
    /// Why it cannot stay where it is.
    pub reason: Text<2000>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Propose more time for the answer: once in a stage, and at most as long again.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ProposeExtension {
    /// The new last instant.
    pub due_at: Instant,
    /// Why, and with which role it was spoken about.
    pub reason: Text<2000>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Agree to the time that the other side proposed.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ExtendEscalation {
    /// The instant that was proposed.
    pub due_at: Instant,
    /// Anything to add.
    #[deserr(default)]
    pub reason: Option<Text<2000>>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Add a note.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// The note.
    pub note: Text<2000>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Say that it is not yours to answer, and whose it is.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct DeclineEscalation {
    /// Why not.
    pub reason: Text<2000>,
    /// The agency whose it is: its code or an alias.
    #[deserr(default)]
    pub suggested_agency: Option<Text<100>>,
    /// The procedure to which it belongs, if it is no escalation.
    #[deserr(default)]
    pub suggested_procedure: Option<RerouteCode>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Pass it to the agency that must answer.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct RedirectEscalation {
    /// That agency: its code or an alias.
    pub agency: Text<100>,
    /// Why.
    pub reason: Text<2000>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Put your own account beside the claim.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct StateAccount {
    /// The account. No names.
    pub statement: Text<2000>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Say that it has become more, or less, urgent.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ChangeUrgency {
    /// How urgent it is now.
    pub urgency: Urgency,
    /// What changed.
    pub reason: Text<2000>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Say that the two sides meet.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct CallMeeting {
    /// When they meet.
    pub meeting_at: Instant,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Pause the agency's time. The child's time goes on.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct PauseEscalation {
    /// Why.
    pub why: PauseReason,
    /// When it goes on by itself.
    pub until: Instant,
    /// Why, in words.
    pub reason: Text<2000>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Approve a longer pause.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ApprovePause {
    /// The end that was proposed.
    pub until: Instant,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Something that may have a reason.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct WithOptionalReason {
    /// Anything to add.
    #[deserr(default)]
    pub reason: Option<Text<2000>>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// A member's text as the domain's, where it was sent.
pub(super) fn perhaps<const MAX: usize>(
    pointer: &str,
    text: Option<Text<MAX>>,
) -> Result<Option<Narrative>, Problem> {
    text.map(|text| {
        Narrative::parse(text.as_str()).map_err(|_| {
            let mut faults = FieldErrors::new();
            faults.push(pointer, FieldCode::TooShort);
            Problem::from(faults)
        })
    })
    .transpose()
}
