//! Leaving an escalation out of the figures: proposed by one, approved by another, and visible to everybody who reviews.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::{ActProblems, BodyProblems, ReadProblems};
use super::body::Body;
use super::escalations::{escalation_id, expected_version, no_parameters};
use super::field_errors::FieldErrors;
use super::fields::code_members;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::state::AppState;
use super::times::Instant;
use crate::domain::access::Role;
use crate::domain::exclusion::{ExclusionAct, ExclusionReason, ExclusionStep};
use crate::usecases::exclusions::{self, Decided};

code_members!(ExclusionReason);

/// Why an escalation should be left out of the figures.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ProposeExclusion {
    /// Why.
    pub reason: ExclusionReason,
}

/// The steps about one escalation, the first first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Exclusions {
    /// Whether it is left out now. What was opened again counts, also once it has ended again, until it is decided anew.
    pub left_out: bool,
    /// The steps.
    pub items: Vec<ExclusionView>,
}

/// One step. It never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Exclusion)]
pub struct ExclusionView {
    /// The step.
    pub step: ExclusionStep,
    /// Why it is, or was, left out.
    pub reason: ExclusionReason,
    /// The role of who took the step.
    pub by_role: Role,
    /// The pseudonym of who took it.
    pub by: String,
    /// When.
    pub recorded_at: Instant,
}

impl Exclusions {
    fn of(decided: Decided) -> Self {
        Self {
            left_out: decided.left_out,
            items: decided
                .steps
                .into_iter()
                .map(|it| ExclusionView {
                    step: it.step,
                    reason: it.reason,
                    by_role: it.role,
                    by: it.by.subject,
                    recorded_at: Instant(it.recorded_at),
                })
                .collect(),
        }
    }
}

/// Propose to leave an escalation out of the figures
///
/// For what says nothing about how agencies work together, such as a test record. Only what has ended can be left out,
/// so that nothing vanishes from what is overdue. It counts until another person approves. How many are left out
/// stands beside the figures of every week.
#[utoipa::path(
    tag = "review",
    operation_id = "propose_exclusion",
    params(
        ("id" = String, Path, description = "The escalation."),
        ("If-Match" = Option<String>, Header, description = "The version that was read; 412 when it is another by now."),
    ),
    request_body(content = ProposeExclusion, content_type = "application/json", example = json!({"reason": "test_record"})),
    security(("bearer" = ["propose_exclusion"])),
    responses((status = 200, description = "It is proposed.", body = Exclusions), ReadProblems, BodyProblems, ActProblems),
)]
#[post("/v1/escalations/{id}/exclusion-proposal")]
pub async fn propose_exclusion(
    by: Allowed<needs::ProposeExclusion>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = escalation_id(&id)?;
    let input: ProposeExclusion = body.read().await?;
    let act = ExclusionAct::Propose(input.reason);
    let steps = exclusions::act(&state.deps, &by, (id, expected_version(&request)?), act).await?;
    Ok(HttpResponse::Ok().json(Exclusions::of(steps)))
}

/// Leave an escalation out of the figures
///
/// Approves what another person proposed: from now on it is in no figure and no list that a figure leads to. What was
/// signed stays as it was signed.
#[utoipa::path(
    tag = "review",
    operation_id = "approve_exclusion",
    params(
        ("id" = String, Path, description = "The escalation."),
        ("If-Match" = Option<String>, Header, description = "The version that was read; 412 when it is another by now."),
    ),
    security(("bearer" = ["decide_exclusion"])),
    responses((status = 200, description = "It is left out.", body = Exclusions), ReadProblems, ActProblems),
)]
#[post("/v1/escalations/{id}/exclusion")]
pub async fn approve_exclusion(
    by: Allowed<needs::DecideExclusion>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = escalation_id(&id)?;
    let steps =
        exclusions::act(&state.deps, &by, (id, expected_version(&request)?), ExclusionAct::Approve)
            .await?;
    Ok(HttpResponse::Ok().json(Exclusions::of(steps)))
}

/// Let an escalation count again
///
/// Takes back that it was left out of the figures.
#[utoipa::path(
    tag = "review",
    operation_id = "end_exclusion",
    params(
        ("id" = String, Path, description = "The escalation."),
        ("If-Match" = Option<String>, Header, description = "The version that was read; 412 when it is another by now."),
    ),
    security(("bearer" = ["decide_exclusion"])),
    responses((status = 200, description = "It counts again.", body = Exclusions), ReadProblems, ActProblems),
)]
#[post("/v1/escalations/{id}/inclusion")]
pub async fn end_exclusion(
    by: Allowed<needs::DecideExclusion>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = escalation_id(&id)?;
    let steps =
        exclusions::act(&state.deps, &by, (id, expected_version(&request)?), ExclusionAct::End)
            .await?;
    Ok(HttpResponse::Ok().json(Exclusions::of(steps)))
}

/// Read what was decided about leaving an escalation out of the figures
///
/// Every step with its reason and who took it. Nothing is ever taken from this list.
#[utoipa::path(
    tag = "review",
    operation_id = "list_exclusions",
    params(("id" = String, Path, description = "The escalation.")),
    security(("bearer" = ["read_review"])),
    responses((status = 200, description = "The steps, the first first.", body = Exclusions), ReadProblems),
)]
#[get("/v1/escalations/{id}/exclusions")]
pub async fn list_exclusions(
    by: Allowed<needs::Review>,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let steps = exclusions::steps(&state.deps, &by, escalation_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(Exclusions::of(steps)))
}
