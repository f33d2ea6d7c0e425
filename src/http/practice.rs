//! Good practice beside the escalations: record an informal resolution or a commendation, list and read them.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::Serialize;
use utoipa::ToSchema;

use super::accept::Format;
use super::answers::{BodyProblems, ListProblems, ReadProblems};
use super::body::Body;
use super::csv_answer;
use super::escalations::no_parameters;
use super::fields::canonical_uuid;
use super::filters::{AS_OF, agency, as_of, span, themes};
use super::lists::listed;
use super::paging::{self, PageLinks, Sort};
use super::permission::{Allowed, needs};
use super::practice_views::{
    PRACTICE_COLUMNS, PracticeLine, PracticeRecordView, RecordCommendation,
    RecordInformalResolution,
};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::query::QueryReader;
use super::state::AppState;
use super::times::Instant;
use crate::domain::access::Caller;
use crate::domain::ids::PracticeRecordId;
use crate::domain::practice::{Practice, PracticeFilter, PracticeKind};
use crate::usecases::{practice, reference};

/// Record an informal resolution
///
/// Something was settled by talking, before anything was escalated. It is no escalation: it has no
/// stage and no clock, and counts in no figure of escalations; it stands beside these, so that a
/// fall of theirs can be read properly. Send `source` and `external_reference` to make it safe to
/// repeat: the second sending answers 409 with the `Location` of what the first one stored.
#[utoipa::path(
    tag = "practice",
    operation_id = "record_informal_resolution",
    request_body(content = RecordInformalResolution, example = json!({
        "about_agency": "anyborough_cs",
        "theme": "strategy_meeting_late",
        "urgency": "standard",
        "note": "The team manager rang back within the hour and set a time for the meeting.",
        "source": "niche",
        "external_reference": "INF-2026-031"
    })),
    security(("bearer" = ["record_practice"])),
    responses(
        (status = 201, description = "It is stored.", body = PracticeRecordView,
         headers(("Location" = String, description = "Where it is."))),
        (status = 409, description = "The external reference is taken; `Location` tells by what.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/informal-resolutions")]
pub async fn record_informal_resolution(
    by: Allowed<needs::RecordPractice>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let input: RecordInformalResolution = body.read().await?;
    recorded(&state, &by, input.into_practice()?).await
}

/// Record a commendation
///
/// Another agency challenged or responded well. It is no escalation, and counts in no figure of
/// escalations; it stands beside these, because good practice is to be learnt from as well. Sending
/// it twice with `source` and `external_reference` answers 409 as an escalation does.
#[utoipa::path(
    tag = "practice",
    operation_id = "record_commendation",
    request_body(content = RecordCommendation, example = json!({
        "about_agency": "anyborough_cs",
        "theme": "threshold_disagreement",
        "note": "Welcomed our challenge, read the history again and changed the decision the same day.",
        "occurred_at": "2026-11-17T14:30:00Z"
    })),
    security(("bearer" = ["record_practice"])),
    responses(
        (status = 201, description = "It is stored.", body = PracticeRecordView,
         headers(("Location" = String, description = "Where it is."))),
        (status = 409, description = "The external reference is taken; `Location` tells by what.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/commendations")]
pub async fn record_commendation(
    by: Allowed<needs::RecordPractice>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let input: RecordCommendation = body.read().await?;
    recorded(&state, &by, input.into_practice()?).await
}

async fn recorded(state: &AppState, by: &Caller, said: Practice) -> Result<HttpResponse, Problem> {
    let (record, agreed) = practice::record(&state.deps, by, said).await?;
    let location = format!("/v1/practice-records/{}", record.summary.id);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .json(PracticeRecordView::new(record, &agreed)))
}

/// A page of informal resolutions and commendations.
#[derive(Debug, Serialize, ToSchema)]
pub struct PracticePage {
    /// The lines.
    pub items: Vec<PracticeLine>,
    /// Where to go on.
    pub links: PageLinks,
}

