//! What leaves the partnership: board copies of reviews, and the quarterly packs for the public.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};

use super::accept::Format;
use super::answers::{BodyProblems, ReadProblems};
use super::body::Body;
use super::csv_answer;
use super::escalations::{expected_tag, no_parameters};
use super::paper_views::{COLUMNS, PublicReleases, ReleasePack, ReleaseView, rows};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::query::QueryReader;
use super::review_views::SignProblems;
use super::reviews::week_in_path;
use super::state::AppState;
use crate::domain::disclosure::Profile;
use crate::domain::papers::{BoardCopy, PublicPack, Quarter};
use crate::usecases::papers;

/// The parameter that chooses the rules for small numbers.
const PROFILE: &str = "profile";

/// Read the board copy of a week's review
///
/// For committees outside the weekly review: in words how the week stands, and the counts of the last whole quarter
/// with small numbers hidden, so that none can be worked out. No references, no children, no single person's role. It
/// names the profile, the method, and the hash of the review that it was made from.
#[utoipa::path(
    tag = "review",
    operation_id = "read_board_copy",
    params(
        ("week" = String, Path, description = "The ISO week. Its data must have been taken: at 06:00 on the Monday after.", example = "2026-W46"),
        ("profile" = Option<Profile>, Query, description = "The rules for small numbers; `dfe_cin` when not said."),
    ),
    security(("bearer" = ["read_review"])),
    responses(
        (status = 200, description = "The copy.", content(
            (BoardCopy = "application/json"), (String = "text/csv"))),
        (status = 409, description = "The week is not over.", body = Problem, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/reviews/{week}/board-copy")]
pub async fn read_board_copy(
    by: Allowed<needs::BoardCopy>,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, Problem> {
    let profile = profile(&request)?.unwrap_or(Profile::DfeCin);
    let week = week_in_path(&week, state.deps.clock.now())?;
    let copy = papers::copy_for_board(&state.deps, &by, week, profile).await?;
    if by.format() == Format::Csv {
        return csv_answer::answer(&format!("board-copy-{week}"), COLUMNS, rows(&copy), None);
    }
    Ok(HttpResponse::Ok().insert_header((header::VARY, "accept")).json(copy))
}

/// List the packs that were released to the public
///
/// The latest quarter first, each with who released it, what was checked by hand before, and the hash of what was
/// released. A release is never changed or withdrawn: what was public once stays so.
#[utoipa::path(
    tag = "review",
    operation_id = "list_public_packs",
    security(("bearer" = ["read_public_pack"])),
    responses((status = 200, description = "The releases.", body = PublicReleases), ReadProblems),
)]
#[get("/v1/public-packs")]
pub async fn list_public_packs(
    by: Allowed<needs::PublicPack>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let releases = papers::releases(&state.deps, &by).await?;
    let items = releases.iter().map(ReleaseView::new).collect();
    Ok(HttpResponse::Ok().json(PublicReleases { items }))
}

/// Read the pack of a quarter for the public
///
/// A released pack is answered as it was released, to the byte, to everybody who is registered. Before that only those
/// who may review see it, as it would be released with this `profile`. The quarter must be over.
#[utoipa::path(
    tag = "review",
    operation_id = "read_public_pack",
    params(
        ("quarter" = String, Path, description = "A quarter of the ISO year: weeks 1 to 13, 14 to 26, 27 to 39, or 40 to the last.", example = "2026-Q3"),
        ("profile" = Option<Profile>, Query, description = "The rules for small numbers; `nhs_sub_national` when not said. Without meaning once the pack is released."),
    ),
    security(("bearer" = ["read_public_pack"])),
    responses(
        (status = 200, description = "The pack.", body = PublicPack,
         headers(("ETag" = String, description = "SHA-256 of the text, which is what is released."))),
        (status = 409, description = "The quarter is not over.", body = Problem, content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[get("/v1/public-packs/{quarter}")]
pub async fn read_public_pack(
    by: Allowed<needs::PublicPack>,
    state: Data<AppState>,
    request: HttpRequest,
    quarter: Path<String>,
) -> Result<HttpResponse, Problem> {
    let profile = profile(&request)?.unwrap_or(Profile::NhsSubNational);
    let shown = papers::pack_of(&state.deps, &by, named(&quarter)?, profile).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, format!("\"{}\"", shown.sha256)))
        .content_type("application/json")
        .body(shown.text))
}

/// Release the pack of a quarter to the public
///
/// Send the ETag of the pack that was read and checked by hand, what was checked, and who answers for it. A quarter is
/// released once: a second pack about the same weeks would tell, by its difference from the first, what is hidden in
/// both.
#[utoipa::path(
    tag = "review",
    operation_id = "release_public_pack",
    params(
        ("quarter" = String, Path, description = "The quarter.", example = "2026-Q3"),
        ("If-Match" = String, Header, description = "The ETag of the pack that was read."),
    ),
    request_body(content = ReleasePack, content_type = "application/json", example = json!({
        "releaser": "Director of Children's Services",
        "checked": "No small number can be worked out, also from last quarter's pack and the yearly report."
    })),
    security(("bearer" = ["release_pack"])),
    responses(
        (status = 201, description = "It is released.", body = ReleaseView,
         headers(("Location" = String, description = "Where it is."))),
        ReadProblems, BodyProblems, SignProblems,
    ),
)]
#[post("/v1/public-packs/{quarter}/release")]
pub async fn release_public_pack(
    by: Allowed<needs::ReleasePack>,
    state: Data<AppState>,
    request: HttpRequest,
    quarter: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let quarter = named(&quarter)?;
    let read = expected_tag(&request)?.ok_or(ProblemType::PreconditionRequired)?;
    let (profile, said) = body.read::<ReleasePack>().await?.into_releasing()?;
    let profile = profile.unwrap_or(Profile::NhsSubNational);
    let released = papers::release(&state.deps, &by, (quarter, profile), &read, said).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/v1/public-packs/{quarter}")))
        .json(ReleaseView::new(&released)))
}

fn profile(request: &HttpRequest) -> Result<Option<Profile>, Problem> {
    let mut query = QueryReader::new(request.query_string(), &[PROFILE]);
    let profile = query.code(PROFILE);
    query.finish()?;
    Ok(profile)
}

fn named(quarter: &str) -> Result<Quarter, Problem> {
    quarter.parse().map_err(|_| {
        Problem::new(ProblemType::NotFound)
            .detail("A quarter is written like 2026-Q3, with the ISO year and 1 to 4.")
    })
}
