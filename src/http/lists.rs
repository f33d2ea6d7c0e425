//! Lists of escalations, of their episodes and of their clocks. Every figure links to one of these.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::accept::Format;
use super::answers::{ListProblems, ReadProblems};
use super::csv_answer;
use super::filters::{
    COMMON, CommonParameters, PAGE, PageParameters, clock_filter, episode_filter, escalation_filter,
};
use super::lines::{
    CLOCK_COLUMNS, ClockLine, EPISODE_COLUMNS, ESCALATION_COLUMNS, EpisodeLine, EscalationLine,
};
use super::paging::{self, PageLinks};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::query::QueryReader;
use super::state::AppState;
use super::workbook::{self, Sheet};
use crate::usecases::{read, reference};

/// A page of escalations.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationPage {
    /// The lines.
    pub items: Vec<EscalationLine>,
    /// Where to go on.
    pub links: PageLinks,
}

/// A page of episodes.
#[derive(Debug, Serialize, ToSchema)]
pub struct EpisodePage {
    /// The lines.
    pub items: Vec<EpisodeLine>,
    /// Where to go on.
    pub links: PageLinks,
}

/// A page of stage clocks.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockPage {
    /// The lines.
    pub items: Vec<ClockLine>,
    /// Where to go on.
    pub links: PageLinks,
}

/// The parameters that only this list has.
pub(super) const OF_ESCALATIONS: &[&str] =
    &["raised_from", "raised_to", "overdue", "next_due_from", "next_due_to", "next_due_clock"];

/// The parameters that only this list has.
pub(super) const OF_EPISODES: &[&str] = &[
    "opened_from",
    "opened_to",
    "ended_from",
    "ended_to",
    "open_at",
    "reopened",
    "resolved",
    "same_day",
];

/// The parameters that only this list has.
pub(super) const OF_CLOCKS: &[&str] =
    &["kind", "due_from", "due_to", "overdue_at", "counted", "in_time"];

/// List escalations
///
/// Newest first unless `sort` says otherwise; never with free text or child references. An agency
/// sees what it raised and what it must answer.
#[utoipa::path(
    tag = "lists",
    operation_id = "list_escalations",
    params(
        CommonParameters,
        PageParameters,
        ("raised_from" = Option<super::times::Instant>, Query, description = "Raised at this instant or later."),
        ("raised_to" = Option<super::times::Instant>, Query, description = "Raised before this instant."),
        ("overdue" = Option<bool>, Query, description = "Whether the answer that is awaited now is late."),
        ("next_due_from" = Option<super::times::Instant>, Query, description = "Due next at this instant or later."),
        ("next_due_to" = Option<super::times::Instant>, Query, description = "Due next before this instant."),
        ("next_due_clock" = Option<crate::domain::stage_clock::ClockKind>, Query, description = "What the clock waits for that is due next."),
    ),
    security(("bearer" = ["list_escalations"])),
    responses(
        (status = 200, description = "A page.", content(
            (EscalationPage = "application/json"), (String = "text/csv"),
            (workbook::WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        ReadProblems, ListProblems,
    ),
)]
#[get("/v1/escalations")]
pub async fn list_escalations(
    by: Allowed<needs::ListEscalations>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let now = state.deps.clock.now();
    let mut query = QueryReader::with(request.query_string(), &[COMMON, PAGE, OF_ESCALATIONS]);
    let filter = escalation_filter(&mut query, &agreed, true, now);
    let paging = paging::read(&mut query, &request, &state, &by)?;
    query.finish()?;
    let page = read::escalations(&state.deps, &by, &filter, paging.request).await?;
    let links = paging.links(&request, &state, page.next);
    let now = filter.as_of.unwrap_or(now);
    let items: Vec<EscalationLine> =
        page.items.iter().map(|it| EscalationLine::new(it, &agreed, now)).collect();
    let rows = items.iter().map(EscalationLine::cells);
    let next = links.next.as_deref();
    match by.format() {
        Format::Json | Format::CloudEvents | Format::Ndjson | Format::Text | Format::Zip => {}
        Format::Csv => {
            return csv_answer::answer("escalations", ESCALATION_COLUMNS, rows, next);
        }
        Format::Xlsx => {
            let sheets = [
                workbook::read_me(&[
                    ("what", format!("Escalations, one page of the list, {}", agreed.name)),
                    ("as_at", now.to_string()),
                    (
                        "more",
                        next.map_or("no further page", |_| "a further page follows").to_owned(),
                    ),
                ]),
                Sheet::new("Escalations", ESCALATION_COLUMNS, rows.collect()),
                workbook::codes_of(&agreed),
            ];
            return workbook::answer("escalations", "Escalations", now, &sheets, next);
        }
    }
    Ok(listed(&links).json(EscalationPage { items, links }))
}

/// List episodes
///
/// An episode is one run of an escalation from opening to end; reopening starts another. Resolved,
/// ended, reopened and open figures count episodes and link here.
#[utoipa::path(
    tag = "lists",
    operation_id = "list_episodes",
    params(
        CommonParameters,
        PageParameters,
        ("opened_from" = Option<super::times::Instant>, Query, description = "Opened at this instant or later."),
        ("opened_to" = Option<super::times::Instant>, Query, description = "Opened before this instant."),
        ("ended_from" = Option<super::times::Instant>, Query, description = "Ended at this instant or later."),
        ("ended_to" = Option<super::times::Instant>, Query, description = "Ended before this instant."),
        ("open_at" = Option<super::times::Instant>, Query, description = "Opened before this instant and not ended by then."),
        ("reopened" = Option<bool>, Query, description = "Whether it began with a reopening."),
        ("resolved" = Option<bool>, Query, description = "Whether its outcome settles the matter."),
        ("same_day" = Option<bool>, Query, description = "Whether it ended on the local date on which it opened."),
    ),
    security(("bearer" = ["list_escalations"])),
    responses(
        (status = 200, description = "A page.", content(
            (EpisodePage = "application/json"), (String = "text/csv"))),
        ReadProblems, ListProblems,
    ),
)]
#[get("/v1/episodes")]
pub async fn list_episodes(
    by: Allowed<needs::List>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let now = state.deps.clock.now();
    let mut query = QueryReader::with(request.query_string(), &[COMMON, PAGE, OF_EPISODES]);
    let of = escalation_filter(&mut query, &agreed, false, now);
    let filter = episode_filter(&mut query);
    let paging = paging::read(&mut query, &request, &state, &by)?;
    query.finish()?;
    let page = read::episodes(&state.deps, &by, &of, &filter, paging.request).await?;
    let links = paging.links(&request, &state, page.next);
    let now = of.as_of.unwrap_or(now);
    let items: Vec<EpisodeLine> =
        page.items.iter().map(|it| EpisodeLine::new(it, &agreed, now)).collect();
    if by.format() == Format::Csv {
        let rows = items.iter().map(EpisodeLine::cells);
        return csv_answer::answer("episodes", EPISODE_COLUMNS, rows, links.next.as_deref());
    }
    Ok(listed(&links).json(EpisodePage { items, links }))
}

