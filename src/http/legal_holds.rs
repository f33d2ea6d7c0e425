//! Legal holds: what is not to be destroyed, whoever proposes or approves that.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::{ActProblems, BodyProblems, ListProblems, ReadProblems};
use super::body::Body;
use super::escalations::no_parameters;
use super::field_errors::{FieldCode, FieldErrors};
use super::fields::{Id, Text, canonical_uuid, code_members};
use super::lists::listed;
use super::paging::{self, PageLinks};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::query::QueryReader;
use super::requests::{ChildReferenceInput, child_fault};
use super::review_views::naming_nobody;
use super::state::AppState;
use super::times::{Day, Instant};
use crate::domain::access::Role;
use crate::domain::child_reference::ChildReference;
use crate::domain::ids::{EscalationId, LegalHoldId};
use crate::domain::legal_hold::{Held, HoldReason, HoldScope, LegalHold};
use crate::usecases::legal_holds::{self, Named, NewHold};

code_members!(HoldScope, HoldReason);

/// Place a legal hold.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct PlaceLegalHold {
    /// How much it is about.
    pub scope: HoldScope,
    /// The escalation, where it is about one.
    #[deserr(default)]
    #[schema(value_type = Option<EscalationId>)]
    pub escalation_id: Option<Id>,
    /// The child, where it is about one: every escalation about it, also those to come.
    #[deserr(default)]
    pub child_reference: Option<ChildReferenceInput>,
    /// Why.
    pub reason: HoldReason,
    /// On what order: its title or number. No names of persons.
    pub authority: Text<200>,
    /// The first day, in Europe/London; today when absent.
    #[deserr(default)]
    pub from: Option<Day>,
    /// The last day; absent where it holds until it is lifted.
    #[deserr(default)]
    pub until: Option<Day>,
}

/// Lift a legal hold.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct LiftLegalHold {
    /// Why it is over. No names of persons.
    pub reason: Text<500>,
}

/// A legal hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegalHold)]
pub struct LegalHoldView {
    /// Its identifier.
    pub id: LegalHoldId,
    /// How much it is about. Which child, it does not tell.
    pub scope: HoldScope,
    /// The escalation, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalation_id: Option<EscalationId>,
    /// Why.
    pub reason: HoldReason,
    /// On what order.
    pub authority: String,
    /// The first day.
    pub from: Day,
    /// The last day; absent where it holds until it is lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// Whether nothing of it may be destroyed now.
    pub in_force: bool,
    /// The role of who placed it.
    pub placed_by_role: Role,
    /// The pseudonym of who placed it.
    pub placed_by: String,
    /// When.
    pub placed_at: Instant,
    /// Why it was lifted; absent while it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lift_reason: Option<String>,
    /// The pseudonym of who lifted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted_at: Option<Instant>,
}

impl LegalHoldView {
    fn new(it: LegalHold, now: jiff::Timestamp) -> Self {
        let in_force = it.is_in_force(now);
        let (lift_reason, lifted) = it.lifted.unzip();
        Self {
            id: it.id,
            scope: it.held.scope(),
            escalation_id: match it.held {
                Held::Escalation(id) => Some(id),
                Held::Child(_) | Held::Partnership => None,
            },
            reason: it.reason,
            authority: it.authority.into(),
            from: Day(it.from),
            until: it.until.map(Day),
            in_force,
            placed_by_role: it.placed.role,
            placed_by: it.placed.subject,
            placed_at: Instant(it.placed.at),
            lift_reason: lift_reason.map(Into::into),
            lifted_at: lifted.as_ref().map(|by| Instant(by.at)),
            lifted_by: lifted.map(|by| by.subject),
        }
    }
}

/// A page of legal holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct LegalHoldPage {
    /// They, also those that were lifted or whose time is over.
    pub items: Vec<LegalHoldView>,
    /// Where to go on.
    pub links: PageLinks,
}

/// What somebody names by exactly one of two members; which is named is for `wanted` to say.
pub(super) fn named(
    (escalation, child): (Option<Id>, Option<ChildReferenceInput>),
    (wants_escalation, wants_child): (bool, bool),
    state: &AppState,
    faults: &mut FieldErrors,
) -> Option<Named> {
    for (there, wanted, pointer) in [
        (escalation.is_some(), wants_escalation, "#/escalation_id"),
        (child.is_some(), wants_child, "#/child_reference"),
    ] {
        if there != wanted {
            faults
                .push(pointer, if wanted { FieldCode::Required } else { FieldCode::Inconsistent });
        }
    }
    if let (Some(id), true) = (escalation, wants_escalation) {
        return Some(Named::Escalation(EscalationId(id.0)));
    }
    let input = child.filter(|_| wants_child)?;
    match ChildReference::parse(input.scheme, input.value.as_str(), &state.deps.schemes) {
        Ok(child) => Some(Named::Child(child)),
        Err(error) => {
            faults.push_with("#/child_reference/value", child_fault(error), error.to_string());
            None
        }
    }
}

