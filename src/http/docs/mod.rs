//! The reference for developers at `/docs/`: our own pages, made from the contract, without a script and without anything
//! from elsewhere. Swagger UI, to try operations in a browser, is at `/docs/try/`.

mod changelog;
mod lines;
mod members;
mod prose;
mod reference;
#[cfg(test)]
mod tests;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;
use utoipa_swagger_ui::SwaggerUi;

use super::pages::error::PageError;
use super::pages::{Frame, Place, page};
use super::problem_types::ProblemType;
use super::state::AppState;
use prose::{Block, Piece, blocks};
use reference::{Group, Operation, Table};

/// What the repository's first page says of the first five minutes; a test of every build runs its lines.
const README: &str = include_str!("../../../README.md");
/// How the whole contract behaves.
const CONVENTIONS: &str = include_str!("../../../docs/api-conventions.md");

/// Swagger UI writes styles into its elements and draws its signs from `data:`; it runs our own files only, and asks
/// nothing but this service.
const CONTENT_SECURITY_OF_TRY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                                       img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'none'; \
                                       base-uri 'none'; frame-ancestors 'none'";

/// The pages of the reference.
pub fn docs(config: &mut web::ServiceConfig) {
    let tried = SwaggerUi::new("/{_:.*}")
        .config(utoipa_swagger_ui::Config::from("/openapi.json").try_it_out_enabled(true));
    let policy = DefaultHeaders::new()
        .add((header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_OF_TRY)))
        .add((HeaderName::from_static("cross-origin-opener-policy"), "same-origin"));
    config
        .service(web::redirect("/docs", "/docs/"))
        .service(web::redirect("/docs/try", "/docs/try/"))
        // Where Swagger UI was.
        .service(web::redirect("/docs/index.html", "/docs/try/"))
        .service(web::scope("/docs/try").wrap(policy).service(tried))
        .service(start)
        .service(operation)
        .service(schema)
        .service(conventions)
        .service(changes)
        .service(changes_feed);
}

fn frame(request: &HttpRequest) -> Frame {
    Frame { place: Place::Docs, ..Frame::of(request) }
}

#[derive(Template)]
#[template(path = "docs/index.html", whitespace = "minimize")]
struct Start {
    frame: Frame,
    quickstart: Vec<Block>,
    groups: Vec<Group>,
}

/// The first five minutes, and every operation.
#[get("/docs/")]
async fn start(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let groups = reference::groups(state.contract.value());
    page(StatusCode::OK, &Start { frame: frame(&request), quickstart: quickstart(), groups })
}

/// The README's section, up to the next heading.
fn quickstart() -> Vec<Block> {
    let section = README.split_once("\n## Five minutes\n").map_or("", |(_, rest)| rest);
    blocks(
        section
            .split("\n## ")
            .next()
            .unwrap_or_default()
            .split("\n### ")
            .next()
            .unwrap_or_default(),
    )
}

#[derive(Template)]
#[template(path = "docs/operation.html", whitespace = "minimize")]
struct OperationPage {
    frame: Frame,
    it: Operation,
}

/// One operation.
#[get("/docs/operations/{id}")]
async fn operation(
    request: HttpRequest,
    state: Data<AppState>,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let it = reference::operation(state.contract.value(), &id).ok_or_else(|| missing(&request))?;
    Ok(page(StatusCode::OK, &OperationPage { frame: frame(&request), it }))
}

#[derive(Template)]
#[template(path = "docs/schema.html", whitespace = "minimize")]
struct SchemaPage {
    frame: Frame,
    it: Table,
}

/// One schema of answers, with its members.
#[get("/docs/schemas/{name}")]
async fn schema(
    request: HttpRequest,
    state: Data<AppState>,
    name: Path<String>,
) -> Result<HttpResponse, PageError> {
    let it = reference::schema(state.contract.value(), &name).ok_or_else(|| missing(&request))?;
    Ok(page(StatusCode::OK, &SchemaPage { frame: frame(&request), it }))
}

fn missing(request: &HttpRequest) -> PageError {
    PageError::of(request, ProblemType::NotFound)
}

#[derive(Template)]
#[template(path = "docs/text.html", whitespace = "minimize")]
struct TextPage {
    frame: Frame,
    title: &'static str,
    blocks: Vec<Block>,
    feed: Option<&'static str>,
}

/// What holds for every operation.
#[get("/docs/conventions")]
async fn conventions(request: HttpRequest) -> HttpResponse {
    let all = blocks(CONVENTIONS).into_iter();
    let blocks = all.filter(|it| !matches!(it, Block::Heading { depth: 1, .. })).collect();
    page(
        StatusCode::OK,
        &TextPage { frame: frame(&request), title: "Conventions", blocks, feed: None },
    )
}

/// What changed.
#[get("/docs/changelog")]
async fn changes(request: HttpRequest) -> HttpResponse {
    let feed = Some("/docs/changelog.atom");
    let blocks = changelog::shown();
    page(StatusCode::OK, &TextPage { frame: frame(&request), title: "What changed", blocks, feed })
}

/// The same for readers of feeds.
#[get("/docs/changelog.atom")]
async fn changes_feed(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    let feed = changelog::feed(&state.doors.origin(&request));
    HttpResponse::Ok().content_type("application/atom+xml; charset=utf-8").body(feed)
}
