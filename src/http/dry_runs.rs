//! Trying without doing: everything is read, checked and asked as for the real call, and nothing of it stays.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use super::query::QueryReader;
use super::text_warnings::TextWarningView;
use super::views::{EscalationView, PossibleDuplicate};
use crate::domain::codes::codes;
use crate::domain::sent::SendResult;
use crate::usecases::Writing;
use crate::usecases::read::Detail;

codes! {
    /// What a call would have done.
    pub enum Would {
        /// Something new.
        Create => "create",
        /// A change of what is there.
        Update => "update",
        /// Nothing: it is so already, or something newer is known.
        Nothing => "nothing",
    }
}

/// What a call would have done. One that would have been refused is refused in the same way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DryRun)]
pub struct DryRunView {
    /// Always true: what is not valid is answered with a problem.
    pub valid: bool,
    /// What would have been done.
    pub would: Would,
    /// What would have come of sending it under its system's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<SendResult>,
    /// Others of yours that may be the same matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub possible_duplicates: Vec<PossibleDuplicate>,
    /// What the texts that you sent appear to hold and should not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<TextWarningView>,
}

/// An escalation, or with `dry_run=true` what would have been done.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum EscalationOrDryRun {
    /// It was done.
    Escalation(Box<EscalationView>),
    /// It was tried.
    DryRun(DryRunView),
}

/// Whether it is done or only tried, for an operation that has no other parameter.
///
/// # Errors
/// `invalid-parameter`.
pub(super) fn writing(request: &HttpRequest) -> Result<Writing, Problem> {
    let mut query = QueryReader::new(request.query_string(), &["dry_run"]);
    let tried = query.flag("dry_run").unwrap_or(false);
    query.finish()?;
    Ok(if tried { Writing::Tried } else { Writing::Kept })
}

impl Would {
    /// What comes of this result.
    pub(super) const fn of(result: SendResult) -> Self {
        match result {
            SendResult::Created => Self::Create,
            SendResult::Updated => Self::Update,
            SendResult::Unchanged | SendResult::StaleIgnored => Self::Nothing,
        }
    }
}

/// The answer to something that was tried and would have led to this.
pub(super) fn tried(would: Would, result: Option<SendResult>, detail: Detail) -> HttpResponse {
    let EscalationView { possible_duplicates, warnings, .. } = EscalationView::from(detail);
    let view = DryRunView { valid: true, would, result, possible_duplicates, warnings };
    HttpResponse::Ok().json(view)
}
