//! The form by which an agency without a system says that it had nothing to raise.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use askama::Template;
use jiff::Timestamp;
use serde::Deserialize;

use super::error::PageError;
use super::form::Wrongs;
use super::{Frame, page, see_other, words};
use crate::domain::access::Action;
use crate::domain::hearing::nil_return_from;
use crate::domain::london::local_date;
use crate::domain::partnership::Agency;
use crate::domain::week::IsoWeek;
use crate::http::auth::form::PageForm;
use crate::http::auth::signed_in::SignedIn;
use crate::http::field_codes::FieldCode;
use crate::http::problem_types::ProblemType;
use crate::http::state::AppState;
use crate::usecases::{hearing, reference};

/// So many weeks can be chosen; those before are sent through the API.
const WEEKS: usize = 4;
/// So many of the words that were given are shown.
const SHOWN: usize = 13;

/// What the last form led to.
#[derive(Debug, Deserialize)]
pub struct Asked {
    given: Option<String>,
}

struct Choice {
    week: IsoWeek,
    label: String,
    chosen: bool,
}

struct Given {
    week: String,
    signed_as: String,
    on: String,
}

#[derive(Template)]
#[template(path = "nil_return.html", whitespace = "minimize")]
struct NilReturns {
    frame: Frame,
    csrf: String,
    agency: String,
    given_now: Option<String>,
    wrong: Wrongs,
    choices: Vec<Choice>,
    signed_as: String,
    given: Vec<Given>,
}

/// The form, and the words that the agency has given.
#[get("/nil-return")]
pub async fn nil_return(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
    asked: Query<Asked>,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::GiveNilReturn)?;
    let given = asked.given.as_deref().and_then(|week| week.parse::<IsoWeek>().ok());
    let mut shown = shown(&request, &state, &by, (None, String::new()), Wrongs::default()).await?;
    // What an address says was given was given only if it is on record.
    let given = given.map(words::week_span);
    shown.given_now = given.filter(|span| shown.given.iter().any(|it| it.week == *span));
    Ok(page(StatusCode::OK, &shown))
}

/// Records the agency's word.
#[post("/nil-return")]
pub async fn give(
    form: PageForm,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let by = &form.by;
    by.may(&request, Action::GiveNilReturn)?;
    let one = |name: &'static str| form.all(name).next().unwrap_or_default();
    let week = one("week").parse::<IsoWeek>().ok();
    let signed_as = one("signed_as").to_owned();
    let mut wrong = Wrongs::default();
    if week.is_none() {
        wrong.code("week", FieldCode::Required);
    }
    let role = wrong.text::<80>(&signed_as, "signed_as", "Your role");
    if let (Some(week), Some(role)) = (week, role) {
        let agency = own_agency(&request, &state, by).await?;
        let (deps, caller) = (&state.deps, &by.caller);
        match hearing::give_nil_return(deps, caller, &agency.code, week, role.into()).await {
            Ok(_) => return Ok(see_other(&format!("/nil-return?given={week}"))),
            Err(failure) => {
                let told = wrong.refused(failure, str::to_owned);
                told.map_err(|problem| PageError::of(&request, problem))?;
            }
        }
    }
    let again = shown(&request, &state, by, (week, signed_as), wrong).await?;
    Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &again))
}

async fn own_agency(
    request: &HttpRequest,
    state: &Data<AppState>,
    by: &SignedIn,
) -> Result<Agency, PageError> {
    let agreed = reference::partnership(&state.deps, by.caller.partnership).await;
    let agreed = agreed.map_err(|failure| PageError::of(request, failure))?;
    let own = by.caller.agency.and_then(|id| agreed.agency_by_id(id)).cloned();
    own.ok_or_else(|| PageError::of(request, ProblemType::Forbidden))
}

/// The weeks for which a word can be given now, the latest first.
fn weeks(now: Timestamp) -> impl Iterator<Item = IsoWeek> {
    let latest = IsoWeek::containing(now);
    (0..)
        .map(move |back: i32| latest.plus_weeks(-back))
        .filter(move |week| nil_return_from(*week) <= now)
        .take(WEEKS)
}

async fn shown(
    request: &HttpRequest,
    state: &Data<AppState>,
    by: &SignedIn,
    (week, signed_as): (Option<IsoWeek>, String),
    wrong: Wrongs,
) -> Result<NilReturns, PageError> {
    let agency = own_agency(request, state, by).await?;
    let given = hearing::nil_returns(&state.deps, &by.caller, &agency.code).await;
    let (_, given) = given.map_err(|failure| PageError::of(request, failure))?;
    let choices = weeks(state.deps.clock.now()).map(|it| Choice {
        week: it,
        label: format!("{it}: {}", words::week_span(it)),
        chosen: Some(it) == week,
    });
    Ok(NilReturns {
        frame: by.frame(),
        csrf: by.csrf.clone(),
        agency: agency.name,
        given_now: None,
        wrong,
        choices: choices.collect(),
        signed_as,
        given: given
            .iter()
            .take(SHOWN)
            .map(|it| Given {
                week: words::week_span(it.week),
                signed_as: it.signed_as.clone(),
                on: words::long_date(local_date(it.recorded.at)),
            })
            .collect(),
    })
}
