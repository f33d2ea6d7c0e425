//! What people decide about the weekly review: declared changes, targets, and how charts are computed.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};

use super::answers::{BodyProblems, ReadProblems};
use super::body::Body;
use super::escalations::no_parameters;
use super::fields::canonical_uuid;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::review_rules_views::{
    DeclareRebase, RebaseView, Rebases, ReviewSettingVersions, SetReview, SettingVersionView,
    SettingsView, WithdrawRebase,
};
use super::state::AppState;
use crate::domain::ids::RebaseId;
use crate::domain::review_setting::ReviewSettings;
use crate::usecases::review_rules;

/// Declare that the work changed
///
/// A relaunch, a new service, another way of counting: from its first week on, what is usual is computed anew for the
/// figures named. No point is dropped; the lines of the chart break there, and the page says who declared it, when and
/// why. Limits never begin anew by themselves. Reviews whose data were taken before it was declared do not know it.
#[utoipa::path(
    tag = "review",
    operation_id = "declare_rebase",
    request_body(content = DeclareRebase, content_type = "application/json", example = json!({
        "charts": ["raised", "open"],
        "first_week": "2026-W40",
        "reason": "The escalation policy was relaunched, with one form for all agencies."
    })),
    security(("bearer" = ["declare_rebase"])),
    responses(
        (status = 201, description = "It is recorded.", body = RebaseView),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/rebases")]
pub async fn declare_rebase(
    by: Allowed<needs::DeclareRebase>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let input: DeclareRebase = body.read().await?;
    let declared = review_rules::declare(&state.deps, &by, input.into_statement()).await?;
    Ok(HttpResponse::Created().json(RebaseView::new(&declared)))
}

/// List the declared changes
///
/// By first week, those that were withdrawn too.
#[utoipa::path(
    tag = "review",
    operation_id = "list_rebases",
    security(("bearer" = ["read_review"])),
    responses((status = 200, description = "The declared changes.", body = Rebases), ReadProblems),
)]
#[get("/v1/rebases")]
pub async fn list_rebases(
    by: Allowed<needs::Review>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let all = review_rules::rebases(&state.deps, &by).await?;
    Ok(HttpResponse::Ok().json(Rebases { items: all.iter().map(RebaseView::new).collect() }))
}

/// Withdraw a declared change
///
/// Another record: the change stays readable, and reviews whose data were taken before still know it. Said again, the
/// first word stands.
#[utoipa::path(
    tag = "review",
    operation_id = "withdraw_rebase",
    params(("rebase_id" = RebaseId, Path, description = "The declared change.")),
    request_body(content = WithdrawRebase, content_type = "application/json",
        example = json!({"reason": "The relaunch was put off."})),
    security(("bearer" = ["declare_rebase"])),
    responses(
        (status = 200, description = "It no longer holds.", body = RebaseView),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/rebases/{rebase_id}/withdrawal")]
pub async fn withdraw_rebase(
    by: Allowed<needs::DeclareRebase>,
    state: Data<AppState>,
    request: HttpRequest,
    rebase_id: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let input: WithdrawRebase = body.read().await?;
    let id = canonical_uuid(&rebase_id).map(RebaseId).ok_or(ProblemType::NotFound)?;
    let reason = input.reason.into_string();
    let withdrawn = review_rules::withdraw(&state.deps, &by, id, reason).await?;
    Ok(HttpResponse::Ok().json(RebaseView::new(&withdrawn)))
}

/// Set the targets of the review, or how its charts are computed
///
/// From a week on; what is left out stays as it is for that week. Every version stays. Reviews whose data were taken
/// before it was set do not know it, and no signed review changes.
#[utoipa::path(
    tag = "review",
    operation_id = "set_review",
    request_body(content = SetReview, content_type = "application/json", example = json!({
        "effective_from": "2026-W47",
        "target_in_time": 0.85,
        "reason": "The board agreed on it for this year."
    })),
    security(("bearer" = ["set_review"])),
    responses(
        (status = 201, description = "It is set.", body = SettingVersionView),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/review-settings")]
pub async fn set_review(
    by: Allowed<needs::SetReview>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let input: SetReview = body.read().await?;
    let set = review_rules::set(&state.deps, &by, input.into_statement()).await?;
    Ok(HttpResponse::Created().json(SettingVersionView::new(&set)))
}

/// List the settings of the review
///
/// What holds at first, and every version since.
#[utoipa::path(
    tag = "review",
    operation_id = "list_review_settings",
    security(("bearer" = ["read_review"])),
    responses((status = 200, description = "The settings.", body = ReviewSettingVersions), ReadProblems),
)]
#[get("/v1/review-settings")]
pub async fn list_review_settings(
    by: Allowed<needs::Review>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let all = review_rules::settings(&state.deps, &by).await?;
    Ok(HttpResponse::Ok().json(ReviewSettingVersions {
        at_first: SettingsView::new(&ReviewSettings::default()),
        items: all.iter().map(SettingVersionView::new).collect(),
    }))
}
