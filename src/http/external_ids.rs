//! What agencies' own systems call the cases of escalations.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::{BodyProblems, ReadProblems};
use super::body::Body;
use super::escalations::{escalation_id, expected_version, no_parameters};
use super::field_errors::FieldErrors;
use super::fields::{Identifier, canonical_uuid};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::state::AppState;
use super::times::Instant;
use super::views::agency_code;
use crate::domain::external_id::ExternalName;
use crate::domain::ids::{EscalationId, ExternalIdId};
use crate::usecases::external_ids::{self, Named};

/// A name of your agency's for the case of an escalation. Never a child's own number.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
#[schema(as = ExternalName)]
pub struct ExternalNameInput {
    /// The system that uses it.
    pub system: Identifier,
    /// What kind of record it names there.
    #[deserr(rename = "type")]
    #[serde(rename = "type")]
    pub kind: Identifier,
    /// The name itself.
    pub value: Identifier,
}

impl From<ExternalNameInput> for ExternalName {
    fn from(input: ExternalNameInput) -> Self {
        Self {
            system: input.system.into_string(),
            kind: input.kind.into_string(),
            value: input.value.into_string(),
        }
    }
}

/// A name that an agency gave an escalation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExternalId)]
pub struct ExternalIdView {
    /// Its identifier here.
    pub id: ExternalIdId,
    /// The escalation.
    pub escalation_id: EscalationId,
    /// Code of the agency whose name it is.
    pub agency: String,
    /// The system that uses it.
    pub system: String,
    /// What kind of record it names there.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name itself.
    pub value: String,
    /// When it was given.
    pub added_at: Instant,
    /// When it was taken back; absent while it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Instant>,
    /// The escalation's address.
    pub href: String,
}

/// Names of escalations.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExternalIdList {
    /// They, the oldest first.
    pub items: Vec<ExternalIdView>,
}

fn views(named: Named) -> Vec<ExternalIdView> {
    let view = |it: crate::domain::external_id::ExternalId| ExternalIdView {
        id: it.id,
        escalation_id: it.escalation,
        agency: agency_code(&named.partnership, it.agency),
        system: it.name.system,
        kind: it.name.kind,
        value: it.name.value,
        added_at: Instant(it.recorded.at),
        removed_at: it.removed_at.map(Instant),
        href: format!("/v1/escalations/{}", it.escalation),
    };
    named.names.into_iter().map(view).collect()
}

fn one(mut status: actix_web::HttpResponseBuilder, named: Named) -> Result<HttpResponse, Problem> {
    let view = views(named).pop().ok_or(ProblemType::Internal)?;
    Ok(status.json(view))
}

/// Give an escalation a name of your own
///
/// What your own system calls the case: an enquiry, a referral, a conference. Only your agency and those who review the
/// partnership see it. One name stands for one escalation of an agency's; a second use answers 409 with the `Location` of
/// the first. A child's own number is refused.
#[utoipa::path(
    tag = "external ids",
    operation_id = "add_external_id",
    params(("id" = EscalationId, Path, description = "The escalation.")),
    request_body(content = ExternalNameInput, example = json!({"system": "mosaic", "type": "s47_enquiry", "value": "S47-2026-0042"})),
    security(("bearer" = ["keep_external_ids"])),
    responses(
        (status = 201, description = "It is kept.", body = ExternalIdView),
        (status = 409, description = "Your agency uses it already; `Location` tells for what.",
         body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The escalation has changed since the version in `If-Match`.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/escalations/{id}/external-ids")]
pub async fn add_external_id(
    by: Allowed<needs::KeepExternalIds>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let on = (escalation_id(&id)?, expected_version(&request)?);
    let input: ExternalNameInput = body.read().await?;
    one(HttpResponse::Created(), external_ids::add(&state.deps, &by, on, input.into()).await?)
}

/// Take a name of your own back
///
/// It was given to the wrong escalation, or is out of use. It stays in the list with when that was said.
#[utoipa::path(
    tag = "external ids",
    operation_id = "remove_external_id",
    params(
        ("id" = EscalationId, Path, description = "The escalation."),
        ("external_id" = ExternalIdId, Path, description = "The name's identifier."),
    ),
    security(("bearer" = ["keep_external_ids"])),
    responses(
        (status = 200, description = "It is taken back.", body = ExternalIdView),
        (status = 412, description = "The escalation has changed since the version in `If-Match`.",
         body = Problem, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[post("/v1/escalations/{id}/external-ids/{external_id}/removal")]
pub async fn remove_external_id(
    by: Allowed<needs::KeepExternalIds>,
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let (escalation, id) = path.into_inner();
    let on = (escalation_id(&escalation)?, expected_version(&request)?);
    let id = canonical_uuid(&id).map(ExternalIdId).ok_or(ProblemType::NotFound)?;
    one(HttpResponse::Ok(), external_ids::remove(&state.deps, &by, on, id).await?)
}

/// List the names of an escalation
///
/// Your agency's own, also those that were taken back; those of all agencies for those who review the partnership.
#[utoipa::path(
    tag = "external ids",
    operation_id = "list_external_ids",
    params(("id" = EscalationId, Path, description = "The escalation.")),
    security(("bearer" = ["read_escalation"])),
    responses((status = 200, description = "The names.", body = ExternalIdList), ReadProblems),
)]
#[get("/v1/escalations/{id}/external-ids")]
pub async fn list_external_ids(
    by: Allowed<needs::Read>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let named = external_ids::list(&state.deps, &by, escalation_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(ExternalIdList { items: views(named) }))
}

/// Search by a name of your own
///
/// Which escalation your own system's record belongs to. The name goes in the body, as that of a child does.
#[utoipa::path(
    tag = "external ids",
    operation_id = "search_by_external_id",
    request_body(content = ExternalNameInput, example = json!({"system": "mosaic", "type": "s47_enquiry", "value": "S47-2026-0042"})),
    security(("bearer" = ["read_escalation"])),
    responses(
        (status = 200, description = "Where it stands.", body = ExternalIdList),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/searches/external-ids")]
pub async fn search_by_external_id(
    by: Allowed<needs::Read>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let input: ExternalNameInput = body.read().await?;
    let named = external_ids::find(&state.deps, &by, &input.into()).await?;
    Ok(HttpResponse::Ok().json(ExternalIdList { items: views(named) }))
}
