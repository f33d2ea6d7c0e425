//! The weekly review as data: the same value from which its page is made.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use super::answers::ReadProblems;
use super::field_codes::FieldCode;
use super::filters::{AS_OF, as_of};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::query::QueryReader;
use super::state::AppState;
use super::times::Instant;
use crate::domain::review::Pack;
use crate::domain::week::IsoWeek;
use crate::usecases::review;

/// Read the weekly review
///
/// Everything that the Director's page of a week shows: headline figures with what is usual for them, what to notice,
/// themes by agency, who we are not hearing from, and what is overdue with its owner. The data reach to Monday 06:00
/// after the week, or to now as long as that has not come; `as_of` asks for another instant.
#[utoipa::path(
    tag = "review",
    operation_id = "read_review",
    params(
        ("week" = String, Path, description = "The ISO week.", example = "2026-W47"),
        ("as_of" = Option<Instant>, Query, description = "What was known at this instant, exactly. Not in the future."),
    ),
    security(("bearer" = ["read_review"])),
    responses(
        (status = 200, description = "The review.", body = Pack),
        ReadProblems,
    ),
)]
#[get("/v1/reviews/{week}")]
pub async fn read_review(
    by: Allowed<needs::Review>,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::new(request.query_string(), &[AS_OF]);
    let now = state.deps.clock.now();
    let as_of = as_of(&mut query, now);
    query.finish()?;
    let week = week_in_path(&week, now)?;
    let pack = review::pack(&state.deps, &by, week, as_of).await?;
    Ok(HttpResponse::Ok().json(pack))
}

/// The week that an address names. A week that has not begun has no review.
pub(super) fn week_in_path(text: &str, now: jiff::Timestamp) -> Result<IsoWeek, Problem> {
    match text.parse::<IsoWeek>() {
        Ok(week) if week.starts_at() <= now => Ok(week),
        Ok(_) => Err(Problem::new(ProblemType::NotFound)
            .detail("This week has not begun; the latest review is that of the present week.")),
        Err(_) => Err(Problem::new(ProblemType::NotFound).detail(FieldCode::InvalidWeek.advice())),
    }
}
