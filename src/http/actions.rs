//! What a review agrees on: learning and actions, how they go, and whether they worked.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use deserr::Deserr;
use utoipa::IntoResponses;

use super::action_views::{
    ActionList, ActionView, AgreeAction, LearningList, NoteLearning, RecordProgress,
};
use super::answers::{BodyProblems, ReadProblems};
use super::body::Body;
use super::escalations::{expected_tag, no_parameters};
use super::field_errors::FieldErrors;
use super::fields::canonical_uuid;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::reviews::week_in_path;
use super::state::AppState;
use crate::domain::ids::{ActionId, LearningId};
use crate::domain::learning::LearningLine;
use crate::domain::london::local_date;
use crate::usecases::actions;

/// The problems of changing what stands.
#[derive(IntoResponses)]
pub enum ChangeProblems {
    /// It is completed, or it is too early.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// It has changed since it was read.
    #[response(status = 412, content_type = "application/problem+json")]
    PreconditionFailed(Problem),
    /// `If-Match` is missing.
    #[response(status = 428, content_type = "application/problem+json")]
    PreconditionRequired(Problem),
}

/// List the actions of reviews
///
/// Every action with everything that was said of it: urgent, overdue, due soon, the rest, and what is completed.
#[utoipa::path(
    tag = "review",
    operation_id = "list_actions",
    security(("bearer" = ["read_review"])),
    responses((status = 200, description = "The actions.", body = ActionList), ReadProblems),
)]
#[get("/v1/actions")]
pub async fn list_actions(
    by: Allowed<needs::Review>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    listed(&state, &by, None).await
}

/// List the actions that a week's review shows
///
/// Those that are open, whenever they were agreed, and those completed in that week; as they stand now. The review
/// itself shows them as they stood when its data were taken.
#[utoipa::path(
    tag = "review",
    operation_id = "list_review_actions",
    params(("week" = String, Path, description = "The ISO week.", example = "2026-W46")),
    security(("bearer" = ["read_review"])),
    responses((status = 200, description = "The actions.", body = ActionList), ReadProblems),
)]
#[get("/v1/reviews/{week}/actions")]
pub async fn list_review_actions(
    by: Allowed<needs::Review>,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let week = week_in_path(&week, state.deps.clock.now())?;
    listed(&state, &by, Some(week)).await
}

async fn listed(
    state: &AppState,
    by: &crate::domain::access::Caller,
    week: Option<crate::domain::week::IsoWeek>,
) -> Result<HttpResponse, Problem> {
    let (all, agreed) = actions::list(&state.deps, by).await?;
    let now = state.deps.clock.now();
    let mut items: Vec<ActionView> = all
        .iter()
        .filter(|it| week.is_none_or(|week| it.week <= week && it.shown_in(week)))
        .map(|it| ActionView::new(it, &agreed, now))
        .collect();
    items.sort_by_key(|it| it.line.order(local_date(now)));
    Ok(HttpResponse::Ok().json(ActionList { items }))
}

/// Read an action
///
/// With everything that was said of it. Its ETag is its version, on which the next progress is recorded.
#[utoipa::path(
    tag = "review",
    operation_id = "read_action",
    params(("action_id" = ActionId, Path, description = "The action.")),
    security(("bearer" = ["read_review"])),
    responses(
        (status = 200, description = "The action.", body = ActionView,
         headers(("ETag" = String, description = "Its version."))),
        ReadProblems,
    ),
)]
#[get("/v1/actions/{action_id}")]
pub async fn read_action(
    by: Allowed<needs::Review>,
    state: Data<AppState>,
    request: HttpRequest,
    action_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = canonical_uuid(&action_id).map(ActionId).ok_or(ProblemType::NotFound)?;
    let (action, agreed) = actions::one(&state.deps, &by, id).await?;
    let view = ActionView::new(&action, &agreed, state.deps.clock.now());
    Ok(HttpResponse::Ok().insert_header((header::ETAG, tag(&view))).json(view))
}

fn tag(view: &ActionView) -> String {
    format!("\"{}\"", view.line.version)
}

/// Agree on an action
///
/// In the review of a week. It is carried over to each later review until it is completed. Its owner is an agency and a
/// role, never a person.
#[utoipa::path(
    tag = "review",
    operation_id = "agree_action",
    params(("week" = String, Path, description = "The ISO week.", example = "2026-W46")),
    request_body(content = AgreeAction, content_type = "application/json", example = json!({
        "title": "Health names a lead for same-day meetings",
        "owner_agency": "health_community",
        "owner_role": "Designated nurse",
        "due_on": "2026-11-30",
        "plan_reference": "2.4"
    })),
    security(("bearer" = ["keep_review"])),
    responses(
        (status = 201, description = "It is agreed.", body = ActionView,
         headers(("Location" = String, description = "Where it is."), ("ETag" = String, description = "Its version."))),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/reviews/{week}/actions")]
pub async fn agree_action(
    by: Allowed<needs::KeepReview>,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let now = state.deps.clock.now();
    let week = week_in_path(&week, now)?;
    let input: AgreeAction = body.read().await?;
    let (action, agreed) = actions::agree(&state.deps, &by, input.into_action(week)?).await?;
    let view = ActionView::new(&action, &agreed, now);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/v1/actions/{}", action.id)))
        .insert_header((header::ETAG, tag(&view)))
        .json(view))
}

