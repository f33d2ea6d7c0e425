//! Learning and actions, as they are sent and shown.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::field_errors::{FieldCode, FieldErrors};
use super::fields::{Id, List, Text, code_members};
use super::review_views::naming_nobody;
use super::times::{Day, Instant};
use crate::domain::access::Role;
use crate::domain::action::{
    ActionLine, ActionState, ActionUpdate, ImpactRating, NewAction, Progress, ReviewAction,
};
use crate::domain::ids::{EscalationId, LearningId};
use crate::domain::learning::{
    Expected, ExpectedDirection, ExpectedFigure, LearningLine, NewLearning,
};
use crate::domain::partnership::Partnership;
use crate::domain::week::IsoWeek;

code_members!(Progress, ImpactRating, ExpectedFigure, ExpectedDirection);

/// Agree on an action.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct AgreeAction {
    /// What is to be done. No names of persons.
    pub title: Text<200>,
    /// The agency that owns it: its code or an alias.
    pub owner_agency: Text<100>,
    /// The role that owns it.
    pub owner_role: Text<100>,
    /// By when.
    pub due_on: Day,
    /// How it goes, if not `on_track`.
    #[deserr(default)]
    pub progress: Option<Progress>,
    /// What effect it has, where somebody rated it.
    #[deserr(default)]
    pub impact: Option<ImpactRating>,
    /// Its place in the partnership's plan.
    #[deserr(default)]
    pub plan_reference: Option<Text<40>>,
    /// The learning from which it follows.
    #[deserr(default)]
    pub learning: Option<Id>,
}

impl AgreeAction {
    /// What the use case needs.
    ///
    /// # Errors
    /// Every text that names a person.
    pub fn into_action(self, week: IsoWeek) -> Result<NewAction, FieldErrors> {
        let mut errors = FieldErrors::new();
        let title = naming_nobody(&self.title, "#/title", &mut errors);
        let owner_role = naming_nobody(&self.owner_role, "#/owner_role", &mut errors);
        let plan_reference =
            self.plan_reference.and_then(|it| naming_nobody(&it, "#/plan_reference", &mut errors));
        let (Some(title), Some(owner_role), true) = (title, owner_role, errors.is_empty()) else {
            return Err(errors);
        };
        Ok(NewAction {
            week,
            title,
            owner_agency: self.owner_agency.into_string(),
            owner_role,
            due_on: self.due_on.0,
            progress: self.progress.unwrap_or(Progress::OnTrack),
            impact: self.impact,
            plan_reference,
            learning: self.learning.map(|id| LearningId(id.0)),
        })
    }
}

/// Say how an action goes.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct RecordProgress {
    /// How it goes.
    pub progress: Progress,
    /// What effect it has; as it was rated last, if not said.
    #[deserr(default)]
    pub impact: Option<ImpactRating>,
    /// By when instead.
    #[deserr(default)]
    pub due_on: Option<Day>,
    /// What there is to say. No names of persons.
    #[deserr(default)]
    pub note: Option<Text<500>>,
    /// What effect it had for children; needed to complete it.
    #[deserr(default)]
    pub evidence: Option<Text<500>>,
}

impl RecordProgress {
    /// What the use case needs.
    ///
    /// # Errors
    /// Every text that names a person.
    pub fn into_update(self) -> Result<ActionUpdate, FieldErrors> {
        let mut errors = FieldErrors::new();
        let note = self.note.and_then(|it| naming_nobody(&it, "#/note", &mut errors));
        let evidence = self.evidence.and_then(|it| naming_nobody(&it, "#/evidence", &mut errors));
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(ActionUpdate {
            progress: self.progress,
            impact: self.impact,
            due_on: self.due_on.map(|it| it.0),
            note,
            evidence,
        })
    }
}

