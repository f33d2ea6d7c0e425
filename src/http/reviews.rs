//! The weekly review as data: the same value from which its page is made.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};

use super::accept::Format;
use super::answers::{BodyProblems, ReadProblems};
use super::body::Body;
use super::csv_answer;
use super::escalations::{expected_tag, no_parameters};
use super::field_codes::FieldCode;
use super::field_errors::FieldErrors;
use super::filters::{AS_OF, as_of};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::query::QueryReader;
use super::review_book::review_book;
use super::review_file::{COLUMNS, rows};
use super::review_views::{ReviewWeeks, SignOffView, SignOffs, SignProblems, SignReview};
use super::state::AppState;
use super::times::Instant;
use super::workbook;
use crate::domain::review::Pack;
use crate::domain::review::changes::Changes;
use crate::domain::week::IsoWeek;
use crate::usecases::review::{self, Shown};
use crate::usecases::{review_changes, review_record};

/// List the reviews by week
///
/// How each week stands, the latest first: in progress, a draft, signed, restated, or missed because nobody signed it
/// before the next one. The list begins with the first week that was signed; where none was, with the first escalation.
#[utoipa::path(
    tag = "review",
    operation_id = "list_reviews",
    security(("bearer" = ["read_review"])),
    responses((status = 200, description = "The weeks, the latest first.", body = ReviewWeeks), ReadProblems),
)]
#[get("/v1/reviews")]
pub async fn list_reviews(
    by: Allowed<needs::Review>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let items = review_record::weeks(&state.deps, &by).await?;
    Ok(HttpResponse::Ok().json(ReviewWeeks { items }))
}

/// Read the weekly review
///
/// Everything that the Director's page of a week shows: headline figures with what is usual for them, what to notice,
/// themes by agency, who we are not hearing from, and what is overdue with its owner. The data reach to Monday 06:00
/// after the week, or to now as long as that has not come; `as_of` asks for another instant. A signed week is answered
/// as it was signed, to the byte, unless `as_of` is said.
#[utoipa::path(
    tag = "review",
    operation_id = "read_review",
    params(
        ("week" = String, Path, description = "The ISO week.", example = "2026-W47"),
        ("as_of" = Option<Instant>, Query, description = "What was known at this instant, exactly. Not in the future."),
    ),
    security(("bearer" = ["read_review"])),
    responses(
        (status = 200, description = "The review.", content(
            (Pack = "application/json"), (String = "text/csv"),
            (workbook::WorkbookFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
         headers(("ETag" = String, description = "SHA-256 of the text, which is what is signed."))),
        ReadProblems,
    ),
)]
#[get("/v1/reviews/{week}")]
pub async fn read_review(
    by: Allowed<needs::ReviewFile>,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, Problem> {
    let mut query = QueryReader::new(request.query_string(), &[AS_OF]);
    let now = state.deps.clock.now();
    let as_of = as_of(&mut query, now);
    query.finish()?;
    let week = week_in_path(&week, now)?;
    let shown = review::shown(&state.deps, &by, week, as_of).await?;
    if by.format() != Format::Json {
        return file(&shown, week, by.format());
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, format!("\"{}\"", shown.sha256)))
        .insert_header((header::VARY, "accept"))
        .content_type("application/json")
        .body(shown.text))
}

/// A review as a file to be saved. What was signed under an older form of packs has its text only.
///
/// # Errors
/// The text is of an older form.
pub(super) fn file(shown: &Shown, week: IsoWeek, format: Format) -> Result<HttpResponse, Problem> {
    let pack: Pack = serde_json::from_str(&shown.text).map_err(|_| ProblemType::NotAcceptable)?;
    let name = format!("review-{week}");
    match format {
        Format::Csv => csv_answer::answer(&name, COLUMNS, rows(&pack), None),
        Format::Xlsx => {
            let book = review_book(&pack, &shown.sha256, shown.version)?;
            workbook::saved(&name, book, None)
        }
        Format::Json | Format::CloudEvents | Format::Ndjson | Format::Text | Format::Zip => {
            Ok(HttpResponse::Ok()
                .content_type(Format::Json.content_type())
                .insert_header((
                    "content-disposition",
                    format!("attachment; filename=\"{name}.json\""),
                ))
                .body(shown.text.clone()))
        }
    }
}

