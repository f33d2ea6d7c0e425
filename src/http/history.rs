//! The history of an escalation: its events, as far as the caller may see them.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::ReadProblems;
use super::escalations::{escalation_id, no_parameters};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::state::AppState;
use super::times::Instant;
use super::views::agency_code;
use crate::domain::event::{ActorRole, Event, EventType, TextField};
use crate::domain::ids::{EscalationId, EventId};
use crate::domain::partnership::Partnership;
use crate::usecases::read;

/// The history of an escalation, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    /// The events.
    pub items: Vec<EventView>,
    /// Where to go on.
    pub links: HistoryLinks,
}

/// Where to go on from a history.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryLinks {
    /// This history.
    #[serde(rename = "self")]
    pub this: String,
    /// The escalation.
    pub escalation: String,
}

/// One recorded act. It never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// Its identifier.
    pub id: EventId,
    /// The version that the escalation has after it.
    pub version: i32,
    /// What kind of act it was.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// When it happened, as the actor says.
    pub occurred_at: Instant,
    /// When the service received it.
    pub recorded_at: Instant,
    /// The agency that acted; absent for the partnership's own roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// The role in which it was done; `system` when the service acted because time ran out.
    pub role: ActorRole,
    /// What changed, by the kind of act. Never free text, never a child.
    #[schema(value_type = Object)]
    pub change: serde_json::Value,
    /// What was written about it.
    pub texts: Vec<TextView>,
}

/// A text that belongs to an act.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventText)]
pub struct TextView {
    /// Which text it is.
    pub field: TextField,
    /// The text.
    pub text: String,
}

/// Read the history of an escalation
///
/// Every recorded act, oldest first. The escalation is what these acts, in order, make of it.
#[utoipa::path(
    tag = "escalations",
    operation_id = "read_history",
    params(("id" = EscalationId, Path, description = "The escalation.")),
    security(("bearer" = ["read_escalation"])),
    responses(
        (status = 200, description = "The history.", body = History),
        ReadProblems,
    ),
)]
#[get("/v1/escalations/{id}/events")]
pub async fn read_history(
    by: Allowed<needs::Read>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = escalation_id(&id)?;
    let (events, partnership) = read::history(&state.deps, &by, id).await?;
    let escalation = format!("/v1/escalations/{id}");
    Ok(HttpResponse::Ok().json(History {
        items: events.into_iter().map(|event| EventView::new(event, &partnership)).collect(),
        links: HistoryLinks { this: format!("{escalation}/events"), escalation },
    }))
}

impl EventView {
    fn new(event: Event, partnership: &Partnership) -> Self {
        Self {
            id: event.id,
            version: event.version,
            kind: event.change.event_type(),
            occurred_at: Instant(event.occurred_at),
            recorded_at: Instant(event.recorded_at),
            agency: event.actor.agency.map(|agency| agency_code(partnership, agency)),
            role: event.actor.role,
            change: serde_json::to_value(&event.change).unwrap_or_default(),
            texts: event
                .texts
                .into_iter()
                .map(|(field, text)| TextView { field, text: text.into() })
                .collect(),
        }
    }
}
