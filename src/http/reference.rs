//! Reference data: the codes that can be sent, their words and definitions, limits and calendars.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::ReadProblems;
use super::escalations::no_parameters;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::state::AppState;
use super::times::Day;
use crate::domain::agency::AgencyType;
use crate::domain::limit::{Direction, Limit, LimitUnit};
use crate::domain::partnership::Partnership;
use crate::domain::working_days::{DayZero, Nation};
use crate::usecases::reference;

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

/// The stage policies.
#[derive(Debug, Serialize, ToSchema)]
pub struct StagePolicies {
    /// They, oldest first.
    pub items: Vec<StagePolicyView>,
}

/// A version of the ladder.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StagePolicy)]
pub struct StagePolicyView {
    /// Its version.
    pub version: String,
    /// The day from which new escalations run under it.
    pub effective_from: Day,
    /// Its stages, lowest first.
    pub stages: Vec<StageOfPolicy>,
}

/// A stage of a ladder, with its limits.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageOfPolicy {
    /// Its number.
    pub number: u8,
    /// Its stable code.
    pub code: String,
    /// In words.
    pub label: String,
    /// Who raises at this stage.
    pub raising_role: String,
    /// Who answers at this stage.
    pub responding_role: String,
    /// How soon receipt is acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<LimitView>,
    /// How soon a standard escalation is answered; absent where it skips the stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard: Option<LimitView>,
    /// How soon an urgent one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent: Option<LimitView>,
    /// How soon an immediate one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immediate: Option<LimitView>,
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

/// Declares the operation of one list: everything but what it shows is the same.
macro_rules! reference_operation {
    ($(#[doc = $doc:literal])+ $name:ident, $path:literal, $answer:ident, $show:expr) => {
        $(#[doc = $doc])+
        #[utoipa::path(
            tag = "reference",
            operation_id = stringify!($name),
            security(("bearer" = ["read_reference"])),
            responses((status = 200, description = "The list.", body = $answer), ReadProblems),
        )]
        #[get($path)]
        pub async fn $name(
            by: Allowed<needs::Reference>,
            state: Data<AppState>,
            request: HttpRequest,
        ) -> Result<HttpResponse, Problem> {
            no_parameters(&request)?;
            let agreed = reference::partnership(&state.deps, by.partnership).await?;
            let show: fn(&Partnership) -> $answer = $show;
            Ok(HttpResponse::Ok().json(show(&agreed)))
        }
    };
}

reference_operation!(
    /// List the agencies
    ///
    /// Who takes part, with the names under which each can be sent.
    list_agencies, "/v1/reference/agencies", Agencies, |agreed| Agencies {
        items: agreed
            .agencies
            .iter()
            .map(|it| AgencyView {
                code: it.code.clone(),
                name: it.name.clone(),
                kind: it.agency_type,
                aliases: it.aliases.clone(),
                may_raise: it.may_raise,
                may_respond: it.may_respond,
                valid_from: Day(it.valid_from),
                valid_to: it.valid_to.map(Day),
                successor: it
                    .successor
                    .and_then(|id| agreed.agency_by_id(id))
                    .map(|agency| agency.code.clone()),
            })
            .collect(),
    }
);

reference_operation!(
    /// List the themes
    ///
    /// What kinds of things go wrong, in groups. These are not the themes of an action plan.
    list_themes, "/v1/reference/themes", Themes, |agreed| Themes {
        items: agreed
            .themes
            .iter()
            .map(|it| ThemeView {
                code: it.code.clone(),
                label: it.label.clone(),
                description: it.description.clone(),
                group: it.group_code.clone(),
                group_label: it.group_label.clone(),
                valid_from: Day(it.valid_from),
                valid_to: it.valid_to.map(Day),
            })
            .collect(),
    }
);

reference_operation!(
    /// List the timescales
    ///
    /// How soon the steps of a child's process must happen, who says so, and from which event on.
    list_timescales, "/v1/reference/timescales", Timescales, |agreed| Timescales {
        items: agreed
            .timescales
            .iter()
            .map(|version| {
                let it = &version.timescale;
                TimescaleView {
                    code: it.code.clone(),
                    version: it.version.clone(),
                    label: it.label.clone(),
                    limit: it.limit.as_ref().map(LimitView::from),
                    starts: it.starts.clone(),
                    stops: it.stops.clone(),
                    basis: it.basis.clone(),
                    source: it.source.clone(),
                    verified_against_wt2026: it.verified_against_wt2026,
                    effective_from: Day(version.effective_from),
                }
            })
            .collect(),
    }
);

reference_operation!(
    /// List the stage policies
    ///
    /// The ladders of stages, with who speaks to whom and how soon each must answer.
    list_stage_policies, "/v1/reference/stage-policies", StagePolicies, |agreed| StagePolicies {
        items: agreed
            .policies
            .iter()
            .map(|version| StagePolicyView {
                version: version.policy.version.clone(),
                effective_from: Day(version.effective_from),
                stages: version
                    .policy
                    .stages
                    .iter()
                    .map(|it| StageOfPolicy {
                        number: it.number,
                        code: it.code.clone(),
                        label: it.label.clone(),
                        raising_role: it.raising_role.clone(),
                        responding_role: it.responding_role.clone(),
                        acknowledge: it.acknowledge.as_ref().map(LimitView::from),
                        standard: it.standard.as_ref().map(LimitView::from),
                        urgent: it.urgent.as_ref().map(LimitView::from),
                        immediate: it.immediate.as_ref().map(LimitView::from),
                    })
                    .collect(),
            })
            .collect(),
    }
);

reference_operation!(
    /// List the calendars
    ///
    /// The bank holidays by which working days are counted. Each due date names its calendar.
    list_calendars, "/v1/reference/calendar", Calendars, |agreed| Calendars {
        items: agreed
            .calendars
            .iter()
            .map(|version| {
                let it = &version.calendar;
                CalendarView {
                    version: it.version().to_owned(),
                    nation: it.nation(),
                    first_year: *it.years().start(),
                    last_year: *it.years().end(),
                    holidays: it
                        .holidays()
                        .map(|(day, name)| HolidayView { day: Day(day), name: name.to_owned() })
                        .collect(),
                }
            })
            .collect(),
    }
);

/// List the outcomes
///
/// How an escalation can end, what it can mean for the child and for the delay, with definitions.
#[utoipa::path(
    tag = "reference",
    operation_id = "list_outcomes",
    security(("bearer" = ["read_reference"])),
    responses((status = 200, description = "The lists.", body = OutcomeLists), ReadProblems),
)]
#[get("/v1/reference/outcomes")]
pub async fn list_outcomes(
    _by: Allowed<needs::Reference>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let lists = crate::reference::outcomes().map_err(|_| ProblemType::Internal)?;
    let codes = |rows: Vec<crate::reference::CodeRow>| {
        rows.into_iter()
            .map(|row| CodeView { code: row.code, label: row.label, definition: row.definition })
            .collect()
    };
    Ok(HttpResponse::Ok().json(OutcomeLists {
        outcomes: lists
            .outcomes
            .into_iter()
            .map(|row| OutcomeView {
                code: row.code,
                label: row.label,
                definition: row.definition,
                counts_as_resolved: row.counts_as_resolved,
            })
            .collect(),
        child_outcomes: codes(lists.child_outcomes),
        delay_effects: codes(lists.delay_effects),
        delay_causes: codes(lists.delay_causes),
        child_impacts: codes(lists.child_impacts),
        interim_safety: codes(lists.interim_safety),
    }))
}
