//! Who is heard: a system says that it is alive, an agency that it had nothing to raise.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};

use super::answers::{BodyProblems, ReadProblems};
use super::body::Body;
use super::escalations::no_parameters;
use super::hearing_views::{
    FeedView, Feeds, GiveNilReturn, Heartbeat, NilReturnView, NilReturns, StateFeed,
};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::state::AppState;
use super::times::Instant;
use crate::usecases::hearing;

/// Say that your system is alive and had nothing to send
///
/// Send it on every run of a feed that found nothing to send: then silence can be told from a broken connection. Any
/// call that records something counts as a contact too. Heard within one hour it is kept once, so that sending it again
/// costs nothing. Who agreed to be heard and is not, for twice the agreed interval and at least three days, is called
/// not connected in the weekly review; without such an agreement nobody ever is.
#[utoipa::path(
    tag = "hearing",
    operation_id = "send_heartbeat",
    security(("bearer" = ["send_heartbeat"])),
    responses((status = 200, description = "It was heard.", body = Heartbeat), ReadProblems),
)]
#[post("/v1/heartbeat")]
pub async fn send_heartbeat(
    by: Allowed<needs::Heartbeat>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let heard_at = hearing::heartbeat(&state.deps, &by).await?;
    Ok(HttpResponse::Ok().json(Heartbeat { heard_at: Instant(heard_at) }))
}

/// Say that there was nothing to raise in a week
///
/// An agency's own word, on record, with the role of who gave it. In the weekly review it stands in the place of
/// "quiet"; several in a row are asked about all the same, and no words call silence good. Possible from the Friday of
/// the week on. Said again for the same week it answers 200 with the first word, which stands. For a week in which the
/// agency raised something it is refused; what it raises later for that week counts before it. It is known in reviews
/// whose data were taken after it: Monday at 06:00.
#[utoipa::path(
    tag = "hearing",
    operation_id = "give_nil_return",
    params(("agency" = String, Path, description = "Code or alias of your own agency.", example = "valeshire_police")),
    request_body(content = GiveNilReturn, content_type = "application/json",
        example = json!({"week": "2026-W46", "signed_as": "Designated safeguarding lead"})),
    security(("bearer" = ["give_nil_return"])),
    responses(
        (status = 201, description = "It is on record.", body = NilReturnView),
        (status = 200, description = "It was said before; this is the first word.", body = NilReturnView),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/agencies/{agency}/nil-returns")]
pub async fn give_nil_return(
    by: Allowed<needs::NilReturn>,
    state: Data<AppState>,
    request: HttpRequest,
    agency: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let input: GiveNilReturn = body.read().await?;
    let role = input.signed_as.into_string();
    let (code, said, first) =
        hearing::give_nil_return(&state.deps, &by, &agency, input.week.0, role).await?;
    let shown = NilReturnView::new(&said, &code);
    Ok(if first { HttpResponse::Created().json(shown) } else { HttpResponse::Ok().json(shown) })
}

/// List the nil returns of an agency
///
/// The latest week first. An agency sees its own.
#[utoipa::path(
    tag = "hearing",
    operation_id = "list_nil_returns",
    params(("agency" = String, Path, description = "Code or alias of the agency.", example = "valeshire_police")),
    security(("bearer" = ["read_hearing"])),
    responses((status = 200, description = "The nil returns.", body = NilReturns), ReadProblems),
)]
#[get("/v1/agencies/{agency}/nil-returns")]
pub async fn list_nil_returns(
    by: Allowed<needs::Hearing>,
    state: Data<AppState>,
    request: HttpRequest,
    agency: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let (code, all) = hearing::nil_returns(&state.deps, &by, &agency).await?;
    let items = all.iter().map(|it| NilReturnView::new(it, &code)).collect();
    Ok(HttpResponse::Ok().json(NilReturns { items }))
}

/// Record how often an agency's system agreed to be heard
///
/// Or that it need not be heard any more, because its people use the pages. The last statement holds; all stay
/// readable. Another interval does not begin the waiting anew.
#[utoipa::path(
    tag = "hearing",
    operation_id = "agree_feed",
    params(("agency" = String, Path, description = "Code or alias of the agency.", example = "valeshire_police")),
    request_body(content = StateFeed, content_type = "application/json",
        example = json!({"state": "agreed", "every_hours": 24, "reason": "The nightly transfer was agreed in May."})),
    security(("bearer" = ["agree_feed"])),
    responses(
        (status = 201, description = "It is recorded.", body = FeedView),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/agencies/{agency}/feed-agreements")]
pub async fn agree_feed(
    by: Allowed<needs::AgreeFeed>,
    state: Data<AppState>,
    request: HttpRequest,
    agency: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let input: StateFeed = body.read().await?;
    let stated = hearing::state_feed(&state.deps, &by, &agency, input.into_statement()).await?;
    Ok(HttpResponse::Created().json(FeedView::new(&stated)))
}

/// List what was stated about an agency's feed
///
/// The first first; the last one holds. An agency sees its own.
#[utoipa::path(
    tag = "hearing",
    operation_id = "list_feed_agreements",
    params(("agency" = String, Path, description = "Code or alias of the agency.", example = "valeshire_police")),
    security(("bearer" = ["read_hearing"])),
    responses((status = 200, description = "The statements.", body = Feeds), ReadProblems),
)]
#[get("/v1/agencies/{agency}/feed-agreements")]
pub async fn list_feed_agreements(
    by: Allowed<needs::Hearing>,
    state: Data<AppState>,
    request: HttpRequest,
    agency: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let all = hearing::feeds(&state.deps, &by, &agency).await?;
    Ok(HttpResponse::Ok().json(Feeds { items: all.iter().map(FeedView::new).collect() }))
}
