//! What a request is read for: the header that says it, and the call that is put on record.

use actix_web::http::header::HeaderName;
use actix_web::{HttpMessage, HttpRequest};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Ref, Required};

use super::problem::Problem;
use super::problem_types::ProblemType;
use super::problems_everywhere::RequestId;
use super::state::AppState;
use crate::domain::access::Action;
use crate::domain::access_event::{AccessPurpose, Call};
use crate::domain::codes::UnknownCode;

/// The header that says it.
pub const X_ACCESS_PURPOSE: HeaderName = HeaderName::from_static("x-access-purpose");

/// The call of an operation.
///
/// # Errors
/// The purpose is none that is known, or is said twice.
pub fn call_of(request: &HttpRequest) -> Result<Call, Problem> {
    let mut sent = request.headers().get_all(&X_ACCESS_PURPOSE);
    let purpose = match (sent.next(), sent.next()) {
        (None, _) => None,
        (Some(said), None) => {
            let known: Option<Result<AccessPurpose, UnknownCode>> =
                said.to_str().ok().map(str::parse);
            Some(known.and_then(Result::ok).ok_or_else(not_known)?)
        }
        (Some(_), Some(_)) => return Err(not_known()),
    };
    Ok(Call { operation: operation(request), purpose, request_id: request_id(request) })
}

fn not_known() -> Problem {
    let detail = format!(
        "X-Access-Purpose says once what is read for, or is left out: {}.",
        AccessPurpose::CODES.join(", ")
    );
    Problem::new(ProblemType::InvalidHeader).detail(detail)
}

/// The call of a page or of another door, which have no such header.
pub fn call_of_page(request: &HttpRequest) -> Call {
    let pattern = request.match_pattern().unwrap_or_default();
    let operation = format!("page {}", if pattern.is_empty() { "-" } else { &pattern });
    Call { operation, purpose: None, request_id: request_id(request) }
}

/// The name of the operation in the contract.
fn operation(request: &HttpRequest) -> String {
    let state: Option<&actix_web::web::Data<AppState>> = request.app_data();
    let pattern = request.match_pattern().unwrap_or_default();
    let known = state.and_then(|state| state.contract.operation_id(request.method(), &pattern));
    known.map_or_else(|| format!("{} {pattern}", request.method()), str::to_owned)
}

fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map_or_else(|| "-".to_owned(), |id| id.0.clone())
}

/// Whether what callers may do so shows them single escalations, so that what for is put on record.
const fn shows_escalations(action: Action) -> bool {
    !matches!(
        action,
        Action::ReadReference
            | Action::ReadWeeklyThemes
            | Action::ReadPublicPack
            | Action::ReleasePack
            | Action::ReadHearing
            | Action::AgreeFeed
            | Action::SendHeartbeat
            | Action::GiveNilReturn
            | Action::DeclareRebase
            | Action::SetReview
            | Action::RecordPractice
            | Action::ReadPractice
            | Action::ListPractice
    )
}

/// Says of an operation that shows single escalations how it is told what for.
pub fn tell_purpose(operation: &mut Operation) {
    let needed = operation.security.iter().flatten().find_map(|it| {
        let value = serde_json::to_value(it).ok()?;
        value.get("bearer")?.get(0)?.as_str()?.parse::<Action>().ok()
    });
    if !needed.is_some_and(shows_escalations) {
        return;
    }
    let parameter = ParameterBuilder::new()
        .name("X-Access-Purpose")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "What it is for. It is recorded with who was shown which escalations, and when.",
        ))
        .schema(Some(Ref::from_schema_name("AccessPurpose")))
        .build();
    operation.parameters.get_or_insert_default().push(parameter.into());
}
