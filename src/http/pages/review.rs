//! The weekly review for people: the page of a week, and its files.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Deserialize;

use super::error::PageError;
use super::review_changes::signed_card;
use super::{Frame, Place, ReviewPage, Side, View, Weeks, page, see_other};
use crate::domain::access::Action;
use crate::domain::action::ReviewAction;
use crate::domain::review::Pack;
use crate::domain::week::IsoWeek;
use crate::http::accept::Format;
use crate::http::auth::signed_in::SignedIn;
use crate::http::problem_types::ProblemType;
use crate::http::reviews;
use crate::http::state::AppState;
use crate::usecases::review::{self, Shown};
use crate::usecases::{actions, review_changes};

/// How a review is looked at; what is not understood is the usual view.
#[derive(Debug, Deserialize)]
pub struct Asked {
    weeks: Option<String>,
    view: Option<String>,
    /// A signed version that was restated since.
    version: Option<String>,
}

/// The review of the last week that is over; for agencies the form to raise, for others who do not review their account.
#[get("/review")]
pub async fn latest_review(by: SignedIn, state: Data<AppState>) -> HttpResponse {
    if by.caller.may(Action::ReadReview).is_none() {
        // Who does not review most often comes to raise.
        let raises = by.caller.may(Action::RaiseEscalation).is_some();
        return see_other(if raises { "/raise" } else { "/account" });
    }
    let week = IsoWeek::containing(state.deps.clock.now()).previous();
    see_other(&format!("/review/{week}"))
}

/// The page of a week, or with `.json`, `.csv` and `.xlsx` the same as a file.
#[get("/review/{week}")]
pub async fn review_of_week(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
    asked: Query<Asked>,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::ReadReview)?;
    let (name, file) =
        week.split_once('.').map_or((week.as_str(), None), |(name, file)| (name, Some(file)));
    let now = state.deps.clock.now();
    let week = begun(&request, name, now)?;
    let failed = |failure| PageError::of(&request, failure);
    let signed = review::sign_offs(&state.deps, &by.caller, week).await.map_err(failed)?;
    let version = match &asked.version {
        None => signed.last(),
        Some(wanted) => {
            let found = signed.iter().find(|it| it.version.to_string() == *wanted);
            Some(found.ok_or_else(|| PageError::of(&request, ProblemType::NotFound))?)
        }
    };
    let shown = match version {
        Some(version) => Shown::from(version),
        None => review::shown(&state.deps, &by.caller, week, None).await.map_err(failed)?,
    };
    let format = match file {
        None => None,
        Some("json") => Some(Format::Json),
        Some("csv") => Some(Format::Csv),
        Some("xlsx") => Some(Format::Xlsx),
        Some(_) => return Err(PageError::of(&request, ProblemType::NotFound)),
    };
    if let Some(format) = format {
        let saved = reviews::file(&shown, week, format);
        let mut saved = saved.map_err(|problem| PageError::of(&request, problem))?;
        saved
            .headers_mut()
            .insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
        return Ok(saved);
    }
    let pack = parsed(&request, &shown.text)?;
    let next = Some(week.next()).filter(|next| next.starts_at() <= now);
    let view = View {
        weeks: asked.weeks.as_deref().and_then(Weeks::from_code).unwrap_or_default(),
        side: asked.view.as_deref().and_then(Side::from_code).unwrap_or_default(),
        previous: Some(week.previous()),
        next,
    };
    let mut html = ReviewPage::new(&pack, &view, frame(&by));
    html = with_record(&request, &state, &by, &pack, html).await?;
    match version {
        Some(version) => {
            let since = review_changes::since(&state.deps, &by.caller, version).await;
            let card = signed_card(version, &signed, &pack).with_again(&by, version);
            html = html.signed(card, &since.map_err(failed)?);
        }
        None if now >= review::cut_off_of(week.next()) => {
            html = html.missed(true);
            if by.caller.may(Action::SignReview).is_some() {
                html = html.with_signing(week);
            }
        }
        None if by.caller.may(Action::SignReview).is_some() && !pack.part => {
            html = html.with_signing(week);
        }
        None => {}
    }
    Ok(page(StatusCode::OK, &html))
}

/// The page with what was agreed for its week after its data were taken: what a meeting adds shows at once, though what
/// is signed does not know it.
async fn with_record(
    request: &HttpRequest,
    state: &Data<AppState>,
    by: &SignedIn,
    pack: &Pack,
    html: ReviewPage,
) -> Result<ReviewPage, PageError> {
    let failed = |failure| PageError::of(request, failure);
    let (agreed, _) = actions::list(&state.deps, &by.caller).await.map_err(failed)?;
    let (learnt, _) = actions::learnt(&state.deps, &by.caller).await.map_err(failed)?;
    let learnt = learnt.iter().filter(|it| it.week == pack.week && it.recorded.at > pack.data_to);
    let first = |it: &ReviewAction| it.earlier.first().unwrap_or(&it.state).recorded.at;
    let agreed = agreed.iter().filter(|it| it.week == pack.week && first(it) > pack.data_to);
    let since = learnt
        .map(|it| it.text.as_str().to_owned())
        .chain(agreed.map(|it| format!("{}, {}", it.title.as_str(), it.owner_role.as_str())));
    let keeps = by.caller.may(Action::KeepReview).is_some();
    let add = keeps.then(|| format!("/review/{}/actions", pack.week));
    Ok(html.with_record(since.collect(), add))
}

/// The frame of the pages of a review.
pub(super) fn frame(by: &SignedIn) -> Frame {
    Frame { place: Place::Review, ..by.frame() }
}

/// The week that an address names, where it has begun.
pub(super) fn begun(
    request: &HttpRequest,
    name: &str,
    now: jiff::Timestamp,
) -> Result<IsoWeek, PageError> {
    reviews::week_in_path(name, now).map_err(|problem| PageError::of(request, problem))
}

/// What was signed under an older form of packs cannot be shown by this page; its file still can.
pub(super) fn parsed(request: &HttpRequest, text: &str) -> Result<Pack, PageError> {
    serde_json::from_str(text).map_err(|_| PageError::of(request, ProblemType::Internal))
}
