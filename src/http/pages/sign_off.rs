//! Signing a week off: the form, and what becomes of what was filled in. Nothing that was typed is lost.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use askama::Template;
use jiff::{Timestamp, Unit};

use super::actions::{Choice, agencies};
use super::error::PageError;
use super::form::Wrongs;
use super::review::{begun, frame, parsed};
use super::sign_off_form::{AgencyFields, CheckFields, NoticeFields, Typed};
use super::{Frame, page, see_other, words};
use crate::domain::access::{Action, Role};
use crate::domain::meeting::{CheckState, Presence, checks};
use crate::domain::review::Notice;
use crate::domain::sign_off::{CannotSign, Disposition};
use crate::domain::week::IsoWeek;
use crate::http::auth::form::PageForm;
use crate::http::auth::signed_in::SignedIn;
use crate::http::problem::Problem;
use crate::http::problem_types::ProblemType;
use crate::http::state::AppState;
use crate::usecases::{Failure, reference, review};

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
    /// Which version was signed last; signing again needs a reason.
    signed: Option<i32>,
    notices: Vec<NoticeFields>,
    checks: Vec<CheckFields>,
    agencies: Vec<AgencyFields>,
    presences: &'static [Presence],
    dispositions: [(Disposition, &'static str); 4],
    typed: Typed,
    wrong: Wrongs,
}

pub(super) const DISPOSITIONS: [(Disposition, &str); 4] = [
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
    let now = state.deps.clock.now();
    let week = begun(&request, &week, now)?;
    by.recently(&request, &format!("/review/{week}/sign-off"))?;
    let read = fresh(&request, &state, &by, week).await?;
    let form = read.form(&by, Typed::default(), Wrongs::default());
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
    let typed = Typed::of(&form);
    let one = |name: &str| form.all(name).next().unwrap_or_default().trim().to_owned();
    let (data_to, tag) = (one("data_to").parse::<Timestamp>(), one("tag"));
    if !by.is_recent() {
        let mut wrong = Wrongs::default();
        wrong.all(
            "Your sign-in is older than 15 minutes, and a signature cannot be taken back. What you typed is below: \
             keep a copy of it, sign in again with the link under this form, and fill the form in again.",
        );
        let read = fresh(&request, &state, by, week).await?;
        return Ok(page(StatusCode::FORBIDDEN, &read.form(by, typed, wrong)));
    }
    let Ok(data_to) = data_to else {
        return Err(PageError::of(&request, ProblemType::BadRequest));
    };
    let read = at(&request, &state, by, week, data_to).await?;
    let deputy = by.caller.role != Role::Director;
    // What was read may be no longer what would be signed; then the form asks about the review as it is now.
    let moved = read.tag != tag;
    let said = match typed.said(&read.notices, &read.checks, read.signed.is_some(), deputy) {
        Ok(said) => said,
        Err(mut wrong) => {
            let (read, status) = if moved {
                wrong.all(MOVED);
                (fresh(&request, &state, by, week).await?, StatusCode::PRECONDITION_FAILED)
            } else {
                (read, StatusCode::UNPROCESSABLE_ENTITY)
            };
            return Ok(page(status, &read.form(by, typed, wrong)));
        }
    };
    let refused = match review::sign(&state.deps, &by.caller, week, (data_to, &tag), said).await {
        Ok(_) => return Ok(see_other(&format!("/review/{week}"))),
        Err(failure) => failure,
    };
    let mut wrong = Wrongs::default();
    let gone = matches!(&refused, Failure::CannotSign(CannotSign::NotWhatWasRead));
    let again = matches!(&refused, Failure::CannotSign(_));
    let problem = Problem::from(refused);
    if !again {
        return Err(PageError::of(&request, problem));
    }
    let status = problem.kind().status();
    if gone {
        wrong.all(MOVED);
    } else {
        let document = problem.document();
        let errors: Vec<_> = document.errors.iter().map(|it| it.detail.clone()).collect();
        if errors.is_empty() {
            wrong.all(document.detail.clone());
        }
        errors.into_iter().for_each(|words| wrong.all(words));
    }
    let read = fresh(&request, &state, by, week).await?;
    Ok(page(status, &read.form(by, typed, wrong)))
}

const MOVED: &str = "The review has changed since you read it: something was recorded, or signed, in between. What you \
                     typed is kept. Read the review again, check your answers below, and sign.";

/// A review as it would be signed.
struct Read {
    week: IsoWeek,
    data_to: Timestamp,
    tag: String,
    notices: Vec<Notice>,
    checks: Vec<CheckState>,
    agencies: Vec<Choice>,
    signed: Option<i32>,
}

impl Read {
    fn form(self, by: &SignedIn, mut typed: Typed, wrong: Wrongs) -> SignOffPage {
        let notices = typed.notices(self.notices);
        let checks = typed.checks(&self.checks);
        let agencies = typed.agencies(self.agencies);
        SignOffPage {
            frame: frame(by),
            week: self.week,
            csrf: by.csrf.clone(),
            data_to: self.data_to.to_string(),
            data_to_words: words::instant(self.data_to),
            tag: self.tag,
            deputy: by.caller.role != Role::Director,
            signed: self.signed,
            notices,
            checks,
            agencies,
            presences: Presence::ALL,
            dispositions: DISPOSITIONS,
            typed,
            wrong,
        }
    }
}

/// What would be signed now: of a week that was signed before, what is known now.
async fn fresh(
    request: &HttpRequest,
    state: &Data<AppState>,
    by: &SignedIn,
    week: IsoWeek,
) -> Result<Read, PageError> {
    let now = state.deps.clock.now();
    let signed = review::sign_offs(&state.deps, &by.caller, week).await;
    let signed = signed.map_err(|failure| PageError::of(request, failure))?;
    let data_to = if signed.is_empty() {
        review::cut_off(week, now)
    } else {
        // To the second: it stands in the form, and people read it.
        now.round(Unit::Second).ok().filter(|it| *it <= now).unwrap_or(now)
    };
    at(request, state, by, week, data_to).await
}

/// What would be signed with the data up to an instant.
async fn at(
    request: &HttpRequest,
    state: &Data<AppState>,
    by: &SignedIn,
    week: IsoWeek,
    data_to: Timestamp,
) -> Result<Read, PageError> {
    let failed = |failure| PageError::of(request, failure);
    let signed = review::sign_offs(&state.deps, &by.caller, week).await.map_err(failed)?;
    let as_of = data_to.min(state.deps.clock.now());
    let shown = review::shown(&state.deps, &by.caller, week, Some(as_of)).await.map_err(failed)?;
    let pack = parsed(request, &shown.text)?;
    let agreed =
        reference::partnership(&state.deps, by.caller.partnership).await.map_err(failed)?;
    Ok(Read {
        week,
        data_to: pack.data_to,
        tag: shown.sha256,
        checks: checks(&pack),
        agencies: agencies(&agreed),
        notices: pack.notices,
        signed: signed.last().map(|it| it.version),
    })
}
