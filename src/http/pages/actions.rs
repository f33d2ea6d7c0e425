//! Learning and actions for people: the list of all, and the forms that add to it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use askama::Template;
use jiff::civil::Date;

use super::action_form::{ActionForm, LearningForm, ProgressForm};
use super::error::PageError;
use super::form::Wrongs;
use super::record_card::{ActionRow, LearningRow, action_row, learning_row};
use super::review::begun;
use super::{Frame, Place, page, see_other, words};
use crate::domain::access::Action;
use crate::domain::action::{ActionLine, Progress, ReviewAction};
use crate::domain::ids::{ActionId, LearningId};
use crate::domain::learning::LearningLine;
use crate::domain::london::local_date;
use crate::domain::partnership::Partnership;
use crate::domain::week::IsoWeek;
use crate::http::auth::form::PageForm;
use crate::http::auth::signed_in::SignedIn;
use crate::http::fields::canonical_uuid;
use crate::http::problem::Problem;
use crate::http::problem_types::ProblemType;
use crate::http::state::AppState;
use crate::usecases::{Failure, actions, reference};

fn frame(by: &SignedIn) -> Frame {
    Frame { place: Place::Actions, ..by.frame() }
}

#[derive(Template)]
#[template(path = "actions.html", whitespace = "minimize")]
struct ActionsPage {
    frame: Frame,
    open: Vec<ActionRow>,
    done: Vec<ActionRow>,
    learning: Vec<LearningRow>,
    /// The review for which something can be added, where the reader may.
    add: Option<IsoWeek>,
    csrf: String,
}

/// Every action and everything that was learnt.
#[get("/actions")]
pub async fn all_actions(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::ReadReview)?;
    let failed = |failure| PageError::of(&request, failure);
    let now = state.deps.clock.now();
    let (all, agreed) = actions::list(&state.deps, &by.caller).await.map_err(failed)?;
    let (learnt, _) = actions::learnt(&state.deps, &by.caller).await.map_err(failed)?;
    let keeps = by.caller.may(Action::KeepReview).is_some();
    let (open, done) = rows(&all, &agreed, local_date(now), keeps);
    let learning = learnt
        .iter()
        .rev()
        .map(|it| learning_row(&LearningLine::new(it, &agreed), keeps.then_some(now)));
    let html = ActionsPage {
        frame: frame(&by),
        open,
        done,
        learning: learning.collect(),
        add: keeps.then(|| IsoWeek::containing(now).previous()),
        csrf: by.csrf.clone(),
    };
    Ok(page(StatusCode::OK, &html))
}

fn rows(
    all: &[ReviewAction],
    agreed: &Partnership,
    today: Date,
    keeps: bool,
) -> (Vec<ActionRow>, Vec<ActionRow>) {
    let mut lines: Vec<ActionLine> =
        all.iter().map(|it| ActionLine::new(it, agreed, today)).collect();
    lines.sort_by_key(|it| it.order(today));
    let (done, open): (Vec<_>, Vec<_>) =
        lines.iter().partition(|it| it.progress == Progress::Completed);
    (
        open.into_iter().map(|it| action_row(it, keeps)).collect(),
        done.into_iter().map(|it| action_row(it, false)).collect(),
    )
}

/// An option of a list.
pub(super) struct Choice {
    pub(super) code: String,
    pub(super) words: String,
}

pub(super) fn agencies(agreed: &Partnership) -> Vec<Choice> {
    let mut all: Vec<Choice> = agreed
        .agencies
        .iter()
        .map(|it| Choice { code: it.code.clone(), words: it.name.clone() })
        .collect();
    all.sort_by(|one, other| one.words.cmp(&other.words));
    all
}

/// The groups of themes, and then each theme; a group is told by its sign.
fn subjects(agreed: &Partnership) -> Vec<Choice> {
    let mut all = Vec::new();
    for theme in &agreed.themes {
        let code = format!("group:{}", theme.group_code);
        if !all.iter().any(|it: &Choice| it.code == code) {
            all.push(Choice { code, words: format!("All of: {}", theme.group_label) });
        }
    }
    all.extend(
        agreed.themes.iter().map(|theme| Choice {
            code: format!("theme:{}", theme.code),
            words: theme.label.clone(),
        }),
    );
    all
}

