//! The operation that says why something is due when it is due.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use super::answers::ReadProblems;
use super::escalations::{escalation_id, no_parameters};
use super::explanation_views::ExplanationView;
use super::fields::canonical_uuid;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::state::AppState;
use crate::domain::ids::{ClockId, EscalationId};
use crate::usecases::explain::{self, Of};

/// What stands in the path for the delay of an escalation: its one clock that is no stage's.
pub const CHILD_PROCESS: &str = "child-process";

/// Explain a due date
///
/// Why a stage clock, or the child's process, is due when it is due: the rule and where it is
/// written, every day that was counted or skipped and why, agreed extensions and pauses, and the
/// result. The same instant can be counted again from this answer alone. Answers 404 for the child's
/// process when the escalation has no delay or no limit applies to it.
#[utoipa::path(
    tag = "escalations",
    operation_id = "explain_due_date",
    params(
        ("id" = EscalationId, Path, description = "The escalation."),
        ("clock_id" = String, Path, example = "child-process",
         description = "The identifier of one of its clocks, or `child-process` for its delay."),
    ),
    security(("bearer" = ["read_escalation"])),
    responses(
        (status = 200, description = "The explanation.", body = ExplanationView),
        ReadProblems,
    ),
)]
#[get("/v1/escalations/{id}/clocks/{clock_id}/explanation")]
pub async fn explain_due_date(
    by: Allowed<needs::Read>,
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let (escalation, clock) = path.into_inner();
    let id = escalation_id(&escalation)?;
    let of = match clock.as_str() {
        CHILD_PROCESS => Of::ChildProcess,
        other => Of::Clock(canonical_uuid(other).map(ClockId).ok_or(ProblemType::NotFound)?),
    };
    let explanation = explain::explain(&state.deps, &by, id, of).await?;
    Ok(HttpResponse::Ok().json(ExplanationView::new(id, explanation)))
}