/// Place a legal hold
///
/// From the answer on nothing that it is about is erased, also where that was proposed before; an erasure that is approved
/// then answers 409 `legal-hold`. It stops disposal and nothing else: escalations under hold are worked on as ever.
#[utoipa::path(
    tag = "privacy",
    operation_id = "place_legal_hold",
    request_body(content = PlaceLegalHold, content_type = "application/json", example = json!({
        "scope": "escalation", "escalation_id": "0198c000-0000-7000-8000-000000000001",
        "reason": "public_inquiry", "authority": "Notice 14 of the inquiry's secretary"
    })),
    security(("bearer" = ["manage_legal_holds"])),
    responses(
        (status = 201, description = "It is in force.", body = LegalHoldView),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/privacy/legal-holds")]
pub async fn place_legal_hold(
    by: Allowed<needs::LegalHolds>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let input: PlaceLegalHold = body.read().await?;
    let mut faults = FieldErrors::new();
    let wanted = (input.scope == HoldScope::Escalation, input.scope == HoldScope::Child);
    let on = named((input.escalation_id, input.child_reference), wanted, &state, &mut faults);
    let authority = naming_nobody(&input.authority, "#/authority", &mut faults);
    let Some(authority) = authority.filter(|_| faults.is_empty()) else {
        return Err(faults.into());
    };
    let (from, until) = (input.from.map(|day| day.0), input.until.map(|day| day.0));
    let new = NewHold { on, reason: input.reason, authority, from, until };
    let hold = legal_holds::place(&state.deps, &by, new).await?;
    let now = state.deps.clock.now();
    Ok(HttpResponse::Created().json(LegalHoldView::new(hold, now)))
}

/// List legal holds
///
/// The latest first. Those that were lifted stay in the list.
#[utoipa::path(
    tag = "privacy",
    operation_id = "list_legal_holds",
    params(
        ("sort" = Option<paging::SortByAge>, Query, description = "`newest_first`, the usual order, or `oldest_first`."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Lines of a page; 50 when absent."),
        ("cursor" = Option<String>, Query, description = "From `links.next`."),
    ),
    security(("bearer" = ["read_erasures"])),
    responses((status = 200, description = "A page.", body = LegalHoldPage), ReadProblems, ListProblems),
)]
#[get("/v1/privacy/legal-holds")]
pub async fn list_legal_holds(
    by: Allowed<needs::Erasures>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::new(request.query_string(), &["sort", "limit", "cursor"]);
    let paging = paging::read_by_age(&mut query, &request, &state, &by)?;
    query.finish()?;
    let page = legal_holds::list(&state.deps, &by, paging.request).await?;
    let links = paging.links(&request, &state, page.next);
    let now = state.deps.clock.now();
    let items = page.items.into_iter().map(|it| LegalHoldView::new(it, now)).collect();
    Ok(listed(&links).json(LegalHoldPage { items, links }))
}

/// Lift a legal hold
///
/// What it held may be erased again. The hold and why it was lifted stay on record.
#[utoipa::path(
    tag = "privacy",
    operation_id = "lift_legal_hold",
    params(("hold_id" = LegalHoldId, Path, description = "The hold.")),
    request_body(content = LiftLegalHold, content_type = "application/json", example = json!({"reason": "The inquiry has reported."})),
    security(("bearer" = ["manage_legal_holds"])),
    responses(
        (status = 200, description = "It is lifted.", body = LegalHoldView),
        ReadProblems, BodyProblems, ActProblems,
    ),
)]
#[post("/v1/privacy/legal-holds/{hold_id}/lift")]
pub async fn lift_legal_hold(
    by: Allowed<needs::LegalHolds>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = canonical_uuid(&id).map(LegalHoldId).ok_or(ProblemType::NotFound)?;
    let input: LiftLegalHold = body.read().await?;
    let mut faults = FieldErrors::new();
    let Some(reason) = naming_nobody(&input.reason, "#/reason", &mut faults) else {
        return Err(faults.into());
    };
    let hold = legal_holds::lift(&state.deps, &by, id, reason).await?;
    Ok(HttpResponse::Ok().json(LegalHoldView::new(hold, state.deps.clock.now())))
}