#[derive(Template)]
#[template(path = "action_new.html", whitespace = "minimize")]
struct NewActionPage {
    frame: Frame,
    week: IsoWeek,
    week_span: String,
    csrf: String,
    typed: ActionForm,
    wrong: Wrongs,
    agencies: Vec<Choice>,
    subjects: Vec<Choice>,
    learning: LearningForm,
    learning_wrong: Wrongs,
}

async fn new_page(
    request: &HttpRequest,
    state: &Data<AppState>,
    by: &SignedIn,
    week: IsoWeek,
    (typed, wrong): (ActionForm, Wrongs),
    (learning, learning_wrong): (LearningForm, Wrongs),
) -> Result<NewActionPage, PageError> {
    let agreed = reference::partnership(&state.deps, by.caller.partnership).await;
    let agreed = agreed.map_err(|failure| PageError::of(request, failure))?;
    Ok(NewActionPage {
        frame: frame(by),
        week,
        week_span: words::week_span(week),
        csrf: by.csrf.clone(),
        typed,
        wrong,
        agencies: agencies(&agreed),
        subjects: subjects(&agreed),
        learning,
        learning_wrong,
    })
}

/// The forms that add an action or learning to the review of a week.
#[get("/review/{week}/actions")]
pub async fn new_action_form(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::KeepReview)?;
    let week = begun(&request, &week, state.deps.clock.now())?;
    let empty = new_page(&request, &state, &by, week, Default::default(), Default::default());
    Ok(page(StatusCode::OK, &empty.await?))
}

/// What a refusal says in a form: each of its faults, or its one sentence.
fn told(
    request: &HttpRequest,
    refused: Failure,
    wrong: &mut Wrongs,
) -> Result<StatusCode, PageError> {
    let mendable = matches!(
        &refused,
        Failure::Broken(_) | Failure::Stale | Failure::NotNow(_) | Failure::CannotSign(_)
    );
    let problem = Problem::from(refused);
    if !mendable {
        return Err(PageError::of(request, problem));
    }
    let document = problem.document();
    for error in &document.errors {
        let field = error.pointer.trim_start_matches("#/").replace('/', "-");
        wrong.at(&field, error.detail.clone());
    }
    if document.errors.is_empty() {
        wrong.all(document.detail.clone());
    }
    Ok(problem.kind().status())
}

