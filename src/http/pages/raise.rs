//! Raising an escalation on a phone: for schools and other agencies without a system of their own.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use askama::Template;
use serde::Deserialize;

use super::error::PageError;
use super::form::Wrongs;
use super::raise_form::{Typed, told};
use super::{Frame, Place, page, see_other, words};
use crate::domain::access::Action;
use crate::domain::child_reference::Scheme;
use crate::domain::london::local_date;
use crate::domain::partnership::Partnership;
use crate::domain::stage_clock::ClockKind;
use crate::domain::urgency::Urgency;
use crate::http::auth::form::PageForm;
use crate::http::auth::signed_in::SignedIn;
use crate::http::escalations::escalation_id;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::usecases::agreements::check_new_data;
use crate::usecases::{Failure, raise, read, reference};

/// Something to choose: its code, its words.
type Choice = (String, String);

#[derive(Template)]
#[template(path = "raise.html", whitespace = "minimize")]
struct RaisePage {
    frame: Frame,
    csrf: String,
    typed: Typed,
    wrong: Wrongs,
    agencies: Vec<Choice>,
    schemes: Vec<(&'static str, &'static str)>,
    themes: Vec<(String, Vec<Choice>)>,
    urgencies: [(&'static str, &'static str, &'static str); 3],
    delays: Vec<Choice>,
}

const URGENCIES: [(&str, &str, &str); 3] = [
    ("standard", "Standard", "The usual limits are soon enough."),
    ("urgent", "Urgent", "The child would be worse off if the usual limits were used."),
    (
        "immediate",
        "Immediate",
        "Hours count. If the child is in danger now, ring 999 or the emergency duty team first; then record it here.",
    ),
];

const fn scheme_words(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::LaChildId => "Council's child number",
        Scheme::MosaicPersonId => "Mosaic number",
        Scheme::LiquidlogicId => "Liquidlogic number",
        Scheme::SystmoneId => "SystmOne number",
        Scheme::NicheNominal => "Niche number",
        Scheme::NhsNumber => "NHS number",
        Scheme::Upn => "Unique pupil number (UPN)",
        Scheme::Opaque => "Our own number for the child",
    }
}

/// The form.
#[get("/raise")]
pub async fn raise_form(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::RaiseEscalation)?;
    // Before anybody types what would be refused.
    check_new_data(&state.deps, &by.caller)
        .await
        .map_err(|failure| PageError::of(&request, failure))?;
    let key = state.deps.ids.new_id(state.deps.clock.now()).to_string();
    let empty = Typed { key, ..Typed::default() };
    let page_of = shown(&request, &state, &by, empty, Wrongs::default()).await?;
    Ok(page(StatusCode::OK, &page_of))
}

/// Raises what was typed, once for each form.
#[post("/raise")]
pub async fn raise_sent(
    form: PageForm,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let by = &form.by;
    by.may(&request, Action::RaiseEscalation)?;
    let mut typed = Typed::of(&form);
    if !typed.has_key() {
        typed.key = state.deps.ids.new_id(state.deps.clock.now()).to_string();
    }
    let wrong = match typed.request(&state.deps.schemes) {
        Err(wrong) => wrong,
        Ok(wanted) => match raise::raise(&state.deps, &by.caller, wanted).await {
            Ok(raised) => return Ok(see_other(&format!("/raise/{}", raised.escalation.id))),
            // The form was sent before: by a second tap, or by going back.
            Err(Failure::DuplicateExternalReference(id)) => {
                return Ok(see_other(&format!("/raise/{id}?again=yes")));
            }
            Err(failure @ (Failure::Broken(_) | Failure::Store(_))) => {
                let mut wrong = Wrongs::default();
                told(&mut wrong, &Problem::from(failure));
                wrong
            }
            Err(failure) => return Err(PageError::of(&request, failure)),
        },
    };
    let again = shown(&request, &state, by, typed, wrong).await?;
    Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &again))
}