const PARAMETERS: &[&str] = &[
    "kind",
    "theme",
    "group",
    "by_agency",
    "about_agency",
    "occurred_from",
    "occurred_to",
    AS_OF,
    "sort",
    "limit",
    "cursor",
];

/// List informal resolutions and commendations
///
/// Newest first unless `sort` says otherwise; never with notes. An agency sees what it recorded and
/// what was recorded about it. The counts beside the weekly figures link here.
#[utoipa::path(
    tag = "practice",
    operation_id = "list_practice_records",
    params(
        ("kind" = Option<PracticeKind>, Query, description = "What kind."),
        ("theme" = Option<String>, Query, description = "Code of its theme."),
        ("group" = Option<String>, Query, description = "Code of the group of its theme."),
        ("by_agency" = Option<String>, Query, description = "Code of the agency that recorded it."),
        ("about_agency" = Option<String>, Query, description = "Code of the agency that it is about."),
        ("occurred_from" = Option<Instant>, Query, description = "It happened at this instant or later."),
        ("occurred_to" = Option<Instant>, Query, description = "It happened before this instant."),
        ("as_of" = Option<Instant>, Query, description = "What had been recorded by this instant. Not in the future."),
        ("sort" = Option<Sort>, Query, description = "The order, by `occurred_at`."),
        ("limit" = Option<u32>, Query, description = "Lines of a page, 1 to 200; 50 when not said.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "From `links.next`; good for 24 hours."),
    ),
    security(("bearer" = ["list_practice"])),
    responses(
        (status = 200, description = "A page.", content(
            (PracticePage = "application/json"), (String = "text/csv"))),
        ReadProblems, ListProblems,
    ),
)]
#[get("/v1/practice-records")]
pub async fn list_practice_records(
    by: Allowed<needs::ListPractice>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let mut query = QueryReader::new(request.query_string(), PARAMETERS);
    let filter = PracticeFilter {
        kind: query.code("kind"),
        themes: themes(&mut query, &agreed),
        by: agency(&mut query, &agreed, "by_agency"),
        about: agency(&mut query, &agreed, "about_agency"),
        occurred: span(&mut query, "occurred_from", "occurred_to"),
        as_of: as_of(&mut query, state.deps.clock.now()),
    };
    let paging = paging::read(&mut query, &request, &state, &by)?;
    query.finish()?;
    let page = practice::list(&state.deps, &by, &filter, paging.request).await?;
    let links = paging.links(&request, &state, page.next);
    let items: Vec<PracticeLine> =
        page.items.iter().map(|it| PracticeLine::new(it, &agreed)).collect();
    if by.format() == Format::Csv {
        let rows = items.iter().map(PracticeLine::cells);
        let next = links.next.as_deref();
        return csv_answer::answer("practice-records", PRACTICE_COLUMNS, rows, next);
    }
    Ok(listed(&links).json(PracticePage { items, links }))
}

/// Read an informal resolution or a commendation
///
/// With its note: for the two agencies, and for those who oversee them.
#[utoipa::path(
    tag = "practice",
    operation_id = "read_practice_record",
    params(("record_id" = PracticeRecordId, Path, description = "The record.")),
    security(("bearer" = ["read_practice"])),
    responses(
        (status = 200, description = "The record.", body = PracticeRecordView),
        ReadProblems,
    ),
)]
#[get("/v1/practice-records/{record_id}")]
pub async fn read_practice_record(
    by: Allowed<needs::ReadPractice>,
    state: Data<AppState>,
    request: HttpRequest,
    record_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = canonical_uuid(&record_id).map(PracticeRecordId).ok_or(ProblemType::NotFound)?;
    let (record, agreed) = practice::one(&state.deps, &by, id).await?;
    Ok(HttpResponse::Ok().json(PracticeRecordView::new(record, &agreed)))
}