/// Adds an action.
#[post("/review/{week}/actions")]
pub async fn new_action(
    form: PageForm,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, PageError> {
    let by = &form.by;
    by.may(&request, Action::KeepReview)?;
    let week = begun(&request, &week, state.deps.clock.now())?;
    let typed = ActionForm::of(&form);
    let mut wrong = Wrongs::default();
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(said) = typed.said(week, &mut wrong) {
        match actions::agree(&state.deps, &by.caller, said).await {
            Ok(_) => return Ok(see_other(&format!("/review/{week}#actions"))),
            Err(failure) => status = told(&request, failure, &mut wrong)?,
        }
    }
    let again = new_page(&request, &state, by, week, (typed, wrong), Default::default()).await?;
    Ok(page(status, &again))
}

/// Adds what was learnt.
#[post("/review/{week}/learning")]
pub async fn new_learning(
    form: PageForm,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, PageError> {
    let by = &form.by;
    by.may(&request, Action::KeepReview)?;
    let week = begun(&request, &week, state.deps.clock.now())?;
    let typed = LearningForm::of(&form);
    let mut wrong = Wrongs::default();
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let references = typed.references();
    let said = typed.said(week, &mut wrong);
    let named = actions::referred(&state.deps, &by.caller, &references).await;
    match (said, named) {
        (Some(mut said), Ok(escalations)) => {
            said.escalations = escalations;
            match actions::learn(&state.deps, &by.caller, said).await {
                Ok(_) => return Ok(see_other(&format!("/review/{week}#actions"))),
                Err(failure) => status = told(&request, failure, &mut wrong)?,
            }
        }
        (_, Err(failure)) => status = told(&request, failure, &mut wrong)?,
        (None, Ok(_)) => {}
    }
    let again = new_page(&request, &state, by, week, Default::default(), (typed, wrong)).await?;
    Ok(page(status, &again))
}

#[derive(Template)]
#[template(path = "action_progress.html", whitespace = "minimize")]
struct ProgressPage {
    frame: Frame,
    action: ActionRow,
    id: ActionId,
    version: i32,
    csrf: String,
    typed: ProgressForm,
    wrong: Wrongs,
    /// Each thing that was said of it, the last first.
    history: Vec<HistoryRow>,
    closed: bool,
}

struct HistoryRow {
    when: String,
    progress: &'static str,
    impact: &'static str,
    due: String,
    said: String,
}

async fn progress_page(
    request: &HttpRequest,
    state: &Data<AppState>,
    by: &SignedIn,
    id: ActionId,
    typed: Option<ProgressForm>,
    wrong: Wrongs,
) -> Result<ProgressPage, PageError> {
    let found = actions::one(&state.deps, &by.caller, id).await;
    let (action, agreed) = found.map_err(|failure| PageError::of(request, failure))?;
    let today = local_date(state.deps.clock.now());
    let line = ActionLine::new(&action, &agreed, today);
    let history = action.earlier.iter().chain([&action.state]).rev().map(|it| HistoryRow {
        when: words::instant(it.recorded.at),
        progress: it.progress.words(),
        impact: it.impact.map_or("not rated", crate::domain::action::ImpactRating::words),
        due: words::short_date(it.due_on),
        said: [it.note.as_ref(), it.evidence.as_ref()]
            .into_iter()
            .flatten()
            .map(|it| it.as_str())
            .collect::<Vec<_>>()
            .join(" "),
    });
    Ok(ProgressPage {
        frame: frame(by),
        id,
        version: line.version,
        csrf: by.csrf.clone(),
        typed: typed.unwrap_or_else(|| ProgressForm::from(&line)),
        wrong,
        history: history.collect(),
        closed: line.progress == Progress::Completed,
        action: action_row(&line, false),
    })
}

fn named(request: &HttpRequest, id: &str) -> Result<uuid::Uuid, PageError> {
    canonical_uuid(id).ok_or_else(|| PageError::of(request, ProblemType::NotFound))
}

/// The form that says how an action goes.
#[get("/actions/{id}")]
pub async fn progress_form(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::KeepReview)?;
    let id = ActionId(named(&request, &id)?);
    let form = progress_page(&request, &state, &by, id, None, Wrongs::default()).await?;
    Ok(page(StatusCode::OK, &form))
}

/// Says how an action goes.
#[post("/actions/{id}")]
pub async fn progress(
    form: PageForm,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let by = &form.by;
    by.may(&request, Action::KeepReview)?;
    let id = ActionId(named(&request, &id)?);
    let typed = ProgressForm::of(&form);
    let read = form.all("version").next().and_then(|it| it.parse().ok()).unwrap_or(0);
    let mut wrong = Wrongs::default();
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(said) = typed.said(&mut wrong) {
        match actions::update(&state.deps, &by.caller, id, read, said).await {
            Ok(_) => return Ok(see_other("/actions")),
            Err(Failure::Stale) => {
                status = StatusCode::PRECONDITION_FAILED;
                wrong.all(
                    "Somebody else said something of this action since you read it; it is in the history below. What \
                     you typed is kept: check it, and send it again.",
                );
            }
            Err(failure) => status = told(&request, failure, &mut wrong)?,
        }
    }
    let again = progress_page(&request, &state, by, id, Some(typed), wrong).await?;
    Ok(page(status, &again))
}

/// Measures whether what was learnt worked.
#[post("/learning/{id}/result")]
pub async fn measure_learning(
    form: PageForm,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    form.by.may(&request, Action::KeepReview)?;
    let id = LearningId(named(&request, &id)?);
    match actions::measure(&state.deps, &form.by.caller, id).await {
        Ok(_) => Ok(see_other("/actions#learning")),
        Err(failure) => Err(PageError::of(&request, failure)
            .with_link("Learning and actions", "/actions".to_owned())),
    }
}
