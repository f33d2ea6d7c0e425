//! What is recorded about an escalation when it is raised.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::codes::codes;
use super::delay::{ChildImpact, DelayCause, InterimSafety};
use super::ids::AgencyId;
use super::limit::Limit;
use super::theme::ThemeCode;
use super::urgency::Urgency;

codes! {
    /// Between whom the escalation runs.
    pub enum Scope {
        /// Between two agencies.
        InterAgency => "inter_agency",
        /// Inside one agency.
        IntraAgency => "intra_agency",
        /// About a pattern and no single child.
        Thematic => "thematic",
    }
}

codes! {
    /// How much of the raiser the responding agency may see, so that people speak up.
    pub enum RaiserVisibility {
        /// The agency, the role and the sending system.
        Named => "named",
        /// The role, and not the agency.
        RoleOnly => "role_only",
        /// Neither.
        Protected => "protected",
    }
}

/// The process whose delay made somebody escalate. One of three clocks, and never mixed with the
/// other two: this one is the child's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delay {
    /// The code of the timescale that was, or may be, breached.
    pub timescale: String,
    /// The version of that timescale.
    pub timescale_version: String,
    /// Its limit; none for `other`.
    pub limit: Option<Limit>,
    /// When the process's time began to run.
    pub started_at: Timestamp,
    /// The last instant that is in time; none where no limit applies.
    pub due_at: Option<Timestamp>,
    /// When the process happened; none while it has not.
    pub occurred_at: Option<Timestamp>,
    /// Why it was late, as far as the raiser knows.
    pub cause: Option<DelayCause>,
    /// The calendar that counted the days.
    pub calendar_version: String,
}

/// What was recorded when the escalation was raised, with its corrections applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// A reference that is safe to say aloud: `ESC-<partnership>-<year>-<number>`.
    pub reference: String,
    /// Between whom it runs.
    pub scope: Scope,
    /// The agency that raised it.
    pub raised_by: AgencyId,
    /// The agency that must answer.
    pub raised_with: AgencyId,
    /// How urgent it is for the child.
    pub urgency: Urgency,
    /// What kind of thing went wrong.
    pub theme: ThemeCode,
    /// Up to three further themes.
    pub secondary_themes: Vec<ThemeCode>,
    /// The system that sent it, if one did.
    pub source: Option<String>,
    /// That system's own reference for it, unique within agency and source.
    pub external_reference: Option<String>,
    /// How many children it concerns; siblings are one escalation.
    pub child_count: u16,
    /// When the concern arose.
    pub concern_arose_at: Option<Timestamp>,
    /// When it was raised, as the raiser says.
    pub raised_at: Timestamp,
    /// When the service received it.
    pub received_at: Timestamp,
    /// What the delay meant for the child when it was raised.
    pub child_impact: Option<ChildImpact>,
    /// Whether the child is safe meanwhile.
    pub interim_safety: Option<InterimSafety>,
    /// When the emergency route was used, if it was.
    pub emergency_action_taken_at: Option<Timestamp>,
    /// The role of the person who raised it.
    pub raised_by_role: Option<String>,
    /// How much of the raiser the responding agency may see.
    #[serde(default = "named")]
    pub raiser_visibility: RaiserVisibility,
    /// The theme under which it was raised, where it was changed since.
    #[serde(default)]
    pub original_theme: Option<ThemeCode>,
    /// The delayed process, if a timescale applies.
    pub delay: Option<Delay>,
    /// The stage policy that it runs under, through all its stages.
    pub policy_version: String,
}

const fn named() -> RaiserVisibility {
    RaiserVisibility::Named
}