/// List stage clocks
///
/// A stage clock is one limit for acknowledging or answering. Figures of timeliness count clocks
/// and link here. `stage` is the stage that set the limit.
#[utoipa::path(
    tag = "lists",
    operation_id = "list_clocks",
    params(
        CommonParameters,
        PageParameters,
        ("kind" = Option<crate::domain::stage_clock::ClockKind>, Query, description = "What it waits for."),
        ("due_from" = Option<super::times::Instant>, Query, description = "Due at this instant or later."),
        ("due_to" = Option<super::times::Instant>, Query, description = "Due before this instant."),
        ("overdue_at" = Option<super::times::Instant>, Query, description = "Due before this instant and still running then."),
        ("counted" = Option<bool>, Query, description = "Whether it counts: it was not replaced, and did not end with the matter, before it was due."),
        ("in_time" = Option<bool>, Query, description = "Whether what it waited for came in time."),
    ),
    security(("bearer" = ["list_escalations"])),
    responses(
        (status = 200, description = "A page.", content(
            (ClockPage = "application/json"), (String = "text/csv"))),
        ReadProblems, ListProblems,
    ),
)]
#[get("/v1/clocks")]
pub async fn list_clocks(
    by: Allowed<needs::List>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let now = state.deps.clock.now();
    let mut query = QueryReader::with(request.query_string(), &[COMMON, PAGE, OF_CLOCKS]);
    let of = escalation_filter(&mut query, &agreed, false, now);
    let filter = clock_filter(&mut query);
    let paging = paging::read(&mut query, &request, &state, &by)?;
    query.finish()?;
    let page = read::clocks(&state.deps, &by, &of, &filter, paging.request).await?;
    let links = paging.links(&request, &state, page.next);
    let now = of.as_of.unwrap_or(now);
    let items: Vec<ClockLine> =
        page.items.iter().map(|it| ClockLine::new(it, &agreed, now)).collect();
    if by.format() == Format::Csv {
        let rows = items.iter().map(ClockLine::cells);
        return csv_answer::answer("clocks", CLOCK_COLUMNS, rows, links.next.as_deref());
    }
    Ok(listed(&links).json(ClockPage { items, links }))
}

/// A page as the answer, with its links.
pub(super) fn listed(links: &PageLinks) -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::VARY, "accept"));
    answer.append_header((header::LINK, format!("<{}>; rel=\"self\"", links.this)));
    if let Some(next) = &links.next {
        answer.append_header((header::LINK, format!("<{next}>; rel=\"next\"")));
    }
    answer
}
