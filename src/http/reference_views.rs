//! Reference data as they are shown.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::times::{Day, Instant};
use crate::domain::agency::AgencyType;
use crate::domain::limit::{Direction, Limit, LimitUnit};
use crate::domain::sharing_agreement::{
    AgreementRule, AgreementStanding, AgreementState, LawfulBasis, Sharing,
};
use crate::domain::working_days::{DayZero, Nation};

/// The agencies.
#[derive(Debug, Serialize, ToSchema)]
pub struct Agencies {
    /// They, by code.
    pub items: Vec<AgencyView>,
}

/// An agency that takes part.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agency)]
pub struct AgencyView {
    /// Its stable code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: AgencyType,
    /// Other names under which it can be sent.
    pub aliases: Vec<String>,
    /// Whether it may raise.
    pub may_raise: bool,
    /// Whether it may be asked to answer.
    pub may_respond: bool,
    /// Its first day.
    pub valid_from: Day,
    /// Its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Day>,
    /// Code of the agency that took over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// How it stands with the agreement under which it shares data. Only for the agency itself, for those who review the
    /// partnership and for who answers for data protection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<AgreementView>,
}

/// How it stands today, in Europe/London, with the agreement under which an agency shares data.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgencyAgreement)]
pub struct AgreementView {
    /// Whether one is in force. `ends_soon` begins 60 days before the last day that is agreed on without a gap.
    pub state: AgreementState,
    /// Whether the agency may add data only while one is in force. If so, and it is `lapsed` or `none`, what would add a
    /// record is answered `agreement-lapsed`; everything else goes on.
    pub required: bool,
    /// The last day that is agreed on without a gap, or that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// The first day of the next agreement, where there is a gap before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again_from: Option<Day>,
    /// What the partnership calls the document that is in force, or was the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// On which basis of UK GDPR Article 6(1) the agency shares under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lawful_basis: Option<LawfulBasis>,
}

impl AgreementView {
    /// How it stands on `day`.
    #[must_use]
    pub fn on(day: Date, it: &Sharing) -> Self {
        let AgreementStanding { state, until, again_from, under } = it.standing(day);
        let (reference, lawful_basis) = under.unzip();
        Self {
            state,
            required: it.rule == AgreementRule::Required,
            until: until.map(Day),
            again_from: again_from.map(Day),
            reference,
            lawful_basis,
        }
    }
}

/// The themes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Themes {
    /// They, in the order in which they are shown.
    pub items: Vec<ThemeView>,
}

/// A theme: what kind of thing went wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Theme)]
pub struct ThemeView {
    /// Its stable code.
    pub code: String,
    /// In words.
    pub label: String,
    /// What belongs to it.
    pub description: String,
    /// The code of its group.
    pub group: String,
    /// The group in words.
    pub group_label: String,
    /// Its first day.
    pub valid_from: Day,
    /// Its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Day>,
}

/// A time limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Limit)]
pub struct LimitView {
    /// How many units.
    pub amount: u32,
    /// The unit.
    pub unit: LimitUnit,
    /// Whether the day of the event counts.
    pub day_zero: DayZero,
    /// Whether it runs after the event, or ends before it.
    pub direction: Direction,
}

/// The timescales.
#[derive(Debug, Serialize, ToSchema)]
pub struct Timescales {
    /// They, all versions.
    pub items: Vec<TimescaleView>,
}

/// How soon one step of a child's process must happen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Timescale)]
pub struct TimescaleView {
    /// Its stable code.
    pub code: String,
    /// Its version.
    pub version: String,
    /// The step.
    pub label: String,
    /// The limit; absent for `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitView>,
    /// The event from which the time runs.
    pub starts: String,
    /// The event that must happen in time.
    pub stops: String,
    /// What kind of authority set it.
    pub basis: String,
    /// Where it is written.
    pub source: String,
    /// Whether a person has checked it against Working Together 2026.
    pub verified_against_wt2026: bool,
    /// The day from which it applies.
    pub effective_from: Day,
}

/// The calendars.
#[derive(Debug, Serialize, ToSchema)]
pub struct Calendars {
    /// They, oldest first.
    pub items: Vec<CalendarView>,
}

/// A version of the calendar of bank holidays.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Calendar)]
pub struct CalendarView {
    /// Its version.
    pub version: String,
    /// The SHA-256 of its nation, years and dates, in hexadecimal digits: the same dates have the same.
    pub sha256: String,
    /// When it was loaded. New dates are counted with the calendar that was loaded last.
    pub loaded_at: Instant,
    /// The nation whose bank holidays it has.
    pub nation: Nation,
    /// The first year that it covers.
    pub first_year: i16,
    /// The last year that it covers.
    pub last_year: i16,
    /// The bank holidays.
    pub holidays: Vec<HolidayView>,
}

/// A bank holiday.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Holiday)]
pub struct HolidayView {
    /// The day.
    pub day: Day,
    /// Its name.
    pub name: String,
}

/// The lists of codes around an ending.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeLists {
    /// How an escalation ends.
    pub outcomes: Vec<OutcomeView>,
    /// What it meant for the child.
    pub child_outcomes: Vec<CodeView>,
    /// What escalating did to the delay.
    pub delay_effects: Vec<CodeView>,
    /// Why a process is late.
    pub delay_causes: Vec<CodeView>,
    /// What a delay means for the child.
    pub child_impacts: Vec<CodeView>,
    /// Whether the child is safe meanwhile.
    pub interim_safety: Vec<CodeView>,
}

/// A code and its meaning.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeView {
    /// The stable code.
    pub code: String,
    /// In words.
    pub label: String,
    /// What it means.
    pub definition: String,
}

/// An ending and its meaning.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeView {
    /// The stable code.
    pub code: String,
    /// In words.
    pub label: String,
    /// What it means.
    pub definition: String,
    /// Whether it settles the matter, and counts as resolved.
    pub counts_as_resolved: bool,
}

impl From<&Limit> for LimitView {
    fn from(it: &Limit) -> Self {
        Self { amount: it.amount, unit: it.unit, day_zero: it.day_zero, direction: it.direction }
    }
}
