//! The form of signing as it was filled in, and what it says. Nothing that was typed is lost.

use std::collections::BTreeMap;

use super::actions::Choice;
use super::form::Wrongs;
use crate::domain::action::RoleName;
use crate::domain::meeting::{Attendance, CheckAnswer, CheckState, MeetingCheck, Presence};
use crate::domain::review::Notice;
use crate::domain::sign_off::{MOST_DECISIONS, NoticeAnswer, SignedText, Signing};
use crate::http::auth::form::PageForm;
use crate::http::times::Day;

/// The form as it was filled in, so that it can come again.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    /// What is done about a notice and why, by its key.
    pub(super) answers: BTreeMap<String, (String, String)>,
    /// What is said of a check: whether it is so, and why not.
    checks: BTreeMap<String, (bool, String)>,
    /// The role of each agency and how it took part.
    attendance: BTreeMap<String, (String, String)>,
    pub(super) decisions: String,
    pub(super) next_meeting: String,
    pub(super) again: String,
}

/// A notice with what was typed about it.
pub(super) struct NoticeFields {
    pub(super) number: usize,
    /// The `id` of each of its two fields.
    pub(super) disposition_id: String,
    pub(super) reason_id: String,
    pub(super) notice: Notice,
    pub(super) disposition: String,
    pub(super) reason: String,
}

/// A check with what was typed about it.
pub(super) struct CheckFields {
    pub(super) words: &'static str,
    pub(super) met: bool,
    pub(super) against: i64,
    /// The `id` of its reason; none where the answers to the notices say it.
    pub(super) reason_id: Option<String>,
    pub(super) reason: String,
    /// The name of its tick box, where whoever signs may say that it is so.
    pub(super) said_id: Option<String>,
    pub(super) said: bool,
}

/// An agency with what was typed about its part in the meeting.
pub(super) struct AgencyFields {
    pub(super) agency: Choice,
    pub(super) role_id: String,
    pub(super) presence_id: String,
    pub(super) role: String,
    pub(super) presence: String,
}

