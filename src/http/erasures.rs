//! Erasure: proposed by one person, approved by another, and told in a certificate that says also what it does not reach.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::{ActProblems, BodyProblems, ListProblems, ReadProblems};
use super::body::Body;
use super::escalations::no_parameters;
use super::field_errors::FieldErrors;
use super::fields::{Id, Text, canonical_uuid, code_members};
use super::legal_holds::named;
use super::lists::listed;
use super::paging::{self, PageLinks};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::query::QueryReader;
use super::requests::ChildReferenceInput;
use super::review_views::naming_nobody;
use super::state::AppState;
use super::times::{Day, Instant};
use crate::domain::access::Role;
use crate::domain::erasure::{
    Decision, Erasing, Erasure, ErasureGround, ErasureStatus, ErasureTarget,
};
use crate::domain::ids::{ErasureId, EscalationId};
use crate::usecases::erasures;

code_members!(ErasureGround);

/// What an erasure leaves, said in every certificate.
const STAYS: &str = "Identifiers, references to say aloud, times, themes, agencies, clocks, episodes and codes of \
    outcomes, so that no figure changes; what events say of codes and instants, with the sender's own reference of the \
    record, by which sending it again is known; pseudonyms of staff; and the log of reads. Texts stay where the escalation is \
    also about a child who was not erased.";

/// Propose an erasure: of one escalation, or of one child in every escalation.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ProposeErasure {
    /// The escalation; or else `child_reference`.
    #[deserr(default)]
    #[schema(value_type = Option<EscalationId>)]
    pub escalation_id: Option<Id>,
    /// The child; or else `escalation_id`.
    #[deserr(default)]
    pub child_reference: Option<ChildReferenceInput>,
    /// Why.
    pub ground: ErasureGround,
    /// On what order or rule: its title or number. No names of persons.
    pub authority: Text<200>,
}

/// Decline an erasure.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct DeclineErasure {
    /// Why. No names of persons.
    pub reason: Text<500>,
}

/// An erasure that was proposed, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Erasure)]
pub struct ErasureView {
    /// Its identifier.
    pub id: ErasureId,
    /// What it is about. Which child, it does not tell.
    pub target: ErasureTarget,
    /// The escalation, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalation_id: Option<EscalationId>,
    /// Why.
    pub ground: ErasureGround,
    /// On what order or rule.
    pub authority: String,
    /// How far it has come.
    pub status: ErasureStatus,
    /// The role of who proposed it.
    pub proposed_by_role: Role,
    /// The pseudonym of who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed_at: Instant,
    /// The role of who decided it; absent while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by_role: Option<Role>,
    /// The pseudonym of who decided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Instant>,
    /// Why it was declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<String>,
    /// What was destroyed, once it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<ErasureCertificate>,
}

/// What was destroyed, and what was not.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureCertificate {
    /// When.
    pub destroyed_at: Instant,
    /// How many keys of children were destroyed. What lay sealed under one can be read by nobody any more. None where other
    /// escalations that are not erased are about the same child.
    pub keys_destroyed: u32,
    /// The last day on which a backup of the database may still hold what was destroyed, keys included. Only then it is gone
    /// everywhere: whoever puts back a backup from before has to erase again.
    pub backups_until: Day,
    /// What was destroyed of which escalation.
    pub escalations: Vec<ErasedEscalationView>,
    /// What stays.
    pub stays: &'static str,
}

/// What was destroyed of one escalation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErasedEscalation)]
pub struct ErasedEscalationView {
    /// Which.
    pub escalation_id: EscalationId,
    /// Whether all its children are erased, and with them its texts and the names that agencies' systems gave it.
    pub whole: bool,
    /// How many references of children.
    pub child_references: u32,
    /// How many texts.
    pub texts: u32,
    /// How many names of agencies' own systems.
    pub external_ids: u32,
}

/// A page of erasures.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasurePage {
    /// They.
    pub items: Vec<ErasureView>,
    /// Where to go on.
    pub links: PageLinks,
}

impl ErasureView {
    fn new(it: Erasure) -> Self {
        let status = it.status();
        let by = it.decision.as_ref().map(Decision::by);
        let (decided_at, decided_by, decided_by_role) =
            (by.map(|by| Instant(by.at)), by.map(|by| by.subject.clone()), by.map(|by| by.role));
        let (decline_reason, certificate) = match it.decision {
            None => (None, None),
            Some(Decision::Declined { reason, .. }) => (Some(reason.into()), None),
            Some(Decision::Approved { by, keys, backups_until, erased }) => {
                let escalations = erased.into_iter().map(|it| ErasedEscalationView {
                    escalation_id: it.escalation,
                    whole: it.whole,
                    child_references: it.references,
                    texts: it.texts,
                    external_ids: it.external_ids,
                });
                let certificate = ErasureCertificate {
                    destroyed_at: Instant(by.at),
                    keys_destroyed: keys,
                    backups_until: Day(backups_until),
                    escalations: escalations.collect(),
                    stays: STAYS,
                };
                (None, Some(certificate))
            }
        };
        Self {
            id: it.id,
            target: it.erasing.target(),
            escalation_id: match it.erasing {
                Erasing::Escalation(id) => Some(id),
                Erasing::Child(_) => None,
            },
            ground: it.ground,
            authority: it.authority.into(),
            status,
            proposed_by_role: it.proposed.role,
            proposed_by: it.proposed.subject,
            proposed_at: Instant(it.proposed.at),
            decided_by_role,
            decided_by,
            decided_at,
            decline_reason,
            certificate,
        }
    }
}