/// Say how an action goes
///
/// In the partnership's own four words. Being overdue is told beside them, from the date. Completing it needs evidence of
/// its effect; a completed action stays as it was closed.
#[utoipa::path(
    tag = "review",
    operation_id = "record_progress",
    params(
        ("action_id" = ActionId, Path, description = "The action."),
        ("If-Match" = String, Header, description = "The ETag of the action that was read."),
    ),
    request_body(content = RecordProgress, content_type = "application/json", example = json!({
        "progress": "attention_needed",
        "note": "The rota is drafted; one trust has still to agree."
    })),
    security(("bearer" = ["keep_review"])),
    responses(
        (status = 200, description = "It is recorded.", body = ActionView,
         headers(("ETag" = String, description = "Its new version."))),
        ReadProblems, BodyProblems, ChangeProblems,
    ),
)]
#[post("/v1/actions/{action_id}/progress")]
pub async fn record_progress(
    by: Allowed<needs::KeepReview>,
    state: Data<AppState>,
    request: HttpRequest,
    action_id: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = canonical_uuid(&action_id).map(ActionId).ok_or(ProblemType::NotFound)?;
    let read = expected_tag(&request)?.ok_or(ProblemType::PreconditionRequired)?;
    let input: RecordProgress = body.read().await?;
    // What is no number was never a version of ours.
    let read = read.parse().unwrap_or(0);
    let (action, agreed) =
        actions::update(&state.deps, &by, id, read, input.into_update()?).await?;
    let view = ActionView::new(&action, &agreed, state.deps.clock.now());
    Ok(HttpResponse::Ok().insert_header((header::ETAG, tag(&view))).json(view))
}

/// List what was learnt
///
/// In the review of a week, with the change that was expected and what the figures showed.
#[utoipa::path(
    tag = "review",
    operation_id = "list_review_learning",
    params(("week" = String, Path, description = "The ISO week.", example = "2026-W46")),
    security(("bearer" = ["read_review"])),
    responses((status = 200, description = "What was learnt.", body = LearningList), ReadProblems),
)]
#[get("/v1/reviews/{week}/learning")]
pub async fn list_review_learning(
    by: Allowed<needs::Review>,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let week = week_in_path(&week, state.deps.clock.now())?;
    let (all, agreed) = actions::learnt(&state.deps, &by).await?;
    let of_week = all.iter().rev().filter(|it| it.week == week);
    let items = of_week.map(|it| LearningLine::new(it, &agreed)).collect();
    Ok(HttpResponse::Ok().json(LearningList { items }))
}

/// Write down what was learnt
///
/// In the review of a week. Who said it is an agency and a role, never a person. Where a change is expected, what was
/// usual in the 52 weeks before is frozen with it.
#[utoipa::path(
    tag = "review",
    operation_id = "note_learning",
    params(("week" = String, Path, description = "The ISO week.", example = "2026-W46")),
    request_body(content = NoteLearning, content_type = "application/json", example = json!({
        "text": "Same-day meetings need a named health lead.",
        "theme": "strategy_meeting_late",
        "said_by_agency": "health_community",
        "said_by_role": "Designated nurse",
        "plan_reference": "2.4",
        "expected": {"figure": "raised", "direction": "lower", "remeasure_week": "2027-W06"}
    })),
    security(("bearer" = ["keep_review"])),
    responses(
        (status = 201, description = "It is written down.", body = LearningLine),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/reviews/{week}/learning")]
pub async fn note_learning(
    by: Allowed<needs::KeepReview>,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let week = week_in_path(&week, state.deps.clock.now())?;
    let input: NoteLearning = body.read().await?;
    let (learnt, agreed) = actions::learn(&state.deps, &by, input.into_learning(week)?).await?;
    Ok(HttpResponse::Created().json(LearningLine::new(&learnt, &agreed)))
}

/// Nothing more is to be said.
#[derive(Debug, Deserr, utoipa::ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct MeasureLearning {}

/// Measure whether what was learnt worked
///
/// Not before its re-measure week is over, and once. The figure is held against what was usual before, as it was frozen;
/// "better" and "worse" are signals of the chart's own rules, everything else is no detectable change.
#[utoipa::path(
    tag = "review",
    operation_id = "measure_learning",
    params(("learning_id" = LearningId, Path, description = "The learning.")),
    request_body(content = MeasureLearning, content_type = "application/json", example = json!({})),
    security(("bearer" = ["keep_review"])),
    responses(
        (status = 201, description = "It is measured.", body = LearningLine),
        ReadProblems, BodyProblems, ChangeProblems,
    ),
)]
#[post("/v1/learning/{learning_id}/result")]
pub async fn measure_learning(
    by: Allowed<needs::KeepReview>,
    state: Data<AppState>,
    request: HttpRequest,
    learning_id: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = canonical_uuid(&learning_id).map(LearningId).ok_or(ProblemType::NotFound)?;
    let MeasureLearning {} = body.read().await?;
    let (learnt, agreed) = actions::measure(&state.deps, &by, id).await?;
    Ok(HttpResponse::Created().json(LearningLine::new(&learnt, &agreed)))
}
