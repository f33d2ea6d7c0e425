//! The history of an escalation: its events, as far as the caller may see them.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::ReadProblems;
use super::escalations::{escalation_id, no_parameters};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::state::AppState;
use super::time_views::TimesView;
use super::times::Instant;
use super::views::agency_code;
use crate::domain::event::{ActorRole, Change, Event, EventType, TextField};
use crate::domain::ids::{AgencyId, EscalationId, EventId};
use crate::domain::london::local_date;
use crate::domain::partnership::Partnership;
use crate::domain::sight::Sight;
use crate::domain::standing::Standing;
use crate::usecases::read::{self, Past};

/// The history of an escalation, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    /// The events.
    pub items: Vec<EventView>,
    /// The child's time and the agencies' time.
    pub times: TimesView,
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
    let past = read::history(&state.deps, &by, id).await?;
    let escalation = format!("/v1/escalations/{id}");
    let standing = Standing::of(&past.escalation, &past.partnership, past.now);
    Ok(HttpResponse::Ok().json(History {
        items: events_shown(&past),
        times: TimesView::new(&standing, &past.sight, &past.partnership),
        links: HistoryLinks { this: format!("{escalation}/events"), escalation },
    }))
}

/// The events as far as the reader may see them: the one place that decides it, for the API and for pages.
pub(super) fn events_shown(past: &Past) -> Vec<EventView> {
    let raised_by = past.escalation.facts.raised_by;
    let shown = |event: &Event| {
        event_shown(event.clone(), raised_by, &past.sight, &past.partnership, past.now)
    };
    past.events.iter().map(shown).collect()
}

/// One event of an escalation that `raised_by` raised, as far as `sight` goes.
pub(super) fn event_shown(
    event: Event,
    raised_by: AgencyId,
    sight: &Sight,
    partnership: &Partnership,
    now: Timestamp,
) -> EventView {
    // Whoever took over the raiser's duties would give the raiser away.
    let is_raiser = |agency: AgencyId| {
        let day = local_date(now);
        agency == raised_by || partnership.predecessors_of(agency, day).contains(&raised_by)
    };
    let hidden = event.actor.agency.is_some_and(is_raiser) && !sight.raiser;
    EventView::new(event, hidden, sight, partnership)
}

impl EventView {
    fn new(event: Event, hidden: bool, sight: &Sight, partnership: &Partnership) -> Self {
        let reason_hidden = match &event.change {
            Change::Withdrawn { ending } => {
                !ending.withdrawal_reason.map_or(sight.withdrawal, |why| sight.sees(why))
            }
            _ => false,
        };
        Self {
            id: event.id,
            version: event.version,
            kind: event.change.event_type(),
            occurred_at: Instant(event.occurred_at),
            recorded_at: Instant(event.recorded_at),
            agency: event
                .actor
                .agency
                .filter(|_| !hidden)
                .map(|agency| agency_code(partnership, agency)),
            role: event.actor.role,
            change: shown(&event.change, sight, reason_hidden),
            texts: event
                .texts
                .into_iter()
                .filter(|_| !reason_hidden)
                .map(|(field, text)| TextView { field, text: text.into() })
                .collect(),
        }
    }
}

/// What changed, without what the caller may not see.
fn shown(change: &Change, sight: &Sight, reason_hidden: bool) -> serde_json::Value {
    let mut value = serde_json::to_value(change).unwrap_or_default();
    let mut remove = |part: &str, names: &[&str]| {
        if let Some(part) = value.get_mut(part).and_then(serde_json::Value::as_object_mut) {
            for name in names {
                part.remove(*name);
            }
        }
    };
    if !sight.raiser {
        remove("facts", &["raised_by", "source", "external_reference"]);
    }
    if !sight.raiser_role {
        remove("facts", &["raised_by_role"]);
    }
    if reason_hidden {
        remove("ending", &["withdrawal_reason"]);
    }
    value
}