impl Typed {
    pub(super) fn of(form: &PageForm) -> Self {
        let one = |name: &str| form.all(name).next().unwrap_or_default().to_owned();
        let pairs = |key: &'static str, first: &'static str, second: &'static str| {
            let all = form.all(key).zip(form.all(first)).zip(form.all(second));
            all.map(|((key, one), other)| (key.to_owned(), (one.to_owned(), other.to_owned())))
                .collect::<BTreeMap<_, _>>()
        };
        let checks = MeetingCheck::ALL.iter().map(|check| {
            let said = !one(&format!("said-{check}")).is_empty();
            (check.to_string(), (said, one(&format!("why-{check}"))))
        });
        Self {
            answers: pairs("key", "disposition", "reason"),
            checks: checks.collect(),
            attendance: pairs("agency", "role", "presence"),
            decisions: one("decisions"),
            next_meeting: one("next_meeting"),
            again: one("again"),
        }
    }

    /// The fields of the notices.
    pub(super) fn notices(&mut self, notices: Vec<Notice>) -> Vec<NoticeFields> {
        let fields = (1..).zip(notices).map(|(number, notice)| {
            let (disposition, reason) = self.answers.remove(&notice.key).unwrap_or_default();
            NoticeFields {
                number,
                disposition_id: format!("disposition-{number}"),
                reason_id: format!("reason-{number}"),
                notice,
                disposition,
                reason,
            }
        });
        fields.collect()
    }

    /// The fields of the checks.
    pub(super) fn checks(&self, states: &[CheckState]) -> Vec<CheckFields> {
        let fields = states.iter().map(|state| {
            let check = state.check;
            let (said, reason) = self.checks.get(check.code()).cloned().unwrap_or_default();
            CheckFields {
                words: check.words(),
                met: state.met,
                against: state.against,
                reason_id: (!state.met && !check.is_told_by_notices())
                    .then(|| format!("why-{check}")),
                reason,
                said_id: (!state.met && check.is_said()).then(|| format!("said-{check}")),
                said,
            }
        });
        fields.collect()
    }

    /// The fields of the agencies.
    pub(super) fn agencies(&self, agencies: Vec<Choice>) -> Vec<AgencyFields> {
        let fields = agencies.into_iter().map(|agency| {
            let (role, presence) = self.attendance.get(&agency.code).cloned().unwrap_or_default();
            AgencyFields {
                role_id: format!("role-{}", agency.code),
                presence_id: format!("presence-{}", agency.code),
                agency,
                role,
                presence,
            }
        });
        fields.collect()
    }

    /// What it says, or what is wrong with it.
    pub(super) fn said(
        &self,
        notices: &[Notice],
        checks: &[CheckState],
        signed: bool,
        deputy: bool,
    ) -> Result<Signing, Wrongs> {
        let mut wrong = Wrongs::default();
        let reason = if signed {
            wrong.text(&self.again, "again", "The reason for signing again")
        } else {
            None
        };
        let answers = self.notice_answers(notices, &mut wrong);
        let checks = self.check_answers(checks, &mut wrong);
        let attendance = self.attended(&mut wrong);
        let lines = self.decisions.lines().filter(|line| !line.trim().is_empty());
        let mut decisions = Vec::new();
        for (place, line) in (1..).zip(lines) {
            decisions.extend(wrong.text(line, "decisions", &format!("Decision {place}")));
        }
        if decisions.len() > MOST_DECISIONS {
            wrong.at(
                "decisions",
                format!("Write at most {MOST_DECISIONS} decisions, one in a line."),
            );
        }
        let next_meeting = self.next_meeting.trim();
        let next_meeting_on = Day::parse(next_meeting).ok().map(|it| it.0);
        if next_meeting_on.is_none() && !next_meeting.is_empty() {
            wrong.at(
                "next_meeting",
                "The day of the next meeting is no day; write it as 2026-11-30.",
            );
        }
        let as_deputy = deputy;
        let said =
            Signing { answers, decisions, as_deputy, reason, attendance, checks, next_meeting_on };
        if wrong.is_empty() { Ok(said) } else { Err(wrong) }
    }

    fn notice_answers(&self, notices: &[Notice], wrong: &mut Wrongs) -> Vec<NoticeAnswer> {
        let mut answers = Vec::new();
        for (place, notice) in (1..).zip(notices) {
            let nothing = (String::new(), String::new());
            let (disposition, reason) = self.answers.get(&notice.key).unwrap_or(&nothing);
            let disposition = disposition.parse().ok();
            if disposition.is_none() {
                let field = format!("disposition-{place}");
                wrong.at(&field, format!("Choose what is done about: {}", notice.words));
            }
            let what = format!("The reason for notice {place}");
            let reason: Option<SignedText> = wrong.text(reason, &format!("reason-{place}"), &what);
            if let Some((disposition, reason)) = disposition.zip(reason) {
                answers.push(NoticeAnswer { key: notice.key.clone(), disposition, reason });
            }
        }
        answers
    }

    fn check_answers(&self, states: &[CheckState], wrong: &mut Wrongs) -> Vec<CheckAnswer> {
        let mut answers = Vec::new();
        for state in states.iter().filter(|it| !it.met) {
            let check = state.check;
            let (said, reason) = self.checks.get(check.code()).cloned().unwrap_or_default();
            let confirmed = said && check.is_said();
            let field = format!("why-{check}");
            let what = format!("The reason why not: {},", check.words().to_lowercase());
            let reason = if confirmed || check.is_told_by_notices() {
                wrong.optional(&reason, &field, &what)
            } else {
                wrong.text(&reason, &field, &what)
            };
            if confirmed || reason.is_some() {
                answers.push(CheckAnswer { check, confirmed, reason });
            }
        }
        answers
    }

    fn attended(&self, wrong: &mut Wrongs) -> Vec<Attendance> {
        let mut all = Vec::new();
        for (agency, (role, presence)) in &self.attendance {
            if role.trim().is_empty() && presence.is_empty() {
                continue;
            }
            let role: Option<RoleName> = wrong.text(role, &format!("role-{agency}"), "The role");
            let presence: Option<Presence> = presence.parse().ok();
            if presence.is_none() {
                wrong.at(&format!("presence-{agency}"), "Choose how the agency took part.");
            }
            if let Some((role, presence)) = role.zip(presence) {
                all.push(Attendance { agency: agency.clone(), role, presence });
            }
        }
        all
    }
}
