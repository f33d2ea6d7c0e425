//! What callers send to end an escalation, to link it, or after its end.

use deserr::Deserr;
use utoipa::ToSchema;

use super::act_requests::perhaps;
use super::field_errors::FieldErrors;
use super::fields::{Id, Identifier, Text, Whole};
use super::problem::Problem;
use super::requests::narrative;
use super::times::{Day, Instant};
use crate::domain::act::Closing;
use crate::domain::delay::InterimSafety;
use crate::domain::link::LinkKind;
use crate::domain::resolution::{
    ChildOutcome, DelayEffect, ImpactResult, LearningType, Outcome, RerouteCode, WithdrawalReason,
};
use crate::usecases::acts::ActRequest;

/// Record how it ended.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ResolveEscalation {
    /// How; see `/v1/reference/outcomes`.
    pub outcome: Outcome,
    /// What it meant for the child.
    pub child_outcome: ChildOutcome,
    /// What escalating did to the delay.
    pub delay_effect: DelayEffect,
    /// What was agreed and done.
    pub agreed_action: Text<2000>,
    /// By how many units of its limit the delay was shortened.
    #[deserr(default)]
    pub units_saved: Option<Whole<0, 10_000>>,
    /// The agency that owns what was agreed: its code or an alias.
    #[deserr(default)]
    pub owner_agency: Option<Text<100>>,
    /// The role that owns it; no name. Policy asks for it from stage 2 on.
    #[deserr(default)]
    pub owner_role: Option<Text<80>>,
    /// The day by which it is to be done.
    #[deserr(default)]
    pub action_due_on: Option<Day>,
    /// The day on which the two sides met.
    #[deserr(default)]
    pub meeting_on: Option<Day>,
    /// Who was there, by role; no names.
    #[deserr(default)]
    pub attendee_roles: Option<Text<300>>,
    /// Whether the child is safe meanwhile. Policy asks for it from stage 2 on.
    #[deserr(default)]
    pub interim_safety: Option<InterimSafety>,
    /// What else was considered.
    #[deserr(default)]
    pub options_considered: Option<Text<2000>>,
    /// Why the stage below did not settle it. Policy asks for it from stage 3 on.
    #[deserr(default)]
    pub why_lower_stage_failed: Option<Text<2000>>,
    /// What the raiser still disagrees with, where the partners decide.
    #[deserr(default)]
    pub dissent: Option<Text<2000>>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Take it back, and say why. The responding agency does not see why.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct WithdrawEscalation {
    /// Why.
    pub why: WithdrawalReason,
    /// Why, in words; needed with `other`.
    #[deserr(default)]
    pub reason: Option<Text<2000>>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Say to which procedure it belongs. Only this code and the time are kept.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct RerouteEscalation {
    /// The procedure.
    pub procedure: RerouteCode,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Say on which record it is already. This one ends; nothing is merged.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct MarkDuplicate {
    /// The other escalation.
    pub duplicate_of: Id,
    /// Why it is the same matter.
    #[deserr(default)]
    pub reason: Option<Text<2000>>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Say what it has to do with another one.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct LinkEscalation {
    /// What. `duplicate_of` has an act of its own; `not_duplicate_of` needs a reason.
    pub kind: LinkKind,
    /// The other escalation.
    pub escalation: Id,
    /// Why.
    #[deserr(default)]
    pub reason: Option<Text<2000>>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Say what the raiser was told of it in the end.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct GiveFeedback {
    /// What they were told.
    pub feedback: Text<2000>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Write down what was learnt.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct RecordLearning {
    /// What kind of learning it is.
    pub kind: LearningType,
    /// What was learnt, in at most 500 characters; needed unless the kind is `none`. No names.
    #[deserr(default)]
    pub learning: Option<Text<500>>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Say whether the child is better off.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct CheckImpact {
    /// Whether.
    pub result: ImpactResult,
    /// Anything to add.
    #[deserr(default)]
    pub note: Option<Text<2000>>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Propose that its clocks run under another version of the policy.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ProposePolicyMigration {
    /// The version.
    pub policy_version: Identifier,
    /// Why.
    pub reason: Text<2000>,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

/// Approve that its clocks run under the version that was proposed.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct MigratePolicy {
    /// The version.
    pub policy_version: Identifier,
    /// When it happened, if not now.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
}

impl ResolveEscalation {
    /// What the use case needs.
    pub fn into_request(self) -> Result<ActRequest, Problem> {
        Ok(ActRequest::Resolve {
            outcome: self.outcome,
            child_outcome: self.child_outcome,
            delay_effect: self.delay_effect,
            agreed_action: narrative("#/agreed_action", self.agreed_action)?,
            owner_agency: self.owner_agency.map(Text::into_string),
            closing: Box::new(Closing {
                units_saved: self.units_saved.and_then(|units| u32::try_from(units.get()).ok()),
                owner_agency: None,
                owner_role: self.owner_role.map(Text::into_string),
                action_due_on: self.action_due_on.map(|day| day.0),
                meeting_on: self.meeting_on.map(|day| day.0),
                attendee_roles: self.attendee_roles.map(Text::into_string),
                interim_safety: self.interim_safety,
                options_considered: perhaps("#/options_considered", self.options_considered)?,
                why_lower_stage_failed: perhaps(
                    "#/why_lower_stage_failed",
                    self.why_lower_stage_failed,
                )?,
                dissent: perhaps("#/dissent", self.dissent)?,
            }),
        })
    }
}
