//! The weekly review for people: the page of a week, its files, and its signing.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use askama::Template;
use serde::Deserialize;

use super::error::PageError;
use super::{Frame, Place, ReviewPage, Side, View, Weeks, page, see_other, words};
use crate::domain::access::Action;
use crate::domain::review::{Notice, Pack};
use crate::domain::sign_off::{Disposition, NoticeAnswer, Signing};
use crate::domain::week::IsoWeek;
use crate::http::accept::Format;
use crate::http::auth::form::PageForm;
use crate::http::auth::signed_in::SignedIn;
use crate::http::problem_types::ProblemType;
use crate::http::reviews;
use crate::http::state::AppState;
use crate::usecases::review;

/// How a review is looked at; what is not understood is the usual view.
#[derive(Debug, Deserialize)]
pub struct Asked {
    weeks: Option<String>,
    view: Option<String>,
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
    let shown = read(&request, &state, &by, week).await?;
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
    let signed = review::sign_offs(&state.deps, &by.caller, week)
        .await
        .map_err(|failure| PageError::of(&request, failure))?;
    match signed.last() {
        Some(last) => {
            let deputy = if last.said.as_deputy { ", as deputy" } else { "" };
            html = html.signed(format!(
                "Signed off on {}{deputy}, version {}. These figures do not change any more. Hash {}",
                words::instant(last.signed_at),
                last.version,
                last.sha256.get(..16).unwrap_or_default()
            ));
        }
        None if by.caller.may(Action::SignReview).is_some() && !pack.part => {
            html = html.with_signing(week);
        }
        None => {}
    }
    Ok(page(StatusCode::OK, &html))
}

#[derive(Template)]
#[template(path = "sign_off.html", whitespace = "minimize")]
struct SignOffPage {
    frame: Frame,
    week: IsoWeek,
    csrf: String,
    data_to: String,
    data_to_words: String,
    tag: String,
    deputy: bool,
    notices: Vec<Notice>,
    dispositions: [(Disposition, &'static str); 4],
    wrong: Option<String>,
}

const DISPOSITIONS: [(Disposition, &str); 4] = [
    (Disposition::Act, "Something is done now"),
    (Disposition::Watch, "Watched, and looked at again"),
    (Disposition::Explained, "Explained"),
    (Disposition::NotFollowed, "Not followed up"),
];

/// The form that signs a week.
#[get("/review/{week}/sign-off")]
pub async fn sign_off_form(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::SignReview)?;
    let week = begun(&request, &week, state.deps.clock.now())?;
    by.recently(&request, &format!("/review/{week}/sign-off"))?;
    let form = form(&request, &state, &by, week, None).await?;
    Ok(page(StatusCode::OK, &form))
}

/// Signs a week with what was filled in.
#[post("/review/{week}/sign-off")]
pub async fn sign_off(
    form: PageForm,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, PageError> {
    let by = &form.by;
    by.may(&request, Action::SignReview)?;
    let week = begun(&request, &week, state.deps.clock.now())?;
    by.recently(&request, &format!("/review/{week}/sign-off"))?;
    let one = |name: &str| form.all(name).next().unwrap_or_default().trim().to_owned();
    let Ok(data_to) = one("data_to").parse() else {
        return Err(PageError::of(&request, ProblemType::BadRequest));
    };
    let mut answers = Vec::new();
    for ((key, disposition), reason) in
        form.all("key").zip(form.all("disposition")).zip(form.all("reason"))
    {
        let (Ok(disposition), false) = (disposition.parse(), reason.trim().is_empty()) else {
            let wrong =
                "Choose what is done about each notice, and say why in a line. Nothing was signed.";
            let again = self::form(&request, &state, by, week, Some(wrong.to_owned())).await?;
            return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &again));
        };
        let reason = reason.trim().chars().take(500).collect();
        answers.push(NoticeAnswer { key: key.to_owned(), disposition, reason });
    }
    let said = Signing {
        answers,
        decisions: one("decisions")
            .lines()
            .map(|line| line.trim().chars().take(500).collect::<String>())
            .filter(|line| !line.is_empty())
            .take(50)
            .collect(),
        as_deputy: !one("as_deputy").is_empty(),
        reason: None,
    };
    match review::sign(&state.deps, &by.caller, week, (data_to, &one("tag")), said).await {
        Ok(_) => Ok(see_other(&format!("/review/{week}"))),
        Err(failure) => Err(PageError::of(&request, failure)
            .with_link("Read the review again", format!("/review/{week}"))),
    }
}

async fn form(
    request: &HttpRequest,
    state: &Data<AppState>,
    by: &SignedIn,
    week: IsoWeek,
    wrong: Option<String>,
) -> Result<SignOffPage, PageError> {
    let shown = read(request, state, by, week).await?;
    let pack = parsed(request, &shown.text)?;
    Ok(SignOffPage {
        frame: frame(by),
        week,
        csrf: by.csrf.clone(),
        data_to: pack.data_to.to_string(),
        data_to_words: words::instant(pack.data_to),
        tag: shown.sha256,
        deputy: by.caller.role != crate::domain::access::Role::Director,
        notices: pack.notices,
        dispositions: DISPOSITIONS,
        wrong,
    })
}

fn frame(by: &SignedIn) -> Frame {
    Frame { place: Place::Review, ..by.frame() }
}

fn begun(request: &HttpRequest, name: &str, now: jiff::Timestamp) -> Result<IsoWeek, PageError> {
    reviews::week_in_path(name, now).map_err(|problem| PageError::of(request, problem))
}

async fn read(
    request: &HttpRequest,
    state: &Data<AppState>,
    by: &SignedIn,
    week: IsoWeek,
) -> Result<review::Shown, PageError> {
    let shown = review::shown(&state.deps, &by.caller, week, None).await;
    shown.map_err(|failure| PageError::of(request, failure))
}

/// What was signed under an older form of packs cannot be shown by this page; its file still can.
fn parsed(request: &HttpRequest, text: &str) -> Result<Pack, PageError> {
    serde_json::from_str(text).map_err(|_| PageError::of(request, ProblemType::Internal))
}
