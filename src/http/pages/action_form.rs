//! The forms of learning and actions as they were filled in, and what they say.

use super::form::Wrongs;
use crate::domain::action::{ActionLine, ActionUpdate, ImpactRating, NewAction, Progress};
use crate::domain::learning::{
    Expected, ExpectedDirection, ExpectedFigure, MOST_ESCALATIONS, NewLearning,
};
use crate::domain::week::IsoWeek;
use crate::http::auth::form::PageForm;
use crate::http::times::Day;

fn field(form: &PageForm, name: &str) -> String {
    form.all(name).next().unwrap_or_default().to_owned()
}

fn chosen<T: std::str::FromStr>(
    typed: &str,
    id: &str,
    words: &str,
    wrong: &mut Wrongs,
) -> Option<T> {
    let found = typed.parse().ok();
    if found.is_none() {
        wrong.at(id, words);
    }
    found
}

/// A day that was typed.
fn day(typed: &str, id: &str, wrong: &mut Wrongs) -> Option<jiff::civil::Date> {
    let found = Day::parse(typed.trim()).ok().map(|it| it.0);
    if found.is_none() {
        wrong.at(id, "The due date is no day; write it as 2026-11-30.");
    }
    found
}

/// An action that is added.
#[derive(Debug, Clone, Default)]
pub(super) struct ActionForm {
    pub(super) title: String,
    pub(super) owner_agency: String,
    pub(super) owner_role: String,
    pub(super) due_on: String,
    pub(super) plan_reference: String,
}

impl ActionForm {
    pub(super) fn of(form: &PageForm) -> Self {
        Self {
            title: field(form, "title"),
            owner_agency: field(form, "owner_agency"),
            owner_role: field(form, "owner_role"),
            due_on: field(form, "due_on"),
            plan_reference: field(form, "plan_reference"),
        }
    }

    pub(super) fn said(&self, week: IsoWeek, wrong: &mut Wrongs) -> Option<NewAction> {
        let title = wrong.text(&self.title, "title", "What is to be done");
        if self.owner_agency.is_empty() {
            wrong.at("owner_agency", "Choose the agency that owns it.");
        }
        let owner_role = wrong.text(&self.owner_role, "owner_role", "The role that owns it");
        let due_on = day(&self.due_on, "due_on", wrong);
        let plan_reference =
            wrong.optional(&self.plan_reference, "plan_reference", "The place in the plan");
        let said = NewAction {
            week,
            title: title?,
            owner_agency: self.owner_agency.clone(),
            owner_role: owner_role?,
            due_on: due_on?,
            progress: Progress::OnTrack,
            impact: None,
            plan_reference,
            learning: None,
        };
        wrong.is_empty().then_some(said)
    }
}

/// How an action goes.
#[derive(Debug, Clone, Default)]
pub(super) struct ProgressForm {
    pub(super) progress: String,
    pub(super) impact: String,
    pub(super) new_due_on: String,
    pub(super) note: String,
    pub(super) evidence: String,
}

impl ProgressForm {
    /// The form of an action as it stands.
    pub(super) fn from(line: &ActionLine) -> Self {
        Self {
            progress: line.progress.to_string(),
            impact: line.impact.map(String::from).unwrap_or_default(),
            new_due_on: line.due_on.to_string(),
            ..Self::default()
        }
    }

    pub(super) fn of(form: &PageForm) -> Self {
        Self {
            progress: field(form, "progress"),
            impact: field(form, "impact"),
            new_due_on: field(form, "due_on"),
            note: field(form, "note"),
            evidence: field(form, "evidence"),
        }
    }

    /// The words of the plan with their codes.
    pub(super) fn words(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        Progress::ALL.iter().map(|it| (it.code(), it.words()))
    }

    /// The colours of the plan with their codes.
    pub(super) fn ratings(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        ImpactRating::ALL.iter().map(|it| (it.code(), it.words()))
    }

