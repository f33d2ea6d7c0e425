//! An act as it is asked for, with codes and references not yet looked up.

use jiff::Timestamp;

use super::failure::Failure;
use super::raise::{DelayRequest, measured};
use crate::domain::act::{Act, Closing, LinkTarget, RightValues};
use crate::domain::broken_rule::FieldRule;
use crate::domain::event::Narrative;
use crate::domain::ids::EscalationId;
use crate::domain::link::LinkKind;
use crate::domain::partnership::{Agency, Partnership};
use crate::domain::resolution::{ChildOutcome, DelayEffect, Outcome, RerouteCode};
use crate::domain::stage_policy::StagePolicy;
use crate::domain::theme::ThemeCode;
use crate::domain::urgency::Urgency;
use crate::store::escalations;
use crate::store::session::Connection;

/// An act as it is asked for.
#[derive(Debug, Clone)]
pub enum ActRequest {
    /// Nothing has to be looked up.
    Ready(Act),
    /// It is not this agency's to answer.
    Decline {
        /// Why not.
        reason: Narrative,
        /// The code of the agency whose it is.
        suggested_agency: Option<String>,
        /// The procedure to which it belongs.
        suggested_procedure: Option<RerouteCode>,
    },
    /// Another agency is to answer.
    Redirect {
        /// Its code or alias.
        agency: String,
        /// Why.
        reason: Narrative,
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
        /// The code of the agency that owns what was agreed.
        owner_agency: Option<String>,
        /// What policy may ask for besides.
        closing: Box<Closing>,
    },
    /// It is on another record already.
    MarkDuplicate {
        /// Which one.
        of: EscalationId,
        /// Why it is the same matter.
        reason: Option<Narrative>,
    },
    /// It has to do with another one.
    Link {
        /// What.
        kind: LinkKind,
        /// Which one.
        to: EscalationId,
        /// Why.
        reason: Option<Narrative>,
    },
    /// Its clocks are to run under another version of the policy.
    ProposePolicyMigration {
        /// Which one.
        version: String,
        /// Why.
        reason: Narrative,
    },
    /// That is approved.
    MigratePolicy {
        /// The version that was proposed.
        version: String,
    },
    /// What was recorded is corrected.
    Correct {
        /// The right values.
        right: Box<CorrectionRequest>,
        /// Why.
        reason: Narrative,
    },
}

/// The right values of a correction, with codes not yet looked up.
#[derive(Debug, Clone, Default)]
pub struct CorrectionRequest {
    /// The right theme.
    pub theme: Option<String>,
    /// The right urgency.
    pub urgency: Option<Urgency>,
    /// The right delay.
    pub delay: Option<DelayRequest>,
}

impl From<Act> for ActRequest {
    fn from(act: Act) -> Self {
        Self::Ready(act)
    }
}

impl ActRequest {
    /// The other escalation that it names.
    pub(super) const fn names(&self) -> Option<EscalationId> {
        match self {
            Self::MarkDuplicate { of: other, .. } | Self::Link { to: other, .. } => Some(*other),
            _ => None,
        }
    }

    /// The act, with everything that it names found; inside the transaction that does it.
    pub(super) async fn look_up(
        self,
        conn: &mut Connection,
        agreed: &Partnership,
        on: EscalationId,
        now: Timestamp,
    ) -> Result<Act, Failure> {
        Ok(match self {
            Self::Ready(act) => act,
            Self::Decline { reason, suggested_agency, suggested_procedure } => {
                let suggested = suggested_agency
                    .map(|code| agency(agreed, &code, "suggested_agency").map(|it| it.id))
                    .transpose()?;
                Act::Decline { reason, suggested_agency: suggested, suggested_procedure }
            }
            Self::Redirect { agency: code, reason } => {
                Act::Redirect { to: Box::new(agency(agreed, &code, "agency")?.clone()), reason }
            }
            Self::Resolve {
                outcome,
                child_outcome,
                delay_effect,
                agreed_action,
                owner_agency,
                mut closing,
            } => {
                closing.owner_agency = owner_agency
                    .map(|code| agency(agreed, &code, "owner_agency").map(|it| it.id))
                    .transpose()?;
                Act::Resolve { outcome, child_outcome, delay_effect, agreed_action, closing }
            }
            Self::MarkDuplicate { of, reason } => {
                let mut of = target(conn, agreed, of, "duplicate_of").await?;
                of.other_child = other_child(conn, agreed, on, of.id).await?;
                Act::MarkDuplicate { of, reason }
            }
            Self::Link { kind, to, reason } => {
                Act::Link { kind, to: target(conn, agreed, to, "escalation").await?, reason }
            }
            Self::ProposePolicyMigration { version, reason } => {
                Act::ProposePolicyMigration { policy: policy(agreed, &version)?, reason }
            }
            Self::MigratePolicy { version } => {
                Act::MigratePolicy { policy: policy(agreed, &version)? }
            }
            Self::Correct { right, reason } => {
                let right = Box::new(right.look_up(agreed, now)?);
                Act::Correct { right, reason }
            }
        })
    }
}

impl CorrectionRequest {
    fn look_up(self, agreed: &Partnership, now: Timestamp) -> Result<RightValues, Failure> {
        if self.theme.as_deref().is_some_and(|code| agreed.theme(code).is_none()) {
            return Err(Failure::field("theme", FieldRule::UnknownReference));
        }
        let delay = self.delay.map(|wanted| measured(agreed, &wanted, now)).transpose()?;
        Ok(RightValues { theme: self.theme.map(ThemeCode), urgency: self.urgency, delay })
    }
}

fn agency<'a>(
    agreed: &'a Partnership,
    code: &str,
    field: &'static str,
) -> Result<&'a Agency, Failure> {
    agreed.agency(code).ok_or_else(|| Failure::field(field, FieldRule::UnknownReference))
}

fn policy(agreed: &Partnership, version: &str) -> Result<Box<StagePolicy>, Failure> {
    let found = agreed.policy(version).cloned();
    found.map(Box::new).ok_or_else(|| Failure::field("policy_version", FieldRule::UnknownReference))
}

/// Another escalation that the caller can see: nobody learns from a link that a record exists.
async fn target(
    conn: &mut Connection,
    agreed: &Partnership,
    id: EscalationId,
    field: &'static str,
) -> Result<LinkTarget, Failure> {
    let found = escalations::lock(conn, agreed.id, id).await?;
    let found = found.ok_or_else(|| Failure::field(field, FieldRule::UnknownReference))?;
    let (is_duplicate, has_ended) = (found.is_duplicate(), found.status.has_ended());
    Ok(LinkTarget { id, is_duplicate, has_ended, other_child: false })
}

/// Whether both name children, and none of them is the same: told by the keys by which children are found, and without
/// reading whose they are.
async fn other_child(
    conn: &mut Connection,
    agreed: &Partnership,
    one: EscalationId,
    other: EscalationId,
) -> Result<bool, Failure> {
    let ours = escalations::children(conn, agreed.id, one).await?;
    let theirs = escalations::children(conn, agreed.id, other).await?;
    let shared = ours.iter().any(|it| theirs.iter().any(|other| it.child_key == other.child_key));
    Ok(!ours.is_empty() && !theirs.is_empty() && !shared)
}
