//! Sign-in where everything is made up: everybody is whom they choose.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use askama::Template;

use super::doors::Way;
use super::form::OpenForm;
use super::login::enter;
use super::return_to;
use crate::domain::access::Role;
use crate::http::pages::error::PageError;
use crate::http::pages::{Frame, page};
use crate::http::problem_types::ProblemType;
use crate::http::state::AppState;
use crate::usecases::sign_in::{Person, stand_ins};

#[derive(Template)]
#[template(path = "auth/choose.html")]
struct Choose<'a> {
    frame: Frame,
    return_to: &'a str,
    choices: Vec<Choice>,
}

struct Choice {
    client_id: String,
    name: String,
}

/// The page on which one chooses.
pub(super) async fn offer(
    request: &HttpRequest,
    state: &AppState,
    issuer: &str,
    return_to: &str,
) -> Result<HttpResponse, PageError> {
    let mut all = known(request, state, issuer).await?;
    // Those who read the review first, then the agencies by name.
    let rank = |role: &Role| match role {
        Role::Director => 0,
        Role::ServiceLead => 1,
        Role::Analyst => 2,
        Role::Auditor => 3,
        Role::PrivacyOfficer => 4,
        Role::Operator => 5,
        Role::Agency => 6,
    };
    all.sort_by_key(|(_, _, role)| rank(role));
    let choices = all.into_iter().map(|(client_id, name, _)| Choice { client_id, name }).collect();
    let frame = Frame::of(request);
    Ok(page(StatusCode::OK, &Choose { frame, return_to, choices }))
}

/// Signs in as the one that was chosen.
#[post("/auth/choice")]
pub async fn choose(
    request: HttpRequest,
    state: Data<AppState>,
    form: OpenForm,
) -> Result<HttpResponse, PageError> {
    let Way::Choice { issuer } = state.doors.way() else {
        return Err(PageError::of(&request, ProblemType::NotFound));
    };
    let wanted = form.field("client_id");
    let chosen = known(&request, &state, issuer).await?.into_iter().find(|it| it.0 == wanted);
    let (client_id, name, _) =
        chosen.ok_or_else(|| PageError::of(&request, ProblemType::BadRequest))?;
    let person = Person {
        issuer: issuer.clone(),
        // As in the tokens that the program makes for this client, so that it is the same person here and there.
        subject: client_id.clone(),
        registered_as: client_id,
        display_name: Some(name),
        auth_time: Some(state.deps.clock.now()),
    };
    enter(&request, &state, person, return_to::local(form.field("return_to"))).await
}

async fn known(
    request: &HttpRequest,
    state: &AppState,
    issuer: &str,
) -> Result<Vec<(String, String, Role)>, PageError> {
    let of = async {
        let partnership = state.doors.partnership(&state.deps).await?;
        stand_ins(&state.deps, partnership, issuer).await
    };
    of.await.map_err(|failure| PageError::of(request, failure))
}
