//! A request as operations declare it, for the tests of everything that reads one.

use deserr::Deserr;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::field_errors::{FieldCode, FieldErrors};
use super::fields::{Count, Id, Identifier, List, Text, Whole, code_members};
use super::problem::Problem;
use super::times::{Day, Instant};
use crate::domain::codes::codes;

codes! {
    /// How urgent it is.
    pub enum Urgency {
        /// Today.
        Immediate => "immediate",
        /// Within days.
        Routine => "routine",
    }
}
codes! {
    /// What it is about.
    pub enum Theme {
        /// Waiting too long.
        Delay => "delay",
        /// Not hearing back.
        Silence => "silence",
    }
}
code_members!(Urgency, Theme);

/// A child as another system knows it.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ChildReference {
    /// Whose numbering it is.
    pub scheme: Identifier,
    /// The number.
    pub value: Text<100>,
}

/// What is late.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// Since when.
    pub started_at: Instant,
    /// When it was done after all.
    #[deserr(default)]
    pub occurred_at: Option<Instant>,
    /// Hours of delay.
    #[deserr(default)]
    pub hours: Option<Whole<0, 8760>>,
    /// Freely formed places.
    #[deserr(default)]
    pub place: Option<Place>,
}

/// Where.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Its name.
    pub name: Text<100>,
}

/// Raise an escalation.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct RaiseEscalation {
    /// The agency that should act.
    pub raised_with_agency: Identifier,
    /// How urgent it is.
    pub urgency: Urgency,
    /// What it is about.
    pub themes: List<Theme, 5>,
    /// Whom it is about.
    pub child_references: List<ChildReference, 20>,
    /// What is late.
    pub delay: Delay,
    /// What should happen.
    pub desired_outcome: Text<20000>,
    /// The sender's own name for it.
    #[deserr(default)]
    pub external_reference: Option<Identifier>,
    /// When it was raised.
    #[deserr(default)]
    pub raised_at: Option<Instant>,
    /// A day.
    #[deserr(default)]
    pub review_on: Option<Day>,
    /// A number.
    #[deserr(default)]
    pub source_version: Option<Count>,
    /// A yes or no.
    #[deserr(default)]
    pub urgent_contact: Option<bool>,
    /// The escalation that this one follows.
    #[deserr(default)]
    pub follows: Option<Id>,
    /// Short notes.
    #[deserr(default)]
    pub notes: Option<Vec<Text<20>>>,
}

impl RaiseEscalation {
    /// What only several members together show.
    pub fn check(&self) -> Result<(), Problem> {
        let mut faults = FieldErrors::new();
        faults.push_repeated("#/themes", self.themes.as_slice());
        if self.delay.occurred_at.is_some_and(|occurred| occurred < self.delay.started_at) {
            faults.push("#/delay/occurred_at", FieldCode::Inconsistent);
        }
        faults.into_result()
    }
}

/// A body that is accepted.
pub fn valid() -> Value {
    json!({
        "raised_with_agency": "nhs-trust",
        "urgency": "routine",
        "themes": ["delay"],
        "child_references": [{"scheme": "mosaic", "value": "É 12"}],
        "delay": {"started_at": "2026-01-01T09:00:00Z"},
        "desired_outcome": "An answer.\nSoon.",
    })
}