/// Propose an erasure
///
/// Nothing happens before another person approves. What is open cannot be erased, and nothing under a legal hold (409).
#[utoipa::path(
    tag = "privacy",
    operation_id = "propose_erasure",
    request_body(content = ProposeErasure, content_type = "application/json", example = json!({
        "escalation_id": "0198c000-0000-7000-8000-000000000001",
        "ground": "retention_period_over", "authority": "Retention schedule, class 3"
    })),
    security(("bearer" = ["propose_erasure"])),
    responses(
        (status = 201, description = "It waits for a second person.", body = ErasureView),
        ReadProblems, BodyProblems, ActProblems,
    ),
)]
#[post("/v1/privacy/erasures")]
pub async fn propose_erasure(
    by: Allowed<needs::ProposeErasure>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let input: ProposeErasure = body.read().await?;
    let mut faults = FieldErrors::new();
    // Without either the escalation is asked for; with both, one of them is too much.
    let wants_child = input.child_reference.is_some() && input.escalation_id.is_none();
    let wanted = (!wants_child, wants_child);
    let on = named((input.escalation_id, input.child_reference), wanted, &state, &mut faults);
    let authority = naming_nobody(&input.authority, "#/authority", &mut faults);
    let (Some(on), Some(authority), true) = (on, authority, faults.is_empty()) else {
        return Err(faults.into());
    };
    let proposed = erasures::propose(&state.deps, &by, on, (input.ground, authority)).await?;
    let location = format!("/v1/privacy/erasures/{}", proposed.id);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .json(ErasureView::new(proposed)))
}

/// Approve an erasure, which carries it out
///
/// In one transaction: the child's key is destroyed, references and the hashes that find them are removed, and with the last
/// child of an escalation its texts and what agencies' systems call it. It cannot be taken back. Both agencies' feeds tell of it.
/// The answer is the certificate; approving again gives the same one.
#[utoipa::path(
    tag = "privacy",
    operation_id = "approve_erasure",
    params(("erasure_id" = ErasureId, Path, description = "The erasure.")),
    security(("bearer" = ["approve_erasure"])),
    responses((status = 200, description = "It is done.", body = ErasureView), ReadProblems, ActProblems),
)]
#[post("/v1/privacy/erasures/{erasure_id}/approval")]
pub async fn approve_erasure(
    by: Allowed<needs::ApproveErasure>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let done = erasures::approve(&state.deps, &by, erasure_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(ErasureView::new(done)))
}

/// Decline an erasure
///
/// Nothing is erased. The proposal stays on record and forgets which child it was about.
#[utoipa::path(
    tag = "privacy",
    operation_id = "decline_erasure",
    params(("erasure_id" = ErasureId, Path, description = "The erasure.")),
    request_body(content = DeclineErasure, content_type = "application/json", example = json!({"reason": "A complaint is expected."})),
    security(("bearer" = ["approve_erasure"])),
    responses(
        (status = 200, description = "It is declined.", body = ErasureView),
        ReadProblems, BodyProblems, ActProblems,
    ),
)]
#[post("/v1/privacy/erasures/{erasure_id}/refusal")]
pub async fn decline_erasure(
    by: Allowed<needs::ApproveErasure>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = erasure_id(&id)?;
    let input: DeclineErasure = body.read().await?;
    let mut faults = FieldErrors::new();
    let Some(reason) = naming_nobody(&input.reason, "#/reason", &mut faults) else {
        return Err(faults.into());
    };
    let declined = erasures::decline(&state.deps, &by, id, reason).await?;
    Ok(HttpResponse::Ok().json(ErasureView::new(declined)))
}

/// List erasures
///
/// The latest first, those that wait among them.
#[utoipa::path(
    tag = "privacy",
    operation_id = "list_erasures",
    params(
        ("sort" = Option<paging::SortByAge>, Query, description = "`newest_first`, the usual order, or `oldest_first`."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Lines of a page; 50 when absent."),
        ("cursor" = Option<String>, Query, description = "From `links.next`."),
    ),
    security(("bearer" = ["read_erasures"])),
    responses((status = 200, description = "A page.", body = ErasurePage), ReadProblems, ListProblems),
)]
#[get("/v1/privacy/erasures")]
pub async fn list_erasures(
    by: Allowed<needs::Erasures>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::new(request.query_string(), &["sort", "limit", "cursor"]);
    let paging = paging::read_by_age(&mut query, &request, &state, &by)?;
    query.finish()?;
    let page = erasures::list(&state.deps, &by, paging.request).await?;
    let links = paging.links(&request, &state, page.next);
    let items = page.items.into_iter().map(ErasureView::new).collect();
    Ok(listed(&links).json(ErasurePage { items, links }))
}

/// Read an erasure
///
/// With its certificate, once it is done.
#[utoipa::path(
    tag = "privacy",
    operation_id = "read_erasure",
    params(("erasure_id" = ErasureId, Path, description = "The erasure.")),
    security(("bearer" = ["read_erasures"])),
    responses((status = 200, description = "The erasure.", body = ErasureView), ReadProblems),
)]
#[get("/v1/privacy/erasures/{erasure_id}")]
pub async fn read_erasure(
    by: Allowed<needs::Erasures>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let erasure = erasures::one(&state.deps, &by, erasure_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(ErasureView::new(erasure)))
}

fn erasure_id(text: &str) -> Result<ErasureId, Problem> {
    Ok(canonical_uuid(text).map(ErasureId).ok_or(ProblemType::NotFound)?)
}