/// List the signed versions of a week's review
///
/// The first is what the Director signed; each further one restates it and says why. Each keeps the hash of its text.
#[utoipa::path(
    tag = "review",
    operation_id = "list_sign_offs",
    params(("week" = String, Path, description = "The ISO week.", example = "2026-W47")),
    security(("bearer" = ["read_review"])),
    responses((status = 200, description = "The versions, the first first.", body = SignOffs), ReadProblems),
)]
#[get("/v1/reviews/{week}/sign-offs")]
pub async fn list_sign_offs(
    by: Allowed<needs::Review>,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let week = week_in_path(&week, state.deps.clock.now())?;
    let signed = review::sign_offs(&state.deps, &by, week).await?;
    Ok(HttpResponse::Ok().json(SignOffs { items: signed.iter().map(SignOffView::new).collect() }))
}

/// Read a signed version of a week's review
///
/// As it was signed, to the byte, also when it was restated since.
#[utoipa::path(
    tag = "review",
    operation_id = "read_sign_off",
    params(
        ("week" = String, Path, description = "The ISO week.", example = "2026-W46"),
        ("version" = i32, Path, description = "Which signing, counted from 1.", example = 1, minimum = 1),
    ),
    security(("bearer" = ["read_review"])),
    responses(
        (status = 200, description = "The review as it was signed.", body = Pack,
         headers(("ETag" = String, description = "SHA-256 of the text."))),
        ReadProblems,
    ),
)]
#[get("/v1/reviews/{week}/sign-offs/{version}")]
pub async fn read_sign_off(
    by: Allowed<needs::Review>,
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let week = week_in_path(&path.0, state.deps.clock.now())?;
    let version = path.1.parse::<i32>().ok().filter(|it| it.to_string() == path.1);
    let signed = review::sign_offs(&state.deps, &by, week).await?;
    let found = signed.into_iter().find(|it| Some(it.version) == version);
    let signed = found.ok_or(ProblemType::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, format!("\"{}\"", signed.sha256)))
        .content_type("application/json")
        .body(signed.pack))
}

/// List what changed since a week was signed
///
/// Every record that came after the data of the last signed version and changes one of its figures or lines, and every
/// signed figure that is another now: what was signed, what it is now, and the difference. What was signed stays as it is.
#[utoipa::path(
    tag = "review",
    operation_id = "list_review_changes",
    params(("week" = String, Path, description = "The ISO week.", example = "2026-W46")),
    security(("bearer" = ["read_review"])),
    responses((status = 200, description = "What changed.", body = Changes), ReadProblems),
)]
#[get("/v1/reviews/{week}/changes")]
pub async fn list_review_changes(
    by: Allowed<needs::Review>,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let week = week_in_path(&week, state.deps.clock.now())?;
    let changes = review_changes::since_sign_off(&state.deps, &by, week).await?;
    let changes = changes.ok_or_else(|| {
        Problem::new(ProblemType::NotFound)
            .detail("Nobody has signed this week, so that nothing can have changed since.")
    })?;
    Ok(HttpResponse::Ok().json(changes))
}

/// Sign the review of a week
///
/// Freezes the figures as they were read: send `data_to` of the review and its ETag. Every notice wants an answer, and
/// no answer is refused for what it says. What is signed never changes; signing again needs a reason and makes another
/// version beside it.
#[utoipa::path(
    tag = "review",
    operation_id = "sign_review",
    params(
        ("week" = String, Path, description = "The ISO week.", example = "2026-W46"),
        ("If-Match" = String, Header, description = "The ETag of the review that was read."),
    ),
    request_body(content = SignReview, content_type = "application/json",
        example = json!({"data_to": "2026-11-16T06:00:00Z", "answers": [], "decisions": ["Health joins the duty rota."]})),
    security(("bearer" = ["sign_review"])),
    responses(
        (status = 201, description = "It is signed.", body = SignOffView),
        ReadProblems, BodyProblems, SignProblems,
    ),
)]
#[post("/v1/reviews/{week}/sign-offs")]
pub async fn sign_review(
    by: Allowed<needs::SignReview>,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let now = state.deps.clock.now();
    let week = week_in_path(&week, now)?;
    let read = expected_tag(&request)?.ok_or(ProblemType::PreconditionRequired)?;
    let input: SignReview = body.read().await?;
    let data_to = input.data_to.0;
    if data_to > now {
        let mut errors = FieldErrors::new();
        errors.push("#/data_to", FieldCode::InFuture);
        return Err(errors.into());
    }
    let said = input.into_signing()?;
    let signed = review::sign(&state.deps, &by, week, (data_to, &read), said).await?;
    Ok(HttpResponse::Created().json(SignOffView::new(&signed)))
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
