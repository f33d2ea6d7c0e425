//! A page for each type of problem, so that the address in `type` leads somewhere.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};

use super::problem::Problem;
use super::problem_types::ProblemType;

/// Read what a type of problem means
///
/// The page that the `type` of a problem points to.
#[utoipa::path(tag = "contract", operation_id = "read_problem_type", security(()),
    params(("slug" = String, Path, description = "The last part of `type`.", example = "validation-failed")),
    responses((status = 200, description = "What it means, and what to do.", body = String, content_type = "text/html"),
              (status = 404, description = "There is no such type.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "Any other problem.", body = Problem, content_type = "application/problem+json")))]
#[get("/problems/{slug}")]
pub async fn read_problem_type(slug: Path<String>) -> Result<HttpResponse, Problem> {
    let kind = ProblemType::from_slug(&slug).ok_or(ProblemType::NotFound)?;
    // Everything here is our own text, without a sign that HTML reads otherwise; a test says so.
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<main>\n<h1>{title}</h1>\n<p>{description}</p>\n\
         <p>Status {status}, code <code>{slug}</code>.</p>\n</main>\n</html>\n",
        title = kind.title(),
        description = kind.description(),
        status = kind.status().as_u16(),
        slug = kind.slug(),
    );
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_page_can_be_taken_for_html() {
        for kind in ProblemType::ALL {
            let words = [kind.title(), kind.description(), kind.slug()].concat();
            assert!(!words.contains(['<', '>', '&']), "{}", kind.slug());
        }
    }
}
