//! Pages that explain: how the review works, and who can use these pages.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;

use super::{Frame, page};
use crate::domain::figures::Measure;

#[derive(Template)]
#[template(path = "how_it_works.html")]
struct HowItWorks {
    frame: Frame,
    definitions: Vec<(String, &'static str)>,
}

/// How the review counts, and what its words mean.
#[get("/how-it-works")]
pub async fn how_it_works(request: HttpRequest) -> HttpResponse {
    let definitions = Measure::ALL
        .iter()
        .map(|measure| (measure.to_string().replace('_', " "), measure.definition()))
        .collect();
    page(StatusCode::OK, &HowItWorks { frame: Frame::of(&request), definitions })
}

#[derive(Template)]
#[template(path = "accessibility.html")]
struct Accessibility {
    frame: Frame,
}

/// The accessibility statement.
#[get("/accessibility")]
pub async fn accessibility(request: HttpRequest) -> HttpResponse {
    page(StatusCode::OK, &Accessibility { frame: Frame::of(&request) })
}
