//! Who read what: everybody who saw an escalation or a child, and everything that somebody saw.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::{BodyProblems, ListProblems, ReadProblems};
use super::body::Body;
use super::cursor::{self, Position};
use super::escalations::no_parameters;
use super::field_errors::{FieldCode, FieldErrors};
use super::lists::listed;
use super::paging::{self, PageLinks};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::query::QueryReader;
use super::requests::{ChildReferenceInput, child_fault};
use super::state::AppState;
use super::times::Instant;
use super::views::agency_code;
use crate::domain::access::{Caller, Role};
use crate::domain::access_event::{AccessFilter, AccessLine, AccessPurpose, FieldsShown};
use crate::domain::child_reference::ChildReference;
use crate::domain::ids::{AccessEventId, ClientId, EscalationId};
use crate::domain::listing::{After, PageRequest};
use crate::domain::partnership::Partnership;
use crate::usecases::{access_events, reference};

const PARAMETERS: &[&str] =
    &["escalation_id", "subject", "client_id", "purpose", "from", "to", "sort", "limit", "cursor"];

/// The most characters of a subject, as tokens may have.
const LONGEST_SUBJECT: usize = 255;

/// How many entries a page of a search has.
const SEARCHED: i64 = 200;

/// A page of the log of reads.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessEventPage {
    /// The entries.
    pub items: Vec<AccessEventView>,
    /// Where to go on.
    pub links: PageLinks,
}

/// What a search in the log of reads found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundAccessEvents {
    /// The entries, the latest first; at most 200.
    pub items: Vec<AccessEventView>,
    /// Send it with the same search for those before; absent when these are all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Somebody was shown something. What it said is not kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccessEvent)]
pub struct AccessEventView {
    /// Its identifier.
    pub id: AccessEventId,
    /// When.
    pub at: Instant,
    /// The agency that the reader acted for; absent for the partnership's own roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// In which role.
    pub role: Role,
    /// By which registered client.
    pub client_id: ClientId,
    /// The person or system, as its token names it.
    pub subject: String,
    /// The operation of this contract, or the page.
    pub operation: String,
    /// What for; absent where it was not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<AccessPurpose>,
    /// How much was shown.
    pub fields: FieldsShown,
    /// Which escalations: those that were asked for, or else at most the first 200.
    pub escalation_ids: Vec<EscalationId>,
    /// How many escalations in all.
    pub escalations: usize,
    /// How many rows.
    pub rows: i32,
    /// The request, as its answer's `X-Request-Id` said.
    pub request_id: String,
}

impl AccessEventView {
    fn new(line: AccessLine, agreed: &Partnership) -> Self {
        let it = line.event;
        Self {
            id: it.id,
            at: Instant(it.at),
            agency: it.agency.map(|agency| agency_code(agreed, agency)),
            role: it.role,
            client_id: it.client,
            subject: it.subject,
            operation: it.operation,
            purpose: it.purpose,
            fields: it.fields,
            escalation_ids: it.escalations,
            escalations: line.escalations,
            rows: it.rows,
            request_id: it.request_id,
        }
    }
}

/// List who read what
///
/// Everybody who was shown an escalation (`escalation_id`), or everything that somebody was shown (`subject`, a person or
/// system as its token names it, and `client_id`). What is not named is not asked. Only for the auditor; asking is recorded
/// like every other reading.
#[utoipa::path(
    tag = "access log",
    operation_id = "list_access_events",
    params(
        ("escalation_id" = Option<EscalationId>, Query, description = "This escalation was shown."),
        ("subject" = Option<String>, Query, description = "This person or system read: the `sub` of its token."),
        ("client_id" = Option<ClientId>, Query, description = "By this registered client."),
        ("purpose" = Option<AccessPurpose>, Query, description = "For this purpose."),
        ("from" = Option<Instant>, Query, description = "At this instant or later."),
        ("to" = Option<Instant>, Query, description = "Before this instant."),
        ("sort" = Option<paging::SortByAge>, Query, description = "`newest_first`, the usual order, or `oldest_first`."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Lines of a page; 50 when absent."),
        ("cursor" = Option<String>, Query, description = "From `links.next`."),
    ),
    security(("bearer" = ["read_access_log"])),
    responses(
        (status = 200, description = "A page.", body = AccessEventPage),
        ReadProblems, ListProblems,
    ),
)]
#[get("/v1/access-events")]
pub async fn list_access_events(
    by: Allowed<needs::AccessLog>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let mut query = QueryReader::new(request.query_string(), PARAMETERS);
    let escalation = query.uuid("escalation_id").map(EscalationId);
    let subject = query.raw("subject").map(str::to_owned);
    if subject.as_ref().is_some_and(|it| it.is_empty() || it.len() > LONGEST_SUBJECT) {
        query.refuse("subject", FieldCode::Pattern);
    }
    let (from, to) = (query.instant("from"), query.instant("to"));
    let filter = AccessFilter {
        escalations: escalation.map(|id| vec![id]),
        subject,
        client: query.uuid("client_id").map(ClientId),
        purpose: query.code("purpose"),
        from: from.map(|it| it.0),
        to: to.map(|it| it.0),
    };
    let paging = paging::read_by_age(&mut query, &request, &state, &by)?;
    query.finish()?;
    let page = access_events::list(&state.deps, &by, &filter, paging.request).await?;
    let links = paging.links(&request, &state, page.next);
    let items = page.items.into_iter().map(|it| AccessEventView::new(it, &agreed)).collect();
    Ok(listed(&links).json(AccessEventPage { items, links }))
}

