//! Reference data: the codes that can be sent, their words and definitions, limits and calendars.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use super::answers::ReadProblems;
use super::escalations::no_parameters;
use super::permission::{Allowed, needs};
use super::policy_views::{StagePolicies, StagePolicyView};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::reference_views::{
    Agencies, AgencyView, AgreementView, CalendarView, Calendars, CodeView, HolidayView, LimitView,
    OutcomeLists, OutcomeView, ThemeView, Themes, TimescaleView, Timescales,
};
use super::state::AppState;
use super::times::{Day, Instant};
use crate::domain::london::local_date;
use crate::domain::partnership::Partnership;
use crate::domain::sharing_agreement::shown_to;
use crate::usecases::reference;

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

/// List the agencies
///
/// Who takes part, with the names under which each can be sent. To the agency itself, to those who review the partnership
/// and to who answers for data protection each says how it stands with its sharing agreement; ask once a day, and warn
/// your people when it `ends_soon`.
#[utoipa::path(
    tag = "reference",
    operation_id = "list_agencies",
    security(("bearer" = ["read_reference"])),
    responses((status = 200, description = "The list.", body = Agencies), ReadProblems),
)]
#[get("/v1/reference/agencies")]
pub async fn list_agencies(
    by: Allowed<needs::Reference>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let today = local_date(state.deps.clock.now());
    let items = agreed
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
            agreement: shown_to(&by, it.id).then(|| AgreementView::on(today, &it.sharing)),
        })
        .collect();
    Ok(HttpResponse::Ok().json(Agencies { items }))
}

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
    /// The ladders of stages with every rule of each version: who speaks to whom, how soon each must answer, what may be
    /// extended and paused, what follows the end.
    list_stage_policies, "/v1/reference/stage-policies", StagePolicies, |agreed| StagePolicies {
        items: agreed.policies.iter().map(StagePolicyView::from).collect(),
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
                    sha256: version.dates_sha256.clone(),
                    loaded_at: Instant(version.loaded_at),
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
