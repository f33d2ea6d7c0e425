//! The signing of a review, as it is said and shown.

use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use super::field_errors::FieldErrors;
use super::fields::{List, Text, code_members};
use super::problem::Problem;
use super::times::Instant;
use crate::domain::access::Role;
use crate::domain::sign_off::{Disposition, NoticeAnswer, SignOff, Signing};
use crate::domain::week::IsoWeek;

code_members!(Disposition);

/// Sign the review of a week.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct SignReview {
    /// `data_to` of the review that was read.
    pub data_to: Instant,
    /// An answer to each notice of the week.
    pub answers: List<AnswerNotice, 100>,
    /// What was decided, each in a line; no names.
    #[deserr(default)]
    pub decisions: Option<List<Text<500>, 50>>,
    /// Whether the Director is stood in for.
    #[deserr(default)]
    pub as_deputy: Option<bool>,
    /// Why a week that was signed is signed again.
    #[deserr(default)]
    pub reason: Option<Text<500>>,
}

/// The answer to one notice.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct AnswerNotice {
    /// `key` of the notice.
    pub key: Text<200>,
    /// What is done about it.
    pub disposition: Disposition,
    /// Why, in one line.
    pub reason: Text<500>,
}

impl SignReview {
    /// What is said, as the domain names it.
    pub fn into_signing(self) -> Signing {
        let texts = |list: List<Text<500>, 50>| {
            list.into_vec().into_iter().map(Text::into_string).collect()
        };
        Signing {
            answers: self
                .answers
                .into_vec()
                .into_iter()
                .map(|it| NoticeAnswer {
                    key: it.key.into_string(),
                    disposition: it.disposition,
                    reason: it.reason.into_string(),
                })
                .collect(),
            decisions: self.decisions.map(texts).unwrap_or_default(),
            as_deputy: self.as_deputy.unwrap_or(false),
            reason: self.reason.map(Text::into_string),
        }
    }
}

/// The signed versions of a week.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignOffs {
    /// The first first.
    pub items: Vec<SignOffView>,
}

/// A signed version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignOff)]
pub struct SignOffView {
    /// The week.
    #[schema(value_type = String, example = "2026-W46")]
    pub week: IsoWeek,
    /// Which signing of it, counted from 1.
    pub version: i32,
    /// The instant to which its data reach.
    pub data_to: Instant,
    /// SHA-256 of the signed text, in hexadecimal.
    pub sha256: String,
    /// The version of the definitions of its figures.
    pub definitions_version: u32,
    /// When it was signed.
    pub signed_at: Instant,
    /// The role that signed.
    pub signed_by_role: Role,
    /// Whether it stood in for the Director.
    pub as_deputy: bool,
    /// Why it was signed again; absent for the first version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The answers to the notices.
    pub answers: Vec<NoticeAnswerView>,
    /// What was decided.
    pub decisions: Vec<String>,
}

/// The answer to a notice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoticeAnswer)]
pub struct NoticeAnswerView {
    /// The key of the notice.
    pub key: String,
    /// What is done about it.
    pub disposition: Disposition,
    /// Why.
    pub reason: String,
}

impl SignOffView {
    /// A signed version as it is shown.
    pub fn new(it: &SignOff) -> Self {
        Self {
            week: it.week,
            version: it.version,
            data_to: Instant(it.data_to),
            sha256: it.sha256.clone(),
            definitions_version: it.definitions_version,
            signed_at: Instant(it.signed_at),
            signed_by_role: it.role,
            as_deputy: it.said.as_deputy,
            reason: it.said.reason.clone(),
            answers: it
                .said
                .answers
                .iter()
                .map(|it| NoticeAnswerView {
                    key: it.key.clone(),
                    disposition: it.disposition,
                    reason: it.reason.clone(),
                })
                .collect(),
            decisions: it.said.decisions.clone(),
        }
    }
}

/// The problems of signing.
#[derive(IntoResponses)]
pub enum SignProblems {
    /// The week is not over.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The review is no longer what was read.
    #[response(status = 412, content_type = "application/problem+json")]
    PreconditionFailed(Problem),
    /// `If-Match` is missing.
    #[response(status = 428, content_type = "application/problem+json")]
    PreconditionRequired(Problem),
}
