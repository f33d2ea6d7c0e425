//! The signing of a review, as it is said and shown.

use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use super::field_errors::{FieldCode, FieldErrors};
use super::fields::{List, Text, code_members};
use super::problem::Problem;
use super::times::{Day, Instant};
use crate::domain::access::Role;
use crate::domain::free_text::FreeText;
use crate::domain::meeting::{Attendance, CheckAnswer, MeetingCheck, Presence, ReviewWeek};
use crate::domain::sign_off::{Disposition, NoticeAnswer, SignOff, Signing};
use crate::domain::week::IsoWeek;

code_members!(Disposition, Presence, MeetingCheck);

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
    /// Who took part, by agency and role; no names.
    #[deserr(default)]
    pub attendance: Option<List<Attended, 50>>,
    /// What is said of the checks that the data do not meet. Those whose matters are notices are told by their answers.
    #[deserr(default)]
    pub checks: Option<List<AnswerCheck, 10>>,
    /// The day of the next meeting.
    #[deserr(default)]
    pub next_meeting_on: Option<Day>,
}

/// How one agency's role took part.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct Attended {
    /// The agency: its code or an alias.
    pub agency: Text<100>,
    /// The role.
    pub role: Text<100>,
    /// Whether it was there.
    pub presence: Presence,
}

/// What is said of a check that the data do not meet.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct AnswerCheck {
    /// The check.
    pub check: MeetingCheck,
    /// Whether you say that it is so; for `quiet_agencies_contacted` and `late_records_seen`, which no data can tell.
    #[deserr(default)]
    pub confirmed: Option<bool>,
    /// Why it is not, in one line.
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
    ///
    /// # Errors
    /// Every text that names a person.
    pub fn into_signing(self) -> Result<Signing, FieldErrors> {
        let mut errors = FieldErrors::new();
        let mut answers = Vec::new();
        for (place, it) in self.answers.into_vec().into_iter().enumerate() {
            if let Some(reason) =
                naming_nobody(&it.reason, &format!("#/answers/{place}/reason"), &mut errors)
            {
                let (key, disposition) = (it.key.into_string(), it.disposition);
                answers.push(NoticeAnswer { key, disposition, reason });
            }
        }
        let mut decisions = Vec::new();
        for (place, it) in self.decisions.iter().flat_map(List::as_slice).enumerate() {
            decisions.extend(naming_nobody(it, &format!("#/decisions/{place}"), &mut errors));
        }
        let reason = self.reason.as_ref().and_then(|it| naming_nobody(it, "#/reason", &mut errors));
        let mut attendance = Vec::new();
        for (place, it) in
            self.attendance.map(List::into_vec).unwrap_or_default().into_iter().enumerate()
        {
            let pointer = format!("#/attendance/{place}/role");
            if let Some(role) = naming_nobody(&it.role, &pointer, &mut errors) {
                let (agency, presence) = (it.agency.into_string(), it.presence);
                attendance.push(Attendance { agency, role, presence });
            }
        }
        let mut checks = Vec::new();
        for (place, it) in
            self.checks.map(List::into_vec).unwrap_or_default().into_iter().enumerate()
        {
            let pointer = format!("#/checks/{place}/reason");
            let reason = it.reason.and_then(|it| naming_nobody(&it, &pointer, &mut errors));
            let confirmed = it.confirmed.unwrap_or(false);
            if confirmed && !it.check.is_said() {
                errors.push(&format!("#/checks/{place}/confirmed"), FieldCode::NotPermitted);
            }
            checks.push(CheckAnswer { check: it.check, confirmed, reason });
        }
        let as_deputy = self.as_deputy.unwrap_or(false);
        let next_meeting_on = self.next_meeting_on.map(|it| it.0);
        let said =
            Signing { answers, decisions, as_deputy, reason, attendance, checks, next_meeting_on };
        if errors.is_empty() { Ok(said) } else { Err(errors) }
    }
}

/// The text where no person may be named, or the fault noted.
pub(super) fn naming_nobody<const MAX: usize>(
    text: &Text<MAX>,
    pointer: &str,
    errors: &mut FieldErrors,
) -> Option<FreeText<MAX>> {
    match FreeText::naming_nobody(text.as_str()) {
        Ok(text) => Some(text),
        Err(unfit) => {
            errors.push(pointer, unfit.code().parse().unwrap_or(FieldCode::Pattern));
            None
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
    /// Who took part.
    pub attendance: Vec<AttendanceView>,
    /// What was said of the checks that the data did not meet.
    pub checks: Vec<CheckAnswerView>,
    /// The day of the next meeting, where one was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_meeting_on: Option<Day>,
}

/// How one agency's role took part.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewAttendance)]
pub struct AttendanceView {
    /// The agency.
    pub agency: String,
    /// The role.
    pub role: String,
    /// Whether it was there.
    pub presence: Presence,
}

/// What was said of a check.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewCheckAnswer)]
pub struct CheckAnswerView {
    /// The check.
    pub check: MeetingCheck,
    /// Whether whoever signed said that it was so.
    pub confirmed: bool,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The reviews by week.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewWeeks {
    /// The latest first.
    pub items: Vec<ReviewWeek>,
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
            reason: it.said.reason.clone().map(Into::into),
            answers: it
                .said
                .answers
                .iter()
                .map(|it| NoticeAnswerView {
                    key: it.key.clone(),
                    disposition: it.disposition,
                    reason: it.reason.as_str().to_owned(),
                })
                .collect(),
            decisions: it.said.decisions.iter().map(|it| it.as_str().to_owned()).collect(),
            attendance: it
                .said
                .attendance
                .iter()
                .map(|it| AttendanceView {
                    agency: it.agency.clone(),
                    role: it.role.as_str().to_owned(),
                    presence: it.presence,
                })
                .collect(),
            checks: it
                .said
                .checks
                .iter()
                .map(|it| CheckAnswerView {
                    check: it.check,
                    confirmed: it.confirmed,
                    reason: it.reason.clone().map(Into::into),
                })
                .collect(),
            next_meeting_on: it.said.next_meeting_on.map(Day),
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