/// Who is looked for in the log of reads.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct SearchAccessEvents {
    /// Everybody who was shown a matter of this child.
    pub child_reference: ChildReferenceInput,
    /// At this instant or later.
    #[deserr(default)]
    pub from: Option<Instant>,
    /// Before this instant.
    #[deserr(default)]
    pub to: Option<Instant>,
    /// From the answer before, to go on.
    #[deserr(default)]
    pub cursor: Option<String>,
}

/// Search who read about a child
///
/// Everybody who was shown an escalation of this child, whoever raised it, the latest first. The reference goes in the body,
/// because addresses are logged on their way. Only for the auditor; the search is recorded like every other reading, also
/// where it finds nothing.
#[utoipa::path(
    tag = "access log",
    operation_id = "search_access_events",
    request_body(content = SearchAccessEvents, example = json!({
        "child_reference": {"scheme": "la_child_id", "value": "SYN100234"}
    })),
    security(("bearer" = ["read_access_log"])),
    responses(
        (status = 200, description = "What was found.", body = FoundAccessEvents),
        ReadProblems, BodyProblems, ListProblems,
    ),
)]
#[post("/v1/searches/access-events")]
pub async fn search_access_events(
    by: Allowed<needs::AccessLog>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let input: SearchAccessEvents = body.read().await?;
    let reference = input.child_reference;
    let child =
        ChildReference::parse(reference.scheme, reference.value.as_str(), &state.deps.schemes)
            .map_err(|error| {
                let mut faults = FieldErrors::new();
                faults.push_with("#/child_reference/value", child_fault(error), error.to_string());
                Problem::from(faults)
            })?;
    let (from, to) = (input.from.map(|it| it.0), input.to.map(|it| it.0));
    let binding = binding(&by, &child, (from, to));
    let now = state.deps.clock.now();
    let after = match &input.cursor {
        None => None,
        Some(text) => {
            let position = cursor::open(&state.cursors, &binding, text, now)?;
            Some(After { at: position.at, id: position.id })
        }
    };
    let page = PageRequest { limit: SEARCHED, after, oldest_first: false, by_next_due: false };
    let filter = AccessFilter { from, to, ..AccessFilter::default() };
    let page = access_events::of_child(&state.deps, &by, &child, &filter, page).await?;
    let next_cursor = page.next.map(|after| {
        let position = Position { at: after.at, id: after.id };
        cursor::seal(&state.cursors, &binding, position, now)
    });
    let items = page.items.into_iter().map(|it| AccessEventView::new(it, &agreed)).collect();
    Ok(HttpResponse::Ok().json(FoundAccessEvents { items, next_cursor }))
}

/// What a cursor of this search holds for. Only a keyed hash of it is in the cursor, which tells nobody which child it is.
fn binding(
    by: &Caller,
    child: &ChildReference,
    (from, to): (Option<jiff::Timestamp>, Option<jiff::Timestamp>),
) -> Vec<u8> {
    let mut binding = format!(
        "{}\n{}\n/v1/searches/access-events\n{from:?}\n{to:?}\n",
        by.partnership, by.client
    )
    .into_bytes();
    binding.extend(child.lookup_text().as_bytes());
    binding
}
