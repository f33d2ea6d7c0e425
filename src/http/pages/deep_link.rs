//! The short address of an escalation, as it stands in a case system: after signing in it leads to the record.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use super::error::PageError;
use super::see_other;
use crate::domain::access::Action;
use crate::http::auth::signed_in::SignedIn;
use crate::http::problem_types::ProblemType;
use crate::http::state::AppState;
use crate::usecases::read;

/// Leads from the reference that is safe to say aloud to the escalation.
#[get("/e/{reference}")]
pub async fn deep_link(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
    reference: Path<String>,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::ReadEscalation)?;
    let found = read::by_reference(&state.deps, &by.caller, &reference).await;
    let found = found.map_err(|failure| PageError::of(&request, failure))?;
    let id = found.ok_or_else(|| PageError::of(&request, ProblemType::NotFound))?;
    Ok(see_other(&format!("/escalations/{id}")))
}