    pub(super) fn said(&self, wrong: &mut Wrongs) -> Option<ActionUpdate> {
        let progress = chosen(&self.progress, "progress", "Choose how it goes.", wrong);
        let impact = if self.impact.is_empty() {
            None
        } else {
            chosen(&self.impact, "impact", "Choose a rating, or none.", wrong)
        };
        let due_on = day(&self.new_due_on, "due_on", wrong);
        let note = wrong.optional(&self.note, "note", "The note");
        let evidence = wrong.optional(&self.evidence, "evidence", "The evidence");
        let said = ActionUpdate { progress: progress?, impact, due_on, note, evidence };
        wrong.is_empty().then_some(said)
    }
}

/// What was learnt.
#[derive(Debug, Clone, Default)]
pub(super) struct LearningForm {
    pub(super) text: String,
    pub(super) about: String,
    pub(super) escalations: String,
    pub(super) agency: String,
    pub(super) role: String,
    pub(super) plan: String,
    pub(super) figure: String,
    pub(super) direction: String,
    pub(super) remeasure: String,
}

impl LearningForm {
    pub(super) fn of(form: &PageForm) -> Self {
        Self {
            text: field(form, "text"),
            about: field(form, "about"),
            escalations: field(form, "escalations"),
            agency: field(form, "said_by_agency"),
            role: field(form, "said_by_role"),
            plan: field(form, "learning_plan"),
            figure: field(form, "figure"),
            direction: field(form, "direction"),
            remeasure: field(form, "remeasure"),
        }
    }

    /// The spoken references that were typed.
    pub(super) fn references(&self) -> Vec<String> {
        let parts = self.escalations.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
        let parts = parts.filter(|it| !it.is_empty()).map(str::to_uppercase);
        parts.take(MOST_ESCALATIONS + 1).collect()
    }

    /// The figures with their codes.
    pub(super) fn figures(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        ExpectedFigure::ALL.iter().map(|it| (it.code(), it.words()))
    }

    /// What is said, but for the escalations, which are looked up.
    pub(super) fn said(&self, week: IsoWeek, wrong: &mut Wrongs) -> Option<NewLearning> {
        let text = wrong.text(&self.text, "text", "What was learnt");
        let (group, theme) = match self.about.split_once(':') {
            Some(("group", code)) => (Some(code.to_owned()), None),
            Some(("theme", code)) => (None, Some(code.to_owned())),
            _ => {
                wrong.at("about", "Choose what it is about.");
                (None, None)
            }
        };
        if self.references().len() > MOST_ESCALATIONS {
            wrong.at("escalations", format!("Name at most {MOST_ESCALATIONS} escalations."));
        }
        if self.agency.is_empty() {
            wrong.at("said_by_agency", "Choose the agency that said it.");
        }
        let said_by_role = wrong.text(&self.role, "said_by_role", "The role that said it");
        let plan_reference = wrong.optional(&self.plan, "learning_plan", "The place in the plan");
        let expected = self.expected(wrong);
        let said = NewLearning {
            week,
            text: text?,
            group,
            theme,
            escalations: Vec::new(),
            said_by_agency: self.agency.clone(),
            said_by_role: said_by_role?,
            plan_reference,
            expected,
        };
        wrong.is_empty().then_some(said)
    }

    fn expected(&self, wrong: &mut Wrongs) -> Option<Expected> {
        let all = [&self.figure, &self.direction, &self.remeasure];
        if all.iter().all(|it| it.trim().is_empty()) {
            return None;
        }
        let figure: Option<ExpectedFigure> =
            chosen(&self.figure, "figure", "Choose the figure that is expected to change.", wrong);
        let direction: Option<ExpectedDirection> =
            chosen(&self.direction, "direction", "Choose whether more or less is expected.", wrong);
        let remeasure = chosen(
            self.remeasure.trim(),
            "expected-remeasure_week",
            "Write the week in which it is measured again as 2027-W06.",
            wrong,
        );
        Some(Expected { figure: figure?, direction: direction?, remeasure: remeasure? })
    }
}
