//! What callers send to raise an escalation or to act on one.

use deserr::Deserr;
use utoipa::ToSchema;

use super::field_errors::{FieldCode, FieldErrors};
use super::fields::{Identifier, List, Text, Whole, code_members};
use super::members::{Given, Kept};
use super::problem::Problem;
use super::source_version::SourceVersion;
use super::times::Instant;
use crate::domain::child_reference::{ChildReference, ChildReferenceError, Scheme, SchemePolicy};
use crate::domain::delay::{ChildImpact, DelayCause, InterimSafety};
use crate::domain::escalation::RaiserVisibility;
use crate::domain::event::Narrative;
use crate::domain::urgency::Urgency;
use crate::usecases::raise::{DelayRequest, RaiseRequest};

code_members!(
    Urgency,
    Scheme,
    ChildImpact,
    InterimSafety,
    DelayCause,
    RaiserVisibility,
    RaisedScope,
);

crate::domain::codes::codes! {
    /// Whether it is about children or about a pattern. Between which agencies it runs follows from them.
    pub enum RaisedScope {
        /// One child or siblings.
        Child => "child",
        /// A pattern, and no single child.
        Thematic => "thematic",
    }
}

/// An escalation to raise. The raising agency is the caller's.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct RaiseEscalation {
    /// The agency that must answer: its code or an alias.
    pub raised_with_agency: Text<100>,
    /// What kind of thing went wrong; see `/v1/reference/themes`.
    pub theme: Identifier,
    /// How urgent it is for the child. `immediate` does not replace 999.
    pub urgency: Urgency,
    /// The child, or the siblings. None only for the scope `thematic`.
    #[deserr(default)]
    pub child_references: Option<List<ChildReferenceInput, 20>>,
    /// `child` when not said.
    #[deserr(default)]
    pub scope: Option<RaisedScope>,
    /// What should happen.
    pub desired_outcome: Text<2000>,
    /// What the worry is, and what it rests on. No names, addresses or numbers of persons.
    #[deserr(default)]
    pub concern: Option<Text<2000>>,
    /// Up to three further themes.
    #[deserr(default)]
    pub secondary_themes: Option<List<Identifier, 3>>,
    /// The process that is late, or may be.
    #[deserr(default)]
    pub delay: Option<DelayInput>,
    /// Your system's name. With `external_reference` it makes sending safe to repeat.
    #[deserr(default)]
    pub source: Option<Identifier>,
    /// Your system's own reference, unique within `source`.
    #[deserr(default)]
    pub external_reference: Option<Identifier>,
    /// Your system's own number of what it says, with `source` only: it rises when your record changes. What comes with
    /// a lower one than before is older, and is ignored.
    #[deserr(default)]
    pub source_version: Option<SourceVersion>,
    /// When it was raised, if not now.
    #[deserr(default)]
    pub raised_at: Option<Instant>,
    /// When the concern arose.
    #[deserr(default)]
    pub concern_arose_at: Option<Instant>,
    /// What the delay means for the child.
    #[deserr(default)]
    pub child_impact: Option<ChildImpact>,
    /// Whether the child is safe meanwhile.
    #[deserr(default)]
    pub interim_safety: Option<InterimSafety>,
    /// When the emergency route was used, if it was.
    #[deserr(default)]
    pub emergency_action_taken_at: Option<Instant>,
    /// The role of the person who raises it; no name.
    #[deserr(default)]
    pub raised_by_role: Option<Text<80>>,
    /// How much of you the responding agency may see; `named` when not said. What you write is shown as you write it.
    #[deserr(default)]
    pub raiser_visibility: Option<RaiserVisibility>,
    /// The stage to start at; 1 when not said.
    #[deserr(default)]
    pub stage: Option<Whole<0, 9>>,
    /// Why lower stages are skipped; needed from stage 2 on.
    #[deserr(default)]
    pub skip_reason: Option<Text<2000>>,
}

/// A child, as your systems know it.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ChildReferenceInput {
    /// Whose numbering it is.
    pub scheme: Scheme,
    /// The reference: never a name.
    #[schema(example = "SYN100234")]
    pub value: Text<100>,
}

/// A process that is late, or may be.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct DelayInput {
    /// The timescale; see `/v1/reference/timescales`.
    pub timescale: Identifier,
    /// When its time began to run: the event that the timescale names.
    pub started_at: Instant,
    /// When it happened, if it has.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
    /// Why it is late.
    #[deserr(default)]
    pub cause: Option<DelayCause>,
}

