//! Declared changes for people: those that there are, and the forms that declare one or take it back.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use askama::Template;

use super::error::PageError;
use super::form::Wrongs;
use super::{Frame, Place, page, see_other, words};
use crate::domain::access::Action;
use crate::domain::ids::RebaseId;
use crate::domain::london::local_date;
use crate::domain::rebase::{ChartName, DeclaredRebase, RebaseStatement};
use crate::http::auth::form::PageForm;
use crate::http::auth::signed_in::{SignedIn, words as role_words};
use crate::http::field_codes::FieldCode;
use crate::http::fields::canonical_uuid;
use crate::http::problem_types::ProblemType;
use crate::http::state::AppState;
use crate::usecases::review_rules;

const ADDRESS: &str = "/review/changes";

/// What somebody typed who declares a change.
#[derive(Default)]
struct Typed {
    charts: Vec<ChartName>,
    first_week: String,
    reason: String,
    /// The change that is taken back, and why.
    withdrawn: Option<(RebaseId, String)>,
}

struct Row {
    id: RebaseId,
    from: String,
    figures: String,
    reason: String,
    declared: String,
    withdrawn: Option<String>,
    /// Why it is taken back, as it was typed.
    why: String,
}

struct Choice {
    code: &'static str,
    label: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "changes.html", whitespace = "minimize")]
struct Changes {
    frame: Frame,
    csrf: String,
    may: bool,
    rows: Vec<Row>,
    choices: Vec<Choice>,
    first_week: String,
    reason: String,
    wrong: Wrongs,
}

/// What a figure is called here.
const fn label(chart: ChartName) -> &'static str {
    match chart {
        ChartName::Raised => "New escalations",
        ChartName::Open => "Open escalations",
        ChartName::Overdue => "Overdue escalations",
        ChartName::InTime => "Answers in time",
        ChartName::MedianDays => "Median time to resolve",
    }
}

/// The declared changes.
#[get("/review/changes")]
pub async fn changes(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::ReadReview)?;
    let shown = shown(&request, &state, &by, Typed::default(), Wrongs::default()).await?;
    Ok(page(StatusCode::OK, &shown))
}

/// Declares a change.
#[post("/review/changes")]
pub async fn declare(
    form: PageForm,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let by = &form.by;
    by.may(&request, Action::DeclareRebase)?;
    let one = |name: &str| form.all(name).next().unwrap_or_default().to_owned();
    let charts: Result<Vec<ChartName>, _> = form.all("charts").map(str::parse).collect();
    let charts = charts.map_err(|_| PageError::of(&request, ProblemType::BadRequest))?;
    let typed =
        Typed { charts, first_week: one("first_week"), reason: one("reason"), withdrawn: None };
    let mut wrong = Wrongs::default();
    if typed.charts.is_empty() {
        wrong.code("charts", FieldCode::Required);
    }
    let week = typed.first_week.trim().parse();
    if week.is_err() {
        wrong.code("first_week", FieldCode::InvalidWeek);
    }
    let reason = wrong.form::<500>(&typed.reason, "reason", "What changed");
    if let (Ok(first_week), Some(reason), true) = (week, reason, wrong.is_empty()) {
        let charts = typed.charts.clone();
        let said = RebaseStatement { charts, first_week, reason: reason.into() };
        match review_rules::declare(&state.deps, &by.caller, said).await {
            Ok(_) => return Ok(see_other(ADDRESS)),
            Err(failure) => {
                let told = wrong.refused(failure, str::to_owned);
                told.map_err(|problem| PageError::of(&request, problem))?;
            }
        }
    }
    let again = shown(&request, &state, by, typed, wrong).await?;
    Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &again))
}

/// Takes a declared change back.
#[post("/review/changes/{rebase_id}/withdrawal")]
pub async fn withdraw(
    form: PageForm,
    state: Data<AppState>,
    request: HttpRequest,
    rebase_id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let by = &form.by;
    by.may(&request, Action::DeclareRebase)?;
    let id = canonical_uuid(&rebase_id).map(RebaseId);
    let id = id.ok_or_else(|| PageError::of(&request, ProblemType::NotFound))?;
    let typed = form.all("reason").next().unwrap_or_default();
    let mut wrong = Wrongs::default();
    // Every change has a field of its own.
    let place = |field: &str| format!("{field}-{id}");
    if let Some(reason) = wrong.text::<500>(typed, &place("reason"), "The reason") {
        match review_rules::withdraw(&state.deps, &by.caller, id, reason.into()).await {
            Ok(_) => return Ok(see_other(ADDRESS)),
            Err(failure) => {
                let told = wrong.refused(failure, place);
                told.map_err(|problem| PageError::of(&request, problem))?;
            }
        }
    }
    let typed = Typed { withdrawn: Some((id, typed.to_owned())), ..Typed::default() };
    let again = shown(&request, &state, by, typed, wrong).await?;
    Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &again))
}

async fn shown(
    request: &HttpRequest,
    state: &Data<AppState>,
    by: &SignedIn,
    typed: Typed,
    wrong: Wrongs,
) -> Result<Changes, PageError> {
    let all = review_rules::rebases(&state.deps, &by.caller).await;
    let all = all.map_err(|failure| PageError::of(request, failure))?;
    let choices = ChartName::ALL.iter().map(|chart| Choice {
        code: chart.code(),
        label: label(*chart),
        chosen: typed.charts.contains(chart),
    });
    Ok(Changes {
        frame: Frame { place: Place::Review, ..by.frame() },
        csrf: by.csrf.clone(),
        may: by.caller.may(Action::DeclareRebase).is_some(),
        rows: all.iter().rev().map(|it| row(it, &typed)).collect(),
        choices: choices.collect(),
        first_week: typed.first_week,
        reason: typed.reason,
        wrong,
    })
}

fn row(it: &DeclaredRebase, typed: &Typed) -> Row {
    let recorded = |it: &crate::domain::recorded::Recorded| {
        let role = role_words(it.role);
        format!("by the {role} on {}", words::long_date(local_date(it.at)))
    };
    let figures: Vec<&str> = it.said.charts.iter().map(|chart| label(*chart)).collect();
    let why = typed.withdrawn.as_ref().filter(|(id, _)| *id == it.id);
    Row {
        id: it.id,
        from: format!("{} ({})", words::long_date(it.said.first_week.monday()), it.said.first_week),
        figures: figures.join(", "),
        reason: it.said.reason.clone(),
        declared: recorded(&it.recorded),
        withdrawn: it
            .withdrawn
            .as_ref()
            .map(|gone| format!("Taken back {}: {}", recorded(&gone.recorded), gone.reason)),
        why: why.map(|(_, why)| why.clone()).unwrap_or_default(),
    }
}