/// Write down what was learnt.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct NoteLearning {
    /// What was learnt. No names of persons.
    pub text: Text<280>,
    /// The group of themes that it is about; either this or `theme`.
    #[deserr(default)]
    pub group: Option<Text<100>>,
    /// The theme that it is about.
    #[deserr(default)]
    pub theme: Option<Text<100>>,
    /// The escalations from which it was learnt.
    #[deserr(default)]
    pub escalations: Option<List<Id, 20>>,
    /// The agency that said it: its code or an alias.
    pub said_by_agency: Text<100>,
    /// The role that said it.
    pub said_by_role: Text<100>,
    /// Its place in the partnership's plan.
    #[deserr(default)]
    pub plan_reference: Option<Text<40>>,
    /// The measurable change that is expected of it.
    #[deserr(default)]
    pub expected: Option<ExpectChange>,
}

/// A change that is expected of a figure of the same theme or group.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ExpectChange {
    /// Of which figure.
    pub figure: ExpectedFigure,
    /// To which side.
    pub direction: ExpectedDirection,
    /// The ISO week in which it is measured again.
    pub remeasure_week: Text<10>,
}

impl NoteLearning {
    /// What the use case needs.
    ///
    /// # Errors
    /// Every text that names a person, and a week that is none.
    pub fn into_learning(self, week: IsoWeek) -> Result<NewLearning, FieldErrors> {
        let mut errors = FieldErrors::new();
        let text = naming_nobody(&self.text, "#/text", &mut errors);
        let said_by_role = naming_nobody(&self.said_by_role, "#/said_by_role", &mut errors);
        let plan_reference =
            self.plan_reference.and_then(|it| naming_nobody(&it, "#/plan_reference", &mut errors));
        let expected = self.expected.and_then(|it| {
            let Ok(remeasure) = it.remeasure_week.as_str().parse() else {
                errors.push("#/expected/remeasure_week", FieldCode::InvalidWeek);
                return None;
            };
            Some(Expected { figure: it.figure, direction: it.direction, remeasure })
        });
        let (Some(text), Some(said_by_role), true) = (text, said_by_role, errors.is_empty()) else {
            return Err(errors);
        };
        let escalations = self.escalations.map(List::into_vec).unwrap_or_default();
        Ok(NewLearning {
            week,
            text,
            group: self.group.map(Text::into_string),
            theme: self.theme.map(Text::into_string),
            escalations: escalations.into_iter().map(|id| EscalationId(id.0)).collect(),
            said_by_agency: self.said_by_agency.into_string(),
            said_by_role,
            plan_reference,
            expected,
        })
    }
}

/// An action with everything that was said of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewAction)]
pub struct ActionView {
    /// The action as it stands.
    #[serde(flatten)]
    pub line: ActionLine,
    /// The learning from which it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning: Option<LearningId>,
    /// Each thing that was said of it, the first first.
    pub history: Vec<ActionStateView>,
}

/// What was said of an action once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewActionState)]
pub struct ActionStateView {
    /// Counted from 1, which is how it was agreed.
    pub version: i32,
    /// How it went.
    pub progress: Progress,
    /// What effect it had, as somebody rated it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<ImpactRating>,
    /// By when.
    pub due_on: Day,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What effect it had for children.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// When.
    pub recorded_at: Instant,
    /// In which role.
    pub recorded_by_role: Role,
}

impl ActionView {
    /// An action as it is shown at an instant.
    pub fn new(it: &ReviewAction, agreed: &Partnership, now: jiff::Timestamp) -> Self {
        let today = crate::domain::london::local_date(now);
        Self {
            line: ActionLine::new(it, agreed, today),
            learning: it.learning,
            history: it.earlier.iter().chain([&it.state]).map(ActionStateView::new).collect(),
        }
    }
}

impl ActionStateView {
    fn new(it: &ActionState) -> Self {
        Self {
            version: it.version,
            progress: it.progress,
            impact: it.impact,
            due_on: Day(it.due_on),
            note: it.note.clone().map(Into::into),
            evidence: it.evidence.clone().map(Into::into),
            recorded_at: Instant(it.recorded.at),
            recorded_by_role: it.recorded.role,
        }
    }
}

/// Actions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewActions)]
pub struct ActionList {
    /// Urgent, overdue, due soon, the rest, and what is completed.
    pub items: Vec<ActionView>,
}

/// What was learnt.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewLearning)]
pub struct LearningList {
    /// The latest first.
    pub items: Vec<LearningLine>,
}