impl From<DelayInput> for DelayRequest {
    fn from(input: DelayInput) -> Self {
        Self {
            timescale: input.timescale.into_string(),
            started_at: input.started_at.0,
            occurred_at: input.occurred_at.map(|at| at.0),
            cause: input.cause,
        }
    }
}

impl RaiseEscalation {
    /// What the use case needs, or everything that is wrong with it.
    pub fn into_request(self, schemes: &SchemePolicy) -> Result<RaiseRequest, Problem> {
        let mut faults = FieldErrors::new();
        let mut children = Vec::new();
        let inputs = self.child_references.map(List::into_vec).unwrap_or_default();
        for (position, input) in inputs.iter().enumerate() {
            match ChildReference::parse(input.scheme, input.value.as_str(), schemes) {
                Ok(child) => children.push(child),
                Err(error) => {
                    let pointer = format!("#/child_references/{position}/value");
                    faults.push_with(&pointer, child_fault(error), error.to_string());
                }
            }
        }
        faults
            .push_repeated("#/child_references", children.iter().map(ChildReference::lookup_text));
        if self.source.is_some() != self.external_reference.is_some() {
            let missing = if self.source.is_some() { "#/external_reference" } else { "#/source" };
            faults.push(missing, FieldCode::Required);
        }
        if self.source_version.is_some() && self.source.is_none() {
            faults.push("#/source", FieldCode::Required);
        }
        faults.into_result()?;
        Ok(RaiseRequest {
            raised_with_agency: self.raised_with_agency.into_string(),
            thematic: self.scope == Some(RaisedScope::Thematic),
            children,
            urgency: self.urgency,
            theme: self.theme.into_string(),
            secondary_themes: self
                .secondary_themes
                .map(List::into_vec)
                .unwrap_or_default()
                .into_iter()
                .map(Identifier::into_string)
                .collect(),
            source: self.source.map(Identifier::into_string),
            external_reference: self.external_reference.map(Identifier::into_string),
            concern_arose_at: self.concern_arose_at.map(|at| at.0),
            raised_at: self.raised_at.map(|at| at.0),
            child_impact: self.child_impact,
            interim_safety: self.interim_safety,
            emergency_action_taken_at: self.emergency_action_taken_at.map(|at| at.0),
            raised_by_role: self.raised_by_role.map(Text::into_string),
            raiser_visibility: self.raiser_visibility.unwrap_or(RaiserVisibility::Named),
            delay: self.delay.map(Into::into),
            stage: self.stage.and_then(|stage| u8::try_from(stage.get()).ok()),
            skip_reason: self
                .skip_reason
                .map(|text| narrative("#/skip_reason", text))
                .transpose()?,
            desired_outcome: narrative("#/desired_outcome", self.desired_outcome)?,
            concern: self.concern.map(|text| narrative("#/concern", text)).transpose()?,
        })
    }
}

/// A member's text as the domain's.
pub(super) fn narrative(pointer: &str, text: Text<2000>) -> Result<Narrative, Problem> {
    Narrative::parse(text.as_str()).map_err(|error| {
        let code = error.code().parse().unwrap_or(FieldCode::Pattern);
        FieldErrors::single(pointer, code).into()
    })
}

pub(super) fn child_fault(error: ChildReferenceError) -> FieldCode {
    match error {
        // To a caller, numbers kept for tests are a numbering that is not accepted here.
        ChildReferenceError::TestRange => FieldCode::SchemeNotAllowed,
        other => other.code().parse().unwrap_or(FieldCode::Pattern),
    }
}

/// Correct what was recorded. What is not named stays; the history keeps what it was.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct CorrectEscalation {
    /// The right theme.
    #[deserr(default)]
    #[schema(value_type = Identifier, required = false)]
    pub theme: Given<Identifier>,
    /// The right urgency, where it was mistyped. Running clocks keep their limits: say `urgency-change` when the child's
    /// need has changed, or, with the corrected urgency, to give it the limits that belong to it.
    #[deserr(default)]
    #[schema(value_type = Urgency, required = false)]
    pub urgency: Given<Urgency>,
    /// The right delay, whole.
    #[deserr(default)]
    #[schema(value_type = DelayInput, required = false)]
    pub delay: Kept<DelayInput>,
    /// Why.
    pub reason: Text<2000>,
}

/// Search by child.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct SearchByChild {
    /// The child.
    pub child_reference: ChildReferenceInput,
}
