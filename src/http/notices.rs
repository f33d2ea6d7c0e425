//! Notices: what came due, and who is told of it. For agencies' own systems, which know whom their roles are.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::accept::Format;
use super::answers::{ListProblems, ReadProblems};
use super::csv_answer::{self, Cell};
use super::filters::span;
use super::lists::listed;
use super::paging::{self, PageLinks, Sort};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::query::QueryReader;
use super::state::AppState;
use super::times::Instant;
use crate::domain::ids::{ClockId, EscalationId};
use crate::domain::notice::{Notice, NoticeFilter, NoticeKind, role_words};
use crate::domain::partnership::Partnership;
use crate::domain::stage_clock::ClockKind;
use crate::usecases::{notices, reference};

/// A page of notices.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticePage {
    /// The lines.
    pub items: Vec<NoticeLine>,
    /// Where to go on.
    pub links: PageLinks,
}

/// Something that came due, and who is told of it. It names the escalation, never a child.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notice)]
pub struct NoticeLine {
    /// Its identifier; a notice is made once.
    pub id: Uuid,
    /// What is told.
    pub kind: NoticeKind,
    /// For a warning: how much of the clock's time had been used, in hundredths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// The escalation.
    pub escalation_id: EscalationId,
    /// Its reference, safe to say aloud.
    pub reference: String,
    /// The clock.
    pub clock_id: ClockId,
    /// What the clock waits for.
    pub clock_kind: ClockKind,
    /// The stage that set the limit.
    pub stage: u8,
    /// The last instant in time.
    pub due_at: Instant,
    /// When it came due.
    pub fires_at: Instant,
    /// When the service noticed.
    pub fired_at: Instant,
    /// When it is told: at once, or after quiet hours.
    pub tell_at: Instant,
    /// Who is told.
    pub told: Vec<ToldRole>,
    /// Whether the service noticed more than five minutes after it came due, for example after an outage.
    pub late: bool,
    /// Where the escalation is.
    pub href: String,
}

/// Somebody who is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct ToldRole {
    /// `raiser`, `responder`, `raiser_manager`, `responder_manager`, `service_lead` or `partnership_business_unit`.
    pub code: String,
    /// What the stage policy calls the role, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// The columns of notices; roles are separated by blanks.
const COLUMNS: &[&str] = &[
    "id",
    "kind",
    "percent",
    "escalation_id",
    "reference",
    "clock_id",
    "clock_kind",
    "stage",
    "due_at",
    "fires_at",
    "fired_at",
    "tell_at",
    "told",
    "late",
];

const PARAMETERS: &[&str] =
    &["kind", "escalation_id", "told_from", "told_to", "sort", "limit", "cursor"];

/// List notices
///
/// What came due by itself and is told by now, newest first unless `sort` says otherwise: warnings, limits that ran
/// out, escalations that the service took to the next stage because nobody chose, those that stay and are flagged for
/// the weekly review, and pauses that are over. An agency sees those of its own escalations. Ask with `told_from`, an
/// instant some minutes before the last answer, and tell repeated notices by their `id`.
#[utoipa::path(
    tag = "lists",
    operation_id = "list_notices",
    params(
        ("kind" = Option<NoticeKind>, Query, description = "What is told."),
        ("escalation_id" = Option<EscalationId>, Query, description = "Of this escalation."),
        ("told_from" = Option<Instant>, Query, description = "Told at this instant or later."),
        ("told_to" = Option<Instant>, Query, description = "Told before this instant."),
        ("sort" = Option<Sort>, Query, description = "The order, by `tell_at`."),
        ("limit" = Option<u32>, Query, description = "Lines of a page, 1 to 200; 50 when not said.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "From `links.next`; good for 24 hours."),
    ),
    security(("bearer" = ["list_escalations"])),
    responses(
        (status = 200, description = "A page.", content(
            (NoticePage = "application/json"), (String = "text/csv"))),
        ReadProblems, ListProblems,
    ),
)]
#[get("/v1/notices")]
pub async fn list_notices(
    by: Allowed<needs::List>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let mut query = QueryReader::new(request.query_string(), PARAMETERS);
    let filter = NoticeFilter {
        kind: query.code("kind"),
        escalation: query.uuid("escalation_id").map(EscalationId),
        told: span(&mut query, "told_from", "told_to"),
    };
    let paging = paging::read(&mut query, &request, &state, &by)?;
    query.finish()?;
    let page = notices::list(&state.deps, &by, filter, paging.request).await?;
    let links = paging.links(&request, &state, page.next);
    let items: Vec<NoticeLine> =
        page.items.into_iter().map(|it| NoticeLine::new(it, &agreed)).collect();
    if by.format() == Format::Csv {
        let rows = items.iter().map(NoticeLine::cells);
        return csv_answer::answer("notices", COLUMNS, rows, links.next.as_deref());
    }
    Ok(listed(&links).json(NoticePage { items, links }))
}

impl NoticeLine {
    /// What a notice says.
    pub(super) fn new(it: Notice, agreed: &Partnership) -> Self {
        let policy = agreed.policy(&it.policy_version);
        let late = it.is_late();
        let role = |code: &str| role_words(code, it.stage, policy?).map(str::to_owned);
        let told: Vec<ToldRole> =
            it.told.iter().map(|code| ToldRole { role: role(code), code: code.clone() }).collect();
        Self {
            id: it.id,
            kind: it.kind,
            percent: it.percent,
            escalation_id: it.escalation,
            reference: it.reference,
            clock_id: it.clock,
            clock_kind: it.clock_kind,
            stage: it.stage,
            due_at: Instant(it.due_at),
            fires_at: Instant(it.fires_at),
            fired_at: Instant(it.fired_at),
            tell_at: Instant(it.tell_at),
            told,
            late,
            href: format!("/v1/escalations/{}", it.escalation),
        }
    }

    /// Its cells, in the order of [`COLUMNS`].
    fn cells(&self) -> Vec<Cell> {
        let text = |value: &dyn ToString| Cell::Text(value.to_string());
        let told: Vec<&str> = self.told.iter().map(|it| it.code.as_str()).collect();
        vec![
            text(&self.id),
            text(&self.kind),
            self.percent.map_or(Cell::Empty, |percent| Cell::Count(i64::from(percent))),
            text(&self.escalation_id),
            text(&self.reference),
            text(&self.clock_id),
            text(&self.clock_kind),
            Cell::Count(i64::from(self.stage)),
            text(&self.due_at.0),
            text(&self.fires_at.0),
            text(&self.fired_at.0),
            text(&self.tell_at.0),
            Cell::Text(told.join(" ")),
            text(&self.late),
        ]
    }
}
