//! How an escalation ended, and what followed, as it is shown.

use serde::Serialize;
use utoipa::ToSchema;

use super::times::{Day, Instant};
use super::views::{agency_code, working_days};
use crate::domain::delay::InterimSafety;
use crate::domain::escalation::AfterEnd;
use crate::domain::event::Ending;
use crate::domain::partnership::Partnership;
use crate::domain::resolution::{
    ChildOutcome, DelayEffect, ImpactResult, LearningType, Outcome, RerouteCode, WithdrawalReason,
};
use crate::domain::sight::Sight;

/// How an episode ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResolutionShown)]
pub struct ResolutionView {
    /// When.
    pub ended_at: Instant,
    /// How.
    pub outcome: Outcome,
    /// What it meant for the child.
    pub child_outcome: ChildOutcome,
    /// What escalating did to the delay.
    pub delay_effect: DelayEffect,
    /// Working days from opening to end, with fractions.
    pub working_days: f64,
    /// Whether it ended on the local date on which it was opened.
    pub same_day: bool,
    /// Days of 24 hours, with fractions, for which the child had waited by then.
    pub child_days: f64,
    /// Why the raiser took it back, where you may see that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawal_reason: Option<WithdrawalReason>,
    /// The procedure to which it belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procedure: Option<RerouteCode>,
    /// By how many units of its limit the delay was shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units_saved: Option<u32>,
    /// Code of the agency that owns what was agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_agency: Option<String>,
    /// The role that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_role: Option<String>,
    /// The day by which it is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_due_on: Option<Day>,
    /// The day on which the two sides met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_on: Option<Day>,
    /// Who was there, by role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attendee_roles: Option<String>,
    /// Whether the child is safe meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interim_safety: Option<InterimSafety>,
    /// When the raiser was told what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback_at: Option<Instant>,
    /// What kind of learning was written down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning: Option<LearningType>,
    /// Whether the child is better off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<ImpactResult>,
    /// When somebody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact_checked_at: Option<Instant>,
}

impl ResolutionView {
    /// An ending as a caller with this sight may see it.
    pub fn new(ending: &Ending, after: &AfterEnd, sight: &Sight, agreed: &Partnership) -> Self {
        // 68 years of seconds fit; no episode lasts longer.
        let seconds = |it: i64| i32::try_from(it).map_or(f64::MAX, f64::from);
        let details = ending.details.as_deref();
        Self {
            ended_at: Instant(ending.at),
            outcome: ending.outcome,
            child_outcome: ending.child_outcome,
            delay_effect: ending.delay_effect,
            working_days: working_days(seconds(ending.working_seconds)),
            same_day: ending.same_day,
            child_days: working_days(seconds(ending.child_seconds)),
            withdrawal_reason: ending.withdrawal_reason.filter(|why| sight.sees(*why)),
            procedure: ending.reroute,
            units_saved: details.and_then(|it| it.units_saved),
            owner_agency: details.and_then(|it| it.owner_agency).map(|it| agency_code(agreed, it)),
            owner_role: details.and_then(|it| it.owner_role.clone()),
            action_due_on: details.and_then(|it| it.action_due_on).map(Day),
            meeting_on: details.and_then(|it| it.meeting_on).map(Day),
            attendee_roles: details.and_then(|it| it.attendee_roles.clone()),
            interim_safety: details.and_then(|it| it.interim_safety),
            feedback_at: after.feedback_at.map(Instant),
            learning: after.learning,
            impact: after.impact.map(|(result, _)| result),
            impact_checked_at: after.impact.map(|(_, at)| Instant(at)),
        }
    }
}
