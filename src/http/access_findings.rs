//! What in the log of reads is worth a question.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use jiff::SignedDuration;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::ReadProblems;
use super::field_errors::FieldCode;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::query::QueryReader;
use super::state::AppState;
use super::times::Instant;
use super::views::agency_code;
use crate::domain::access::Role;
use crate::domain::browsing::{BrowsingSign, Finding};
use crate::domain::ids::ClientId;
use crate::domain::partnership::Partnership;
use crate::usecases::{access_events, reference};

/// The span when none is named.
const USUAL: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The longest span.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);

/// What in a span of time is worth a question.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessFindings {
    /// From this instant on.
    pub from: Instant,
    /// Before this instant.
    pub to: Instant,
    /// What was found, reader by reader.
    pub items: Vec<AccessFindingView>,
}

/// Reading that is worth a question. It does not say that anything was wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccessFinding)]
pub struct AccessFindingView {
    /// What it is.
    pub sign: BrowsingSign,
    /// The agency that the reader acted for; absent for the partnership's own roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// In which role.
    pub role: Role,
    /// By which registered client.
    pub client_id: ClientId,
    /// The person or system, as its token names it.
    pub subject: String,
    /// The first read that belongs to it.
    pub from: Instant,
    /// The last.
    pub to: Instant,
    /// How many reads.
    pub reads: usize,
    /// Of how many escalations.
    pub escalations: usize,
    /// Of how many children; for `many_children` the most within any hour.
    pub children: usize,
}

impl AccessFindingView {
    fn new(it: Finding, agreed: &Partnership) -> Self {
        Self {
            sign: it.sign,
            agency: it.reader.agency.map(|agency| agency_code(agreed, agency)),
            role: it.reader.role,
            client_id: it.reader.client,
            subject: it.reader.subject,
            from: Instant(it.from),
            to: Instant(it.to),
            reads: it.reads,
            escalations: it.escalations,
            children: it.children,
        }
    }
}

/// Look for browsing
///
/// What in the log of reads is worth a question, for the auditor's weekly look: who opened more than 50 children within an
/// hour, who read for the whole partnership without having acted and without a purpose, and who read at night or at a
/// week-end. Counted are matters of which more than a line of a list was shown. None of it says that anything was wrong. The
/// last seven days unless `from` and `to` say otherwise, at most 31 days.
#[utoipa::path(
    tag = "access log",
    operation_id = "list_access_findings",
    params(
        ("from" = Option<Instant>, Query, description = "From this instant on; seven days before `to` when absent."),
        ("to" = Option<Instant>, Query, description = "Before this instant; now when absent."),
    ),
    security(("bearer" = ["read_access_log"])),
    responses((status = 200, description = "What was found.", body = AccessFindings), ReadProblems),
)]
#[get("/v1/access-findings")]
pub async fn list_access_findings(
    by: Allowed<needs::AccessLog>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let mut query = QueryReader::new(request.query_string(), &["from", "to"]);
    let (from, to) = (query.instant("from"), query.instant("to"));
    let to = to.map_or_else(|| state.deps.clock.now(), |it| it.0);
    let from = from.map_or_else(|| to.checked_sub(USUAL).unwrap_or(to), |it| it.0);
    let span = to.duration_since(from);
    if span.is_negative() || span > LONGEST {
        query.refuse("from", FieldCode::OutOfRange);
    }
    query.finish()?;
    let found = access_events::findings(&state.deps, &by, (from, to)).await?;
    let items = found.into_iter().map(|it| AccessFindingView::new(it, &agreed)).collect();
    Ok(HttpResponse::Ok().json(AccessFindings { from: Instant(from), to: Instant(to), items }))
}
