//! The board copy of a review as a page to print.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;
use serde::Deserialize;

use super::error::PageError;
use super::{Frame, Place, page, words};
use crate::domain::access::Action;
use crate::domain::disclosure::Profile;
use crate::domain::papers::{BoardCopy, PaperFigure};
use crate::http::auth::signed_in::SignedIn;
use crate::http::reviews::week_in_path;
use crate::http::state::AppState;
use crate::usecases::papers;

/// What is asked for; rules that are not known are the usual ones.
#[derive(Debug, Deserialize)]
pub struct Asked {
    profile: Option<String>,
}

#[derive(Template)]
#[template(path = "board_copy.html", whitespace = "minimize")]
struct BoardCopyPage {
    frame: Frame,
    copy: BoardCopy,
    week_span: String,
    data_to: String,
    counted_to: String,
    quarter_span: String,
    headlines: [(&'static str, PaperFigure, &'static str); 8],
    profiles: [(Profile, &'static str, bool); 2],
}

/// The copy of a week's review for committees.
#[get("/review/{week}/board-copy")]
pub async fn board_copy(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
    asked: Query<Asked>,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::ReadReview)?;
    let week = week_in_path(&week, state.deps.clock.now())
        .map_err(|problem| PageError::of(&request, problem))?;
    let profile = asked.profile.as_deref().and_then(|code| code.parse().ok());
    let profile = profile.unwrap_or(Profile::DfeCin);
    let copy = papers::copy_for_board(&state.deps, &by.caller, week, profile).await;
    let copy = copy.map_err(|failure| {
        PageError::of(&request, failure).with_link("Back to the review", format!("/review/{week}"))
    })?;
    Ok(page(StatusCode::OK, &BoardCopyPage::new(copy, frame(&by))))
}

impl BoardCopyPage {
    fn new(copy: BoardCopy, frame: Frame) -> Self {
        let (counts, lines) = (&copy.counts, &copy.counts.headlines);
        Self {
            week_span: words::week_span(copy.week),
            data_to: words::instant(copy.made_from.data_to),
            counted_to: words::instant(counts.data_to),
            quarter_span: format!(
                "{} to {}",
                words::long_date(counts.from.monday()),
                words::long_date(counts.to.sunday())
            ),
            headlines: [
                ("New escalations", lines.raised.clone(), ""),
                ("Resolved", lines.resolved.clone(), ""),
                ("Open when the quarter ended", lines.open_at_end.clone(), ""),
                ("Of these late", lines.overdue_at_end.clone(), ""),
                ("Answers that fell due", lines.answers_due.clone(), ""),
                ("Of these in time", lines.percent_in_time.clone(), "%"),
                ("Median working days to resolve", lines.median_working_days.clone(), ""),
                ("Median days the children had waited", lines.median_child_days.clone(), ""),
            ],
            profiles: [
                (Profile::DfeCin, "1 to 5 hidden"),
                (Profile::NhsSubNational, "1 to 7 hidden, others rounded to 5"),
            ]
            .map(|(profile, words)| (profile, words, profile == counts.profile)),
            copy,
            frame,
        }
    }
}

fn frame(by: &SignedIn) -> Frame {
    Frame { place: Place::Review, ..by.frame() }
}