async fn shown(
    request: &HttpRequest,
    state: &Data<AppState>,
    by: &SignedIn,
    typed: Typed,
    wrong: Wrongs,
) -> Result<RaisePage, PageError> {
    let agreed = reference::partnership(&state.deps, by.caller.partnership)
        .await
        .map_err(|failure| PageError::of(request, failure))?;
    let now = state.deps.clock.now();
    let today = local_date(now);
    let agencies = agreed.agencies.iter().filter(|it| it.may_respond && it.is_valid_on(today));
    let schemes = Scheme::ALL.iter().filter(|it| state.deps.schemes.allowed.contains(*it));
    let codes = agreed.timescales.iter().map(|it| it.timescale.code.as_str());
    let codes: std::collections::BTreeSet<&str> = codes.collect();
    Ok(RaisePage {
        frame: frame(by),
        csrf: by.csrf.clone(),
        agencies: agencies.map(|it| (it.code.clone(), it.name.clone())).collect(),
        schemes: schemes.map(|it| (it.code(), scheme_words(*it))).collect(),
        themes: themes(&agreed, today),
        urgencies: URGENCIES,
        delays: codes
            .into_iter()
            .filter_map(|code| agreed.timescale(code, now))
            .map(|it| (it.code.clone(), it.label.clone()))
            .collect(),
        typed,
        wrong,
    })
}

/// The themes in use, group by group.
fn themes(agreed: &Partnership, today: jiff::civil::Date) -> Vec<(String, Vec<Choice>)> {
    let mut groups: Vec<(String, Vec<Choice>)> = Vec::new();
    for theme in agreed.themes.iter().filter(|it| it.valid_to.is_none_or(|last| today <= last)) {
        let choice = (theme.code.clone(), theme.label.clone());
        match groups.iter_mut().find(|(label, _)| *label == theme.group_label) {
            Some((_, choices)) => choices.push(choice),
            None => groups.push((theme.group_label.clone(), vec![choice])),
        }
    }
    groups
}

/// How the page after raising was reached.
#[derive(Debug, Deserialize)]
pub struct Reached {
    again: Option<String>,
}

#[derive(Template)]
#[template(path = "raised.html", whitespace = "minimize")]
struct RaisedPage {
    frame: Frame,
    again: bool,
    reference: String,
    /// The reference sign by sign, for saying aloud and for screen readers.
    aloud: String,
    immediate: bool,
    asked: String,
    dues: Vec<String>,
    href: String,
}

/// What was raised: its reference to say aloud, and what happens by when.
#[get("/raise/{id}")]
pub async fn raised_page(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
    id: Path<String>,
    reached: Query<Reached>,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::RaiseEscalation)?;
    let id = escalation_id(&id).map_err(|problem| PageError::of(&request, problem))?;
    let past = read::history(&state.deps, &by.caller, id).await;
    let past = past.map_err(|failure| PageError::of(&request, failure))?;
    let it = &past.escalation;
    if !by.caller.acts_for(it.facts.raised_by) {
        return Err(PageError::of(&request, Failure::NotFound));
    }
    let asked = past.partnership.agency_by_id(it.facts.raised_with);
    let asked = asked.map_or_else(String::new, |agency| agency.name.clone());
    let dues = it.clocks.iter().filter(|clock| clock.is_running()).map(|clock| {
        let by_when = words::instant(clock.due_at);
        match clock.kind {
            ClockKind::Acknowledgement => format!("Say that they have it: by {by_when}."),
            ClockKind::Answer => format!("Answer: by {by_when}."),
            kind => format!("{}: by {by_when}.", kind.to_string().replace('_', " ")),
        }
    });
    let reference = it.facts.reference.clone();
    Ok(page(
        StatusCode::OK,
        &RaisedPage {
            frame: frame(&by),
            again: reached.again.is_some(),
            aloud: aloud(&reference),
            immediate: it.facts.urgency == Urgency::Immediate,
            asked,
            dues: dues.collect(),
            href: format!("/escalations/{id}"),
            reference,
        },
    ))
}

/// `ESC-ANY-2026-00012` as `E S C, A N Y, 2 0 2 6, 0 0 0 1 2`.
fn aloud(reference: &str) -> String {
    let spelled = |part: &str| part.chars().map(String::from).collect::<Vec<_>>().join(" ");
    reference.split('-').map(spelled).collect::<Vec<_>>().join(", ")
}

fn frame(by: &SignedIn) -> Frame {
    Frame { place: Place::Raise, ..by.frame() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_reference_is_said_sign_by_sign() {
        assert_eq!(super::aloud("ESC-ANY-2026-00012"), "E S C, A N Y, 2 0 2 6, 0 0 0 1 2");
    }
}
