//! Pages that explain: how the review works, and who can use these pages.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;

use super::{Frame, page};
use crate::domain::dictionary::{Metric, Unit, metrics};
use crate::domain::figures::DEFINITIONS_VERSION;
use crate::domain::spc::Goodness;

#[derive(Template)]
#[template(path = "how_it_works.html", whitespace = "minimize")]
struct HowItWorks {
    frame: Frame,
    version: u32,
    figures: Vec<Figure>,
}

/// A figure as it is explained.
struct Figure {
    of: &'static Metric,
    /// What is said of it besides, each with its name.
    facts: Vec<(&'static str, String)>,
}

impl Figure {
    fn new(of: &'static Metric) -> Self {
        let unit = match of.unit {
            Unit::Number => "A number",
            Unit::Share => "A share, shown as a percentage",
            Unit::WorkingDays => "Working days",
            Unit::Days => "Days of 24 hours",
            Unit::Weeks => "Weeks",
        };
        let better = match of.better {
            Goodness::Higher => "Higher is better",
            Goodness::Lower => "Lower is better",
            Goodness::Neutral => "Neither more nor fewer is good in itself",
        };
        let shown = match of.shown_from {
            ..=1 => String::new(),
            from => format!(" Shown from {from} cases on."),
        };
        let charted = if of.charts.is_empty() { "" } else { " Charted week by week." };
        let mut facts = vec![
            ("Counted", of.counted.to_owned()),
            ("Not counted", of.left_out.to_owned()),
            ("Still open", of.still_open.to_owned()),
            ("Time", of.time.to_owned()),
            ("Measured in", format!("{unit}. {better}.{shown}{charted}")),
        ];
        facts.extend(of.denominator.map(|whole| ("A part of", whole.to_owned())));
        Self { of, facts }
    }
}

/// How the review counts, and what its words mean.
#[get("/how-it-works")]
pub async fn how_it_works(request: HttpRequest) -> HttpResponse {
    let figures = metrics().map(Figure::new).collect();
    let frame = Frame::of(&request);
    page(StatusCode::OK, &HowItWorks { frame, version: DEFINITIONS_VERSION, figures })
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
